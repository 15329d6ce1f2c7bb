package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kelisim/kelisim/graph"
	"github.com/kelisim/kelisim/vault"
)

// stuck is a Decrypter that never answers.
type stuck struct{ vault.Decrypter }

func (stuck) Decrypt(ctx context.Context, _ []vault.DecryptItem) ([]vault.Decrypted, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// slow is a Reader that reads some things only when the caller's time is over.
type slow struct {
	vault.Reader
	count, people bool
}

func (s slow) CountUsers(ctx context.Context, filter vault.UserFilter) (int64, error) {
	if s.count {
		<-ctx.Done()
	}
	return s.Reader.CountUsers(ctx, filter)
}

func (s slow) Standing(ctx context.Context, app string, login vault.SubjectKey) (vault.Standing, error) {
	if s.people {
		<-ctx.Done()
	}
	return s.Reader.Standing(ctx, app, login)
}

func (s slow) Users(ctx context.Context, filter vault.UserFilter, page vault.Page) ([]vault.User, error) {
	if s.people {
		<-ctx.Done()
	}
	return s.Reader.Users(ctx, filter, page)
}

// hurried is the world with less time for an operation.
func (w *world) hurried(limit time.Duration) *world {
	w.t.Helper()
	limits := graph.DefaultLimits()
	limits.Timeout = limit
	srv, err := graph.NewServer(w.edge.resolver, graph.Options{Limits: limits, Introspect: func(vault.Actor) bool { return false }})
	if err != nil {
		w.t.Fatal(err)
	}
	other, e := *w, *w.edge
	e.graphql = srv
	other.edge, other.http = &e, httptest.NewServer(e.public())
	w.t.Cleanup(other.http.Close)
	return &other
}

const patience = 300 * time.Millisecond

// TestWhatTheTimeDidNotSufficeForIsATimeout stops the decrypter: the profile is
// a TIMEOUT, everything beside it is answered, and nothing comes out in clear.
func TestWhatTheTimeDidNotSufficeForIsATimeout(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("patient")
		id := w.register(me, with(named(), input{"phone": "+77019264837"}))
		w.sys.vault.Decrypter = stuck{w.sys.vault.Decrypter}
		hurried, officer := w.hurried(patience), w.staff(vault.Compliance)

		a := hurried.ask(me, `{ me { id revision profile { phone { value state } } policyStatus { accepted } } policyInForce { id } }`, nil)
		equal(t, "status", a.status, http.StatusOK)
		equal(t, "code", a.code(), "TIMEOUT")
		equal(t, "path", fmt.Sprint(a.Errors[0].Path), "[me profile]")
		equal(t, "errors", len(a.Errors), 1)
		equal(t, "profile", at(a.Data, "me", "profile"), nil)
		equal(t, "id", str(a.Data, "me", "id"), id)
		equal(t, "revision", number(a.Data, "me", "revision"), 1)
		equal(t, "policyStatus", at(a.Data, "me", "policyStatus", "accepted"), any(true))
		equal(t, "another root field", str(a.Data, "policyInForce", "id"), w.shown("ru").version)

		page := hurried.ask(officer, `{ users(first: 3) { nodes { id profile(basis: {legal: {reference: "ART-8"}}) { phone { value } } } } }`, nil)
		equal(t, "status of a page", page.status, http.StatusOK)
		equal(t, "people of the page", len(pluck(page.Data, "id", "users", "nodes")), 3)
		equal(t, "errors of the page", len(page.Errors), 3)
		for _, e := range page.Errors {
			equal(t, "code in the page", e.Extensions["code"], any("TIMEOUT"))
		}
		for where, text := range map[string]string{"answer": string(a.raw), "page": string(page.raw), "log": w.log.String()} {
			if strings.Contains(text, "9264837") || where != "log" && strings.Contains(text, "deadline") {
				t.Errorf("the %s tells too much: %s", where, text)
			}
		}
	})
}

// TestAnOperationWithNothingToShowInItsTimeIsRefused stops the database: where
// the whole answer hangs on it the status says so too.
func TestAnOperationWithNothingToShowInItsTimeIsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("refused")
		w.register(me, named())
		w.sys.vault.Reader = slow{Reader: w.sys.vault.Reader, people: true}
		hurried := w.hurried(patience)

		a := hurried.ask(me, `{ me { id } policyInForce { id } }`, nil)
		equal(t, "status", a.status, http.StatusOK)
		equal(t, "code", a.code(), "TIMEOUT")
		equal(t, "another root field", str(a.Data, "policyInForce", "id"), w.shown("ru").version)

		page := hurried.ask(w.staff(vault.Compliance), `{ users { nodes { id } } }`, nil)
		equal(t, "status of a page", page.status, http.StatusServiceUnavailable)
		equal(t, "code of a page", page.code(), "TIMEOUT")
		equal(t, "data of a page", page.Data == nil, true)
		equal(t, "when to come back", page.header.Get("Retry-After") != "", true)
	})
}

// TestACountThatTakesTooLongIsNullForItselfAlone keeps the page.
func TestACountThatTakesTooLongIsNullForItselfAlone(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		const query = `{ users(first: 3) { nodes { id } totalCount } }`
		officer := w.staff(vault.Compliance)
		if n := number(w.ask(officer, query, nil).must(), "users", "totalCount"); n < 3 {
			t.Errorf("%d people are counted", n)
		}
		w.sys.vault.Reader = slow{Reader: w.sys.vault.Reader, count: true}
		page := w.ask(officer, query, nil).must()
		equal(t, "totalCount", at(page, "users", "totalCount"), nil)
		equal(t, "people", len(pluck(page, "id", "users", "nodes")), 3)
	})
}
