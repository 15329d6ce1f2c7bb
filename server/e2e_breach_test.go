package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kelisim/kelisim/vault"
)

const breachSelection = `breach { id revision state people fields measures { code reference } notice(for: AUTHORITY, locale: "en") { dueAt overdue fields text download } }`

// download asks for the notice of a breach.
func (w *world) download(token, path string) (status int, body []byte) {
	w.t.Helper()
	a := w.fetched(path, token)
	equal(w.t, "it is cached", a.header.Get("Cache-Control"), "no-store")
	return a.status, a.raw
}

func (w *world) breach(more input) input {
	return with(input{
		"app": "dala", "kind": "UNAUTHORISED_ACCESS", "detectedAt": w.clock.Now().Add(-time.Minute).UTC().Format(time.RFC3339), "fields": []string{"phone", "iin"},
		"measures": []input{{"code": "ACCESS_REVOKED", "reference": "SUP-12"}},
	}, more)
}

func TestClause5ABreachIsToldInTimeWithExactlyWhatTheRuleNames(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		id := w.register(w.subject("breached"), with(named(), input{"phone": "+77019264837", "email": "breached@mail.example"}))
		officer := w.staff(vault.Compliance)
		w.mutate(officer, "recordBreach", w.breach(input{"people": input{"ids": []string{id}, "app": "dala"}}), "breach { id }").refused("INVALID_VALUE@people")
		done := w.mutate(w.staff(vault.Security), "recordBreach", w.breach(input{"people": input{"ids": []string{id}}}), breachSelection).ok()
		b := at(done.payload, "breach")
		equal(t, "people", number(b, "people"), 1)
		equal(t, "what the rule names", fmt.Sprint(at(b, "notice", "fields")), "[familyName givenName patronymic iin phone]")
		equal(t, "nothing is issued", at(b, "notice", "download"), nil)
		text := str(b, "notice", "text")
		for _, part := range []string{"unauthorised access", "responsible@dala.example", "SUP-12", "991240000003"} {
			if !strings.Contains(text, part) {
				t.Errorf("the notice does not say %q: %s", part, text)
			}
		}
		breachID := str(b, "id")
		path := "/breaches/" + breachID + "/notice?for=AUTHORITY&locale=kk"
		status, _ := w.download(officer, path)
		equal(t, "before it is issued", status, http.StatusNotFound)
		equal(t, "issued by SECURITY", w.mutate(w.staff(vault.Security), "issueBreachNotice", input{"id": breachID, "for": "AUTHORITY"}, "").code(), "FORBIDDEN")
		w.mutate(officer, "issueBreachNotice", input{"id": breachID, "for": "AUTHORITY"}, breachSelection).ok()

		for token, want := range map[string]int{"": 401, w.staff(vault.Security): 403, w.subject("breached"): 403} {
			status, _ := w.download(token, path)
			equal(t, "by others", status, want)
		}
		decrypter := w.sys.vault.Decrypter
		w.sys.vault.Decrypter = away{}
		status, _ = w.download(officer, path)
		equal(t, "while Vault is away", status, http.StatusServiceUnavailable)
		w.sys.vault.Decrypter = decrypter
		status, body := w.download(officer, path)
		equal(t, "once it is back", status, http.StatusOK)
		files := unpacked(t, body)
		rows, err := csv.NewReader(strings.NewReader(files["people.csv"])).ReadAll()
		if err != nil || len(rows) != 2 {
			t.Fatal(rows, err)
		}
		equal(t, "the head", strings.Join(rows[0], "|"), "id|Тегі|Аты|Әкесінің аты|ЖСН|Телефон")
		if rows[1][0] != id || rows[1][5] != "+77019264837" || strings.Contains(files["people.csv"], "breached@") {
			t.Errorf("the row is %q", rows[1])
		}
		status, _ = w.download(officer, path)
		equal(t, "once more", status, http.StatusGone)
		shown := w.events(vault.AuditFilter{Action: string(vault.ProfileRevealed), Subject: w.userUUID(id)})
		equal(t, "a reveal of each person", shown[0].AuditEvent.Reason+" "+strings.Join(shown[0].AuditEvent.Fields, " "), "INCIDENT familyName givenName phone")
		equal(t, "the download", len(w.events(vault.AuditFilter{Action: string(vault.BreachNoticeDownloaded)})), 1)
	})
}

// away is a decrypter whose Vault does not answer.
type away struct{}

// Decrypt implements vault.Decrypter.
func (away) Decrypt(context.Context, []vault.DecryptItem) ([]vault.Decrypted, error) {
	return nil, vault.ErrUnavailable
}

