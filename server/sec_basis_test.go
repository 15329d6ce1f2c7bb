package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kelisim/kelisim/vault"
)

const everyField = `familyName { value state } iin { value state } phone { value state } postalAddress { value state }
	fields(codes: ["loyaltyCard", "deviceModel"]) { code value state }`

// looks is a whole profile to look at, with a field of each class.
func looks() input {
	return input{
		"familyName": "Бұрынбекова", "iin": "910412400006", "birthDate": "1991-04-12", "phone": "+77019264837", "postalAddress": "Алматы",
		"fields": []input{{"code": "loyaltyCard", "value": "DALA-7261-88"}, {"code": "deviceModel", "value": "Aruana 7"}},
	}
}

// states are the states of everyField, in its order, or the code of the error.
func states(a answer, root string) string {
	if len(a.Errors) > 0 {
		return a.code()
	}
	profile := at(a.Data, root, "profile")
	out := []string{}
	for _, field := range []string{"familyName", "iin", "phone", "postalAddress"} {
		out = append(out, str(profile, field, "state"))
	}
	return strings.Join(append(out, pluck(profile, "state", "fields")...), ",")
}

// TestWhatARoleSeesFollowsFromItsGround goes through the grounds of every role
// that reaches a person: all six fields are stored and collected.
func TestWhatARoleSeesFollowsFromItsGround(t *testing.T) {
	const (
		request = `basis: {request: {reason: PERSON_ASKED, ticket: "SUP-12"}}`
		legal   = `basis: {legal: {reference: "ART-8"}}`
		plain   = "PLAIN,PLAIN,PLAIN,PLAIN,PLAIN,PLAIN"
		masks   = "MASKED,MASKED,MASKED,MASKED,MASKED,MASKED"
		nothing = "FORBIDDEN,FORBIDDEN,FORBIDDEN,FORBIDDEN,FORBIDDEN,FORBIDDEN"
		support = "MASKED,MASKED,MASKED,MASKED,MASKED,FORBIDDEN"
	)
	onBoth(t, func(t *testing.T, w *world) {
		id := w.register(w.subject("looked at"), looks())
		for _, c := range []struct {
			role         vault.Role
			ground, want string
		}{
			{vault.Support, ``, support},
			{vault.Support, request, support},
			{vault.Support, request + `, reveal: ["phone", "iin", "loyaltyCard", "deviceModel"]`, "MASKED,MASKED,PLAIN,MASKED,PLAIN,FORBIDDEN"},
			{vault.Support, `reveal: ["phone"]`, "BAD_REQUEST"},
			{vault.Support, legal, "FORBIDDEN"},
			{vault.Support, `basis: {purpose: "contact"}`, "FORBIDDEN"},
			{vault.Support, `basis: {request: {reason: FRAUD, ticket: "call +7 701"}}`, "BAD_REQUEST"},
			{vault.Support, `basis: {request: {reason: FRAUD, ticket: ""}}, reveal: ["phone"]`, "BAD_REQUEST"},
			{vault.Compliance, ``, masks},
			{vault.Compliance, request, plain},
			{vault.Compliance, legal, plain},
			{vault.Compliance, `basis: {legal: {reference: "IIN 910412400006"}}`, "BAD_REQUEST"},
			{vault.Compliance, `basis: {purpose: "contact"}`, "FORBIDDEN"},
			{vault.Machine, ``, nothing},
			{vault.Machine, `basis: {purpose: "contact"}`, "NO_CONSENT,NO_CONSENT,PLAIN,PLAIN,NO_CONSENT,FORBIDDEN"},
			{vault.Machine, `basis: {purpose: "identify"}`, "PLAIN,PLAIN,NO_CONSENT,NO_CONSENT,NO_CONSENT,FORBIDDEN"},
			{vault.Machine, `basis: {purpose: "marketing"}`, "NO_CONSENT,NO_CONSENT,NO_CONSENT,NO_CONSENT,NO_CONSENT,FORBIDDEN"},
			{vault.Machine, `basis: {purpose: "accounting"}`, "PLAIN,PLAIN,NO_CONSENT,NO_CONSENT,NO_CONSENT,FORBIDDEN"},
			{vault.Machine, `basis: {purpose: "unknown"}`, "FORBIDDEN"},
			{vault.Machine, request, "FORBIDDEN"},
			{vault.Machine, legal, "FORBIDDEN"},
			{vault.Auditor, ``, nothing},
			{vault.Auditor, request, "FORBIDDEN"},
			{vault.Auditor, legal, "FORBIDDEN"},
			{vault.Security, ``, "FORBIDDEN"},
		} {
			if c.ground != "" {
				c.ground = "(" + c.ground + ")"
			}
			a := w.ask(w.staff(c.role), fmt.Sprintf(`query($u: ID!) { user(id: $u) { profile%s { %s } } }`, c.ground, everyField), input{"u": id})
			equal(t, fmt.Sprintf("%s %s", c.role, c.ground), states(a, "user"), c.want)
			profile, _ := at(a.Data, "user", "profile").(input)
			own, _ := profile["fields"].([]any)
			for _, field := range []any{profile["familyName"], profile["iin"], profile["phone"], profile["postalAddress"], at(own, 0), at(own, 1)} {
				shows := at(field, "value") != nil
				if shows != (str(field, "state") == "PLAIN" || str(field, "state") == "MASKED") {
					t.Errorf("%s %s: a value that its state does not allow, or none: %v", c.role, c.ground, field)
				}
			}
		}
	})
}

