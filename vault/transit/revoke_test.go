package transit_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/hashicorp/vault/api"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/transit"
	"github.com/kelisim/kelisim/vault/transit/setup"
	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

// reader reads one value again and again, and writes one each time.
type reader struct {
	e    *transit.Engine
	item vault.EncryptItem
	sent vault.Ciphertext
}

func newReader(t *testing.T, e *transit.Engine) *reader {
	t.Helper()
	r := &reader{e: e, item: values(1)[0]}
	encrypted, err := e.Encrypter().Encrypt(t.Context(), []vault.EncryptItem{r.item})
	if err != nil || encrypted[0].Err != nil {
		t.Fatalf("%v, %v", encrypted, err)
	}
	r.sent = encrypted[0].Ciphertext
	return r
}

func (r *reader) once(ctx context.Context) error {
	decrypted, err := r.e.Decrypter().Decrypt(ctx, []vault.DecryptItem{{Place: r.item.Place, Ciphertext: r.sent, Reference: uuid.New()}})
	if err == nil {
		err = decrypted[0].Err
	}
	if err == nil && decrypted[0].Value.Reveal() != r.item.Value.Reveal() {
		err = errors.New("another value")
	}
	if err != nil {
		return err
	}
	encrypted, err := r.e.Encrypter().Encrypt(ctx, []vault.EncryptItem{r.item})
	if err == nil {
		err = encrypted[0].Err
	}
	return err
}

func (r *reader) read(t *testing.T) {
	t.Helper()
	if err := r.once(t.Context()); err != nil {
		t.Error(err)
	}
}

// load is 64 readers at once, each with a request in every so much time, until
// it is stopped. Every one of their requests has to be answered.
type load struct {
	done atomic.Int64
	stop func()
}

func newLoad(t *testing.T, e *transit.Engine, every time.Duration) *load {
	t.Helper()
	r, l := newReader(t, e), &load{}
	ended := make(chan struct{})
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			pace := time.NewTicker(every)
			defer pace.Stop()
			for {
				select {
				case <-ended:
					return
				case <-pace.C:
				}
				if err := r.once(t.Context()); err != nil {
					t.Errorf("a request failed: %v", err)
					return
				}
				l.done.Add(1)
			}
		})
	}
	l.stop = sync.OnceFunc(func() { close(ended); all.Wait() })
	t.Cleanup(l.stop)
	return l
}

// goOn waits until more requests were answered.
func (l *load) goOn(t *testing.T, more int64) {
	t.Helper()
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for to, late := l.done.Load()+more, time.After(30*time.Second); l.done.Load() < to && !t.Failed(); {
		select {
		case <-poll.C:
		case <-late:
			t.Fatalf("the load stands still after %d requests", l.done.Load())
		}
	}
}

// revoke ends the tokens of both logins.
func (r *roles) revoke(e *transit.Engine) {
	r.t.Helper()
	for _, s := range states(r.t, e) {
		if err := r.root.Auth().Token().RevokeAccessorWithContext(r.t.Context(), s.Accessor); err != nil {
			r.t.Fatal(err)
		}
	}
}

