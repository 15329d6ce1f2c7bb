package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/transit"
)

type rewrapCommand struct{ moveFlags }

// Help is what --help tells besides.
func (rewrapCommand) Help() string {
	return `Values stay encrypted: HashiCorp Vault rewraps them, and the login (KELISIM_REWRAP_TOKEN_FILE) can neither ` +
		`encrypt nor decrypt. Run it while the servers serve, as often as you like, several at once if need be. ` +
		`Stopped, it goes on where it was when it is run again.

What cannot be moved is told by table, id and reason; the rest goes on, and the exit status is 1.`
}

// Run moves what is stored to the newest version.
func (c rewrapCommand) Run(p *process) (err error) {
	s, err := p.settings()
	if err != nil {
		return err
	}
	if err := s.suitJob(c.mode(), "KELISIM_REWRAP_", s.RewrapLogin); err != nil {
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
	t, served, err := c.ties(p, sys)
	if err != nil || !served {
		return err
	}
	line := newProgressLine(p.err, p.clock)
	job := vault.Rewrapping{Job: c.job(p, sys, line), Reader: sys.db, Rewrapper: rewrapper, Kept: keptTies(sys.db, rewrapper)}
	if c.DryRun {
		return c.count(p, job, t)
	}
	stop := rewrapper.keep(p.ctx, sys.log)
	defer stop()
	// That canary and pepper can be rewrapped at all says that the keys are this
	// database's.
	if _, err := t.rewrapped(p.ctx, job.Rewrapper); err != nil {
		return explain(p.ctx, rewrapper.keys, t.needs(t.Key, s.KeyPrefix+"-index"), err)
	}
	return c.move(p, job, line)
}

// rewrapper is a vault.Rewrapper with its login.
type rewrapper struct {
	vault.Rewrapper
	jobLogin
}

func (p *process) openRewrapper(s settings, m mode) (rewrapper, error) {
	if s.VaultAddr == "" {
		k, err := p.openKeyring(s, m)
		if err != nil {
			return rewrapper{}, err
		}
		return rewrapper{Rewrapper: k.Rewrapper(), jobLogin: jobLogin{keys: k}}, nil
	}
	config := s.transit()
	config.Timeout, config.RewrapLogin = jobTimeout, s.loginOr(s.RewrapLogin)
	r, err := transit.NewRewrapper(config)
	if err != nil {
		return rewrapper{}, err
	}
	return rewrapper{r, jobLogin{r.Observer(), r.Renew, r.Close}}, nil
}

// keptTies moves canary and pepper, which the dry run counts as well.
func keptTies(db store, r vault.Rewrapper) func(ctx context.Context, version int) (int, error) {
	return func(ctx context.Context, version int) (moved int, err error) {
		_, err = changeTies(ctx, db, func(t ties) (ties, error) {
			moved = 0
			for _, n := range t.held() {
				if n.Version < version {
					moved++
				}
			}
			if moved == 0 {
				return t, nil
			}
			return t.rewrapped(ctx, r)
		})
		return moved, err
	}
}

// move runs the job.
func (c rewrapCommand) move(p *process, job vault.Rewrapping, line *progressLine) error {
	start := p.clock()
	done, err := job.Run(p.ctx, p.systemActor())
	took := p.clock().Sub(start)
	line.end()
	if _, printed := fmt.Fprintln(p.out, summary(done, took)); printed != nil {
		return errors.Join(err, printed)
	}
	if err := p.ended(err); err != nil {
		return err
	}
	if done.Unmoved > 0 {
		return fmt.Errorf("rows that could not be moved: %d; the lines above name each, and why", done.Unmoved)
	}
	return nil
}

// count prints what is under which version.
func (c rewrapCommand) count(p *process, job vault.Rewrapping, t ties) error {
	counts, key, newest, err := job.HeldCounts(p.ctx)
	if err != nil {
		return readable(err)
	}
	counts = append(counts, t.held()...)
	rows := []string{"table\tkey\tversion\trows"}
	var due int64
	for _, n := range counts {
		mark := ""
		if n.Key != key || n.Version != newest {
			mark, due = "\tto move", due+n.Rows
		}
		rows = append(rows, fmt.Sprintf("%s\t%s\t%d\t%d%s", n.Holding, n.Key, n.Version, n.Rows, mark))
	}
	if err := p.table(rows); err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.out, "to move to version %d of %s: %d rows\n", newest, key, due)
	return err
}
