package transit_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/transit"
)

// heals waits until a call that was refused is made again and served, as long
// as that may take.
func heals(t *testing.T, try func() error) {
	t.Helper()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for late := time.After(5 * time.Second); ; {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-poll.C:
		case <-late:
			t.Fatalf("five seconds after the fault: %v", err)
		}
	}
}

// vaultLike is a server that answers encrypt as it is told to, and counts.
type vaultLike struct {
	calls  atomic.Int64
	status atomic.Int64 // 0: it does not answer
	rest   string       // Retry-After
}

// ServeHTTP implements http.Handler.
func (v *vaultLike) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/lookup-self") { // so that a refused token is told from a missing permission
		_, _ = io.WriteString(w, `{"data":{"ttl":3600,"renewable":false}}`)
		return
	}
	if strings.Contains(r.URL.Path, "/keys/") && v.status.Load() == http.StatusForbidden { // so that a deleted key is, too
		_, _ = io.WriteString(w, `{"data":{"latest_version":1}}`)
		return
	}
	v.calls.Add(1)
	_, _ = io.Copy(io.Discard, r.Body)
	status := int(v.status.Load())
	if status == 0 {
		<-r.Context().Done()
		return
	}
	if v.rest != "" {
		w.Header().Set("Retry-After", v.rest)
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `{"data":{"batch_results":[{"ciphertext":"vault:v1:AAAA"}]}}`)
}

// ask encrypts one value.
func ask(ctx context.Context, e *transit.Engine) error {
	one := values(1)
	one[0].Reference = [16]byte{}
	answers, err := e.Encrypter().Encrypt(ctx, one)
	if err == nil {
		err = answers[0].Err
	}
	return err
}

func TestThreeFailuresInARowSpareVaultUntilItServesAgain(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int64{"sealed": 503, "internal error": 500, "standby": 473, "redirecting": 307, "throttled": 429} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := &vaultLike{}
			v.status.Store(status)
			e := open(t, answering(t, v.ServeHTTP))
			begin := time.Now()
			for range 200 {
				if err := ask(t.Context(), e); !errors.Is(err, vault.ErrUnavailable) {
					t.Fatalf("answered %v", err)
				}
			}
			if n, took := v.calls.Load(), time.Since(begin); n > 3+int64(took/(400*time.Millisecond)) {
				t.Errorf("200 callers made %d calls in %v", n, took)
			}
			load := e.Loads()[1]
			if load.Operation != "encrypt" || !load.Resting || load.Rested < 190 || load.Waiting != 0 {
				t.Errorf("it says %+v", load)
			}
			v.status.Store(200)
			heals(t, func() error { return ask(t.Context(), e) })
			if load := e.Loads()[1]; load.Resting {
				t.Errorf("healed, it says %+v", load)
			}
		})
	}
}

func TestWhatIsNoTroubleOfVaultsKeepsNobodyFromIt(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int64{"a permission is missing": 403, "an item is bad": 400, "the mount is missing": 404} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := &vaultLike{}
			v.status.Store(status)
			e := open(t, answering(t, v.ServeHTTP))
			for range 20 {
				_ = ask(t.Context(), e)
			}
			if n := v.calls.Load(); n != 20 {
				t.Errorf("of 20 calls %d were made", n)
			}
		})
	}
}

func TestVaultIsLeftAloneAsLongAsItAsks(t *testing.T) {
	t.Parallel()
	v := &vaultLike{rest: "1"}
	v.status.Store(429)
	e := open(t, answering(t, v.ServeHTTP))
	_ = ask(t.Context(), e)
	v.status.Store(200)
	begin := time.Now()
	heals(t, func() error { return ask(t.Context(), e) })
	if took := time.Since(begin); took < 900*time.Millisecond || v.calls.Load() != 2 {
		t.Errorf("%d calls, the second %v after the first; it asked for a second", v.calls.Load(), took)
	}
	v.rest = "86400"
	v.status.Store(503)
	_ = ask(t.Context(), e)
	v.status.Store(200)
	heals(t, func() error { return ask(t.Context(), e) }) // no day's absence: it may be well again any moment
}

// TestOneCallAtATimeTriesASilentVault while everybody else is answered at once.
func TestOneCallAtATimeTriesASilentVault(t *testing.T) {
	t.Parallel()
	v := &vaultLike{}
	c := answering(t, v.ServeHTTP)
	c.Timeout = 300 * time.Millisecond
	e := open(t, c)
	for range 3 {
		_ = ask(t.Context(), e)
	}
	var slow, fast atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			pause := time.NewTicker(2 * time.Millisecond)
			defer pause.Stop()
			for end := time.Now().Add(1500 * time.Millisecond); time.Now().Before(end); <-pause.C {
				begin := time.Now()
				if err := ask(t.Context(), e); !errors.Is(err, vault.ErrUnavailable) {
					t.Errorf("answered %v", err)
				}
				if time.Since(begin) > 100*time.Millisecond {
					slow.Add(1)
				} else {
					fast.Add(1)
				}
			}
		})
	}
	all.Wait()
	if calls := v.calls.Load() - 3; calls < 1 || calls > 3 || fast.Load() < 20*slow.Load() {
		t.Errorf("%d calls tried; %d answers were fast, %d were not", calls, fast.Load(), slow.Load())
	}
	v.status.Store(200)
	heals(t, func() error { return ask(t.Context(), e) })
}

// TestCallersWhoHangUpSayNothingOfVault unless it left them unanswered long.
func TestCallersWhoHangUpSayNothingOfVault(t *testing.T) {
	t.Parallel()
	v := &vaultLike{}
	c := answering(t, v.ServeHTTP)
	c.Timeout = 900 * time.Millisecond
	e := open(t, c)
	impatient := func(patience time.Duration) {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		_ = ask(ctx, e)
	}
	for range 10 {
		impatient(20 * time.Millisecond)
	}
	if e.Loads()[1].Resting {
		t.Error("callers who hung up at once keep others from Vault")
	}
	for range 3 {
		impatient(400 * time.Millisecond)
	}
	poll := time.NewTicker(time.Millisecond) // a call ends a little after its caller left
	defer poll.Stop()
	for late := time.After(300 * time.Millisecond); !e.Loads()[1].Resting; {
		select {
		case <-poll.C:
		case <-late:
			t.Fatal("three callers waited long for nothing, and the next ones still do")
		}
	}
}
