package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What one hostile request may cost: processor time, and memory asked for. An
// ordinary operation is some tenths of a millisecond.
const (
	probeTime   = 150 * time.Millisecond
	probeMemory = 16 << 20
)

// spent is the processor time of this process so far.
func spent(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// cost is what a piece of work takes: the least of three, because the process
// does other things, too.
func cost(t *testing.T, work func()) (took time.Duration, memory uint64) {
	t.Helper()
	took, memory = time.Hour, 1<<62
	for range 3 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := spent(t)
		work()
		took = min(took, spent(t)-start)
		runtime.ReadMemStats(&after)
		memory = min(memory, after.TotalAlloc-before.TotalAlloc)
	}
	return took, memory
}

// probe is a request that a stranger sends to find or break something.
type probe struct {
	method, target, media, body string
	status                      int
	says, not                   string
}

// asks is a probe by POST of a document, with variables as JSON.
func asks(document string, variables string, status int, says string) probe {
	query, err := json.Marshal(document)
	if err != nil {
		panic(err)
	}
	body := `{"query":` + string(query)
	if variables != "" {
		body += `,"variables":` + variables
	}
	return probe{http.MethodPost, "/graphql", "application/json", body + "}", status, says, "Did you mean"}
}

func many(n int, format string) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, format, i)
	}
	return out.String()
}

// doubling are n fragments of which each spreads the next one twice.
func doubling(n int) string {
	return "{policyInForce{...f0}}" + strings.ReplaceAll(many(n, " fragment f%[1]d on PolicyVersion{...f+%[1]d ...f+%[1]d}"), "f+", "g") +
		many(n, " fragment g%d on PolicyVersion{id}")
}

