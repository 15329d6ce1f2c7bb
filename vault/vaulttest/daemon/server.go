package daemon

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"
)

const (
	readyWithin = 60 * time.Second // two busy cores may take a while
	stopWithin  = 20 * time.Second
	pollEvery   = 10 * time.Millisecond
)

// Server is a real server that belongs to one test, which may stop it and
// start it again at the same address. Use it from the test's own goroutine.
type Server struct {
	Addr string // host:port on loopback
	URL  string // the address as clients are configured with it

	t testing.TB
	d *daemon
}

// Stop ends the server in its orderly way and returns when it has ended.
func (s *Server) Stop() {
	s.t.Helper()
	if err := s.d.stop(s.d.orderly); err != nil {
		s.t.Fatalf("daemon: stopping %s: %v", s.d.name, err)
	}
}

// Crash ends the server at once, without its finishing anything.
func (s *Server) Crash() {
	s.t.Helper()
	if err := s.d.stop(s.d.sudden); err != nil {
		s.t.Fatalf("daemon: crashing %s: %v", s.d.name, err)
	}
}

// Start starts a stopped server at its old address and returns when it answers.
func (s *Server) Start() {
	s.t.Helper()
	if err := s.d.start(); err != nil {
		s.t.Fatalf("daemon: starting %s: %v", s.d.name, err)
	}
}

// own hands a started daemon to a test, at whose end it is gone.
func own(t testing.TB, d *daemon, url string) *Server {
	t.Helper()
	t.Cleanup(func() {
		if err := d.close(); err != nil {
			t.Errorf("daemon: removing %s: %v", d.name, err)
		}
	})
	return &Server{Addr: d.addr, URL: url, t: t, d: d}
}

// daemon is a server program with its folder and address.
type daemon struct {
	name    string // as people say it
	addr    string
	folder  string // private; its log and its data are in it
	account *account
	path    string
	args    []string
	orderly syscall.Signal // asks it to end
	sudden  syscall.Signal // makes it end at once; its children with it
	ready   func(context.Context) error

	running *process
}

// process is one run of a daemon.
type process struct {
	pid  int
	done chan struct{} // closed when it has ended
}

// start returns when the daemon answers, or why it does not.
func (d *daemon) start() error {
	if d.running != nil {
		return errors.New("it runs already")
	}
	p, err := d.launch()
	if err != nil {
		return err
	}
	d.running = p
	ctx, cancel := context.WithTimeout(context.Background(), readyWithin)
	defer cancel()
	if err := p.await(ctx, d.ready); err != nil {
		return errors.Join(fmt.Errorf("it does not answer: %w; its log ends: %s", err, d.logTail()), d.stop(d.sudden))
	}
	return nil
}

// launch starts the program in a process group of its own, so that a ^C in the
// terminal reaches the tests first.
func (d *daemon) launch() (*process, error) {
	log, err := os.OpenFile(d.logPath(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	cmd := d.command(d.path, d.args...)
	cmd.Stdout, cmd.Stderr = log, log
	p := &process{done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		// Linux sends the death signal when the *thread* that started the
		// child ends. This one lives as long as the child does.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(p.done)
		err := cmd.Start()
		started <- errors.Join(err, log.Close())
		if err == nil {
			_ = cmd.Wait() // how it ended is in its log; that it ended is in done
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", d.path, err)
	}
	p.pid = cmd.Process.Pid
	return p, nil
}

// command prepares a program of this daemon: its folder, its account, and none
// of the machine's own settings.
func (d *daemon) command(path string, args ...string) *exec.Cmd {
	cmd := exec.Command(path, args...)
	cmd.Dir = d.folder
	cmd.Env = []string{"HOME=" + d.folder, "PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = dieWithParent(d.sudden)
	cmd.SysProcAttr.Setpgid = true
	if d.account != nil {
		cmd.SysProcAttr.Credential = d.account.credential()
	}
	return cmd
}

// await polls until ready answers nil, the process ends, or ctx does.
func (p *process) await(ctx context.Context, ready func(context.Context) error) error {
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return errors.New("it has ended")
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-poll.C:
		}
	}
}

// stop sends a signal and waits; what does not go is killed with its group.
func (d *daemon) stop(signal syscall.Signal) error {
	p := d.running
	if p == nil {
		return nil
	}
	d.running = nil
	select {
	case <-p.done:
		return fmt.Errorf("it had ended by itself; its log ends: %s", d.logTail())
	default:
	}
	if err := syscall.Kill(p.pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("sending %v: %w", signal, err)
	}
	late := time.NewTimer(stopWithin)
	defer late.Stop()
	select {
	case <-p.done:
		return nil
	case <-late.C:
		err := syscall.Kill(-p.pid, syscall.SIGKILL)
		return errors.Join(fmt.Errorf("it did not end within %v of %v and was killed", stopWithin, signal), err)
	}
}

// close ends the daemon and removes its folder.
func (d *daemon) close() error {
	return errors.Join(d.stop(d.sudden), os.RemoveAll(d.folder))
}

func (d *daemon) logPath() string { return filepath.Join(d.folder, "server.log") }

func (d *daemon) logTail() string {
	text, err := os.ReadFile(d.logPath())
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-2000):])
}

// privateFolder makes a folder for one server, named after this process. Not
// t.TempDir: its parents let no other account in, and PostgreSQL must not run
// as root.
func privateFolder(a *account) (string, error) {
	base := os.TempDir()
	if a != nil {
		base = "/tmp" // root's own TMPDIR may be closed to the account
	}
	folder, err := os.MkdirTemp(base, fmt.Sprintf("kelisim-test-%d-", os.Getpid()))
	if err != nil || a == nil {
		return folder, err
	}
	return folder, os.Chown(folder, a.uid, a.gid)
}

// freeAddr finds a free port of loopback below the range that the kernel takes
// for outgoing connections, so that a stopped server finds its port again.
func freeAddr() (string, error) {
	var err error
	for range 100 {
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(20000+rand.IntN(12000)))
		var l net.Listener
		if l, err = net.Listen("tcp", addr); err == nil {
			return addr, l.Close()
		}
	}
	return "", fmt.Errorf("no free port on loopback: %w", err)
}
