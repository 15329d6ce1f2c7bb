package identifier

import (
	"time"

	"github.com/kelisim/kelisim/vault"
)

// earliestDate is the first birth date accepted: nobody born before it lives,
// so that an earlier one is a slip of the keyboard.
const earliestDate = "1880-01-01"

// BirthDate checks a birth date: YYYY-MM-DD to the letter, a day that exists, not
// before 1880 and not after today. Today is now's date in Almaty, UTC+5 all
// year: a child born there after midnight may be entered while UTC still has
// the day before. Error: INVALID_DATE.
func BirthDate(s string, now time.Time) (string, error) {
	if _, err := realDate(s); err != nil {
		return "", err
	}
	// Dates of this form sort as text.
	switch {
	case s < earliestDate:
		return "", vault.NewError(vault.CodeInvalidDate, "the date is before 1880, and nobody born then is alive; check the year")
	case s > today(now):
		return "", vault.NewError(vault.CodeInvalidDate, "the date lies in the future; check the year")
	}
	return s, nil
}

func today(now time.Time) string {
	return now.In(time.FixedZone("Asia/Almaty", 5*60*60)).Format(time.DateOnly)
}

// realDate checks that a day of the form YYYY-MM-DD exists. Error: INVALID_DATE.
func realDate(s string) (string, error) {
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return "", vault.NewError(vault.CodeInvalidDate, "the date is not a real day written as YYYY-MM-DD; check day and month, and write it with hyphens and leading zeros")
	}
	return s, nil
}
