package identifier

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/kelisim/kelisim/vault"
)

// Text returns free text in NFC, trimmed, its lines ended by "\n" alone, of
// one to limit runes. Other control characters and marks that reorder what
// is shown are refused. Errors: INVALID_VALUE, VALUE_TOO_LONG (with the
// parameter "max").
func Text(s string, limit int) (string, error) {
	if !utf8.ValidString(s) {
		return "", vault.NewError(vault.CodeInvalidValue, "the text is not valid UTF-8; send text")
	}
	text := norm.NFC.String(strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")))
	switch {
	case strings.ContainsFunc(text, unprintable):
		return "", vault.NewError(vault.CodeInvalidValue, "the text holds a control character or a mark that reorders it; use plain text and line breaks only")
	case !strings.ContainsFunc(text, visible):
		return "", vault.NewError(vault.CodeInvalidValue, "the text is empty; write something, or leave the field out")
	case utf8.RuneCountInString(text) > limit:
		return "", vault.Errorf(vault.CodeValueTooLong, "the text is longer than %d characters; shorten it", limit).
			With("max", strconv.Itoa(limit))
	}
	return text, nil
}

func unprintable(r rune) bool {
	return r != '\n' && unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp) || reordering(r)
}

func visible(r rune) bool { return !unicode.IsSpace(r) && !invisible(r) }

// Integer returns a whole number of 64 bits in decimal, as "-12": no plus
// sign, no leading zero. Error: INVALID_VALUE.
func Integer(s string) (string, error) {
	s = strings.TrimSpace(s)
	if n, err := strconv.ParseInt(s, 10, 64); err != nil || strconv.FormatInt(n, 10) != s {
		return "", vault.NewError(vault.CodeInvalidValue, "the value is not a whole number of 64 bits; write digits without leading zeros, with - in front where negative")
	}
	return s, nil
}

// Boolean returns "true" or "false". Error: INVALID_VALUE.
func Boolean(s string) (string, error) {
	s = strings.TrimSpace(s)
	if s != "true" && s != "false" {
		return "", vault.NewError(vault.CodeInvalidValue, "the value is neither true nor false; write one of them in lower case")
	}
	return s, nil
}
