package transit_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/transit"
	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

// refusals asks each operation once and gives the error of the call or its item.
func refusals(ctx context.Context, e *transit.Engine) map[string]error {
	items := values(1)
	why := map[string]error{}
	encrypted, err := e.Encrypter().Encrypt(ctx, items)
	if err == nil {
		err = encrypted[0].Err
	}
	why["encrypt"] = err
	c := vault.Ciphertext{Key: e.DataKey(), Version: 1, Text: "vault:v1:AAAA"}
	decrypted, err := e.Decrypter().Decrypt(ctx, []vault.DecryptItem{{Place: items[0].Place, Ciphertext: c}})
	if err == nil {
		err = decrypted[0].Err
	}
	why["decrypt"] = err
	indexed, err := e.Encrypter().Index(ctx, 1, []vault.IndexItem{{Field: "email", Normalised: items[0].Value}})
	if err == nil {
		err = indexed[0].Err
	}
	why["index"] = err
	_, why["pepper"] = e.Pepper(ctx, 1)
	_, why["version"] = e.LatestVersion(ctx, e.DataKey())
	why["health"] = e.Healthy(ctx)
	return why
}

func allUnavailable(t *testing.T, e *transit.Engine) {
	t.Helper()
	for name, err := range refusals(t.Context(), e) {
		if !errors.Is(err, vault.ErrUnavailable) {
			t.Errorf("%s answered %v, want ErrUnavailable", name, err)
		}
	}
}

func TestSealedOrStoppedVaultIsUnavailableUntilItServesAgain(t *testing.T) {
	t.Parallel()
	v := daemon.PrivateVault(t)
	e := open(t, config(v.VaultServer))
	items := values(1)
	encrypted, err := e.Encrypter().Encrypt(t.Context(), items)
	if err != nil || encrypted[0].Err != nil {
		t.Fatalf("%v, %v", encrypted, err)
	}
	served := func() {
		t.Helper()
		heals(t, func() error { return ask(t.Context(), e) })
		heals(t, func() error { return e.Healthy(t.Context()) })
		answers, err := e.Decrypter().Decrypt(t.Context(), []vault.DecryptItem{{Place: items[0].Place, Ciphertext: encrypted[0].Ciphertext}})
		if err != nil || answers[0].Err != nil || answers[0].Value.Reveal() != items[0].Value.Reveal() {
			t.Errorf("after the fault: %v, %v", answers, err)
		}
		if err := e.Healthy(t.Context()); err != nil {
			t.Errorf("after the fault: %v", err)
		}
	}
	served()
	v.Seal()
	allUnavailable(t, e)
	manyUnavailable(t, e)
	v.Unseal()
	served()
	v.Stop()
	allUnavailable(t, e)
	manyUnavailable(t, e)
	v.Start()
	served()
}

// manyUnavailable asks from many callers at once: each gets its answer, and
// soon, since a server that refuses does not make anybody wait.
func manyUnavailable(t *testing.T, e *transit.Engine) {
	t.Helper()
	start := time.Now()
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			answers, err := e.Encrypter().Encrypt(t.Context(), values(5))
			if err != nil {
				t.Errorf("the whole call answered %v", err)
				return
			}
			for _, answer := range answers {
				if !errors.Is(answer.Err, vault.ErrUnavailable) {
					t.Errorf("an item answered %v", answer.Err)
				}
			}
		})
	}
	all.Wait()
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("50 callers waited %v", took)
	}
}

// answering is a Vault that answers everything in one way.
func answering(t *testing.T, handler http.HandlerFunc) transit.Config {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return transit.Config{Address: server.URL, EncryptLogin: fixed("e"), DecryptLogin: fixed("d")}
}

func TestSilentVaultHoldsNobodyBeyondTheDeadline(t *testing.T) {
	silence := make(chan struct{})
	c := answering(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-silence:
		case <-r.Context().Done():
		}
	})
	defer close(silence)
	c.Timeout = 100 * time.Millisecond
	e := open(t, c)
	start := time.Now()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { allUnavailable(t, e) }) // six questions, one after the other
	}
	all.Wait()
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("six deadlines of 100 ms took %v", took)
	}
	soon, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	for name, err := range refusals(soon, open(t, c)) {
		if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, vault.ErrUnavailable) {
			t.Errorf("%s: the caller's own deadline answered %v", name, err)
		}
	}
}

func TestFullQueueIsUnavailableAtOnce(t *testing.T) {
	v := daemon.Vault(t)
	c := config(v)
	c.Queue = 10
	if _, err := open(t, c).Encrypter().Encrypt(t.Context(), values(11)); !errors.Is(err, vault.ErrUnavailable) {
		t.Fatalf("got %v", err)
	}
}

