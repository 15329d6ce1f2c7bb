package main

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/graph"
	"github.com/kelisim/kelisim/vault"
)

// touches is whom a breach touches by a criterion, out of some people by name.
func (w *world) touches(people input, named map[string]string) []string {
	w.t.Helper()
	done := w.mutate(w.staff(vault.Security), "recordBreach", w.breach(input{"people": people, "detectedAt": stamp(w.clock.Now())}), `breach { id people }`).ok()
	id, err := graph.ParseBreachID(str(done.payload, "breach", "id"))
	if err != nil {
		w.t.Fatal(err)
	}
	b, err := w.sys.vault.Breach(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	all, err := w.sys.db.BreachPeople(w.t.Context(), b, uuid.Nil, 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	equal(w.t, "people", number(done.payload, "breach", "people"), len(all))
	out := []string{}
	for name, id := range named {
		if slices.Contains(all, w.userUUID(id)) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

func TestClause5WhomABreachTouchesIsFoundByEachCriterion(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		people := map[string]string{}
		comes := func(name, phone string) {
			w.clock.advance(time.Hour)
			people[name] = w.register(w.subject(name), with(named(), input{"phone": phone}))
		}
		comes("Айша", "+77019264831")
		from := w.clock.Now().Add(time.Minute)
		comes("Бекзат", "+77019264832")
		until := w.clock.Now().Add(time.Minute)
		comes("Сәуле", "+77019264833")
		people["on paper, elsewhere"] = w.onPaper()

		reads := func(name, field string, masked bool) {
			reveal := `, reveal: ["` + field + `"]`
			if masked {
				reveal = ""
			}
			w.ask(w.staff(vault.Support), `query($u: ID!) { user(id: $u) { profile(basis: {request: {reason: PERSON_ASKED, ticket: "SUP-7"}}`+reveal+`) { `+field+` { value } } } }`,
				input{"u": people[name]}).must()
		}
		w.ask(w.staff(vault.Compliance), byLaw, input{"u": people["on paper, elsewhere"]}).must() // by somebody else
		reads("Айша", "phone", false)
		reads("Бекзат", "familyName", false)
		reads("Сәуле", "phone", true)
		var snooper uuid.UUID
		for _, e := range w.events(vault.AuditFilter{Action: string(vault.ProfileRevealed), Subject: w.userUUID(people["Айша"])}) {
			snooper = e.Actor
		}
		shown := func(more input) input {
			return input{"shown": with(input{"actor": snooper.String(), "from": "2020-01-01T00:00:00Z", "to": "2040-01-01T00:00:00Z"}, more)}
		}
		for name, c := range map[string]struct {
			people input
			want   []string
		}{
			"named":      {input{"ids": []string{people["Сәуле"], people["Айша"]}}, []string{"Айша", "Сәуле"}},
			"registered": {input{"registered": input{"from": stamp(from), "to": stamp(until)}}, []string{"Бекзат"}},
			"shown":      {shown(nil), []string{"Айша", "Бекзат"}},
			"shown this": {shown(input{"field": "phone"}), []string{"Айша"}},
			"not then":   {shown(input{"to": "2021-01-01T00:00:00Z"}), []string{}},
			"in the app": {input{"app": "dala"}, []string{"on paper, elsewhere", "Айша", "Бекзат", "Сәуле"}},
		} {
			same(t, name, w.touches(c.people, people), c.want)
		}
	})
}

// sealing is a decrypter whose Vault is sealed after some calls.
type sealing struct {
	vault.Decrypter
	calls int
}

func (s *sealing) Decrypt(ctx context.Context, items []vault.DecryptItem) ([]vault.Decrypted, error) {
	if s.calls--; s.calls < 0 {
		return nil, vault.ErrUnavailable
	}
	return s.Decrypter.Decrypt(ctx, items)
}

// opens reports whether an archive reads to its end.
func opens(body []byte) bool {
	_, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	return err == nil
}

// many registers people beside the API, with a phone number each.
func (w *world) many(n int) []uuid.UUID {
	w.t.Helper()
	items := make([]vault.EncryptItem, n)
	ids := make([]uuid.UUID, n)
	for i := range items {
		ids[i] = w.p.newID()
		items[i].User, items[i].Field, items[i].Value = ids[i], vault.FieldPhone, vault.NewPlain(fmt.Sprintf("+7701%07d", i))
	}
	event := vault.AuditEvent{ID: w.p.newID(), At: w.clock.Now(), Kind: vault.System, Role: vault.System, Action: vault.DemonstrationFilled, Outcome: vault.OutcomeOK, RequestID: "crowd"}
	decided := w.shown("ru")
	current, err := w.sys.vault.PolicyInForce(w.t.Context(), vault.Actor{}, "dala", w.clock.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	results, err := w.sys.vault.Encrypter.Encrypt(w.t.Context(), items)
	if err == nil {
		err = w.sys.db.Write(w.t.Context(), func(tx vault.Tx) error {
			now := w.clock.Now()
			for i, id := range ids {
				tx.InsertUser(vault.User{ID: id, Status: vault.StatusActive, Revision: 1, CreatedAt: now}, vault.SubjectKey{})
				act := vault.Act{User: id, ID: w.p.newID(), Digest: "d", ReceivedAt: now}
				tx.Append(act, 0, []vault.ConsentEvent{{
					ID: w.p.newID(), User: id, Seq: 1, Act: act.ID, Consent: w.p.newID(), Type: vault.Given, App: "dala", Item: "contact",
					Version: current.ID, Locale: "ru", Document: decided.hash, Method: vault.InAppConfirmed, GivenBy: vault.BySubject, ReceivedAt: now,
				}})
				tx.PutField(vault.StoredField{User: id, Code: vault.FieldPhone, Ciphertext: results[i].Ciphertext, Visibility: vault.Private, UpdatedAt: now})
			}
			tx.Record(event)
			return nil
		})
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return ids
}

func TestClause5ANoticeThatBreaksOffDoesNotLookWhole(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ids := w.many(450) // three pages
		people := make([]string, len(ids))
		for i, id := range ids {
			people[i] = graph.UserID(id)
		}
		officer := w.staff(vault.Compliance)
		done := w.mutate(officer, "recordBreach", w.breach(input{"people": input{"ids": people}}), `breach { id people }`).ok()
		id := str(done.payload, "breach", "id")
		issue := func() { w.mutate(officer, "issueBreachNotice", input{"id": id, "for": "AUTHORITY"}, "").ok() }
		issue()
		path := "/breaches/" + id + "/notice?for=AUTHORITY&locale=kk"
		get := func() (int, []byte, error) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.http.URL+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+officer)
			got, err := http.DefaultClient.Do(r)
			if err != nil {
				return 0, nil, err
			}
			defer func() { _ = got.Body.Close() }()
			body, err := io.ReadAll(got.Body)
			return got.StatusCode, body, err
		}
		revealed := func() int {
			return len(w.events(vault.AuditFilter{Action: string(vault.ProfileRevealed), Subject: ids[449]}))
		}
		was := w.sys.vault.Decrypter
		w.sys.vault.Decrypter = &sealing{was, 1}
		status, body, err := get()
		w.sys.vault.Decrypter = was
		if status != http.StatusOK || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("status %d, %d bytes, %v: it does not end as what broke off", status, len(body), err)
		}
		if opens(body) {
			t.Error("what came of it opens as an archive")
		}
		equal(t, "downloads on record", len(w.events(vault.AuditFilter{Action: string(vault.BreachNoticeDownloaded)})), 1)
		equal(t, "reveals of somebody who was not reached", revealed(), 0)
		if !strings.Contains(w.log.String(), "the notice of a breach ended half-way; issue another") {
			t.Error("the log does not tell")
		}
		status, _ = w.download(officer, path)
		equal(t, "it is used up", status, http.StatusGone)
		issue()
		status, body = w.download(officer, path)
		equal(t, "issued anew", status, http.StatusOK)
		equal(t, "rows", strings.Count(unpacked(t, body)["people.csv"], "\n"), 451)
		equal(t, "downloads on record", len(w.events(vault.AuditFilter{Action: string(vault.BreachNoticeDownloaded)})), 2)
		equal(t, "reveals of everybody", revealed(), 1)
	})
}
