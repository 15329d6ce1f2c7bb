package main

import (
	"strings"
	"testing"

	"github.com/kelisim/kelisim/vault"
)

func TestLaw24AccessIsAnsweredAtOnceAndTheAnswerNeverChanges(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("asks")
		w.register(me, named())
		r := at(w.asks(me, "ACCESS", nil).ok().payload, "request")
		equal(t, "state", str(r, "state")+" "+str(r, "outcome"), "FULFILLED GIVEN")
		read := func() string {
			data := w.ask(me, `query($id: ID!) { subjectRequest(id: $id) { kk: document(locale: "kk") { hash canonical } ru: document(locale: "ru") { title text hash canonical } en: document(locale: "en") { title hash text } } }`, input{"id": str(r, "id")}).must()
			ru := at(data, "subjectRequest", "ru")
			equal(t, "the hash is of the bytes", sha(str(ru, "canonical")), str(ru, "hash"))
			for _, want := range []string{"Фамилия", "БИН 991240000003", "ещё не сверено с текстом закона", "подпункт 6) пункта 2 статьи 25", "Как обжаловать", "Asia/Almaty"} {
				if !strings.Contains(str(ru, "text"), want) {
					t.Errorf("the answer lacks %q:\n%s", want, str(ru, "text"))
				}
			}
			if strings.Contains(str(ru, "text"), "Сағынтаева") {
				t.Error("a value stands in the document, which is kept in clear")
			}
			return asJSON(t, data)
		}
		first := read()
		w.update(me, input{"familyName": nil}).ok()
		equal(t, "later", read(), first)

		stranger := w.subject("curious")
		w.register(stranger, nil)
		equal(t, "a stranger", w.ask(stranger, `query($id: ID!) { subjectRequest(id: $id) { id } }`, input{"id": str(r, "id")}).code(), "NOT_FOUND")
	})
}

func TestClause41ACorrectionInTheAppIsDoneByThePersonOrWaitsForAColleague(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("corrects")
		w.register(me, named())
		r := at(w.asks(me, "CORRECTION", input{"fields": []string{"familyName", "givenName"}}).ok().payload, "request")
		equal(t, "it waits", str(r, "state"), "RECEIVED")
		state := func() string {
			data := w.ask(me, `{ me { requests { nodes { state outcome document { text } } } } }`, nil).must()
			return str(data, "me", "requests", "nodes", 0, "state") + " " + str(data, "me", "requests", "nodes", 0, "outcome")
		}
		w.update(me, input{"familyName": "Сағынтай"}).ok()
		equal(t, "one of two", state(), "RECEIVED ")
		w.update(me, named()).ok()
		equal(t, "both", state(), "FULFILLED CORRECTED_BY_PERSON")
		w.asks(me, "CORRECTION", input{"fields": []string{"shoeSize"}}).refused("FIELD_NOT_COLLECTED@fields.0")
	})
}

func TestWhatAPersonAsksTwiceIsOneRequest(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("twice")
		id := w.register(me, nil)
		first := w.asks(me, "BLOCKING", input{"text": "бір"}).ok()
		second := w.asks(me, "BLOCKING", input{"text": "екі"}).ok()
		equal(t, "the same", str(second.payload, "request", "id"), str(first.payload, "request", "id"))
		equal(t, "joined", at(second.payload, "joined"), true)
		equal(t, "the due date stays", str(second.payload, "request", "dueAt"), str(first.payload, "request", "dueAt"))

		support := w.staff(vault.Support)
		paper := at(w.letter("BLOCKING", input{"receivedAt": "2026-11-02T05:00:00Z"}).ok().payload, "request")
		paper = at(w.step(support, "verifyRequester", paper, input{"how": "DOCUMENT", "user": id}).ok().payload, "request")
		equal(t, "the letter", str(paper, "state")+" "+str(paper, "outcome"), "CANCELLED JOINED")
		data := w.ask(support, `query($id: ID!) { subjectRequest(id: $id) { dueAt joined { id joinedTo { id } requester { text } } } }`, input{"id": str(first.payload, "request", "id")}).must()
		equal(t, "all three", len(pluck(data, "id", "subjectRequest", "joined")), 2)
		equal(t, "what came earlier is answered in its own term", str(data, "subjectRequest", "dueAt"), str(paper, "dueAt"))

		many := w.subject("storms")
		w.register(many, nil)
		for _, o := range together(t, 8, func(int) (outcome, error) {
			return w.try(many, "submitSubjectRequest", input{"kind": "ERASURE"}, `joined request { id }`)
		}) {
			o.ok()
		}
		open := w.ask(many, `{ me { requests { nodes { state } } } }`, nil).must()
		waiting := 0
		for _, state := range pluck(open, "state", "me", "requests", "nodes") {
			if state == "RECEIVED" {
				waiting++
			}
		}
		equal(t, "open ones of eight at once", waiting, 1)
	})
}

