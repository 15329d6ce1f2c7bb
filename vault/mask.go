package vault

import (
	"strings"
	"unicode/utf8"
)

// FieldMask says what those see who may not see a value.
type FieldMask string

// The masks. Each shows at most what its name says and hides the length of
// the rest.
const (
	MaskHidden  FieldMask = "HIDDEN"
	MaskInitial FieldMask = "INITIAL"
	MaskLast4   FieldMask = "LAST4"
	MaskYear    FieldMask = "YEAR"
	MaskDomain  FieldMask = "DOMAIN"
)

const stars = "••••"

// Known reports whether the mask is one of the defined ones.
func (m FieldMask) Known() bool {
	switch m {
	case MaskHidden, MaskInitial, MaskLast4, MaskYear, MaskDomain:
		return true
	}
	return false
}

// Apply masks a value. An unknown mask hides everything; so does a value too
// short for its mask to hide anything.
func (m FieldMask) Apply(value Plain) Plain {
	text := value.Reveal()
	switch m {
	case MaskInitial:
		if r, _ := utf8.DecodeRuneInString(text); r != utf8.RuneError && utf8.RuneCountInString(text) > 1 {
			return NewPlain(string(r) + stars)
		}
	case MaskLast4:
		if runes := []rune(text); len(runes) >= 8 {
			return NewPlain(stars + string(runes[len(runes)-4:]))
		}
	case MaskYear:
		if len(text) == len("2006-01-02") && text[4] == '-' {
			return NewPlain(text[:4] + "-••-••")
		}
	case MaskDomain:
		if at := strings.LastIndexByte(text, '@'); at > 1 {
			r, _ := utf8.DecodeRuneInString(text)
			return NewPlain(string(r) + stars + text[at:])
		}
	case MaskHidden:
	}
	return NewPlain(stars)
}
