package main

import (
	"strings"
	"testing"
	"time"

	"github.com/kelisim/kelisim/vault"
)

// answered is the answer to a request, in a language.
func (w *world) answered(token string, request any, locale string) string {
	w.t.Helper()
	data := w.ask(token, `query($id: ID!, $l: Locale) { subjectRequest(id: $id) { document(locale: $l) { text } } }`,
		input{"id": str(request, "id"), "l": locale}).must()
	return str(data, "subjectRequest", "document", "text")
}

// holds reports which of the words a text lacks, and which it has but must not.
func holds(t *testing.T, text string, want, not []string) {
	t.Helper()
	for _, words := range want {
		if !strings.Contains(text, words) {
			t.Errorf("there is no %q in:\n%s", words, text)
		}
	}
	for _, words := range not {
		if strings.Contains(text, words) {
			t.Errorf("there is %q in:\n%s", words, text)
		}
	}
}

func (w *world) verifiedLetter(kind, user string, more input) any {
	w.t.Helper()
	r := at(w.letter(kind, more).ok().payload, "request")
	return at(w.step(w.staff(vault.Support), "verifyRequester", r, input{"how": "DOCUMENT", "user": user}).ok().payload, "request")
}

func TestLaw25ARefusalHasATermOfItsOwn(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		officer := w.staff(vault.Compliance)
		refuses := func(sub string, received string) (any, string) {
			id := w.register(w.subject(sub), nil)
			w.mutate(officer, "placeLegalHold", input{"user": id, "ground": "INVESTIGATION", "reference": "CASE-17"}, "").ok()
			r := w.verifiedLetter("ERASURE", id, input{"receivedAt": received})
			data := w.ask(officer, `query($id: ID!) { subjectRequest(id: $id) { dueAt refusalDueAt } }`, input{"id": str(r, "id")}).must()
			w.step(officer, "refuseSubjectRequest", r, input{"ground": "LEGAL_HOLD"}).ok()
			return at(data, "subjectRequest"), w.answered(officer, r, "ru")
		}
		late, text := refuses("late", "2026-11-02T05:00:00Z")
		equal(t, "to erase", str(late, "dueAt"), "2026-11-17T18:59:59.999Z")
		equal(t, "to refuse", str(late, "refusalDueAt"), "2026-11-05T18:59:59.999Z")
		holds(t, text, []string{"Срок ответа: 5 ноября 2026 года", "Ответ дан с опозданием", "Мотивированный отказ даётся в течение 3 рабочих дней", "пункта 2 статьи 25"}, []string{"17 ноября"})
		_, text = refuses("in time", stamp(w.clock.Now()))
		holds(t, text, []string{"пункта 2 статьи 25", "требование сохранить данные, с "}, []string{"опозданием", "INVESTIGATION", "CASE"})

		id := w.register(w.subject("sooner"), nil)
		aged := w.letter("ERASURE", input{"receivedAt": stamp(w.clock.Now().AddDate(0, 0, -8))}).ok()
		if metrics := string(w.get("/metrics").raw); !strings.Contains(metrics, "kelisim_requests_refusal_overdue 1") || !strings.Contains(metrics, "kelisim_requests_overdue 0") {
			t.Error("the metrics do not tell that it can be refused only late")
		}
		r := w.verifiedLetter("BLOCKING", id, nil)
		list := w.ask(officer, `{ subjectRequests(filter: {open: true}, orderBy: REFUSAL_DUE_AT) { nodes { id } } }`, nil).must()
		same(t, "what is to be refused first", pluck(list, "id", "subjectRequests", "nodes"), []string{str(aged.payload, "request", "id"), str(r, "id")})
		data := w.ask(officer, `query($id: ID!) { subjectRequest(id: $id) { dueAt refusalDueAt } }`, input{"id": str(r, "id")}).must()
		equal(t, "a term that is shorter than that of a refusal", str(data, "subjectRequest", "refusalDueAt"), str(data, "subjectRequest", "dueAt"))
	})
}

