package identifier

import (
	"strings"
	"time"

	"github.com/kelisim/kelisim/vault"
)

// MaxText is the longest free text that Normalise accepts, in runes.
const MaxText = 1000

// Normalise checks a value by the kind of its field: PHONE, EMAIL, IIN,
// BIRTH_DATE, DATE, NAME, TEXT, INTEGER or BOOLEAN. What it returns as stored keeps the person's
// own spelling where that does no harm; normalised is what look-ups digest,
// and normalising that again changes nothing. They differ for e-mail only.
// Errors: those of the kind's own function; INTERNAL for an unknown kind.
func Normalise(kind, value string, now time.Time) (stored, normalised string, err error) {
	normalised, err = canonical(kind, value, now)
	if err != nil {
		return "", "", err
	}
	if kind == "EMAIL" {
		return strings.TrimSpace(value), normalised, nil
	}
	return normalised, normalised, nil
}

func canonical(kind, value string, now time.Time) (string, error) {
	switch kind {
	case "PHONE":
		return Phone(value)
	case "EMAIL":
		return Email(value)
	case "IIN":
		info, err := IIN(value)
		return info.Digits, err
	case "BIRTH_DATE":
		return BirthDate(value, now)
	case "DATE":
		return realDate(value)
	case "NAME":
		return Name(value)
	case "TEXT":
		return Text(value, MaxText)
	case "INTEGER":
		return Integer(value)
	case "BOOLEAN":
		return Boolean(value)
	}
	return "", vault.NewError(vault.CodeInternal, "the catalogue names a kind of field that has no rule; give the field a kind that exists")
}
