package main

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// TestAForeignIDIsNotFoundToAPerson: whatever a person asks about somebody
// else, the answer is the same as for nobody, and the attempt is on record.
func TestAForeignIDIsNotFoundToAPerson(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		other := w.subject("other")
		foreign := w.register(other, input{"phone": "+77019264837"})
		consent := str(w.ask(other, `{ me { consents { nodes { id } } } }`, nil).must(), "me", "consents", "nodes", 0, "id")
		me := w.subject("curious")
		w.register(me, nil)
		own := w.userUUID(foreign)
		unknown := uuid.NewString()
		for _, caller := range []string{me, w.subject("not registered")} {
			for query, ids := range map[string][2]string{
				`query($i: ID!) { user(id: $i) { id } }`:                                         {foreign, vaultID("User", unknown)},
				`query($i: ID!) { node(id: $i) { id } }`:                                         {foreign, vaultID("User", unknown)},
				`query($i: ID!) { consent(id: $i) { id } }`:                                      {consent, vaultID("Consent", unknown+"."+unknown)},
				`query($i: ID!) { i: node(id: $i) { id } }`:                                      {consent, vaultID("Consent", unknown+"."+unknown)},
				`query($i: ID!) { consentCheck(user: $i, purpose: "contact") { allowed } }`:      {foreign, vaultID("User", unknown)},
				`query($i: ID!) { p: user(id: $i) { profile { phone { value state } } } }`:       {foreign, vaultID("User", unknown)},
				`query($i: ID!) { c: consent(id: $i) { version { id } events { appBuild } } }`:   {consent, vaultID("Consent", unknown+"."+unknown)},
				`query($i: ID!) { n: node(id: $i) { ... on User { consents { nodes { id }}} } }`: {foreign, vaultID("User", unknown)},
			} {
				a, b := w.ask(caller, query, input{"i": ids[0]}), w.ask(caller, query, input{"i": ids[1]})
				if a.code() != "NOT_FOUND" || shape(a) != shape(b) {
					t.Errorf("%s: somebody else: %s\nnobody: %s", query, a.raw, b.raw)
				}
				denied := w.eventsOf(a)
				if len(denied) != 1 || denied[0].Outcome != vault.OutcomeDenied || denied[0].AuditEvent.Subject != own {
					t.Errorf("%s: the attempt left %v", query, denied)
				}
			}
		}
	})
}

// shape is an answer without what differs from request to request.
func shape(a answer) string {
	text := string(a.raw)
	for _, e := range a.Errors {
		text = strings.ReplaceAll(text, str(e.Extensions, "requestId"), "")
	}
	return fmt.Sprint(a.status, text)
}

// TestIDsHaveOneSpelling: an id of another type, dressed up or cut, is nobody's.
func TestIDsHaveOneSpelling(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("spelling")
		id := w.register(me, nil)
		user := w.userUUID(id).String()
		for _, spelling := range []string{
			user, vaultID("User", strings.ToUpper(user)), vaultID("user", user), vaultID("User", user+" "), vaultID("User", "{"+user+"}"), vaultID("User", strings.ReplaceAll(user, "-", "")),
			vaultID("User", user+"."+user), vaultID("User", uuid.NewString()+"."+user), vaultID("UserCursor", user), vaultID("Consent", user+"."+user), vaultID("", user),
			id + "=", id + "\n", " " + id, strings.ToLower(id), "", vaultID("User", ""), vaultID("User", "urn:uuid:"+user),
		} {
			for _, root := range []string{"user", "node"} {
				a := w.ask(w.staff(vault.Compliance), `query($i: ID!) { `+root+`(id: $i) { id } }`, input{"i": spelling})
				if a.code() != "NOT_FOUND" {
					t.Errorf("%s(%q) answers %s", root, spelling, a.raw)
				}
			}
		}
	})
}

// TestNodeGivesNoMoreThanTheTypedField: for each kind of object and each role,
// node finds it exactly when its own field does.
func TestNodeGivesNoMoreThanTheTypedField(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("node")
		user := w.register(me, nil)
		consent := str(w.ask(me, `{ me { consents { nodes { id } } } }`, nil).must(), "me", "consents", "nodes", 0, "id")
		event := str(w.ask(w.staff(vault.Auditor), `{ auditEvents { nodes { id } } }`, nil).must(), "auditEvents", "nodes", 0, "id")
		draft := w.draft(w.policy("a draft"))
		typed := map[string]string{"user": user, "consent": consent, "policyVersion": draft, "auditEvents": event}
		for _, role := range everyRole {
			token := map[vault.Role]string{vault.Anonymous: "", vault.Subject: w.subject("somebody else")}[role]
			if role.IsStaff() {
				token = w.staff(role)
			}
			for root, id := range typed {
				query := `query($i: ID!) { ` + root + `(id: $i) { id } }`
				if root == "auditEvents" {
					query = `query { auditEvents { nodes { id } } }`
				}
				own := w.ask(token, query, input{"i": id})
				if root == "auditEvents" {
					own = w.ask(token, query, nil)
				}
				node := w.ask(token, `query($i: ID!) { node(id: $i) { __typename id } }`, input{"i": id})
				if found := at(node.Data, "node", "id") == id; found != (len(own.Errors) == 0) || !found && node.code() != "NOT_FOUND" {
					t.Errorf("%s by %s: node: %s\nits own field: %s", root, role, node.raw, own.raw)
				}
				if role.IsStaff() && node.code() == "NOT_FOUND" && root != "policyVersion" && len(w.eventsOf(node)) != 1 {
					t.Errorf("%s by %s through node was refused without an event", root, role)
				}
			}
		}
	})
}