// TestAMaskShowsNoMoreThanItSays reads the masks themselves.
func TestAMaskShowsNoMoreThanItSays(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		id := w.register(w.subject("masked"), with(looks(), input{"email": "kunsulu@mail.example"}))
		a := w.ask(w.staff(vault.Support), `query($u: ID!) { user(id: $u) { profile { familyName { value } iin { value } phone { value } email { value } birthDate { value }
			postalAddress { value } fields(codes: ["loyaltyCard", "deviceModel"]) { value } } } }`, input{"u": id})
		profile := at(a.must(), "user", "profile")
		for field, want := range map[string]string{
			"familyName": "Б••••", "iin": "••••0006", "phone": "••••4837", "email": "k••••@mail.example", "birthDate": "1991-••-••", "postalAddress": "••••",
		} {
			equal(t, field, str(profile, field, "value"), want)
		}
		same(t, "own fields", pluck(profile, "value", "fields"), []string{"••••1-88", ""})
	})
}

// TestOneGroundOnly: gqlgen does not hold variables to @oneOf, so the vault does.
func TestOneGroundOnly(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		id := w.register(w.subject("grounds"), looks())
		request, legal := input{"reason": "FRAUD", "ticket": "SUP-1"}, input{"reference": "ART-8"}
		for _, basis := range []input{
			{"purpose": "contact", "request": request}, {"request": request, "legal": legal}, {"purpose": "contact", "legal": legal}, {"purpose": "contact", "request": request, "legal": legal},
		} {
			for _, role := range []vault.Role{vault.Compliance, vault.Support, vault.Machine} {
				a := w.ask(w.staff(role), `query($u: ID!, $b: BasisInput) { user(id: $u) { profile(basis: $b) { phone { value state } } } }`, input{"u": id, "b": basis})
				equal(t, fmt.Sprintf("%s with %v", role, basis), a.code(), "BAD_REQUEST")
			}
		}
		a := w.ask(w.staff(vault.Support), `query($b: FindUsersInput!) { findUsers(by: $b) { id } }`, input{"b": input{"phone": "+77019264837", "iin": "910412400006"}})
		equal(t, "two identifiers", a.code(), "BAD_REQUEST")
	})
}

// TestOnlyWhatIsSelectedIsDecrypted: the state alone, a skipped value, or one
// code written without its list, touches nothing else.
func TestOnlyWhatIsSelectedIsDecrypted(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		id := w.register(w.subject("selected"), looks())
		for selection, want := range map[string][]string{
			`phone { state }`:                                      nil,
			`phone { value @skip(if: true) state }`:                nil,
			`phone { value }`:                                      {"phone"},
			`fields(codes: ["loyaltyCard"]) { value }`:             {"loyaltyCard"},
			`fields(codes: "loyaltyCard") { value }`:               {"loyaltyCard"},
			`fields(codes: $codes) { value }`:                      {"loyaltyCard"},
			`fields(codes: []) { value }`:                          nil,
			`a: phone { state } b: phone { value }`:                {"phone"},
			`...f } } } fragment f on Profile { iin { value } } #`: {"iin"}, // the # takes the brackets that follow
		} {
			head := `query($u: ID!) { user(id: $u) `
			if strings.Contains(selection, "$codes") {
				head = `query($u: ID!, $codes: [String!]) { user(id: $u) `
			}
			document := head + `{ profile(basis: {legal: {reference: "ART-8"}}) { ` + selection + ` } } }`
			variables := input{"u": id}
			if strings.Contains(selection, "$codes") {
				variables["codes"] = "loyaltyCard"
			}
			a := w.ask(w.staff(vault.Compliance), document, variables)
			a.must()
			touched := []string{}
			for _, e := range w.eventsOf(a) {
				touched = append(touched, e.Fields...)
			}
			same(t, selection, touched, append([]string{}, want...))
		}
	})
}
