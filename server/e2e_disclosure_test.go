package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kelisim/kelisim/vault"
)

// passes is a disclosure by consent to the recipient at home.
func passes(more input, users ...string) input {
	return with(input{
		"app": "dala", "users": users, "recipient": input{"name": "Жел", "country": "KZ"}, "fields": []string{"phone"}, "purpose": "contact", "ground": "CONSENT",
	}, more)
}

func (w *world) disclose(token string, in input) outcome {
	w.t.Helper()
	return w.mutate(token, "recordDisclosure", in, `warnings { rule article confirmed says(locale: "en") { text } } disclosures { id app ground items consents fields purpose
		reference violation tellBy seenAt withheld approver recorder canonical version { label } recipient { name(locale: "ru") { text } registration country } }`)
}

// disclosures are what a caller sees of a person's.
func (w *world) disclosures(token, id string) []any {
	w.t.Helper()
	list, _ := at(w.ask(token, `query($id: ID!) { user(id: $id) { disclosures { nodes { id ground tellBy seenAt withheld recorder } } } }`, input{"id": id}).must(),
		"user", "disclosures", "nodes").([]any)
	return list
}

func TestClause331TransferNeedsConsent(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.sharing()
		officer, service := w.staff(vault.Compliance), w.staff(vault.Machine)
		me, id := w.member("passed on")
		abroad := passes(input{"recipient": input{"name": "Veter", "country": "RU"}}, id)

		refused := w.disclose(officer, passes(nil, id))
		refused.refused("CONSENT_NOT_GIVEN@users.0")
		equal(t, "the item to ask for", refused.parameter("item"), "jel")
		denied := w.eventsOf(refused.answer)
		equal(t, "the refusal is on record", len(denied) == 1 && denied[0].Outcome == vault.OutcomeDenied && denied[0].Subject == w.userUUID(id), true)
		w.record(me, w.shown("ru").decided("jel", "GIVEN")).ok()
		w.disclose(officer, passes(input{"recipient": input{"name": "Жел", "country": "RU"}}, id)).refused("UNKNOWN_RECIPIENT@recipient")
		w.disclose(officer, passes(input{"fields": []string{"phone", "givenName"}}, id)).refused("FIELD_NOT_COVERED@fields.1")
		w.disclose(officer, passes(input{"purpose": "nonsense"}, id)).refused("UNKNOWN_CONSENT_ITEM@purpose")

		done := w.disclose(service, passes(input{"idempotencyKey": "once"}, id)).ok()
		one := at(done.payload, "disclosures", 0)
		same(t, "it rests on", strs(one, "items"), []string{"jel", "contact"})
		equal(t, "and on these consents", len(strs(one, "consents")), 2)
		equal(t, "to", str(one, "recipient", "name", "text"), "Jel")
		equal(t, "sent again", str(w.disclose(service, passes(input{"idempotencyKey": "once"}, id)).ok().payload, "disclosures", 0, "id"), str(one, "id"))

		refused = w.disclose(officer, abroad)
		refused.refused("CONSENT_NOT_GIVEN@users.0")
		equal(t, "abroad it takes", refused.parameter("item"), "border")
		w.record(me, w.shown("ru").decided("border", "GIVEN")).ok()
		w.disclose(officer, with(abroad, input{"fields": []string{"phone", "familyName"}})).refused("FIELD_NOT_COVERED@recipient.country")
		w.disclose(officer, abroad).ok()

		equal(t, "another purpose than the service's", w.disclose(service, passes(input{"purpose": "club"}, id)).code(), "FORBIDDEN")
		equal(t, "another ground", w.disclose(service, passes(input{"ground": "LAW"}, id)).code(), "FORBIDDEN")
		list := w.disclosures(me, id)
		equal(t, "the person sees both", len(list), 2)
		equal(t, "but not who recorded them", at(list, 0, "recorder"), nil)
		tellBy, err := time.Parse(time.RFC3339, str(list, 0, "tellBy"))
		equal(t, "told in time", err == nil && tellBy.After(w.clock.Now().Add(9*24*time.Hour)), true)
		seen := w.mutate(me, "markDisclosuresSeen", input{"disclosures": pluck(list, "id")}, `disclosures { seenAt }`).ok()
		equal(t, "seen", str(seen.payload, "disclosures", 1, "seenAt") != "", true)
		equal(t, "a stranger's", w.mutate(w.subject("thief"), "markDisclosuresSeen", input{"disclosures": pluck(list, "id")}, "").refusals()[0], "NOT_REGISTERED")
		_, other := w.member("thief")
		equal(t, "not a stranger's", w.mutate(w.subject("thief"), "markDisclosuresSeen", input{"disclosures": pluck(list, "id")}, "").code(), "NOT_FOUND")
		w.disclose(officer, passes(nil, id, other)).refused("CONSENT_NOT_GIVEN@users.1")
		equal(t, "of several people all, or nobody", len(w.disclosures(officer, id)), 2)
	})
}

