package identifier

import (
	"strings"

	"golang.org/x/text/language"

	"github.com/kelisim/kelisim/vault"
)

// Bounds of what is parsed: tags and headers come from strangers.
const (
	maxLocaleBytes    = 35 // RFC 5646, 4.4.1: room for every tag without extensions
	maxHeaderBytes    = 200
	maxHeaderLanguage = 10
)

// Locale returns a language tag of BCP 47 in canonical form, such as "kk" or
// "kk-Latn": a language with script, region or variant, without extensions.
// Error: INVALID_LOCALE.
func Locale(s string) (string, error) {
	s = strings.TrimSpace(s)
	if len(s) > maxLocaleBytes {
		return "", vault.NewError(vault.CodeInvalidLocale, "the language tag is too long; write one of BCP 47 without extensions, such as kk, ru or en")
	}
	first, _, _ := strings.Cut(strings.ReplaceAll(s, "_", "-"), "-")
	if strings.EqualFold(first, "kz") {
		return "", vault.NewError(vault.CodeInvalidLocale, "kz is the country, not a language: the tag of Kazakh is kk")
	}
	tag, err := language.Parse(s)
	if err != nil || !namesLanguage(tag) || len(tag.Extensions()) > 0 {
		return "", vault.NewError(vault.CodeInvalidLocale, "the language tag is not known; write one of BCP 47 without extensions, such as kk, ru or en")
	}
	return tag.String(), nil
}

// namesLanguage is false for und, for private tags, and for the codes that
// stand for several languages, none, or one without a code.
func namesLanguage(tag language.Tag) bool {
	base, confidence := tag.Base()
	switch base.String() {
	case "mul", "mis", "zxx":
		return false
	}
	return confidence == language.Exact
}

// MatchLocale chooses from the available languages the one that best serves
// the requested ones, most wanted first, and returns it as it was spelled.
// Related languages count, so that "kk-KZ" finds "kk". Tags that cannot be
// read are passed over; without any match it answers "" and false.
func MatchLocale(requested, available []string) (locale string, matched bool) {
	have, spelled := readTags(available)
	want, _ := readTags(requested)
	if len(have) == 0 || len(want) == 0 {
		return "", false
	}
	_, index, confidence := language.NewMatcher(have).Match(want...)
	if confidence == language.No {
		return "", false
	}
	return spelled[index], true
}

// readTags gives the tags that can be read, and their spellings beside them.
func readTags(locales []string) (tags []language.Tag, spelled []string) {
	for _, locale := range locales {
		if tag, err := language.Parse(locale); err == nil && namesLanguage(tag) {
			tags, spelled = append(tags, tag), append(spelled, locale)
		}
	}
	return tags, spelled
}

// ParseAcceptLanguage returns the languages of the header, most wanted first
// and at most ten. A header that is malformed or over 200 bytes gives none.
func ParseAcceptLanguage(header string) []string {
	if len(header) > maxHeaderBytes {
		return nil
	}
	tags, _, err := language.ParseAcceptLanguage(header)
	if err != nil {
		return nil
	}
	var locales []string
	for _, tag := range tags {
		// The library reads * as mul.
		if namesLanguage(tag) && len(locales) < maxHeaderLanguage {
			locales = append(locales, tag.String())
		}
	}
	return locales
}
