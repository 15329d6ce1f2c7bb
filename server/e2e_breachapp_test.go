package main

import (
	"encoding/csv"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/graph"
	"github.com/kelisim/kelisim/vault"
)

// noticed issues a breach's notice for the authority, and is where it is fetched.
func (w *world) noticed(officer, breach string) string {
	w.t.Helper()
	w.mutate(officer, "issueBreachNotice", input{"id": breach, "for": "AUTHORITY"}, "").ok()
	return "/breaches/" + breach + "/notice?for=AUTHORITY&locale=en"
}

func TestClause5ABreachNamesPeopleOfItsAppAndOfNoOther(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		app, err := w.sys.vault.App(t.Context(), "dala")
		app.Code, app.Name = "elsewhere", slices.Clone(app.Name)
		if err == nil {
			err = w.sys.vault.ApplyApp(t.Context(), w.p.systemActor(), app)
		}
		if err != nil {
			t.Fatal(err)
		}
		officer := w.staff(vault.Compliance)
		living := w.register(w.subject("living"), with(named(), input{"phone": "+77019264837"}))
		gone := w.register(w.subject("gone"), named())
		touches := func(more input) int {
			t.Helper()
			return number(w.mutate(officer, "recordBreach", w.breach(with(input{"detectedAt": stamp(w.clock.Now())}, more)), `breach { people }`).ok().payload, "breach", "people")
		}
		ever := input{"registered": input{"from": "2020-01-01T00:00:00Z", "to": "2040-01-01T00:00:00Z"}}
		all := touches(input{"people": input{"app": "dala"}})
		equal(t, "everybody registered", touches(input{"people": ever}), all)
		equal(t, "of an app without people", touches(input{"app": "elsewhere", "people": ever}), 0)
		w.mutate(officer, "recordBreach", w.breach(input{"app": "elsewhere", "people": input{"app": "dala"}}), "").refused("INVALID_VALUE@people.app")
		stranger := w.mutate(officer, "recordBreach", w.breach(input{"app": "elsewhere", "people": input{"ids": []string{living}}}), "")
		equal(t, "somebody of another app", stranger.code(), "NOT_FOUND")
		nobody := w.mutate(officer, "recordBreach", w.breach(input{"people": input{"ids": []string{living, graph.UserID(uuid.New())}}}), "")
		equal(t, "somebody who does not exist", nobody.code(), "NOT_FOUND")

		w.mutate(officer, "recordBreach", w.breach(input{"fields": []string{"phone", "nosuchfield"}, "people": ever}), "").refused("INVALID_VALUE@fields.1")
		shown := input{"shown": input{"actor": w.p.newID().String(), "from": "2020-01-01T00:00:00Z", "to": "2040-01-01T00:00:00Z", "field": "nosuchfield"}}
		w.mutate(officer, "recordBreach", w.breach(input{"people": shown}), "").refused("INVALID_VALUE@people.shown.field")

		done := w.mutate(officer, "recordBreach", w.breach(input{"people": input{"ids": []string{living, gone}}}), `breach { id people }`).ok()
		breach := str(done.payload, "breach", "id")
		equal(t, "named", number(done.payload, "breach", "people"), 2)
		w.mutate(officer, "updateBreach", input{"id": breach, "expectedRevision": 1, "fields": []string{"nosuchfield"}}, "").refused("INVALID_VALUE@fields.0")
		equal(t, "further ones who do not exist", w.mutate(officer, "updateBreach", input{"id": breach, "expectedRevision": 1, "people": []string{graph.UserID(uuid.New())}}, "").code(), "NOT_FOUND")
		w.mutate(officer, "eraseUser", input{"user": gone, "ground": "OPERATOR", "reference": "SUP-9"}, "").ok()
		equal(t, "who is erased is not counted", touches(input{"people": input{"app": "dala"}}), all-1)

		before := len(w.events(vault.AuditFilter{Action: string(vault.ProfileRevealed), Subject: w.userUUID(gone)}))
		status, body := w.download(officer, w.noticed(officer, breach))
		equal(t, "the notice", status, http.StatusOK)
		rows, err := csv.NewReader(strings.NewReader(unpacked(t, body)["people.csv"])).ReadAll()
		if err != nil || len(rows) != 2 || rows[1][0] != living {
			t.Fatal(rows, err)
		}
		equal(t, "nothing is revealed of who is erased", len(w.events(vault.AuditFilter{Action: string(vault.ProfileRevealed), Subject: w.userUUID(gone)})), before)
	})
}

func TestAskingForTheHeadOfANoticeUsesNothingUp(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		id := w.register(w.subject("head"), named())
		officer := w.staff(vault.Compliance)
		done := w.mutate(officer, "recordBreach", w.breach(input{"people": input{"ids": []string{id}}}), `breach { id }`).ok()
		path := w.noticed(officer, str(done.payload, "breach", "id"))
		head := w.send(http.MethodHead, path, "", http.Header{"Authorization": {"Bearer " + officer}})
		equal(t, "HEAD", head.status, http.StatusMethodNotAllowed)
		equal(t, "what it takes", head.header.Get("Allow"), http.MethodGet)
		equal(t, "reveals", len(w.events(vault.AuditFilter{Action: string(vault.ProfileRevealed), Subject: w.userUUID(id)})), 0)
		status, _ := w.download(officer, path)
		equal(t, "GET", status, http.StatusOK)
	})
}
