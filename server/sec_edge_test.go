package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/graph"
	"github.com/kelisim/kelisim/server/identity"
	"github.com/kelisim/kelisim/vault"
)

// production is the same server as it stands outside development: its public
// and its internal listener.
func (w *world) production() (public, internal *world) {
	w.t.Helper()
	provider, err := identity.New(identity.Options{Config: w.dev.Config(), Clock: w.clock.Now, AppOf: w.sys.appOf, Dev: w.dev})
	if err != nil {
		provider, err = callers{dev: w.dev}.provider(w.p, w.sys)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	e, err := newEdge(w.p, w.sys, provider, nil, graph.SchemaText())
	if err != nil {
		w.t.Fatal(err)
	}
	on := func(handler http.Handler) *world {
		other := *w
		other.http = httptest.NewServer(handler)
		w.t.Cleanup(other.http.Close)
		return &other
	}
	return on(e.public()), on(e.internal())
}

// TestInternalPagesAreNotPublic outside development, nor told apart from what
// is not there.
func TestInternalPagesAreNotPublic(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		public, internal := w.production()
		for path, want := range map[string][2]int{
			"/healthz": {200, 404}, "/readyz": {200, 200}, "/schema.graphql": {200, 200}, "/metrics": {404, 200}, "/console/": {404, 200}, "/console/init.js": {404, 200},
			"/console/dev-tokens.json": {404, 404}, "/": {404, 404}, "/debug/pprof/": {404, 404}, "/.env": {404, 404}, "/console/../metrics": {307, 307},
		} {
			a, b := public.get(path), internal.get(path)
			if path == "/healthz" && b.status == 200 { // both is right too
				want[1] = 200
			}
			if path == "/console/../metrics" { // cleaned first, and then not there
				equal(t, path, a.header.Get("Location"), "/metrics")
				continue
			}
			equal(t, path+" in public", a.status, want[0])
			equal(t, path+" inside", b.status, want[1])
		}
		equal(t, "public readiness", string(public.get("/readyz").raw), "ready\n")
		if inside := internal.get("/readyz"); !strings.Contains(string(inside.raw), `"database":"ok"`) {
			t.Errorf("readiness inside says %s", inside.raw)
		}
		equal(t, "health", string(public.get("/healthz").raw), "ok\n")
		if text := public.get("/schema.graphql"); !strings.Contains(string(text.raw), "type Mutation") || !strings.HasPrefix(text.header.Get("Content-Type"), "text/plain") {
			t.Errorf("/schema.graphql is %s", text.header)
		}
	})
}

// TestStrangersDoNotReadTheSchemaFromTheAPI: introspection is for colleagues,
// and no error suggests what there is.
func TestStrangersDoNotReadTheSchemaFromTheAPI(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		public, _ := w.production()
		for role, may := range map[vault.Role]bool{vault.Anonymous: false, vault.Subject: false, vault.Support: true, vault.Machine: true, vault.Auditor: true} {
			token := ""
			if role != vault.Anonymous {
				token = w.token(role, "introspects", nil)
			}
			for _, query := range []string{`{ __schema { types { name } } }`, `{ __type(name: "User") { fields { name } } }`, `{ a: __schema { queryType { name } } }`} {
				a := public.ask(token, query, nil)
				if got := len(a.Errors) == 0; got != may || !may && strings.Contains(string(a.raw), `"fields":[`) {
					t.Errorf("%s asks %s: %s", role, query, a.raw)
				}
			}
			if !may && public.ask(token, `{ __typename }`, nil).code() != "" {
				t.Errorf("__typename is refused to %s", role)
			}
		}
		for near, meant := range map[string]string{
			`{ findUser { id } }`: "findUsers", `{ policyInForse { id } }`: "policyInForce", `{ me { profil { phone { value } } } }`: "profile",
			`{ node(idd: "x") { id } }`: `"id"`, `{ ... on Usr { id } }`: "User", `query($a: AuditFilte) { app(code: $a) { code } }`: "AuditFilter",
			`{ users(filter: {statu: ACTIVE}) { nodes { id } } }`: `"status"`, `{ users(filter: {status: ACTIV}) { nodes { id } } }`: "ACTIVE", `{ me { id @skipp(if: true) } }`: `"@skip"`,
			`mutation { registerMee(input: {}) { created } }`: "registerMe\"", `mutation { registerMe(input: {profil: {}}) { created } }`: `"profile"`,
		} {
			a := public.ask("", near, nil)
			said := strings.ReplaceAll(strings.ReplaceAll(string(a.raw), "findUser\\\"", ""), "profil\\\"", "")
			if strings.Contains(said, "Did you mean") || strings.Contains(said, meant) {
				t.Errorf("%s suggests %s: %s", near, meant, a.raw)
			}
		}
	})
}

