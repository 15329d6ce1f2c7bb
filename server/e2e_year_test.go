package main

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kelisim/kelisim/vault"
)

// year is a person's year with an app, from the first screen to the certificate.
type year struct {
	*world
	t       *testing.T
	id      string // the person's
	path    string // of their copy
	request string // to be erased
}

// The person of the year; nobody else has any of this.
const (
	yearSubject = "subject-of-the-year-3391"
	yearName    = "Құндызбаева"
	yearPhone   = "+77019263391"
	yearEmail   = "qundyz.3391@mail.example"
	yearClub    = "КЛУБ-3391-77"
)

// TestAPersonsYear plays it over the API; the test's clock goes on between the
// months.
func TestAPersonsYear(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		y := &year{world: w, t: t}
		for _, month := range []func(){
			y.registers, y.readsOfAWiderVersion, y.refusesIt, y.agreesAfterAll, y.publishes, y.isPassedOn,
			y.withdraws, y.takesACopy, y.asksToBeErased, y.isGone, y.leavesARecord,
		} {
			month()
			w.clock.advance(30 * day)
		}
	})
}

// me is the person's token of today.
func (y *year) me() string { return y.verified(yearSubject, yearPhone) }

// decides records a decision of the person, who has seen how they stand.
func (y *year) decides(pairs ...string) outcome {
	y.t.Helper()
	seq := number(y.ask(y.me(), `{ me { consentSeq } }`, nil).must(), "me", "consentSeq")
	return y.record(y.me(), with(y.shown("kk").decided(pairs...), input{"knownConsentSeq": seq}))
}

func (y *year) registers() {
	y.sharing()
	y.id = y.register(y.me(), input{
		"familyName": yearName, "phone": "8 701 926 33 91", "email": yearEmail,
		"fields": []input{{"code": "clubNumber", "value": yearClub}},
	})
	status := y.ask(y.me(), `{ me { policyStatus { accepted } profile { phone { value verified } } } }`, nil).must()
	equal(y.t, "accepted", at(status, "me", "policyStatus", "accepted"), true)
	equal(y.t, "the phone", str(status, "me", "profile", "phone", "value"), yearPhone)
	equal(y.t, "proved", at(status, "me", "profile", "phone", "verified"), true)
	equal(y.t, "the purpose", y.reason(y.id, "contact", ""), "GIVEN")
	same(y.t, "support finds them", y.found(input{"phone": yearPhone}), []string{y.id})
}

// readsOfAWiderVersion: what is to come is told with its moment, and nothing
// changes before.
func (y *year) readsOfAWiderVersion() {
	effective := y.clock.Now().Add(20 * day).Truncate(time.Millisecond)
	y.publish(y.draft(y.policy("wider", shares, func(facts input) {
		itemOf(facts, 1)["fields"] = uses("phone", "email", "iin", "birthDate", "postalAddress")
	})), input{"effectiveAt": stamp(effective)})
	got := at(y.ask(y.me(), pendingQuery, input{"l": "kk"}).must(), "me")
	equal(y.t, "still accepted", at(got, "policyStatus", "accepted"), true)
	list, _ := at(got, "pendingConsents").([]any)
	i := slices.IndexFunc(list, func(p any) bool { return str(p, "item", "code") == "contact" })
	equal(y.t, "to be decided by", str(list, i, "requiredFrom"), stamp(effective))
	same(y.t, "what changed", pluck(list, "field", i, "changes"), []string{"postalAddress"})
	y.update(y.me(), input{"givenName": "Айша"}).ok()
}

// refusesIt: the gate closes for what the app does, and not for the rights.
func (y *year) refusesIt() {
	version := y.shown("kk").version
	equal(y.t, "the wider version is in force", y.inForce(""), "wider")
	y.update(y.me(), input{"givenName": "Айша"}).gated("before a decision", version)
	y.decides("contact", "REFUSED").ok()
	equal(y.t, "the purpose", y.reason(y.id, "contact", ""), "REFUSED")
	y.update(y.me(), input{"givenName": "Айша"}).gated("a change", version)
	y.ask(y.staff(vault.Machine), `query($u: ID!) { user(id: $u) { profile(basis: {purpose: "contact"}) { phone { value } } } }`, input{"u": y.id}).gated("a service", version)
	equal(y.t, "their own data", y.own(y.me(), "familyName")["familyName"], yearName)
}

