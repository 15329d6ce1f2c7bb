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
	Instance     uuid.UUID        `json:"instance"` // names the database, in Redis keys for one
	Key          string           `json:"key"`
	KeyVersion   int              `json:"keyVersion"`
	Ciphertext   string           `json:"ciphertext"`
	IndexVersion int              `json:"indexVersion"` // follows the index plan, at the end of kelisim reindex
	IndexDigest  string           `json:"indexDigest"`
	Pepper       *encryptedPepper `json:"pepper,omitempty"` // missing until a server that keeps it was started

	raw string // as it is stored
}

const (
	metaTies      = "ties"
	canaryContent = "kelisim canary"
)

// errOtherKeys stops the start.
var errOtherKeys = errors.New("the database was written with other keys: check DATABASE_URL or KELISIM_DATA, VAULT_ADDR, KELISIM_TRANSIT_MOUNT and KELISIM_KEY_PREFIX, " +
	"or which keyring file and key are in use; nothing was changed")

// errEarlierKeys stops it, too: they lack a version that the database names.
var errEarlierKeys = fmt.Errorf("%w; or the keys are as they were earlier: a node of Vault that lags behind, an old snapshot or keyring", errOtherKeys)

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
	if err := t.checkWith(ctx, e); err != nil {
		return t, explain(ctx, e.keys, t.needs(t.Key, e.state.IndexKey()), err)
	}
	if t.Pepper != nil {
		return t, nil
	}
	return changeTies(ctx, db, func(t ties) (ties, error) {
		if t.Pepper != nil {
			return t, nil
		}
		return t.peppered(ctx, e)
	})
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
	t.raw = raw
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
	if t.IndexDigest, err = t.digest(ctx, e.indexer, latest); err != nil {
		return t, err
	}
	return t.peppered(ctx, e)
}

func (t ties) place() vault.Place { return vault.Place{User: t.Instance, Field: vault.FieldCanary} }

func (t ties) canary() vault.Ciphertext {
	return vault.Ciphertext{Key: t.Key, Version: t.KeyVersion, Text: t.Ciphertext}
}

func (t ties) digest(ctx context.Context, indexer vault.Indexer, version int) (string, error) {
	results, err := indexer.Index(ctx, version, []vault.IndexItem{
		{Field: vault.FieldCanary, Normalised: vault.NewPlain(canaryContent), Reference: t.Instance},
	})
	if err == nil {
		err = results[0].Err
	}
	if err != nil {
		return "", fmt.Errorf("the index key at version %d: %w", version, readable(err))
	}
	return results[0].Digest, nil
}

// check refuses keys that are not those the database was written with. That
// the engine of this name does not answer is another error.
func (t ties) check(ctx context.Context, name string, decrypter vault.Decrypter, indexer vault.Indexer) error {
	results, err := decrypter.Decrypt(ctx, []vault.DecryptItem{{Place: t.place(), Ciphertext: t.canary(), Reference: t.Instance}})
	if err == nil {
		err = results[0].Err
	}
	switch {
	case errors.Is(err, vault.ErrKeyBehind):
		return errEarlierKeys
	case errors.Is(err, vault.ErrUndecryptable):
		return errOtherKeys
	case err != nil:
		return fmt.Errorf("decrypting with %s: %w", name, readable(err))
	case results[0].Value.Reveal() != canaryContent:
		return errOtherKeys
	}
	digest, err := t.digest(ctx, indexer, t.IndexVersion)
	if err != nil {
		return err
	}
	if digest != t.IndexDigest {
		return errOtherKeys
	}
	return nil
}

// checkWith is check for an engine.
func (t ties) checkWith(ctx context.Context, e *engine) error {
	return t.check(ctx, e.name, e.decrypter, e.indexer)
}

// rewrapped gives the ties with canary and pepper under the newest version of
// their key. It refuses keys that are not those the database was written with.
func (t ties) rewrapped(ctx context.Context, r vault.Rewrapper) (ties, error) {
	items := []vault.RewrapItem{{Place: t.place(), Ciphertext: t.canary(), Reference: t.Instance}}
	if t.Pepper != nil {
		items = append(items, vault.RewrapItem{Place: t.pepperPlace(), Ciphertext: t.Pepper.of(t.Key), Reference: t.Instance})
	}
	results, err := r.Rewrap(ctx, items)
	for i := 0; err == nil && i < len(results); i++ {
		err = results[i].Err
	}
	switch {
	case errors.Is(err, vault.ErrKeyBehind):
		return t, errEarlierKeys
	case errors.Is(err, vault.ErrUndecryptable):
		return t, errOtherKeys
	case err != nil:
		return t, fmt.Errorf("rewrapping: %w", readable(err))
	}
	t.KeyVersion, t.Ciphertext = results[0].Ciphertext.Version, results[0].Ciphertext.Text
	if t.Pepper != nil {
		t.Pepper = &encryptedPepper{results[1].Ciphertext.Version, results[1].Ciphertext.Text}
	}
	return t, nil
}

// held counts what the ties hold, by what the ciphertexts say and not what stands
// beside them: whoever writes the row could have a version trimmed that it needs.
func (t ties) held() []vault.HeldCount {
	counts := []vault.HeldCount{{Holding: "meta (canary)", Key: t.Key, Version: versionIn(t.Ciphertext, t.KeyVersion), Rows: 1}}
	if t.Pepper != nil {
		counts = append(counts, vault.HeldCount{Holding: "meta (pepper)", Key: t.Key, Version: versionIn(t.Pepper.Ciphertext, t.Pepper.KeyVersion), Rows: 1})
	}
	return counts
}

// versionIn is the version in a ciphertext's text; without one it is the version
// that stands beside it.
func versionIn(text string, beside int) int {
	version, _, err := vault.SplitTransit(text)
	if err != nil {
		return beside
	}
	return version
}

// reindexed gives the ties with the digest under another version.
func (t ties) reindexed(ctx context.Context, indexer vault.Indexer, version int) (_ ties, err error) {
	t.IndexDigest, err = t.digest(ctx, indexer, version)
	t.IndexVersion = version
	return t, err
}

// tieAttempts is how often ties are read again that others changed meanwhile.
const tieAttempts = 10

// changeTies keeps what change makes of the ties, whoever else changes them.
func changeTies(ctx context.Context, db store, change func(ties) (ties, error)) (ties, error) {
	for i := 1; ; i++ {
		t, err := readTies(ctx, db)
		if err != nil {
			return t, err
		}
		by, err := change(t)
		if err != nil {
			return t, err
		}
		to, err := json.Marshal(by)
		if err != nil || string(to) == t.raw {
			return by, err
		}
		err = db.Maintain(ctx, func(tx vault.KeepingTx) error { tx.ReplaceMeta(metaTies, t.raw, string(to)); return nil })
		if !errors.Is(err, vault.ErrStale) || i == tieAttempts {
			return by, err
		}
	}
}

func (t ties) namespace() string { return t.Instance.String() }
