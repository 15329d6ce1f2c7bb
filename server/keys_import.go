package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/hashicorp/vault/api"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/keyring"
	"github.com/kelisim/kelisim/vault/transit"
	"github.com/kelisim/kelisim/vault/transit/setup"
)

type keysImportCommand struct {
	File     string `arg:"" type:"existingfile" help:"The file that kelisim keys export wrote."`
	Identity string `required:"" type:"existingfile" placeholder:"FILE" help:"The file with the identity of the export's recipient."`
}

// Help is what --help tells besides.
func (keysImportCommand) Help() string {
	return `The keys get the names that they have, under KELISIM_TRANSIT_MOUNT in the Vault of VAULT_ADDR; a key that is there is never overwritten. ` +
		`With the database at hand (DATABASE_URL, or KELISIM_DATA) the keys have to be this database's. ` +
		`docs/embedded-to-vault.md tells the whole way.`
}

// importTimeout bounds a call to Vault; a person waits for it.
const importTimeout = 30 * time.Second

// Run imports the keys. Whatever is refused is refused before anything is
// changed in Vault.
func (c keysImportCommand) Run(p *process) (err error) {
	p = p.byPerson()
	s, err := p.settings()
	if err != nil {
		return err
	}
	client, err := operator(s)
	if err != nil {
		return err
	}
	i := importing{client: client, settings: s}
	if err := i.read(c); err != nil {
		return err
	}
	if i.plan, err = setup.New(setup.Config{Mount: s.TransitMount, Prefix: s.KeyPrefix}); err != nil {
		return err
	}
	sys, err := i.openDatabase(p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sys.close()) }()
	if err := i.restore(p); err != nil {
		return err
	}
	if i.ties != nil {
		if err := i.ties.checkWith(p.ctx, i.remote); err != nil {
			return err
		}
		if err := sys.vault.RecordImport(p.ctx, p.systemActor(), i.digest); err != nil {
			return fmt.Errorf("the keys are in Vault, and the event of it could not be written: %w", readable(err))
		}
	}
	_, err = fmt.Fprintln(p.out, "the keys are in Vault, and cannot be exported from it; kelisim vault setup makes the policies and logins")
	return err
}

// importing is one import.
type importing struct {
	settings settings
	client   *api.Client
	plan     *setup.Plan
	export   keyring.Export
	digest   string
	local    *engine // the exported keys, in this process
	remote   *engine // the keys that are in Vault
	ties     *ties   // of the database; nil: there is none at hand
}

// read opens the export, and refuses one whose keys rows would not name.
func (i *importing) read(c keysImportCommand) error {
	identities, err := readIdentities(c.Identity)
	if err != nil {
		return err
	}
	file, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	i.digest = digestOf(file)
	if i.export, err = keyring.DecryptExport(bytes.NewReader(file), identities...); err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	if i.export.Prefix != i.settings.KeyPrefix {
		return fmt.Errorf("what is stored names its keys %s-pii and %[1]s-index, and so they have to be called: set KELISIM_KEY_PREFIX=%[1]s", i.export.Prefix)
	}
	encrypter, decrypter, err := i.export.Engine()
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	i.local = &engine{name: "the export", encrypter: encrypter, indexer: encrypter, decrypter: decrypter}
	config := i.settings.transit()
	if config.EncryptLogin, err = i.settings.personLogin(); err != nil {
		return err
	}
	config.DecryptLogin, config.Timeout = config.EncryptLogin, importTimeout
	remote, err := transit.New(config)
	if err != nil {
		return err
	}
	i.remote = &engine{name: "HashiCorp Vault", encrypter: remote.Encrypter(), indexer: remote.Encrypter(), decrypter: remote.Decrypter()}
	return nil
}

func readIdentities(path string) ([]age.Identity, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // only read from
	identities, err := age.ParseIdentities(file)
	if err != nil { // which may quote it
		return nil, fmt.Errorf("--identity: %s holds no identity of age", path)
	}
	return identities, nil
}

// openDatabase opens the database, where there is one at hand, and refuses
// keys that are not its keys.
func (i *importing) openDatabase(p *process) (*system, error) {
	if _, err := os.Stat(i.settings.database()); !i.settings.postgres() && errors.Is(err, fs.ErrNotExist) {
		_, err := fmt.Fprintf(p.err, "warning: there is no database at %s, so nothing says whether these are its keys; the server's start will\n", i.settings.database())
		return &system{}, err
	}
	sys, err := p.openPlain()
	if err != nil {
		return nil, err
	}
	if err := i.suits(p.ctx, sys); err != nil {
		return nil, errors.Join(err, sys.close())
	}
	return sys, nil
}

