// Package idptest is an OpenID Connect provider for tests: zitadel/oidc's, over
// HTTPS on loopback. It does all that a company's provider does, the login by
// authorization code with PKCE and the renewal of tokens among it, and it can be
// told to change its keys or to be away. Only tests link it.
package idptest

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// User is somebody who can sign in, by naming themselves.
type User struct {
	Subject string
	Claims  map[string]any // in the access token, besides what a provider says anyway
}

// Client is a program that users sign in to: a public one, without a secret.
type Client struct {
	ID        string
	Audiences []string // of its access tokens
	Redirect  string
	Lifetime  time.Duration // of its access tokens; zero: over when they are issued
	Ahead     time.Duration // how far the provider's clock is ahead when it issues them
}

// Provider is a running provider.
type Provider struct {
	URL string

	clock   func() time.Time
	handler http.Handler

	mu      sync.Mutex
	server  *httptest.Server // nil while it is down
	users   map[string]User
	clients map[string]Client
	keys    []signingKey // the last one signs, all are published
	pending map[string]*login
	codes   map[string]string  // login by code
	renewed map[string]renewal // by refresh token
	asked   map[string]int     // requests by path
	serial  int
}

// Start starts a provider at an address of its own.
func Start(clock func() time.Time) (*Provider, error) {
	p := &Provider{
		clock: clock, users: map[string]User{}, clients: map[string]Client{}, pending: map[string]*login{},
		codes: map[string]string{}, renewed: map[string]renewal{}, asked: map[string]int{},
	}
	if err := p.Rotate(); err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("idptest: %w", err)
	}
	p.URL = "https://" + listener.Addr().String()
	provider, err := op.NewProvider(&op.Config{
		CryptoKey: sha256.Sum256([]byte(p.URL)), CodeMethodS256: true, GrantTypeRefreshToken: true,
	}, storage{p}, op.StaticIssuer(p.URL))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("idptest: %w", err), listener.Close())
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /login", p.ask)
	mux.Handle("POST /login", op.NewIssuerInterceptor(provider.IssuerFromRequest).HandlerFunc(p.signedIn(op.AuthCallbackURL(provider))))
	mux.Handle("/", provider)
	p.handler = p.counted(mux)
	p.serve(listener)
	return p, nil
}

func (p *Provider) serve(on net.Listener) {
	server := httptest.NewUnstartedServer(p.handler)
	_ = server.Listener.Close() // the one that it made for itself
	server.Listener = on
	server.StartTLS()
	p.server = server
}

// Down stops it. Whoever asks is refused a connection.
func (p *Provider) Down() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.server != nil {
		p.server.CloseClientConnections()
		p.server.Close()
		p.server = nil
	}
}

// Up brings it back at its address.
func (p *Provider) Up() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", p.URL[len("https://"):])
	if err != nil {
		return fmt.Errorf("idptest: %w", err)
	}
	p.serve(listener)
	return nil
}

// Certificate is what its clients have to trust, PEM.
func (p *Provider) Certificate() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.server.Certificate().Raw})
}

// Transport is the way of a client that trusts it.
func (p *Provider) Transport() http.RoundTripper {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(p.Certificate())
	return &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true}
}

// Add makes users and clients known; one of a known name takes its place.
func (p *Provider) Add(users []User, clients ...Client) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, u := range users {
		p.users[u.Subject] = u
	}
	for _, c := range clients {
		p.clients[c.ID] = c
	}
}

// Rotate makes a new key and signs with it. Those before are published no longer.
func (p *Provider) Rotate() error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return fmt.Errorf("idptest: making a key: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys = []signingKey{{"key-" + strconv.Itoa(p.number()), key}}
	return nil
}

// PublicKey is the key that verifies its tokens now.
func (p *Provider) PublicKey() *rsa.PublicKey {
	p.mu.Lock()
	defer p.mu.Unlock()
	return &p.keys[0].key.PublicKey
}

// Asked is how often a path was asked for.
func (p *Provider) Asked(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked[path]
}

func (p *Provider) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.asked[r.URL.Path]++
		p.mu.Unlock()
		next.ServeHTTP(w, r)
	})
}

// number is the next of a series; the lock is held.
func (p *Provider) number() int {
	p.serial++
	return p.serial
}

// signingKey is op's SigningKey.
type signingKey struct {
	id  string
	key *rsa.PrivateKey
}

// SignatureAlgorithm implements op.SigningKey.
func (signingKey) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.RS256 }

// Key implements op.SigningKey.
func (k signingKey) Key() any { return k.key }

// ID implements op.SigningKey.
func (k signingKey) ID() string { return k.id }

// publicKey is op's Key.
type publicKey struct{ signingKey }

// Algorithm implements op.Key.
func (publicKey) Algorithm() jose.SignatureAlgorithm { return jose.RS256 }

// Use implements op.Key.
func (publicKey) Use() string { return "sig" }

// Key implements op.Key.
func (k publicKey) Key() any { return &k.key.PublicKey }
