package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/time/rate"

	"github.com/kelisim/kelisim/vault"
)

type retentionCommand struct {
	DryRun bool `help:"Say what is due, and what soon will be; change nothing."`
	Rate   int  `default:"500" placeholder:"PEOPLE" help:"Look at so many people a second at most (${default})."`
	JSON   bool `name:"json" help:"One JSON object in each line: a person of whom something is due, and last the report."`
}

// Help is what --help tells besides.
func (retentionCommand) Help() string {
	return `How long a field is kept follows from the versions that the person agreed to. What falls due is announced first, by the audit event ` +
		`retention.warned; a later run erases it. Servers do the same by themselves, every KELISIM_RETENTION_EVERY. One process works at a time; ` +
		`stopped, the next one goes on where it was. Legal holds and obligations keep what is due, and the report names them. It needs no login to Vault.`
}

// Validate is called by the parser.
func (c retentionCommand) Validate() error {
	if c.Rate < 1 {
		return errors.New("--rate is a number of people a second")
	}
	return nil
}

// Run does one run of the job.
func (c retentionCommand) Run(p *process) (err error) {
	sys, err := p.openPlain()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sys.close()) }()
	if err := sys.openLedgerIf(p.ctx); err != nil {
		return err
	}
	run := sys.retention(c.Rate, func(d vault.Overdue) error { return c.tell(p, d) })
	run.DryRun, run.Holder = c.DryRun, p.newID()
	report, err := sys.vault.Retain(p.ctx, p.systemActor(), run)
	if errors.Is(err, vault.ErrTaken) {
		return errors.New("another process is at it; it takes minutes, and is over two minutes after that process stopped")
	}
	if told := c.report(p, report); told != nil {
		return errors.Join(err, told)
	}
	if p.ctx.Err() != nil { // which by itself would be an orderly end
		return errors.New("stopped before everybody was looked at; run it again, and it goes on where it was")
	}
	if err != nil {
		return readable(err)
	}
	return nil
}

// retention is a run of the job at a pace.
func (sys *system) retention(perSecond int, each func(vault.Overdue) error) vault.RetentionRun {
	limiter := rate.NewLimiter(rate.Limit(perSecond), max(perSecond, retentionPage))
	return vault.RetentionRun{Pace: limiter.WaitN, Each: each}
}

// retentionPage is how many people the job looks at together, at most.
const retentionPage = 100

// overdue is a line of the report.
type overdue struct {
	User   uuid.UUID `json:"user"`
	Due    time.Time `json:"due"`
	Fields []string  `json:"fields"`
	Whole  bool      `json:"whole"`
	Held   []string  `json:"held"`
	Done   string    `json:"done"`
}

func (c retentionCommand) tell(p *process, d vault.Overdue) error {
	line := overdue{d.User, d.Due, append([]string{}, d.Fields...), d.Whole, []string{}, strings.ToLower(string(d.Done))}
	for _, o := range d.Held {
		line.Held = append(line.Held, string(o.Kind)+" "+o.Reference)
	}
	if c.JSON {
		return json.NewEncoder(p.out).Encode(line)
	}
	what := strings.Join(line.Fields, " ")
	if line.Whole {
		what = "everything"
	}
	_, err := fmt.Fprintf(p.out, "%s  due %s  %-7s  %s", line.User, orDash(line.Due), line.Done, what)
	if err == nil && len(line.Held) > 0 {
		_, err = fmt.Fprintf(p.out, "  kept by %s", strings.Join(line.Held, ", "))
	}
	if err == nil {
		_, err = fmt.Fprintln(p.out)
	}
	return err
}

func (c retentionCommand) report(p *process, r vault.RetentionReport) error {
	if c.JSON {
		return json.NewEncoder(p.out).Encode(map[string]any{
			"asOf": r.AsOf, "dryRun": c.DryRun, "people": r.People, "due": r.Due, "warned": r.Warned,
			"cleared": r.Cleared, "erased": r.Erased, "held": r.Held, "expired": r.Expired, "evidence": r.Evidence,
		})
	}
	_, err := fmt.Fprintf(p.out, "people looked at: %d, due now: %d, warned of: %d, fields erased of: %d, erased: %d, kept by holds: %d, "+
		"consents ended of: %d, evidence forgotten of: %d\n",
		r.People, r.Due, r.Warned, r.Cleared, r.Erased, r.Held, r.Expired, r.Evidence)
	return err
}

// retainer is the job in a server.
type retainer struct{ *system }

const (
	// retainEvery is how often, on average, a server asks whether the job is due.
	retainEvery = 10 * time.Minute
	// retainRate is how many people a second a server looks at for it.
	retainRate = 200
)

// run does the job again and again until the context ends. Of many servers one
// does it.
func (r retainer) run(ctx context.Context) {
	if r.settings.RetentionEvery == 0 {
		return
	}
	for {
		pause := time.NewTimer(retainEvery/2 + rand.N(retainEvery)) //nolint:gosec // no secret
		select {
		case <-ctx.Done():
			pause.Stop()
			return
		case <-pause.C:
		}
		if err := r.once(ctx); err != nil && ctx.Err() == nil {
			r.log.LogAttrs(ctx, slog.LevelError, "the job on retention failed; it is tried again later", slog.Any("error", err))
		}
	}
}

// once does the job, if it is due and nobody else is at it.
func (r retainer) once(ctx context.Context) error {
	due, err := r.vault.RetentionPending(ctx, r.settings.RetentionEvery)
	if err != nil || !due {
		return err
	}
	run := r.retention(retainRate, func(vault.Overdue) error { return nil })
	run.Holder = r.vault.NewID()
	report, err := r.vault.Retain(ctx, vault.SystemActor(run.Holder.String()), run)
	if errors.Is(err, vault.ErrTaken) {
		return nil
	}
	r.metrics.retained(report.Due - report.Cleared - report.Erased)
	return err
}