func TestClause332TheLawMayKeepATransferFromThePerson(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		officer := w.staff(vault.Compliance)
		me := w.subject("by law")
		id := w.register(me, looks())
		law := passes(input{"ground": "LAW", "purpose": nil, "reference": "COURT-7599-26-00-2/1234", "requester": court(), "recipient": court()}, id)
		w.disclose(officer, with(law, input{"reference": "by order of somebody"})).refused("INVALID_VALUE@reference")
		w.disclose(officer, with(law, input{"recipient": input{"registration": "910412400006", "country": "KZ"}})).refused("INVALID_BIN@recipient.registration")
		w.disclose(officer, passes(input{"withholdFromPerson": input{"reference": "ART-9.1"}}, id)).refused("INVALID_VALUE@withholdFromPerson")
		w.approved(law)
		open := at(w.disclose(officer, law).ok().payload, "disclosures", 0)
		equal(t, "who answers for it", str(open, "approver") != "" && str(open, "approver") != str(open, "recorder"), true)
		w.approved(with(law, input{"withholdFromPerson": input{"reference": "ART-9.1"}}))
		barred := at(w.disclose(officer, with(law, input{"withholdFromPerson": input{"reference": "ART-9.1"}})).ok().payload, "disclosures", 0)
		equal(t, "the reason is on record", str(barred, "withheld"), "ART-9.1")
		equal(t, "nobody is to be told", at(barred, "tellBy"), nil)

		same(t, "the person sees", pluck(w.disclosures(me, id), "id"), []string{str(open, "id")})
		node := `query($id: ID!) { node(id: $id) { id } }`
		equal(t, "not by its id either", w.ask(me, node, input{"id": str(barred, "id")}).code(), "NOT_FOUND")
		equal(t, "nor marks it", w.mutate(me, "markDisclosuresSeen", input{"disclosures": []string{str(barred, "id")}}, "").code(), "NOT_FOUND")
		copied := unpacked(t, w.fetched(w.exported(me), me).raw)["data.json"]
		equal(t, "nor reads of it in their copy", strings.Contains(copied, "COURT-7599") && strings.Count(copied, `"ground":"LAW"`) == 1, true)
		for _, barredWord := range []string{"ART-9.1", "disclosure.recorded", "disclosure.approved"} {
			equal(t, barredWord+" in the copy", strings.Contains(copied, barredWord), false)
		}
		equal(t, "compliance sees both", len(w.disclosures(officer, id)), 2)
		equal(t, "support sees none", w.ask(w.staff(vault.Support), `query($id: ID!) { user(id: $id) { disclosures { nodes { id } } } }`, input{"id": id}).code(), "FORBIDDEN")

		w.mutate(officer, "releaseDisclosure", input{"disclosure": str(open, "id")}, "").refused("INVALID_VALUE@disclosure")
		freed := w.mutate(officer, "releaseDisclosure", input{"disclosure": str(barred, "id")}, `disclosure { releasedAt tellBy }`).ok()
		equal(t, "to be told from now on", str(freed.payload, "disclosure", "tellBy") != "", true)
		equal(t, "and seen", len(w.disclosures(me, id)), 2)
		w.becomes(id, vault.StatusBlocked)
		w.approved(law)
		w.disclose(officer, law).ok()
		w.disclose(officer, passes(input{
			"ground": "DISPUTE", "purpose": nil, "reference": "CASE-1", "violation": "FRAUD_SUSPECTED", "acknowledgeWarning": true,
			"recipient": input{"registration": "991240000003", "country": "KZ"},
		}, id)).refused("USER_BLOCKED@users.0")
	})
}

