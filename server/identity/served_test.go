package identity

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/kelisim/kelisim/vault"
)

// served is an OpenID Connect provider over HTTPS: discovery and keys.
type served struct {
	*httptest.Server
	asked atomic.Int64 // for keys

	mu     sync.Mutex
	keys   []jose.JSONWebKey
	answer http.HandlerFunc // instead of its own, when not nil
}

func serve(t *testing.T) *served {
	s := &served{}
	s.Server = httptest.NewTLSServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *served) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	keys, answer := jose.JSONWebKeySet{Keys: s.keys}, s.answer
	s.mu.Unlock()
	if answer != nil {
		answer(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path == "/.well-known/openid-configuration" {
		_, _ = fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, s.URL, s.URL+"/keys")
		return
	}
	s.asked.Add(1)
	if err := json.NewEncoder(w).Encode(keys); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// answers makes the provider answer otherwise; nil brings it back.
func (s *served) answers(with http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = with
}

// rotate replaces the provider's keys by a new one, which it answers.
func (s *served) rotate(t *testing.T, kid string) *ecdsa.PrivateKey {
	key := newKey(t)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = []jose.JSONWebKey{{Key: key.Public(), KeyID: kid, Algorithm: oidc.ES256, Use: "sig"}}
	return key
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// sign makes a bearer header of claims.
func sign(t *testing.T, alg jose.SignatureAlgorithm, key any, headers map[jose.HeaderKey]any, claims map[string]any) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, &jose.SignerOptions{ExtraHeaders: headers})
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return "Bearer " + token
}

// fakeClock stands still until it is told otherwise.
type fakeClock struct{ ms atomic.Int64 }

func (c *fakeClock) now() time.Time          { return time.UnixMilli(c.ms.Load()) }
func (c *fakeClock) advance(d time.Duration) { c.ms.Add(d.Milliseconds()) }

// counting counts the signatures that are looked at.
type counting struct {
	oidc.KeySet
	looked atomic.Int64
}

func (c *counting) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	c.looked.Add(1)
	return c.KeySet.VerifySignature(ctx, jwt)
}

// world is two issuers, a provider that believes them, and a clock.
type world struct {
	t                *testing.T
	clock            *fakeClock
	customers, staff *served
	signs            map[*served]*ecdsa.PrivateKey
	apps             AppOf
	*Provider
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, clock: &fakeClock{}, customers: serve(t), staff: serve(t)}
	w.clock.ms.Store(1_790_000_000_000)
	w.signs = map[*served]*ecdsa.PrivateKey{
		w.customers: w.customers.rotate(t, "one"), w.staff: w.staff.rotate(t, "one"),
	}
	w.apps = func(_ context.Context, audience string) (string, bool, error) {
		app, ok := map[string]string{"dala-mobile": "dala", "dala-web": "dala", "egin-mobile": "egin"}[audience]
		return app, ok, nil
	}
	p, err := New(Options{
		Config: Config{
			Issuers: []Issuer{
				{
					URL: w.customers.URL, Kind: Customers, Algorithms: []string{oidc.ES256},
					Audiences: []string{"dala-mobile", "dala-web", "egin-mobile", "orphan"},
				},
				{
					URL: w.staff.URL, Kind: Staff, Algorithms: []string{oidc.ES256}, Audiences: []string{"kelisim", "back-office"},
					RolesClaim: "realm_access.roles",
					Roles: map[string]vault.Role{
						"k-service": vault.Machine, "k-support": vault.Support, "k-compliance": vault.Compliance, "k-auditor": vault.Auditor,
					},
				},
			},
			Services: []Service{
				{Issuer: w.staff.URL, Subject: "crm", Apps: []string{"dala"}, Purposes: []string{"contact"}},
				{Issuer: w.staff.URL, ClientID: "mailer", Apps: []string{"dala", "egin"}, Purposes: []string{"improve"}},
			},
		},
		AppOf:     func(ctx context.Context, audience string) (string, bool, error) { return w.apps(ctx, audience) },
		Clock:     w.clock.now,
		Transport: w.transport(),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Provider = p
	return w
}

// transport trusts both servers.
func (w *world) transport() http.RoundTripper {
	transport, ok := w.customers.Client().Transport.(*http.Transport)
	if !ok {
		w.t.Fatal("the test server's client has another transport")
	}
	transport = transport.Clone()
	transport.TLSClientConfig.RootCAs.AddCert(w.staff.Certificate())
	return transport
}

// claims of a good token of an issuer, with some of them replaced; a nil
// removes one.
func (w *world) claims(of *served, with map[string]any) map[string]any {
	now := w.clock.now().Unix()
	all := map[string]any{"iss": of.URL, "sub": "u-1", "aud": "dala-mobile", "iat": now, "exp": now + 300}
	if of == w.staff {
		all["sub"], all["aud"] = "c-1", "kelisim"
	}
	maps.Copy(all, with)
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	return all
}

func (w *world) token(of *served, with map[string]any) string {
	return sign(w.t, jose.ES256, w.signs[of], map[jose.HeaderKey]any{"kid": "one"}, w.claims(of, with))
}

func (w *world) caller(authorization ...string) Caller {
	w.t.Helper()
	c, err := w.Authenticate(w.t.Context(), authorization...)
	if err != nil {
		w.t.Fatalf("the caller is refused: %v", err)
	}
	return c
}

// refused asserts the code, and answers the message.
func (w *world) refused(code vault.Code, authorization ...string) string {
	w.t.Helper()
	c, err := w.Authenticate(w.t.Context(), authorization...)
	if vault.CodeOf(err) != code || err == nil {
		w.t.Fatalf("got %v, want %s", err, code)
	}
	if c.Actor.Subject != "" || len(c.Actor.Roles) != 0 {
		w.t.Fatal("an error comes with a caller")
	}
	return err.Error()
}

// becomes waits until a token is answered with a code, or accepted ("").
// go-oidc lets a verification join a fetch of keys that has just ended, and
// that knows nothing of what happened since.
func (w *world) becomes(code vault.Code, authorization string) {
	w.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		_, err := w.Authenticate(w.t.Context(), authorization)
		if err == nil && code == "" || err != nil && vault.CodeOf(err) == code {
			return
		}
		if time.Now().After(deadline) {
			w.t.Errorf("got %v, want %q", err, code)
			return
		}
		runtime.Gosched()
	}
}

func (w *world) count(of *served) *counting {
	is := w.issuers[of.URL]
	c := &counting{KeySet: is.keys}
	is.keys = c
	return c
}

func public(key crypto.Signer) jose.JSONWebKey { return jose.JSONWebKey{Key: key.Public()} }
