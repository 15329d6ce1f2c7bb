package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// wrong are values that are refused, by field and code. Each is different
// enough to be recognised in an answer, where none may stand.
func wrong() map[string]map[string][]string {
	return map[string]map[string][]string{
		"phone":         {"INVALID_PHONE": {"", "70144", "call me maybe", "+7 701 55", "+1 234 567 8901 234", "8 701 555 66 77, 8 701 555 66 78"}},
		"email":         {"INVALID_EMAIL": {"", "nobody-at-all", "a@nowhere", "two words@mail.example", "@mail.example", "Имя <a@mail.example>"}},
		"familyName":    {"INVALID_NAME": {"", "R2D2", "<b>Жирно</b>", "a\tb", strings.Repeat("Ж", 101), "\u202eавеатнығаС"}},
		"givenName":     {"INVALID_NAME": {"12345", "--", "@name"}},
		"patronymic":    {"INVALID_NAME": {"!"}},
		"postalAddress": {"INVALID_VALUE": {"", "  ", "a\x01b"}, "VALUE_TOO_LONG": {strings.Repeat("ж", 1001), strings.Repeat("w", 70_000)}},
	}
}

func TestEveryInvalidValueIsRefusedInItsPlaceAndNeverRepeated(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("invalid")
		id := w.register(me, nil)
		silent := func(o outcome, value string) {
			t.Helper()
			if len(value) > 4 && strings.Contains(string(o.raw), value) {
				t.Errorf("the value stands in the answer: %s", o.raw)
			}
			equal(t, "status", o.status, 200)
		}
		for field, codes := range wrong() {
			for code, values := range codes {
				for _, value := range values {
					o := w.update(me, input{field: value})
					o.refused(code + "@profile." + field)
					silent(o, value)
				}
			}
		}
		for _, iin := range []string{"", "8506151000", "850615100008", "850615000000", "850615700005", "851315100007", "85061510000a"} {
			o := w.update(me, input{"iin": iin, "birthDate": "1885-06-15"})
			o.refused("INVALID_IIN@profile.iin")
			silent(o, iin)
		}
		for _, date := range []string{"", "1985-02-30", "15.06.1985", "2999-01-01", "1700-01-01", "1985-6-1", "yesterday"} {
			o := w.update(me, input{"iin": iin1885, "birthDate": date})
			o.refused("INVALID_DATE@profile.birthDate")
			silent(o, date)
		}
		for code, values := range map[string][]string{"householdSize": {"four", "1.5", "", "007"}, "doNotCall": {"yes", "TRUE", ""}, "loyaltyCard": {""}} {
			for _, value := range values {
				o := w.update(me, input{"fields": []input{{"code": "deliveryNote", "value": "ok"}, {"code": code, "value": value}}})
				o.refused("INVALID_VALUE@profile.fields.1.value")
				silent(o, value)
			}
		}
		equal(t, "nothing of it is stored", w.stored(id), 0)
		if strings.Contains(w.log.String(), "call me maybe") || strings.Contains(w.log.String(), "nobody-at-all") {
			t.Error("a value stands in the log")
		}
	})
}

func TestAFormShowsEveryMistakeAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		mistakes := input{
			"familyName": "R2D2", "givenName": "Әйгерім", "phone": "1", "email": "2", "iin": "3", "birthDate": "4", "postalAddress": "",
			"fields": []input{{"code": "householdSize", "value": "x"}, {"code": "nonsense", "value": "1"}, {"code": "givenName", "value": "A"}},
		}
		want := []string{
			"INVALID_NAME@profile.familyName", "INVALID_PHONE@profile.phone", "INVALID_EMAIL@profile.email", "INVALID_IIN@profile.iin",
			"INVALID_DATE@profile.birthDate", "INVALID_VALUE@profile.postalAddress", "INVALID_VALUE@profile.fields.0.value",
			"FIELD_NOT_COLLECTED@profile.fields.1.value", "DUPLICATE_INPUT@profile.fields.2.value",
		}
		me := w.subject("all")
		w.enter(me, mistakes).refused(want...)
		equal(t, "nobody came", at(w.ask(me, `{ me { id } }`, nil).must(), "me"), nil)
		w.register(me, nil)
		w.update(me, mistakes).refused(want...)
		equal(t, "no revision is used up", number(w.ask(me, `{ me { revision } }`, nil).must(), "me", "revision"), 1)

		w.withdraw(me).ok()
		seen := w.shown("ru")
		seq := number(w.ask(me, `{ me { consentSeq } }`, nil).must(), "me", "consentSeq")
		w.record(me, with(seen.decided("identify", "GIVEN", "identify", "REFUSED", "nonsense", "GIVEN", "contact", "GIVEN"), input{"knownConsentSeq": seq})).refused(
			"DUPLICATE_INPUT@consent.decisions.1.item", "UNKNOWN_CONSENT_ITEM@consent.decisions.2.item")
	})
}

