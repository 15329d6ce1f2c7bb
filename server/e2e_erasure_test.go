package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

const certificateFields = `id user erasedAt ground reference replayedAt gone { trace rows } kept { kind source until } text { text locale }`

// erases is the input of an erasure at somebody's request.
func erases(user string) input {
	return input{"user": user, "ground": "PERSON_ASKED", "reference": "DSR-17"}
}

// erased erases a person, and answers the certificate.
func (w *world) erased(user string) any {
	w.t.Helper()
	o := w.mutate(w.staff(vault.Compliance), "eraseUser", erases(user), `certificate { `+certificateFields+` }`).ok()
	return at(o.payload, "certificate")
}

// gone is how many of a sort a certificate says went.
func gone(certificate any, trace string) int {
	list, _ := at(certificate, "gone").([]any)
	for i := range list {
		if str(list, i, "trace") == trace {
			return number(list, i, "rows")
		}
	}
	return -1
}

func TestWhoIsErasedIsGoneAndTheRecordStays(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.verified("goes", "+77019264837")
		id := w.register(me, input{"familyName": "Бұрынбекова", "phone": "+77019264837"})
		w.update(me, input{"email": "burynbekova@mail.example"}).ok()
		compliance := w.staff(vault.Compliance)
		plan := w.mutate(compliance, "eraseUser", with(erases(id), input{"dryRun": true}),
			`certificate { id } plan { gone { trace rows } kept { kind } obstacles { id } }`).ok()
		c := w.erased(id)
		for trace, rows := range map[string]int{"FIELDS": 3, "INDEXES": 2, "LOGINS": 1, "DAILY_COUNTS": 1} {
			equal(t, trace+" of the plan", gone(at(plan.payload, "plan"), trace), rows)
			equal(t, trace+" of the certificate", gone(c, trace), rows)
		}
		again := w.erased(id)
		equal(t, "erased again", str(again, "id"), str(c, "id"))

		nobody := w.ask(me, `{ me { id } }`, nil).must()
		equal(t, "the login", nobody["me"], nil)
		same(t, "by phone", w.found(input{"phone": "+77019264837"}), []string{})
		same(t, "by subject", w.found(input{"subject": "goes"}), []string{})
		data := w.ask(compliance, `query($u: ID!) { user(id: $u) { status locale profile(basis: {legal: {reference: "ART-8.4"}}) { phone { state value updatedAt } }
			consents { nodes { id item } } } consentCheck(user: $u, purpose: "contact") { allowed reason } }`, map[string]any{"u": id}).must()
		equal(t, "status", str(data, "user", "status"), "ERASED")
		equal(t, "field", str(data, "user", "profile", "phone", "state"), "ERASED")
		equal(t, "written", at(data, "user", "profile", "phone", "updatedAt"), nil)
		equal(t, "check", str(data, "consentCheck", "reason"), "USER_ERASED")
		if len(pluck(data, "id", "user", "consents", "nodes")) == 0 {
			t.Error("the consents are gone, too")
		}
		events := w.ask(w.staff(vault.Auditor), `query($u: ID!) { auditEvents(filter: {subject: $u, action: "user.erased"}) { nodes { reference reason } } }`,
			map[string]any{"u": id}).must()
		same(t, "on record", pluck(events, "reference", "auditEvents", "nodes"), []string{"DSR-17"})

		later := w.register(me, input{"familyName": "Бұрынбекова", "phone": "+77019264837"})
		if later == id {
			t.Error("who registers anew is somebody new")
		}
		read := w.ask(me, `query($c: ID!) { erasureCertificate(id: $c) { `+certificateFields+` } }`, map[string]any{"c": str(c, "id")}).must()
		equal(t, "the certificate, by its id", str(read, "erasureCertificate", "user"), id)
		if text := str(read, "erasureCertificate", "text", "text"); !strings.Contains(text, str(c, "id")) {
			t.Errorf("the certificate in words: %s", text)
		}
	})
}

func TestWhatStandsAgainstAnErasureRefusesIt(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("held")
		id := w.register(me, input{"phone": "+77019264837"})
		compliance, machine := w.staff(vault.Compliance), w.staff(vault.Machine)
		hold := w.mutate(compliance, "placeLegalHold", input{"user": id, "ground": "COURT", "reference": "COURT-7599-26-00-2/1234"}, `obstacle { id since endedAt }`).ok()
		debt := w.mutate(machine, "recordObligation", input{"user": id, "ground": "PAYMENT", "reference": "ORDER-4711", "items": []string{"contact"}}, `obstacle { id items }`).ok()
		withdraws := func(items ...string) outcome {
			return w.mutate(me, "withdrawConsent", input{"eventId": uuid.NewString(), "items": items}, `user { id }`)
		}
		w.mutate(compliance, "eraseUser", erases(id), `certificate { id }`).refused("LEGAL_HOLD@user", "OPEN_OBLIGATION@user")
		withdraws("identify").refused("LEGAL_HOLD@items.0")
		seen := w.ask(w.staff(vault.Support), `query($u: ID!) { user(id: $u) { obstacles { kind ground reference endedAt } } }`, map[string]any{"u": id}).must()
		same(t, "seen by staff", pluck(seen, "kind", "user", "obstacles"), []string{"LEGAL_HOLD", "OBLIGATION"})
		equal(t, "seen by the person", at(w.ask(me, `{ me { obstacles { kind } } }`, nil).must(), "me", "obstacles"), nil)

		lift := input{"id": str(hold.payload, "obstacle", "id"), "reference": "COURT-7599-26-00-2/1299"}
		for range 2 {
			w.mutate(compliance, "liftLegalHold", lift, `obstacle { endedAt endReference }`).ok()
		}
		w.mutate(compliance, "eraseUser", erases(id), `certificate { id }`).refused("OPEN_OBLIGATION@user")
		withdraws("contact").refused("OPEN_OBLIGATION@items.0")
		w.mutate(me, "withdrawConsent", input{"eventId": uuid.NewString(), "all": true}, `user { id }`).refused("OPEN_OBLIGATION@all")
		withdraws("identify").ok()
		w.mutate(machine, "settleObligation", input{"id": str(debt.payload, "obstacle", "id"), "reference": "ORDER-4711"}, `obstacle { endedAt }`).ok()
		withdraws("contact").ok()
		w.erased(id)
		w.mutate(compliance, "placeLegalHold", input{"user": id, "ground": "COURT", "reference": "COURT-1"}, `obstacle { id }`).refused("USER_BLOCKED@user")
		w.mutate(compliance, "placeLegalHold", input{"user": id, "ground": "PAYMENT", "reference": "a friend of Anna", "items": []string{"no such"}},
			`obstacle { id }`).refused("INVALID_REASON@ground", "INVALID_REASON@reference", "UNKNOWN_CONSENT_ITEM@items.0")
		events := w.ask(w.staff(vault.Auditor), `query($u: ID!) { auditEvents(filter: {subject: $u}, first: 100) { nodes { action } } }`, map[string]any{"u": id}).must()
		for _, action := range []string{"hold.placed", "hold.lifted", "obligation.recorded", "obligation.settled"} {
			if !slices.Contains(pluck(events, "action", "auditEvents", "nodes"), action) {
				t.Errorf("%s is not on record", action)
			}
		}
	})
}
