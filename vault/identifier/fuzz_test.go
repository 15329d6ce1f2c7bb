package identifier_test

import (
	"testing"
	"unicode/utf8"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/identifier"
)

// fuzz holds a parser to its contract for any input: no panic, a refusal has
// one of the codes and a fixed message, and a canonical form is UTF-8, is not
// empty, and stays as it is.
func fuzz(f *testing.F, parse func(string) (string, error), codes []vault.Code, seeds ...string) {
	for _, seed := range append(seeds, "", " ", "\x00", "\xff", "\u202e", "😀", "A\u0301", "İ", "ǅ", "ﷺ") {
		f.Add(seed)
	}
	messages := fixedMessages(f)
	f.Fuzz(func(t *testing.T, s string) {
		got, err := parse(s)
		if err != nil {
			wantRefusal(t, messages, err, codes...)
			if got != "" {
				t.Errorf("%q is refused and comes back as %q", s, got)
			}
			return
		}
		if got == "" || !utf8.ValidString(got) {
			t.Errorf("%q gives %q", s, got)
		}
		if again, err := parse(got); err != nil || again != got {
			t.Errorf("%q gives %q, and that gives %q, %v", s, got, again, err)
		}
	})
}

func only(code vault.Code) []vault.Code { return []vault.Code{code} }

func FuzzPhone(f *testing.F) {
	fuzz(f, identifier.Phone, only(vault.CodeInvalidPhone),
		"8 701 234 56 78", "+7 (701) 234-56-78", "+44 (0)20 7946 0958", "+54 11 15 2345 6789", "+39 06 698 12345", "+870773111632", "810")
}

func FuzzEmail(f *testing.F) {
	fuzz(f, identifier.Email, only(vault.CodeInvalidEmail),
		"Aigerim.S+x@Example.KZ", "Әсел@Пример.Қаз", "a@faß.de", "a@例。jp", "a@xn--zca.de", "ｘ＠ｙ．ｋｚ", "A <a@b.kz>", "a@[192.0.2.1]")
}

func FuzzIIN(f *testing.F) {
	fuzz(f, iinDigits, only(vault.CodeInvalidIIN), "850615100007", "850615 100801", "850615101600", "000229300005")
}

func FuzzBIN(f *testing.F) {
	fuzz(f, identifier.BIN, only(vault.CodeInvalidBIN), "991240000003", "9912 4000 0402", "991240000440", "850615100007")
}

func FuzzIINAndBirthDate(f *testing.F) {
	f.Add("850615100007", "1885-06-15")
	f.Add("850615100007", "1985-06-15")
	f.Add("", "")
	messages := fixedMessages(f)
	f.Fuzz(func(t *testing.T, iin, birthDate string) {
		err := identifier.CheckIINBirthDate(iin, birthDate)
		if err != nil {
			wantRefusal(t, messages, err, vault.CodeInvalidIIN, vault.CodeInvalidDate, vault.CodeIINBirthDate)
			return
		}
		if info, err := identifier.IIN(iin); err != nil || info.BirthDate != birthDate {
			t.Errorf("%q and %q are said to agree", iin, birthDate)
		}
	})
}

func FuzzDate(f *testing.F) {
	fuzz(f, date, only(vault.CodeInvalidDate), "1880-01-01", "2000-02-29", "1900-02-29", "2026-12-23")
}

func FuzzName(f *testing.F) {
	fuzz(f, identifier.Name, only(vault.CodeInvalidName), "Айгерім  Сәкенқызы", "А. С. Пушкин", "O’Neil-Oʼzbek", "И\u0306", "가", "नरेन्द्र")
}

func FuzzText(f *testing.F) {
	fuzz(f, text, []vault.Code{vault.CodeInvalidValue, vault.CodeValueTooLong}, "a\r\nb", "И\u0306", "\u0344\u0344", "0123456789abc", "\r\r\n")
}

func FuzzInteger(f *testing.F) {
	fuzz(f, identifier.Integer, only(vault.CodeInvalidValue), "0", "-0", "007", "9223372036854775808")
}

func FuzzBoolean(f *testing.F) {
	fuzz(f, identifier.Boolean, only(vault.CodeInvalidValue), "true", "false", "TRUE")
}

func FuzzLocale(f *testing.F) {
	fuzz(f, identifier.Locale, only(vault.CodeInvalidLocale), "kk", "kz", "kk_Latn-KZ", "iw", "zh-min-nan", "en-GB-oed", "sgn-us", "sr-Latn", "i-klingon")
}

func FuzzAcceptLanguage(f *testing.F) {
	for _, seed := range []string{"kk-KZ,kk;q=0.9,ru;q=0.8", "*", "ru;q=NaN", "english", "kz", "und-x-a;q=1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		requested := identifier.ParseAcceptLanguage(header)
		if len(requested) > 10 || len(header) > 200 && len(requested) > 0 {
			t.Errorf("%q gives %q", header, requested)
		}
		available := []string{"kk", "ru", "en"}
		if locale, matched := identifier.MatchLocale(requested, available); matched != (locale == "kk" || locale == "ru" || locale == "en") {
			t.Errorf("%q matches %q, %v", requested, locale, matched)
		}
		// What a stranger sends as a tag is no more dangerous than a header.
		identifier.MatchLocale([]string{header}, append(available, header))
	})
}

func FuzzNormalise(f *testing.F) {
	for kind, value := range map[string]string{
		"PHONE": "8 701 234 56 78", "EMAIL": "Ä@Пример.Қаз", "IIN": "850615 100007", "DATE": "2000-02-29",
		"NAME": "И\u0306ван", "TEXT": "a\r\nb", "INTEGER": "-7", "BOOLEAN": "true", "OTHER": "",
	} {
		f.Add(kind, value)
	}
	messages := fixedMessages(f)
	f.Fuzz(func(t *testing.T, kind, value string) {
		stored, normalised, err := identifier.Normalise(kind, value, evening())
		if err != nil {
			wantRefusal(t, messages, err, vault.CodeOf(err))
			return
		}
		// Both what is stored and what is digested lead back to the same digest.
		for _, s := range []string{stored, normalised} {
			if _, again, err := identifier.Normalise(kind, s, evening()); err != nil || again != normalised {
				t.Errorf("%s %q gives %q, and %q gives %q, %v", kind, value, normalised, s, again, err)
			}
		}
	})
}
