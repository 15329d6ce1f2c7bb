package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// tally counts what one request asks of the back ends.
type tally struct {
	people, fields, decrypts, writes atomic.Int64
	events                           atomic.Int64 // written, all together
}

// count puts a tally under the vault.
func (w *world) count() *tally {
	c := &tally{}
	service := w.sys.vault
	service.Reader = countingReader{service.Reader, c}
	service.Writer = countingWriter{service.Writer, c}
	service.Decrypter = watching{service.Decrypter, func([]vault.DecryptItem) { c.decrypts.Add(1) }}
	return c
}

func (c *tally) String() string {
	return fmt.Sprintf("%d reads of people, %d of fields, %d decrypt calls, %d writes of %d events",
		c.people.Swap(0), c.fields.Swap(0), c.decrypts.Swap(0), c.writes.Swap(0), c.events.Swap(0))
}

type countingReader struct {
	vault.Reader
	*tally
}

func (r countingReader) Standings(ctx context.Context, app string, users []uuid.UUID) ([]vault.Standing, error) {
	r.people.Add(1)
	return r.Reader.Standings(ctx, app, users)
}

func (r countingReader) Fields(ctx context.Context, users []uuid.UUID) ([]vault.StoredField, error) {
	r.fields.Add(1)
	return r.Reader.Fields(ctx, users)
}

type countingWriter struct {
	vault.Writer
	*tally
}

func (w countingWriter) Write(ctx context.Context, queue func(vault.Tx) error) error {
	w.writes.Add(1)
	return w.Writer.Write(ctx, func(tx vault.Tx) error { return queue(countingTx{tx, w.tally}) })
}

type countingTx struct {
	vault.Tx
	*tally
}

func (tx countingTx) Record(events ...vault.AuditEvent) {
	tx.events.Add(int64(len(events)))
	tx.Tx.Record(events...)
}

// crowd registers people, ten at once, each with a phone number of their own.
func (w *world) crowd(n int) {
	w.t.Helper()
	seen := w.shown("ru")
	for first := 0; first < n; first += 10 {
		for _, o := range together(w.t, min(10, n-first), func(i int) (outcome, error) {
			token, err := w.dev.Token(vault.Subject, fmt.Sprint("crowd-", first+i), time.Hour, nil)
			if err != nil {
				return outcome{}, err
			}
			profile := with(named(), input{"phone": fmt.Sprintf("+7701926%04d", first+i)})
			return w.try(token, "registerMe", input{"profile": profile, "consent": seen.consent(required())}, "created")
		}) {
			o.ok()
		}
	}
}

// TestAPageOfPeopleIsOneCallHoweverItIsSelected holds 100 people to one read of
// each kind, one call to decrypt and one write of their events.
func TestAPageOfPeopleIsOneCallHoweverItIsSelected(t *testing.T) {
	const (
		plain  = `profile(basis: {request: {reason: IDENTITY_CHECK, ticket: "SUP-1"}}) { familyName { value } phone { value } }`
		twice  = `a: profile(basis: {request: {reason: FRAUD, ticket: "SUP-2"}}) { phone { value } } b: profile(basis: {legal: {reference: "ART-8"}}) { phone { value state } }`
		others = ` id missingFields policyStatus { accepted } pendingConsents { required } `
		one    = "1 reads of people, 1 of fields, 1 decrypt calls, 1 writes of %d events"
	)
	onBoth(t, func(t *testing.T, w *world) {
		w.crowd(100)
		c, officer := w.count(), w.staff(vault.Compliance)
		w.ask(officer, `{ users { nodes { id } } }`, nil).must() // the officer's first call leaves a colleague's id
		for _, page := range []struct {
			name, selection, want string
			values                int
		}{
			{"through edges", `edges { node { ` + plain + ` } }`, fmt.Sprintf(one, 100), 200},
			{"through nodes", `nodes { ` + plain + ` }`, fmt.Sprintf(one, 100), 200},
			{"under two aliases on two grounds", `nodes { ` + twice + ` }`, fmt.Sprintf(one, 200), 200},
			{"through a fragment on Node", `nodes { ... on Node { ... on User { ` + plain + ` } } }`, fmt.Sprintf(one, 100), 200},
			{"through both at once", `edges { node { ` + plain + ` } } nodes { ` + plain + ` }`, fmt.Sprintf(one, 100), 400},
			{"beside a ground that is refused", `nodes { ` + plain + ` none: profile(basis: {request: {reason: FRAUD, ticket: "none"}}) { phone { value } } }`, fmt.Sprintf(one, 100), 200},
			{"with nothing personal", `nodes { ` + others + ` }`, "1 reads of people, 1 of fields, 0 decrypt calls, 0 writes of 0 events", 0},
		} {
			t.Run(page.name, func(t *testing.T) {
				_ = c.String()
				a := w.ask(officer, `{ users(first: 100) { `+page.selection+` } }`, nil)
				equal(t, "status", a.status, http.StatusOK)
				equal(t, "what it took", c.String(), page.want)
				equal(t, "values", strings.Count(string(a.raw), `"value":"`), page.values)
			})
		}
	})
}

// TestPeopleFoundAreOneCall is the same for a look-up, whose own event is one
// more write.
func TestPeopleFoundAreOneCall(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		for i := range 5 {
			w.register(w.subject(fmt.Sprint("shared-", i)), with(named(), input{"phone": "+77019264837"}))
		}
		c, support := w.count(), w.staff(vault.Support)
		a := w.ask(support, `{ findUsers(by: {phone: "+77019264837"}) { profile { phone { value state } } missingFields } }`, nil)
		a.must()
		equal(t, "masks", strings.Count(string(a.raw), "MASKED"), 5)
		equal(t, "what it took", c.String(), "1 reads of people, 2 of fields, 1 decrypt calls, 2 writes of 10 events")
	})
}
