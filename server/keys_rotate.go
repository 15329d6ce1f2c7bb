package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/keyring"
)

type keysRotateCommand struct {
	Key string `required:"" placeholder:"NAME" help:"Name of the key: kelisim-pii, kelisim-index or kelisim-technical, with another KELISIM_KEY_PREFIX accordingly."`
	keyPlace
}

// Help is what --help tells besides.
func (keysRotateCommand) Help() string {
	return `A running server takes the new version at once. With HashiCorp Vault the keys are rotated there, by a person: ` +
		`vault write -f transit/keys/kelisim-pii/rotate`
}

// Run makes the version, and leaves the event of it.
func (c keysRotateCommand) Run(p *process) (err error) {
	s, err := p.settings()
	if err != nil {
		return err
	}
	if data, index, technical := s.KeyPrefix+"-pii", s.KeyPrefix+"-index", s.KeyPrefix+"-technical"; c.Key != data && c.Key != index && c.Key != technical {
		return fmt.Errorf("there is no key %s; the keys are %s, %s and %s", c.Key, data, index, technical)
	}
	if s.VaultAddr != "" {
		return fmt.Errorf("the keys are in HashiCorp Vault, where a person rotates them with a token of their own: vault write -f %s/keys/%s/rotate",
			s.TransitMount, c.Key)
	}
	if err := errors.Join(s.suitKeys(c.mode())...); err != nil {
		return err
	}
	sys, err := p.openPlain()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sys.close()) }()
	k, err := p.openKeyring(s, c.mode())
	if err != nil {
		return err
	}
	exported, err := sys.vault.HandedOver(p.ctx)
	if err != nil {
		return readable(err)
	}
	newest, err := c.rotate(p, sys, k)
	if err != nil {
		return err
	}
	if exported {
		_, err := fmt.Fprintln(p.err, "warning: the keys were exported before, and this version is not in that export: "+
			"rotate in the Vault that has them, or export them once more")
		if err != nil {
			return err
		}
	}
	next := "new values are encrypted under it; kelisim rewrap moves the others"
	if c.Key == k.IndexKey() {
		next = "people are found under the version in use until kelisim reindex"
	}
	_, err = fmt.Fprintf(p.out, "%s is at version %d: %s\n", c.Key, newest, next)
	return err
}

// rotate writes the event once there is the version: what is to be told is its
// number, and a version more does no harm to anybody.
func (c keysRotateCommand) rotate(p *process, sys *system, k *keyring.Keyring) (newest int, err error) {
	err = k.Rotate(p.ctx, c.Key)
	if errors.Is(err, keyring.ErrNoKey) {
		err = c.complete(p, sys, k)
	}
	if err != nil {
		return 0, err
	}
	ctx := context.WithoutCancel(p.ctx)
	if newest, err = k.LatestVersion(ctx, c.Key); err != nil {
		return 0, err
	}
	if err := sys.vault.RecordRotation(ctx, p.systemActor(), c.Key, newest); err != nil {
		return 0, fmt.Errorf("%s is at version %d, and its event could not be written: %w", c.Key, newest, readable(err))
	}
	return newest, nil
}

// complete makes the first version of the key of technical data in a keyring
// that is older than it. Where there is something under such a key, the keyring
// is an old one, and another key of the name would decrypt nothing of it.
func (c keysRotateCommand) complete(p *process, sys *system, k *keyring.Keyring) error {
	held, err := sys.db.CountHeld(p.ctx, vault.HoldingTechnical)
	if err != nil {
		return readable(err)
	}
	if len(held) > 0 {
		return fmt.Errorf("the keyring has no key %s, and something is encrypted under it: bring the keyring back from a newer backup", c.Key)
	}
	return k.Complete(p.ctx)
}
