package main

import (
	"testing"

	"github.com/kelisim/kelisim/vault"
)

// requestsOf are a person's requests as they read them: kind, fields, state.
func (w *world) requestsOf(token string) map[string]string {
	w.t.Helper()
	data := w.ask(token, `{ me { requests(first: 100) { nodes { id state outcome joinedTo { id } } } } }`, nil).must()
	list, _ := at(data, "me", "requests", "nodes").([]any)
	out := map[string]string{}
	for _, r := range list {
		out[str(r, "id")] = str(r, "state") + " " + str(r, "outcome")
	}
	return out
}

func TestAPersonsOwnRequestNeverDisappearsIntoAReportByAStranger(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		support := w.staff(vault.Support)
		report := func(about string) any {
			r := at(w.letter("BLOCKING", input{"text": "Деректері сатылып жатыр"}).ok().payload, "request")
			return at(w.step(support, "verifyRequester", r, input{"how": "VIOLATION_REPORT", "user": about}).ok().payload, "request")
		}
		me := w.subject("reported")
		id := w.register(me, named())
		told := report(id)
		own := w.asks(me, "BLOCKING", input{"text": "Өзім сұраймын"}).ok()
		equal(t, "joined", at(own.payload, "joined"), false)
		if str(own.payload, "request", "id") == str(told, "id") {
			t.Fatal("the person is answered with the stranger's report")
		}
		later := report(id)
		equal(t, "a second report", str(later, "state"), "RECEIVED")
		w.step(support, "refuseSubjectRequest", told, input{"ground": "NO_VIOLATION"}).ok()

		mine := w.requestsOf(me)
		equal(t, "theirs alone", len(mine), 1)
		equal(t, "it waits for its answer", mine[str(own.payload, "request", "id")], "RECEIVED ")
		data := w.ask(me, `query($id: ID!) { subjectRequest(id: $id) { proof joinedTo { id } joined { id } } }`, input{"id": str(own.payload, "request", "id")}).must()
		equal(t, "whose word", str(data, "subjectRequest", "proof"), "TOKEN")
		equal(t, "nothing is joined", len(pluck(data, "id", "subjectRequest", "joined")), 0)
	})
}

func TestRequestsAboutDifferentThingsAreNotOne(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me, support := w.subject("differs"), w.staff(vault.Support)
		id := w.register(me, named())
		ask := func(kind string, joined bool, fields ...string) string {
			t.Helper()
			o := w.asks(me, kind, input{"fields": fields}).ok()
			equal(t, kind+" joined", at(o.payload, "joined"), joined)
			return str(o.payload, "request", "id")
		}
		phone, name := ask("CORRECTION", false, "phone"), ask("CORRECTION", false, "familyName")
		both := ask("CORRECTION", false, "givenName", "email", "givenName")
		equal(t, "fewer fields", ask("CORRECTION", true, "email"), both)
		equal(t, "the same", ask("CORRECTION", true, "email", "givenName"), both)
		letter := at(w.letter("CORRECTION", nil).ok().payload, "request")
		letter = at(w.step(support, "verifyRequester", letter, input{"how": "DOCUMENT", "user": id}).ok().payload, "request")
		equal(t, "a letter about everything", str(letter, "state"), "RECEIVED")
		first, second := ask("OBJECTION", false), ask("OBJECTION", false)

		w.update(me, input{"phone": "+77019264838"}).ok()
		mine := w.requestsOf(me)
		equal(t, "what was written", mine[phone], "FULFILLED CORRECTED_BY_PERSON")
		equal(t, "what was not", mine[name], "RECEIVED ")
		equal(t, "two decisions", mine[first]+mine[second], "RECEIVED RECEIVED ") //nolint:dupword // two requests

		r := at(w.ask(me, `query($id: ID!) { subjectRequest(id: $id) { id revision joined { id fields } } }`, input{"id": both}).must(), "subjectRequest")
		w.step(me, "cancelMyRequest", r, nil).ok()
		mine = w.requestsOf(me)
		list, _ := at(r, "joined").([]any)
		equal(t, "joined", len(list), 2)
		for _, j := range list {
			want := "CANCELLED JOINED" // the same: they need no answer to it
			if len(strs(j, "fields")) == 1 {
				want = "RECEIVED " // less: nobody took it back
			}
			equal(t, "after the first is cancelled", mine[str(j, "id")], want)
		}
		w.asks(me, "ERASURE", input{"fields": []string{"phone"}}).refused("INVALID_VALUE@fields")
	})
}
