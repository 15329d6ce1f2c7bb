package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"
)

// check is one dependency of the readiness.
type check struct {
	name     string
	required bool // without it the service is not ready; otherwise it is slower
	ask      func(context.Context) error
}

// stated is a check's error with what may be told of it.
type stated struct {
	error
	state string
}

const (
	checkWithin = 2 * time.Second // for each check
	checkedFor  = time.Second     // an answer is shared
)

// readiness asks all its checks at once, and shares their answer among all who
// ask within a second: however often it is asked, the back ends hear little
// of it.
type readiness struct {
	checks []check
	clock  func() time.Time

	flight singleflight.Group
	last   atomic.Pointer[health]
}

// health is what the checks answered.
type health struct {
	ready bool
	state map[string]string
	at    time.Time
}

func (r *readiness) health(ctx context.Context) health {
	if h := r.last.Load(); h != nil && r.clock().Sub(h.at) < checkedFor {
		return *h
	}
	<-r.flight.DoChan("", func() (any, error) {
		// It serves everybody who waits, so that it does not end with a request.
		h := r.ask(context.WithoutCancel(ctx))
		r.last.Store(&h)
		return h, nil
	})
	return *r.last.Load()
}

func (r *readiness) ask(ctx context.Context) health {
	ctx, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	errs := make([]error, len(r.checks))
	var all sync.WaitGroup
	for i, c := range r.checks {
		all.Go(func() { errs[i] = c.ask(ctx) })
	}
	all.Wait()
	h := health{ready: true, state: map[string]string{}, at: r.clock()}
	for i, c := range r.checks {
		h.state[c.name] = "ok"
		if errs[i] != nil {
			h.state[c.name] = "not available"
			if s, ok := errors.AsType[stated](errs[i]); ok {
				h.state[c.name] = s.state
			}
			h.ready = h.ready && !c.required
		}
	}
	return h
}

// ready answers whether the service can do its work. In public it asks only for
// what it cannot do without, and tells no more than that.
func (e *edge) ready(detailed bool) http.HandlerFunc {
	r := &readiness{clock: e.clock, checks: append(slices.Clone(e.checks), check{"identity", false, e.who.Check})}
	if !detailed {
		r.checks = slices.DeleteFunc(r.checks, func(c check) bool { return !c.required })
	}
	return func(w http.ResponseWriter, request *http.Request) {
		h := r.health(request.Context())
		status, text := http.StatusOK, "ready\n"
		if !h.ready {
			status, text = http.StatusServiceUnavailable, "not ready\n"
		}
		if !detailed {
			answerText(w, status, text)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{"ready": h.ready, "dependencies": h.state}) // strings always encode
	}
}
