package identifier_test

import (
	"strings"
	"testing"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/identifier"
)

func TestNormaliseKeepsThePersonsSpellingOfAnEmail(t *testing.T) {
	for _, c := range []struct{ kind, value, stored, normalised string }{
		{"PHONE", " 8 701 234 56 78", "+77012345678", "+77012345678"},
		{"EMAIL", " Aigerim.S+x@Пример.Қаз ", "Aigerim.S+x@Пример.Қаз", "aigerim.s+x@xn--e1afmkfd.xn--80ao21a"},
		{"IIN", "850615 100007", "850615100007", "850615100007"},
		{"DATE", "2000-02-29", "2000-02-29", "2000-02-29"},
		{"NAME", " И\u0306ван  Ким", "Йван Ким", "Йван Ким"},
		{"TEXT", " a\r\nb ", "a\nb", "a\nb"},
		{"INTEGER", " 42 ", "42", "42"},
		{"BOOLEAN", "true ", "true", "true"},
	} {
		stored, normalised, err := identifier.Normalise(c.kind, c.value, evening())
		if err != nil || stored != c.stored || normalised != c.normalised {
			t.Errorf("%s %q gives %q, %q, %v", c.kind, c.value, stored, normalised, err)
		}
	}
}

func TestNormaliseRefusesWithTheCodeOfTheKind(t *testing.T) {
	messages := fixedMessages(t)
	for _, c := range []struct {
		kind, value string
		code        vault.Code
	}{
		{"PHONE", "secret", vault.CodeInvalidPhone},
		{"EMAIL", "secret", vault.CodeInvalidEmail},
		{"IIN", "850615100008", vault.CodeInvalidIIN},
		{"DATE", "secret", vault.CodeInvalidDate},
		{"DATE", "2026-02-30", vault.CodeInvalidDate},
		{"BIRTH_DATE", "secret", vault.CodeInvalidDate},
		{"BIRTH_DATE", "2026-12-23", vault.CodeInvalidDate},
		{"NAME", "5ecret", vault.CodeInvalidName},
		{"TEXT", "sec\x00ret", vault.CodeInvalidValue},
		{"TEXT", strings.Repeat("s", identifier.MaxText+1), vault.CodeValueTooLong},
		{"INTEGER", "secret", vault.CodeInvalidValue},
		{"BOOLEAN", "secret", vault.CodeInvalidValue},
		{"SECRET", "true", vault.CodeInternal},
		{"", "true", vault.CodeInternal},
		{"phone", "+77012345678", vault.CodeInternal},
	} {
		stored, normalised, err := identifier.Normalise(c.kind, c.value, evening())
		wantRefusal(t, messages, err, c.code)
		if stored != "" || normalised != "" {
			t.Errorf("%s: a refused value came back", c.kind)
		}
	}
}
