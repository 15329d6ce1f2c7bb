package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"github.com/kelisim/kelisim/vault"
)

// encryptedPepper is the pepper as the database keeps it: under the key of
// personal values, so that it needs no version of the index key. Its own version
// is encrypted with it: whoever writes the row could otherwise have every login
// looked for under a version that nobody has one of.
type encryptedPepper struct {
	KeyVersion int    `json:"keyVersion"`
	Ciphertext string `json:"ciphertext"`
}

// pepperContent is the pepper's version, which stands beside every login digest
// and never changes, and its key.
const pepperContent = "%d %x"

func (e encryptedPepper) of(key string) vault.Ciphertext {
	return vault.Ciphertext{Key: key, Version: e.KeyVersion, Text: e.Ciphertext}
}

func (t ties) pepperPlace() vault.Place {
	return vault.Place{User: t.Instance, Field: vault.FieldPepper}
}

// peppered gives the ties with a pepper: what the index key makes of a label,
// under the version of a database that has none yet.
func (t ties) peppered(ctx context.Context, e *engine) (ties, error) {
	pepper, err := e.state.Pepper(ctx, t.IndexVersion)
	if err != nil {
		return t, fmt.Errorf("the pepper of login digests: %w", readable(err))
	}
	results, err := e.encrypter.Encrypt(ctx, []vault.EncryptItem{
		{Place: t.pepperPlace(), Value: vault.NewPlain(fmt.Sprintf(pepperContent, t.IndexVersion, pepper)), Reference: t.Instance},
	})
	if err == nil {
		err = results[0].Err
	}
	if err != nil {
		return t, fmt.Errorf("encrypting the pepper with %s: %w", e.name, readable(err))
	}
	c := results[0].Ciphertext
	t.Pepper = &encryptedPepper{c.Version, c.Text}
	return t, nil
}

// pepper decrypts the pepper, for the memory only.
func (t ties) pepper(ctx context.Context, e *engine) (vault.Pepper, error) {
	results, err := e.decrypter.Decrypt(ctx, []vault.DecryptItem{
		{Place: t.pepperPlace(), Ciphertext: t.Pepper.of(t.Key), Reference: t.Instance},
	})
	if err == nil {
		err = results[0].Err
	}
	if err != nil {
		return vault.Pepper{}, fmt.Errorf("the pepper of login digests: %w", readable(err))
	}
	return readPepper(results[0].Value.Reveal())
}

// errUnversioned stops the start: development versions of before 1.0 kept the
// pepper's version where whoever writes to the database could change it.
var errUnversioned = errors.New("the pepper of login digests does not name its version: the database was made by a development version of before 1.0; " +
	"begin with an empty one")

// readPepper reads the pepper as it was written, and no other way.
func readPepper(text string) (p vault.Pepper, err error) {
	if !strings.Contains(text, " ") {
		return p, errUnversioned
	}
	if _, err = fmt.Sscanf(text, pepperContent, &p.Version, &p.Key); err != nil ||
		text != fmt.Sprintf(pepperContent, p.Version, p.Key) || p.Version < 1 || len(p.Key) != sha256.Size {
		return vault.Pepper{}, errors.New("the pepper of login digests is none")
	}
	return p, nil
}

// indexPlan reads the index plan, or makes the first one, of the version that
// the database knows.
func (t ties) indexPlan(ctx context.Context, db store) (vault.IndexPlan, error) {
	plan, err := db.IndexPlan(ctx)
	if !errors.Is(err, vault.ErrNotFound) {
		return plan, err
	}
	err = db.Maintain(ctx, func(tx vault.KeepingTx) error { tx.PutPlan(vault.FirstPlan(t.IndexVersion)); return nil })
	if err != nil && !errors.Is(err, vault.ErrStale) { // another replica was first
		return plan, err
	}
	return db.IndexPlan(ctx)
}