// suits refuses keys that are not the database's, or lack a version.
func (i *importing) suits(ctx context.Context, sys *system) error {
	t, err := readTies(ctx, sys.db)
	if err != nil && !errors.Is(err, vault.ErrNotFound) {
		return readable(err)
	}
	if t.Instance != i.export.Database {
		return errors.New("the export is of another database: check DATABASE_URL or KELISIM_DATA; nothing was changed")
	}
	ours, err := sys.vault.Exported(ctx, i.digest)
	if err != nil {
		return readable(err)
	}
	if !ours {
		return errors.New("this file is none that was exported from the database, or the database was restored to a time before: " +
			"its audit events keys.exported have the SHA-256 of each; nothing was changed")
	}
	if err := t.checkWith(ctx, i.local); err != nil {
		return err
	}
	needs, err := sys.keys(nil).Needs(ctx)
	if err != nil {
		return readable(err)
	}
	for _, n := range needs {
		if last := i.lastOf(n.Key); n.Version > last {
			return fmt.Errorf("%s was rotated after the export, which ends with version %d, and is needed: %s; "+
				"export the keys once more; nothing was changed", n.Key, last, n)
		}
	}
	i.ties = &t
	return nil
}

// lastOf is the newest version of an exported key; 0: it is not in the export.
func (i *importing) lastOf(name string) int {
	for _, key := range i.export.Keys {
		if key.Name == name {
			return key.Version
		}
	}
	return 0
}

// restore puts the keys into Vault that are not there. What is there has to be
// the same key: an import that was cut off is run again.
func (i *importing) restore(p *process) error {
	var missing []keyring.ExportedKey
	for _, key := range i.export.Keys {
		found, there, err := i.plan.ReadKey(p.ctx, i.client, i.short(key))
		if err != nil {
			return err
		}
		if !there {
			missing = append(missing, key)
			continue
		}
		if err := i.same(p.ctx, key, found); errors.Is(err, errOtherKey) {
			return fmt.Errorf("there is another key %s/keys/%s in Vault already, and it is not overwritten: "+
				"choose another KELISIM_TRANSIT_MOUNT; nothing was changed", i.settings.TransitMount, key.Name)
		} else if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(p.out, "already there  %s/keys/%s\n", i.settings.TransitMount, key.Name); err != nil {
			return err
		}
	}
	for _, key := range missing {
		if err := i.plan.Restore(p.ctx, i.client, i.short(key), key.Backup); err != nil {
			return err
		}
		if err := i.confirm(p.ctx, key); err != nil {
			return err
		}
		versions := key.Versions()
		if _, err := fmt.Fprintf(p.out, "imported       %s/keys/%s, versions %d to %d\n", i.settings.TransitMount, key.Name, versions.From, versions.To); err != nil {
			return err
		}
	}
	return nil
}

// short is how the plan calls a key.
func (i *importing) short(key keyring.ExportedKey) string {
	return strings.TrimPrefix(key.Name, i.settings.KeyPrefix+"-")
}

// confirm holds a key in Vault against what was sent there.
func (i *importing) confirm(ctx context.Context, key keyring.ExportedKey) error {
	found, there, err := i.plan.ReadKey(ctx, i.client, i.short(key))
	switch {
	case err != nil:
		return err
	case !there:
		return fmt.Errorf("%s is not in Vault, though Vault took it", key.Name)
	}
	if weak := found.Weaknesses(); len(weak) > 0 {
		return errors.New(strings.Join(weak, "\n"))
	}
	return i.same(ctx, key, found)
}

// errOtherKey: two keys have one name.
var errOtherKey = errors.New("it is another key")

// same compares a key in Vault with the exported one by what they do with the
// canary's text. In Vault's audit log the database's instance id says who asked.
func (i *importing) same(ctx context.Context, key keyring.ExportedKey, found setup.Key) error {
	instance, probe := i.export.Database, vault.NewPlain(canaryContent)
	place := vault.Place{User: instance, Field: vault.FieldCanary}
	switch index := i.short(key) == "index"; {
	case index != (found.Type == "hmac"), !index && !found.Derived, found.LatestVersion < key.Version:
		return errOtherKey
	case index:
		items := []vault.IndexItem{{Field: vault.FieldCanary, Normalised: probe, Reference: instance}}
		here, err := i.local.indexer.Index(ctx, key.Version, items)
		if err != nil {
			return err
		}
		there, err := i.remote.indexer.Index(ctx, key.Version, items)
		switch {
		case err != nil:
			return readable(err)
		case there[0].Err != nil || here[0] != there[0]:
			return errOtherKey
		}
		return nil
	}
	encrypted, err := i.local.encrypter.Encrypt(ctx, []vault.EncryptItem{{Place: place, Value: probe, Reference: instance}})
	if err != nil {
		return err
	}
	decrypted, err := i.remote.decrypter.Decrypt(ctx, []vault.DecryptItem{{Place: place, Ciphertext: encrypted[0].Ciphertext, Reference: instance}})
	switch {
	case err != nil:
		return readable(err)
	case errors.Is(decrypted[0].Err, vault.ErrUndecryptable), errors.Is(decrypted[0].Err, vault.ErrKeyBehind), decrypted[0].Err == nil && decrypted[0].Value.Reveal() != canaryContent:
		return errOtherKey
	}
	return decrypted[0].Err
}
