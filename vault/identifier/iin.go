package identifier

import (
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode"

	"github.com/kelisim/kelisim/vault"
)

// The two values of IINInfo.Sex.
const (
	Male   = "MALE"
	Female = "FEMALE"
)

// IINInfo is what an individual identification number says of its holder. It
// is personal as a whole, so it prints and logs as vault.Hidden.
type IINInfo struct {
	Digits    string // the twelve digits
	BirthDate string // YYYY-MM-DD
	Sex       string // Male or Female
}

// Format implements fmt.Formatter for every verb.
func (IINInfo) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(vault.Hidden)) }

// LogValue implements slog.LogValuer.
func (IINInfo) LogValue() slog.Value { return slog.StringValue(vault.Hidden) }

// IIN reads an individual identification number, YYMMDD C NNNN K: birth date,
// century and sex, serial number, check digit; spaces are dropped. A valid one
// is well formed, which is no proof that it was issued, or to whom: the check
// digit misses nine of ten slips in the eleventh digit. Error: INVALID_IIN.
func IIN(s string) (IINInfo, error) {
	digits, ok := twelveDigits(s)
	if !ok {
		return IINInfo{}, vault.NewError(vault.CodeInvalidIIN, "an IIN has exactly 12 digits; check that none is missing")
	}
	c := int(digits[6] - '0')
	switch {
	case c == 0:
		return IINInfo{}, vault.NewError(vault.CodeInvalidIIN, "an IIN whose seventh digit is 0 gives no century of birth and is not accepted; use one whose seventh digit is 1 to 6")
	case c > 6:
		return IINInfo{}, vault.NewError(vault.CodeInvalidIIN, "the seventh digit of an IIN is 1 to 6; check the digits")
	}
	century := 18 + (c-1)/2
	birth := fmt.Sprintf("%d%s-%s-%s", century, digits[:2], digits[2:4], digits[4:6])
	if _, err := time.Parse(time.DateOnly, birth); err != nil {
		return IINInfo{}, vault.NewError(vault.CodeInvalidIIN, "the IIN does not begin with a real birth date (YYMMDD) of its century; check the first seven digits")
	}
	if check, ok := checkDigit(digits); !ok || digits[11] != check {
		return IINInfo{}, vault.NewError(vault.CodeInvalidIIN, "the check digit of the IIN does not agree with the other digits; check them one by one")
	}
	sex := Male
	if c%2 == 0 {
		sex = Female
	}
	return IINInfo{Digits: digits, BirthDate: birth, Sex: sex}, nil
}

// CheckIINBirthDate refuses an IIN and a birth date (YYYY-MM-DD) that cannot
// be of one person. Errors: INVALID_IIN, INVALID_DATE and
// IIN_BIRTH_DATE_MISMATCH.
func CheckIINBirthDate(iin, birthDate string) error {
	info, err := IIN(iin)
	if err != nil {
		return err
	}
	if _, err := realDate(birthDate); err != nil {
		return err
	}
	if info.BirthDate != birthDate {
		return vault.NewError(vault.CodeIINBirthDate, "the IIN and the birth date do not agree; correct the one that is wrong")
	}
	return nil
}

// BIN returns an operator's identifier, YYMM T A NNNNN K: year and month of
// registration, type 4 to 6, kind 0 to 3 (head office, branch, representation,
// farm), serial number, check digit; spaces are dropped. Most sole
// entrepreneurs have no BIN but use their IIN, whose fifth digit is 0 to 3,
// so that is accepted too. Error: INVALID_BIN.
func BIN(s string) (string, error) {
	digits, ok := twelveDigits(s)
	if !ok {
		return "", vault.NewError(vault.CodeInvalidBIN, "a BIN has exactly 12 digits; check that none is missing")
	}
	switch kind := digits[4]; {
	case kind <= '3':
		if _, err := IIN(digits); err != nil {
			return "", vault.NewError(vault.CodeInvalidBIN, "the fifth digit, 0 to 3, is that of a sole entrepreneur's IIN, and the number is not a valid IIN; check the digits")
		}
		return digits, nil
	case kind > '6':
		return "", vault.NewError(vault.CodeInvalidBIN, "the fifth digit of a BIN is 4 to 6, of an IIN 0 to 3; check the digits")
	case digits[2:4] < "01" || digits[2:4] > "12":
		return "", vault.NewError(vault.CodeInvalidBIN, "the third and fourth digits of a BIN are a month, 01 to 12; check them")
	case digits[5] > '3':
		return "", vault.NewError(vault.CodeInvalidBIN, "the sixth digit of a BIN is 0 to 3; check the digits")
	}
	if check, ok := checkDigit(digits); !ok || digits[11] != check {
		return "", vault.NewError(vault.CodeInvalidBIN, "the check digit of the BIN does not agree with the other digits; check them one by one")
	}
	return digits, nil
}

// twelveDigits drops the spaces and reports whether twelve digits are left.
func twelveDigits(s string) (string, bool) {
	compact := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
	return compact, len(compact) == 12 && !strings.ContainsFunc(compact, func(r rune) bool { return !digit(r) })
}

// checkDigit computes the twelfth digit of an IIN or BIN from the eleven
// before it: their sum with the weights 1 to 11, modulo 11. Where that gives
// 10 the weights begin at 3 instead; where it gives 10 again the number is
// never issued, and ok is false.
func checkDigit(digits string) (check byte, ok bool) {
	for _, shift := range []int{0, 2} {
		sum := 0
		for i := range 11 {
			sum += ((i+shift)%11 + 1) * int(digits[i]-'0')
		}
		if sum %= 11; sum < 10 {
			return byte('0' + sum), true
		}
	}
	return 0, false
}
