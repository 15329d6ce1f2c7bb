package main

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// The clauses of the policy that no other file has a test of;
// docs/policy-clauses.md leads from each clause to its tests.

func TestClausePreamble1NothingIsCollectedThatTheVersionDoesNotName(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("whole")
		w.register(me, named())
		data := w.ask("", `{ policyInForce(app: "dala") { fields { code } } }`, nil).must()
		codes := pluck(data, "code", "policyInForce", "fields")
		for _, code := range []string{"familyName", "phone", "deviceModel"} {
			equal(t, code+" is named", slices.Contains(codes, code), true)
		}
		w.update(me, ownValue("shoeSize", "37")).refused("FIELD_NOT_COLLECTED@profile.fields.0.value")
		w.mutate(me, "recordTechnicalData", input{"events": []input{w.came(input{"cookieId": "c-1"})}}, "kept").
			refused("FIELD_NOT_COLLECTED@events.0.at", "FIELD_NOT_COLLECTED@events.0.cookieId")
	})
}

func TestClausePreamble3UsingTheAppIsNoAcceptance(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("only looks")
		for range 3 {
			w.ask(me, `{ me { id } policyInForce(app: "dala") { document { text } } profileForm(app: "dala") { fields { code } } }`, nil).must()
		}
		w.update(me, named()).refused("NOT_REGISTERED")
		equal(t, "registering without a decision", w.ask(me, `mutation { registerMe(input: {profile: {}}) { created } }`, nil).code() != "", true)
		equal(t, "nobody came of it", at(w.ask(me, `{ me { id } }`, nil).must(), "me"), nil)

		seen := w.shown("kk")
		done := w.mutate(me, "registerMe", input{"consent": seen.decided("identify", "GIVEN")}, `user { policyStatus { accepted missing } }`).ok()
		equal(t, "a part is no acceptance", at(done.payload, "user", "policyStatus", "accepted"), false)
		same(t, "missing", strs(done.payload, "user", "policyStatus", "missing"), []string{"contact"})
		w.record(me, with(seen.decided("contact", "GIVEN"), input{"documentHash": sha("something else")})).refused("DOCUMENT_HASH_MISMATCH@consent.documentHash")
		w.record(me, seen.decided("contact", "GIVEN")).ok()
		act := w.ask(me, `{ me { policyStatus { accepted } consents(item: "contact") { nodes { locale documentHash version { id } events { method givenBy receivedAt } } } } }`, nil).must()
		equal(t, "accepted", at(act, "me", "policyStatus", "accepted"), true)
		one := at(act, "me", "consents", "nodes", 0)
		same(t, "what was shown", []string{str(one, "locale"), str(one, "documentHash"), str(one, "version", "id")}, []string{"kk", seen.hash, seen.version})
		same(t, "how", []string{str(one, "events", 0, "method"), str(one, "events", 0, "givenBy")}, []string{"IN_APP_CONFIRMED", "SUBJECT"})
		equal(t, "when", str(one, "events", 0, "receivedAt") != "", true)
	})
}

func TestClausePreamble4WhoRefusesKeepsTheirRightsAndNothingElse(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me, id := w.closed("refuses")
		version := w.shown("ru").version
		w.update(me, named()).gated("a change", version)
		w.visible(me, "PUBLIC", "familyName").gated("publishing", version)
		w.ask(w.staff(vault.Machine), `query($u: ID!) { user(id: $u) { profile(basis: {purpose: "identify"}) { familyName { value } } } }`, input{"u": id}).gated("a service", version)

		w.ask(me, `{ policyInForce(app: "dala") { document { text hash } } me { policyStatus { accepted } consents { nodes { state } } } }`, nil).must()
		w.record(me, w.shown("ru").decided("marketing", "REFUSED")).ok()
		w.withdraw(me, "identify").ok()
		equal(t, "the copy", w.fetched(w.exported(me), me).status, http.StatusOK)
		r := at(w.asks(me, "ERASURE", nil).ok().payload, "request")
		done := at(w.step(w.staff(vault.Compliance), "fulfilSubjectRequest", r, input{"outcome": "ERASED"}).ok().payload, "request")
		equal(t, "the erasure", str(done, "outcome"), "ERASED")
	})
}

