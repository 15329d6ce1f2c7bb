package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/kelisim/kelisim/vault"
)

// send is a request as hostile clients make it: any method, path, body, headers.
func (w *world) send(method, path, body string, header http.Header) answer {
	w.t.Helper()
	a, err := raw(w.http.URL, method, path, body, header)
	if err != nil {
		w.t.Fatal(err)
	}
	a.t = w.t
	return a
}

func raw(base, method, path, body string, header http.Header) (a answer, err error) {
	r, err := http.NewRequestWithContext(context.Background(), method, base+path, strings.NewReader(body))
	if err != nil {
		return a, err
	}
	for name, values := range header {
		r.Header[http.CanonicalHeaderKey(name)] = values
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	got, err := client.Do(r)
	if err != nil {
		return a, err
	}
	defer func() { _ = got.Body.Close() }()
	a.status, a.header = got.StatusCode, got.Header
	if a.raw, err = io.ReadAll(got.Body); err != nil {
		return a, err
	}
	if strings.Contains(got.Header.Get("Content-Type"), "json") {
		err = json.Unmarshal(a.raw, &a)
	}
	return a, err
}

func (w *world) get(path string) answer { w.t.Helper(); return w.send(http.MethodGet, path, "", nil) }

// bearing are the headers of a GraphQL request; an empty token is anonymous.
func bearing(token string) http.Header {
	h := http.Header{"Content-Type": {"application/json"}}
	if token != "" {
		h.Set("Authorization", "Bearer "+token)
	}
	return h
}

// events are the stored audit events that a filter lets through, newest first,
// read past the API so that reading leaves no event.
func (w *world) events(filter vault.AuditFilter) []vault.StoredEvent {
	w.t.Helper()
	events, err := w.sys.db.Events(context.Background(), filter, vault.Page{Limit: 1000})
	if err != nil {
		w.t.Fatal(err)
	}
	return events
}

// eventsOf are the events of one answer's request.
func (w *world) eventsOf(a answer) []vault.StoredEvent {
	w.t.Helper()
	id := a.header.Get("X-Request-ID")
	if id == "" {
		w.t.Fatal("the answer has no X-Request-ID")
	}
	return w.events(vault.AuditFilter{RequestID: id})
}

// userErrorsOf are a payload's userErrors.
func userErrorsOf(data map[string]any, mutation string) []any {
	errs, _ := at(data, mutation, "userErrors").([]any)
	return errs
}

// eventCount is how many events there are in all.
func (w *world) eventCount() int { w.t.Helper(); return len(w.events(vault.AuditFilter{})) }

// iinOf makes a valid IIN: birth as YYMMDD, the digit of century and sex, a
// serial of four digits. It tries the next serial when a check digit is 10.
func iinOf(t testing.TB, birth string, century byte, serial string) string {
	t.Helper()
	digits := birth + string(century) + serial
	for _, weights := range [][]int{{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, {3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2}} {
		sum := 0
		for i, weight := range weights {
			sum += weight * int(digits[i]-'0')
		}
		if check := sum % 11; check < 10 {
			return digits + string(rune('0'+check))
		}
	}
	t.Fatalf("%s has no check digit; take another serial", digits)
	return ""
}

// encode is the body of a GraphQL request.
func encode(t testing.TB, query string, variables map[string]any) string {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// trust makes the server believe what proxies of a network forwarded.
func (w *world) trust(network string) {
	w.edge.settings.proxies = []netip.Prefix{netip.MustParsePrefix(network)}
}

// vaultID is a GraphQL id as somebody makes one up.
func vaultID(kind, rest string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(kind + ":" + rest))
}
