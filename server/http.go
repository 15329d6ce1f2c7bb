package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/graph"
	"github.com/kelisim/kelisim/server/console"
	"github.com/kelisim/kelisim/server/identity"
	"github.com/kelisim/kelisim/server/page"
	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/identifier"
)

// edge is the HTTP side of the process.
type edge struct {
	*system
	resolver  *graph.Resolver
	graphql   http.Handler
	pages     *page.Pages
	schema    []byte
	who       *identity.Provider
	newID     func() uuid.UUID
	clock     func() time.Time
	dev       *identity.Dev // nil outside development
	control   *control      // nil where Vault has the keys
	console   console.Options
	manifests *manifests // nil where no documents are trusted
}

// newEdge builds the GraphQL server.
func newEdge(p *process, sys *system, who *identity.Provider, dev *identity.Dev, schema []byte) (_ *edge, err error) {
	e := &edge{system: sys, schema: schema, who: who, newID: p.newID, clock: p.clock, dev: dev}
	e.resolver = &graph.Resolver{
		Vault: sys.vault, CustomerIssuers: who.CustomerIssuers(), Match: identifier.MatchLocale, Denied: sys.metrics.deniedAnonymous, Log: sys.log,
		Deprecated: sys.metrics.usedDeprecated,
	}
	if e.manifests, err = openManifests(sys); err != nil {
		return nil, err
	}
	srv, err := graph.NewServer(e.resolver, graph.Options{
		Limits: graph.Limits(sys.settings.Limits), Trusted: e.manifests.documents(),
		Introspect: func(a vault.Actor) bool {
			_, colleague := a.Allowed(vault.Machine, vault.Support, vault.Compliance, vault.Security, vault.Auditor)
			return dev != nil || colleague
		},
	})
	if err != nil {
		return nil, err
	}
	e.graphql = srv
	if e.console, err = e.consoleOptions(schema); err != nil {
		return nil, err
	}
	e.pages, err = page.New(page.Options{
		Vault: sys.vault, Match: identifier.MatchLocale, Languages: identifier.ParseAcceptLanguage, ConsentID: graph.ParseConsentID,
		Denied: sys.metrics.deniedAnonymous, Clock: p.clock, Log: sys.log,
		Caller: func(r *http.Request) (vault.Actor, error) {
			actor, err := e.actor(r)
			actor.RequestID = requestID(r.Context())
			return actor, err
		},
	})
	return e, err
}

// public is what mobile apps reach. In development, which is on loopback, it
// has the internal pages too.
func (e *edge) public() http.Handler {
	mux := http.NewServeMux()
	e.api(mux)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answerText(w, http.StatusOK, "ok\n") })
	if e.dev != nil {
		e.internalPages(mux)
		mux.Handle("GET /{$}", http.RedirectHandler(console.Path, http.StatusFound))
	} else {
		mux.HandleFunc("GET /readyz", e.ready(false))
	}
	return e.around(mux)
}

// internal is what colleagues and machines of the operator reach.
func (e *edge) internal() http.Handler {
	mux := http.NewServeMux()
	e.api(mux)
	e.internalPages(mux)
	return e.around(mux)
}

func (e *edge) api(mux *http.ServeMux) {
	mux.Handle("/graphql", e.settings.fromElsewhere(e.authenticated(e.graphql)))
	e.pages.Mount(mux)
	mux.HandleFunc("GET /breaches/{id}/notice", e.notice)
	mux.HandleFunc("GET /exports/{id}", e.exports())
	mux.HandleFunc("GET /schema.graphql", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_, _ = w.Write(e.schema) // a client that is gone has no use for an error
	})
}

func (e *edge) internalPages(mux *http.ServeMux) {
	mux.Handle(console.Path, console.Handler(e.console))
	mux.Handle("GET /metrics", e.metrics.handler())
	mux.HandleFunc("GET /readyz", e.ready(true))
}

func answerText(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text)) // a client that is gone has no use for an error
}

