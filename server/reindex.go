package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/transit"
)

type reindexCommand struct{ moveFlags }

// Help is what --help tells besides.
func (reindexCommand) Help() string {
	return `People are found by HMACs of their identifiers. After the index key was rotated, the job decrypts each identifier and ` +
		`computes its HMAC under the newest version, by a login (KELISIM_REINDEX_TOKEN_FILE) that can decrypt: give it for the ` +
		`time of the job, then revoke it. Values are written under both versions meanwhile, and look-ups are right throughout.

Run it while the servers serve, all of them of this version, as often as you like, several at once if need be. ` +
		`Stopped, it goes on where it was when it is run again.

What cannot be computed is told by table, id and reason; people are then found by the old version still, and the exit status is 1.`
}

// errUnprepared: servers of an earlier version keep the pepper under the index key.
var errUnprepared = errors.New("the database keeps its pepper under the index key, and knows no index plan: " +
	"run every server in this version first, which changes that at its start; then run this again")

// errUnplanned: a server made one at its start, and somebody deleted it.
var errUnplanned = errors.New("the table index_plan is empty: somebody deleted what says under which version people are found. " +
	"Start a server, which makes the first plan anew, then run this again; and find out who may write to the database")

// Run computes what is missing, and steps from plan to plan.
func (c reindexCommand) Run(p *process) (err error) {
	s, err := p.settings()
	if err != nil {
		return err
	}
	if err := s.suitJob(c.mode(), "KELISIM_REINDEX_", s.ReindexLogin); err != nil {
		return err
	}
	sys, err := p.openPlain()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sys.close()) }()
	reindexer, err := p.openReindexer(s, c.mode())
	if err != nil {
		return err
	}
	sys.closers = append(sys.closers, func() error { return giveBack(p.ctx, reindexer.close, sys.log) })
	t, served, err := c.ties(p, sys)
	if err != nil || !served {
		return err
	}
	if err := t.planned(p.ctx, sys.db); err != nil {
		return err
	}
	line := newProgressLine(p.err, p.clock)
	job := reindexing(c.job(p, sys, line), sys, reindexer)
	job.Stepped = func(plan vault.IndexPlan) { line.say("from now on: " + planned(plan)) }
	if c.DryRun {
		return c.count(p, job)
	}
	stop := reindexer.keep(p.ctx, sys.log)
	defer stop()
	if err := t.check(p.ctx, "the login to reindex", job.Reindexer, job.Reindexer); err != nil {
		return explain(p.ctx, reindexer.keys, t.needs(t.Key, s.KeyPrefix+"-index"), err)
	}
	return c.move(p, sys, job, line)
}

// planned refuses a database that has no index plan.
func (t ties) planned(ctx context.Context, db vault.IndexReader) error {
	if t.Pepper == nil {
		return errUnprepared
	}
	_, err := db.IndexPlan(ctx)
	if errors.Is(err, vault.ErrNotFound) {
		return errUnplanned
	}
	return readable(err)
}

// reindexing is the vault's job on what a command has open.
func reindexing(job vault.Job, sys *system, r vault.Reindexer) vault.Reindexing {
	return vault.Reindexing{
		Job: job, Reader: sys.db, Reindexer: r, Normaliser: sys.vault.Normaliser, Catalogue: sys.vault.Catalogue,
		Stepped: func(vault.IndexPlan) {},
	}
}

// reindexer is a vault.Reindexer with its login.
type reindexer struct {
	vault.Reindexer
	jobLogin
}

func (p *process) openReindexer(s settings, m mode) (reindexer, error) {
	if s.VaultAddr == "" {
		k, err := p.openKeyring(s, m)
		if err != nil {
			return reindexer{}, err
		}
		return reindexer{Reindexer: k.Reindexer(), jobLogin: jobLogin{keys: k}}, nil
	}
	config := s.transit()
	config.Timeout, config.ReindexLogin = jobTimeout, s.loginOr(s.ReindexLogin)
	r, err := transit.NewReindexer(config)
	if err != nil {
		return reindexer{}, err
	}
	return reindexer{r, jobLogin{r.Observer(), r.Renew, r.Close}}, nil
}

// move runs the job, and moves the canary's digest last.
func (c reindexCommand) move(p *process, sys *system, job vault.Reindexing, line *progressLine) error {
	start := p.clock()
	done, err := job.Run(p.ctx, p.systemActor())
	took := p.clock().Sub(start)
	line.end()
	if err == nil && done.Unmoved == 0 {
		err = followIndex(p, sys, job.Reindexer)
	}
	if errors.Is(err, vault.ErrNotFound) {
		return errUnplanned
	}
	if _, printed := fmt.Fprintln(p.out, summary(done, took)); printed != nil {
		return errors.Join(err, printed)
	}
	if err := p.ended(err); err != nil {
		return err
	}
	if done.Unmoved > 0 {
		return fmt.Errorf("values that no index could be computed of: %d; the lines above name each, and why. "+
			"People are found by the old version until each was written anew or cleared; then run this again", done.Unmoved)
	}
	return nil
}

// followIndex has the ties follow the plan.
func followIndex(p *process, sys *system, indexer vault.Indexer) error {
	plan, err := sys.db.IndexPlan(p.ctx)
	if err != nil {
		return err
	}
	_, err = changeTies(p.ctx, sys.db, func(t ties) (ties, error) {
		if t.IndexVersion >= plan.Find {
			return t, nil
		}
		return t.reindexed(p.ctx, indexer, plan.Find)
	})
	return err
}

// planned words a plan.
func planned(plan vault.IndexPlan) string {
	versions := make([]string, len(plan.Write))
	for i, v := range plan.Write {
		versions[i] = strconv.Itoa(v)
	}
	return fmt.Sprintf("written under version %s, found by version %d", strings.Join(versions, " and "), plan.Find)
}

// count prints what is under which version, and which plan is in force.
func (c reindexCommand) count(p *process, job vault.Reindexing) error {
	state, err := job.State(p.ctx)
	if err != nil {
		return readable(err)
	}
	rows := []string{"field\tkey\tversion\trows"}
	for _, n := range state.Counts {
		mark := ""
		if !slices.Contains(state.Plan.Write, n.Version) {
			mark = "\tto drop"
		} else if n.Version != state.Newest {
			mark = "\tto follow"
		}
		rows = append(rows, fmt.Sprintf("%s\t%s\t%d\t%d%s", n.Field, state.Key, n.Version, n.Rows, mark))
	}
	if err := p.table(rows); err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.out, "%s; the newest version of %s is %d\n", planned(state.Plan), state.Key, state.Newest)
	return err
}
