package main

import (
	"slices"
	"testing"

	"github.com/kelisim/kelisim/vault"
)

// declared is a field of the app's own.
func declared(code, kind, mask string) input {
	return input{"code": code, "class": "OTHER", "kind": kind, "mask": mask, "label": words("ru", "Поле "+code, "kk", code+" өрісі")}
}

// ownValue is an own field's value as clients write it.
func ownValue(code string, value any) input {
	return input{"fields": []input{{"code": code, "value": value}}}
}

// byLaw and bySupport read the fields of a person; so does the person, by own.
const (
	byLaw     = `query($u: ID!) { user(id: $u) { profile(basis: {legal: {reference: "ART-8"}}) { postalAddress { value state } fields { code value state } } } }`
	bySupport = `query($u: ID!) { user(id: $u) { profile { postalAddress { value state } fields { code value state } } } }`
	revealing = `query($u: ID!, $c: [String!]) { user(id: $u) { profile(basis: {request: {reason: CORRECTION, ticket: "SUP-7"}}, reveal: $c) { fields(codes: $c) { code value state } } } }`
)

// fieldShown is VALUE STATE of one of the fields of a profile.
func fieldShown(profile any, code string) string {
	fields, _ := at(profile, "fields").([]any)
	i := slices.IndexFunc(fields, func(f any) bool { return str(f, "code") == code })
	if i < 0 {
		return "nothing"
	}
	return str(fields, i, "value") + " " + str(fields, i, "state")
}

func TestFieldsOfEveryKindAreAddedByAPolicyVersionWithoutARebuild(t *testing.T) {
	cases := []struct{ code, kind, mask, typed, kept, masked, wrong, refusal string }{
		{"clubNumber", "TEXT", "LAST4", "KELISIM-777001", "KELISIM-777001", "••••7001", "a\x01b", "INVALID_VALUE"},
		{"joinedOn", "DATE", "YEAR", "2020-02-29", "2020-02-29", "2020-••-••", "2021-02-29", "INVALID_DATE"},
		{"children", "INTEGER", "HIDDEN", "3", "3", "••••", "three", "INVALID_VALUE"},
		{"vegetarian", "BOOLEAN", "HIDDEN", "true", "true", "••••", "yes", "INVALID_VALUE"},
		{"workPhone", "PHONE", "LAST4", "8 701 555 77 88", "+77015557788", "••••7788", "12", "INVALID_PHONE"},
		{"workMail", "EMAIL", "DOMAIN", "club@mail.example", "club@mail.example", "c••••@mail.example", "club", "INVALID_EMAIL"},
	}
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("member")
		id := w.register(me, named())
		for _, c := range cases {
			w.update(me, ownValue(c.code, c.typed)).refused("FIELD_NOT_COLLECTED@profile.fields.0.value")
		}
		version := w.publish(w.draft(w.policy("2.0", func(facts input) {
			fields, codes := []input{}, []string{}
			for _, c := range cases {
				fields, codes = append(fields, declared(c.code, c.kind, c.mask)), append(codes, c.code)
			}
			facts["fields"] = fields
			itemOf(facts, 2)["fields"] = uses(codes...)
		})), nil)
		w.record(me, w.of(version, "ru").decided("identify", "GIVEN", "contact", "GIVEN", "club", "GIVEN")).ok()

		says := w.ask("", `query($v: ID!) { policyVersion(id: $v) { fields { code class kind mask required purposes label(locale: "kk") { text } } } }`, map[string]any{"v": version}).must()
		for _, c := range cases {
			list, _ := at(says, "policyVersion", "fields").([]any)
			i := slices.IndexFunc(list, func(f any) bool { return str(f, "code") == c.code })
			want := input{"code": c.code, "class": "OTHER", "kind": c.kind, "mask": c.mask, "required": false, "purposes": []string{"club"}, "label": input{"text": c.code + " өрісі"}}
			equal(t, "the version collects", asJSON(t, at(list, i)), asJSON(t, want))

			w.update(me, ownValue(c.code, c.wrong)).refused(c.refusal + "@profile.fields.0.value")
			w.update(me, ownValue(c.code, c.typed)).ok()
			own := w.ask(me, `query($c: [String!]) { me { profile { fields(codes: $c) { code value state } } } }`, map[string]any{"c": c.code}).must()
			equal(t, "the person reads "+c.code, fieldShown(at(own, "me", "profile"), c.code), c.kept+" PLAIN")
			seen := w.ask(w.staff(vault.Support), bySupport, map[string]any{"u": id}).must()
			equal(t, "support sees "+c.code, fieldShown(at(seen, "user", "profile"), c.code), c.masked+" MASKED")
			revealed := w.ask(w.staff(vault.Support), revealing, map[string]any{"u": id, "c": c.code}).must()
			equal(t, "support reveals "+c.code, fieldShown(at(revealed, "user", "profile"), c.code), c.kept+" PLAIN")
			law := w.ask(w.staff(vault.Compliance), byLaw, map[string]any{"u": id}).must()
			equal(t, "by law "+c.code, fieldShown(at(law, "user", "profile"), c.code), c.kept+" PLAIN")
			w.update(me, ownValue(c.code, nil)).ok()
			seen = w.ask(w.staff(vault.Support), bySupport, map[string]any{"u": id}).must()
			equal(t, "cleared "+c.code, fieldShown(at(seen, "user", "profile"), c.code), " EMPTY")
		}
	})
}

