package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/kelisim/kelisim/graph"
	"github.com/kelisim/kelisim/server/identity"
	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/sqlstore"
	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

// TestMain makes `kelisim` a command of the scripts.
func TestMain(m *testing.M) { testscript.Main(suite{m}, map[string]func(){"kelisim": main}) }

// world is a whole Kelisim on one set of back ends, with its demo, reached
// over HTTP as clients reach it.
type world struct {
	t     testing.TB
	name  string
	p     *process
	s     settings
	sys   *system
	edge  *edge
	dev   *identity.Dev
	http  *httptest.Server
	clock *testClock
	log   *lockedBuffer
	audit string // path of the audit file

	vault *daemon.VaultServer // nil on the embedded set-up
	redis *daemon.RedisServer
}

// onBoth runs a test on the embedded set-up and on PostgreSQL, HashiCorp Vault
// and Redis, side by side. What holds on one holds on the other.
func onBoth(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Run("on", func(t *testing.T) { // which ends when both have
		t.Run("embedded", func(t *testing.T) {
			t.Parallel()
			test(t, embedded(t))
			daemon.Ran(t, "SQLite")
			daemon.Ran(t, "embedded engine")
		})
		t.Run("real servers", func(t *testing.T) {
			t.Parallel()
			test(t, onServers(t))
			daemon.Ran(t, "PostgreSQL")
			daemon.Ran(t, "HashiCorp Vault")
			daemon.Ran(t, "Redis")
		})
	})
}

// embedded is a world on SQLite and the embedded engine.
func embedded(t testing.TB) *world {
	t.Helper()
	return newWorld(t, "embedded", settings{})
}

// onServers is a world on real servers.
func onServers(t *testing.T) *world {
	t.Helper()
	v, redis := daemon.Vault(t), daemon.Redis(t)
	w := newWorld(t, "real servers", settingsFor(t, daemon.PostgreSQL(t), v, redis))
	w.vault, w.redis = v, redis
	return w
}

// migrated is the URL of a database for the role that serves, which may do no
// more than that. It is brought up to date, as the owner does it.
func migrated(t *testing.T, database string) string {
	t.Helper()
	db, err := sqlstore.Open(t.Context(), daemon.AsOwner(t, database), sqlstore.Options{})
	if err == nil {
		err = db.Migrate(t.Context())
	}
	if err == nil {
		_, err = db.Entitle(t.Context(), daemon.Runtime)
	}
	if err == nil {
		err = db.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return daemon.AsRuntime(t, database)
}

// settingsFor names real servers. The logins to Vault are files, as Vault
// Agent writes them, and that to the database is of the role that serves.
func settingsFor(t *testing.T, database string, v *daemon.VaultServer, redis *daemon.RedisServer) settings {
	t.Helper()
	dir := t.TempDir()
	file := func(name, token string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(token), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return settings{
		DatabaseURL: migrated(t, database), VaultAddr: v.Addr, TransitMount: v.Mount, RedisURL: redis.URL,
		EncryptLogin: login{TokenFile: file("encrypt", v.EncryptToken)}, DecryptLogin: login{TokenFile: file("decrypt", v.DecryptToken)},
		RewrapLogin: login{TokenFile: file("rewrap", v.RewrapToken)}, ReindexLogin: login{TokenFile: file("reindex", v.ReindexToken)},
	}
}

func newWorld(t testing.TB, name string, s settings) *world {
	t.Helper()
	w := &world{t: t, name: name, clock: newTestClock(), log: &lockedBuffer{}}
	s.Addr, s.Data, s.KeyPrefix, s.LogLevel, s.LogFormat = "127.0.0.1:0", t.TempDir(), "kelisim", "debug", "text"
	if s.TransitMount == "" {
		s.TransitMount = "transit"
	}
	w.audit = filepath.Join(s.Data, "audit.jsonl")
	s.AuditFile = w.audit
	w.s = s
	w.p = &process{ctx: context.Background(), environment: environment{name: "first/1", clock: w.clock.Now, newID: func() uuid.UUID { return uuid.Must(uuid.NewV7()) }}, out: w.log, err: w.log}
	w.start()
	if err := w.p.fillDemo(w.sys, w.dev); err != nil {
		t.Fatal(err)
	}
	return w
}

// start opens the back ends and serves; t.Cleanup closes them.
func (w *world) start() {
	w.t.Helper()
	if w.s.Limits == (limits{}) {
		w.s.Limits = limits(graph.DefaultLimits())
	}
	dev, err := openDev(w.p, w.s)
	if err != nil {
		w.t.Fatal(err)
	}
	w.dev = dev
	if w.sys, err = w.p.openSystem(w.s, mode{dev: true}, vault.Access{}); err != nil {
		w.t.Fatal(err)
	}
	provider, err := callers{dev: dev}.provider(w.p, w.sys)
	if err != nil {
		w.t.Fatal(err)
	}
	if w.edge, err = newEdge(w.p, w.sys, provider, dev, graph.SchemaText()); err != nil {
		w.t.Fatal(err)
	}
	w.http = httptest.NewServer(w.edge.public())
	sys, srv := w.sys, w.http
	w.t.Cleanup(func() {
		srv.Close()
		if err := sys.close(); err != nil {
			w.t.Error(err)
		}
	})
}

// replica is a second server on the same back ends.
func (w *world) replica() *world {
	w.t.Helper()
	other, p := *w, *w.p
	p.name = "second/1"
	other.p = &p
	other.start()
	return &other
}

// testClock is a clock that tests move. It starts at the real time, because
// Vault and PostgreSQL have clocks of their own.
type testClock struct {
	mu    sync.Mutex
	ahead time.Duration
	fixed time.Time // where it stands still; zero: it runs
}

func newTestClock() *testClock { return &testClock{} }

func (c *testClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.fixed.IsZero() {
		return c.fixed
	}
	return time.Now().Add(c.ahead)
}

// stand stops the clock at a moment.
func (c *testClock) stand(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fixed = at
}

func (c *testClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// lockedBuffer is a log that tests read while the server writes.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// token is a token of a role.
func (w *world) token(role vault.Role, sub string, claims map[string]any) string {
	w.t.Helper()
	token, err := w.dev.Token(role, sub, 365*24*time.Hour, claims)
	if err != nil {
		w.t.Fatal(err)
	}
	return token
}

// subject is a person's token.
func (w *world) subject(sub string) string { return w.token(vault.Subject, sub, nil) }

// verified is a person's token whose phone the provider verified.
func (w *world) verified(sub, phone string) string {
	return w.token(vault.Subject, sub, map[string]any{"phone_number": phone, "phone_number_verified": true})
}

// staff is a colleague's token.
func (w *world) staff(role vault.Role) string { return w.token(role, "colleague-"+string(role), nil) }

// answer is what the API answered.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	raw    []byte
	Data   map[string]any   `json:"data"`
	Errors []answeredErrors `json:"errors"`
}

type answeredErrors struct {
	Message    string         `json:"message"`
	Path       []any          `json:"path"`
	Extensions map[string]any `json:"extensions"`
}

// ask sends one operation. An empty token is an anonymous caller.
func (w *world) ask(token, query string, variables map[string]any) answer {
	w.t.Helper()
	a, err := post(w.http.URL, token, query, variables)
	if err != nil {
		w.t.Fatal(err)
	}
	a.t = w.t
	return a
}

// post is ask for goroutines, which may not end a test.
func post(url, token, query string, variables map[string]any) (a answer, err error) {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return a, err
	}
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url+"/graphql", bytes.NewReader(body))
	if err != nil {
		return a, err
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		return a, err
	}
	defer func() { _ = got.Body.Close() }()
	a.status, a.header = got.StatusCode, got.Header
	if a.raw, err = io.ReadAll(got.Body); err != nil {
		return a, err
	}
	return a, json.Unmarshal(a.raw, &a)
}

