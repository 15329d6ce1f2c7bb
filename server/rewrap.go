package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"golang.org/x/time/rate"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/transit"
)

type rewrapCommand struct {
	DryRun bool `help:"Count what is under which version of the key; change nothing."`
	Rate   int  `placeholder:"ROWS" help:"Move at most so many rows a second; by default as many as possible."`
	Batch  int  `default:"500" placeholder:"ROWS" help:"Read, rewrap and write so many rows together, up to 1000 (${default})."`
	keyPlace
}

// Help is what --help tells besides.
func (rewrapCommand) Help() string {
	return `Values stay encrypted: HashiCorp Vault rewraps them, and the login (KELISIM_REWRAP_TOKEN_FILE) can neither ` +
		`encrypt nor decrypt. Run it while the servers serve, as often as you like, several at once if need be. ` +
		`Stopped, it goes on where it was when it is run again.

What cannot be moved is told by table, id and reason; the rest goes on, and the exit status is 1.`
}

// Validate is called by the parser.
func (c rewrapCommand) Validate() error {
	switch {
	case c.Rate < 0:
		return errors.New("--rate is a number of rows a second")
	case c.Batch < 1 || c.Batch > vault.MaxRewrapBatch:
		return fmt.Errorf("--batch is 1 to %d", vault.MaxRewrapBatch)
	}
	return nil
}

// rewrapTimeout bounds one call to Vault. Nobody waits for the job as for an
// answer, and a batch of the largest values takes longer than a request's.
const rewrapTimeout = 15 * time.Second

// Run moves what is stored to the newest version.
func (c rewrapCommand) Run(p *process) (err error) {
	s, err := p.settings()
	if err != nil {
		return err
	}
	if err := s.suitRewrap(c.mode()); err != nil {
		return err
	}
	sys, err := p.openPlain()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sys.close()) }()
	rewrapper, err := p.openRewrapper(s, c.mode())
	if err != nil {
		return err
	}
	sys.closers = append(sys.closers, func() error { return giveBack(p.ctx, rewrapper.close, sys.log) })
	t, err := readTies(p.ctx, sys.db)
	if errors.Is(err, vault.ErrNotFound) {
		_, err = fmt.Fprintln(p.out, "no server was started on this database yet: nothing in it is encrypted")
		return err
	}
	if err != nil {
		return readable(err)
	}
	line := newProgressLine(p.err, p.clock)
	job := c.job(p, sys, rewrapper, line)
	if c.DryRun {
		return c.count(p, job, t)
	}
	stop := rewrapper.keep(p.ctx, sys.log)
	defer stop()
	// That the canary can be rewrapped at all says that the keys are this
	// database's.
	if _, err := t.rewrapped(p.ctx, job.Rewrapper); err != nil {
		return explain(p.ctx, rewrapper.keys, t.needs(s.KeyPrefix+"-index"), err)
	}
	return c.move(p, sys, job, line, t)
}

// rewrapper is a vault.Rewrapper whose login is kept alive, and given back.
type rewrapper struct {
	vault.Rewrapper
	keys  vault.KeyReader
	renew func(ctx context.Context, trouble func(error)) // nil: nothing to renew
	close func(ctx context.Context) error                // nil: nothing to give back
}

func (p *process) openRewrapper(s settings, m mode) (rewrapper, error) {
	if s.VaultAddr == "" {
		k, err := p.openKeyring(s, m)
		if err != nil {
			return rewrapper{}, err
		}
		return rewrapper{Rewrapper: k.Rewrapper(), keys: k}, nil
	}
	config := s.transit()
	config.Timeout = rewrapTimeout
	config.RewrapLogin = s.loginOr(s.RewrapLogin)
	r, err := transit.NewRewrapper(config)
	if err != nil {
		return rewrapper{}, err
	}
	return rewrapper{Rewrapper: r, keys: r.Observer(), renew: r.Renew, close: r.Close}, nil
}