// authenticated finds out who calls, and puts it into the request.
func (e *edge) authenticated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, _ := graph.WithMeta(r.Context())
		languages := identifier.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
		actor, err := e.actor(r)
		actor.RequestID = requestID(ctx)
		if err != nil {
			stranger := vault.Actor{RequestID: actor.RequestID}
			e.resolver.Refuse(w, r.WithContext(e.resolver.WithRequest(ctx, stranger, languages)), err)
			return
		}
		next.ServeHTTP(w, r.WithContext(e.resolver.WithRequest(ctx, actor, languages)))
	})
}

func (e *edge) actor(r *http.Request) (vault.Actor, error) {
	caller, err := e.who.Authenticate(r.Context(), r.Header.Values("Authorization")...)
	if err != nil {
		return vault.Actor{}, err
	}
	a := caller.Actor
	a.Network = vault.Network{Address: vault.NewPlain(e.address(r)), UserAgent: vault.NewPlain(cutTo(r.UserAgent(), maxUserAgent))}
	if a.Authenticated() && !a.Has(vault.Subject) {
		a.ID, err = e.vault.Colleague(r.Context(), a.Issuer, a.Subject, caller.Name)
	}
	return a, err
}

// maxUserAgent is how much of a User-Agent is kept as evidence.
const maxUserAgent = 300

func cutTo(s string, n int) string {
	if len(s) > n {
		s = strings.ToValidUTF8(s[:n], "")
	}
	return strings.ToValidUTF8(s, "")
}

// address is the caller's network address: the connection's, or the nearest
// one that a trusted proxy did not add.
func (e *edge) address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && e.trusted(host); i-- {
		hop := strings.TrimSpace(hops[i])
		if _, err := netip.ParseAddr(hop); err != nil {
			break
		}
		host = hop
	}
	return host
}

func (e *edge) trusted(host string) bool {
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	for _, p := range e.settings.proxies {
		if p.Contains(ip.Unmap()) {
			return true
		}
	}
	return false
}

type requestIDKey struct{}

func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// around gives every request its id, its line in the log and its place in the
// metrics, and survives a panic. The log has the route, never the path's
// query, an address or a header.
func (e *edge) around(next *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := e.clock()
		id := e.newID().String()
		w.Header().Set("X-Request-ID", id)
		r = r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id))
		seen := &watched{ResponseWriter: w, status: http.StatusOK}
		_, route := next.Handler(r)
		if route == "" {
			route = "none"
		}
		defer func() {
			v := recover()
			aborted := errors.Is(asPanic(v), http.ErrAbortHandler)
			if v != nil && !aborted {
				e.log.LogAttrs(r.Context(), slog.LevelError, "a handler panicked", slog.String("requestId", id), slog.String("stack", string(debug.Stack())))
				if !seen.written {
					answerText(seen, http.StatusInternalServerError, "something went wrong on our side\n")
				}
			}
			took := e.clock().Sub(start)
			e.metrics.request(route, seen.status, took)
			e.log.LogAttrs(r.Context(), slog.LevelDebug, "request", slog.String("route", route), slog.Int("status", seen.status),
				slog.Duration("took", took), slog.String("requestId", id))
			if aborted {
				panic(http.ErrAbortHandler) // the server cuts the connection: what was sent is not to look whole
			}
		}()
		next.ServeHTTP(seen, r)
	})
}

func asPanic(v any) error {
	err, _ := v.(error)
	return err
}

// watched notes the status of an answer.
type watched struct {
	http.ResponseWriter
	status  int
	written bool
}

// WriteHeader implements http.ResponseWriter.
func (w *watched) WriteHeader(status int) {
	if !w.written {
		w.status, w.written = status, true
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *watched) Write(b []byte) (int, error) {
	w.written = true
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController through.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// writeWithin is how long a client may take to read an answer.
const writeWithin = 30 * time.Second

// server bounds what a slow or greedy client can hold.
func (e *edge) server(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      writeWithin,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(silent{e.log.Handler()}, slog.LevelDebug),
	}
}

// silent keeps net/http's own complaints out of the log: they hold addresses.
type silent struct{ slog.Handler }

// Handle implements slog.Handler.
func (silent) Handle(context.Context, slog.Record) error { return nil }

// forgetTechnical erases technical data whose time is over.
func (e *edge) forgetTechnical(ctx context.Context, limit int) (int, error) {
	return e.vault.ForgetTechnical(ctx, vault.SystemActor(e.newID().String()), limit)
}
