package main

import (
	"errors"
	"fmt"
)

type eraseCommand struct {
	Replay eraseReplayCommand `cmd:"" help:"After a restore: erase again whoever was erased since the copy was taken."`
}

type eraseReplayCommand struct {
	DryRun bool `help:"Say whom, by id; change nothing."`
}

// Help is what --help tells besides.
func (eraseReplayCommand) Help() string {
	return `The ledger (KELISIM_ERASURE_LEDGER) knows who was erased; a database that was restored from an older copy does not. ` +
		`A server does not start on it before this command has run. It needs no login to Vault, may be run again, and stopped at any point.`
}

// Run carries out again what the database does not know of.
func (c eraseReplayCommand) Run(p *process) (err error) {
	sys, err := p.openPlain()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sys.close()) }()
	if err := sys.openLedgerIf(p.ctx); err != nil {
		return err
	}
	if sys.vault.Ledger == nil {
		return errors.New("KELISIM_ERASURE_LEDGER is not set, or no server was started on this database yet: there is nothing to replay")
	}
	back, err := sys.vault.Unburied(p.ctx)
	if err != nil {
		return readable(err)
	}
	actor := p.systemActor()
	for _, stone := range back {
		if !c.DryRun {
			if err := sys.vault.Replay(p.ctx, actor, stone); err != nil {
				return fmt.Errorf("%s: %w; those before are erased: run it again, and it goes on", stone.User, readable(err))
			}
		}
		if _, err := fmt.Fprintf(p.out, "%s  erased %s, %s\n", stone.User, orDash(stone.At), stone.Ground); err != nil {
			return err
		}
	}
	done := "erased again"
	if c.DryRun {
		done = "to erase again"
	}
	_, err = fmt.Fprintf(p.out, "%s: %d\n", done, len(back))
	return err
}
