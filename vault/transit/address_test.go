package transit_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kelisim/kelisim/vault/transit"
)

// unreachable are Vaults that cannot be spoken to, and what is said of each.
func unreachable(t *testing.T) map[string]transit.Config {
	t.Helper()
	started := func(handler http.HandlerFunc) *httptest.Server {
		server := httptest.NewServer(handler)
		t.Cleanup(server.Close)
		return server
	}
	plain := started(func(http.ResponseWriter, *http.Request) {})
	secure := httptest.NewUnstartedServer(plain.Config.Handler)
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	gone := httptest.NewServer(plain.Config.Handler)
	gone.Close()
	cut := started(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, "{")
	})
	silent := started(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	})
	refusing := started(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, `{"errors":["Vault is sealed"]}`)
	})
	out := map[string]transit.Config{}
	for why, address := range map[string]string{
		"connect: connection refused": gone.URL, "VAULT_CACERT": secure.URL, "HTTP response to HTTPS client": strings.Replace(plain.URL, "http:", "https:", 1),
		"could not be looked up": "http://vault.invalid:8200", "unexpected EOF": cut.URL, "deadline exceeded": silent.URL, "Vault is sealed": refusing.URL,
	} {
		out[why] = transit.Config{Address: address, EncryptLogin: fixed("e"), DecryptLogin: fixed("d"), Timeout: 500 * time.Millisecond}
	}
	return out
}

func TestNoErrorTellsWhereVaultIs(t *testing.T) {
	for why, c := range unreachable(t) {
		t.Run(why, func(t *testing.T) {
			e := open(t, c)
			errs := refusals(t.Context(), e)
			errs["health"], errs["renewal"] = e.Healthy(t.Context()), renewal(t, e)
			for operation, err := range errs {
				if err == nil || !strings.Contains(err.Error(), why) {
					t.Errorf("%s answered %v", operation, err)
					continue
				}
				for _, told := range []string{"127.0.0.1", "http://", "https://", "invalid"} {
					if strings.Contains(err.Error(), told) {
						t.Errorf("%s tells %s: %v", operation, told, err)
					}
				}
			}
		})
	}
}

// renewal is the first trouble of renewing the tokens.
func renewal(t *testing.T, e *transit.Engine) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var once sync.Once
	first := errors.New("no trouble")
	e.Renew(ctx, func(err error) {
		once.Do(func() { first = err })
		cancel()
	})
	return first
}
