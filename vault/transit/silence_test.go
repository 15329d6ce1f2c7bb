package transit_test

import (
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kelisim/kelisim/vault/transit"
)

// forgetful is a firewall before a server that can forget the connections that
// it let through: what is sent on them arrives nowhere, and nobody is told.
type forgetful struct {
	net.Listener
	generation atomic.Int64
	passed     atomic.Int64
}

// Accept implements net.Listener.
func (f *forgetful) Accept() (net.Conn, error) {
	c, err := f.Listener.Accept()
	if err != nil {
		return nil, err
	}
	f.passed.Add(1)
	return &forgettable{Conn: c, of: f, generation: f.generation.Load()}, nil
}

// forget leaves the connections of until now dead.
func (f *forgetful) forget() { f.generation.Add(1) }

type forgettable struct {
	net.Conn
	of         *forgetful
	generation int64
}

// Read implements net.Conn.
func (c *forgettable) Read(into []byte) (int, error) {
	for {
		n, err := c.Conn.Read(into)
		if err != nil || c.generation == c.of.generation.Load() {
			return n, err
		}
	}
}

// behind starts a server with TLS behind such a firewall, which speaks HTTP/2
// with whoever does.
func behind(t *testing.T, handler http.HandlerFunc) (*forgetful, transit.Config) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	firewall := &forgetful{Listener: server.Listener}
	server.Listener, server.EnableHTTP2 = firewall, true
	server.StartTLS()
	t.Cleanup(server.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return firewall, transit.Config{Address: server.URL, TLS: transit.TLS{CACert: ca}, EncryptLogin: fixed("e"), DecryptLogin: fixed("d")}
}

// TestConnectionsThatDiedUnnoticedAreNotTriedOneByOne: a call that gets no
// answer takes the other connections of its time with it.
func TestConnectionsThatDiedUnnoticedAreNotTriedOneByOne(t *testing.T) {
	t.Parallel()
	const many = 8
	var gathered sync.WaitGroup
	gathered.Add(many)
	var (
		protocols sync.Map
		alone     atomic.Bool
	)
	firewall, c := behind(t, func(w http.ResponseWriter, r *http.Request) {
		protocols.Store(r.Proto, true)
		_, _ = io.Copy(io.Discard, r.Body)
		if !alone.Load() {
			gathered.Done()
			gathered.Wait() // so many connections are needed
		}
		_, _ = io.WriteString(w, `{"data":{"batch_results":[{"plaintext":"AYAAAA==","ciphertext":"vault:v1:AAAA"}]}}`)
	})
	c.Timeout, c.InFlight = time.Second, many
	e := open(t, c)
	var all sync.WaitGroup
	for range many {
		all.Go(func() {
			if err := ask(t.Context(), e); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	alone.Store(true)
	if n := firewall.passed.Load(); n < many {
		t.Fatalf("%d connections", n)
	}
	firewall.forget()
	begin, failures := time.Now(), 0
	heals(t, func() error {
		err := ask(t.Context(), e)
		if err != nil {
			failures++
		}
		return err
	})
	if took := time.Since(begin); failures > 2 || took > 3*time.Second { // the second may begin before the first has ended
		t.Errorf("%d calls failed in %v before one was answered; a call takes no longer than a second", failures, took)
	}
	protocols.Range(func(used, _ any) bool {
		if used != "HTTP/1.1" {
			t.Errorf("it speaks %v, where a dead connection is everybody's", used)
		}
		return true
	})
}
