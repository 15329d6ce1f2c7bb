package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/kelisim/kelisim/vault"
)

// encryptedPepper is the pepper as the database keeps it: under the key of
// personal values, so that it needs no version of the index key.
type encryptedPepper struct {
	Version    int    `json:"version"` // beside every login digest; never changed
	KeyVersion int    `json:"keyVersion"`
	Ciphertext string `json:"ciphertext"`
}

const pepperField = "pepper"

func (e encryptedPepper) of(key string) vault.Ciphertext {
	return vault.Ciphertext{Key: key, Version: e.KeyVersion, Text: e.Ciphertext}
}

func (t ties) pepperPlace() vault.Place { return vault.Place{User: t.Instance, Field: pepperField} }

// peppered gives the ties with a pepper: what the index key makes of a label,
// under the version of a database that has none yet.
func (t ties) peppered(ctx context.Context, e *engine) (ties, error) {
	pepper, err := e.state.Pepper(ctx, t.IndexVersion)
	if err != nil {
		return t, fmt.Errorf("the pepper of login digests: %w", readable(err))
	}
	results, err := e.encrypter.Encrypt(ctx, []vault.EncryptItem{
		{Place: t.pepperPlace(), Value: vault.NewPlain(hex.EncodeToString(pepper)), Reference: t.Instance},
	})
	if err == nil {
		err = results[0].Err
	}
	if err != nil {
		return t, fmt.Errorf("encrypting the pepper with %s: %w", e.name, readable(err))
	}
	c := results[0].Ciphertext
	t.Pepper = &encryptedPepper{t.IndexVersion, c.Version, c.Text}
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
	key, err := hex.DecodeString(results[0].Value.Reveal())
	if err != nil || len(key) == 0 {
		return vault.Pepper{}, errors.New("the pepper of login digests is none")
	}
	return vault.Pepper{Version: t.Pepper.Version, Key: key}, nil
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
