package main

import (
	"testing"

	"github.com/kelisim/kelisim/vault"
)

// TestAPersonRegistersReadsBackIsFoundAndWithdraws is the first walk through
// the whole house, on both set-ups.
func TestAPersonRegistersReadsBackIsFoundAndWithdraws(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("walker")
		if got := at(w.ask(me, `{ me { id } }`, nil).must(), "me"); got != nil {
			t.Fatalf("before registering, me is %v", got)
		}
		id := w.register(me, map[string]any{"familyName": "Ысқақова", "givenName": "Күнсұлу", "phone": "8 (701) 555-44-33"})

		data := w.ask(me, `{ me { id profile { familyName { value state } phone { value state } } policyStatus { accepted missing } } }`, nil).must()
		if got := at(data, "me", "profile", "phone", "value"); got != "+77015554433" {
			t.Errorf("phone reads back as %v", got)
		}
		if got := at(data, "me", "profile", "familyName", "value"); got != "Ысқақова" {
			t.Errorf("family name reads back as %v", got)
		}

		found := w.ask(w.staff(vault.Support), `{ findUsers(by: {phone: "+7 701 555 44 33"}) { id profile { phone { value state } } } }`, nil).must()
		if at(found, "findUsers", 0, "id") != id || at(found, "findUsers", 0, "profile", "phone", "state") != "MASKED" {
			t.Errorf("support finds %v", found)
		}

		check := `query($u: ID!) { consentCheck(user: $u, purpose: "contact") { allowed reason } }`
		service := w.staff(vault.Machine)
		if got := at(w.ask(service, check, map[string]any{"u": id}).must(), "consentCheck", "allowed"); got != true {
			t.Fatalf("before the withdrawal: %v", got)
		}
		w.ask(me, `mutation { withdrawConsent(input: {eventId: "0192f0c0-0000-7000-8000-000000000001", items: ["contact"]}) { consents { item state } userErrors { code } } }`, nil).must()
		if got := at(w.ask(service, check, map[string]any{"u": id}).must(), "consentCheck", "reason"); got != "WITHDRAWN" {
			t.Errorf("after the withdrawal: %v", got)
		}
	})
}
