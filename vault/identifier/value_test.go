package identifier_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/identifier"
)

// evening is 21 December 2026 in UTC and 22 December in Almaty.
func evening() time.Time { return time.Date(2026, 12, 21, 20, 30, 0, 0, time.UTC) }

func date(s string) (string, error) { return identifier.BirthDate(s, evening()) }

func TestDateIsARealDayUpToTodayInAlmaty(t *testing.T) {
	wantForms(t, date, map[string]string{
		"1880-01-01": "1880-01-01",
		"2000-02-29": "2000-02-29",
		"2026-12-22": "2026-12-22",
	})
	const unreal, early, future = "not a real day", "before 1880", "in the future"
	wantRefused(t, date, vault.CodeInvalidDate, map[string]string{
		"":                     unreal,
		"2000-2-9":             unreal,
		"2000/02/09":           unreal,
		"09.02.2000":           unreal,
		"20000209":             unreal,
		" 2000-02-09":          unreal,
		"2000-02-09T00:00:00Z": unreal,
		"2000-02-30":           unreal,
		"1900-02-29":           unreal,
		"2000-13-01":           unreal,
		"2000-00-10":           unreal,
		"+2000-01-01":          unreal,
		"1879-12-31":           early,
		"0001-01-01":           early,
		"2026-12-23":           future,
		"9999-12-31":           future,
	})
}

func TestNameKeepsTheLettersOfEveryScript(t *testing.T) {
	wantForms(t, identifier.Name, map[string]string{
		"Әә Ғғ Ққ Ңң Өө Ұұ Үү Һһ Іі":   "Әә Ғғ Ққ Ңң Өө Ұұ Үү Һһ Іі",
		"  Айгерім \u00a0  Сәкенқызы ": "Айгерім Сәкенқызы",
		"И\u0306":                "Й", // composed
		"Петрова-Водкина":        "Петрова-Водкина",
		"А. С. Пушкин":           "А. С. Пушкин",
		"O'Neil":                 "O'Neil",
		"O’Neil":                 "O’Neil",
		"Oʼzbek":                 "Oʼzbek",
		"'t Hooft":               "'t Hooft",
		"Çağrı Nguyễn":           "Çağrı Nguyễn",
		"X\u0304":                "X\u0304", // a mark with no composed form
		"李":                      "李",
		"محمد":                   "محمد",
		"नरेन्द्र":               "नरेन्द्र",
		strings.Repeat("ұ", 100): strings.Repeat("ұ", 100),
	})
}

func TestWhatIsNoNameIsRefused(t *testing.T) {
	const letters, none = "a name has letters", "no letter"
	wantRefused(t, identifier.Name, vault.CodeInvalidName, map[string]string{
		"":                                 none,
		" \n ":                             none,
		"-":                                none,
		"123":                              none,
		"\u0301":                           none,
		"Anna 2":                           letters,
		"Anna😀":                            letters,
		"<b>Anna</b>":                      letters,
		"Anna;":                            letters,
		"Anna_B":                           letters,
		"Anna\nBella":                      letters,
		"Anna\tBella":                      letters,
		"Anna\x00":                         letters,
		"Anna\u202e":                       letters,
		"An\u2066na":                       letters,
		"An\u200bna":                       letters,
		"Anna\u3164":                       letters, // a letter to Unicode, blank to the eye
		"An\ue000na":                       letters,
		"-\u0301Anna":                      letters,
		".Anna":                            letters,
		"A..":                              letters,
		"A .":                              letters,
		strings.Repeat("а", 101):           "longer than 100",
		"A" + strings.Repeat("\u0301", 60): letters, // no letter carries so many
		"An\xffna":                         "UTF-8",
	})
}

func text(s string) (string, error) { return identifier.Text(s, 12) }

func TestTextKeepsLinesAndDropsTheRest(t *testing.T) {
	wantForms(t, text, map[string]string{
		"  Абай 10, 5 ":               "Абай 10, 5",
		"a\r\nb\nc":                   "a\nb\nc",
		"И\u0306":                     "Й",
		"👩\u200d🚀 <x>":                "👩\u200d🚀 <x>",
		"a  b":                        "a  b",
		"ұұұұұұұұұұұұ":                "ұұұұұұұұұұұұ",
		"\u05d0\u200e":                "\u05d0\u200e",
		strings.Repeat("И\u0306", 12): strings.Repeat("Й", 12), // counted when composed
	})
	const control, empty = "control character", "empty"
	wantRefused(t, text, vault.CodeInvalidValue, map[string]string{
		"":          empty,
		" \n ":      empty,
		"\u200b":    empty,
		"a\x00":     control,
		"a\tb":      control,
		"a\rb":      control,
		"a\x1b[31m": control,
		"a\u0085b":  control,
		"a\u2028b":  control,
		"a\u202eb":  control,
		"a\u2067b":  control,
		"a\xff":     "UTF-8",
	})
}

func TestTooLongTextSaysHowLongItMayBe(t *testing.T) {
	_, err := text(strings.Repeat("ұ", 13))
	wantRefusal(t, fixedMessages(t), err, vault.CodeValueTooLong)
	var refusal *vault.Error
	if !errors.As(err, &refusal) || refusal.Param("max") != "12" {
		t.Errorf("the limit is not told: %v", err)
	}
}

func TestIntegerIsCanonical(t *testing.T) {
	wantForms(t, identifier.Integer, map[string]string{
		"0": "0", " 42\n": "42", "-7": "-7",
		"9223372036854775807":  "9223372036854775807",
		"-9223372036854775808": "-9223372036854775808",
	})
	const whole = "not a whole number"
	wantRefused(t, identifier.Integer, vault.CodeInvalidValue, map[string]string{
		"": whole, "007": whole, "+1": whole, "-0": whole, "1.0": whole, "1e3": whole,
		"0x10": whole, "1_000": whole, "1 000": whole, "９": whole, "9223372036854775808": whole,
	})
}

func TestBooleanIsTrueOrFalse(t *testing.T) {
	wantForms(t, identifier.Boolean, map[string]string{"true": "true", " false ": "false"})
	const neither = "neither true nor false"
	wantRefused(t, identifier.Boolean, vault.CodeInvalidValue, map[string]string{
		"": neither, "TRUE": neither, "1": neither, "yes": neither, "иә": neither,
	})
}
