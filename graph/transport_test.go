package graph_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/kelisim/kelisim/graph"
	"github.com/kelisim/kelisim/graph/edgetest"
	"github.com/kelisim/kelisim/vault"
)

type call = func(ctx context.Context, name string) (string, error)

func echo(_ context.Context, name string) (string, error) { return name, nil }

// edge is a server as the product sets one up, over the test schema. Errors of
// package vault are presented with their code.
func edge(t testing.TB, limits graph.Limits, answer call) *handler.Server {
	t.Helper()
	return trusting(t, limits, answer, nil)
}

func trusting(t testing.TB, limits graph.Limits, answer call, documents *graph.Documents) *handler.Server {
	t.Helper()
	srv := handler.New(edgetest.New(answer))
	srv.SetErrorPresenter(func(ctx context.Context, err error) *gqlerror.Error {
		shown := graphql.DefaultErrorPresenter(ctx, err)
		if own := (*vault.Error)(nil); errors.As(err, &own) {
			shown.Message = own.Message
			shown.Extensions = map[string]any{"code": string(own.Code)}
		}
		return shown
	})
	if err := limits.Apply(srv, documents); err != nil {
		t.Fatal(err)
	}
	return srv
}

func usual(t testing.TB) *handler.Server { return edge(t, graph.DefaultLimits(), echo) }

// request is a POST of JSON; headers come in pairs and replace those it has.
func request(method, body string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, "/graphql", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Del(headers[i])
		if headers[i+1] != "" {
			r.Header.Set(headers[i], headers[i+1])
		}
	}
	return r
}

// reply is an answer as a client reads it.
type reply struct {
	status int
	header http.Header
	text   string
	Data   json.RawMessage `json:"data"`
	Errors []struct {
		Message    string         `json:"message"`
		Locations  []any          `json:"locations"`
		Path       []any          `json:"path"`
		Extensions map[string]any `json:"extensions"`
	} `json:"errors"`
}

func (r reply) code() string {
	if len(r.Errors) == 0 {
		return ""
	}
	code, _ := r.Errors[0].Extensions["code"].(string)
	return code
}

func do(t testing.TB, h http.Handler, r *http.Request) reply {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	got := reply{status: w.Code, header: w.Header(), text: w.Body.String()}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatalf("the answer is no JSON: %v: %q", err, got.text)
	}
	return got
}

// query is the body of a request.
func query(document string, variables ...any) string {
	members := map[string]any{"query": document}
	if len(variables) > 0 {
		members["variables"] = variables[0]
	}
	body, err := json.Marshal(members)
	if err != nil {
		panic(err)
	}
	return string(body)
}

