package identifier_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/identifier"
)

func TestLocaleIsACanonicalTag(t *testing.T) {
	wantForms(t, identifier.Locale, map[string]string{
		"kk": "kk", "ru": "ru", "en": "en", " KK ": "kk", "kk_kz": "kk-KZ", "KK-latn-kz": "kk-Latn-KZ",
		"iw": "he", "de-de-1996": "de-DE-1996",
	})
	const unknown = "not known"
	wantRefused(t, identifier.Locale, vault.CodeInvalidLocale, map[string]string{
		"kz": "Kazakh is kk", "KZ": "Kazakh is kk", "kz-KZ": "Kazakh is kk", "kz_Cyrl": "Kazakh is kk",
		"": unknown, "zz": unknown, "und": unknown, "und-KZ": unknown, "mul": unknown, "x-private": unknown,
		"en-u-ca-buddhist": unknown, "english!": unknown, "*": unknown, "қаз": unknown, "kk\x00": unknown,
		strings.Repeat("en-", 20): "too long",
	})
}

func TestTheBestAvailableLanguageIsChosen(t *testing.T) {
	for _, c := range []struct{ requested, available, want string }{
		{"kk-KZ", "ru kk en", "kk"},
		{"en-GB", "ru kk en", "en"},
		{"de kk", "ru kk en", "kk"},
		{"kk ru", "ru kk", "kk"},
		{"ru", "kk ru-RU", "ru-RU"},
		{"en", "ru EN", "EN"}, // spelled as the caller spells it
		{"kz !! ru", "kk ru", "ru"},
		{"kk", "ru en", "ru"}, // near enough: any confidence counts
		{"kk", "!! und kk", "kk"},
		{"de", "kk ru", ""},
		{"und", "kk ru", ""},
		{"kk-Latn", "kk en", ""}, // another script is not readable by itself
		{"", "kk", ""},
		{"kk", "", ""},
	} {
		got, matched := identifier.MatchLocale(strings.Fields(c.requested), strings.Fields(c.available))
		if got != c.want || matched != (c.want != "") {
			t.Errorf("%q of %q gives %q, %v; want %q", c.requested, c.available, got, matched, c.want)
		}
	}
}

func TestAcceptLanguageIsReadWithinBounds(t *testing.T) {
	for header, want := range map[string][]string{
		"kk-KZ,kk;q=0.9,ru;q=0.8":        {"kk-KZ", "kk", "ru"},
		"ru;q=0.1, kk":                   {"kk", "ru"},
		"ru;q=0, en":                     {"en"},
		"kk, *;q=0.5":                    {"kk"},
		"*":                              nil,
		"":                               nil,
		"kz, ru":                         nil, // one bad tag spoils the header
		"ru;q=x":                         nil,
		"<script>":                       nil,
		"kk\x00":                         nil,
		strings.Repeat("en,", 12):        slices.Repeat([]string{"en"}, 10),
		"kk," + strings.Repeat(" ", 198): nil,
	} {
		if got := identifier.ParseAcceptLanguage(header); !slices.Equal(got, want) {
			t.Errorf("%q gives %q, want %q", header, got, want)
		}
	}
}
