package main

import (
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

func TestASealedVaultTakesAwayWhatIsPersonalAndNothingElse(t *testing.T) {
	v := daemon.PrivateVault(t)
	w := newWorld(t, "real servers", settingsFor(t, daemon.PostgreSQL(t), v.VaultServer, daemon.Redis(t)))
	me, newcomer, seen := w.subject("sealed"), w.subject("new"), w.shown("ru")
	id := w.register(me, with(named(), input{"phone": "+77019264837"}))
	v.Seal()

	for what, query := range map[string]string{
		"the policy": `{ policyInForce { document(locale: "kk") { hash } items { code } } }`,
		"oneself":    `{ me { status revision policyStatus { accepted } pendingConsents { item { code } } consents { nodes { state } } missingFields } }`,
	} {
		if got := w.ask(me, query, nil); len(got.Errors) > 0 {
			t.Errorf("%s: %s", what, got.raw)
		}
	}
	profile := w.ask(me, `{ me { profile { phone { state value verified } email { state } } } }`, nil).must()
	equal(t, "a value", str(profile, "me", "profile", "phone", "state"), "UNAVAILABLE")
	equal(t, "its neighbour", str(profile, "me", "profile", "email", "state"), "EMPTY")
	equal(t, "a check", w.reason(id, "contact", ""), "GIVEN")
	w.record(me, seen.decided("marketing", "GIVEN")).ok()
	w.withdraw(me, "contact", "marketing").ok()
	equal(t, "after the withdrawal", w.reason(id, "contact", ""), "WITHDRAWN")

	people := w.people()
	for what, got := range map[string]answer{
		"a registration": w.mutate(newcomer, "registerMe", input{"profile": named(), "consent": seen.decided("identify", "GIVEN", "contact", "GIVEN")}, "").answer,
		"a look-up":      w.ask(w.staff(vault.Support), `{ findUsers(by: {phone: "+77019264837"}) { id } }`, nil),
	} {
		if got.code() != "UNAVAILABLE" || got.header.Get("Retry-After") == "" {
			t.Errorf("%s: status %d, Retry-After %q: %s", what, got.status, got.header.Get("Retry-After"), got.raw)
		}
	}
	equal(t, "nobody was half registered", w.people(), people)

	v.Unseal()
	healed := func(what string, ok func() (bool, answer)) {
		t.Helper()
		poll := time.NewTicker(50 * time.Millisecond)
		defer poll.Stop()
		for deadline := time.Now().Add(10 * time.Second); ; <-poll.C {
			done, got := ok()
			if done {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s does not heal: %s", what, got.raw)
			}
		}
	}
	healed("reading", func() (bool, answer) {
		got := w.ask(me, `{ me { profile { phone { state value } } } }`, nil)
		return str(got.Data, "me", "profile", "phone", "value") == "+77019264837", got
	})
	healed("writing", func() (bool, answer) {
		got := w.enter(newcomer, named())
		return len(got.Errors) == 0 && len(got.refusals()) == 0, got.answer
	})
}

func TestRewrappingOutlivesASealedVault(t *testing.T) {
	v := daemon.PrivateVault(t)
	w := newWorld(t, "real servers", settingsFor(t, daemon.PostgreSQL(t), v.VaultServer, daemon.Redis(t)))
	w.vault = v.VaultServer
	all := w.held()[1]
	w.rotate(pii)
	job, unmoved := w.rewrapping(5)
	sealed := false
	job.Progress = func(p vault.Progress) {
		if !sealed && p.Done() >= 20 {
			sealed = true
			v.Seal()
		}
	}
	job.Log = slog.New(slog.NewTextHandler(&waitsFor{text: "the job waits", then: v.Unseal}, nil))
	done := w.runs(job)
	equal(t, "sealed", sealed, true)
	equal(t, "moved", done.Moved, all)
	equal(t, "not moved", len(unmoved), 0)
	if held := w.held(); len(held) != 1 || held[2] != all {
		t.Errorf("rows by version: %v of %d", held, all)
	}
}

// waitsFor is a log that acts once when it is told something.
type waitsFor struct {
	text string
	then func()
	once sync.Once
}

// Write implements io.Writer.
func (w *waitsFor) Write(line []byte) (int, error) {
	if strings.Contains(string(line), w.text) {
		w.once.Do(w.then)
	}
	return len(line), nil
}