func TestALongerTermIsTakenInTimeAndForAReasonThatIsTold(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.sys.vault.Rules[vault.HomeJurisdiction] = w.sys.vault.Rules["GDPR"]
		me, support := w.subject("waits"), w.staff(vault.Support)
		w.register(me, nil)
		late := at(w.letter("ACCESS", input{"receivedAt": stamp(w.clock.Now().AddDate(0, -2, 0))}).ok().payload, "request")
		w.step(support, "extendSubjectRequest", late, input{"reason": "COMPLEX"}).refused("REQUEST_NOT_EXTENDABLE")
		r := at(w.asks(me, "OBJECTION", nil).ok().payload, "request")
		longer := at(w.step(support, "extendSubjectRequest", r, input{"reason": "MANY_REQUESTS"}).ok().payload, "request")
		data := w.ask(me, `query($id: ID!) { subjectRequest(id: $id) { dueAt refusalDueAt extendedAt extensionReason
			extensionNotice(locale: "ru") { text } kk: extensionNotice(locale: "kk") { text } } }`, input{"id": str(r, "id")}).must()
		mine := at(data, "subjectRequest")
		equal(t, "the reason", str(mine, "extensionReason"), "MANY_REQUESTS")
		equal(t, "a refusal gets no more time", str(mine, "refusalDueAt"), str(r, "dueAt"))
		due, err := time.Parse(time.RFC3339, str(mine, "dueAt"))
		if err != nil {
			t.Fatal(err)
		}
		day := vault.SayDay(due, w.sys.vault.Rules["GDPR"].Zone, "ru")
		holds(t, str(mine, "extensionNotice", "text"), []string{"Срок ответа продлён", day, "несколько запросов", "пункт 3 статьи 12"}, []string{"MANY"})
		holds(t, str(mine, "kk", "text"), []string{"ұзартылды", "бірнеше сұрау"}, nil)
		w.step(support, "fulfilSubjectRequest", longer, input{"outcome": "DECISION_EXPLAINED"}).ok()
		holds(t, w.answered(me, r, "ru"), []string{"Срок продлён: до " + day}, nil)
	})
}

func TestLaw24AnAnswerSaysWhatIsSo(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		support, officer := w.staff(vault.Support), w.staff(vault.Compliance)
		paper := str(w.writesDown(with(named(), input{"phone": "+77019264837"}), w.received(0, nil), nil).ok().payload, "user", "id")
		law := input{"ground": "LAW", "purpose": nil, "reference": "COURT-7599-26-00-2/1234", "requester": court()}
		told := passes(with(law, input{"recipient": court()}), paper)
		w.approved(told)
		w.disclose(officer, told).ok()
		barred := with(law, input{"recipient": input{"registration": "991240000402", "country": "KZ"}, "withholdFromPerson": input{"reference": "ART-9.1"}})
		w.approved(passes(barred, paper))
		w.disclose(officer, passes(barred, paper)).ok()
		r := w.verifiedLetter("ACCESS", paper, nil)
		w.step(support, "fulfilSubjectRequest", r, input{"outcome": "GIVEN"}).ok()
		holds(t, w.answered(support, r, "ru"),
			[]string{"документ, записал сотрудник", "В приложении вы не зарегистрированы", "БИН 991240000003 (KZ)", "Способы обработки"},
			[]string{"вы сами, в приложении", "ваше устройство", "991240000402", "видны в приложении"})
		r = w.verifiedLetter("EXPORT", paper, nil)
		w.step(support, "fulfilSubjectRequest", r, input{"outcome": "EXPORT_READY"}).refused("REQUEST_OUTCOME_INVALID@outcome")
		w.step(support, "fulfilSubjectRequest", r, input{"outcome": "GIVEN"}).ok()
		holds(t, w.answered(support, r, "ru"), []string{"передал вам сотрудник"}, []string{"скачать"})
		holds(t, w.answered(support, r, "kk"), []string{"қызметкері сізге тапсырды"}, nil)

		me := w.subject("in the app")
		id := w.register(me, looks())
		own := at(w.asks(me, "ACCESS", nil).ok().payload, "request")
		holds(t, w.answered(me, own, "ru"), []string{"вы сами, в приложении", "записей, о которых можно сообщить, нет"}, []string{"документ, записал"})
		r = w.verifiedLetter("EXPORT", id, nil)
		w.step(support, "fulfilSubjectRequest", r, input{"outcome": "EXPORT_READY"}).ok()

		r = at(w.letter("ACCESS", nil).ok().payload, "request")
		r = at(w.step(support, "verifyRequester", r, input{"how": "DOCUMENT"}).ok().payload, "request")
		w.step(support, "fulfilSubjectRequest", r, input{"outcome": "NOTHING_HELD"}).ok()
		holds(t, w.answered(support, r, "ru"), []string{"Кроме самого этого обращения"}, []string{"не хранятся"})

		w.mutate(w.staff(vault.Machine), "recordObligation", input{"user": id, "ground": "PAYMENT", "reference": "ORDER-4711"}, "").ok()
		r = at(w.asks(me, "ERASURE", nil).ok().payload, "request")
		w.step(officer, "refuseSubjectRequest", r, input{"ground": "OPEN_OBLIGATION"}).ok()
		holds(t, w.answered(me, r, "kk"), []string{"төлем міндеттемесі, ", "басталуы: "}, []string{"PAYMENT", "4711"})
	})
}
