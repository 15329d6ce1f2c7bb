package vault

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Pepper is the key of the login digests, made once: the answer of one HMAC in
// Vault over a fixed label. It is kept encrypted, decrypted at the start, and held
// in memory only. So no request needs Vault to know who calls, and a running
// replica knows people while Vault is down.
type Pepper struct {
	Version int
	Key     []byte
}

// Login digests an issuer's subject.
func (p Pepper) Login(issuer, subject string) SubjectKey {
	return SubjectKey{Issuer: issuer, KeyVersion: p.Version, Digest: p.digest("subject", issuer, subject)}
}

// Cached digests what a cache holds under a key, so that who writes to the cache
// without the pepper writes nothing that is believed.
func (p Pepper) Cached(key string, value []byte) string {
	return p.digest("cache", key, string(value))
}

// digest is a keyed hash over parts; a part cannot run into the next one.
func (p Pepper) digest(purpose string, parts ...string) string {
	mac := hmac.New(sha256.New, p.Key)
	mac.Write([]byte("kelisim/1/" + purpose))
	for _, part := range parts {
		mac.Write([]byte{0})
		mac.Write([]byte(part))
	}
	return hex.EncodeToString(mac.Sum(nil))
}

// Format hides the key from every verb of fmt.
func (p Pepper) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(Hidden)) }

// MarshalText hides the key from every encoder, slog's among them.
func (p Pepper) MarshalText() ([]byte, error) { return []byte(Hidden), nil }
