package main

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// closed is somebody who registered and refused what is required.
func (w *world) closed(sub string) (token, id string) {
	w.t.Helper()
	token = w.subject(sub)
	done := w.mutate(token, "registerMe",
		input{"consent": w.shown("ru").decided("identify", "GIVEN", "contact", "REFUSED")}, `created user { id }`).ok()
	return token, str(done.payload, "user", "id")
}

// gated reports an error unless the answer is that of the gate, in errors.
func (a answer) gated(what, version string) {
	a.t.Helper()
	if a.code() != "POLICY_NOT_ACCEPTED" || a.status != 200 {
		a.t.Errorf("%s: status %d: %s", what, a.status, a.raw)
		return
	}
	said := a.Errors[0].Extensions
	equal(a.t, what+": the app", str(said, "app"), "dala")
	equal(a.t, what+": the version", str(said, "policyVersionId"), version)
	same(a.t, what+": what is missing", strs(said, "missing"), []string{"contact"})
}

func TestBeforeAcceptanceTheProfileIsNotChanged(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me, id := w.closed("closed")
		version := w.shown("ru").version
		for what, change := range map[string]input{
			"a value": {"profile": named()}, "clearing": {"profile": input{"givenName": nil}}, "the locale": {"locale": "kk"},
			"a mistake": {"profile": input{"phone": "nonsense"}}, "an own field": {"profile": input{"fields": []input{{"code": "loyaltyCard", "value": "1"}}}},
		} {
			w.mutate(me, "updateMyProfile", change, `user { id }`).gated(what, version)
		}
		equal(t, "nothing is stored", w.stored(id), 0)

		w.record(me, w.shown("ru").decided("contact", "GIVEN")).ok()
		w.update(me, named()).ok()
		w.withdraw(me, "contact").ok()
		w.update(me, input{"givenName": "Айгерім"}).gated("after the withdrawal", version)
	})
}

// stored is how many personal fields of a person are stored.
func (w *world) stored(id string) int {
	w.t.Helper()
	fields, err := w.sys.db.Fields(context.Background(), []uuid.UUID{w.userUUID(id)})
	if err != nil {
		w.t.Fatal(err)
	}
	return len(fields)
}

func TestBeforeAcceptanceNothingIsReadForAPurpose(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("read")
		id := w.register(me, with(named(), input{"phone": "+7 701 555 10 10"}))
		version := w.shown("ru").version
		read := func(purpose string) answer {
			return w.ask(w.staff(vault.Machine), `query($u: ID!, $p: String!) { user(id: $u) { id status policyStatus { accepted } profile(basis: {purpose: $p}) { givenName { value state } phone { value state } } } }`,
				map[string]any{"u": id, "p": purpose})
		}
		equal(t, "while accepted", str(read("contact").must(), "user", "profile", "phone", "value"), "+77015551010")
		equal(t, "what the purpose does not cover", str(read("contact").must(), "user", "profile", "givenName", "state"), "NO_CONSENT")

		w.withdraw(me, "contact").ok()
		for _, purpose := range []string{"contact", "identify", "marketing", "accounting"} {
			got := read(purpose)
			got.gated(purpose, version)
			equal(t, purpose+": beside it", str(got.Data, "user", "id"), id)
			equal(t, purpose+": the profile", at(got.Data, "user", "profile"), nil)
		}
		// A request and the law are no purposes.
		officer := w.ask(w.staff(vault.Compliance), `query($u: ID!) { user(id: $u) { profile(basis: {legal: {reference: "ORDER-12/3"}}) { givenName { value } } } }`,
			map[string]any{"u": id}).must()
		equal(t, "by law", str(officer, "user", "profile", "givenName", "value"), "Әйгерім")
		masked := w.ask(w.staff(vault.Support), `query($u: ID!) { user(id: $u) { profile { phone { state } } } }`, map[string]any{"u": id}).must()
		equal(t, "support still sees a mask", str(masked, "user", "profile", "phone", "state"), "MASKED")
	})
}

