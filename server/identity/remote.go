package identity

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"
)

// How an issuer is asked: each call within fetchTimeout and maxFetched, a few
// at once when keys rotate, and then one per fetchPause whatever tokens come.
const (
	fetchTimeout = 5 * time.Second
	fetchPause   = 5 * time.Second
	fetchBurst   = 6
	maxFetched   = 1 << 20
)

// observed is the key set of one verification. It tells apart what go-oidc's
// verifier puts into one text: keys that could not be fetched, and keys that
// do not fit.
type observed struct {
	oidc.KeySet
	unreachable error
	refused     bool
}

// VerifySignature implements oidc.KeySet.
func (o *observed) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	payload, err := o.KeySet.VerifySignature(ctx, jwt)
	if err != nil {
		// A key set wraps what kept it from its keys; that no key fits is an
		// error of its own.
		if errors.Unwrap(err) != nil {
			o.unreachable = brief(err)
		} else {
			o.refused = true
		}
	}
	return payload, err
}

// remote is the key set of an issuer that is found by discovery, when the
// first token needs it and again until it answers.
type remote struct {
	url    string
	client *http.Client
	flight singleflight.Group
	found  atomic.Pointer[oidc.RemoteKeySet]
}

func newRemote(issuer string, transport http.RoundTripper, clock func() time.Time) *remote {
	polite := &polite{
		next: transport, clock: clock,
		limit: rate.NewLimiter(rate.Every(fetchPause), fetchBurst),
		plain: strings.HasPrefix(issuer, "http:"),
	}
	return &remote{url: issuer, client: &http.Client{Transport: polite, Timeout: fetchTimeout}}
}

// VerifySignature implements oidc.KeySet.
func (r *remote) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	keys, err := r.keySet(ctx)
	if err != nil {
		return nil, fmt.Errorf("discovering the issuer: %w", err)
	}
	return keys.VerifySignature(ctx, jwt)
}

func (r *remote) keySet(ctx context.Context) (*oidc.RemoteKeySet, error) {
	if keys := r.found.Load(); keys != nil {
		return keys, nil
	}
	// Discovery serves everybody who waits, and what it finds outlives them:
	// it belongs to no request.
	shared := oidc.ClientContext(context.Background(), r.client)
	done := r.flight.DoChan("", func() (any, error) { return nil, r.discover(shared) })
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case result := <-done:
		if result.Err != nil {
			return nil, result.Err
		}
		return r.found.Load(), nil
	}
}

func (r *remote) discover(ctx context.Context) error {
	if r.found.Load() != nil {
		return nil
	}
	provider, err := oidc.NewProvider(ctx, r.url)
	if err != nil {
		return err
	}
	var said struct {
		Keys string `json:"jwks_uri"`
	}
	if err := provider.Claims(&said); err != nil {
		return fmt.Errorf("reading the discovery document: %w", err)
	}
	if said.Keys == "" {
		return fault("the discovery document names no jwks_uri")
	}
	r.found.Store(oidc.NewRemoteKeySet(ctx, said.Keys))
	return nil
}

// polite is the way to one issuer. go-oidc fetches keys anew for every
// signature that it cannot verify: polite keeps forged tokens from becoming a
// stream of requests, and answers them with what it fetched a moment ago.
type polite struct {
	next  http.RoundTripper
	clock func() time.Time
	limit *rate.Limiter
	plain bool // the issuer itself is http on a loopback address

	mu   sync.Mutex
	last *reply // nil: the last call failed
}

// reply is an answer with its body read.
type reply struct {
	url, status string
	code        int
	header      http.Header
	body        []byte
}

// RoundTrip implements http.RoundTripper.
func (p *polite) RoundTrip(request *http.Request) (*http.Response, error) {
	if !private(request.URL, p.plain) {
		return nil, fault("an issuer is asked over https only")
	}
	if !p.limit.AllowN(p.clock(), 1) {
		if last := p.remembered(request.URL); last != nil {
			return last.response(request), nil
		}
		return nil, fault("the issuer was asked too often; waiting a little")
	}
	answer, err := p.fetch(request)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = nil
	if err != nil {
		return nil, err
	}
	if answer.code >= http.StatusBadRequest { // go-oidc would repeat the body
		return nil, fault(fmt.Sprintf("the issuer answered with status %d", answer.code))
	}
	if answer.code == http.StatusOK {
		p.last = answer
	}
	return answer.response(request), nil
}

func (p *polite) fetch(request *http.Request) (*reply, error) {
	response, err := p.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxFetched+1))
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return nil, fmt.Errorf("reading the issuer's answer: %w", err)
	}
	if len(body) > maxFetched {
		return nil, fault("the issuer's answer is longer than 1 MiB")
	}
	return &reply{request.URL.String(), response.Status, response.StatusCode, response.Header, body}, nil
}

func (p *polite) remembered(from *url.URL) *reply {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last == nil || p.last.url != from.String() {
		return nil
	}
	return p.last
}

func (r *reply) response(request *http.Request) *http.Response {
	return &http.Response{
		Status: r.status, StatusCode: r.code, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: r.header.Clone(), Body: io.NopCloser(bytes.NewReader(r.body)),
		ContentLength: int64(len(r.body)), Request: request,
	}
}

// private reports whether nobody on the way can change what the URL answers:
// it is https or, where that is allowed, http on a loopback address.
func private(u *url.URL, plain bool) bool {
	if u.Scheme == "https" {
		return true
	}
	ip := net.ParseIP(u.Hostname())
	loopback := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	return plain && u.Scheme == "http" && loopback
}
