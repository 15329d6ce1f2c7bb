package identifier

import (
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/unicode/norm"

	"github.com/kelisim/kelisim/vault"
)

// homeRegion is whose numbers may be written without a country code.
const homeRegion = "KZ"

// maxPhoneBytes is room for the longest number with all its punctuation.
const maxPhoneBytes = 100

// Phone returns a number in E.164. Without a + it is read as one of
// Kazakhstan, whose trunk prefix is 8: "8 (701) 234-56-78" is "+77012345678".
// Only numbers that can exist pass; foreign ones need + and their country
// code. Error: INVALID_PHONE.
func Phone(s string) (string, error) {
	dialled, ok := dial(s)
	if !ok {
		return "", vault.NewError(vault.CodeInvalidPhone, "a phone number has digits, a leading +, spaces, hyphens, dots and brackets only; write one number, without an extension")
	}
	number, err := phonenumbers.Parse(dialled, homeRegion)
	if err != nil || !phonenumbers.IsValidNumber(number) {
		return "", vault.NewError(vault.CodeInvalidPhone, "there is no such phone number; write + and the country code, then the number")
	}
	if dialled[0] != '+' && phonenumbers.GetRegionCodeForNumber(number) != homeRegion {
		return "", vault.NewError(vault.CodeInvalidPhone, "the phone number is not one of Kazakhstan; write a foreign number with + and its country code")
	}
	canonical := phonenumbers.Format(number, phonenumbers.E164)
	// The library rewrites some national forms. A result that it does not
	// read back as itself would give one phone two digests.
	again, err := phonenumbers.Parse(canonical, homeRegion)
	if err != nil || !phonenumbers.IsValidNumber(again) || phonenumbers.Format(again, phonenumbers.E164) != canonical {
		return "", vault.NewError(vault.CodeInvalidPhone, "the phone number can be read in two ways; write + and the country code, then the number without any other prefix")
	}
	return canonical, nil
}

// dial reduces what was typed to what would be dialled: digits, and a + in
// front. Format characters are dropped, because address books wrap the
// numbers that people copy from them in invisible direction marks.
func dial(s string) (string, bool) {
	if len(s) > maxPhoneBytes {
		return "", false
	}
	var dialled strings.Builder
	for _, r := range norm.NFKC.String(strings.TrimSpace(s)) {
		switch {
		case digit(r), r == '+' && dialled.Len() == 0:
			dialled.WriteRune(r)
		case unicode.In(r, unicode.Zs, unicode.Pd, unicode.Cf), strings.ContainsRune("().", r):
		default:
			return "", false
		}
	}
	return dialled.String(), dialled.Len() > 0
}
