package main

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

func TestWhatStrangersMayNotAskOfTheSchemaIsTheirMistake(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		public, _ := w.production()
		const query = `{ anna_77015551122: __schema { types { name } } policyInForce { id } }`
		for token, want := range map[string]string{"": "UNAUTHENTICATED", w.subject("curious"): "FORBIDDEN"} {
			for _, q := range []string{query, `query($y: Boolean = true) { ...f @include(if: $y) } fragment f on Query { __type(name: "User") { name } }`} {
				got := public.ask(token, q, nil)
				if got.code() != want || got.Data != nil {
					t.Errorf("want %s, got status %d: %s", want, got.status, got.raw)
				}
			}
		}
		equal(t, "its own type is no question", public.ask("", `{ __typename }`, nil).code(), "")
		for _, line := range []string{"anna_77015551122", "level=ERROR"} {
			if strings.Contains(w.log.String(), line) {
				t.Errorf("the log holds %q", line)
			}
		}
	})
}

func TestAGroundThatIsGivenAndEmptyIsAMistake(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		id := w.register(w.subject("ground"), named())
		for _, role := range []vault.Role{vault.Support, vault.Compliance} {
			for what, basis := range map[string]any{
				"nothing": input{}, "an empty purpose": input{"purpose": ""}, "no request": input{"request": nil}, "an empty law": input{"legal": input{"reference": ""}},
			} {
				got := w.ask(w.staff(role), `query($u: ID!, $b: BasisInput) { user(id: $u) { profile(basis: $b) { familyName { value } } } }`, map[string]any{"u": id, "b": basis})
				if code := got.code(); code != "BAD_REQUEST" && code != "FORBIDDEN" {
					t.Errorf("%s, %s: %s", role, what, got.raw)
				}
			}
		}
		got := w.ask(w.staff(vault.Support), `query($u: ID!) { user(id: $u) { profile(basis: {request: {reason: FRAUD, ticket: "SUP-1"}}, reveal: ["familyName", "fmailyName"]) { familyName { value } } } }`, map[string]any{"u": id})
		equal(t, "a field that is none", got.code(), "BAD_REQUEST")
	})
}

func TestAnAnswerStaysSmallWhateverIsAskedFor(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me, seen := w.subject("long list"), w.shown("ru")
		w.register(me, nil)
		var decisions []input
		var items []string
		for range 3000 {
			decisions, items = append(decisions, input{"item": "nonsense", "decision": "GIVEN"}), append(items, "nonsense")
		}
		long := with(seen.decided("contact", "GIVEN"), input{"decisions": decisions})
		for what, got := range map[string]outcome{
			"decisions": w.record(me, long),
			"items":     w.mutate(me, "withdrawConsent", input{"eventId": uuid.NewString(), "items": items}, ""),
		} {
			if n := len(got.refusals()); n != 50 {
				t.Errorf("%s: %d mistakes are answered", what, n)
			}
		}
		texts := `{ me { consents(first: 100) { nodes { version { document { text consentForm } } } } } }`
		equal(t, "a hundred texts", w.ask(me, texts, nil).code(), "")
		equal(t, "nine hundred", w.ask(me, `{ me { a: consents(first: 100) { ...t } b: consents(first: 100) { ...t } c: consents(first: 100) { ...t } } }
			fragment t on ConsentConnection { nodes { version { document { text consentForm } } } }`, nil).code(), "COMPLEXITY_LIMIT_EXCEEDED")
	})
}

func TestAPolicyHoldsNoControlCharacters(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		officer := w.staff(vault.Compliance)
		for where, spoil := range map[string]func(p input){
			"texts.0.text": func(p input) { p["texts"] = []input{{"locale": "ru", "text": "# Политика\x00\nтекст"}} },
			"label":        func(p input) { p["label"] = strings.Repeat("9", 101) },
			"facts.lawTitle": func(p input) {
				facts, _ := p["facts"].(input)
				facts["lawTitle"] = words("ru", "Закон\x07")
			},
		} {
			p := w.policy("2.0")
			spoil(p)
			w.mutate(officer, "createPolicyDraft", p, "").refused("INVALID_VALUE@" + where)
		}
	})
}
