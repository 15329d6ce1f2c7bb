package main

import (
	"strings"
	"testing"

	"github.com/kelisim/kelisim/vault"
)

func TestWhoAsksIsTakenBackWhenItWasSomebodyElse(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		support := w.staff(vault.Support)
		wrong, right := w.subject("namesake"), w.subject("writer")
		wrongID, rightID := w.register(wrong, named()), w.register(right, named())
		reads := func(token string) string {
			return string(w.ask(token, `{ me { requests { nodes { requester { name contact text } } } } }`, nil).raw)
		}
		for _, kind := range []string{"OBJECTION", "BLOCKING"} { // the second is joined
			own := str(w.asks(wrong, kind, nil).ok().payload, "request", "id")
			r := at(w.letter(kind, input{"text": "Мені автомат бас тартты"}).ok().payload, "request")
			w.step(support, "verifyRequester", r, input{"how": "TOKEN", "user": wrongID}).refused("INVALID_VALUE@how")
			w.step(support, "retractRequester", r, nil).refused("REQUEST_IDENTITY_UNVERIFIED")
			r = at(w.step(support, "verifyRequester", r, input{"how": "KNOWN_ANSWERS", "user": wrongID}).ok().payload, "request")
			if !strings.Contains(reads(wrong), "Қайырбеков") {
				t.Fatal("the letter is not in the app of whoever it was linked with, so that the test would prove nothing")
			}
			done := w.step(support, "retractRequester", r, nil).ok()
			r = at(done.payload, "request")
			equal(t, kind+" taken back", str(r, "state")+str(r, "user")+str(r, "proof")+str(r, "outcome"), "IDENTITY_UNVERIFIED")
			for _, words := range []string{"Қайырбеков", "Абай көшесі", "автомат"} {
				if strings.Contains(reads(wrong), words) {
					t.Errorf("%q is still in the wrong person's app", words)
				}
			}
			equal(t, "their own stays", w.requestsOf(wrong)[own], "RECEIVED ")
			same(t, "on record", w.told(done.answer, wrongID), []string{"somebody as SUPPORT: request.retracted of the person's [] (KNOWN_ANSWERS) OK"})
			r = at(w.step(support, "verifyRequester", r, input{"how": "DOCUMENT", "user": rightID}).ok().payload, "request")
			equal(t, "who it was", str(r, "user"), rightID)
		}
		w.erased(wrongID) // takes nothing of the writer's along
		if !strings.Contains(reads(right), "Қайырбеков") {
			t.Error("what the writer wrote is gone with somebody else")
		}
		r := at(w.asks(right, "OBJECTION", nil).ok().payload, "request")
		w.step(support, "retractRequester", r, nil).refused("REQUEST_IDENTITY_VERIFIED")

		stranger := at(w.letter("ACCESS", nil).ok().payload, "request")
		stranger = at(w.step(support, "verifyRequester", stranger, input{"how": "DOCUMENT", "user": rightID}).ok().payload, "request")
		w.step(support, "refuseSubjectRequest", stranger, input{"ground": "NOT_IDENTIFIED"}).refused("REQUEST_GROUND_INVALID@ground")
		stranger = at(w.step(support, "retractRequester", stranger, nil).ok().payload, "request")
		w.step(support, "refuseSubjectRequest", stranger, input{"ground": "NOT_IDENTIFIED"}).ok()
	})
}

func TestLaw25WhoeverIsBlockedOnAReportIsToldAndNotByWhom(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me, support, officer := w.subject("told"), w.staff(vault.Support), w.staff(vault.Compliance)
		id := w.register(me, named())
		const ask = `{ me { status processingBlock { since reason text(locale: "ru") { text } kk: text(locale: "kk") { text } } } }`
		equal(t, "not blocked", at(w.ask(me, ask, nil).must(), "me", "processingBlock"), nil)
		blocks := func(kind, outcome, how string) {
			t.Helper()
			r := at(w.letter(kind, input{"channel": "PHONE"}).ok().payload, "request")
			r = at(w.step(support, "verifyRequester", r, input{"how": how, "user": id}).ok().payload, "request")
			equal(t, "support alone", w.step(support, "fulfilSubjectRequest", r, input{"outcome": outcome}).code(), "FORBIDDEN")
			w.step(officer, "fulfilSubjectRequest", r, input{"outcome": outcome}).ok()
		}
		blocks("BLOCKING", "BLOCKED", "VIOLATION_REPORT")
		a := w.ask(me, ask, nil)
		data := a.must()
		equal(t, "status", str(data, "me", "status")+" "+str(data, "me", "processingBlock", "reason"), "BLOCKED VIOLATION_REPORTED")
		text := str(data, "me", "processingBlock", "text", "text")
		for _, want := range []string{"ваши данные заблокированы", "Asia/Almaty", "о возможном нарушении", "снять блокирование", "подпункт 8) пункта 2 статьи 25"} {
			if !strings.Contains(text, want) {
				t.Errorf("the person is not told %q: %s", want, text)
			}
		}
		if strings.Contains(string(a.raw), "Қайырбеков") || len(w.requestsOf(me)) != 0 {
			t.Errorf("who told is told: %s", a.raw)
		}
		equal(t, "a service is not told", at(w.ask(w.staff(vault.Machine), `query($id: ID!) { user(id: $id) { processingBlock { reason } } }`, input{"id": id}).must(), "user", "processingBlock"), nil)

		blocks("UNBLOCKING", "UNBLOCKED", "KNOWN_ANSWERS")
		equal(t, "lifted", at(w.ask(me, ask, nil).must(), "me", "processingBlock"), nil)
		r := at(w.asks(me, "BLOCKING", nil).ok().payload, "request")
		w.step(support, "fulfilSubjectRequest", r, input{"outcome": "BLOCKED"}).ok()
		equal(t, "asked for it", str(w.ask(me, ask, nil).must(), "me", "processingBlock", "reason"), "PERSON_ASKED")
	})
}
