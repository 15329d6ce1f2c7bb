package identity

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"

	"github.com/kelisim/kelisim/vault"
)

func TestKeysRotateWhileServing(t *testing.T) {
	w := newWorld(t)
	old := w.token(w.customers, nil)
	w.caller(old)
	key := w.customers.rotate(t, "two")
	fresh := sign(t, jose.ES256, key, map[jose.HeaderKey]any{"kid": "two"}, w.claims(w.customers, nil))
	w.becomes("", fresh)
	w.caller(old) // verified a moment ago
	w.clock.advance(KeepVerified)
	w.refused(vault.CodeUnauthenticated, old)
	w.caller(fresh)
}

func TestForgedTokensDoNotBecomeAStreamOfRequests(t *testing.T) {
	w := newWorld(t)
	w.caller(w.token(w.customers, nil))
	stranger := newKey(t)
	for i := range 100 {
		w.refused(vault.CodeUnauthenticated, sign(t, jose.ES256, stranger, map[jose.HeaderKey]any{"kid": strconv.Itoa(i)}, w.claims(w.customers, nil)))
	}
	if asked := w.customers.asked.Load(); asked > fetchBurst {
		t.Errorf("keys were fetched %d times", asked)
	}
	w.clock.advance(fetchPause)
	key := w.customers.rotate(t, "new")
	w.becomes("", sign(t, jose.ES256, key, map[jose.HeaderKey]any{"kid": "new"}, w.claims(w.customers, nil)))
}

func TestProviderThatIsDownIsUnavailableUntilItIsUp(t *testing.T) {
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	says := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }
	}
	faults := map[string]http.HandlerFunc{
		"500":               status(http.StatusInternalServerError),
		"404":               status(http.StatusNotFound),
		"no JSON":           says("<html>"),
		"another issuer":    says(`{"issuer":"https://other.example","jwks_uri":"https://other.example/keys"}`),
		"endless":           says(`{"keys":"` + strings.Repeat("x", maxFetched) + `"}`),
		"closed connection": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"redirect to http": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound)
		},
	}
	for name, fault := range faults {
		t.Run("discovery: "+name, func(t *testing.T) {
			w := newWorld(t)
			token := w.token(w.customers, nil)
			w.customers.answers(fault)
			for range 2 * fetchBurst {
				w.refused(vault.CodeUnavailable, token)
			}
			if err := w.Check(t.Context()); err == nil || !strings.Contains(err.Error(), w.customers.URL) {
				t.Errorf("the check says %v", err)
			}
			w.caller(w.token(w.staff, nil)) // the other issuer does not mind
			w.customers.answers(nil)
			w.clock.advance(2 * fetchPause)
			w.caller(token)
			if err := w.Check(t.Context()); err != nil {
				t.Errorf("the check says %v", err)
			}
		})
		if name == "another issuer" {
			continue // where keys are, it is a set without keys
		}
		t.Run("keys: "+name, func(t *testing.T) {
			w := newWorld(t)
			known := w.token(w.customers, nil)
			w.caller(known)
			key := w.customers.rotate(t, "two")
			w.customers.answers(fault)
			fresh := sign(t, jose.ES256, key, map[jose.HeaderKey]any{"kid": "two"}, w.claims(w.customers, nil))
			w.becomes(vault.CodeUnavailable, fresh)
			w.clock.advance(KeepVerified)
			w.caller(known) // its key is known
			w.customers.answers(nil)
			w.becomes("", fresh)
		})
	}
}

func TestDiscoveryWithoutKeysIsUnavailable(t *testing.T) {
	w := newWorld(t)
	for _, keys := range []string{"", "http://127.0.0.1:1/keys", "http://keys.example/"} {
		w.customers.answers(func(rw http.ResponseWriter, _ *http.Request) {
			_, _ = fmt.Fprintf(rw, `{"issuer":%q,"jwks_uri":%q}`, w.customers.URL, keys)
		})
		w.issuers[w.customers.URL].keys = newRemote(w.customers.URL, w.transport(), w.clock.now)
		message := w.refused(vault.CodeUnavailable, w.token(w.customers, nil))
		if !strings.Contains(message, "jwks_uri") && !strings.Contains(message, "https only") {
			t.Errorf("%q: got %s", keys, message)
		}
	}
}

