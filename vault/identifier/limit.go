package identifier

import (
	"time"

	"github.com/kelisim/kelisim/vault"
)

// Limits are what a value of a kind has to be, as far as data can say it. They
// describe the usual spelling: Normalise reads others too, and refuses some of
// what they let through.
func Limits(kind string, now time.Time) vault.Limits {
	switch kind {
	case "PHONE":
		return vault.Limits{MaxLength: maxPhoneBytes, Pattern: `[+(0-9][0-9 ().\-]*`}
	case "EMAIL":
		return vault.Limits{MaxLength: maxEmail, Pattern: `[^@\s]+@[^@\s]+`}
	case "IIN":
		return vault.Limits{MaxLength: 12, Pattern: `[0-9]{12}`}
	case "BIRTH_DATE":
		return vault.Limits{MaxLength: len(time.DateOnly), Pattern: day, From: earliestDate, To: today(now)}
	case "DATE":
		return vault.Limits{MaxLength: len(time.DateOnly), Pattern: day}
	case "NAME":
		return vault.Limits{MaxLength: maxName}
	case "TEXT":
		return vault.Limits{MaxLength: MaxText}
	case "INTEGER":
		return vault.Limits{MaxLength: 20, Pattern: `-?[0-9]+`}
	case "BOOLEAN":
		return vault.Limits{Pattern: `true|false`}
	}
	return vault.Limits{}
}

const day = `[0-9]{4}-[0-9]{2}-[0-9]{2}`
