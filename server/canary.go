package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// ties are what binds a database to the keys that it was written with: an
// encrypted canary and an index digest. A database that meets other keys
// stops the start, instead of answering "not found" to everybody.
type ties struct {
	Instance     uuid.UUID `json:"instance"` // names the database, in Redis keys for one
	Key          string    `json:"key"`
	KeyVersion   int       `json:"keyVersion"`
	Ciphertext   string    `json:"ciphertext"`
	IndexVersion int       `json:"indexVersion"` // pinned when the database was new
	IndexDigest  string    `json:"indexDigest"`
}

const (
	metaTies      = "ties"
	canaryField   = "canary"
	canaryContent = "kelisim canary"
)

// errOtherKeys stops the start.
var errOtherKeys = errors.New("the database was written with other keys: check DATABASE_URL or KELISIM_DATA, VAULT_ADDR, KELISIM_TRANSIT_MOUNT and KELISIM_KEY_PREFIX, " +
	"or which keyring file and key are in use; nothing was changed")

// store is what the start needs of the database.
type store interface {
	vault.Reader
	vault.Writer
}

// tie reads the ties and checks them, or makes them in a new database.
func tie(ctx context.Context, db store, e *engine, newID func() uuid.UUID) (ties, error) {
	t, err := readTies(ctx, db)
	if errors.Is(err, vault.ErrNotFound) {
		t, err = makeTies(ctx, e, newID())
		if err != nil {
			return t, err
		}
		raw, err := json.Marshal(t)
		if err != nil {
			return t, err
		}
		err = db.Maintain(ctx, func(tx vault.KeepingTx) error { tx.InsertMeta(metaTies, string(raw)); return nil })
		if !errors.Is(err, vault.ErrTaken) {
			return t, err
		}
		t, err = readTies(ctx, db) // another replica was first
		if err != nil {
			return t, err
		}
	}
	if err != nil {
		return t, err
	}
	if err := t.check(ctx, e); err != nil {
		return t, explain(ctx, e.keys, t.needs(e.state.IndexKey()), err)
	}
	return t, nil
}

// untied reports whether a database was never served from.
func untied(ctx context.Context, db store) (bool, error) {
	_, err := readTies(ctx, db)
	if errors.Is(err, vault.ErrNotFound) {
		return true, nil
	}
	return false, err
}

func readTies(ctx context.Context, db vault.KeepingReader) (t ties, err error) {
	raw, err := db.Meta(ctx, metaTies)
	if err != nil {
		return t, err
	}
	if err := json.Unmarshal([]byte(raw), &t); err != nil {
		return t, fmt.Errorf("the database's canary does not read as one: %w", err)
	}
	return t, nil
}

func makeTies(ctx context.Context, e *engine, instance uuid.UUID) (ties, error) {
	t := ties{Instance: instance}
	latest, err := e.state.LatestVersion(ctx, e.state.IndexKey())
	if err != nil {
		return t, fmt.Errorf("the index key %s: %w", e.state.IndexKey(), readable(err))
	}
	t.IndexVersion = latest
	results, err := e.encrypter.Encrypt(ctx, []vault.EncryptItem{{Place: t.place(), Value: vault.NewPlain(canaryContent), Reference: instance}})
	if err == nil {
		err = results[0].Err
	}
	if err != nil {
		return t, fmt.Errorf("encrypting with %s: %w", e.name, readable(err))
	}
	c := results[0].Ciphertext
	t.Key, t.KeyVersion, t.Ciphertext = c.Key, c.Version, c.Text
	t.IndexDigest, err = t.digest(ctx, e)
	return t, err
}

func (t ties) place() vault.Place { return vault.Place{User: t.Instance, Field: canaryField} }

func (t ties) digest(ctx context.Context, e *engine) (string, error) {
	results, err := e.indexer.Index(ctx, t.IndexVersion, []vault.IndexItem{
		{Field: canaryField, Normalised: vault.NewPlain(canaryContent), Reference: t.Instance},
	})
	if err == nil {
		err = results[0].Err
	}
	if err != nil {
		return "", fmt.Errorf("the index key at version %d: %w", t.IndexVersion, readable(err))
	}
	return results[0].Digest, nil
}

// check refuses keys that are not those the database was written with. That
// Vault does not answer is another error.
func (t ties) check(ctx context.Context, e *engine) error {
	results, err := e.decrypter.Decrypt(ctx, []vault.DecryptItem{{
		Place: t.place(), Ciphertext: vault.Ciphertext{Key: t.Key, Version: t.KeyVersion, Text: t.Ciphertext}, Reference: t.Instance,
	}})
	if err == nil {
		err = results[0].Err
	}
	switch {
	case errors.Is(err, vault.ErrUndecryptable):
		return errOtherKeys
	case err != nil:
		return fmt.Errorf("decrypting with %s: %w", e.name, readable(err))
	case results[0].Value.Reveal() != canaryContent:
		return errOtherKeys
	}
	digest, err := t.digest(ctx, e)
	if err != nil {
		return err
	}
	if digest != t.IndexDigest {
		return errOtherKeys
	}
	return nil
}

// rewrapped gives the ties with the canary under the newest version of its key.
// It refuses keys that are not those the database was written with.
func (t ties) rewrapped(ctx context.Context, r vault.Rewrapper) (ties, error) {
	results, err := r.Rewrap(ctx, []vault.RewrapItem{{
		Place: t.place(), Ciphertext: vault.Ciphertext{Key: t.Key, Version: t.KeyVersion, Text: t.Ciphertext}, Reference: t.Instance,
	}})
	if err == nil {
		err = results[0].Err
	}
	switch {
	case errors.Is(err, vault.ErrUndecryptable):
		return t, errOtherKeys
	case err != nil:
		return t, fmt.Errorf("rewrapping: %w", readable(err))
	}
	c := results[0].Ciphertext
	t.KeyVersion, t.Ciphertext = c.Version, c.Text
	return t, nil
}

// replace keeps ties in the place of these. Another job may have been faster.
func (t ties) replace(ctx context.Context, db store, by ties) error {
	from, err := json.Marshal(t)
	if err != nil {
		return err
	}
	to, err := json.Marshal(by)
	if err != nil {
		return err
	}
	err = db.Maintain(ctx, func(tx vault.KeepingTx) error { tx.ReplaceMeta(metaTies, string(from), string(to)); return nil })
	if errors.Is(err, vault.ErrStale) {
		return nil
	}
	return err
}

func (t ties) namespace() string { return t.Instance.String() }