func TestWhatIsNoPostOfOneJSONOperationIsRefusedWithItsStatus(t *testing.T) {
	ok := query("{ me { id } }")
	tests := map[string]struct {
		request *http.Request
		status  int
		code    vault.Code
	}{
		"GET with a query":          {request("GET", ""), 405, vault.CodeBadRequest},
		"GET of a mutation":         {httptest.NewRequest(http.MethodGet, "/graphql?query=mutation{__typename}", nil), 405, vault.CodeBadRequest},
		"GET of a person":           {httptest.NewRequest(http.MethodGet, "/graphql?query={__typename+me{id}}", nil), 405, vault.CodeBadRequest},
		"GET of a hidden person":    {httptest.NewRequest(http.MethodGet, "/graphql?query={...F}+fragment+F+on+Query{me{id}}", nil), 405, vault.CodeBadRequest},
		"GET of no document":        {httptest.NewRequest(http.MethodGet, "/graphql?query=", nil), 400, vault.CodeBadRequest},
		"GET of two documents":      {httptest.NewRequest(http.MethodGet, "/graphql?query={__typename}&query={__typename}", nil), 400, vault.CodeBadRequest},
		"GET with variables of no":  {httptest.NewRequest(http.MethodGet, "/graphql?query={__typename}&variables={", nil), 400, vault.CodeBadRequest},
		"GET with a list":           {httptest.NewRequest(http.MethodGet, "/graphql?query={__typename}&variables=[]", nil), 400, vault.CodeBadRequest},
		"GET by a browser":          {request("GET", "", "Accept", "text/html"), 405, vault.CodeBadRequest},
		"HEAD":                      {request("HEAD", ""), 405, vault.CodeBadRequest},
		"PUT":                       {request("PUT", ok), 405, vault.CodeBadRequest},
		"OPTIONS":                   {request("OPTIONS", ""), 405, vault.CodeBadRequest},
		"a socket":                  {request("GET", "", "Connection", "Upgrade", "Upgrade", "websocket"), 405, vault.CodeBadRequest},
		"no content type":           {request("POST", ok, "Content-Type", ""), 415, vault.CodeBadRequest},
		"urlencoded":                {request("POST", "query={me{id}}", "Content-Type", "application/x-www-form-urlencoded"), 415, vault.CodeBadRequest},
		"multipart":                 {request("POST", ok, "Content-Type", "multipart/form-data; boundary=x"), 415, vault.CodeBadRequest},
		"application/graphql":       {request("POST", "{me{id}}", "Content-Type", "application/graphql"), 415, vault.CodeBadRequest},
		"plain text":                {request("POST", ok, "Content-Type", "text/plain"), 415, vault.CodeBadRequest},
		"another charset":           {request("POST", ok, "Content-Type", "application/json; charset=utf-16"), 415, vault.CodeBadRequest},
		"a content type of junk":    {request("POST", ok, "Content-Type", "application/json; ;;="), 415, vault.CodeBadRequest},
		"gzip":                      {request("POST", ok, "Content-Encoding", "gzip"), 415, vault.CodeBadRequest},
		"an event stream":           {request("POST", ok, "Accept", "text/event-stream"), 406, vault.CodeBadRequest},
		"HTML":                      {request("POST", ok, "Accept", "text/html"), 406, vault.CodeBadRequest},
		"a body over the limit":     {request("POST", strings.Repeat(" ", 256<<10)+ok), 413, vault.CodeBadRequest},
		"an empty body":             {request("POST", ""), 400, vault.CodeBadRequest},
		"spaces":                    {request("POST", "  \n"), 400, vault.CodeBadRequest},
		"half of a body":            {request("POST", ok[:10]), 400, vault.CodeBadRequest},
		"two bodies":                {request("POST", ok+ok), 400, vault.CodeBadRequest},
		"no UTF-8":                  {request("POST", "{\"query\":\"{me{id}} #\xff\"}"), 400, vault.CodeBadRequest},
		"a byte order mark":         {request("POST", "\ufeff"+ok), 400, vault.CodeBadRequest},
		"a list of operations":      {request("POST", "["+ok+","+ok+"]"), 400, vault.CodeBadRequest},
		"an empty list":             {request("POST", " []"), 400, vault.CodeBadRequest},
		"a string":                  {request("POST", `"{me{id}}"`), 400, vault.CodeBadRequest},
		"null":                      {request("POST", `null`), 400, vault.CodeBadRequest},
		"a negative number":         {request("POST", `-1`), 400, vault.CodeBadRequest},
		"no query":                  {request("POST", `{}`), 400, vault.CodeBadRequest},
		"an empty query":            {request("POST", query("")), 400, vault.CodeBadRequest},
		"null for a query":          {request("POST", `{"query":null}`), 400, vault.CodeBadRequest},
		"a number for a query":      {request("POST", `{"query":1}`), 400, vault.CodeBadRequest},
		"Query in upper case":       {request("POST", `{"Query":"{me{id}}"}`), 400, vault.CodeBadRequest},
		"a list of variables":       {request("POST", `{"query":"{me{id}}","variables":[]}`), 400, vault.CodeBadRequest},
		"variables in a string":     {request("POST", `{"query":"{me{id}}","variables":"{}"}`), 400, vault.CodeBadRequest},
		"a number for a name":       {request("POST", `{"query":"{me{id}}","operationName":7}`), 400, vault.CodeBadRequest},
		"a string of extensions":    {request("POST", `{"query":"{me{id}}","extensions":"x"}`), 400, vault.CodeBadRequest},
		"two queries":               {request("POST", `{"query":"{me{id}}","query":"{me{name}}"}`), 400, vault.CodeBadRequest},
		"an escaped second query":   {request("POST", `{"query":"{me{id}}","qu\u0065ry":"{me{name}}"}`), 400, vault.CodeBadRequest},
		"a variable's member twice": {request("POST", `{"query":"{me{id}}","variables":{"p":[{"a":1,"a":2}]}}`), 400, vault.CodeBadRequest},
		"deep JSON":                 {request("POST", `{"query":"{me{id}}","variables":{"p":`+strings.Repeat("[", 90)+strings.Repeat("]", 90)+`}}`), 400, vault.CodeBadRequest},
		"JSON of brackets only":     {request("POST", strings.Repeat("[", 200_000)), 400, vault.CodeBadRequest},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if strings.Contains(test.request.URL.RawQuery, "query=") || test.request.Method == http.MethodHead {
				test.request.Header.Del("Content-Type")
			}
			got := do(t, usual(t), test.request)
			if got.status != test.status || got.code() != string(test.code) || got.Data != nil || len(got.Errors) != 1 {
				t.Errorf("got %d %s, want %d %s alone", got.status, got.text, test.status, test.code)
			}
			if allow := got.header.Get("Allow"); (got.status == 405) != (allow == "GET, POST") {
				t.Errorf("Allow is %q beside %d", allow, got.status)
			}
		})
	}
}