func (y *year) agreesAfterAll() {
	done := y.decides("contact", "GIVEN").ok()
	equal(y.t, "accepted", at(done.payload, "user", "policyStatus", "accepted"), true)
	y.update(y.me(), input{"givenName": "Ажар"}).ok()
	all := y.ask(y.me(), `{ me { consents(item: "contact") { nodes { state locale } } } }`, nil).must()
	same(y.t, "each decision stays", pluck(all, "state", "me", "consents", "nodes"), []string{"GIVEN", "SUPERSEDED", "SUPERSEDED"})
}

func (y *year) publishes() {
	got, _ := y.public("", y.id)
	equal(y.t, "private until then", len(got), 0)
	y.visible(y.me(), "PUBLIC", "familyName").refused("CONSENT_NOT_GIVEN@fields.0")
	y.decides("card", "GIVEN").ok()
	y.visible(y.me(), "PUBLIC", "familyName").ok()
	got, _ = y.public("", y.id)
	equal(y.t, "public", len(got) == 1 && got["familyName"] == yearName, true)
}

func (y *year) isPassedOn() {
	officer := y.staff(vault.Compliance)
	y.disclose(officer, passes(nil, y.id)).refused("CONSENT_NOT_GIVEN@users.0")
	y.decides("jel", "GIVEN").ok()
	y.disclose(officer, passes(nil, y.id)).ok()
	list := y.disclosures(y.me(), y.id)
	equal(y.t, "the person sees it", len(list) == 1 && str(list, 0, "ground") == "CONSENT" && str(list, 0, "tellBy") != "", true)
	y.mutate(y.me(), "markDisclosuresSeen", input{"disclosures": pluck(list, "id")}, `disclosures { seenAt }`).ok()
}

func (y *year) withdraws() {
	y.withdraw(y.me(), "jel", "card").ok()
	due := y.notices(y.id, "")
	equal(y.t, "the recipient is to be told", len(due) == 1 && str(due, 0, "about") == "WITHDRAWN" && str(due, 0, "state") == "TO_TELL" && str(due, 0, "dueAt") != "", true)
	y.mutate(y.staff(vault.Compliance), "updateRecipientNotice",
		input{"id": str(due, 0, "id"), "state": "TOLD", "expectedRevision": number(due, 0, "revision")}, `recipientNotice { state }`).ok()
	y.disclose(y.staff(vault.Compliance), passes(nil, y.id)).refused("CONSENT_NOT_GIVEN@users.0")
	y.visible(y.me(), "PUBLIC", "familyName").refused("CONSENT_NOT_GIVEN@fields.0")
	got, _ := y.public("", y.id)
	equal(y.t, "public", len(got), 0)
	equal(y.t, "what is required goes on", y.reason(y.id, "contact", ""), "GIVEN")
}

func (y *year) takesACopy() {
	y.path = y.exported(y.me())
	got := y.fetched(y.path, y.me())
	equal(y.t, "status", got.status, http.StatusOK)
	var data map[string]any
	if err := json.Unmarshal([]byte(unpacked(y.t, got.raw)["data.json"]), &data); err != nil {
		y.t.Fatal(err)
	}
	values := pluck(data, "value", "fields")
	for _, want := range []string{yearName, yearPhone, yearEmail, yearClub} {
		if !slices.Contains(values, want) {
			y.t.Errorf("the copy lacks %s: %v", want, values)
		}
	}
	equal(y.t, "decisions", len(pluck(data, "item", "consents")), 6) // identify, contact three times, card, jel
	described(y.t, data)
	same(y.t, "disclosures", pluck(data, "recipient", "disclosures"), []string{"Жел"})
	equal(y.t, "fetched again", y.fetched(y.path, y.me()).status, http.StatusGone)
}

