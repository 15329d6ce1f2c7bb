package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"sync"
	"time"
)

// A server with the embedded engine takes jobs over a socket in its data
// folder. A caller sends one errand, as JSON, and reads replies, one JSON object
// each, until one says that the job has ended. To stop the job it closes its
// half of the connection, and reads on: a job ends in order, and says how far
// it came.

// errand is what a caller sends.
type errand struct {
	Version  string          `json:"version"`  // of the caller's program
	Name     string          `json:"name"`     // of the command, as "keys rotate"
	Terminal bool            `json:"terminal"` // the caller's standard error is one
	Job      json.RawMessage `json:"job"`      // the command's exported fields
}

// reply is what the server answers: bytes for one of the caller's streams, or
// the end.
type reply struct {
	Out     []byte `json:"out,omitempty"`
	Err     []byte `json:"err,omitempty"`
	Product []byte `json:"product,omitempty"`
	Ended   bool   `json:"ended,omitempty"`
	Failed  string `json:"failed,omitempty"` // with Ended: why
}

const (
	maxErrand     = 1 << 20          // bytes
	errandWithin  = 5 * time.Second  // a caller has it ready
	replyWithin   = 10 * time.Second // a caller that does not read for so long is gone
	acceptPause   = time.Second      // after a connection could not be accepted
	maxSocketPath = 103              // bytes; the shortest that a system takes
)

// socket is where a server with the embedded engine takes jobs.
func (s settings) socket() string { return s.in("kelisim.sock") }

// control takes jobs and carries them out.
type control struct {
	p        *process
	host     *host
	listener *net.UnixListener
}

// takeJobs makes the server one that takes jobs, if it has the keys.
func (e *edge) takeJobs(p *process, m mode) (err error) {
	if e.engine.keyring == nil {
		return nil
	}
	if e.control, err = p.openControl(e.system, m); err != nil {
		return err
	}
	e.closers = append(e.closers, e.control.close)
	return nil
}

// openControl listens on the socket. One that a crash left behind is replaced:
// nobody else can be listening there, as the keyring is locked.
func (p *process) openControl(sys *system, m mode) (*control, error) {
	path := sys.settings.socket()
	if len(path) > maxSocketPath {
		return nil, fmt.Errorf("KELISIM_DATA: the path of the socket in it, %s, is %d bytes long, and may be %d: choose a shorter one, or a relative one",
			path, len(path), maxSocketPath)
	}
	switch info, err := os.Lstat(path); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("KELISIM_DATA: %w", err)
	case info.Mode().Type() != fs.ModeSocket:
		return nil, fmt.Errorf("%s is in the way of the server's socket, and is none: move it elsewhere", path)
	default:
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("KELISIM_DATA: %w", err)
		}
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("KELISIM_DATA: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("KELISIM_DATA: %w", err), l.Close())
	}
	return &control{p: p, host: &host{sys: sys, mode: m}, listener: l}, nil
}