func TestRevokedTokensAreReplacedUnderLoadWithoutAFailedRequest(t *testing.T) {
	r := newRoles(t, daemon.Vault(t))
	r.hand(0)
	e := open(t, r.config())
	l := newLoad(t, e, time.Millisecond)
	const revocations = 5
	for range revocations {
		l.goOn(t, 500)
		r.revoke(e)
	}
	l.goOn(t, 500)
	l.stop()
	if made := r.loginsMade(); made != 2+2*revocations {
		t.Errorf("%d logins for %d tokens", made, 2+2*revocations)
	}
	if r.refused() == 0 {
		t.Error("no call met a revoked token")
	}
	t.Logf("%d requests, %d tokens", l.done.Load(), r.loginsMade())
	if err := e.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestTokensAtTheEndOfTheirLifeAreReplacedBeforeVaultRefusesThem(t *testing.T) {
	t.Parallel()
	r := newRoles(t, daemon.Vault(t))
	for _, role := range []string{"encrypt", "decrypt"} {
		r.write(r.path(role), map[string]any{"token_period": 0, "token_ttl": "4s", "token_max_ttl": "7s"})
	}
	r.hand(0)
	e := open(t, r.config())
	l := newLoad(t, e, 100*time.Millisecond)
	ctx, cancel := context.WithCancel(t.Context())
	var renewing sync.WaitGroup
	renewing.Go(func() { e.Renew(ctx, func(err error) { t.Errorf("trouble: %v", err) }) })
	defer renewing.Wait()
	defer cancel()
	seen := map[string]bool{}
	for late := time.Now().Add(30 * time.Second); len(seen) < 4 && !t.Failed(); l.goOn(t, 50) {
		for _, s := range states(t, e) {
			seen[s.Accessor] = true
		}
		if time.Now().After(late) {
			t.Fatalf("%d tokens only", len(seen))
		}
	}
	l.stop()
	if n := r.refused(); n > 0 {
		t.Errorf("Vault refused %d calls", n)
	}
	if renewed := r.audited(`"path":"auth/token/renew-self"`, r.plan.Policy("encrypt")); renewed < 2 {
		t.Errorf("%d renewals", renewed)
	}
	t.Logf("%d requests, %d tokens", l.done.Load(), len(seen))
}

func TestTokenFileIsReadBeforeItsTokenEnds(t *testing.T) {
	t.Parallel()
	r := newRoles(t, daemon.Vault(t))
	issue := func(ttl string) *api.SecretAuth {
		no := false
		made, err := r.root.Auth().Token().CreateOrphan(&api.TokenCreateRequest{TTL: ttl, Renewable: &no, Policies: []string{r.plan.Policy("decrypt")}})
		if err != nil {
			t.Fatal(err)
		}
		hold(t, r.file("token"), made.Auth.ClientToken)
		return made.Auth
	}
	issue("6s")
	c := config(r.v)
	c.DecryptLogin = transit.TokenFile(r.file("token"))
	e := open(t, c)
	reader := newReader(t, e)
	reader.read(t)
	ctx, cancel := context.WithCancel(t.Context())
	var renewing sync.WaitGroup
	renewing.Go(func() { e.Renew(ctx, func(err error) { t.Errorf("trouble: %v", err) }) })
	defer renewing.Wait()
	defer cancel()
	second := issue("1h") // as Vault Agent would
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for late := time.Now().Add(10 * time.Second); states(t, e)[1].Accessor != second.Accessor; <-poll.C {
		if time.Now().After(late) {
			t.Fatal("it is not read")
		}
	}
	reader.read(t)
	if n := r.refused(); n > 0 {
		t.Errorf("Vault refused %d calls", n)
	}
}

func TestLoginThatFailsIsNotRepeatedForEveryRequest(t *testing.T) {
	t.Parallel()
	r := newRoles(t, daemon.Vault(t))
	r.hand(0)
	e := open(t, r.config())
	reader := newReader(t, e)
	reader.read(t)
	if _, err := r.root.Logical().DeleteWithContext(t.Context(), r.path("decrypt")); err != nil {
		t.Fatal(err)
	}
	r.revoke(e)
	before := r.loginsMade()
	var all sync.WaitGroup
	var asked atomic.Int64
	for range 16 {
		all.Go(func() {
			for end := time.Now().Add(time.Second); time.Now().Before(end); asked.Add(1) {
				if err := reader.once(t.Context()); !errors.Is(err, vault.ErrUnavailable) || !strings.Contains(err.Error(), "logging in at auth/"+r.at) {
					t.Errorf("it answers %v", err)
					return
				}
			}
		})
	}
	all.Wait()
	if made := r.loginsMade() - before; made > 4 || asked.Load() < 100 {
		t.Errorf("%d logins for %d requests", made, asked.Load())
	}
	if err := r.plan.Apply(t.Context(), r.root, func(setup.Result) {}); err != nil {
		t.Fatal(err)
	}
	r.hand(0)
	heals(t, func() error { return e.Healthy(t.Context()) })
	reader.read(t)
}

func TestMissingPermissionCostsNoLogin(t *testing.T) {
	r := newRoles(t, daemon.Vault(t))
	r.hand(0)
	e := open(t, r.config())
	reader := newReader(t, e)
	reader.read(t)
	before, policy := r.loginsMade(), "sys/policies/acl/"+r.plan.Policy("decrypt")
	was, err := r.root.Logical().ReadWithContext(t.Context(), policy)
	if err != nil {
		t.Fatal(err)
	}
	rules, _ := was.Data["policy"].(string)
	r.write(policy, map[string]any{"policy": strings.Replace(rules, "/decrypt/", "/other/", 1)})
	for range 20 {
		if err := reader.once(t.Context()); !errors.Is(err, transit.ErrForbidden) || !strings.Contains(err.Error(), "policy lacks this path") {
			t.Fatalf("it answers %v", err)
		}
	}
	r.write(policy, map[string]any{"policy": rules})
	reader.read(t)
	if made := r.loginsMade(); made != before {
		t.Errorf("%d logins", made-before)
	}
	// A token that may not even look itself up cannot be told from one that is gone.
	r.revoke(e)
	r.write(policy, map[string]any{"policy": strings.Replace(rules, "lookup-self", "other", 1)})
	if err := reader.once(t.Context()); err == nil || !strings.Contains(err.Error(), "needs auth/token/lookup-self") {
		t.Errorf("it answers %v", err)
	}
}
