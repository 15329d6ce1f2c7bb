package identity

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/kelisim/kelisim/vault"
)

func TestNoHeaderIsAnonymous(t *testing.T) {
	w := newWorld(t)
	for _, headers := range [][]string{nil, {""}} {
		if c := w.caller(headers...); c.Actor.Kind() != vault.Anonymous || c.Actor.Issuer != "" {
			t.Errorf("got %v", c.Actor)
		}
	}
}

func TestCustomerIsSubjectInTheAppOfTheAudience(t *testing.T) {
	w := newWorld(t)
	a := w.caller(w.token(w.customers, map[string]any{
		"phone_number": "+77010000001", "phone_number_verified": true,
		"email": "a@dala.example", "email_verified": "true", "name": "Айгерім",
	})).Actor
	if a.Issuer != w.customers.URL || a.Subject != "u-1" || a.App != "dala" || !slices.Equal(a.Roles, []vault.Role{vault.Subject}) {
		t.Errorf("got %+v", a)
	}
	if a.Phone.Reveal() != "+77010000001" || a.Email.Reveal() != "a@dala.example" {
		t.Error("proven identifiers are missing")
	}
}

func TestOnlyVerifiedIdentifiersAreProven(t *testing.T) {
	w := newWorld(t)
	for _, flag := range []any{nil, false, "false", "yes", 1, []string{"true"}} {
		a := w.caller(w.token(w.customers, map[string]any{
			"phone_number": "+77010000001", "phone_number_verified": flag, "email": "a@dala.example", "email_verified": flag,
		})).Actor
		if !a.Phone.Empty() || !a.Email.Empty() {
			t.Errorf("%v counts as verified", flag)
		}
	}
	if a := w.caller(w.token(w.customers, map[string]any{"email_verified": true, "email": 7})).Actor; !a.Email.Empty() {
		t.Error("what is no text counts as an address")
	}
}

func TestCustomersIssuerNeverMakesStaff(t *testing.T) {
	w := newWorld(t)
	c := w.caller(w.token(w.customers, map[string]any{
		"realm_access": map[string]any{"roles": []string{"k-support", "SUPPORT"}}, "roles": []string{"SUPPORT"}, "azp": "mailer",
	}))
	if !slices.Equal(c.Actor.Roles, []vault.Role{vault.Subject}) || len(c.Actor.Apps) > 0 || !c.Name.Empty() {
		t.Errorf("got %+v", c.Actor)
	}
}

func TestStaffHasTheGrantedRolesInAFixedOrder(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct {
		claim any
		want  []vault.Role
	}{
		{map[string]any{"roles": []any{"k-auditor", "other", "k-support", "k-support", 7}}, []vault.Role{vault.Support, vault.Auditor}},
		{map[string]any{"roles": []string{"k-compliance", "k-support"}}, []vault.Role{vault.Support, vault.Compliance}},
		{map[string]any{"roles": []string{"SUPPORT", "k-security", "SUBJECT"}}, nil},
		{map[string]any{"roles": "k-support"}, nil},
		{[]string{"k-support"}, nil},
		{nil, nil},
	} {
		c := w.caller(w.token(w.staff, map[string]any{"realm_access": test.claim, "name": "Дана", "phone_number": "+77010000001", "phone_number_verified": true}))
		if !slices.Equal(c.Actor.Roles, test.want) {
			t.Errorf("%v: got %v, want %v", test.claim, c.Actor.Roles, test.want)
		}
		if c.Name.Reveal() != "Дана" || c.Actor.App != "" || !c.Actor.Phone.Empty() {
			t.Error("a colleague has a name, and neither an app nor identifiers")
		}
	}
}