func TestLaw25BlockedDataIsUsedForNoPurposeUntilItIsUnblocked(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me, support := w.subject("blocks"), w.staff(vault.Support)
		id := w.register(me, named())
		fulfil := func(kind, outcome string) {
			t.Helper()
			r := at(w.asks(me, kind, nil).ok().payload, "request")
			w.step(support, "fulfilSubjectRequest", r, input{"outcome": outcome, "reference": "SUP-5"}).ok()
		}
		fulfil("BLOCKING", "BLOCKED")
		equal(t, "a purpose", w.reason(id, "contact", ""), "USER_BLOCKED")
		equal(t, "the person still sees", w.own(me, "familyName")["familyName"], "Сағынтаева")
		w.update(me, input{"familyName": "Сағынтай"}).refused("USER_BLOCKED")
		r := at(w.letter("UNBLOCKING", nil).ok().payload, "request")
		w.step(support, "refuseSubjectRequest", r, input{"ground": "NOT_IDENTIFIED"}).ok()
		fulfil("UNBLOCKING", "UNBLOCKED")
		equal(t, "again", w.reason(id, "contact", ""), "GIVEN")

		told := at(w.letter("BLOCKING", nil).ok().payload, "request")
		told = at(w.step(support, "verifyRequester", told, input{"how": "VIOLATION_REPORT", "user": id}).ok().payload, "request")
		w.step(w.staff(vault.Compliance), "fulfilSubjectRequest", told, input{"outcome": "BLOCKED"}).ok()
		equal(t, "on information of a violation", w.reason(id, "contact", ""), "USER_BLOCKED")
		equal(t, "who told is not the person's to know", w.ask(me, `query($id: ID!) { subjectRequest(id: $id) { id } }`, input{"id": str(told, "id")}).code(), "NOT_FOUND")
	})
}

func TestLaw24ErasureIsRefusedByAHoldOnlyAndThenDone(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me, officer := w.subject("leaves"), w.staff(vault.Compliance)
		id := w.register(me, named())
		w.asks(me, "OBJECTION", input{"text": "Машина шешті"}).ok()
		r := at(w.asks(me, "ERASURE", input{"text": "Бәрін жойыңыз"}).ok().payload, "request")
		w.step(officer, "refuseSubjectRequest", r, input{"ground": "LEGAL_HOLD"}).refused("REQUEST_GROUND_INVALID@ground")
		hold := w.mutate(officer, "placeLegalHold", input{"user": id, "ground": "COURT", "reference": "COURT-7599-26/1"}, `obstacle { id }`).ok()
		w.step(officer, "fulfilSubjectRequest", r, input{"outcome": "ERASED"}).refused("LEGAL_HOLD@user")
		refused := at(w.step(officer, "refuseSubjectRequest", r, input{"ground": "LEGAL_HOLD"}).ok().payload, "request")
		data := w.ask(me, `query($id: ID!) { subjectRequest(id: $id) { document(locale: "en") { title text } } }`, input{"id": str(refused, "id")}).must()
		text := str(data, "subjectRequest", "document", "text")
		for _, want := range []string{"Reasoned refusal", "article 8(2)", "a demand to keep the data, since ", "article 25(2)(7)", "How to complain"} {
			if !strings.Contains(text, want) {
				t.Errorf("the refusal lacks %q:\n%s", want, text)
			}
		}
		if strings.Contains(text, "7599") || strings.Contains(text, "COURT") {
			t.Error("the refusal names the order, or who wants it")
		}
		w.mutate(officer, "liftLegalHold", input{"id": str(hold.payload, "obstacle", "id"), "reference": "COURT-7599-26/2"}, "").ok()

		r = at(w.asks(me, "ERASURE", input{"text": "Бәрін жойыңыз"}).ok().payload, "request")
		equal(t, "support", w.step(w.staff(vault.Support), "fulfilSubjectRequest", r, input{"outcome": "ERASED"}).code(), "FORBIDDEN")
		done := at(w.step(officer, "fulfilSubjectRequest", r, input{"outcome": "ERASED"}).ok().payload, "request")
		equal(t, "done", str(done, "state")+" "+str(done, "outcome"), "FULFILLED ERASED")
		data = w.ask(officer, `query($id: ID!) { subjectRequest(id: $id) { requester(reveal: true, basis: {request: {reason: PERSON_ASKED, ticket: "SUP-1"}}) { text } document(locale: "en") { text } } user(id: "`+id+`") { status requests { nodes { id kind state outcome revision certificateId } } } }`, input{"id": str(done, "id")}).must()
		equal(t, "what they wrote is gone", at(data, "subjectRequest", "requester", "text"), nil)
		equal(t, "the status", str(data, "user", "status"), "ERASED")
		if text := str(data, "subjectRequest", "document", "text"); !strings.Contains(text, "certificate's number") || !strings.Contains(text, "decisions") {
			t.Errorf("the answer: %s", text)
		}
		open := at(data, "user", "requests", "nodes", 0)
		equal(t, "what was open is answered, too", str(open, "kind")+" "+str(open, "state")+" "+str(open, "outcome"), "OBJECTION FULFILLED ERASED")
		holds(t, w.answered(officer, open, "ru"), []string{"Ваши данные уничтожены", "Номер справки: " + str(open, "certificateId")}, nil)
	})
}

