package daemon

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
)

// shared is what the tests of one process have in common.
//
//nolint:gochecknoglobals // one server per process is a fact about the process, not about any one test
var shared = newCommons()

// commons starts each shared server once, at its first use.
type commons struct {
	postgres func() (*postgres, error)
	vault    func() (*sharedVault, error)
	programs func() (programs, error)

	mu      sync.Mutex
	open    bool // between Main's start and its end
	closers []func() error
}

func newCommons() *commons {
	c := &commons{programs: sync.OnceValues(findPrograms)}
	c.postgres = sync.OnceValues(func() (*postgres, error) { return share(c, startPostgres) })
	c.vault = sync.OnceValues(func() (*sharedVault, error) { return share(c, startSharedVault) })
	return c
}

// share starts a server and remembers it, so that Main stops it.
func share[S interface{ close() error }](c *commons, start func(programs) (S, error)) (S, error) {
	var none S
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.open {
		return none, errors.New("a shared server needs a TestMain that calls daemon.Main, which stops it")
	}
	p, err := c.programs()
	if err != nil {
		return none, err
	}
	s, err := start(p)
	if err != nil {
		return none, err
	}
	c.closers = append(c.closers, s.close)
	return s, nil
}

// private starts a server that the caller stops.
func private[S any](start func(programs) (S, error)) (S, error) {
	p, err := shared.programs()
	if err != nil {
		var none S
		return none, err
	}
	return start(p)
}

func (c *commons) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for _, stop := range slices.Backward(c.closers) {
		errs = append(errs, stop())
	}
	c.open, c.closers = false, nil
	return errors.Join(errs...)
}

// Main runs the tests of a package, then stops the servers that they shared.
// It returns the code to exit with.
func Main(m interface{ Run() int }) int {
	shared.mu.Lock()
	shared.open = true
	shared.mu.Unlock()
	code := m.Run()
	if err := shared.close(); err != nil {
		fmt.Fprintln(os.Stderr, "daemon: stopping the shared servers:", err)
		return max(code, 1)
	}
	return code
}

// Backends lists the back ends that a full test run has to show, by the names
// that Ran takes.
func Backends() []string {
	return []string{"SQLite", "PostgreSQL", "embedded engine", "HashiCorp Vault", "Redis", "Chromium"}
}

// Ran puts on record that a test passed on a back end: when the test ends well,
// its name is appended to the file that TEST_BACKENDS names, if it names one.
// `make test` reads it and fails when a back end is missing.
func Ran(t testing.TB, backend string) {
	t.Helper()
	if !slices.Contains(Backends(), backend) {
		t.Fatalf("daemon: unknown back end %q, want one of %q", backend, Backends())
	}
	t.Cleanup(func() {
		if t.Failed() || t.Skipped() {
			return
		}
		if path := os.Getenv("TEST_BACKENDS"); path != "" {
			if err := appendLine(path, backend); err != nil {
				t.Errorf("daemon: recording that %s ran: %v", backend, err)
			}
		}
	})
}

func appendLine(path, line string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(line + "\n")
	return errors.Join(err, f.Close())
}