// TestProbesFindNothingAndCostLittle sends graphql-cop's thirteen, and the
// attacks that are known of other servers, as a stranger.
func TestProbesFindNothingAndCostLittle(t *testing.T) {
	w := embedded(t)
	public, _ := w.production()
	list, phone := "["+strings.Repeat(`"x",`, 40_000)+`"x"]`, `{"p":"`+strings.Repeat("7", 200_000)+`"}`
	register := "mutation($i: RegisterMeInput!){registerMe(input:$i){created}}"
	probes := map[string]probe{
		"cop: aliases":             asks("{"+many(101, "a%d:__typename ")+"}", "", 200, `"limit":"rootFields"`),
		"cop: batch":               {http.MethodPost, "/graphql", "application/json", "[" + strings.Repeat(`{"query":"{__typename}"},`, 9) + `{"query":"{__typename}"}]`, 400, "one operation per request", "__typename\":"},
		"cop: directives":          asks("{__typename"+strings.Repeat("@aa", 10)+"}", "", 200, "GRAPHQL_VALIDATION_FAILED"),
		"cop: repeated fields":     asks("{"+strings.Repeat("__typename ", 500)+"}", "", 200, `"limit":"rootFields"`),
		"cop: circular schema":     asks("{__schema{types{fields{type{fields{type{fields{type{fields{name}}}}}}}}}}", "", 200, "GRAPHQL_VALIDATION_FAILED"),
		"cop: suggestions":         asks("{polcyInForce{id}}", "", 200, "GRAPHQL_VALIDATION_FAILED"),
		"cop: GET":                 {http.MethodGet, "/graphql?query=" + url.QueryEscape("{policyInForce{id}}"), "", "", 405, "by POST", "policyInForce"},
		"cop: mutation by GET":     {http.MethodGet, "/graphql?query=" + url.QueryEscape("mutation{__typename}"), "", "", 405, "by POST", "__typename"},
		"cop: urlencoded":          {http.MethodPost, "/graphql", "application/x-www-form-urlencoded", "query={__typename}", 415, "application/json", "Mutation"},
		"cop: tracing":             asks("{__typename}", "", 200, `"__typename":"Query"`).without("tracing"),
		"cop: unhandled error":     asks("query($x){__typename}", "", 200, "GRAPHQL_PARSE_FAILED").without("goroutine"),
		"cop: console":             {http.MethodGet, "/console/", "", "", 404, "", "GraphiQL"},
		"cop: introspection":       asks("{__schema{types{name}}}", "", 401, "UNAUTHENTICATED").without(`"types"`),
		"1000 aliases of a field":  asks("{"+many(170, "a%d:policyInForce{id}")+"}", "", 200, `"limit"`),
		"aliases below":            asks("{policyInForce{"+many(300, "a%d:id ")+"}}", "", 200, `"limit":"aliases"`),
		"fragments that double":    asks(doubling(50), "", 200, ""),
		"overlapping fields":       asks("{policyInForce{"+strings.Repeat("items{code title{text}}", 120)+"}}", "", 200, ""),
		"overlapping by arguments": asks("{policyInForce{"+many(29, `x:document(locale:"k%d"){title}`)+"}}", "", 200, ""),
		"directive flood":          asks("{__typename"+strings.Repeat("@include(if:true)", 5000)+"}", "", 200, `"limit":"tokens"`),
		"token flood":              asks("{"+strings.Repeat("__typename ", 20_000)+"}", "", 200, `"limit":"tokens"`),
		"comment flood":            asks(strings.Repeat("#\n", 60_000)+"{__typename}", "", 200, `"limit":"tokens"`),
		"deep selection":           asks(strings.Repeat("{policyInForce", 900)+strings.Repeat("}", 900), "", 200, ""),
		"deep list":                asks("{node(id:"+strings.Repeat("[", 10_000)+strings.Repeat("]", 10_000)+"){id}}", "", 200, ""),
		"deep variable":            asks("query($i:ID!){node(id:$i){id}}", `{"i":`+strings.Repeat("[", 30)+strings.Repeat("]", 30)+"}", 200, "GRAPHQL_VALIDATION_FAILED"),
		"deeper variable":          asks("query($i:ID!){node(id:$i){id}}", `{"i":`+strings.Repeat("[", 5000)+strings.Repeat("]", 5000)+"}", 400, `"limit":"nesting","maximum":"64"`),
		"a list of 40,000":         asks("query($i:[ID!]!){consentChecks(users:$i,purpose:\"contact\"){user}}", `{"i":`+list+"}", 200, `"maximum":"5000"`),
		"a value of 200 kB":        asks(register, `{"i":`+phone+"}", 200, "GRAPHQL_VALIDATION_FAILED").without("777"),
		"50,000 members":           asks("{__typename}", "{"+strings.TrimSuffix(many(20_000, `"m%d":0,`), ",")+"}", 200, ""),
		"a body over the limit":    {http.MethodPost, "/graphql", "application/json", strings.Repeat(" ", 300_000), 413, `"limit":"bodyBytes","maximum":"262144"`, ""},
		"many operations":          asks(many(160, "query q%d{__typename}"), "", 200, "operationName"),
		"a page of a billion":      asks("{policyVersions(first:1000000000){nodes{id}}}", "", 200, `"page"`),
		"a number out of range":    asks("{policyVersions(first:"+strings.Repeat("9", 5000)+"){nodes{id}}}", "", 200, ""),
		"a socket":                 {http.MethodGet, "/graphql", "", "", 405, "", ""},
		"an upload":                {http.MethodPost, "/graphql", "multipart/form-data; boundary=x", "--x--", 415, "", ""},
	}
	for name, p := range probes {
		var got *httptest.ResponseRecorder
		took, memory := cost(t, func() {
			r := httptest.NewRequestWithContext(t.Context(), p.method, p.target, strings.NewReader(p.body))
			r.Header.Set("Content-Type", p.media)
			got = httptest.NewRecorder()
			public.http.Config.Handler.ServeHTTP(got, r)
		})
		text := got.Body.String()
		if got.Code != p.status || !strings.Contains(text, p.says) || p.not != "" && strings.Contains(text, p.not) {
			t.Errorf("%s: got %d %.300s", name, got.Code, text)
		}
		if took > probeTime || memory > probeMemory || len(text) > 16<<10 {
			t.Errorf("%s: took %v of the processor, %d kB of memory, and is answered %d bytes", name, took, memory>>10, len(text))
		}
	}
}

// without is the probe with something that must not be in its answer.
func (p probe) without(what string) probe {
	p.not = what
	return p
}