func (y *year) asksToBeErased() {
	r := at(y.asks(y.me(), "ERASURE", nil).ok().payload, "request")
	y.request = str(r, "id")
	y.clock.advance(3 * day)
	equal(y.t, "support", y.step(y.staff(vault.Support), "fulfilSubjectRequest", r, input{"outcome": "ERASED"}).code(), "FORBIDDEN")
	done := at(y.step(y.staff(vault.Compliance), "fulfilSubjectRequest", r, input{"outcome": "ERASED"}).ok().payload, "request")
	equal(y.t, "done in time", str(done, "state") == "FULFILLED" && str(done, "closedAt") < str(done, "dueAt"), true)
}

// isGone: nothing of them is read by anybody, in any way, anywhere.
func (y *year) isGone() {
	equal(y.t, "the login", at(y.ask(y.me(), `{ me { id } }`, nil).must(), "me"), nil)
	for by, value := range map[string]string{"phone": yearPhone, "email": yearEmail, "subject": yearSubject} {
		same(y.t, "by "+by, y.found(input{by: value}), []string{})
	}
	got, _ := y.public("", y.id)
	equal(y.t, "public", len(got), 0)
	equal(y.t, "the purpose", y.reason(y.id, "contact", ""), "USER_ERASED")
	law := y.ask(y.staff(vault.Compliance), `query($u: ID!) { user(id: $u) { status profile(basis: {legal: {reference: "ART-18"}}) { `+readAll+` } } }`, input{"u": y.id})
	equal(y.t, "status", str(law.must(), "user", "status"), "ERASED")
	equal(y.t, "the copy", y.fetched(y.path, y.me()).status, http.StatusNotFound)
	y.disclose(y.staff(vault.Compliance), passes(nil, y.id)).refused("USER_BLOCKED@users.0")

	places := y.places()
	places["by law"] = law.raw
	for place, raw := range places {
		for _, value := range []string{yearSubject, yearName, yearPhone, yearPhone[1:], yearEmail, yearClub, "Ажар"} {
			if strings.Contains(string(raw), value) {
				y.t.Errorf("%s stands in %s", value, place)
			}
		}
	}
}

// leavesARecord: what was decided and done stays under the opaque id.
func (y *year) leavesARecord() {
	officer := y.staff(vault.Compliance)
	data := y.ask(officer, `query($u: ID!, $r: ID!) { user(id: $u) { consents { nodes { item state } } disclosures { nodes { ground } } requests { nodes { kind state } } }
		subjectRequest(id: $r) { document(locale: "kk") { text hash } } }`, input{"u": y.id, "r": y.request}).must()
	items := pluck(data, "item", "user", "consents", "nodes")
	slices.Sort(items)
	same(y.t, "decisions", items, []string{"card", "contact", "contact", "contact", "identify", "jel"})
	same(y.t, "disclosures", pluck(data, "ground", "user", "disclosures", "nodes"), []string{"CONSENT"})
	if kinds := pluck(data, "kind", "user", "requests", "nodes"); !slices.Contains(kinds, "ERASURE") || !slices.Contains(kinds, "EXPORT") {
		y.t.Errorf("requests: %v", kinds)
	}
	certificate := y.erased(y.id) // the same one again
	equal(y.t, "of whom", str(certificate, "user"), y.id)
	printed := regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`).FindString(str(data, "subjectRequest", "document", "text"))
	read := y.ask(y.subject("whoever has its number"), `query($c: ID!) { erasureCertificate(id: $c) { id gone { trace rows } kept { kind } text { text } } }`, input{"c": printed}).must()
	equal(y.t, "the certificate", str(read, "erasureCertificate", "id"), str(certificate, "id"))
	equal(y.t, "what is gone", gone(at(read, "erasureCertificate"), "FIELDS"), 5)
}
