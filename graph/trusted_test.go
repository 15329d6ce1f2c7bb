package graph_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/kelisim/kelisim/graph"
	"github.com/kelisim/kelisim/vault"
)

func hashOf(document string) string {
	sum := sha256.Sum256([]byte(document))
	return hex.EncodeToString(sum[:])
}

const released = "query Me { me { id } }"

// releases know one document. What they are told is kept.
type releases struct{ told []string }

func (r *releases) documents(trust graph.Trust) *graph.Documents {
	return &graph.Documents{
		Text:  func(hash string) (string, bool) { return released, hash == hashOf(released) },
		Trust: func(vault.Actor) graph.Trust { return trust },
		Unknown: func(_ context.Context, _ vault.Actor, refused bool, roots []string) {
			r.told = append(r.told, fmt.Sprint(refused, roots))
		},
	}
}

// hashed is the body of a request with Apollo's extension.
func hashed(hash, document string) string {
	body := fmt.Sprintf(`"extensions":{"persistedQuery":{"version":1,"sha256Hash":%q}}`, hash)
	if document != "" {
		body += fmt.Sprintf(`,"query":%q`, document)
	}
	return "{" + body + "}"
}

func TestADocumentIsAskedForByItsHash(t *testing.T) {
	const answered, other = `{"me":{"id":"text"}}`, "{ me { id } }"
	for name, test := range map[string]struct {
		body, said string
		status     int
	}{
		"a hash that is known":          {hashed(hashOf(released), ""), answered, 200},
		"with its document":             {hashed(hashOf(released), released), answered, 200},
		"a hash that nobody knows":      {hashed(hashOf(other), ""), "PersistedQueryNotFound", 200},
		"and then with its document":    {hashed(hashOf(other), other), answered, 200},
		"a hash of another document":    {hashed(hashOf(released), other), "SHA-256", 400},
		"a known one of another":        {hashed(hashOf(other), released), "SHA-256", 400},
		"upper case":                    {hashed(strings.ToUpper(hashOf(released)), ""), "PersistedQueryNotFound", 200},
		"half a hash":                   {hashed(hashOf(released)[:32], ""), "SHA-256", 400},
		"no hash":                       {`{"extensions":{"persistedQuery":{"version":1}}}`, "SHA-256", 400},
		"a later version":               {strings.Replace(hashed(hashOf(released), ""), `n":1`, `n":2`, 1), "SHA-256", 400},
		"a list":                        {`{"extensions":{"persistedQuery":[]}}`, "SHA-256", 400},
		"an extension that is null":     {`{"query":"{ me { id } }","extensions":{"persistedQuery":null}}`, answered, 200},
		"neither a hash nor a document": {`{"extensions":{}}`, "query", 400},
	} {
		srv := trusting(t, graph.DefaultLimits(), echo, new(releases).documents(graph.TrustOff))
		got := do(t, srv, request("POST", test.body))
		if got.status != test.status || !strings.Contains(got.text, test.said) {
			t.Errorf("%s: got %d %s, want %d with %s", name, got.status, got.text, test.status, test.said)
		}
	}
}

func TestWhoIsHeldToReleasedDocumentsSendsNoOther(t *testing.T) {
	const other = `query Spy { me { id } call(name: "Әсел") }`
	for trust, want := range map[graph.Trust]struct {
		status int
		told   []string
	}{
		graph.TrustOff:     {200, nil},
		graph.TrustLog:     {200, []string{"false [me call]"}},
		graph.TrustEnforce: {403, []string{"true []"}},
	} {
		r := new(releases)
		srv := trusting(t, graph.DefaultLimits(), echo, r.documents(trust))
		if got := do(t, srv, request("POST", query(released))); got.status != 200 || len(got.Errors) > 0 {
			t.Errorf("%s: the released document: %d %s", trust, got.status, got.text)
		}
		got := do(t, srv, request("POST", query(other)))
		if got.status != want.status || !slices.Equal(r.told, want.told) {
			t.Errorf("%s: got %d %s, told %q", trust, got.status, got.text, r.told)
		}
		if trust == graph.TrustEnforce && (got.code() != string(graph.CodeDocumentNotTrusted) || got.Data != nil) {
			t.Errorf("%s: got %s", trust, got.text)
		}
		if trust != graph.TrustEnforce {
			continue
		}
		for _, evasion := range []string{released + " ", "#\n" + released, strings.ToUpper(released), "{ __schema { types { name } } }"} {
			if got := do(t, srv, request("POST", query(evasion))); got.code() != string(graph.CodeDocumentNotTrusted) {
				t.Errorf("%q: got %d %s", evasion, got.status, got.text)
			}
		}
	}
}

func TestAHashByGETAsksNothingOfAPerson(t *testing.T) {
	srv := trusting(t, graph.DefaultLimits(), echo, new(releases).documents(graph.TrustOff))
	at := "/graphql?extensions=" + url.QueryEscape(fmt.Sprintf(`{"persistedQuery":{"version":1,"sha256Hash":%q}}`, hashOf(released)))
	if got := do(t, srv, httptest.NewRequest(http.MethodGet, at, nil)); got.status != 405 || got.Data != nil {
		t.Errorf("got %d %s", got.status, got.text)
	}
}