func TestClause5ABreachIsClosedOnceEverybodyIsTold(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.register(w.subject("one"), named())
		w.clock.advance(2 * time.Minute)
		officer := w.staff(vault.Compliance)
		made := w.mutate(officer, "recordBreach", w.breach(input{"people": input{"app": "dala"}}), breachSelection).ok()
		id := str(made.payload, "breach", "id")
		if people := number(made.payload, "breach", "people"); people < 10 {
			t.Errorf("it touches %d", people)
		}
		overdue := func() string {
			t.Helper()
			if err := w.edge.figures.look(t.Context()); err != nil {
				t.Fatal(err)
			}
			due, late, err := w.sys.vault.OverdueBreaches(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return fmt.Sprint(due[vault.ForAuthority], late[vault.ForAuthority])
		}
		equal(t, "due", overdue(), "1 0")
		w.mutate(officer, "closeBreach", input{"id": id, "expectedRevision": 1}, "").refused("BREACH_STATE@id")
		w.clock.advance(5 * 24 * time.Hour)
		equal(t, "overdue", overdue(), "0 1")
		if !strings.Contains(string(w.get("/metrics").raw), `kelisim_breach_notices{audience="AUTHORITY",state="overdue"} 1`) {
			t.Error("no metric tells it")
		}
		now := w.clock.Now().UTC().Format(time.RFC3339)
		told := []input{{"for": "AUTHORITY", "at": now}, {"for": "PEOPLE", "at": now}}
		w.mutate(officer, "updateBreach", input{"id": id, "expectedRevision": 9, "told": told}, "").refused("REVISION_CONFLICT@expectedRevision")
		w.mutate(officer, "updateBreach", input{"id": id, "expectedRevision": 1, "told": told, "measures": []input{{"code": "KEYS_ROTATED"}}}, breachSelection).ok()
		equal(t, "told", overdue(), "0 0")
		done := w.mutate(officer, "closeBreach", input{"id": id, "expectedRevision": 2}, breachSelection).ok()
		equal(t, "closed", str(done.payload, "breach", "state"), "CLOSED")
		w.mutate(officer, "updateBreach", input{"id": id, "expectedRevision": 3, "fields": []string{"email"}}, "").refused("BREACH_STATE@id")
		list, _ := at(w.ask(officer, `{ breaches(open: true) { id } }`, nil).must(), "breaches").([]any)
		equal(t, "open ones", len(list), 0)
	})
}

func TestClause5TheAccessReportTellsWhoDidWhat(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		id := w.register(w.subject("reported"), with(named(), input{"phone": "+77019264837"}))
		w.ask(w.staff(vault.Compliance), byLaw, map[string]any{"u": id}).must()
		w.ask(w.staff(vault.Compliance), `query($u: ID!) { user(id: $u) { profile(basis: {request: {reason: FRAUD, ticket: "SUP-7"}}) { phone { value } familyName { value } } } }`, map[string]any{"u": id}).must()
		w.ask(w.staff(vault.Support), `{ findUsers(by: {phone: "+77019264837"}) { id } }`, nil).must()
		w.ask(w.staff(vault.Support), `{ encryptionKeys { asOf } }`, nil)
		from, to := w.clock.Now().Add(-time.Hour), w.clock.Now().Add(time.Hour)
		report, err := w.sys.vault.AccessReport(t.Context(), w.p.systemActor(), vault.AccessFilter{From: from, To: to})
		if err != nil {
			t.Fatal(err)
		}
		var officer, support vault.ActorAccess
		for _, a := range report.Actors {
			switch {
			case len(a.Roles) == 1 && a.Roles[0] == vault.Compliance:
				officer = a
			case len(a.Roles) == 1 && a.Roles[0] == vault.Support:
				support = a
			}
		}
		equal(t, "the officer's people", officer.People, int64(1))
		equal(t, "the officer's fields", told(officer.Fields), "familyName=2 phone=2 givenName=1")
		equal(t, "the officer's classes", told(officer.Classes), "CONTACT=2 IDENTITY=2")
		equal(t, "the officer's grounds", told(officer.Grounds), "FRAUD=1")
		equal(t, "support's look-ups", support.Lookups, int64(1))
		equal(t, "support's refusals", told(support.Refusals), "Query.encryptionKeys=1")
		equal(t, "the roles", len(report.Roles), 6)
		asked := w.ask(w.staff(vault.Auditor), `query($f: DateTime!, $t: DateTime!) { accessReport(from: $f, to: $t, app: "dala") { roles { role classes { class sight } } actors { actor reveals } } }`,
			map[string]any{"f": from.UTC().Format(time.RFC3339), "t": to.UTC().Format(time.RFC3339)}).must()
		equal(t, "over the API", str(asked, "accessReport", "roles", 0, "role"), "SUBJECT")
		twice := w.ask(w.staff(vault.Auditor), `{ accessReport(from: "2020-01-01T00:00:00Z", to: "2026-01-01T00:00:00Z") { asOf } }`, nil)
		equal(t, "six years", twice.code(), "BAD_REQUEST")
	})
}
