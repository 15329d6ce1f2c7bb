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
	"github.com/kelisim/kelisim/vault/keyring"
)

// jobFlags are what a job that follows a rotation is told.
type jobFlags struct {
	DryRun  bool `help:"Count what there is to do; change nothing."`
	Rate    int  `placeholder:"ROWS" help:"Move at most so many rows a second; by default as many as possible."`
	Batch   int  `default:"500" placeholder:"ROWS" help:"Read, move and write so many rows together, up to 1000 (${default})."`
	Keyring bool `help:"The keys are in the embedded engine; needs KELISIM_KEYRING_KEY_FILE, and the server stopped."`
	Dev     bool `help:"The keys are those of serve --dev."`
}

// Validate is called by the parser.
func (f jobFlags) Validate() error {
	switch {
	case f.Rate < 0:
		return errors.New("--rate is a number of rows a second")
	case f.Batch < 1 || f.Batch > vault.MaxBatch:
		return fmt.Errorf("--batch is 1 to %d", vault.MaxBatch)
	}
	return nil
}

// jobTimeout bounds one call to Vault. Nobody waits for a job as for an answer,
// and a batch of the largest values takes longer than a request's.
const jobTimeout = 15 * time.Second

// open opens what a job works on for as long as do runs.
func (f jobFlags) open(p *process, s settings, do func(*system) error) (err error) {
	how := alone
	if f.DryRun {
		how = sharing
	}
	unlock, err := s.lockKeyring(f.mode(), how)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	sys, err := p.openPlain()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sys.close()) }()
	return do(sys)
}

func (f jobFlags) mode() mode { return mode{dev: f.Dev, keyring: f.Keyring} }

// ties are those of a database that a server was started on. Without, there is
// nothing to do, which is said.
func (f jobFlags) ties(p *process, sys *system) (t ties, served bool, err error) {
	t, err = readTies(p.ctx, sys.db)
	if errors.Is(err, vault.ErrNotFound) {
		_, err = fmt.Fprintln(p.out, "no server was started on this database yet: nothing in it is encrypted")
		return t, false, err
	}
	if err != nil {
		return t, false, readable(err)
	}
	return t, true, nil
}

// jobKeyring is the embedded keyring that is there already.
func (s settings) jobKeyring(m mode) (*keyring.Keyring, error) {
	file := s.KeyringKeyFile
	if m.dev && file == "" {
		file = s.devKey()
	}
	return readKeyring(s, file, false)
}

// renewal keeps a login alive; nil: there is none to keep.
type renewal func(ctx context.Context, trouble func(error))

// keep renews the login until stop is called.
func (r renewal) keep(ctx context.Context, log *slog.Logger) (stop func()) {
	if r == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var renewing sync.WaitGroup
	renewing.Go(func() {
		r(ctx, func(err error) {
			log.LogAttrs(ctx, slog.LevelWarn, "the login to Vault was not renewed", slog.Any("error", err))
		})
	})
	return func() { cancel(); renewing.Wait() }
}

// job is the vault's, told and paced as the command line wants it.
func (f jobFlags) job(p *process, sys *system, line *progressLine) vault.Job {
	batch, pace := f.Batch, func(context.Context, int) error { return nil }
	if f.Rate > 0 {
		batch = min(batch, f.Rate) // so that it moves something every second
		limiter := rate.NewLimiter(rate.Limit(f.Rate), batch)
		pace = limiter.WaitN
	}
	return vault.Job{
		Writer: sys.vault.Writer, Clock: p.clock, NewID: p.newID, Log: sys.log,
		Batch: batch, Pace: pace, Progress: line.show,
		Unmoved: func(h vault.Held, err error) {
			line.say(fmt.Sprintf("%s stays as it is: %v", h.Where(), reason(err)))
		},
	}
}

// reason is why nothing could be done with a value, in the engine's words if it
// has any.
func reason(err error) error {
	if cause := errors.Unwrap(err); cause != nil {
		return cause
	}
	return readable(err)
}

// ended words how a job ended that did not get through.
func (p *process) ended(err error) error {
	switch {
	case p.ctx.Err() != nil: // which by itself would be an orderly end
		return errors.New("stopped before all was moved; run it again, and it goes on where it was")
	case err != nil:
		return fmt.Errorf("%w; what was moved stays so: run it again, and it goes on where it was", readable(err))
	}
	return nil
}

// table prints rows of cells with a tab between.
func (p *process) table(rows []string) error {
	out := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	_, err := io.WriteString(out, strings.Join(rows, "\n")+"\n")
	return errors.Join(err, out.Flush())
}