func TestAnswersThatAreNoAnswersAreUnavailable(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
	}{
		"sealed":              {503, `{"errors":["Vault is sealed"]}`},
		"standby":             {472, ``},
		"standby of DR":       {473, ``},
		"throttled":           {429, `{"errors":["rate limit quota exceeded"]}`},
		"not initialised":     {501, `{"errors":["Vault is not initialized"]}`},
		"internal error":      {500, `{"errors":["internal error"]}`},
		"bad gateway":         {502, `<html>`},
		"redirect":            {307, ``},
		"empty":               {200, ``},
		"not JSON":            {200, `<html>`},
		"another shape":       {200, `{"data":[]}`},
		"no results":          {200, `{"data":{"batch_results":[]}}`},
		"too many results":    {200, `{"data":{"batch_results":[{},{},{}]}}`},
		"another's reference": {200, `{"data":{"batch_results":[{"reference":"x","plaintext":"AYAAAA=="}]}}`},
		"all failed with 500": {500, `{"data":{"batch_results":[{"error":"e"}]}}`},
	} {
		t.Run(name, func(t *testing.T) {
			e := open(t, answering(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "http://127.0.0.1:1/")
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			}))
			why := refusals(t.Context(), e)
			for _, operation := range []string{"encrypt", "decrypt", "index", "version"} {
				if !errors.Is(why[operation], vault.ErrUnavailable) {
					t.Errorf("%s answered %v", operation, why[operation])
				}
			}
		})
	}
}

func TestErrorsQuoteNeitherQuestionNorAnswer(t *testing.T) {
	for _, status := range []int{200, 400, 403, 500, 503} {
		e := open(t, answering(t, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "Құпия ")
			_, _ = io.Copy(w, r.Body) // a proxy that echoes what it could not deliver
		}))
		for operation, err := range refusals(t.Context(), e) {
			if err == nil || strings.Contains(err.Error(), "Құпия") || strings.Contains(err.Error(), "batch_input") {
				t.Errorf("%d, %s: %v", status, operation, err)
			}
		}
	}
}

func TestWrongTokenIsUnavailableAndSaysWhy(t *testing.T) {
	v := daemon.Vault(t)
	c := config(v)
	c.EncryptLogin, c.DecryptLogin = fixed("hvs.wrong"), fixed("hvs.wrong")
	e := open(t, c)
	allUnavailable(t, e)
	for name, err := range refusals(t.Context(), e) {
		if !errors.Is(err, transit.ErrForbidden) {
			t.Errorf("%s does not say that permission is missing: %v", name, err)
		}
	}
}

func TestEachLoginDoesItsOwnWorkOnly(t *testing.T) {
	v := daemon.Vault(t)
	c := config(v)
	c.EncryptLogin, c.DecryptLogin = c.DecryptLogin, c.EncryptLogin
	for name, err := range refusals(t.Context(), open(t, c)) {
		if !errors.Is(err, transit.ErrForbidden) {
			t.Errorf("with the logins exchanged, %s answered %v", name, err)
		}
	}
}

func TestRefusedTokenIsReadAgain(t *testing.T) {
	v := daemon.Vault(t)
	c := config(v)
	file := filepath.Join(t.TempDir(), "token")
	hold(t, file, "hvs.expired")
	c.EncryptLogin = transit.TokenFile(file)
	e := open(t, c)
	if answers, err := e.Encrypter().Encrypt(t.Context(), values(1)); err != nil || !errors.Is(answers[0].Err, transit.ErrForbidden) {
		t.Fatalf("an expired token: %v, %v", answers, err)
	}
	hold(t, file, v.EncryptToken)
	if answers, err := e.Encrypter().Encrypt(t.Context(), values(1)); err != nil || answers[0].Err != nil {
		t.Fatalf("the new token: %v, %v", answers, err)
	}
}

func TestTokensAreRenewedUntilTheContextEnds(t *testing.T) {
	t.Parallel()
	v := daemon.Vault(t)
	secret, err := v.Client(v.Token).Auth().Token().CreateOrphan(&api.TokenCreateRequest{TTL: "4s", Policies: []string{"kelisim-decrypt-" + v.Mount}})
	if err != nil {
		t.Fatal(err)
	}
	c := config(v)
	c.DecryptLogin = fixed(secret.Auth.ClientToken)
	e := open(t, c)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		e.Renew(ctx, func(err error) { t.Errorf("trouble: %v", err) })
	}()
	poll := time.NewTicker(500 * time.Millisecond)
	defer poll.Stop()
	for alive := time.After(6 * time.Second); alive != nil; { // longer than the token lives by itself
		select {
		case <-poll.C:
			if err := e.Healthy(t.Context()); err != nil {
				t.Fatal(err)
			}
		case <-alive:
			alive = nil
		}
	}
	cancel()
	<-ended
}

// hold puts a secret in a file.
func hold(t *testing.T, file, secret string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}
