package identifier_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/identifier"
)

// Nobody alive has the numbers below: their birth dates lie before 1902 or
// after 2090. The check digits were computed apart from the code under test.

func iinDigits(s string) (string, error) {
	info, err := identifier.IIN(s)
	return info.Digits, err
}

func TestIINTellsBirthDateAndSex(t *testing.T) {
	for _, want := range []identifier.IINInfo{
		{"850615100007", "1885-06-15", identifier.Male}, // settled in the first round
		{"850615100801", "1885-06-15", identifier.Male}, // settled in the second round
		{"850615200003", "1885-06-15", identifier.Female},
		{"010101300000", "1901-01-01", identifier.Male},
		{"010101400007", "1901-01-01", identifier.Female},
		{"990615500000", "2099-06-15", identifier.Male},
		{"990615600007", "2099-06-15", identifier.Female},
		{"960229100001", "1896-02-29", identifier.Male},
		{"960229500007", "2096-02-29", identifier.Male},
	} {
		if got, err := identifier.IIN(want.Digits); err != nil || got != want {
			t.Errorf("%s gives %s, %s, %s, %v", want.Digits, got.Digits, got.BirthDate, got.Sex, err)
		}
	}
}

func TestSpacesInsideAnIINAreDropped(t *testing.T) {
	wantForms(t, iinDigits, map[string]string{
		" 850615 1000 07\n":       "850615100007",
		"850615\u00a0100007":      "850615100007",
		"8 5 0 6 1 5 1 0 0 0 0 7": "850615100007",
	})
}

func TestWhatIsNoIINIsRefused(t *testing.T) {
	const twelve, check, date = "exactly 12 digits", "check digit", "real birth date"
	wantRefused(t, iinDigits, vault.CodeInvalidIIN, map[string]string{
		"":                twelve,
		"85061510000":     twelve,
		"8506151000070":   twelve,
		"85061510000a":    twelve,
		"850615-100007":   twelve,
		"85061510000\xff": twelve,
		"٨٥٠٦١٥١٠٠٠٠٧":    twelve,
		"八五":              twelve,
		"850615000000":    "seventh digit is 0", // right but for its century
		"850615700005":    "1 to 6",
		"850631100004":    date, // 31 June
		"851301100002":    date, // month 13
		"850600100007":    date,
		"000229300005":    date, // 1900 was no leap year
		"970229100003":    date,
		"850615100008":    check,
		"850516100007":    check,
		"850615100802":    check, // wrong in the second round
	})
	for digit := range 10 { // a prefix that is never issued has no right digit
		if _, err := identifier.IIN(fmt.Sprintf("85061510160%d", digit)); vault.CodeOf(err) != vault.CodeInvalidIIN {
			t.Errorf("check digit %d of a prefix that is never issued: %v", digit, err)
		}
	}
}

func TestIINNeverPrints(t *testing.T) {
	info, err := identifier.IIN("850615100007")
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "info", info)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "info", info)
	fmt.Fprintf(&log, "%v %+v %#v %s %q %x", info, info, info, info, info, &info)
	for _, secret := range []string{info.Digits, info.BirthDate, info.Sex} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("%q is printed: %s", secret, &log)
		}
	}
}

func TestIINAndBirthDateMustAgree(t *testing.T) {
	if err := identifier.CheckIINBirthDate("850615 100007", "1885-06-15"); err != nil {
		t.Errorf("those of one person are refused: %v", err)
	}
	messages := fixedMessages(t)
	for _, c := range []struct {
		iin, birthDate string
		code           vault.Code
	}{
		{"850615100007", "1885-06-16", vault.CodeIINBirthDate},
		{"850615100007", "1985-06-15", vault.CodeIINBirthDate}, // another century
		{"850615100008", "1885-06-15", vault.CodeInvalidIIN},
		{"850615100007", "15.06.1885", vault.CodeInvalidDate},
		{"850615100007", "", vault.CodeInvalidDate},
	} {
		wantRefusal(t, messages, identifier.CheckIINBirthDate(c.iin, c.birthDate), c.code)
	}
}

func TestOperatorHasABINOrAnIIN(t *testing.T) {
	wantForms(t, identifier.BIN, map[string]string{
		"991240000003":    "991240000003", // settled in the first round
		"991240000402":    "991240000402", // settled in the second round
		"991251000003":    "991251000003", // a branch of a foreign firm
		"991263000009":    "991263000009",
		" 9912 4000 0003": "991240000003",
		"850615100007":    "850615100007", // a sole entrepreneur's IIN
	})
}

func TestWhatIsNoBINIsRefused(t *testing.T) {
	const twelve, month = "exactly 12 digits", "month, 01 to 12"
	wantRefused(t, identifier.BIN, vault.CodeInvalidBIN, map[string]string{
		"":             twelve,
		"99124000000":  twelve,
		"99124000000x": twelve,
		"991270000007": "fifth digit of a BIN is 4 to 6",
		"991340000007": month,
		"990040000003": month,
		"991244000005": "sixth digit",
		"991240000004": "check digit",
		"991240000403": "check digit",
		"850615100008": "sole entrepreneur's IIN",
		"850615000000": "sole entrepreneur's IIN",
	})
	for digit := range 10 {
		if _, err := identifier.BIN(fmt.Sprintf("99124000044%d", digit)); vault.CodeOf(err) != vault.CodeInvalidBIN {
			t.Errorf("check digit %d of a prefix that is never issued: %v", digit, err)
		}
	}
}