// roundTripper answers calls as it is told.
type roundTripper func(*http.Request) (*http.Response, error)

func (r roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return r(request) }

func TestWhatIsWrongWithAnIssuerIsSaidWithoutItsAddress(t *testing.T) {
	const host, resolver = "sso.corp.example", "192.0.2.53"
	fails := func(err error) http.RoundTripper {
		return roundTripper(func(*http.Request) (*http.Response, error) { return nil, err })
	}
	answers := func(status int, body string) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, Status: "as asked for", Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
		})
	}
	untrusting := serve(t)
	for name, test := range map[string]struct {
		issuer    string
		transport http.RoundTripper
		cause     string
	}{
		"unknown name":        {"", fails(&net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: host, Server: resolver + ":53"}}), "could not be looked up"},
		"nobody there":        {"https://127.0.0.1:1", http.DefaultTransport, "connect: connection refused"},
		"too slow":            {"", fails(&net.OpError{Op: "read", Net: "tcp", Addr: &net.TCPAddr{IP: net.ParseIP(resolver), Port: 443}, Err: os.ErrDeadlineExceeded}), "no answer in time"},
		"given up":            {"", fails(fmt.Errorf("%s: %w", host, context.DeadlineExceeded)), "deadline exceeded"},
		"stranger":            {untrusting.URL, http.DefaultTransport, "certificate is not trusted"},
		"closed":              {"", fails(io.EOF), "closed the connection"},
		"broken":              {"", answers(500, "no database at "+resolver), "status 500"},
		"not there":           {"", answers(404, "nothing at "+host), "status 404"},
		"another's":           {"", answers(200, `{"issuer":"https://`+resolver+`","jwks_uri":"https://`+resolver+`/keys"}`), "neither the configuration"},
		"no JSON":             {"", answers(200, "<html>"+resolver), "neither the configuration"},
		"what nobody thought": {"", fails(errors.New("proxy " + resolver + " is odd")), "could not be asked"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			issuer := cmp.Or(test.issuer, "https://"+host)
			w.issuers[w.customers.URL].keys = newRemote(issuer, test.transport, w.clock.now)
			message := w.refused(vault.CodeUnavailable, w.token(w.customers, nil))
			if !strings.Contains(message, test.cause) {
				t.Errorf("got %q, want %q", message, test.cause)
			}
			for _, address := range []string{issuer, host, resolver, "127.0.0.1", "://"} {
				if strings.Contains(message, address) {
					t.Errorf("%q holds %q", message, address)
				}
			}
		})
	}
}

func TestCallerWhoLeavesDoesNotEndDiscovery(t *testing.T) {
	w := newWorld(t)
	arrived, proceed := make(chan struct{}), make(chan struct{})
	var once sync.Once
	w.customers.answers(func(rw http.ResponseWriter, r *http.Request) {
		once.Do(func() { close(arrived) })
		<-proceed
		w.customers.answers(nil)
		w.customers.ServeHTTP(rw, r)
	})
	token := w.token(w.customers, nil)
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan error)
	go func() {
		_, err := w.Authenticate(ctx, token)
		left <- err
	}()
	<-arrived
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) || vault.CodeOf(err) != vault.CodeUnavailable {
		t.Errorf("got %v", err)
	}
	close(proceed)
	w.caller(token)
}