func TestClause21AFieldWithoutAPurposeIsNotCollected(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		officer, me := w.staff(vault.Compliance), w.subject("necessary")
		w.register(me, named())
		idle := w.draft(w.policy("2.0", func(facts input) { itemOf(facts, 2)["fields"] = uses() })) // clubNumber is declared, and used for nothing
		refused := w.mutate(officer, "publishPolicyVersion", input{"id": idle, "textChanges": sameMeaning, "acknowledgedWarnings": otherTexts}, "")
		refused.refused("VERSION_INCOMPLETE@facts.fields.0")
		equal(t, "the rule", refused.parameter("rule"), "policy.fields")

		version := w.publish(w.draft(w.policy("2.1")), nil) // no purpose needs an address
		w.record(me, w.of(version, "ru").decided("identify", "GIVEN", "contact", "GIVEN")).ok()
		w.update(me, input{"postalAddress": "Алматы, Абай 1"}).refused("FIELD_NOT_COLLECTED@profile.postalAddress")
		form := w.ask("", `{ profileForm(app: "dala") { fields { code purposes } } }`, nil).must()
		list, _ := at(form, "profileForm", "fields").([]any)
		for i := range list {
			equal(t, str(list, i, "code")+" has a purpose", len(strs(list, i, "purposes")) > 0, true)
		}
	})
}

// reads is what a service reads of a field for a purpose.
func (w *world) reads(id, purpose, field string) string {
	w.t.Helper()
	got := w.ask(w.token(vault.Machine, "service-of-"+purpose, nil),
		`query($u: ID!, $p: String!, $f: [String!]) { user(id: $u) { profile(basis: {purpose: $p}) { fields(codes: $f) { state } } } }`,
		input{"u": id, "p": purpose, "f": []string{field}})
	return str(got.must(), "user", "profile", "fields", 0, "state")
}

func TestClause221ThePartyIsIdentifiedByWhatThatPurposeNamesOnly(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("party")
		id := w.register(me, looks())
		equal(t, "allowed", w.reason(id, "identify", ""), "GIVEN")
		equal(t, "the name", w.reads(id, "identify", "familyName"), "PLAIN")
		equal(t, "the phone, which is for another purpose", w.reads(id, "identify", "phone"), "NO_CONSENT")
		w.withdraw(me, "identify").ok()
		equal(t, "withdrawn", w.reason(id, "identify", ""), "WITHDRAWN")
		equal(t, "the other purpose", w.reason(id, "contact", ""), "GIVEN")
		equal(t, "but nobody goes on unidentified", w.update(me, named()).code(), "POLICY_NOT_ACCEPTED")
	})
}

// switchable gives an optional purpose to somebody, withdraws it, and holds that
// nothing else depends on it.
func (w *world) switchable(t *testing.T, purpose, field string) {
	t.Helper()
	me := w.subject("chooses")
	id := w.register(me, input{"fields": []input{{"code": field, "value": "4"}}})
	equal(t, "never asked", w.reason(id, purpose, ""), "NEVER_ASKED")
	equal(t, "read", w.reads(id, purpose, field), "NO_CONSENT")
	w.record(me, w.shown("ru").decided(purpose, "GIVEN")).ok()
	equal(t, "given", w.reason(id, purpose, ""), "GIVEN")
	equal(t, "read", w.reads(id, purpose, field), "PLAIN")
	w.withdraw(me, purpose).ok()
	equal(t, "withdrawn", w.reason(id, purpose, ""), "WITHDRAWN")
	equal(t, "read", w.reads(id, purpose, field), "NO_CONSENT")
	for _, other := range []string{"identify", "contact"} {
		equal(t, other+" goes on", w.reason(id, other, ""), "GIVEN")
	}
	w.update(me, named()).ok()
}

func TestClause222PersonalisingIsSwitchedOnAndOffByThePerson(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) { w.switchable(t, "personalise", "loyaltyCard") })
}

