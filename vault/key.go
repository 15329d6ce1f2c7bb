package vault

import (
	"context"
	"time"
)

// KeyUse is what a key is for. The schema's enum of the same name is bound to
// it.
type KeyUse string

// The uses.
const (
	KeyOfData     KeyUse = "DATA"    // encrypts personal values
	KeyOfIndexes  KeyUse = "INDEX"   // blind indexes, and the pepper
	KeyOfReceipts KeyUse = "RECEIPT" // for later
)

// KeyFacts are what an engine tells of a key, never the key itself.
type KeyFacts struct {
	Name    string
	Use     KeyUse
	Missing bool // the engine has no such key; all that follows is zero
	Unseen  bool // the reader may not see it; all that follows is zero
	// Foreign: it is another key than the database was written with. No engine
	// knows that; Keys finds it out.
	Foreign bool

	Latest        int // new values are encrypted under this version
	MinDecryption int // versions below it are retired; 1 or more
	MinEncryption int // nothing new is made below it; 0: no minimum is set
	MinAvailable  int // versions below it are destroyed; 0: none is
	// Versions are those that are not retired, oldest first.
	Versions []KeyVersion

	Exportable      bool // who may read its export path has the key
	PlaintextBackup bool // who may read its backup path has the key
	DeletionAllowed bool
	AutoRotate      time.Duration // 0: versions are made by hand only
}

// KeyVersion is one version of a key.
type KeyVersion struct {
	Version int
	// Made is when, as the engine tells it; zero when it does not. Vault
	// keeps no dates of an HMAC key. Then Seen is when the vault first saw it.
	Made, Seen time.Time
}

// Since is the moment from which the version has been in use, as far as anybody
// knows; zero: nobody does.
func (v KeyVersion) Since() time.Time {
	if v.Made.IsZero() {
		return v.Seen
	}
	return v.Made
}

// known reports whether the engine told of it.
func (f KeyFacts) known() bool { return !f.Missing && !f.Unseen }

// oldest is the oldest version that is still there.
func (f KeyFacts) oldest() int { return max(f.MinAvailable, 1) }

// version is one that the engine told of.
func (f KeyFacts) version(n int) KeyVersion {
	for _, v := range f.Versions {
		if v.Version == n {
			return v
		}
	}
	return KeyVersion{Version: n}
}

// KeyReader reads facts of keys. It needs no leave to use them.
type KeyReader interface {
	// Keys answers the key of data, that of indexes, and that of receipts where
	// the engine is one that has them; Missing if it is. That of receipts may be
	// Unseen. ErrUnavailable: they could not be asked.
	Keys(ctx context.Context) ([]KeyFacts, error)
	// Remedy is the command that undoes a trouble, in the engine's own words; ""
	// when none does.
	Remedy(t KeyTrouble) string
}

// KeyCustodian is a KeyReader in the hands of a person who may retire and
// trim. No service has one.
type KeyCustodian interface {
	KeyReader
	// SetMinima sets below which version a key makes nothing new (0: no
	// minimum) and below which it decrypts nothing. It can be undone.
	SetMinima(ctx context.Context, key string, encryption, decryption int) error
	// Trim destroys all versions below one. Nothing brings them back.
	Trim(ctx context.Context, key string, available int) error
}
