package vault

import (
	"time"

	"github.com/google/uuid"
)

// Status says whether a person's data is processed.
type Status string

// The statuses.
const (
	StatusActive  Status = "ACTIVE"
	StatusBlocked Status = "BLOCKED"
	StatusErased  Status = "ERASED"
)

// User is a person under an opaque id; nothing personal is in it.
type User struct {
	ID         uuid.UUID
	Status     Status
	Revision   int64  // grows with each change of the profile
	ConsentSeq int64  // Seq of the last consent event
	Locale     string // the language the person chose, or empty
	CreatedAt  time.Time
	// ConfirmedAt is when the person last said that their data still holds; zero: never.
	ConfirmedAt time.Time
	// RepresentedUntil is until when a person known to be under age has somebody
	// decide for them, to the month; zero: nothing says that they are.
	RepresentedUntil time.Time
}

// SubjectKey is how a login is found: a keyed digest of issuer and subject.
type SubjectKey struct {
	Issuer     string
	KeyVersion int
	Digest     string // lower-case hex of HMAC-SHA-256 under the pepper
}

// BlindIndex is one row under which a person can be found by a value.
type BlindIndex struct {
	Field       string
	KeyVersion  int
	Digest      string
	User        uuid.UUID
	Verified    bool
	NormVersion int
}

// Match is one person found by a blind index.
type Match struct {
	User     User
	Verified bool
}
