package transit_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/transit"
	"github.com/kelisim/kelisim/vault/vaulttest"
	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(suited{m}) }

// suited runs the tests, and stops the servers that they shared.
type suited struct{ *testing.M }

func (s suited) Run() int { return daemon.Main(s.M) }

func fixed(token string) transit.Login { return transit.Token(token) }

func config(v *daemon.VaultServer) transit.Config {
	return transit.Config{
		Address: v.Addr, Mount: v.Mount,
		EncryptLogin: fixed(v.EncryptToken), DecryptLogin: fixed(v.DecryptToken), RewrapLogin: fixed(v.RewrapToken), ReindexLogin: fixed(v.ReindexToken),
	}
}

func open(t testing.TB, c transit.Config) *transit.Engine {
	t.Helper()
	e, err := transit.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func rewrapper(t testing.TB, c transit.Config) *transit.Rewrapper {
	t.Helper()
	r, err := transit.NewRewrapper(c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// custodian is what a person may do, here with the root token.
func custodian(t testing.TB, v *daemon.VaultServer) *transit.Custodian {
	t.Helper()
	c := config(v)
	c.ObserveLogin = transit.Token(v.Token)
	out, err := transit.NewCustodian(c)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func reindexer(t testing.TB, c transit.Config) *transit.Reindexer {
	t.Helper()
	r, err := transit.NewReindexer(c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func suite(e *transit.Engine, r *transit.Rewrapper, i *transit.Reindexer, c *transit.Custodian, rotate func(string)) vaulttest.Engine {
	return vaulttest.Engine{
		Encrypter: e.Encrypter(), Decrypter: e.Decrypter(), Indexer: e.Encrypter(), Rewrapper: r, Reindexer: i, Custodian: c,
		DataKey: e.DataKey(), IndexKey: e.IndexKey(), Rotate: rotate,
	}
}

func TestHashiCorpVault(t *testing.T) {
	daemon.Ran(t, "HashiCorp Vault")
	vaulttest.Crypto(t, func(t *testing.T) vaulttest.Engine {
		v := daemon.Vault(t)
		return suite(open(t, config(v)), rewrapper(t, config(v)), reindexer(t, config(v)), custodian(t, v), v.Rotate)
	})
}

// counter counts the calls of each operation.
type counter struct{ calls, items, failures atomic.Int64 }

func (c *counter) watch(config transit.Config, operation string) transit.Config {
	config.Now = time.Now
	config.OnCall = func(called string, items int, _ time.Duration, err error) {
		if called == operation {
			c.calls.Add(1)
			c.items.Add(int64(items))
		}
		if err != nil {
			c.failures.Add(1)
		}
	}
	return config
}

func values(n int) []vault.EncryptItem {
	items := make([]vault.EncryptItem, n)
	for i := range items {
		user := uuid.New()
		items[i] = vault.EncryptItem{
			Place: vault.Place{User: user, Field: "email"}, Value: vault.NewPlain(user.String()), Reference: uuid.New(),
		}
	}
	return items
}

func TestConcurrentCallersShareCalls(t *testing.T) {
	var decrypts counter
	e := open(t, decrypts.watch(config(daemon.Vault(t)), "decrypt"))
	const callers, each = 64, 5
	sent := values(callers * each)
	encrypted, err := e.Encrypter().Encrypt(t.Context(), sent)
	if err != nil {
		t.Fatal(err)
	}
	start := make(chan struct{})
	var all sync.WaitGroup
	for caller := range callers {
		all.Go(func() {
			items := make([]vault.DecryptItem, each)
			for i := range items {
				at := caller*each + i
				items[i] = vault.DecryptItem{Place: sent[at].Place, Ciphertext: encrypted[at].Ciphertext, Reference: uuid.New()}
			}
			<-start
			answers, err := e.Decrypter().Decrypt(t.Context(), items)
			for i := range answers {
				if err != nil || answers[i].Err != nil || answers[i].Value.Reveal() != items[i].User.String() {
					t.Errorf("caller %d: %v, %v", caller, answers[i].Err, err)
				}
			}
		})
	}
	close(start)
	all.Wait()
	if calls := decrypts.calls.Load(); calls > callers/4 || decrypts.items.Load() != callers*each {
		t.Fatalf("%d callers needed %d calls for %d items", callers, calls, decrypts.items.Load())
	}
}

func TestManyItemsAreSplitIntoCallsThatVaultTakes(t *testing.T) {
	var encrypts counter
	e := open(t, encrypts.watch(config(daemon.Vault(t)), "encrypt"))
	sent := values(2_500)
	for i := range 40 { // 40 values of 64 KiB are over three batches of 1 MiB
		sent[i*60].Value = vault.NewPlain(strings.Repeat("a", vault.MaxPlaintext))
	}
	answers, err := e.Encrypter().Encrypt(t.Context(), sent)
	if err != nil {
		t.Fatal(err)
	}
	for i, answer := range answers {
		if answer.Err != nil {
			t.Fatalf("item %d: %v", i, answer.Err)
		}
	}
	if calls := encrypts.calls.Load(); calls < 4 || calls > 10 || encrypts.failures.Load() != 0 {
		t.Fatalf("%d calls, %d failures", calls, encrypts.failures.Load())
	}
}

func TestVaultsOwnAuditLogShowsTheEventOfEachItem(t *testing.T) {
	v := daemon.Vault(t)
	e := open(t, config(v))
	item := values(1)
	if _, err := e.Encrypter().Encrypt(t.Context(), item); err != nil {
		t.Fatal(err)
	}
	secret, err := v.Client(v.Token).Logical().WriteWithContext(t.Context(), "sys/audit-hash/file", map[string]any{"input": item[0].Reference.String()})
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(v.AuditLog)
	if err != nil {
		t.Fatal(err)
	}
	hash, ok := secret.Data["hash"].(string)
	shown := 0
	for line := range strings.Lines(string(log)) {
		if strings.Contains(line, v.Mount+"/encrypt/kelisim-pii") && strings.Contains(line, hash) {
			shown++
		}
	}
	if !ok || shown != 2 { // the request and the response
		t.Fatalf("the event's id, as %q, is in %d entries of encryption", hash, shown)
	}
	if bytes.Contains(log, []byte(item[0].Value.Reveal())) {
		t.Fatal("the value is in the log")
	}
}

func TestPepperIsPinnedToItsVersion(t *testing.T) {
	v := daemon.Vault(t)
	e := open(t, config(v))
	first, err := e.Pepper(t.Context(), 1)
	if err != nil || len(first) != 32 {
		t.Fatalf("%x, %v", first, err)
	}
	v.Rotate(e.IndexKey())
	if again, err := e.Pepper(t.Context(), 1); err != nil || !bytes.Equal(again, first) {
		t.Errorf("the pepper changed with the rotation, or %v", err)
	}
	if second, err := e.Pepper(t.Context(), 2); err != nil || bytes.Equal(second, first) {
		t.Errorf("version 2 has the pepper of version 1, or %v", err)
	}
	if _, err := e.Pepper(t.Context(), 3); !errors.Is(err, vault.ErrUnavailable) {
		t.Errorf("version 3 answered %v", err)
	}
	if _, err := e.Pepper(t.Context(), 0); !errors.Is(err, vault.ErrUnavailable) {
		t.Errorf("version 0 answered %v", err)
	}
	if digest, err := e.Encrypter().Index(t.Context(), 1, []vault.IndexItem{{Field: "f"}}); err != nil || digest[0].Digest == hex.EncodeToString(first) {
		t.Errorf("an index has the pepper, or %v", err)
	}
}

func TestLatestVersionFollowsRotations(t *testing.T) {
	v := daemon.Vault(t)
	e := open(t, config(v))
	for want := 1; want <= 2; want++ {
		if got, err := e.LatestVersion(t.Context(), e.DataKey()); err != nil || got != want {
			t.Fatalf("version %d, want %d; %v", got, want, err)
		}
		v.Rotate(e.DataKey())
	}
	if _, err := e.LatestVersion(t.Context(), "kelisim-other"); !errors.Is(err, transit.ErrForbidden) {
		t.Fatalf("a key that the policy does not name answered %v", err)
	}
}

func TestMissingKeyIsAnErrorAndNotANewKey(t *testing.T) {
	v := daemon.Vault(t)
	c := config(v)
	c.Prefix = "absent"
	c.EncryptLogin, c.DecryptLogin = fixed(v.Token), fixed(v.Token) // root's, which may do anything
	e := open(t, c)
	answers, err := e.Encrypter().Encrypt(t.Context(), values(1))
	if err != nil || !errors.Is(answers[0].Err, vault.ErrUnavailable) {
		t.Fatalf("%v, %v", answers, err)
	}
	if err := e.Healthy(t.Context()); !errors.Is(err, vault.ErrUnavailable) {
		t.Fatalf("healthy without keys: %v", err)
	}
}

func TestOldVersionThatVaultNoLongerDecryptsIsUndecryptable(t *testing.T) {
	v := daemon.Vault(t)
	e := open(t, config(v))
	items := values(1)
	encrypted, err := e.Encrypter().Encrypt(t.Context(), items)
	if err != nil {
		t.Fatal(err)
	}
	v.Rotate(e.DataKey())
	v.Write("keys/"+e.DataKey()+"/config", map[string]any{"min_decryption_version": 2})
	answers, err := e.Decrypter().Decrypt(t.Context(), []vault.DecryptItem{{Place: items[0].Place, Ciphertext: encrypted[0].Ciphertext}})
	if err != nil || !errors.Is(answers[0].Err, vault.ErrUndecryptable) {
		t.Fatalf("%v, %v", answers, err)
	}
}

func TestHalfConfiguredEngineIsRefused(t *testing.T) {
	token := fixed("t")
	for name, c := range map[string]transit.Config{
		"no address":       {EncryptLogin: token, DecryptLogin: token},
		"one login":        {Address: "http://127.0.0.1:1", EncryptLogin: token},
		"an empty token":   {Address: "http://127.0.0.1:1", EncryptLogin: token, DecryptLogin: fixed(" \n")},
		"no clock":         {Address: "http://127.0.0.1:1", EncryptLogin: token, DecryptLogin: token, OnCall: func(string, int, time.Duration, error) {}},
		"a missing CA":     {Address: "https://127.0.0.1:1", EncryptLogin: token, DecryptLogin: token, TLS: transit.TLS{CACert: "missing.pem"}},
		"an unread token":  {Address: "http://127.0.0.1:1", EncryptLogin: token, DecryptLogin: transit.TokenFile("missing")},
		"no valid address": {Address: "http://[", EncryptLogin: token, DecryptLogin: token},
	} {
		if _, err := transit.New(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for name, c := range map[string]transit.Config{
		"no login to rewrap": {Address: "http://127.0.0.1:1", EncryptLogin: token, DecryptLogin: token},
		"no address":         {RewrapLogin: token},
		"an empty token":     {Address: "http://127.0.0.1:1", RewrapLogin: fixed("")},
	} {
		if _, err := transit.NewRewrapper(c); err == nil {
			t.Errorf("rewrapping with %s: accepted", name)
		}
		c.ReindexLogin = c.RewrapLogin
		if _, err := transit.NewReindexer(c); err == nil {
			t.Errorf("reindexing with %s: accepted", name)
		}
	}
}
