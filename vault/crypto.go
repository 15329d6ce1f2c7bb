package vault

import (
	"context"

	"github.com/google/uuid"
)

// MaxPlaintext is the largest personal value, in bytes of UTF-8. It is checked
// before a value joins a batch: HashiCorp Vault answers 500 to a whole batch
// for one oversized item.
const MaxPlaintext = 64 << 10

// Ciphertext is an encrypted value with the key that can decrypt it.
type Ciphertext struct {
	Key     string // name of the key, e.g. "kelisim-pii"
	Version int    // version of that key, 1 or more
	Text    string // "vault:v<version>:<base64>"
}

// EncryptItem is one value to encrypt.
type EncryptItem struct {
	Place
	Value Plain
	// Reference is the id of the audit event that this item belongs to. It
	// travels to Vault's own audit log, so that the two logs can be joined.
	Reference uuid.UUID
}

// Encrypted answers one EncryptItem: exactly one of its fields is set.
type Encrypted struct {
	Ciphertext Ciphertext
	Err        error
}

// Encrypter turns values into ciphertexts. Writers hold an Encrypter and
// nothing that decrypts.
type Encrypter interface {
	// Encrypt answers every item, in order. One bad item never fails another:
	// its own Err says why (ErrTooLarge, ErrUnavailable). The error is for
	// the whole call: the context's, or ErrUnavailable when nothing could be
	// asked at all.
	Encrypt(ctx context.Context, items []EncryptItem) ([]Encrypted, error)
}

// DecryptItem is one ciphertext to decrypt, and the place it was read from.
type DecryptItem struct {
	Place
	Ciphertext Ciphertext
	Reference  uuid.UUID
}

// Decrypted answers one DecryptItem: Value, or Err.
type Decrypted struct {
	Value Plain
	Err   error
}

// Decrypter turns ciphertexts back into values. Only the reveal use case
// holds one, and the job that computes indexes anew.
type Decrypter interface {
	// Decrypt answers every item, in order; errors as in Encrypter. An item
	// whose ciphertext is altered, belongs to another place, or needs a key
	// version that is gone answers ErrUndecryptable; one that needs a version to
	// come answers ErrUnavailable because of ErrKeyBehind.
	Decrypt(ctx context.Context, items []DecryptItem) ([]Decrypted, error)
}

// RewrapItem is one ciphertext to move to the newest version of its key, and
// the place it was read from.
type RewrapItem struct {
	Place
	Ciphertext Ciphertext
	Reference  uuid.UUID
}

// Rewrapped answers one RewrapItem: exactly one of its fields is set.
type Rewrapped struct {
	Ciphertext Ciphertext
	Err        error
}

// Rewrapper moves ciphertexts to the newest version of their key, inside the
// engine. Whoever holds one sees no value, and can neither encrypt one nor
// decrypt.
type Rewrapper interface {
	// Rewrap answers every item, in order; errors as in Decrypter. The answer
	// may have a newer version than Newest said: somebody may rotate meanwhile.
	Rewrap(ctx context.Context, items []RewrapItem) ([]Rewrapped, error)
	// Newest names the key and the version that values are encrypted under
	// now. ErrUnavailable: it could not be asked.
	Newest(ctx context.Context) (key string, version int, err error)
}

// IndexItem is one normalised value to be indexed.
type IndexItem struct {
	Field      string // field code
	Normalised Plain
	Reference  uuid.UUID
}

// Input is what the index key's HMAC is computed over, as fixed for version 1.
func (i IndexItem) Input() []byte {
	return []byte("kelisim/1/" + i.Field + "\x00" + i.Normalised.Reveal())
}

// Indexed answers one IndexItem: Digest, or Err.
type Indexed struct {
	Digest string // lower-case hex of HMAC-SHA-256
	Err    error
}

// Indexer computes blind indexes: keyed digests under which a value can be
// found without being readable. It is an HMAC in Vault; the key stays there.
type Indexer interface {
	// Index answers every item, in order, under the given version of the
	// index key; errors as in Encrypter. The version is always pinned by the
	// caller: "the latest" would break every look-up when the key is rotated.
	Index(ctx context.Context, version int, items []IndexItem) ([]Indexed, error)
}

// Reindexer computes blind indexes of what is stored. Whoever holds one sees
// values, and can encrypt none.
type Reindexer interface {
	Decrypter
	Indexer
	// NewestIndex names the index key and its newest version. ErrUnavailable: it
	// could not be asked.
	NewestIndex(ctx context.Context) (key string, version int, err error)
}