func TestWhoIsErasedReadsTheCertificateByTheNumberThatTheyHave(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		officer := w.staff(vault.Compliance)
		const read = `query($c: ID!) { erasureCertificate(id: $c) { id text(locale: "ru") { text } } }`
		promised := func(sub string) (user, number string, request any) {
			me := w.subject(sub)
			user = w.register(me, named())
			r := w.mutate(me, "submitSubjectRequest", input{"kind": "ERASURE"}, `request { id revision certificateId }`).ok()
			again := w.mutate(me, "submitSubjectRequest", input{"kind": "ERASURE"}, `joined request { certificateId }`).ok()
			number = str(r.payload, "request", "certificateId")
			equal(t, "one number", str(again.payload, "request", "certificateId"), number)
			equal(t, "nobody is erased yet", w.ask("", read, input{"c": number}).code(), "NOT_FOUND")
			return user, number, at(r.payload, "request")
		}
		certified := func(number string) {
			t.Helper()
			c := at(w.ask("", read, input{"c": number}).must(), "erasureCertificate")
			equal(t, "the number", str(c, "id"), number)
			holds(t, str(c, "text", "text"), []string{"Номер справки: " + number}, []string{"Сағынтаева"})
		}
		_, number, r := promised("asks to go")
		w.step(officer, "fulfilSubjectRequest", r, input{"outcome": "ERASED"}).ok()
		certified(number)
		holds(t, w.answered(officer, r, "ru"), []string{"Номер справки: " + number + ".", "входить для этого не нужно"}, nil)

		user, number, r := promised("erased otherwise")
		w.mutate(officer, "eraseUser", input{"user": user, "ground": "LAW", "reference": "ART-18"}, "").ok()
		certified(number)
		holds(t, w.answered(officer, r, "kk"), []string{"Анықтаманың нөмірі: " + number}, nil)

		id := w.register(w.subject("on paper"), nil)
		letter := at(w.letter("ERASURE", nil).ok().payload, "request")
		w.step(w.staff(vault.Support), "verifyRequester", letter, input{"how": "DOCUMENT", "user": id}).ok()
		data := w.ask(officer, `query($id: ID!) { subjectRequest(id: $id) { certificateId } }`, input{"id": str(letter, "id")}).must()
		w.erased(id)
		certified(str(data, "subjectRequest", "certificateId"))
	})
}

func TestWhoAskedIsAMaskUntilItIsRevealedForATicket(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		support := w.staff(vault.Support)
		r := at(w.letter("ACCESS", input{"text": "Не сақтайсыз?"}).ok().payload, "request")
		const ask = `query($id: ID!, $reveal: Boolean!, $basis: BasisInput) { subjectRequest(id: $id) { requester(reveal: $reveal, basis: $basis) { revealed name contact text note } } }`
		masked := at(w.ask(support, ask, input{"id": str(r, "id"), "reveal": false}).must(), "subjectRequest", "requester")
		equal(t, "a mask", str(masked, "name")+str(masked, "contact")+str(masked, "text"), strings.Repeat("••••", 3))
		equal(t, "nothing of it", at(masked, "note"), nil)
		equal(t, "without a ground", w.ask(support, ask, input{"id": str(r, "id"), "reveal": true}).code(), "BAD_REQUEST")
		shown := w.ask(support, ask, input{"id": str(r, "id"), "reveal": true, "basis": input{"request": input{"reason": "PERSON_ASKED", "ticket": "SUP-31"}}})
		equal(t, "the name", str(shown.must(), "subjectRequest", "requester", "name"), "Бекболат Қайырбеков")
		events := w.eventsOf(shown)
		if len(events) != 1 || events[0].Action != vault.RequesterRevealed || events[0].AuditEvent.Reference != "SUP-31" || len(events[0].Fields) != 3 {
			t.Errorf("the event: %+v", events)
		}
		for place, raw := range w.places() {
			if strings.Contains(string(raw), "Қайырбеков") {
				t.Errorf("the name stands in clear in %s", place)
			}
		}
	})
}