func TestIssuerOnLoopbackIsForDevelopmentOnly(t *testing.T) {
	w := newWorld(t)
	plain := &served{}
	plain.Server = httptest.NewServer(plain)
	t.Cleanup(plain.Close)
	w.signs[plain] = plain.rotate(t, "one")
	o := Options{
		Config: Config{Issuers: []Issuer{{URL: plain.URL, Kind: Customers, Audiences: []string{"dala-mobile"}, Algorithms: []string{oidc.ES256}}}},
		Clock:  w.clock.now, AppOf: dala,
	}
	if _, err := New(o); err == nil || !strings.Contains(err.Error(), "https only") {
		t.Errorf("got %v", err)
	}
	dev, err := NewDev(t.TempDir(), w.clock.now)
	if err != nil {
		t.Fatal(err)
	}
	o.Dev = dev
	if w.Provider, err = New(o); err != nil {
		t.Fatal(err)
	}
	w.caller(w.token(plain, nil))
}

func TestVerifiedTokenIsKeptForAMinute(t *testing.T) {
	w := newWorld(t)
	looked := &w.count(w.customers).looked
	token := w.token(w.customers, nil)
	for range 10 {
		w.caller(token)
	}
	if n := looked.Load(); n != 1 {
		t.Errorf("the signature was looked at %d times", n)
	}
	w.clock.advance(KeepVerified - time.Millisecond)
	w.caller(token)
	if n := looked.Load(); n != 1 {
		t.Errorf("within a minute it was looked at %d times", n)
	}
	w.clock.advance(time.Millisecond)
	w.caller(token)
	if n := looked.Load(); n != 2 {
		t.Errorf("after a minute it was looked at %d times", n)
	}
	w.clock.advance(-time.Hour) // a clock that was put back
	w.refused(vault.CodeUnauthenticated, token)
}

func TestVerifiedTokenIsNotKeptPastItsExpiry(t *testing.T) {
	w := newWorld(t)
	token := w.token(w.customers, map[string]any{"exp": w.clock.now().Unix() + 10})
	w.caller(token)
	w.clock.advance(10*time.Second - time.Millisecond)
	w.caller(token)
	w.clock.advance(time.Millisecond)
	if message := w.refused(vault.CodeUnauthenticated, token); !strings.Contains(message, "expired") {
		t.Errorf("got %s", message)
	}
}

func TestRefusalIsNotKept(t *testing.T) {
	w := newWorld(t)
	token := w.token(w.customers, map[string]any{"nbf": w.clock.now().Unix() + 61})
	w.refused(vault.CodeUnauthenticated, token)
	w.clock.advance(time.Second)
	w.caller(token)
}

func TestManyTokensAreKeptInABoundedSpace(t *testing.T) {
	w := newWorld(t)
	w.kept.Resize(2)
	looked := &w.count(w.customers).looked
	first := w.token(w.customers, nil)
	for _, token := range []string{first, w.token(w.customers, map[string]any{"sub": "2"}), w.token(w.customers, map[string]any{"sub": "3"}), first} {
		w.caller(token)
	}
	if n := looked.Load(); n != 4 {
		t.Errorf("the signatures were looked at %d times", n)
	}
}

func TestManyCallersAtOnceWhileKeysRotate(t *testing.T) {
	w := newWorld(t)
	tokens := []string{w.token(w.customers, nil), w.token(w.staff, nil)}
	for range 4 {
		tokens = append(tokens, w.token(w.customers, map[string]any{"jti": len(tokens)}))
	}
	var callers sync.WaitGroup
	for i := range 32 {
		callers.Go(func() {
			for range 20 {
				if c, err := w.Authenticate(t.Context(), tokens[i%len(tokens)]); err != nil || c.Actor.Subject == "" {
					t.Errorf("got %v", err)
				}
			}
		})
	}
	callers.Wait()
	key := w.customers.rotate(t, "two")
	for i := range 16 {
		fresh := sign(t, jose.ES256, key, map[jose.HeaderKey]any{"kid": "two"}, w.claims(w.customers, map[string]any{"jti": i}))
		callers.Go(func() { w.becomes("", fresh) })
	}
	callers.Wait()
}
