package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/transit"
)

type keysRetireCommand struct {
	Key   string `required:"" placeholder:"NAME" help:"Name of the key, as kelisim-pii."`
	Below int    `required:"" placeholder:"N" help:"Versions below this one are retired; those from it on are in use."`
	keyPlace
}

// Help is what --help tells besides.
func (keysRetireCommand) Help() string {
	return `Refuses, and names how many and where, while a row, an index or a declared copy of data (kelisim backup) needs an older version. ` +
		`Then it sets min_encryption_version, waits until what is on its way has been stored, counts once more, and sets min_decryption_version. ` +
		`It prints the command that undoes it.

With HashiCorp Vault it needs a token of your own, VAULT_TOKEN or VAULT_TOKEN_FILE, with leave to write to transit/keys/NAME/config: ` +
		`no login of the service has that.`
}

func (keysRetireCommand) personal() {}

// Run retires.
func (c keysRetireCommand) Run(p *process) error {
	return p.custody(c.mode(), func(sys *system, r vault.Retirement) error {
		done, err := r.Retire(p.ctx, p.systemActor(), c.Key, c.Below)
		if err != nil {
			return err
		}
		if !done.Changed() {
			_, err := fmt.Fprintf(p.out, "versions of %s below %d are retired already\n", c.Key, c.Below)
			return err
		}
		_, err = fmt.Fprintf(p.out, "%s: versions below %d are retired\nundo it: %s\n", c.Key, c.Below, c.undo(sys.settings, done))
		return err
	})
}

// undo is the command that sets the minima back.
func (c keysRetireCommand) undo(s settings, was vault.Retired) string {
	if s.VaultAddr != "" {
		return fmt.Sprintf("vault write %s/keys/%s/config min_encryption_version=%d min_decryption_version=%d",
			s.TransitMount, c.Key, was.WasEncryption, was.WasDecryption)
	}
	return fmt.Sprintf("kelisim keys retire %s --key %s --below %d", c.mode(), c.Key, was.WasDecryption)
}

type keysTrimCommand struct {
	Key     string `required:"" placeholder:"NAME" help:"Name of the key, as kelisim-pii."`
	Confirm string `placeholder:"NAME" help:"The key's name once more, where nobody can be asked to type it."`
	keyPlace
}

// Help is what --help tells besides.
func (*keysTrimCommand) Help() string {
	return `What was encrypted under a trimmed version is gone for good, and so is whoever was erased, in every copy of the database. ` +
		`Refuses what is not retired (kelisim keys retire), and while any copy, of data or of keys, is declared that needs or holds ` +
		`one of those versions. Asks for the key's name to be typed. Reads every ciphertext first, which on a large database takes a while, ` +
		`and refuses where one is under another version than its row says.

With HashiCorp Vault it needs a token of your own, VAULT_TOKEN or VAULT_TOKEN_FILE, with leave to write to transit/keys/NAME/trim: ` +
		`no login of the service has that.`
}

// ask implements asking.
func (c *keysTrimCommand) ask(p *process) error {
	switch {
	case c.Confirm != "":
		return c.confirmed()
	case !isTerminal(p.in):
		return fmt.Errorf("this cannot be undone, and nobody can be asked here: give --confirm %s", c.Key)
	}
	return c.asked(p.err, p.in)
}

func (c *keysTrimCommand) asked(question io.Writer, answer io.Reader) error {
	_, err := fmt.Fprintf(question, "This destroys the retired versions of %s. Nothing brings them back.\nType the key's name to go on: ", c.Key)
	if err != nil {
		return err
	}
	line, err := bufio.NewReader(answer).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	c.Confirm = strings.TrimSpace(line)
	return c.confirmed()
}

func (c *keysTrimCommand) confirmed() error {
	if c.Confirm != c.Key {
		return errors.New("that is not the key's name; nothing was changed")
	}
	return nil
}

func (*keysTrimCommand) personal() {}

// Run trims.
func (c *keysTrimCommand) Run(p *process) error {
	return p.custody(c.mode(), func(_ *system, r vault.Retirement) error {
		done, err := r.Trim(p.ctx, p.systemActor(), c.Key)
		if err != nil {
			return err
		}
		if !done.Changed() {
			_, err := fmt.Fprintf(p.out, "versions of %s below %d are destroyed already, and no other is retired\n", c.Key, done.Below)
			return err
		}
		_, err = fmt.Fprintf(p.out, "%s: versions %d to %d are destroyed\n", c.Key, done.From, done.Below-1)
		return err
	})
}

// custody opens what it takes to take versions out of use: with Vault, under
// the token of whoever runs the command.
func (p *process) custody(m mode, do func(*system, vault.Retirement) error) (err error) {
	s, err := p.settings()
	if err != nil {
		return err
	}
	if err := errors.Join(s.suitKeys(m)...); err != nil {
		return err
	}
	custodian, err := p.openCustodian(s, m)
	if err != nil {
		return err
	}
	sys, err := p.openPlain()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sys.close()) }()
	line := newProgressLine(p.err, p.clock)
	err = do(sys, vault.Retirement{
		Keys: sys.keys(custodian), Custodian: custodian, Labels: sys.db, NewID: p.newID, Compared: line.show, Wait: p.waitForWrites,
	})
	line.end()
	if errors.Is(err, transit.ErrForbidden) {
		return fmt.Errorf("%w; no login of the service may do this: give VAULT_TOKEN or VAULT_TOKEN_FILE with a token of your own, which may", readable(err))
	}
	return readable(err)
}

func (p *process) openCustodian(s settings, m mode) (vault.KeyCustodian, error) {
	if s.VaultAddr == "" {
		return p.openKeyring(s, m)
	}
	config := s.transit()
	var err error
	if config.ObserveLogin, err = s.personLogin(); err != nil {
		return nil, err
	}
	return transit.NewCustodian(config)
}

// waitForWrites says for what it waits.
func (p *process) waitForWrites(ctx context.Context, d time.Duration) error {
	_, err := fmt.Fprintf(p.err, "waiting %s: what was encrypted before the version was made may still be on its way to the database\n", d.Round(time.Second))
	if err != nil {
		return err
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
