package keyring

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/hashicorp/vault/sdk/helper/keysutil"

	"github.com/kelisim/kelisim/vault"
)

// Encrypter implements vault.Encrypter and vault.Indexer.
type Encrypter struct{ keyring *Keyring }

// Decrypter implements vault.Decrypter.
type Decrypter struct{ keyring *Keyring }

// Rewrapper implements vault.Rewrapper.
type Rewrapper struct {
	keyring *Keyring
	use     vault.KeyUse
}

// Of is the same with another key.
func (r *Rewrapper) Of(use vault.KeyUse) *Rewrapper { return &Rewrapper{r.keyring, use} }

// Encrypt implements vault.Encrypter.
func (e *Encrypter) Encrypt(ctx context.Context, items []vault.EncryptItem) ([]vault.Encrypted, error) {
	answers := make([]vault.Encrypted, len(items))
	for i, item := range items {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		answers[i].Ciphertext, answers[i].Err = e.keyring.encrypt(item)
	}
	return answers, ctx.Err()
}

func (k *Keyring) encrypt(item vault.EncryptItem) (vault.Ciphertext, error) {
	padded, err := vault.Pad(item.Value)
	if err != nil {
		return vault.Ciphertext{}, err
	}
	key := k.names.of(item.Use())
	policy, err := k.policy(key)
	if err != nil {
		return vault.Ciphertext{}, vault.ErrUnavailable.Because(err)
	}
	text, err := policy.Encrypt(0, []byte(item.Context()), nil, base64.StdEncoding.EncodeToString(padded))
	if err != nil {
		return vault.Ciphertext{}, vault.ErrUnavailable.Because(fmt.Errorf("keyring: encrypting: %w", err))
	}
	return vault.NewCiphertext(key, text)
}

// Index implements vault.Indexer.
func (e *Encrypter) Index(ctx context.Context, version int, items []vault.IndexItem) ([]vault.Indexed, error) {
	digest, err := e.keyring.digest(version)
	if err != nil {
		return nil, err
	}
	answers := make([]vault.Indexed, len(items))
	for i, item := range items {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if item.Normalised.Len() > vault.MaxPlaintext {
			answers[i].Err = vault.ErrTooLarge
			continue
		}
		answers[i].Digest = hex.EncodeToString(digest(item.Input()))
	}
	return answers, ctx.Err()
}

// digest gives the HMAC under one version of the index key.
func (k *Keyring) digest(version int) (func(input []byte) []byte, error) {
	policy, err := k.policy(k.names.index)
	if err != nil {
		return nil, vault.ErrUnavailable.Because(err)
	}
	if version > 0 && version < max(policy.MinEncryptionVersion, policy.MinDecryptionVersion) && version != policy.LatestVersion {
		return nil, vault.ErrUnavailable.Because(raised(k.names.index, version))
	}
	key, err := policy.HMACKey(version)
	if err != nil {
		return nil, vault.ErrUnavailable.Because(fmt.Errorf("keyring: version %d of key %s: %w", version, k.names.index, err))
	}
	return func(input []byte) []byte {
		mac := hmac.New(sha256.New, key)
		mac.Write(input)
		return mac.Sum(nil)
	}, nil
}

// Decrypt implements vault.Decrypter.
func (d *Decrypter) Decrypt(ctx context.Context, items []vault.DecryptItem) ([]vault.Decrypted, error) {
	answers := make([]vault.Decrypted, len(items))
	for i, item := range items {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		answers[i].Value, answers[i].Err = d.keyring.decrypt(item)
	}
	return answers, ctx.Err()
}

// errRefused stands for the library's own errors, which may describe the ciphertext.
var errRefused = errors.New("keyring: altered, or not of this place, or its key version is not in the keyring")

func (k *Keyring) decrypt(item vault.DecryptItem) (vault.Plain, error) {
	_, encoded, err := k.open(item.Place, item.Ciphertext)
	if err != nil {
		return vault.Plain{}, err
	}
	padded, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return vault.Plain{}, vault.ErrUndecryptable
	}
	return vault.Unpad(padded)
}

// open decrypts as the engine does, and gives the key as it was at that moment.
func (k *Keyring) open(at vault.Place, c vault.Ciphertext) (*keysutil.Policy, string, error) {
	if err := c.Check(); err != nil {
		return nil, "", err
	}
	// Only the key of the place: a row that names another is not followed.
	key := k.names.of(at.Use())
	if c.Key != key {
		return nil, "", vault.ErrUndecryptable.Because(ErrNoKey)
	}
	policy, err := k.policy(key)
	if err != nil {
		return nil, "", vault.ErrUnavailable.Because(err)
	}
	if c.Version > policy.LatestVersion {
		return nil, "", vault.ErrUnavailable.Because(fmt.Errorf("keyring: version %d of key %s: %w", c.Version, c.Key, vault.ErrKeyBehind))
	}
	encoded, err := policy.Decrypt([]byte(at.Context()), nil, c.Text)
	if err != nil && c.Version < policy.MinDecryptionVersion {
		return nil, "", vault.ErrUndecryptable.Because(raised(c.Key, c.Version))
	}
	if err != nil {
		return nil, "", vault.ErrUndecryptable.Because(errRefused)
	}
	return policy, encoded, nil
}

// Rewrap implements vault.Rewrapper.
func (r *Rewrapper) Rewrap(ctx context.Context, items []vault.RewrapItem) ([]vault.Rewrapped, error) {
	answers := make([]vault.Rewrapped, len(items))
	for i, item := range items {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		answers[i].Ciphertext, answers[i].Err = r.keyring.rewrap(item)
	}
	return answers, ctx.Err()
}

func (k *Keyring) rewrap(item vault.RewrapItem) (vault.Ciphertext, error) {
	policy, encoded, err := k.open(item.Place, item.Ciphertext)
	if err != nil {
		return vault.Ciphertext{}, err
	}
	text, err := policy.Encrypt(0, []byte(item.Context()), nil, encoded)
	if err != nil {
		return vault.Ciphertext{}, vault.ErrUnavailable.Because(fmt.Errorf("keyring: rewrapping: %w", err))
	}
	return vault.NewCiphertext(policy.Name, text)
}

// Newest implements vault.Rewrapper.
func (r *Rewrapper) Newest(ctx context.Context) (string, int, error) {
	key := r.keyring.names.of(r.use)
	version, err := r.keyring.LatestVersion(ctx, key)
	return key, version, err
}

// Reindexer implements vault.Reindexer.
type Reindexer struct {
	Decrypter
	encrypter Encrypter
}

// Index implements vault.Indexer.
func (r *Reindexer) Index(ctx context.Context, version int, items []vault.IndexItem) ([]vault.Indexed, error) {
	return r.encrypter.Index(ctx, version, items)
}

// NewestIndex implements vault.Reindexer.
func (r *Reindexer) NewestIndex(ctx context.Context) (string, int, error) {
	version, err := r.keyring.LatestVersion(ctx, r.keyring.names.index)
	return r.keyring.names.index, version, err
}
