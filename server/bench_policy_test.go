//go:build bench

package main

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

const (
	countedPeople = 100_000
	pageRequests  = 100 // in a round
)

// TestRatiosOfPolicies prints what a page costs and what counting everybody's
// consents does, beside a request that asks for nothing, on both set-ups.
func TestRatiosOfPolicies(t *testing.T) {
	out := table{tabwriter.NewWriter(t.Output(), 0, 0, 2, ' ', 0)}
	out.row("a request / { __typename }", "min", "median", "max", "expected", "medians")
	for name, w := range map[string]*world{"embedded": embedded(t), "on servers": onServers(t)} {
		nothing := thing{pageRequests, func() { w.ask("", `{ __typename }`, nil).must() }}
		pages(w, name, nothing, out)
		census(t, w, name, nothing, out)
	}
	if err := out.Flush(); err != nil {
		t.Fatal(err)
	}
}

// pages is (f): what a stranger who hammers the pages costs.
func pages(w *world, name string, nothing thing, out table) {
	visit := func(path string, status int) thing {
		return thing{pageRequests, func() {
			if got := w.visit(http.MethodGet, path).status; got != status {
				w.t.Errorf("%s: status %d", path, got)
			}
		}}
	}
	took := rounds(nothing, visit("/policy/dala?locale=kk", 200), visit("/policy/dala/delete?locale=kk", 200),
		visit("/policy/dala/none", 404), visit("/policy/nowhere", 404))
	for i, what := range []string{"the policy", "how to have data deleted", "a version that is none", "an app that is none"} {
		out.ratio(fmt.Sprintf("(f) the page of %s, %s", what, name), took[i+1], took[0], "-", fmt.Sprintf("%v / %v", short(took[i+1]), short(took[0])))
	}
}

// census is (g): the consents of so many people, counted.
func census(t *testing.T, w *world, name string, nothing thing, out table) {
	t.Helper()
	w.decide(countedPeople)
	version := w.shown("ru").version
	compliance := w.staff(vault.Compliance)
	took := rounds(nothing, thing{1, func() {
		got := w.ask(compliance, `query ($v: ID!) { consentStatistics(version: $v) { people items { given } } }`, input{"v": version}).must()
		if people := number(got, "consentStatistics", "people"); people < countedPeople {
			t.Errorf("%d people", people)
		}
	}})
	out.ratio(fmt.Sprintf("(g) consentStatistics of %d people, %s", countedPeople, name), took[1], took[0], "-", fmt.Sprintf("%v / %v", short(took[1]), short(took[0])))
}

// decide stores so many people of whom each decided once on a screen of three.
func (w *world) decide(n int) {
	w.t.Helper()
	const each = 200
	shown := w.shown("ru")
	current, err := w.sys.vault.PolicyInForce(context.Background(), vault.Actor{}, "dala", w.p.clock())
	if err != nil {
		w.t.Fatal(err)
	}
	version := current.ID
	for range n / each {
		err := w.sys.db.Write(context.Background(), func(tx vault.Tx) error {
			for i := range each {
				user := vault.User{ID: w.p.newID(), Status: vault.StatusActive, Revision: 1, CreatedAt: w.p.clock()}
				tx.InsertUser(user, vault.SubjectKey{Issuer: "bench", KeyVersion: 1, Digest: user.ID.String()})
				act := vault.Act{User: user.ID, ID: w.p.newID(), Digest: "d", ReceivedAt: w.p.clock(), Context: vault.Ciphertext{Key: "k", Version: 1, Text: "c"}}
				var events []vault.ConsentEvent
				for seq, item := range []string{"identify", "contact", "personalise"} {
					e := vault.ConsentEvent{
						ID: w.p.newID(), User: user.ID, Seq: int64(seq) + 1, Act: act.ID, Consent: w.p.newID(), Type: vault.Given, App: "dala",
						Item: item, Version: version, Locale: "ru", Document: shown.hash, Method: vault.InAppConfirmed, GivenBy: vault.BySubject,
						ReceivedAt: w.p.clock().Add(time.Duration(i) * time.Millisecond),
					}
					if (i+seq)%5 == 0 {
						e.Type = vault.Refused
					}
					events = append(events, e)
				}
				tx.Append(act, 0, events)
			}
			tx.Record(vault.AuditEvent{ID: uuid.New(), At: w.p.clock(), Kind: vault.System, Role: vault.System, Action: vault.DemonstrationFilled, Outcome: vault.OutcomeOK})
			return nil
		})
		if err != nil {
			w.t.Fatal(err)
		}
	}
}