// keep renews the login until stop is called.
func (r rewrapper) keep(ctx context.Context, log *slog.Logger) (stop func()) {
	if r.renew == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var renewing sync.WaitGroup
	renewing.Go(func() {
		r.renew(ctx, func(err error) {
			log.LogAttrs(ctx, slog.LevelWarn, "the login to Vault was not renewed", slog.Any("error", err))
		})
	})
	return func() { cancel(); renewing.Wait() }
}

// job is the vault's job, told and paced as the command line wants it.
func (c rewrapCommand) job(p *process, sys *system, r vault.Rewrapper, line *progressLine) vault.Rewrapping {
	batch, pace := c.Batch, func(context.Context, int) error { return nil }
	if c.Rate > 0 {
		batch = min(batch, c.Rate) // so that it moves something every second
		limiter := rate.NewLimiter(rate.Limit(c.Rate), batch)
		pace = limiter.WaitN
	}
	return vault.Rewrapping{
		Reader: sys.db, Writer: sys.vault.Writer, Rewrapper: r, Clock: p.clock, NewID: p.newID, Log: sys.log,
		Batch: batch, Pace: pace, Progress: line.show,
		Unmoved: func(h vault.Held, err error) {
			line.say(fmt.Sprintf("%s stays as it is: %v", h.Where(), reason(err)))
		},
	}
}

// reason is why a ciphertext cannot be moved, in the engine's words if it has any.
func reason(err error) error {
	if cause := errors.Unwrap(err); cause != nil {
		return cause
	}
	return readable(err)
}

// move runs the job, and moves the canary last.
func (c rewrapCommand) move(p *process, sys *system, job vault.Rewrapping, line *progressLine, t ties) error {
	start := p.clock()
	done, err := job.Run(p.ctx, p.systemActor())
	took := p.clock().Sub(start)
	line.end()
	if err == nil && t.KeyVersion < done.Version {
		var moved ties
		if moved, err = t.rewrapped(p.ctx, job.Rewrapper); err == nil {
			err = t.replace(p.ctx, sys.db, moved)
		}
	}
	if _, printed := fmt.Fprintln(p.out, summary(done, took)); printed != nil {
		return errors.Join(err, printed)
	}
	switch {
	case p.ctx.Err() != nil: // which by itself would be an orderly end
		return errors.New("stopped before all was moved; run it again, and it goes on where it was")
	case err != nil:
		return fmt.Errorf("%w; what was moved stays so: run it again, and it goes on where it was", readable(err))
	case done.Unmoved > 0:
		return fmt.Errorf("rows that could not be moved: %d; the lines above name each, and why", done.Unmoved)
	}
	return nil
}

func summary(done vault.RewrapProgress, took time.Duration) string {
	to := fmt.Sprintf("version %d of %s", done.Version, done.Key)
	if done.Total == 0 {
		return "all is under " + to + " already"
	}
	return fmt.Sprintf("moved %d of %d rows to %s in %s, %s", done.Moved, done.Total, to, took.Round(10*time.Millisecond), speed(done.Done(), took))
}

// count prints what is under which version.
func (c rewrapCommand) count(p *process, job vault.Rewrapping, t ties) error {
	counts, key, newest, err := job.HeldCounts(p.ctx)
	if err != nil {
		return readable(err)
	}
	counts = append(counts, vault.HeldCount{Holding: "meta (canary)", Key: t.Key, Version: t.KeyVersion, Rows: 1})
	out := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	rows := []string{"table\tkey\tversion\trows"}
	var due int64
	for _, n := range counts {
		mark := ""
		if n.Key != key || n.Version != newest {
			mark, due = "\tto move", due+n.Rows
		}
		rows = append(rows, fmt.Sprintf("%s\t%s\t%d\t%d%s", n.Holding, n.Key, n.Version, n.Rows, mark))
	}
	_, err = io.WriteString(out, strings.Join(rows, "\n")+"\n")
	if err := errors.Join(err, out.Flush()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.out, "to move to version %d of %s: %d rows\n", newest, key, due)
	return err
}
