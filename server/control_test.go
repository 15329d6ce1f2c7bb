package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kelisim/kelisim/vault"
)

// served is a world whose server takes jobs, as `serve --dev` does.
type served struct {
	*world
	stop  context.CancelFunc
	ended chan struct{}
}

func taking(t *testing.T) *served {
	t.Helper()
	w := embedded(t)
	c, err := w.p.openControl(w.sys, mode{dev: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	s := &served{w, stop, make(chan struct{})}
	go func() { c.serve(ctx); close(s.ended) }()
	t.Cleanup(func() { stop(); within(t, 10*time.Second, "the end", s.ended) })
	return s
}

// call sends what a caller's program would send.
func (s *served) call(sent any) *net.UnixConn {
	s.t.Helper()
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: s.s.socket(), Net: "unix"})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	if err := errors.Join(conn.SetDeadline(time.Now().Add(20*time.Second)), json.NewEncoder(conn).Encode(sent)); err != nil {
		s.t.Fatal(err)
	}
	return conn
}

// rewrap is an errand as the command line would send it.
func rewrap(c rewrapCommand) errand {
	c.Dev = true
	if c.Batch == 0 {
		c.Batch = 500
	}
	var j job = &c
	fields, err := json.Marshal(j)
	if err != nil {
		panic(err)
	}
	return errand{Version: version, Name: "rewrap", Job: fields}
}

// heard is what a caller heard until the end.
type heard struct{ out, err, failed string }

func (s *served) hear(conn *net.UnixConn) (h heard) {
	s.t.Helper()
	for from := json.NewDecoder(conn); ; {
		var r reply
		if err := from.Decode(&r); err != nil {
			s.t.Fatalf("after %+v: %v", h, err)
		}
		h.out, h.err, h.failed = h.out+string(r.Out), h.err+string(r.Err), r.Failed
		if r.Ended {
			return h
		}
	}
}

// slow begins a job that takes long, and answers once it is under way.
func (s *served) slow() *net.UnixConn {
	s.t.Helper()
	s.rotate(pii)
	conn := s.call(rewrap(rewrapCommand{moveFlags{Rate: 1, Batch: 1}}))
	s.until("the job is under way", func() bool { return len(s.world.ended(vault.RewrapStarted)) > 0 })
	return conn
}

func (s *served) until(what string, so func() bool) {
	s.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(10 * time.Second); !so(); <-tick.C {
		if time.Now().After(deadline) {
			s.t.Fatalf("never: %s", what)
		}
	}
}

const stopped = "stopped before all was moved; run it again, and it goes on where it was"

func TestAJobSeesTheServersKeyringAndTheCallersTerminal(t *testing.T) {
	s := taking(t)
	all := s.held()[1] + 2 // canary and pepper
	s.rotate(pii)          // in the server's memory and in the file
	sent := rewrap(rewrapCommand{})
	sent.Terminal = true
	h := s.hear(s.call(sent))
	if want := fmt.Sprintf("moved %d of %[1]d rows to version 2 of kelisim-pii", all); !strings.HasPrefix(h.out, want) || h.failed != "" {
		t.Errorf("%+v, want %q", h, want)
	}
	if !strings.HasPrefix(h.err, anew) || !strings.Contains(h.err, fmt.Sprintf("%d of %[1]d rows", all)) {
		t.Errorf("a terminal is shown %q", h.err)
	}
	s.rotate(pii)
	if h := s.hear(s.call(rewrap(rewrapCommand{}))); h.err != "" || !strings.Contains(h.out, "version 3") {
		t.Errorf("without a terminal: %+v", h)
	}
}

func TestTwoRotationsAtOnceAreTwoVersions(t *testing.T) {
	s := taking(t)
	var callers sync.WaitGroup
	for range 4 {
		conn := s.call(errand{Version: version, Name: "keys rotate", Job: json.RawMessage(`{"Key":"kelisim-pii","Dev":true}`)})
		callers.Go(func() {
			if h := s.hear(conn); h.failed != "" || !strings.HasPrefix(h.out, "kelisim-pii is at version ") {
				t.Errorf("%+v", h)
			}
		})
	}
	callers.Wait()
	newest, err := s.sys.engine.keyring.LatestVersion(t.Context(), pii)
	if err != nil || newest != 5 {
		t.Errorf("version %d, %v", newest, err)
	}
	read, err := readKeyring(s.s, s.s.devKey(), false)
	if err != nil {
		t.Fatal(err)
	}
	if newest, err := read.LatestVersion(t.Context(), pii); err != nil || newest != 5 {
		t.Errorf("version %d in the file, %v", newest, err)
	}
	equal(t, "on record", len(s.world.ended(vault.KeysRotated)), 4)
}

func TestWhatIsNoJobOfThisServerIsRefused(t *testing.T) {
	s := taking(t)
	here := s.s.in()
	for name, c := range map[string]struct {
		sent any
		want string
	}{
		"another version": {errand{Version: "v9", Name: "rewrap"}, "the server on " + here + " is version dev and this program is v9: run the server's program, or start the server anew with this one"},
		"no command":      {errand{Version: version, Name: "keys shred"}, `there is no command "keys shred"`},
		"not for it":      {errand{Version: version, Name: "app apply"}, `"app apply" is not for a running server`},
		"a group":         {errand{Version: version, Name: "keys"}, `"keys" is not for a running server`},
		"nothing":         {errand{Version: version}, `"" is not for a running server`},
		"other keys":      {errand{Version: version, Name: "rewrap", Job: json.RawMessage(`{"Keyring":true}`)}, "the server on " + here + " was started with --dev: give that, too"},
		"no arguments":    {errand{Version: version, Name: "rewrap", Job: json.RawMessage(`[]`)}, "not a job: json: cannot unmarshal array"},
		"garbage":         {[]string{"GET / HTTP/1.1"}, "not a job: json: cannot unmarshal array"},
		"too long":        {errand{Version: version, Name: strings.Repeat("x", maxErrand)}, "not a job: unexpected EOF"},
	} {
		if h := s.hear(s.call(c.sent)); !strings.HasPrefix(h.failed, c.want) || h.out+h.err != "" {
			t.Errorf("%s: %+v, want %q", name, h, c.want)
		}
	}
	equal(t, "jobs that began", strings.Count(s.log.String(), "a job begins"), 0)
}