func TestOrdinaryRequestsAreAnswered(t *testing.T) {
	tests := map[string]*http.Request{
		"plain":                   request("POST", query("{ me { id } }")),
		"UTF-8 said":              request("POST", query("{ me { id } }"), "Content-Type", "application/json; charset=UTF-8"),
		"members of no meaning":   request("POST", `{"query":"{ me { id } }","more":{"x":[1,2,{"y":null}]}}`),
		"nulls":                   request("POST", `{"query":"{ me { id } }","variables":null,"operationName":null,"extensions":null}`),
		"identity":                request("POST", query("{ me { id } }"), "Content-Encoding", "identity"),
		"space around":            request("POST", "\n\t "+query("{ me { id } }")+" \r\n"),
		"one operation of two":    request("POST", `{"query":"query A { me { name } } query B { me { id } }","operationName":"B"}`),
		"an Apollo mobile client": request("POST", query("{ me { id } }"), "Accept", "multipart/mixed;deferSpec=20220824, application/graphql-response+json, application/json"),
	}
	for name, r := range tests {
		t.Run(name, func(t *testing.T) {
			got := do(t, usual(t), r)
			if got.status != 200 || string(got.Data) != `{"me":{"id":"text"}}` {
				t.Errorf("got %d %s", got.status, got.text)
			}
		})
	}
}

func TestWhatIsAskedAboutTheSchemaIsAnsweredToGET(t *testing.T) {
	for _, asked := range []string{
		"query={__typename}", "query={...F}+fragment+F+on+Query{__typename}",
		`query=query+T($name:String!){__type(name:$name){name}}&variables={"name":"User"}&operationName=T`,
	} {
		got := do(t, usual(t), httptest.NewRequest(http.MethodGet, "/graphql?"+asked, nil))
		if got.status != 200 || len(got.Errors) > 0 || got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: got %d %s", asked, got.status, got.text)
		}
	}
}

func TestEveryAnswerForbidsStoringAndSniffing(t *testing.T) {
	for _, r := range []*http.Request{request("POST", query("{ me { id } }")), request("POST", "{"), request("GET", "")} {
		got := do(t, usual(t), r)
		for name, want := range map[string]string{
			"Cache-Control":          "no-store",
			"X-Content-Type-Options": "nosniff",
			"Vary":                   "Accept, Accept-Language, Authorization",
			"Content-Length":         strconv.Itoa(len(got.text)),
			"Content-Type":           "application/json; charset=utf-8",
		} {
			if have := got.header.Get(name); have != want {
				t.Errorf("%s is %q, want %q", name, have, want)
			}
		}
	}
}

