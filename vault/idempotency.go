package vault

import (
	"time"

	"github.com/google/uuid"
)

// Remembered is what an idempotency key was used for: ids only, nothing
// personal. The input's digest is keyed, because a plain hash of a phone
// number can be reversed.
type Remembered struct {
	Principal string // digest of the login
	Operation string
	Key       string
	Input     string // keyed digest of the input
	Result    uuid.UUID
	At        time.Time
}

// RememberFor is how long an idempotency key is kept.
const RememberFor = 24 * time.Hour
