// Package keyring is the transit engine in process: named keys with versions,
// derivation and rotation, run by the same library code that HashiCorp Vault
// runs (keysutil), so that its ciphertexts and digests are Vault's own and a
// key can move into a real Vault without re-encrypting one row.
//
// The keys live in one file, encrypted with age to an X25519 identity that
// stands in a key file elsewhere. What a real Vault adds, and this does not
// have, is a process of its own: policies, an audit device, keys that the
// service never sees.
package keyring

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"sync/atomic"

	"filippo.io/age"
	"github.com/hashicorp/vault/sdk/helper/keysutil"

	"github.com/kelisim/kelisim/vault"
)

// pepperLabel is what the subject index's pepper is an HMAC of; never changed.
const pepperLabel = "kelisim/1/subject-pepper"

// Options say what Open may do.
type Options struct {
	// Create makes the file, or keys that it lacks, under the existing key
	// file. Without it a missing file stops the start: a new one would mean
	// that nothing stored before can be decrypted.
	Create bool
}

// Keyring holds the open keys. It is safe for concurrent use and needs no
// closing: readers see one immutable set of keys, a rotation swaps it.
type Keyring struct {
	path     string
	identity *age.X25519Identity
	names    names
	keys     atomic.Pointer[keys]
}

// names of the keys under one prefix.
type names struct{ data, index, technical string }

const dataSuffix, indexSuffix, technicalSuffix = "-pii", "-index", "-technical"

// of is the name of the key of a place's values.
func (n names) of(use vault.KeyUse) string {
	if use == vault.KeyOfTechnical {
		return n.technical
	}
	return n.data
}

func namesOf(prefix string) names {
	return names{data: prefix + dataSuffix, index: prefix + indexSuffix, technical: prefix + technicalSuffix}
}

// keys is one state of the file, never changed once it can be seen.
type keys struct {
	shelf    shelf
	policies map[string]*keysutil.Policy
}

// Open reads the keyring file with the key file's identity. It returns
// ErrWrongKey when the two do not belong together, ErrDamaged when the file was
// cut or altered, and fs.ErrNotExist when one of them is missing.
func Open(path, keyFile, prefix string, options Options) (*Keyring, error) {
	identity, err := readKeyFile(keyFile)
	if err != nil {
		return nil, err
	}
	k := &Keyring{path: path, identity: identity, names: namesOf(prefix)}
	if !options.Create {
		current, err := k.read()
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("keyring: there is no keyring at %s, and none may be made: %w", path, err)
		}
		if err != nil {
			return nil, err
		}
		k.keys.Store(current)
		return k, nil
	}
	return k, k.create(context.Background())
}

// read loads the file and checks that the keys of the prefix are in it.
func (k *Keyring) read() (*keys, error) {
	s, err := readShelf(k.path, k.identity)
	if err != nil {
		return nil, err
	}
	return k.load(s)
}

func (k *Keyring) load(s shelf) (*keys, error) {
	loaded := &keys{shelf: s, policies: map[string]*keysutil.Policy{}}
	for _, name := range []string{k.names.data, k.names.index, k.names.technical} {
		policy, err := s.policy(context.Background(), name)
		if errors.Is(err, ErrNoKey) && name == k.names.technical {
			continue // the keyring is older than this key
		}
		if err != nil {
			return nil, fmt.Errorf("%w; is %s the right file, and its key prefix right?", err, k.path)
		}
		loaded.policies[name] = policy
	}
	return loaded, nil
}

// create makes what is missing: the file, or the keys of the prefix.
func (k *Keyring) create(ctx context.Context) error {
	return k.change(func(s shelf) error {
		manager, err := keysutil.NewLockManager(true, 0)
		if err != nil {
			return fmt.Errorf("keyring: %w", err)
		}
		for _, request := range []keysutil.PolicyRequest{
			{Name: k.names.data, KeyType: keysutil.KeyType_AES256_GCM96, Derived: true},
			{Name: k.names.index, KeyType: keysutil.KeyType_HMAC, KeySize: keysutil.HmacMinKeySize},
			{Name: k.names.technical, KeyType: keysutil.KeyType_AES256_GCM96, Derived: true},
		} {
			request.Storage, request.Upsert = s, true
			if _, _, err := manager.GetPolicy(ctx, request, rand.Reader); err != nil {
				return fmt.Errorf("keyring: making key %s: %w", request.Name, err)
			}
		}
		return nil
	})
}

// Complete makes the key of technical data in a keyring that is older than it.
func (k *Keyring) Complete(ctx context.Context) error { return k.create(ctx) }

// Rotate makes a new version of a key and writes the file before the version
// is used. Older versions go on decrypting and indexing.
func (k *Keyring) Rotate(ctx context.Context, key string) error {
	if _, err := k.policy(key); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return k.change(func(s shelf) error {
		policy, err := s.policy(ctx, key)
		if err != nil {
			return err
		}
		if err := policy.Rotate(ctx, s, rand.Reader); err != nil {
			return fmt.Errorf("keyring: rotating key %s: %w", key, err)
		}
		return nil
	})
}

// ErrNoKey: the keyring holds no key of that name.
var ErrNoKey = errors.New("there is no such key")

func (k *Keyring) policy(key string) (*keysutil.Policy, error) {
	policy, found := k.keys.Load().policies[key]
	if !found {
		return nil, fmt.Errorf("keyring: key %s: %w", key, ErrNoKey)
	}
	return policy, nil
}

// LatestVersion is the version that a key encrypts with now, 1 or more.
func (k *Keyring) LatestVersion(ctx context.Context, key string) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	policy, err := k.policy(key)
	if err != nil {
		return 0, err
	}
	return policy.LatestVersion, nil
}

// DataKey is the name of the key that encrypts personal values.
func (k *Keyring) DataKey() string { return k.names.data }

// TechnicalKey is the name of the key that encrypts technical data.
func (k *Keyring) TechnicalKey() string { return k.names.technical }

// IndexKey is the name of the key of blind indexes and the pepper.
func (k *Keyring) IndexKey() string { return k.names.index }

// Pepper is the key of the subject index: an HMAC over a fixed label under the
// given version of the index key, the same for ever.
func (k *Keyring) Pepper(ctx context.Context, version int) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	digest, err := k.digest(version)
	if err != nil {
		return nil, err
	}
	return digest([]byte(pepperLabel)), nil
}

// Healthy reports whether the engine can be used: once open, it can.
func (k *Keyring) Healthy(ctx context.Context) error { return ctx.Err() }

// Encrypter gives the half that encrypts and indexes.
func (k *Keyring) Encrypter() *Encrypter { return &Encrypter{keyring: k} }

// Decrypter gives the half that decrypts.
func (k *Keyring) Decrypter() *Decrypter { return &Decrypter{keyring: k} }

// Reindexer gives the half that computes indexes of what is stored.
func (k *Keyring) Reindexer() *Reindexer {
	return &Reindexer{Decrypter{keyring: k}, Encrypter{keyring: k}}
}

// Rewrapper gives the part that moves ciphertexts of personal values to the
// newest version.
func (k *Keyring) Rewrapper() *Rewrapper { return &Rewrapper{k, vault.KeyOfData} }

var (
	_ vault.Encrypter = (*Encrypter)(nil)
	_ vault.Indexer   = (*Encrypter)(nil)
	_ vault.Decrypter = (*Decrypter)(nil)
	_ vault.Rewrapper = (*Rewrapper)(nil)
)
