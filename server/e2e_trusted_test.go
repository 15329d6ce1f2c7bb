package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kelisim/kelisim/vault"
)

// release writes a manifest of documents, and answers its path.
func release(t *testing.T, folder, name string, documents ...string) {
	t.Helper()
	operations := []map[string]string{}
	for _, document := range documents {
		sum := sha256.Sum256([]byte(document))
		operations = append(operations, map[string]string{"id": hex.EncodeToString(sum[:]), "name": "Op", "type": "query", "body": document})
	}
	raw, err := json.Marshal(map[string]any{"format": "apollo-persisted-query-manifest", "version": 1, "operations": operations})
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, name), raw, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestAnAppIsHeldToWhatItWasReleasedWith(t *testing.T) {
	folder := t.TempDir()
	const first, second = "query Me { me { id } }", "query Me { me { id status } }"
	release(t, folder, "app-1.json", first)
	w := newWorld(t, "embedded", settings{TrustedDocuments: folder, TrustMobile: "enforce", TrustServices: "log"})
	me := w.subject("released")

	w.ask(me, first, nil).must()
	w.ask("", `query Me { me { id } }`, nil) // a stranger's refusal is another one
	got := w.ask(me, second, nil)
	equal(t, "a document of no release", got.code(), "DOCUMENT_NOT_TRUSTED")
	equal(t, "its status", got.status, http.StatusForbidden)
	equal(t, "a stranger's", w.ask("", "{ __typename }", nil).code(), "DOCUMENT_NOT_TRUSTED")
	w.ask(w.staff(vault.Support), `{ users { nodes { id } } }`, nil).must()
	w.ask(w.staff(vault.Machine), `{ users { nodes { id } } }`, nil).must()
	if log := w.log.String(); !strings.Contains(log, "audience=services fields=users") || strings.Contains(log, "audience=staff") {
		t.Errorf("the log has not what it should of documents of no manifest")
	}
	metrics := string(w.get("/metrics").raw)
	for _, counted := range []string{`{audience="mobile",outcome="refused"} 2`, `{audience="services",outcome="answered"} 1`} {
		if !strings.Contains(metrics, "kelisim_untrusted_documents_total"+counted+"\n") {
			t.Errorf("the metrics lack %s", counted)
		}
	}

	release(t, folder, "app-2.json", second)
	w.edge.manifests.again(t.Context())
	w.ask(me, second, nil).must()
	w.ask(me, first, nil).must() // who did not update yet

	for name, wrong := range map[string]string{
		"half of a file":     `{"format":"apollo-persisted-`,
		"another format":     `{"format":"relay","version":1,"operations":[]}`,
		"a later version":    `{"format":"apollo-persisted-query-manifest","version":2,"operations":[]}`,
		"another's hash":     `{"format":"apollo-persisted-query-manifest","version":1,"operations":[{"id":"00","name":"Me","type":"query","body":"{ me { id } }"}]}`,
		"what is not served": "",
	} {
		if wrong == "" {
			release(t, folder, "app-2.json", "{ me { shoeSize } }")
		} else if err := os.WriteFile(filepath.Join(folder, "app-2.json"), []byte(wrong), 0o600); err != nil {
			t.Fatal(err)
		}
		w.edge.manifests.again(t.Context())
		if got := w.ask(me, second, nil); len(got.Errors) > 0 {
			t.Errorf("%s: what was known before is forgotten: %s", name, got.raw)
		}
		if _, err := openManifests(w.sys); err == nil || !strings.Contains(err.Error(), "app-2.json") {
			t.Errorf("%s: a start is not stopped: %v", name, err)
		}
	}
}

func TestTrustIsSetAsItIsMeant(t *testing.T) {
	for _, wrong := range []map[string]string{
		{"KELISIM_TRUST_MOBILE": "enforced", "KELISIM_TRUSTED_DOCUMENTS": "x"},
		{"KELISIM_TRUST_MOBILE": "enforce"},
		{"KELISIM_TRUST_SERVICES": "log"},
	} {
		if _, err := (environment{variables: wrong}).settings(); err == nil || !strings.Contains(err.Error(), "KELISIM_TRUST_") {
			t.Errorf("%v: %v", wrong, err)
		}
	}
	for _, folder := range []string{t.TempDir(), filepath.Join(t.TempDir(), "none")} {
		if _, err := openManifests(&system{settings: settings{TrustedDocuments: folder}}); err == nil {
			t.Errorf("a folder without manifests is taken: %s", folder)
		}
	}
}

func TestPagesOfTheListMayCallTheAPIAndNoOthers(t *testing.T) {
	const own = "https://tools.example.kz"
	w := newWorld(t, "embedded", settings{CORSOrigins: []string{own}})
	for origin, allowed := range map[string]bool{own: true, "https://evil.example": false, "null": false, own + ".evil.example": false, "http://tools.example.kz": false} {
		for _, method := range []string{http.MethodOptions, http.MethodPost} {
			r, err := http.NewRequestWithContext(t.Context(), method, w.http.URL+"/graphql", strings.NewReader(`{"query":"{ __typename }"}`))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Origin", origin)
			r.Header.Set("Content-Type", "application/json")
			if method == http.MethodOptions {
				r.Header.Set("Access-Control-Request-Method", http.MethodPost)
				r.Header.Set("Access-Control-Request-Headers", "authorization,content-type")
			}
			got, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = got.Body.Close()
			want := map[bool]string{true: own}[allowed]
			if has := got.Header.Get("Access-Control-Allow-Origin"); has != want || got.Header.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s by %s: allowed is %q", method, origin, has)
			}
			if vary := strings.Join(got.Header.Values("Vary"), ", "); !strings.Contains(vary, "Origin") {
				t.Errorf("%s by %s: Vary is %q", method, origin, vary)
			}
		}
	}
	for _, wrong := range []string{"*", "https://tools.example.kz/", "tools.example.kz", "http://tools.example.kz", "https://*.example.kz", "null", "https://a.kz/x"} {
		if _, err := (environment{variables: map[string]string{"KELISIM_CORS_ORIGINS": wrong}}).settings(); err == nil {
			t.Errorf("%s is taken for an origin", wrong)
		}
	}
	if _, err := (environment{variables: map[string]string{"KELISIM_CORS_ORIGINS": own + ", http://localhost:3000"}}).settings(); err != nil {
		t.Error(err)
	}
}
