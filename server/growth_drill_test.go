//go:build drill

package main

import (
	"fmt"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"time"
)

// footprint is what a process holds once it has come to rest.
type footprint struct {
	goroutines int
	heap       uint64 // bytes in use
}

// settled ends the connections that are kept for a next call, waits until no
// more goroutines end, and measures.
func (r *rig) settled() footprint {
	r.t.Helper()
	http.DefaultClient.CloseIdleConnections()
	r.cut()
	poll := time.NewTicker(100 * time.Millisecond)
	defer poll.Stop()
	least, since := runtime.NumGoroutine(), 0
	for since < 15 {
		<-poll.C
		if n := runtime.NumGoroutine(); n < least {
			least, since = n, 0
		} else {
			since++
		}
	}
	runtime.GC()
	runtime.GC() // what finalizers let go
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return footprint{least, m.HeapAlloc}
}

// asks sends so many requests that need Vault, of all people at once, and
// counts those that were refused or had to do without a value.
func (r *rig) asks(people []string, n int) (without int) {
	r.t.Helper()
	queries := []string{
		`{ me { profile { phone { state value } } } }`,
		`mutation { updateMyProfile(input: {profile: {givenName: "Айша"}}) { userErrors { code } } }`,
	}
	var (
		all sync.WaitGroup
		mu  sync.Mutex
	)
	for i, person := range people {
		all.Go(func() {
			for range n / len(people) {
				got, err := post(r.http.URL, person, queries[i%2], nil)
				if err != nil {
					r.t.Error(err)
					return
				}
				if len(got.Errors) > 0 || str(got.Data, "me", "profile", "phone", "state") == "UNAVAILABLE" {
					mu.Lock()
					without++
					mu.Unlock()
				}
			}
		})
	}
	all.Wait()
	return without
}

func TestDrillAThousandFailuresLeaveNothingBehind(t *testing.T) {
	r := newRig(t)
	var people []string
	for i := range 20 {
		people = append(people, r.subject(fmt.Sprintf("person %d", i)))
		r.register(people[i], with(named(), input{"phone": fmt.Sprintf("+770192648%02d", i)}))
	}
	for _, o := range outages() {
		if o.name != "sealed" && o.name != "black hole" && o.name != "cut off" {
			continue
		}
		t.Run(o.name, func(t *testing.T) {
			r := r.within(t)
			equal(t, "failures while Vault is well", r.asks(people, 1000), 0)
			before, told := r.settled(), len(r.log.String())
			o.strike(r)
			equal(t, "failures", r.asks(people, 1000), 1000)
			o.heal(r)
			r.heals("after " + o.name)
			equal(t, "failures after it", r.asks(people, 1000), 0)
			after := r.settled()
			// The test holds the log, in a buffer that doubles.
			log := uint64(3 * (len(r.log.String()) - told))
			t.Logf("%s: %d goroutines and %d KiB, after it %d and %d, of which the log is up to %d",
				o.name, before.goroutines, before.heap>>10, after.goroutines, after.heap>>10, log>>10)
			if after.goroutines > before.goroutines+5 {
				t.Errorf("%d goroutines became %d", before.goroutines, after.goroutines)
			}
			if after.heap > before.heap+before.heap/10+log {
				t.Errorf("%d bytes became %d", before.heap, after.heap)
			}
		})
	}
}
