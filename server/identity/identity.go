// Package identity answers who calls: it turns the bearer token of a request
// into a vault.Actor, and believes only the issuers of its configuration.
//
// Tokens are JWTs of OpenID Connect providers. An issuer of customers makes
// people and nothing else; an issuer of staff makes the roles that the
// configuration lets it grant. What was verified is kept for at most
// KeepVerified, so that a busy server checks few signatures; a token that the
// provider revokes, or a role that it takes away, counts for that long.
package identity

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/kelisim/kelisim/vault"
)

const (
	// KeepVerified is how long a verified token is believed without looking at
	// its signature again; never past its expiry.
	KeepVerified = time.Minute
	// Skew is how far an issuer's clock may be ahead of ours.
	Skew = time.Minute
	// MaxToken is the size of the longest token that is read, in bytes.
	MaxToken = 8 << 10

	keptTokens = 8192
)

// Caller is who calls.
type Caller struct {
	// Actor is what the token proved. ID, RequestID and Network are left to
	// whoever knows them. Its slices are shared: they are read only.
	Actor vault.Actor
	// Name is the display name of a colleague or a service, empty when the
	// token has none.
	Name vault.Plain
}

// AppOf answers which app a token's audience stands for, and whether there is
// one.
type AppOf func(ctx context.Context, audience string) (code string, ok bool, err error)

// Options are what a Provider is made of.
type Options struct {
	Config Config
	AppOf  AppOf
	Clock  func() time.Time
	// Transport reaches the issuers; nil is http.DefaultTransport.
	Transport http.RoundTripper
	// Dev adds the development issuers, lets issuers of Config be http on a
	// loopback address, and lets there be none. It is nil in production.
	Dev *Dev
}

// Provider authenticates callers. It is safe for concurrent use.
type Provider struct {
	appOf    AppOf
	clock    func() time.Time
	issuers  map[string]*issuer // by the URL in `iss`
	order    []*issuer          // as configured
	services []Service
	kept     *lru.Cache[[sha256.Size]byte, kept]
}

// kept is a token that was verified, and the span in which that counts.
type kept struct {
	caller      Caller
	from, until time.Time
}

// New makes a provider. It asks no issuer for anything yet: their keys are
// fetched when the first token needs them. The error names everything that is
// wrong with the configuration.
func New(o Options) (*Provider, error) {
	if err := o.Config.Validate(o.Dev != nil); err != nil {
		return nil, err
	}
	cache, err := lru.New[[sha256.Size]byte, kept](keptTokens)
	if err != nil {
		return nil, fmt.Errorf("identity: making the cache of tokens: %w", err)
	}
	p := &Provider{
		appOf: o.AppOf, clock: o.Clock, issuers: map[string]*issuer{}, services: o.Config.Services, kept: cache,
	}
	transport := o.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	for _, is := range o.Config.Issuers {
		p.add(&issuer{Issuer: is, keys: newRemote(is.URL, transport, o.Clock)})
	}
	if o.Dev != nil {
		dev := o.Dev.Config()
		for _, is := range dev.Issuers {
			p.add(&issuer{Issuer: is, keys: o.Dev.keySet(is.Kind)})
		}
		p.services = slices.Concat(p.services, dev.Services)
	}
	return p, nil
}

func (p *Provider) add(is *issuer) {
	p.issuers[is.URL] = is
	p.order = append(p.order, is)
}

// CustomerIssuers are the issuers that make people, in the configured order:
// those in which a person may be looked up by subject.
func (p *Provider) CustomerIssuers() []string {
	var urls []string
	for _, is := range p.order {
		if is.Kind == Customers {
			urls = append(urls, is.URL)
		}
	}
	return urls
}

// ConsoleClients are the issuers at which colleagues sign in from the console, in
// the configured order.
func (p *Provider) ConsoleClients() []Issuer {
	var out []Issuer
	for _, is := range p.order {
		if is.Console != nil {
			out = append(out, is.Issuer)
		}
	}
	return out
}

// Check asks every issuer whose keys are not known yet for its configuration,
// for readiness. The error names those that do not answer.
func (p *Provider) Check(ctx context.Context) error {
	var errs []error
	for _, is := range p.order {
		if r, ok := is.keys.(*remote); ok {
			if _, err := r.keySet(ctx); err != nil {
				errs = append(errs, fmt.Errorf("issuer %s: %w", is.URL, brief(err)))
			}
		}
	}
	return errors.Join(errs...)
}

// Authenticate answers who calls, given the values of the request's
// Authorization headers. Without any the caller is anonymous: an Actor without
// roles. UNAUTHENTICATED says in general terms what is wrong with the token,
// and never repeats a part of it; UNAVAILABLE means that the token could not
// be judged now.
func (p *Provider) Authenticate(ctx context.Context, authorization ...string) (Caller, error) {
	raw, err := bearer(authorization)
	if err != nil || raw == "" {
		return Caller{}, err
	}
	key := sha256.Sum256([]byte(raw))
	now := p.clock()
	if k, ok := p.kept.Get(key); ok && !now.Before(k.from) && now.Before(k.until) {
		return k.caller, nil
	}
	is, err := p.issuerOf(raw)
	if err != nil {
		return Caller{}, err
	}
	c, err := is.verify(ctx, raw, now)
	if err != nil {
		return Caller{}, err
	}
	caller, err := p.caller(ctx, is, c)
	if err != nil {
		return Caller{}, err
	}
	until := now.Add(KeepVerified)
	if c.expiry.Before(until) {
		until = c.expiry
	}
	p.kept.Add(key, kept{caller, now, until})
	return caller, nil
}

// issuerOf picks the issuer whose keys have to verify the token. Nothing that
// it reads is believed: the verifier reads it again.
func (p *Provider) issuerOf(raw string) (*issuer, error) {
	u, err := peek(raw)
	if err != nil {
		return nil, err
	}
	is, ok := p.issuers[u.issuer]
	if !ok {
		return nil, refuse("the token's issuer is not configured here; ask for a token of one that is")
	}
	return is, is.accepts(u)
}

// refuse answers that the token proves nothing, and why.
func refuse(why string) *vault.Error { return vault.NewError(vault.CodeUnauthenticated, why) }