func TestRolesClaimIsFoundUnderANameWithDots(t *testing.T) {
	claims := claims{all: map[string]any{
		"https://kelisim.example/roles": []any{"a"},
		"resource_access":               map[string]any{"kelisim.kz": map[string]any{"roles": []any{"b"}}},
	}}
	for path, want := range map[string]string{
		"https://kelisim.example/roles": "a", "resource_access.kelisim.kz.roles": "",
	} {
		got := strings.Join(claims.strings(path), " ")
		if got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

func TestServiceMayNameWhatIsConfigured(t *testing.T) {
	w := newWorld(t)
	roles := map[string]any{"roles": []string{"k-service", "k-auditor"}}
	for name, test := range map[string]struct {
		claims map[string]any
		roles  []vault.Role
		apps   []string
	}{
		"by subject":   {map[string]any{"sub": "crm"}, []vault.Role{vault.Machine, vault.Auditor}, []string{"dala"}},
		"by azp":       {map[string]any{"azp": "mailer"}, []vault.Role{vault.Machine, vault.Auditor}, []string{"dala", "egin"}},
		"by client id": {map[string]any{"client_id": "mailer"}, []vault.Role{vault.Machine, vault.Auditor}, []string{"dala", "egin"}},
		"unknown":      {map[string]any{"sub": "mailer", "azp": "crm"}, []vault.Role{vault.Auditor}, nil},
	} {
		test.claims["realm_access"] = roles
		a := w.caller(w.token(w.staff, test.claims)).Actor
		if !slices.Equal(a.Roles, test.roles) || !slices.Equal(a.Apps, test.apps) {
			t.Errorf("%s: got %v for %v", name, a.Roles, a.Apps)
		}
	}
	if a := w.caller(w.token(w.staff, map[string]any{"sub": "crm"})).Actor; len(a.Roles)+len(a.Apps) > 0 {
		t.Error("a configured service without the role is a service")
	}
}

func TestAudiencesStandForOneApp(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct {
		aud, azp any
		app      string
		why      string // of the refusal
	}{
		{"egin-mobile", nil, "egin", ""},
		{[]string{"account", "egin-mobile"}, nil, "egin", ""},
		{[]string{"dala-mobile", "dala-web"}, nil, "dala", ""},
		{[]string{"dala-mobile", "orphan"}, nil, "dala", ""},
		{[]string{"dala-mobile", "egin-mobile"}, nil, "", "several apps"},
		{[]string{"dala-mobile", "egin-mobile"}, "egin-mobile", "egin", ""},
		{[]string{"dala-mobile", "egin-mobile"}, "elsewhere", "", "several apps"},
		{"orphan", nil, "", "stands for no app"},
	} {
		token := w.token(w.customers, map[string]any{"aud": test.aud, "azp": test.azp})
		if test.why != "" {
			if got := w.refused(vault.CodeUnauthenticated, token); !strings.Contains(got, test.why) {
				t.Errorf("%v: got %q", test.aud, got)
			}
			continue
		}
		if got := w.caller(token).Actor.App; got != test.app {
			t.Errorf("%v for %v: got app %q, want %q", test.aud, test.azp, got, test.app)
		}
	}
}

func TestUnknownAppIsUnavailableWhileAppsCannotBeRead(t *testing.T) {
	w := newWorld(t)
	known, down := w.apps, errors.New("no database")
	w.apps = func(context.Context, string) (string, bool, error) { return "", false, down }
	token := w.token(w.customers, nil)
	if _, err := w.Authenticate(t.Context(), token); !errors.Is(err, down) || vault.CodeOf(err) != vault.CodeUnavailable {
		t.Errorf("got %v", err)
	}
	w.apps = known
	w.caller(token)
}

func TestCustomerIssuersAreThoseThatMakePeople(t *testing.T) {
	w := newWorld(t)
	if got := w.CustomerIssuers(); !slices.Equal(got, []string{w.customers.URL}) {
		t.Errorf("got %v", got)
	}
}

func TestCallersAreIndependent(t *testing.T) {
	w := newWorld(t)
	token := w.token(w.staff, map[string]any{"sub": "crm", "realm_access": map[string]any{"roles": []string{"k-service"}}})
	first := w.caller(token).Actor
	first.Roles = append(first.Roles, vault.System)
	first.Apps = append(first.Apps, "egin")
	if again := w.caller(token).Actor; len(again.Roles) != 1 || len(again.Apps) != 1 {
		t.Errorf("got %+v", again)
	}
}