// must fails the test when there are errors, and answers the data.
func (a answer) must() map[string]any {
	a.t.Helper()
	if len(a.Errors) > 0 || a.status != http.StatusOK {
		a.t.Fatalf("status %d: %s", a.status, a.raw)
	}
	return a.Data
}

// code is the code of the first error, or "".
func (a answer) code() string {
	if len(a.Errors) == 0 {
		return ""
	}
	code, _ := a.Errors[0].Extensions["code"].(string)
	return code
}

// at walks into decoded JSON: names and list positions.
func at(v any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			object, ok := v.(map[string]any)
			if !ok {
				return nil
			}
			v = object[step]
		case int:
			list, ok := v.([]any)
			if !ok || step >= len(list) {
				return nil
			}
			v = list[step]
		}
	}
	return v
}

// shown is the demo policy as a phone shows it.
type shown struct{ version, locale, hash string }

func (w *world) shown(locale string) shown {
	w.t.Helper()
	data := w.ask("", `query($l: Locale) { policyInForce(app: "dala") { id document(locale: $l) { locale hash } } }`, map[string]any{"l": locale}).must()
	document := at(data, "policyInForce", "document")
	s := shown{str(data, "policyInForce", "id"), str(document, "locale"), str(document, "hash")}
	if s.version == "" || s.locale == "" || s.hash == "" {
		w.t.Fatalf("nothing is shown: %v", data)
	}
	return s
}

// consent is a ConsentInput for what was shown: items by their decision.
func (s shown) consent(decisions map[string]string) map[string]any {
	list := []map[string]any{}
	for item, decision := range decisions {
		list = append(list, map[string]any{"item": item, "decision": decision})
	}
	return map[string]any{
		"eventId": uuid.NewString(), "version": s.version, "locale": s.locale, "documentHash": s.hash, "decisions": list,
	}
}

// required are the decisions without which the demo app cannot be used.
func required() map[string]string { return map[string]string{"identify": "GIVEN", "contact": "GIVEN"} }

const registerMutation = `mutation($input: RegisterMeInput!) { registerMe(input: $input) {
	created user { id revision consentSeq policyStatus { accepted missing } } userErrors { code message path parameters { name value } } } }`

// register registers a person with what is required, and answers their id.
func (w *world) register(token string, profile map[string]any) string {
	w.t.Helper()
	data := w.ask(token, registerMutation, map[string]any{"input": map[string]any{
		"profile": profile, "consent": w.shown("ru").consent(required()),
	}}).must()
	id := str(data, "registerMe", "user", "id")
	if len(userErrorsOf(data, "registerMe")) > 0 || id == "" {
		w.t.Fatalf("registering: %v", data)
	}
	return id
}