func TestClause333ADisputeTakesAnAcknowledgedWarning(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		officer := w.staff(vault.Compliance)
		me := w.subject("in dispute")
		id := w.register(me, looks())
		dispute := passes(input{
			"ground": "DISPUTE", "purpose": nil, "reference": "CASE-17", "violation": "PAYMENT_OWED",
			"recipient": input{"registration": "HRB-12345", "country": "DE"},
		}, id)
		warned := w.disclose(officer, dispute)
		warned.refused("WARNING_NOT_ACKNOWLEDGED@acknowledgeWarning")
		equal(t, "the rule", warned.parameter("rule"), "transfer.dispute")
		w.disclose(officer, with(dispute, input{"violation": nil, "acknowledgeWarning": true})).refused("REQUIRED@violation")
		w.approved(with(dispute, input{"acknowledgeWarning": true}))
		done := w.disclose(officer, with(dispute, input{"acknowledgeWarning": true})).ok()
		equal(t, "the warning comes along", str(done.payload, "warnings", 0, "article") == "9" && at(done.payload, "warnings", 0, "confirmed") == false, true)
		equal(t, "what was violated", str(done.payload, "disclosures", 0, "violation"), "PAYMENT_OWED")
		equal(t, "the person sees it", len(w.disclosures(me, id)), 1)

		pack := *w.sys.vault.Rules["KZ"]
		pack.Rules = slices.Clone(pack.Rules)
		for i, r := range pack.Rules {
			if r.ID == vault.RuleDisputeGround {
				pack.Rules[i].Severity = vault.Fatal
			}
		}
		w.sys.vault.Rules["KZ"] = &pack
		w.disclose(officer, with(dispute, input{"acknowledgeWarning": true})).refused("DISPUTE_NOT_ALLOWED@ground")
	})
}

// notices are what recipients have to be told of a person.
func (w *world) notices(id, filter string) []any {
	w.t.Helper()
	list, _ := at(w.ask(w.staff(vault.Compliance), `query($u: ID!) { recipientNotices(filter: {user: $u`+filter+`}) { nodes {
		id user about codes state revision dueAt recipient { name(locale: "ru") { text } country } } } }`, input{"u": id}).must(), "recipientNotices", "nodes").([]any)
	return list
}

func TestFault17AWithdrawalTellsTheRecipients(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.sharing()
		officer := w.staff(vault.Compliance)
		me, id := w.member("recipients", "jel", "border", "club")
		w.withdraw(me, "club").ok()
		equal(t, "nothing was passed on", len(w.notices(id, "")), 0)
		for range 2 {
			w.disclose(officer, passes(nil, id)).ok()
		}
		w.disclose(officer, passes(input{"recipient": input{"name": "Veter", "country": "RU"}}, id)).ok()
		w.withdraw(me, "border").ok()
		same(t, "whom it concerns", pluck(w.notices(id, ""), "user"), []string{id})
		equal(t, "the one abroad", str(w.notices(id, ""), 0, "recipient", "name", "text"), "Veter")
		w.disclose(officer, passes(input{"recipient": input{"name": "Veter", "country": "RU"}}, id)).refused("CONSENT_NOT_GIVEN@users.0")
		w.clock.advance(48 * time.Hour)
		w.withdraw(me, "jel").ok()
		list := w.notices(id, "")
		equal(t, "one for each recipient and withdrawal", len(list), 3)
		same(t, "of what", pluck(list, "about"), []string{"WITHDRAWN", "WITHDRAWN", "WITHDRAWN"})
		due, err := time.Parse(time.RFC3339, str(list, 0, "dueAt"))
		equal(t, "in time", err == nil && due.After(w.clock.Now()), true)
		before := w.notices(id, `, dueBefore: "`+stamp(due.Add(time.Millisecond))+`"`)
		equal(t, "due first", len(before), 1)

		move := func(n any, state string, revision int) outcome {
			return w.mutate(officer, "updateRecipientNotice", input{"id": str(n, "id"), "state": state, "expectedRevision": revision}, `recipientNotice { state revision }`)
		}
		move(list[0], "CONFIRMED", 1).refused("NOTICE_STATE_CONFLICT@state")
		move(list[0], "TOLD", 2).refused("REVISION_CONFLICT@expectedRevision")
		move(list[0], "TOLD", 1).ok()
		equal(t, "confirmed", str(move(list[0], "CONFIRMED", 2).ok().payload, "recipientNotice", "state"), "CONFIRMED")
		equal(t, "left to tell", len(w.notices(id, `, state: TO_TELL`)), 2)

		w.update(me, input{"givenName": "Басқа"}) // behind the gate or not: nobody was given it
		equal(t, "a field that nobody was given", len(w.notices(id, "")), 3)
		w.update(me, input{"phone": "+77019264839"}).ok()
		w.update(me, input{"phone": "+77019264838"}).ok()
		corrected := slices.DeleteFunc(w.notices(id, `, state: TO_TELL`), func(n any) bool { return str(n, "about") != "CORRECTED" })
		equal(t, "each recipient learns of the correction once", len(corrected), 2)
		equal(t, "which field", strs(corrected, 0, "codes")[0], "phone")
	})
}