func TestPersistedQueriesAreDeclinedInTheWordsClientsCompare(t *testing.T) {
	const extension = `"extensions":{"persistedQuery":{"version":1,"sha256Hash":"00"}}`
	for _, body := range []string{`{` + extension + `}`, `{"query":"{ me { id } }",` + extension + `}`} {
		for _, accept := range []string{"application/json", "application/graphql-response+json"} {
			got := do(t, usual(t), request("POST", body, "Accept", accept))
			want := `{"errors":[{"message":"PersistedQueryNotSupported","extensions":{"code":"PERSISTED_QUERY_NOT_SUPPORTED"}}]}`
			if got.status != 200 || strings.TrimSpace(got.text) != want {
				t.Errorf("got %d %s", got.status, got.text)
			}
		}
	}
}

func TestACancelledRequestIsNotAnsweredWithNull(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got := do(t, usual(t), request("POST", query("{ me { id } }")).WithContext(ctx))
	if got.status != 503 || got.code() != string(vault.CodeUnavailable) || got.Data != nil {
		t.Errorf("got %d %s", got.status, got.text)
	}
}

func TestAnOperationThatTakesTooLongIsEnded(t *testing.T) {
	limits := graph.DefaultLimits()
	limits.Timeout = 20 * time.Millisecond
	wait := func(ctx context.Context, _ string) (string, error) {
		<-ctx.Done()
		return "", vault.NewError(vault.CodeTimeout, "too slow").Because(ctx.Err())
	}
	got := do(t, edge(t, limits, wait), request("POST", query("{ must }")))
	if got.status != 503 || got.code() != string(vault.CodeTimeout) || got.Data != nil {
		t.Errorf("without data: got %d %s", got.status, got.text)
	}
	got = do(t, edge(t, limits, wait), request("POST", query("{ me { id } call }")))
	if got.status != 200 || got.code() != string(vault.CodeTimeout) || string(got.Data) != `{"me":{"id":"text"},"call":null}` {
		t.Errorf("with data: got %d %s", got.status, got.text)
	}
}

func TestNoMoreThanTwentyErrorsAreAnswered(t *testing.T) {
	var unknown, failing strings.Builder
	for i := range 29 {
		fmt.Fprintf(&unknown, " x%d", i)
		fmt.Fprintf(&failing, " x%d: call", i)
	}
	limits := graph.DefaultLimits()
	limits.RootFields = 100
	srv := edge(t, limits, func(context.Context, string) (string, error) {
		return "", vault.NewError(vault.CodeUnavailable, "not now")
	})
	for _, document := range []string{"{" + unknown.String() + "}", "{" + failing.String() + "}"} {
		if got := do(t, srv, request("POST", query(document))); len(got.Errors) != 20 {
			t.Errorf("got %d errors", len(got.Errors))
		}
	}
}

// begin sends the head and the beginning of a request over a real connection,
// and gives the status of the answer after finish.
func begin(t *testing.T, server *httptest.Server, finish func(net.Conn) error) int {
	t.Helper()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, err = io.WriteString(conn, "POST /graphql HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"query\":")
	if err != nil {
		t.Fatal(err)
	}
	if err := finish(conn); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	return response.StatusCode
}

func TestABodyThatDoesNotArriveIsRefused(t *testing.T) {
	server := httptest.NewUnstartedServer(usual(t))
	server.Config.ReadTimeout = 50 * time.Millisecond
	server.Start()
	defer server.Close()

	slow := begin(t, server, func(net.Conn) error { return nil })
	if slow != http.StatusRequestTimeout {
		t.Errorf("a slow body: got %d", slow)
	}
	aborted := begin(t, server, func(conn net.Conn) error {
		tcp, ok := conn.(*net.TCPConn)
		if !ok {
			return errors.New("no TCP connection")
		}
		return tcp.CloseWrite()
	})
	if aborted != http.StatusBadRequest {
		t.Errorf("an aborted body: got %d", aborted)
	}
}

func TestABodyOfUnknownLengthHasTheSameLimit(t *testing.T) {
	server := httptest.NewServer(usual(t))
	defer server.Close()
	endless := io.MultiReader(strings.NewReader(`{"query":"`), io.LimitReader(zeros{}, 1<<20))
	response, err := http.Post(server.URL, "application/json", endless) // chunked
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("got %d", response.StatusCode)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}