// TestTwoRolesAddUpAndTheEventNamesTheOneThatAllowed covers a token of two roles.
func TestTwoRolesAddUpAndTheEventNamesTheOneThatAllowed(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		user := w.register(w.subject("added up"), input{"phone": "+77019264837"})
		both := func(a, b string) string {
			return w.token(vault.Support, "two-"+a+b, map[string]any{"roles": []string{a, b}, "azp": "kelisim-dev"})
		}
		named := func(a answer, action vault.Action) vault.Role {
			for _, e := range w.eventsOf(a) {
				if e.Action == action {
					return e.Role
				}
			}
			return ""
		}
		token := both("support", "auditor")
		equal(t, "reading the log", named(w.ask(token, `{ auditEvents { nodes { id } } }`, nil), vault.AuditRead), vault.Auditor)
		equal(t, "searching", named(w.ask(token, `{ findUsers(by: {phone: "+77019264837"}) { id } }`, nil), vault.UserSearched), vault.Support)
		profile := `query($u: ID!) { user(id: $u) { profile%s { phone { value state } } } }`
		for _, c := range []struct {
			a, b, ground, state string
			role                vault.Role
		}{
			{"support", "auditor", "", "MASKED", vault.Support},
			{"support", "compliance", `(basis: {legal: {reference: "ART-8"}})`, "PLAIN", vault.Compliance},
			{"support", "service", `(basis: {purpose: "contact"})`, "PLAIN", vault.Machine},
			{"security", "service", `(basis: {purpose: "contact"})`, "PLAIN", vault.Machine},
			{"support", "security", `(basis: {request: {reason: FRAUD, ticket: "SUP-1"}}, reveal: ["phone"])`, "PLAIN", vault.Support},
		} {
			a := w.ask(both(c.a, c.b), fmt.Sprintf(profile, c.ground), input{"u": user})
			equal(t, c.a+"+"+c.b+c.ground, str(a.must(), "user", "profile", "phone", "state"), c.state)
			equal(t, "the role of its event", named(a, vault.ProfileRevealed), c.role)
		}
	})
}

// TestAServicesLimitsHoldWhateverElseItsTokenGrants: another role that may not
// ask such a thing does not open another app to the service.
func TestAServicesLimitsHoldWhateverElseItsTokenGrants(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		app, err := w.sys.vault.App(context.Background(), "dala")
		if err != nil {
			t.Fatal(err)
		}
		app.Code, app.Audiences = "second", []string{"second-mobile"}
		if err := w.sys.vault.ApplyApp(context.Background(), w.p.systemActor(), app); err != nil {
			t.Fatal(err)
		}
		user := w.register(w.subject("limits"), input{"phone": "+77019264837"})
		for _, other := range []string{"auditor", "security", ""} {
			token := w.token(vault.Machine, "limited-"+other, map[string]any{"roles": []string{"service", other}})
			for _, query := range []string{
				`query($u: ID!) { consentCheck(user: $u, purpose: "contact", app: "second") { allowed } }`,
				`query($u: ID!) { consentCheck(user: $u, purpose: "nobodysPurpose", app: "dala") { allowed } }`,
				`query($u: ID!) { consentChecks(users: [$u], purpose: "contact", app: "second") { allowed } }`,
				`query($u: ID!) { user(id: $u) { profile(app: "second", basis: {purpose: "contact"}) { phone { value } } } }`,
				`query($u: ID!) { user(id: $u) { profile(app: "dala", basis: {purpose: "nobodysPurpose"}) { phone { value } } } }`,
			} {
				a := w.ask(token, query, input{"u": user})
				denied := w.eventsOf(a)
				if a.code() != "FORBIDDEN" || len(denied) != 1 || denied[0].Outcome != vault.OutcomeDenied || denied[0].AuditEvent.Subject != w.userUUID(user) {
					t.Errorf("service and %q: %s: %s, with the events %v", other, query, a.raw, denied)
				}
			}
		}
	})
}

// TestACustomersTokenNeverMakesStaff: what it claims about roles counts nothing.
func TestACustomersTokenNeverMakesStaff(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		roles := []string{"service", "support", "compliance", "security", "auditor", "SYSTEM", "COMPLIANCE"}
		token := w.token(vault.Subject, "pretender", map[string]any{"roles": roles, "azp": "kelisim-dev", "realm_access": map[string]any{"roles": roles}, "scope": "admin"})
		for operation, yes := range documented(t) {
			call := w.calls(vaultID("User", uuid.NewString()), "x")[operation]
			root, _, _ := strings.Cut(operation, ".")
			a := w.ask(token, strings.ToLower(root)+" { "+call+" }", nil)
			if refused := a.code() == "FORBIDDEN"; refused == yes[vault.Subject] {
				t.Errorf("%s: %s", operation, a.raw)
			}
		}
		for what, claims := range map[string]map[string]any{
			"a staff token of a role nobody grants": {"roles": []string{"SYSTEM", "subject", "anonymous", "COMPLIANCE"}}, "roles that are no list": {"roles": "compliance"},
		} {
			a := w.ask(w.token(vault.Support, "stranger", claims), `{ users { nodes { id } } }`, nil)
			if a.code() != "FORBIDDEN" {
				t.Errorf("%s: %s", what, a.raw)
			}
		}
	})
}