func TestTheGateNeverStandsBeforeARight(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("rights")
		w.register(me, named())
		w.withdraw(me).ok()
		for what, query := range map[string]string{
			"the policy":       `{ policyInForce { id document { text hash } items { code statement { text } } } }`,
			"its versions":     `{ policyVersions { nodes { id } } }`,
			"the app":          `{ app(code: "dala") { contacts { email } responsiblePerson { email } } }`,
			"oneself":          `{ me { id status revision consentSeq createdAt locale } }`,
			"the status":       `{ me { policyStatus { accepted missing requiredFrom version { id } } } }`,
			"what is pending":  `{ me { pendingConsents { item { code } version { id } required requiredFrom } } }`,
			"own consents":     `{ me { consents { nodes { id state } } } }`,
			"missing fields":   `{ me { missingFields } }`,
			"own data":         `{ me { profile { familyName { value } fields { code value } } } }`,
			"own data, by app": `{ me { profile(app: "dala") { givenName { value } } } }`,
		} {
			if got := w.ask(me, query, nil); got.status != 200 || len(got.Errors) > 0 {
				t.Errorf("%s: status %d: %s", what, got.status, got.raw)
			}
		}
		own := w.ask(me, `{ me { id policyStatus { accepted } profile { familyName { value state } } } }`, nil).must()
		equal(t, "accepted", at(own, "me", "policyStatus", "accepted"), false)
		equal(t, "own data", str(own, "me", "profile", "familyName", "value"), "Сағынтаева")
		by := `query($u: ID!) { node(id: $u) { ... on User { profile { familyName { value } } } } user(id: $u) { consents { nodes { id } } } consentCheck(user: $u, purpose: "contact") { reason } }`
		if got := w.ask(me, by, map[string]any{"u": str(own, "me", "id")}); len(got.Errors) > 0 {
			t.Errorf("by id: %s", got.raw)
		}

		w.record(me, w.shown("ru").decided("marketing", "REFUSED")).ok()
		w.record(me, w.shown("ru").decided("improve", "GIVEN")).ok()
		w.withdraw(me, "improve").ok()
		seq := number(w.ask(me, `{ me { consentSeq } }`, nil).must(), "me", "consentSeq")
		done := w.record(me, with(w.shown("ru").decided("identify", "GIVEN", "contact", "GIVEN"), input{"knownConsentSeq": seq})).ok()
		equal(t, "accepted again", at(done.payload, "user", "policyStatus", "accepted"), true)
		w.update(me, input{"givenName": "Айгерім"}).ok()
	})
}

func TestAProfileWithoutTheRequiredConsentIsNotStored(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		secret := "Құпияева"
		for what, decisions := range map[string][]string{
			"refused": {"identify", "GIVEN", "contact", "REFUSED"}, "left out": {"identify", "GIVEN"},
		} {
			me := w.subject("unwilling-" + what)
			in := input{"profile": input{"familyName": secret, "phone": "+7 701 555 20 20"}, "consent": w.shown("ru").decided(decisions...)}
			w.mutate(me, "registerMe", in, `user { id }`).gated(what, w.shown("ru").version)
			equal(t, what+": nobody is registered", at(w.ask(me, `{ me { id } }`, nil).must(), "me"), nil)
			found := w.ask(w.staff(vault.Support), `{ findUsers(by: {phone: "+77015552020"}) { id } }`, nil).must()
			same(t, what+": nobody is found", pluck(found, "id", "findUsers"), []string{})

			delete(in, "profile")
			done := w.mutate(me, "registerMe", in, `created user { id policyStatus { accepted missing } consents { nodes { item state } } }`).ok()
			equal(t, what+": without a profile", at(done.payload, "created"), true)
			equal(t, what+": accepted", at(done.payload, "user", "policyStatus", "accepted"), false)
			equal(t, what+": the decisions are recorded", len(pluck(done.payload, "item", "user", "consents", "nodes")), len(decisions)/2)
			equal(t, what+": nothing personal is stored", w.stored(str(done.payload, "user", "id")), 0)
		}
	})
}
