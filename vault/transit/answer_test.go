package transit_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/transit"
)

// FuzzAnswer lets a false Vault answer anything: it must neither break the
// engine nor be believed unless it answers a well-formed padded value.
func FuzzAnswer(f *testing.F) {
	type answer struct {
		status int
		body   string
	}
	var next atomic.Pointer[answer]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(next.Load().status)
		_, _ = w.Write([]byte(next.Load().body))
	}))
	f.Cleanup(server.Close)
	e := open(f, transit.Config{Address: server.URL, EncryptLogin: fixed("e"), DecryptLogin: fixed("d")})
	item := vault.DecryptItem{
		Place:      vault.Place{User: uuid.New(), Field: "email"},
		Ciphertext: vault.Ciphertext{Key: e.DataKey(), Version: 1, Text: "vault:v1:AAAA"},
	}
	f.Add(200, `{"data":{"batch_results":[{"plaintext":"AYAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}]}}`)
	f.Add(400, `{"data":{"batch_results":[{"error":"invalid ciphertext"}]}}`)
	f.Add(503, `{"errors":["Vault is sealed"]}`)
	f.Add(200, `{"data":{"batch_results":[null]}}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 599 {
			return
		}
		next.Store(&answer{status, body})
		answers, err := e.Decrypter().Decrypt(t.Context(), []vault.DecryptItem{item})
		if err != nil || len(answers) != 1 {
			t.Fatalf("%d answers, %v", len(answers), err)
		}
		switch code := vault.CodeOf(answers[0].Err); {
		case answers[0].Err == nil:
			if _, err := vault.Pad(answers[0].Value); err != nil {
				t.Fatalf("believed what is no value: %v", err)
			}
		case code != vault.CodeUnavailable && code != vault.CodeUndecryptable:
			t.Fatalf("answered %v", answers[0].Err)
		case !answers[0].Value.Empty():
			t.Fatal("an error and a value")
		}
	})
}
