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
)

// moveFlags are what a job that follows a rotation is told.
type moveFlags struct {
	DryRun bool `help:"Count what there is to do; change nothing."`
	Rate   int  `placeholder:"ROWS" help:"Move at most so many rows a second; by default as many as possible."`
	Batch  int  `default:"500" placeholder:"ROWS" help:"Read, move and write so many rows together, up to 1000 (${default})."`
	keyPlace
}

// Validate is called by the parser.
func (f moveFlags) Validate() error {
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

// ties are those of a database that a server was started on. Without, there is
// nothing to do, which is said.
func (f moveFlags) ties(p *process, sys *system) (t ties, served bool, err error) {
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

// jobLogin is what a job's own login takes besides its work. With the embedded
// engine there is none.
type jobLogin struct {
	keys  vault.KeyReader
	renew func(ctx context.Context, trouble func(error)) // nil: nothing to renew
	close func(ctx context.Context) error                // nil: nothing to give back
}

// keep renews the login until stop is called.
func (l jobLogin) keep(ctx context.Context, log *slog.Logger) (stop func()) {
	if l.renew == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var renewing sync.WaitGroup
	renewing.Go(func() {
		l.renew(ctx, func(err error) {
			log.LogAttrs(ctx, slog.LevelWarn, "the login to Vault was not renewed", slog.Any("error", err))
		})
	})
	return func() { cancel(); renewing.Wait() }
}

// job is the vault's, told and paced as the command line wants it.
func (f moveFlags) job(p *process, sys *system, line *progressLine) vault.Job {
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

// summary is a job's last line.
func summary(done vault.Progress, took time.Duration) string {
	to := fmt.Sprintf("version %d of %s", done.Version, done.Key)
	if done.Total == 0 {
		return "all is under " + to + " already"
	}
	return fmt.Sprintf("moved %d of %d rows to %s in %s, %s", done.Moved, done.Total, to, took.Round(10*time.Millisecond), speed(done.Done(), took))
}

// table prints rows of cells with a tab between.
func (p *process) table(rows []string) error {
	out := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	_, err := io.WriteString(out, strings.Join(rows, "\n")+"\n")
	return errors.Join(err, out.Flush())
}