func TestClause224ImprovingIsSwitchedOnAndOffByThePerson(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) { w.switchable(t, "improve", "householdSize") })
}

func TestClause31DataIsKeptAsLongAsThePolicySays(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("kept")
		id := w.register(me, with(named(), ownValue("loyaltyCard", "DALA-1")))
		w.record(me, w.shown("ru").decided("personalise", "GIVEN")).ok()
		said := w.ask("", `{ policyInForce(app: "dala") { term items { code retention } } }`, nil).must()
		equal(t, "the term", str(said, "policyInForce", "term"), "P3Y")
		for _, term := range pluck(said, "retention", "policyInForce", "items") {
			equal(t, "each purpose says how long", term != "", true)
		}
		w.withdraw(me, "personalise").ok()
		user := w.userUUID(id)
		w.says("announced", user, "loyaltyCard WARNED 0")
		reads := func() any {
			return at(w.ask(me, `{ me { profile { familyName { state } fields(codes: ["loyaltyCard"]) { value } } } }`, nil).must(), "me", "profile")
		}
		equal(t, "still there", str(reads(), "fields", 0, "value"), "DALA-1")
		w.clock.advance(30 * day)
		w.says("erased", user, "loyaltyCard ERASED 0")
		me = w.subject("kept")
		equal(t, "the card", str(reads(), "fields", 0, "value"), "")
		equal(t, "the name stays", str(reads(), "familyName", "state"), "PLAIN")
	})
}

func TestClause34TheLawIsNamedByItsFullTitle(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		officer := w.staff(vault.Compliance)
		publish := func(draft string, reasons ...input) outcome {
			return w.mutate(officer, "publishPolicyVersion", input{"id": draft, "textChanges": sameMeaning, "acknowledgedWarnings": append(reasons, otherTexts...)}, `policyVersion { rulePack }`)
		}
		half := publish(w.draft(w.policy("half", func(facts input) {
			facts["lawTitle"] = words("ru", "Закон «О персональных данных»")
		})))
		half.refused("VERSION_INCOMPLETE@facts.lawTitle")
		equal(t, "the rule", half.parameter("rule"), "policy.lawTitle")

		in := w.policy("named")
		texts, _ := in["texts"].([]input)
		texts[0]["text"] = "# Политика\n\nМы следуем закону Республики Казахстан «О персональных данных».\n"
		draft := w.draft(in)
		warned := publish(draft)
		warned.refused("WARNING_UNANSWERED@texts.0.text")
		equal(t, "of the text", warned.parameter("rule"), "policy.lawInText")
		done := publish(draft, input{"rule": "policy.lawInText", "reason": "CP-9"}).ok()
		equal(t, "checked by", strings.HasPrefix(str(done.payload, "policyVersion", "rulePack"), "KZ/"), true)
	})
}

func TestClause62TheJurisdictionOfTheAppPicksTheRules(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		raw, err := os.ReadFile("demo/app.yaml")
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "app.yaml")
		if err := os.WriteFile(file, []byte(strings.Replace(string(raw), "jurisdiction: KZ", "jurisdiction: GDPR", 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		w.setTo("2027-01-11T10:00:00Z")
		by := func() (jurisdiction, pack, due string) {
			r := at(w.letter("ACCESS", input{"name": "Кто-то " + uuid.NewString()}).ok().payload, "request")
			app := w.ask(w.staff(vault.Auditor), `{ app(code: "dala") { jurisdiction } }`, nil).must()
			pack, _, _ = strings.Cut(str(r, "rulePack"), "/")
			return str(app, "app", "jurisdiction"), pack, str(r, "dueAt")[:len("2027-01-14")]
		}
		home, pack, due := by()
		same(t, "at home", []string{home, pack, due}, []string{"KZ", "KZ", "2027-01-14"}) // three working days
		w.command("app", "apply", file)
		abroad, pack, due := by()
		same(t, "abroad", []string{abroad, pack, due}, []string{"GDPR", "GDPR", "2027-02-11"}) // a month
	})
}
