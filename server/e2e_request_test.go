package main

import (
	"testing"

	"github.com/kelisim/kelisim/vault"
)

const requestFields = `id number kind state channel revision dueAt receivedAt workingDaysLeft rulePack user outcome ground proof assignee closedAt`

// asks submits a person's request.
func (w *world) asks(token, kind string, more input) outcome {
	w.t.Helper()
	return w.mutate(token, "submitSubjectRequest", with(input{"kind": kind}, more), `joined request { `+requestFields+` export { id path expiresAt } }`)
}

// letter puts a request on record that came on paper.
func (w *world) letter(kind string, more input) outcome {
	w.t.Helper()
	return w.mutate(w.staff(vault.Support), "recordSubjectRequest", with(input{
		"kind": kind, "channel": "LETTER", "receivedAt": stamp(w.clock.Now()), "name": "Бекболат Қайырбеков", "contact": "Абай көшесі 17",
	}, more), `request { `+requestFields+` }`)
}

// step is a colleague's step with a request that was answered last.
func (w *world) step(token, name string, request any, more input) outcome {
	w.t.Helper()
	return w.mutate(token, name, with(input{"id": str(request, "id"), "expectedRevision": number(request, "revision")}, more), `request { `+requestFields+` }`)
}

func TestClause41ARequestIsWorkedOnFromTheLetterToTheAnswer(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me, support := w.subject("writes"), w.staff(vault.Support)
		id := w.register(me, named())
		r := at(w.letter("OBJECTION", nil).ok().payload, "request")
		equal(t, "state", str(r, "state"), "IDENTITY_UNVERIFIED")
		w.step(support, "fulfilSubjectRequest", r, input{"outcome": "DECISION_EXPLAINED"}).refused("REQUEST_IDENTITY_UNVERIFIED")
		r = at(w.step(support, "assignSubjectRequest", r, nil).ok().payload, "request")
		equal(t, "assigned", str(r, "state"), "IDENTITY_UNVERIFIED")
		r = at(w.step(support, "verifyRequester", r, input{"how": "DOCUMENT", "user": id}).ok().payload, "request")
		equal(t, "verified", str(r, "state"), "IN_PROGRESS")
		w.step(support, "verifyRequester", r, input{"how": "DOCUMENT", "user": id}).refused("REQUEST_IDENTITY_VERIFIED")
		stale := with(input{"id": str(r, "id"), "expectedRevision": 1}, input{"outcome": "DECISION_EXPLAINED"})
		w.mutate(support, "fulfilSubjectRequest", stale, "").refused("REVISION_CONFLICT@expectedRevision")
		w.step(support, "fulfilSubjectRequest", r, input{"outcome": "ERASED"}).refused("REQUEST_OUTCOME_INVALID@outcome")
		r = at(w.step(support, "fulfilSubjectRequest", r, input{"outcome": "DECISION_EXPLAINED", "reference": "SUP-77", "note": "Шешімді адам қарады"}).ok().payload, "request")
		equal(t, "answered", str(r, "state"), "FULFILLED")
		w.step(support, "refuseSubjectRequest", r, input{"ground": "NOT_AUTOMATED"}).refused("REQUEST_CLOSED")
		w.step(me, "cancelMyRequest", r, nil).refused("REQUEST_CLOSED")

		mine := at(w.ask(me, `{ me { requests { nodes { state requester { revealed name text note } document(locale: "ru") { title text hash } } } } }`, nil).must(), "me", "requests", "nodes", 0)
		equal(t, "the person reads the answer", str(mine, "requester", "note"), "Шешімді адам қарады")
		t.Log(str(mine, "document", "text"))
	})
}
