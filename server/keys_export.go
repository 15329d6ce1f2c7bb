package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"filippo.io/age"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/keyring"
)

type keysExportCommand struct {
	Out       string `required:"" type:"path" placeholder:"FILE" help:"The new file to write (0600)."`
	Recipient string `required:"" placeholder:"age1…" help:"Who alone will read it: the public key of an age identity; age-keygen makes one."`
	Again     bool   `help:"Export though the keys were exported before."`
	keyPlace
}

// Help is what --help tells besides.
func (keysExportCommand) Help() string {
	return `Whoever has the file and the recipient's identity has the keys. The export is on record, and declared as a copy of keys, before there is a file. ` +
		`docs/embedded-to-vault.md tells the whole way.`
}

// Validate is called by the parser.
func (c keysExportCommand) Validate() error {
	_, err := c.recipient()
	return err
}

func (c keysExportCommand) recipient() (age.Recipient, error) {
	recipients, err := age.ParseRecipients(strings.NewReader(c.Recipient))
	if err != nil || len(recipients) != 1 { // the error repeats what may be an identity
		return nil, errors.New("--recipient is no public key of age, which begins with age1")
	}
	return recipients[0], nil
}

func (c keysExportCommand) file() string { return c.Out }

// Run exports the keys.
func (c keysExportCommand) Run(p *process) (err error) {
	recipient, err := c.recipient()
	if err != nil {
		return err
	}
	s, err := p.settings()
	if err != nil {
		return err
	}
	if s.VaultAddr != "" {
		return errors.New("the keys are in HashiCorp Vault, and do not leave it")
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
	export, err := exportOf(p, sys, k)
	if err != nil {
		return err
	}
	file, err := export.Encrypt(recipient)
	if err != nil {
		return err
	}
	digest := digestOf(file)
	declared, err := sys.vault.RecordExport(p.ctx, p.systemActor(), digest, export.Versions(), c.Again)
	switch {
	case errors.Is(err, vault.ErrTaken):
		return errors.New("the keys were exported before: the audit event keys.exported says when; --again exports them once more")
	case err != nil:
		return readable(err)
	}
	if _, err := p.product.Write(file); err != nil {
		return err
	}
	for _, key := range export.Versions() {
		if _, err := fmt.Fprintf(p.out, "exported  %s, versions %d to %d\n", key.Key, key.From, key.To); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(p.out, "sha256    %s  %s\ndeclared  %s: until every copy of the file is gone and it is expired (kelisim backup expire), these versions are not trimmed\n",
		digest, c.Out, declared)
	return err
}

// exportOf exports the keys that the database was written with, and no others.
func exportOf(p *process, sys *system, k *keyring.Keyring) (keyring.Export, error) {
	t, err := readTies(p.ctx, sys.db)
	if errors.Is(err, vault.ErrNotFound) {
		return keyring.Export{}, errors.New("no server was started on this database yet: nothing is encrypted with these keys, and a new database in HashiCorp Vault is simpler")
	}
	if err != nil {
		return keyring.Export{}, readable(err)
	}
	if err := t.checkWith(p.ctx, engineOf(k)); err != nil {
		return keyring.Export{}, err
	}
	return k.Export(p.ctx, t.Instance)
}

// digestOf is how an export is known: what sha256sum says of its file.
func digestOf(file []byte) string {
	sum := sha256.Sum256(file)
	return hex.EncodeToString(sum[:])
}
