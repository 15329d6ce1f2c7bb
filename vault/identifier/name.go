package identifier

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/kelisim/kelisim/vault"
)

// maxName is the longest name, in runes.
const maxName = 100

// Name returns a person's name in NFC, trimmed, with single spaces: letters of
// every script with their marks, hyphens, apostrophes, and dots after
// initials; at most 100 runes. Its case stays. Error: INVALID_NAME.
func Name(s string) (string, error) {
	if !utf8.ValidString(s) {
		return "", vault.NewError(vault.CodeInvalidName, "the name is not valid UTF-8; send text")
	}
	name := norm.NFC.String(strings.Join(words(s), " "))
	switch {
	case !strings.ContainsFunc(name, unicode.IsLetter):
		return "", vault.NewError(vault.CodeInvalidName, "the name has no letter; write it as in the identity document")
	case utf8.RuneCountInString(name) > maxName:
		return "", vault.NewError(vault.CodeInvalidName, "the name is longer than 100 characters; shorten it")
	}
	previous := ' '
	for _, r := range name {
		if !mayFollow(previous, r) {
			return "", vault.NewError(vault.CodeInvalidName, "a name has letters, spaces, hyphens, apostrophes, and dots after initials only; write it as in the identity document")
		}
		previous = r
	}
	return name, nil
}

// words splits at spaces of every width, but not at tabs or line breaks:
// those do not belong inside a name.
func words(s string) []string {
	return strings.FieldsFunc(strings.TrimSpace(s), func(r rune) bool { return unicode.Is(unicode.Zs, r) })
}

// mayFollow tells whether a name may have r after previous. A mark needs the
// letter that it stands on, and a dot the letter that it shortens.
func mayFollow(previous, r rune) bool {
	switch {
	case invisible(r):
		return false
	case unicode.IsMark(r), r == '.':
		return unicode.IsLetter(previous) || unicode.IsMark(previous)
	default:
		return unicode.IsLetter(r) || strings.ContainsRune(" -'’", r) // ʼ (U+02BC) is a letter
	}
}
