package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kelisim/kelisim/graph"
	"github.com/kelisim/kelisim/server/identity"
	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

func TestChecksAreAskedAtOnceAndTheirAnswerIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		slow := func(context.Context) error { asked.Add(1); time.Sleep(100 * time.Millisecond); return nil }
		r := &readiness{clock: time.Now, checks: []check{{"a", true, slow}, {"b", true, slow}, {"c", false, slow}}}
		begin := time.Now()
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if h := r.health(t.Context()); !h.ready || len(h.state) != 3 {
					t.Errorf("answered %+v", h)
				}
			})
		}
		all.Wait()
		if took := time.Since(begin); took != 100*time.Millisecond {
			t.Errorf("three checks of 100 ms took %v", took)
		}
		time.Sleep(checkedFor - time.Millisecond)
		r.health(t.Context())
		equal(t, "checks within a second", int(asked.Load()), 3)
		time.Sleep(time.Millisecond)
		r.health(t.Context())
		equal(t, "checks after it", int(asked.Load()), 6)
	})
}

func TestOnlyWhatIsRequiredMakesTheServiceNotReady(t *testing.T) {
	down, up := func(context.Context) error { return errors.New("down") }, func(context.Context) error { return nil }
	for _, c := range []struct {
		required, optional func(context.Context) error
		ready              bool
	}{{up, up, true}, {up, down, true}, {down, up, false}, {down, down, false}} {
		h := (&readiness{clock: time.Now, checks: []check{{"r", true, c.required}, {"o", false, c.optional}}}).health(t.Context())
		if h.ready != c.ready || (h.state["o"] == "ok") != (c.optional(t.Context()) == nil) {
			t.Errorf("answered %+v, want ready %t", h, c.ready)
		}
	}
}

// TestACheckThatHangsHoldsNobody, and neither does a caller who left fail the
// check for the others.
func TestACheckThatHangsHoldsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hangs := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		r := &readiness{clock: time.Now, checks: []check{{"a", true, hangs}}}
		begin := time.Now()
		if h := r.health(t.Context()); h.ready || time.Since(begin) != checkWithin {
			t.Errorf("answered %+v after %v", h, time.Since(begin))
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		r = &readiness{clock: time.Now, checks: []check{{"a", true, func(ctx context.Context) error { return ctx.Err() }}}}
		if h := r.health(gone); !h.ready {
			t.Error("the caller who left is who decides")
		}
	})
}

// TestThePublicAsksOnlyForWhatIsRequired: what can be missed costs nothing then.
func TestThePublicAsksOnlyForWhatIsRequired(t *testing.T) {
	daemon.Ran(t, "SQLite")
	w := embedded(t)
	var optional atomic.Int32
	w.sys.checks = append(w.sys.checks, check{"costly", false, func(context.Context) error { optional.Add(1); return errors.New("down") }})
	config := identity.Config{Issuers: []identity.Issuer{{
		URL: "https://sso.invalid/customers", Kind: identity.Customers, Audiences: []string{"a"}, Algorithms: []string{"ES256"},
	}}}
	provider, err := callers{config: config}.provider(w.p, w.sys)
	if err != nil {
		t.Fatal(err)
	}
	e, err := newEdge(w.p, w.sys, provider, nil, graph.SchemaText())
	if err != nil {
		t.Fatal(err)
	}
	public, internal := httptest.NewServer(e.public()), httptest.NewServer(e.internal())
	t.Cleanup(public.Close)
	t.Cleanup(internal.Close)
	w.http = public
	for range 3 {
		a := w.get("/readyz")
		equal(t, "public", string(a.raw), "ready\n")
	}
	equal(t, "checks of what is not required", int(optional.Load()), 0)
	w.http = internal
	var said struct {
		Ready        bool              `json:"ready"`
		Dependencies map[string]string `json:"dependencies"`
	}
	if err := json.Unmarshal(w.get("/readyz").raw, &said); err != nil {
		t.Fatal(err)
	}
	if !said.Ready || said.Dependencies["costly"] != "not available" || said.Dependencies["identity"] != "not available" || said.Dependencies["database"] != "ok" {
		t.Errorf("inside: %+v", said)
	}
}
