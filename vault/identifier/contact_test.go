package identifier_test

import (
	"strings"
	"testing"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/identifier"
)

func TestPhoneBecomesE164(t *testing.T) {
	wantForms(t, identifier.Phone, map[string]string{
		"8 701 234 56 78":                            "+77012345678",
		"87012345678":                                "+77012345678",
		"701 234-56-78":                              "+77012345678",
		"7 701 234 56 78":                            "+77012345678",
		"+7 (701) 234-56-78":                         "+77012345678",
		"  +7.701.234.56.78\n":                       "+77012345678",
		"+7\u00a0701–234–56–78":                      "+77012345678", // no-break space, en dashes
		"\u202a+77012345678\u202c":                   "+77012345678", // as copied from an address book
		"＋７７０１２３４５６７８":                               "+77012345678",
		"8 (7172) 74-01-01":                          "+77172740101", // landline
		"+7 916 123 45 67":                           "+79161234567",
		"+44 (0)20 7946 0958":                        "+442079460958",
		"+39 06 698 12345":                           "+390669812345", // the zero belongs to the number
		"+1 650 253 0000":                            "+16502530000",
		"+54 11 15 2345 6789":                        "+5491123456789",
		"+998 90 123 45 67":                          "+998901234567",
		"8" + strings.Repeat(" ", 50) + "7012345678": "+77012345678",
	})
}

func TestEveryKazakhMobilePrefixIsAPhone(t *testing.T) {
	for prefix := range strings.FieldsSeq("700 701 702 705 706 707 708 747 760 761 762 763 764 771 775 776 777 778 785") {
		if got, err := identifier.Phone("8" + prefix + "1234567"); err != nil || got != "+7"+prefix+"1234567" {
			t.Errorf("prefix %s gives %q, %v", prefix, got, err)
		}
	}
}

func TestWhatIsNoPhoneIsRefused(t *testing.T) {
	const characters, none, foreign = "digits, a leading +", "no such phone number", "not one of Kazakhstan"
	wantRefused(t, identifier.Phone, vault.CodeInvalidPhone, map[string]string{
		"":                        characters,
		" ":                       characters,
		"\u200b":                  characters,
		"call me":                 characters,
		"+7 701 234 56 78 ext. 5": characters,
		"+77012345678;ext=5":      characters,
		"tel:+77012345678":        characters,
		"1-800-FLOWERS":           characters,
		"+7+7012345678":           characters,
		"87012345678/87012345679": characters,
		"8701234567\x008":         characters,
		"8701234567\xff":          characters,
		"8701\n2345678":           characters,
		"٨٧٠١٢٣٤٥٦٧٨":             characters, // no digits of ours
		strings.Repeat("7", 101):  characters,
		strings.Repeat("7", 100):  none,
		"+":                       none,
		"112":                     none,
		"+7 701 234 56 7":         none,
		"+7 701 234 56 789":       none,
		"+8 701 234 56 78":        none,
		"+7 601 234 56 78":        none, // reserved for Kazakhstan, not given out
		"650 253 0000":            none,
		"8 916 123 45 67":         foreign,
		"810 44 20 7946 0958":     foreign,
		"+375 88101647470":        "in two ways", // the library strips a prefix at each reading
	})
}

func TestEmailIsFolded(t *testing.T) {
	wantForms(t, identifier.Email, map[string]string{
		"aigerim@example.kz":                    "aigerim@example.kz",
		"  Aigerim@Example.KZ \n":               "aigerim@example.kz",
		"a.i.g.e.r.i.m+x@example.kz":            "a.i.g.e.r.i.m+x@example.kz",
		"ａｉ＠ｅｘａｍｐｌｅ．ｋｚ":                         "ai@example.kz",
		"ÄSEL@example.kz":                       "äsel@example.kz",
		"A\u0308sel@example.kz":                 "äsel@example.kz",
		"Әсел@Пример.Қаз":                       "әсел@xn--e1afmkfd.xn--80ao21a",
		"a@faß.de":                              "a@xn--fa-hia.de", // not fass.de
		"a@例。jp":                                "a@xn--fsq.jp",
		"o'neil_#!$%&*/=?^`{|}~@b-c.kz":         "o'neil_#!$%&*/=?^`{|}~@b-c.kz",
		"a@1.2.3.4.kz":                          "a@1.2.3.4.kz",
		strings.Repeat("a", 64) + "@example.kz": strings.Repeat("a", 64) + "@example.kz",
		"a@" + strings.Repeat("b", 63) + "." + strings.Repeat("c", 63) + ".kz": "a@" + strings.Repeat("b", 63) + "." + strings.Repeat("c", 63) + ".kz",
	})
}

func TestWhatIsNoEmailIsRefused(t *testing.T) {
	const (
		alone, space, at    = "alone", "space or an invisible", "exactly one @"
		local, domain, long = "before the @ is not valid", "not a domain name", "too long"
	)
	label := strings.Repeat("b", 60) + "."
	wantRefused(t, identifier.Email, vault.CodeInvalidEmail, map[string]string{
		"":                                      at,
		"example.kz":                            at,
		"a@b@example.kz":                        at,
		"a@b.kz,c@d.kz":                         at,
		"Aigerim <a@example.kz>":                alone,
		`"a b"@example.kz`:                      alone,
		"a b@example.kz":                        space,
		"a\u00a0b@example.kz":                   space,
		"a\tb@example.kz":                       space,
		"a\x00@example.kz":                      space,
		"a@example.kz\r\nbcc:x.kz":              space,
		"a\u202eb@example.kz":                   space,
		"a\u200bb@example.kz":                   space,
		"a@exa\u00admple.kz":                    space,
		"a\ufe0f@example.kz":                    space,
		"@example.kz":                           local,
		".a@example.kz":                         local,
		"a.@example.kz":                         local,
		"a..b@example.kz":                       local,
		"a(b)@example.kz":                       local,
		"😀@example.kz":                          local,
		"a@":                                    domain,
		"a@localhost":                           domain,
		"a@.kz":                                 domain,
		"a@.example.kz":                         domain,
		"a@example.kz.":                         domain,
		"a@example..kz":                         domain,
		"a@-example.kz":                         domain,
		"a@exam_ple.kz":                         domain,
		"a@xn--a.kz":                            domain,
		"a@[192.0.2.1]":                         domain,
		"a@192.0.2.1":                           domain,
		"a@" + strings.Repeat("b", 64) + ".kz":  domain,
		strings.Repeat("a", 65) + "@example.kz": long,
		strings.Repeat("ә", 33) + "@example.kz": long, // 66 bytes
		"a@" + strings.Repeat(label, 5) + "kz":  long,
		"a@" + strings.Repeat(strings.Repeat("ә", 45)+".", 5) + "kz":                  domain, // over 253 bytes in ASCII
		strings.Repeat("a", 20) + "@" + strings.Repeat(label, 3) + label[:50] + ".kz": long,
		strings.Repeat("a", 10_000): long,
		"a\xff@example.kz":          "UTF-8",
	})
}