func TestAJobEndsInOrderWhenItsCallerWantsItTo(t *testing.T) {
	s := taking(t)
	conn := s.slow()
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if h := s.hear(conn); h.failed != stopped || !strings.HasPrefix(h.out, "moved ") {
		t.Errorf("%+v", h)
	}
	equal(t, "ends on record", len(s.world.ended(vault.RewrapEnded)), 1)
}

func TestAJobEndsInOrderWhenItsCallerIsGone(t *testing.T) {
	s := taking(t)
	if err := s.slow().Close(); err != nil {
		t.Fatal(err)
	}
	s.until("the job ends", func() bool { return len(s.world.ended(vault.RewrapEnded)) == 1 })
}

func TestAJobEndsInOrderWhenItsServerStops(t *testing.T) {
	s := taking(t)
	conn := s.slow()
	s.stop()
	if h := s.hear(conn); h.failed != stopped {
		t.Errorf("%+v", h)
	}
	within(t, 10*time.Second, "the end", s.ended)
	if _, err := os.Stat(s.s.socket()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is left: %v", err)
	}
}

func TestAJobThatPanicsLeavesTheServerRunning(t *testing.T) {
	s := taking(t)
	working := s.sys.engine
	s.sys.engine = nil
	h := s.hear(s.call(rewrap(rewrapCommand{})))
	s.sys.engine = working
	equal(t, "told", h.failed, "the job failed in a way that it should not; the server's log says how")
	if log := s.log.String(); !strings.Contains(log, "a job panicked") || !strings.Contains(log, "openKeyring") {
		t.Error("the log does not say how")
	}
	equal(t, "the next job", s.hear(s.call(rewrap(rewrapCommand{}))).failed, "")
}

func TestOnlyRootAndItsOwnUserReachTheServer(t *testing.T) {
	s := taking(t)
	if info, err := os.Stat(s.s.socket()); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	for _, c := range []struct {
		caller, own int
		admitted    bool
	}{{1000, 1000, true}, {0, 1000, true}, {0, 0, true}, {1001, 1000, false}, {1000, 0, false}} {
		if err := admitUser(c.caller, c.own); (err == nil) != c.admitted {
			t.Errorf("user %d at a server of %d: %v", c.caller, c.own, err)
		}
	}
}

// A caller whose server dies says so, and that the job may be run again.
func TestACallerNoticesThatItsServerDied(t *testing.T) {
	dir := t.TempDir()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, "kelisim.sock"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	died := make(chan error, 1)
	go func() {
		conn, err := l.AcceptUnix()
		if err == nil {
			err = json.NewDecoder(conn).Decode(&errand{})
			err = errors.Join(err, json.NewEncoder(conn).Encode(reply{Err: []byte("10 of 20 rows\n")}))
			err = errors.Join(err, conn.Close())
		}
		died <- errors.Join(err, l.Close())
	}()
	var out, said strings.Builder
	p := &process{ctx: t.Context(), out: &out, err: &said}
	err = p.send(settings{Data: dir}, &rewrapCommand{}, "rewrap")
	if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "may be run again") || said.String() != "10 of 20 rows\n" {
		t.Errorf("%v, said %q", err, said.String())
	}
	if err := within(t, 10*time.Second, "the server", died); err != nil {
		t.Error(err)
	}
	if err := p.send(settings{Data: dir}, &rewrapCommand{}, "rewrap"); err == nil || !strings.Contains(err.Error(), "takes no jobs") {
		t.Errorf("with nobody there: %v", err)
	}
}

// nosy asks before it begins, and makes a file.
type nosy struct {
	keyPlace
	path, typed, Answer string
}

func (n *nosy) ask(*process) error {
	if n.Answer = n.typed; n.typed == "" {
		return errors.New("nothing was typed")
	}
	return nil
}

func (n *nosy) file() string { return n.path }
func (n *nosy) Run(p *process) error {
	_, err := io.WriteString(p.product, n.Answer)
	return errors.Join(err, p.ctx.Err())
}

func TestAJobsFileIsMadeByItsCallerAndNeverInPart(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "file")
	ctx, cancel := context.WithCancel(t.Context())
	p := &process{ctx: ctx}
	if err := p.carryOut(&nosy{path: out}, "nosy"); err == nil || err.Error() != "nothing was typed" {
		t.Errorf("without an answer: %v", err)
	}
	if err := p.carryOut(&nosy{path: out, typed: "typed"}, "nosy"); err != nil {
		t.Fatal(err)
	}
	equal(t, "written", read(t, out), "typed")
	if err := p.carryOut(&nosy{path: out, typed: "more"}, "nosy"); err == nil || !strings.Contains(err.Error(), "--out names a new file") {
		t.Errorf("written over: %v", err)
	}
	cancel()
	if err := p.carryOut(&nosy{path: out + "2", typed: "typed"}, "nosy"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("%v, %v", left, err)
	}
}
