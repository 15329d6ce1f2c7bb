package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/vaulttest"
)

// fetched gets an export with a token.
func (w *world) fetched(path, token string) answer {
	w.t.Helper()
	header := http.Header{}
	if token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	return w.send(http.MethodGet, path, "", header)
}

// unpacked are the files of a copy.
func unpacked(t *testing.T, raw []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name] = string(text)
	}
	return out
}

// exported asks for an export, and answers its path.
func (w *world) exported(token string) string {
	w.t.Helper()
	return str(w.mutate(token, "requestExport", input{"locale": "kk"}, `export { id path expiresAt } request { state outcome }`).ok().payload, "export", "path")
}

func TestLaw24APersonFetchesACopyOfTheirDataOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("copies")
		id := w.register(me, with(named(), input{"phone": "+77019264837"}))
		w.asks(me, "OBJECTION", input{"text": "Машина шешті"}).ok()
		w.ask(w.staff(vault.Support), `query($id: ID!) { user(id: $id) { profile(basis: {request: {reason: PERSON_ASKED, ticket: "SUP-9"}}, reveal: ["phone"]) { phone { value } } } }`, input{"id": id}).must()
		path := w.exported(me)
		stranger := w.subject("strangers")
		w.register(stranger, nil)
		for who, token := range map[string]string{"a stranger": stranger, "a colleague": w.staff(vault.Compliance), "somebody not registered": w.subject("nobody")} {
			equal(t, who, w.fetched(path, token).status, http.StatusNotFound)
		}
		equal(t, "without a token", w.fetched(path, "").status, http.StatusUnauthorized)
		equal(t, "HEAD", w.send(http.MethodHead, path, "", http.Header{"Authorization": {"Bearer " + me}}).status, http.StatusMethodNotAllowed)

		got := w.fetched(path, me)
		equal(t, "status", got.status, http.StatusOK)
		equal(t, "kept nowhere", got.header.Get("Cache-Control"), "no-store")
		files := unpacked(t, got.raw)
		var data map[string]any
		if err := json.Unmarshal([]byte(files["data.json"]), &data); err != nil {
			t.Fatal(err)
		}
		same(t, "fields", pluck(data, "value", "fields"), []string{"Сағынтаева", "Әйгерім", "+77019264837"})
		same(t, "consents", slices.Sorted(slices.Values(pluck(data, "item", "consents"))), []string{"contact", "identify"}) // one screen, in any order
		equal(t, "a request's text", str(data, "requests", 0, "text"), "Машина шешті")
		if !slices.Contains(pluck(data, "reference", "accesses"), "SUP-9") {
			t.Errorf("who read what: %v", data["accesses"])
		}
		for _, want := range []string{`lang="kk"`, "Сағынтаева", "Машина шешті", "SUP-9"} {
			if !strings.Contains(files["index.html"], want) {
				t.Errorf("the page lacks %q", want)
			}
		}
		equal(t, "again", w.fetched(path, me).status, http.StatusGone)
		described(t, data)

		path = w.exported(me)
		w.clock.advance(vault.ExportFor)
		equal(t, "a day later", w.fetched(path, w.subject("copies")).status, http.StatusGone)
	})
}

func TestACopyThatCannotBePutTogetherIsNotUsedUp(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("waits")
		w.register(me, named())
		path := w.exported(me)
		was := w.sys.vault.Decrypter
		w.sys.vault.Decrypter = absent{}
		down := w.fetched(path, me)
		equal(t, "while Vault is away", down.status, http.StatusServiceUnavailable)
		w.sys.vault.Decrypter = was
		writer := w.sys.vault.Writer
		w.sys.vault.Writer = &vaulttest.FaultyWriter{Writer: writer, Before: func(int) error { return vault.ErrUnavailable }}
		equal(t, "while nothing can be recorded", w.fetched(path, me).status, http.StatusServiceUnavailable)
		w.sys.vault.Writer = writer
		equal(t, "when they are back", w.fetched(path, me).status, http.StatusOK)
		for _, secret := range []string{"Сағынтаева", "Әйгерім"} {
			if strings.Contains(w.log.String(), secret) {
				t.Errorf("%s stands in the log", secret)
			}
		}
	})
}

// absent is a Vault that is away.
type absent struct{}

// Decrypt implements vault.Decrypter.
func (absent) Decrypt(context.Context, []vault.DecryptItem) ([]vault.Decrypted, error) {
	return nil, vault.ErrUnavailable
}

func TestOfManyWhoFetchAnExportAtOnceOneGetsIt(t *testing.T) {
	w := onServers(t)
	me := w.subject("races")
	w.register(me, named())
	path := w.exported(me)
	statuses := make(chan int, 6)
	for range cap(statuses) {
		go func() {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.http.URL+path, nil)
			if err != nil {
				statuses <- 0
				return
			}
			r.Header.Set("Authorization", "Bearer "+me)
			got, err := http.DefaultClient.Do(r)
			if err != nil {
				statuses <- 0
				return
			}
			_ = got.Body.Close()
			statuses <- got.StatusCode
		}()
	}
	count := map[int]int{}
	deadline := time.After(30 * time.Second)
	for range cap(statuses) {
		select {
		case s := <-statuses:
			count[s]++
		case <-deadline:
			t.Fatal("somebody still waits")
		}
	}
	if !maps.Equal(count, map[int]int{http.StatusOK: 1, http.StatusGone: cap(statuses) - 1}) {
		t.Errorf("answered with %v", count)
	}
}

// described holds a copy against docs/export.schema.json: nothing that it lacks,
// nothing that it does not know.
func described(t *testing.T, data map[string]any) {
	t.Helper()
	raw, err := os.ReadFile("../docs/export.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	if err := json.Unmarshal(raw, &schema); err != nil {
		t.Fatal(err)
	}
	conforms(t, "the copy", schema, data)
}

func conforms(t *testing.T, what string, schema map[string]any, v any) {
	t.Helper()
	switch v := v.(type) {
	case map[string]any:
		properties, _ := schema["properties"].(map[string]any)
		for _, name := range strs(schema, "required") {
			if _, ok := v[name]; !ok {
				t.Errorf("%s lacks %s", what, name)
			}
		}
		for name, inner := range v {
			of, ok := properties[name].(map[string]any)
			if !ok {
				t.Errorf("%s has %s, which the schema does not know", what, name)
				continue
			}
			conforms(t, what+"."+name, of, inner)
		}
	case []any:
		items, _ := schema["items"].(map[string]any)
		for _, one := range v {
			conforms(t, what+"[]", items, one)
		}
	}
}
