//go:build bench

package main

import (
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// copyHeap is how much more the heap may hold while a copy is put together of a
// hundred thousand accesses and as many technical events: a page of each, and
// the copy compressed.
const copyHeap = 64 << 20

// TestRatiosOfACopyOfALongLife measures the heap while it is put
// together, and how long that takes.
func TestRatiosOfACopyOfALongLife(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("long life")
		id := w.register(me, named())
		user := w.userUUID(id)
		w.record(me, w.of(w.collecting("ipNetwork"), "ru").decided("identify", "GIVEN", "contact", "GIVEN", "watch", "GIVEN", "improve", "GIVEN")).ok()
		w.accessed(user, 98_000) // and what the gateway does
		gateway := w.token(vault.Machine, "gateway", nil)
		for n := range 1000 {
			var events []input
			for i := range vault.MaxTechnical {
				events = append(events, w.came(input{"userAgent": phoneApp, "page": fmt.Sprintf("https://dala.example/goods/%d", n*vault.MaxTechnical+i)}))
			}
			w.mutate(gateway, "recordTechnicalData", input{"user": id, "app": "dala", "events": events}, "kept").ok()
		}
		path := w.exported(me)
		runtime.GC()
		var before runtime.MemStats
		runtime.ReadMemStats(&before)
		var most atomic.Uint64
		done, watched := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(watched)
			every := time.NewTicker(5 * time.Millisecond)
			defer every.Stop()
			for {
				var now runtime.MemStats
				runtime.ReadMemStats(&now)
				most.Store(max(most.Load(), now.HeapAlloc))
				select {
				case <-done:
					return
				case <-every.C:
				}
			}
		}()
		began := time.Now()
		got := w.fetched(path, me)
		took := time.Since(began)
		close(done)
		<-watched
		files := unpacked(t, got.raw)
		rows := strings.Count(files["data.json"], `"keptUntil":`)
		grown := int64(most.Load()) - int64(before.HeapAlloc)
		t.Logf("%s: %d technical events, %d bytes of JSON in a ZIP of %d; the heap grew by %d KiB at most, in %s",
			w.name, rows, len(files["data.json"]), len(got.raw), grown>>10, took)
		if grown > copyHeap {
			t.Errorf("the heap grew by %d MiB", grown>>20)
		}
		equal(t, "technical events", rows, 100_000)
		equal(t, "complete", strings.Contains(files["data.json"], `"accessesComplete": true`), true)
	})
}

// accessed adds so many readings of a person by colleagues to the record.
func (w *world) accessed(user uuid.UUID, n int) {
	w.t.Helper()
	for n > 0 {
		page := min(n, 1000)
		n -= page
		err := w.sys.db.Write(w.t.Context(), func(tx vault.Tx) error {
			for range page {
				tx.Record(vault.AuditEvent{
					ID: w.p.newID(), At: w.clock.Now(), Actor: w.p.newID(), Kind: vault.Support, Role: vault.Support, Action: vault.ProfileRevealed,
					Subject: user, App: "dala", Fields: []string{"phone", "email"}, Reason: "PERSON_ASKED", Reference: "SUP-1234", Outcome: vault.OutcomeOK,
				})
			}
			return nil
		})
		if err != nil {
			w.t.Fatal(err)
		}
	}
}