// TestEveryAnswerHasItsHeadersAndNoOthers goes over the doors of the API.
func TestEveryAnswerHasItsHeadersAndNoOthers(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		public, _ := w.production()
		body := `{"query": "{ policyInForce(app: \"dala\") { id } }"}`
		seen := map[string]bool{}
		for _, c := range []struct {
			method, path string
			status       int
		}{
			{"POST", "/graphql", 200},
			{"GET", "/graphql", 405},
			{"PUT", "/graphql", 405},
			{"DELETE", "/graphql", 405},
			{"PATCH", "/graphql", 405},
			{"OPTIONS", "/graphql", 405},
			{"TRACE", "/graphql", 405},
			{"GET", "/graphql?query=%7Bme%7Bid%7D%7D", 405},
			{"POST", "/graphql/", 404},
			{"POST", "/healthz", 405},
			{"POST", "/schema.graphql", 405},
			{"GET", "/nothing", 404},
			{"POST", "/", 404},
		} {
			header := bearing("")
			header.Set("Origin", "https://evil.example")
			header.Set("Access-Control-Request-Method", "POST")
			header.Set("X-Request-ID", "chosen-by-the-client")
			a := public.send(c.method, c.path, body, header)
			what := c.method + " " + c.path
			equal(t, what, a.status, c.status)
			for name := range a.header {
				if strings.HasPrefix(name, "Access-Control-") || name == "Set-Cookie" || name == "Server" || name == "X-Powered-By" {
					t.Errorf("%s answers with %s", what, name)
				}
			}
			id := a.header.Get("X-Request-ID")
			if _, err := uuid.Parse(id); err != nil || seen[id] {
				t.Errorf("%s: X-Request-ID %q is not its own", what, id)
			}
			seen[id] = true
			if strings.HasPrefix(c.path, "/graphql") && c.status != 404 {
				equal(t, what+": Cache-Control", a.header.Get("Cache-Control"), "no-store")
				equal(t, what+": X-Content-Type-Options", a.header.Get("X-Content-Type-Options"), "nosniff")
			}
			if c.status == 405 && a.header.Get("Allow") == "" {
				t.Errorf("%s does not say what is allowed", what)
			}
		}
		bad := public.ask("not.a.token", `{ me { id } }`, nil)
		equal(t, "a bad token", fmt.Sprint(bad.status, bad.code(), bad.header.Get("WWW-Authenticate")), "401UNAUTHENTICATEDBearer")
	})
}

// TestABodyOverTheLimitIsRefused whole, before anything is done.
func TestABodyOverTheLimitIsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		before := w.eventCount()
		body := encode(t, `mutation($input: RegisterMeInput!) { registerMe(input: $input) { created } }`, input{"input": input{"profile": input{"postalAddress": strings.Repeat("a", 256<<10)}}})
		a := w.send(http.MethodPost, "/graphql", body, bearing(w.subject("large")))
		if a.status != http.StatusRequestEntityTooLarge || a.code() != "BAD_REQUEST" || len(a.raw) > 1000 {
			t.Errorf("%d: %.300s", a.status, a.raw)
		}
		equal(t, "events", w.eventCount(), before)
		for name, header := range map[string]http.Header{"no type": {}, "form": {"Content-Type": {"application/x-www-form-urlencoded"}}, "text": {"Content-Type": {"text/plain"}}, "GraphQL": {"Content-Type": {"application/graphql"}}} {
			equal(t, name, w.send(http.MethodPost, "/graphql", `{"query": "{ __typename }"}`, header).status, http.StatusUnsupportedMediaType)
		}
	})
}

// TestABodyThatTricklesInIsRefused: the real server's own bounds, made short.
func TestABodyThatTricklesInIsRefused(t *testing.T) {
	w := embedded(t)
	srv := w.edge.server(w.edge.public())
	if srv.ReadHeaderTimeout <= 0 || srv.ReadTimeout <= 0 || srv.WriteTimeout <= 0 || srv.IdleTimeout <= 0 || srv.MaxHeaderBytes <= 0 {
		t.Fatalf("the server leaves something unbounded: %+v", srv)
	}
	srv.ReadTimeout = 200 * time.Millisecond
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(listener) }()
	t.Cleanup(func() {
		_ = srv.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, err = fmt.Fprintf(conn, "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"query\"")
	if err != nil {
		t.Fatal(err)
	}
	got, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = got.Body.Close() }()
	equal(t, "a slow body", got.StatusCode, http.StatusRequestTimeout)
}

// TestAPanicIsMasked: in a resolver and in a handler the client learns an id,
// and the log the stack without what was panicked with.
func TestAPanicIsMasked(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("panics")
		w.register(me, looks())
		w.sys.vault.Decrypter = watching{w.sys.vault.Decrypter, func([]vault.DecryptItem) { panic("Бұрынбекова " + marker) }}
		a := w.ask(me, `{ me { id profile { phone { value } } } }`, nil)
		if a.code() != "INTERNAL" || str(a.Errors[0].Extensions, "requestId") != a.header.Get("X-Request-ID") {
			t.Errorf("a resolver's panic answers %d %s", a.status, a.raw)
		}
		mux := http.NewServeMux()
		mux.HandleFunc("/", func(http.ResponseWriter, *http.Request) { panic("Бұрынбекова " + marker) })
		srv := httptest.NewServer(w.edge.around(mux))
		defer srv.Close()
		other := *w
		other.http = srv
		b := other.get("/")
		equal(t, "a handler's panic", b.status, http.StatusInternalServerError)
		for place, text := range map[string]string{"the log": w.log.String(), "answers": string(a.raw) + string(b.raw)} {
			if strings.Contains(text, marker) {
				i := strings.Index(text, marker)
				t.Errorf("what was panicked with stands in %s: %.1500s", place, text[max(0, i-300):])
			}
		}
		for _, id := range []string{a.header.Get("X-Request-ID"), b.header.Get("X-Request-ID")} {
			if id == "" || !strings.Contains(w.log.String(), id) {
				t.Errorf("the log does not know the request %q", id)
			}
		}
		equal(t, "afterwards", w.ask("", `{ __typename }`, nil).status, 200)
	})
}