func TestEveryScriptOfTheCountryIsAName(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("names")
		w.register(me, nil)
		for stored, typed := range map[string]string{
			"Ысқақова":               "Ысқақова",
			"Әңқүөһі":                "Әңқүөһі",
			"Ғабиден":                "  Ғабиден ",
			"Тен-Морозова":           "Тен-Морозова",
			"О'Коннор":               "О'Коннор",
			"Мұхтар Омарханұлы":      "Мұхтар   Омарханұлы",
			"Qyzylorda":              "Qyzylorda",
			"Жүсіп А.":               "Жүсіп А.",
			"қай\u0441ар":            "қай\u0441ар",
			"\u0419":                 "\u0418\u0306", // composed
			strings.Repeat("Ң", 100): strings.Repeat("Ң", 100),
		} {
			w.update(me, input{"familyName": typed}).ok()
			equal(t, typed, w.own(me, "familyName")["familyName"], stored)
		}
	})
}

func TestAnArgumentOfAnotherTypeIsTheCallersMistake(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		officer, me := w.staff(vault.Compliance), w.subject("types")
		id := w.register(me, nil)
		for query, variables := range map[string]map[string]any{
			`{ policyInForce(app: "dala", at: "yesterday-or-so") { id } }`:                                                            nil,
			`query($v: DateTime) { policyInForce(app: "dala", at: $v) { id } }`:                                                       {"v": "yesterday-or-so"},
			`query($v: DateTime) { auditEvents(filter: {from: $v}) { nodes { id } } }`:                                                {"v": 12},
			`query($v: AuditFilter) { auditEvents(filter: $v) { nodes { id } } }`:                                                     {"v": input{"to": "yesterday-or-so"}},
			`query($v: Locale) { policyInForce(app: "dala") { document(locale: $v) { hash } } }`:                                      {"v": []string{"yesterday-or-so"}},
			`query($u: ID!, $v: DateTime) { consentCheck(user: $u, purpose: "contact", at: $v) { reason } }`:                          {"u": id, "v": "2026-13-01T00:00:00Z"},
			`{ policyInForce(app: "dala", at: 12) { id } }`:                                                                           nil,
			`{ users(first: 1, after: "yesterday-or-so") { nodes { id } } }`:                                                          nil,
			`query($u: ID!) { user(id: $u) { profile(basis: {request: {reason: FRAUD, ticket: "yesterday"}}) { phone { value } } } }`: {"u": id},
			`query($u: ID!) { user(id: $u) { profile(basis: {legal: {reference: "ИИН 850615100007"}}) { phone { value } } } }`:        {"u": id},
			`query($u: ID!, $b: BasisInput) { user(id: $u) { profile(basis: $b) { phone { value } } } }`:                              {"u": id, "b": input{"purpose": "contact", "legal": input{"reference": "ORDER-1"}}},
			`query($u: ID!) { user(id: $u) { profile(reveal: ["phone"]) { phone { value } } } }`:                                      {"u": id},
			`query($u: ID!) { user(id: $u) { profile(basis: {purpose: "not a code"}) { phone { value } } } }`:                         {"u": id},
		} {
			got := w.ask(officer, query, variables)
			if got.code() != "BAD_REQUEST" && got.code() != "GRAPHQL_VALIDATION_FAILED" && got.code() != "FORBIDDEN" || strings.Contains(string(got.raw), "yesterday-or-so") {
				t.Errorf("%s: status %d: %s", query, got.status, got.raw)
			}
		}
		for _, device := range []any{"yesterday-or-so", 12, "2026-01-01", []string{}} {
			got := w.record(me, with(w.shown("ru").decided("marketing", "GIVEN"), input{"deviceAt": device}))
			equal(t, fmt.Sprint(device), got.code(), "BAD_REQUEST")
		}
		for what, in := range map[string]input{
			"an unknown decision": {"consent": w.shown("ru").decided("marketing", "MAYBE")},
			"an unknown member":   {"consent": with(w.shown("ru").decided("marketing", "GIVEN"), input{"by": "me"})},
			"a missing member":    {"consent": input{"eventId": uuid.NewString()}},
			"a number as text":    {"consent": with(w.shown("ru").decided("marketing", "GIVEN"), input{"appBuild": 77015551234})},
			"a number":            {"consent": 12}, "null": {"consent": nil}, "nothing": {},
		} {
			got := w.mutate(me, "recordConsent", in, "")
			if code := got.code(); code != "GRAPHQL_VALIDATION_FAILED" && code != "BAD_REQUEST" {
				t.Errorf("%s: status %d: %s", what, got.status, got.raw)
			}
		}
		if strings.Contains(w.log.String(), "an operation failed") {
			t.Error("a caller's mistake stands in the log as ours")
		}
		if !slices.Contains(strs(w.ask("", `{ policyInForce(app: "dala") { locales } }`, nil).must(), "policyInForce", "locales"), "kk") {
			t.Error("and the server goes on")
		}
	})
}
