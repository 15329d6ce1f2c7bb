//go:build drill

package main

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

// window is a time without an active Vault.
type window struct{ from, to time.Time }

// TestDrillTheActiveVaultDies kills the active one of three Vaults while people
// register, change and read, and the security team rotates the key.
func TestDrillTheActiveVaultDies(t *testing.T) {
	c := daemon.Cluster(t)
	s := settingsFor(t, daemon.PostgreSQL(t), c.VaultServer, daemon.Redis(t))
	s.VaultAddr = "http://" + balance(t, c).Addr().String()
	w := newWorld(t, "real servers", s)
	people := newDemand(w, 4)
	ctx, stop := context.WithCancel(t.Context())
	var load sync.WaitGroup
	load.Go(func() { people.run(ctx) })
	load.Go(func() { rotating(ctx, c) })
	defer load.Wait()
	defer stop()

	pause(t, 2*time.Second)
	var windows []window
	for _, end := range []struct {
		what   string
		strike func(int)
	}{{"killed", c.Crash}, {"frozen", c.Freeze}, {"killed again", c.Crash}} {
		active := c.Active(t.Context())
		without := window{from: time.Now()}
		end.strike(active)
		without.to = successor(t, c, active)
		windows = append(windows, without)
		pause(t, healsWithin+time.Second)
		c.Crash(active) // a frozen one is not thawed: it would take itself for the active one still
		c.Start(active)
		pause(t, 2*time.Second)
		t.Logf("%s: no active Vault for %v", end.what, without.to.Sub(without.from).Round(time.Millisecond))
	}
	stop()
	load.Wait()
	people.report(t, windows)
	people.readBack(t)
}

// TestDrillAStandbyForwardsOrRedirects is what VAULT_ADDR meets at any node.
func TestDrillAStandbyForwardsOrRedirects(t *testing.T) {
	c := daemon.Cluster(t)
	standby := (c.Active(t.Context()) + 1) % len(c.Addrs())
	for _, try := range []struct {
		forward bool
		status  int
	}{{true, http.StatusOK}, {false, http.StatusTemporaryRedirect}} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.Addrs()[standby]+"/v1/transit/keys/"+pii, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Vault-Token", c.EncryptToken)
		if !try.forward {
			r.Header.Set("X-Vault-No-Request-Forwarding", "true")
		}
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != try.status {
			t.Errorf("forwarding %t, a standby answered %d", try.forward, answer.StatusCode)
		}
	}
	s := settingsFor(t, daemon.PostgreSQL(t), c.VaultServer, daemon.Redis(t))
	s.VaultAddr = c.Addrs()[standby]
	w := newWorld(t, "real servers", s)
	w.register(w.subject("by way of a standby"), named())
}

// successor waits until another node is active, and says since when.
func successor(t *testing.T, c *daemon.VaultCluster, was int) time.Time {
	t.Helper()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for late := time.After(time.Minute); ; {
		if now := c.Active(t.Context()); now >= 0 && now != was {
			return time.Now()
		}
		select {
		case <-poll.C:
		case <-late:
			t.Fatal("no Vault became active within a minute")
		}
	}
}

// rotating gives the key of personal values new versions, as often as there is
// somebody to ask.
func rotating(ctx context.Context, c *daemon.VaultCluster) {
	poll := time.NewTicker(500 * time.Millisecond)
	defer poll.Stop()
	for ctx.Err() == nil {
		<-poll.C
		if active := c.Active(ctx); active >= 0 {
			_ = c.RotateAt(ctx, active, pii) // it may have died meanwhile
		}
	}
}

// pause lets the load go on for a while.
func pause(t *testing.T, d time.Duration) {
	t.Helper()
	timer := time.NewTimer(d)
	defer timer.Stop()
	<-timer.C
}

// report holds that nothing went wrong, and that what was refused was refused
// while no Vault was active, or a little later.
func (l *demand) report(t *testing.T, windows []window) {
	t.Helper()
	for i, why := range l.wrong {
		if i < 5 {
			t.Errorf("wrong: %s", why)
		}
	}
	in := make([]int, len(windows))
	last := make([]time.Duration, len(windows))
	outside := 0
	for _, failure := range l.failures {
		found := false
		for i, w := range windows {
			if !failure.Before(w.from) && failure.Before(w.to.Add(healsWithin)) {
				in[i], last[i], found = in[i]+1, max(last[i], failure.Sub(w.to)), true
			}
		}
		if !found {
			outside++
		}
	}
	t.Logf("%d writes and %d reads were answered; refused by fault: %d, the last %v after a Vault was active again", l.writes, l.reads, in, last)
	if outside > 0 || len(l.wrong) > 0 {
		t.Errorf("%d were refused though a Vault was active, %d went wrong", outside, len(l.wrong))
	}
}

// readBack holds that everybody whose write was acknowledged has it.
func (l *demand) readBack(t *testing.T) {
	t.Helper()
	checked := 0
	for _, of := range l.people {
		for _, one := range of {
			got, err := post(l.url, one.token, readDocument, nil)
			switch {
			case err != nil:
				t.Fatal(err)
			case !one.entered && at(got.Data, "me", "profile") == nil:
			case len(got.Errors) > 0:
				t.Errorf("%s", got.raw)
			case one.misread(got) != "":
				t.Error(one.misread(got))
			default:
				checked++
			}
		}
	}
	t.Logf("%d people have what they wrote", checked)
	if checked < 100 {
		t.Errorf("%d people are too few to tell", checked)
	}
}
