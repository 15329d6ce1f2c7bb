package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kelisim/kelisim/vault"
)

// FuzzTheWholeHandler sends anything to every door, as everybody: no answer is
// a fault of ours, and none takes long.
func FuzzTheWholeHandler(f *testing.F) {
	for _, target := range []string{
		"/graphql", "/graphql?query={__typename}", "/policy/dala", "/policy/dala/1.0?locale=kk", "/policy/dala/delete", "/consents/x?locale=ru",
		"/exports/x", "/breaches/x/notice?for=PEOPLE&locale=en", "/schema.graphql", "/healthz", "/readyz", "/console/", "/console/%2e%2e/x", "/metrics", "//",
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodHead, http.MethodOptions, "X"} {
			f.Add(method, target, "Accept-Language", "kk;q=0.5, *", `{"query":"{ policyInForce { id } }"}`)
		}
	}
	f.Add(http.MethodPost, "/graphql", "Content-Type", "application/json; charset=utf-8", `{"query":"query($l: Locale) { policyInForce { document(locale: $l) { text } } }","variables":{"l":"xx-\u0000"}}`)
	f.Add(http.MethodPost, "/graphql", "Accept", "application/graphql-response+json;q=0", `[{"query":"{ me { id } }"}]`)
	f.Add(http.MethodPost, "/graphql", "X-Forwarded-For", "::1, 999.1.1.1,", `{"query":"mutation($i: RegisterMeInput!) { registerMe(input: $i) { created } }","variables":{"i":{"profile":{"phone":"1"}}}}`)
	w := embedded(f)
	tokens := []string{"", w.subject("fuzzed"), w.staff(vault.Support), w.staff(vault.Compliance), w.staff(vault.Machine)}
	handler := w.http.Config.Handler
	f.Fuzz(func(t *testing.T, method, target, header, value, body string) {
		for _, token := range tokens {
			r, err := http.NewRequestWithContext(t.Context(), method, "http://localhost"+target, strings.NewReader(body))
			if err != nil {
				return // no HTTP client can send it
			}
			r.RemoteAddr, r.RequestURI = "192.0.2.7:1234", target
			r.Header.Set("Content-Type", "application/json")
			r.Header[http.CanonicalHeaderKey(header)] = []string{value}
			if token != "" {
				r.Header.Set("Authorization", "Bearer "+token)
			}
			answered, start := httptest.NewRecorder(), time.Now()
			handler.ServeHTTP(answered, r)
			if answered.Code >= http.StatusInternalServerError || time.Since(start) > 5*time.Second {
				t.Errorf("%s %q by %q: %d after %v: %.300s", method, target, token[:min(len(token), 8)], answered.Code, time.Since(start), answered.Body)
			}
		}
	})
}
