package main

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"github.com/kelisim/kelisim/vault"
)

// earlier has the database forget what servers of an earlier version did not
// keep: the pepper, and which plan is in force.
func (w *world) earlier() {
	w.t.Helper()
	t, err := readTies(w.t.Context(), w.sys.db)
	if err != nil {
		w.t.Fatal(err)
	}
	was := t.raw
	t.Pepper = nil
	raw, err := json.Marshal(t)
	if err == nil {
		err = w.sys.db.Maintain(w.t.Context(), func(tx vault.KeepingTx) error {
			tx.ReplaceMeta(metaTies, was, string(raw))
			tx.SettlePlan(1 << 40)
			return nil
		})
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestADatabaseOfAnEarlierVersionKeepsItsPeopleAndItsIndexes(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("early bird")
		id := w.register(me, looks())
		before, err := readTies(t.Context(), w.sys.db)
		if err != nil {
			t.Fatal(err)
		}
		w.earlier()
		w.rotate(indexKey) // the pepper is of the version that the database knows, not of the newest

		opened, errs := make([]*system, 4), make([]error, 4)
		var starting sync.WaitGroup
		for i := range opened {
			starting.Go(func() { opened[i], errs[i] = w.p.openSystem(w.s, mode{dev: true}, vault.Access{}) })
		}
		starting.Wait()
		for i, sys := range opened {
			if errs[i] != nil {
				t.Fatal(errs[i])
			}
			t.Cleanup(func() {
				if err := sys.close(); err != nil {
					t.Error(err)
				}
			})
			equal(t, "pepper", string(sys.vault.Pepper.Key), string(w.sys.vault.Pepper.Key))
			equal(t, "its version", sys.vault.Pepper.Version, w.sys.vault.Pepper.Version)
			equal(t, "plan", sys.vault.Plan.Epoch, int64(1))
		}
		equal(t, "plan", w.plan(), "[1] 1")
		after, err := readTies(t.Context(), w.sys.db)
		if err != nil || after.Pepper == nil || *after.Pepper == *before.Pepper || strings.Contains(after.raw, string(w.sys.vault.Pepper.Key)) {
			t.Fatalf("%+v, %v", after, err)
		}
		server := w.replica()
		equal(t, "the same person", str(server.ask(me, `{ me { id } }`, nil).must(), "me", "id"), id)
		same(t, "found", server.found(input{"phone": "+77019264837"}), []string{id})
	})
}

// Once everything has followed, no version of either key but the newest is
// needed: to serve, nor to start.
func TestAfterReindexingAndRewrappingTheOldVersionsAreNotNeeded(t *testing.T) {
	w := onServers(t)
	me := w.subject("steady")
	id := w.register(me, looks())
	for range 2 {
		w.rotate(indexKey)
		w.rotate(pii)
	}
	for _, args := range [][]string{{"reindex"}, {"rewrap"}} {
		w.command(args...)
	}
	for _, key := range []string{indexKey, pii} {
		w.vault.Write("keys/"+key+"/config", map[string]any{"min_decryption_version": 3, "min_encryption_version": 3})
		w.vault.Write("keys/"+key+"/trim", map[string]any{"min_available_version": 3})
	}
	phones := &numbers{}
	for _, server := range []*world{w, w.replica()} {
		equal(t, "the same person", str(server.ask(me, `{ me { id } }`, nil).must(), "me", "id"), id)
		same(t, "found", server.found(input{"phone": "+77019264837"}), []string{id})
		phone := phones.next()
		newcomer := server.register(server.subject("newcomer "+phone), input{"phone": phone})
		same(t, "the newcomer", server.found(input{"phone": phone}), []string{newcomer})
	}
}