// close removes the socket of a server that did not come to serve.
func (c *control) close() error {
	if err := c.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// serve carries jobs out until the context ends. Those under way are stopped
// then, and have ended when it returns.
func (c *control) serve(ctx context.Context) {
	stop := context.AfterFunc(ctx, func() { _ = c.close() })
	defer stop()
	var jobs sync.WaitGroup
	defer jobs.Wait()
	for {
		conn, err := c.listener.AcceptUnix()
		switch {
		case err == nil:
			jobs.Go(func() { c.answer(ctx, conn) })
		case ctx.Err() != nil:
			return
		default:
			c.host.sys.log.LogAttrs(ctx, slog.LevelError, "a job's connection was not accepted", slog.Any("error", err))
			select {
			case <-ctx.Done():
			case <-time.After(acceptPause):
			}
		}
	}
}

// answer carries out what one caller sends.
func (c *control) answer(ctx context.Context, conn *net.UnixConn) {
	ctx, cancel := context.WithCancel(ctx)
	var listening sync.WaitGroup
	defer listening.Wait()
	defer func() { _ = conn.Close() }() // the caller may be gone
	defer cancel()
	to := &caller{conn: conn, encoder: json.NewEncoder(conn), gone: cancel}
	sent, err := receive(conn)
	if err == nil {
		listening.Go(func() {
			_, _ = io.Copy(io.Discard, conn) // ends when the caller wants the job to
			cancel()
		})
		err = c.carryOut(ctx, sent, to)
	}
	last := reply{Ended: true}
	if err != nil && !errors.Is(err, context.Canceled) { // which is an orderly end, as in run
		last.Failed = err.Error()
	}
	to.tell(last)
}

func receive(conn *net.UnixConn) (errand, error) {
	var sent errand
	if err := admit(conn); err != nil {
		return sent, err
	}
	if err := conn.SetReadDeadline(time.Now().Add(errandWithin)); err != nil {
		return sent, err
	}
	if err := json.NewDecoder(io.LimitReader(conn, maxErrand)).Decode(&sent); err != nil {
		return sent, fmt.Errorf("not a job: %w", err)
	}
	return sent, conn.SetReadDeadline(time.Time{})
}

// carryOut runs a job in this process, with what the server has open.
func (c *control) carryOut(ctx context.Context, sent errand, to *caller) (err error) {
	if sent.Version != version {
		return fmt.Errorf("the server on %s is version %s and this program is %s: run the server's program, or start the server anew with this one",
			c.host.sys.settings.in(), version, sent.Version)
	}
	p := &process{
		ctx: ctx, environment: c.p.environment, host: c.host,
		out:     stream{to, func(r *reply, data []byte) { r.Out = data }, false},
		err:     stream{to, func(r *reply, data []byte) { r.Err = data }, sent.Terminal},
		product: stream{to, func(r *reply, data []byte) { r.Product = data }, false},
	}
	parser, err := p.parser(func(int) {})
	if err != nil {
		return err
	}
	j, err := jobNamed(parser, sent.Name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(sent.Job, j); err != nil {
		return fmt.Errorf("not a job: %w", err)
	}
	if j.mode() != c.host.mode {
		return fmt.Errorf("the server on %s was started with %s: give that, too", c.host.sys.settings.in(), c.host.mode)
	}
	defer func() {
		if r := recover(); r != nil { // the server goes on
			c.host.sys.log.LogAttrs(ctx, slog.LevelError, "a job panicked", slog.String("job", sent.Name), slog.Any("panic", r), slog.String("stack", string(debug.Stack())))
			err = errors.New("the job failed in a way that it should not; the server's log says how")
		}
	}()
	c.host.sys.log.LogAttrs(ctx, slog.LevelInfo, "a job begins", slog.String("job", sent.Name))
	err = j.Run(p)
	c.host.sys.log.LogAttrs(ctx, slog.LevelInfo, "a job ended", slog.String("job", sent.Name), slog.Bool("failed", err != nil))
	return err
}

// caller is who waits for a job.
type caller struct {
	mu      sync.Mutex
	conn    *net.UnixConn
	encoder *json.Encoder
	gone    func()
}

// tell sends a reply. A caller that cannot be told is gone, and the job with it.
func (c *caller) tell(r reply) {
	c.mu.Lock()
	defer c.mu.Unlock()
	err := c.conn.SetWriteDeadline(time.Now().Add(replyWithin))
	if err = errors.Join(err, c.encoder.Encode(r)); err != nil {
		c.gone()
	}
}

// stream is one of a caller's streams.
type stream struct {
	to       *caller
	into     func(*reply, []byte)
	terminal bool
}

// Write implements io.Writer.
func (s stream) Write(data []byte) (int, error) {
	var r reply
	s.into(&r, data)
	s.to.tell(r)
	return len(data), nil
}