func TestAFieldThatAVersionDropsIsReadByNobodyElseUntilItIsCollectedAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("dropped")
		id := w.register(me, input{"postalAddress": "Алматы, Абай 1"})
		accept := func(version string) {
			w.record(me, w.of(version, "ru").decided("identify", "GIVEN", "contact", "GIVEN", "club", "GIVEN")).ok()
		}
		accept(w.publish(w.draft(w.policy("2.0")), nil)) // collects a club number, and no address
		w.update(me, ownValue("clubNumber", "KELISIM-777001")).ok()
		sees := func(what string, want map[vault.Role]string) {
			t.Helper()
			for role, query := range map[vault.Role]string{vault.Support: bySupport, vault.Compliance: byLaw} {
				got := w.ask(w.staff(role), query, map[string]any{"u": id}).must()
				equal(t, what+": "+string(role), str(got, "user", "profile", "postalAddress", "value")+" "+str(got, "user", "profile", "postalAddress", "state")+
					", "+fieldShown(at(got, "user", "profile"), "clubNumber"), want[role])
			}
		}
		sees("the address is dropped", map[vault.Role]string{
			vault.Support: " NOT_COLLECTED, ••••7001 MASKED", vault.Compliance: " NOT_COLLECTED, KELISIM-777001 PLAIN",
		})

		accept(w.publish(w.draft(w.policy("3.0", func(facts input) { // the other way round
			facts["fields"] = []input{}
			itemOf(facts, 2)["fields"] = uses("postalAddress")
		})), nil))
		sees("the number is dropped", map[vault.Role]string{
			vault.Support: "•••• MASKED, nothing", vault.Compliance: "Алматы, Абай 1 PLAIN, nothing",
		})
		w.update(me, ownValue("clubNumber", "KELISIM-777002")).refused("FIELD_NOT_COLLECTED@profile.fields.0.value")
		by := w.ask(w.staff(vault.Support), `query($u: ID!) { user(id: $u) { profile { fields(codes: ["clubNumber"]) { code value state updatedAt } } } }`, map[string]any{"u": id}).must()
		equal(t, "asked for by its code", fieldShown(at(by, "user", "profile"), "clubNumber"), " NOT_COLLECTED")
		own := w.ask(me, `{ me { profile { fields(codes: ["clubNumber"]) { code value state } } } }`, nil).must()
		equal(t, "the person still reads it", fieldShown(at(own, "me", "profile"), "clubNumber"), "KELISIM-777001 PLAIN")

		asDate := w.draft(w.policy("4.0", func(facts input) { facts["fields"] = []input{declared("clubNumber", "DATE", "YEAR")} }))
		w.mutate(w.staff(vault.Compliance), "publishPolicyVersion", input{"id": asDate}, "").refused("VERSION_INCOMPLETE@facts.fields.0")
		w.publish(w.draft(w.policy("4.0")), nil)
		sees("the number is collected again", map[vault.Role]string{
			vault.Support: " NOT_COLLECTED, ••••7001 MASKED", vault.Compliance: " NOT_COLLECTED, KELISIM-777001 PLAIN",
		})
	})
}
