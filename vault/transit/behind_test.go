package transit_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/transit"
	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

// answered asks for ciphertexts of one place.
func answered(t *testing.T, e *transit.Engine, at vault.Place, texts ...string) []vault.Decrypted {
	t.Helper()
	items := make([]vault.DecryptItem, len(texts))
	for i, text := range texts {
		c, err := vault.NewCiphertext(e.DataKey(), text)
		if err != nil {
			t.Fatal(err)
		}
		items[i] = vault.DecryptItem{Place: at, Ciphertext: c}
	}
	answers, err := e.Decrypter().Decrypt(t.Context(), items)
	if err != nil {
		t.Fatal(err)
	}
	return answers
}

// A leader that was frozen while another one was elected answers from the past
// once it goes on. What it does not know is not lost: the next one has it.
func TestAVaultThatAnswersFromThePastLosesNothing(t *testing.T) {
	t.Parallel()
	var thawed atomic.Bool
	e := open(t, answering(t, func(w http.ResponseWriter, _ *http.Request) {
		old := `{"error":"invalid ciphertext: version is too new","reference":""}`
		if !thawed.Load() {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"data":{"batch_results":[{"error":"cipher: message authentication failed"},`+old+`]}}`)
			return
		}
		_, _ = io.WriteString(w, `{"data":{"batch_results":[{"error":"cipher: message authentication failed"},{"error":"cipher: message authentication failed"}]}}`)
	}))
	at := vault.Place{User: uuid.New(), Field: "email"}
	answers := answered(t, e, at, "vault:v1:AAAA", "vault:v2:AAAA")
	if err := answers[0].Err; !errors.Is(err, vault.ErrUndecryptable) {
		t.Errorf("an altered one answered %v", err)
	}
	if err := answers[1].Err; !errors.Is(err, vault.ErrUnavailable) || !errors.Is(err, vault.ErrKeyBehind) {
		t.Errorf("one of a version to come answered %v", err)
	}
	thawed.Store(true)
	if err := answered(t, e, at, "vault:v1:AAAA", "vault:v2:AAAA")[1].Err; !errors.Is(err, vault.ErrUndecryptable) {
		t.Errorf("a Vault that knows the version answered %v", err)
	}
}

// That is how a real Vault says it, to decrypt and to rewrap, in any company.
func TestARealVaultSaysOfAVersionThatItDoesNotHaveThatItIsTooNew(t *testing.T) {
	t.Parallel()
	c := config(daemon.Vault(t))
	e := open(t, c)
	one := values(1)
	encrypted, err := e.Encrypter().Encrypt(t.Context(), one)
	if err != nil || encrypted[0].Err != nil {
		t.Fatalf("%v, %v", encrypted, err)
	}
	good := encrypted[0].Ciphertext
	forged := strings.Replace(good.Text, ":v1:", ":v2:", 1)
	alone, beside := answered(t, e, one[0].Place, forged), answered(t, e, one[0].Place, good.Text, forged)
	if beside[0].Err != nil {
		t.Error(beside[0].Err)
	}
	moved, err := rewrapper(t, c).Rewrap(t.Context(), []vault.RewrapItem{
		{Place: one[0].Place, Ciphertext: vault.Ciphertext{Key: good.Key, Version: 2, Text: forged}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{"alone": alone[0].Err, "beside a good one": beside[1].Err, "rewrapped": moved[0].Err} {
		if !errors.Is(err, vault.ErrUnavailable) || !errors.Is(err, vault.ErrKeyBehind) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
