package vault

import (
	"strings"
	"time"
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

// suits reports whether the mask hides something of every value of the kind:
// the first letter of a yes is the whole answer.
func (m FieldMask) suits(kind FieldKind) bool {
	switch m {
	case MaskHidden:
		return true
	case MaskInitial, MaskLast4:
		return kind != KindBoolean && kind != KindInteger && kind != KindDate && kind != KindBirthDate
	case MaskYear:
		return kind == KindDate || kind == KindBirthDate
	case MaskDomain:
		return kind == KindEmail
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
		if _, err := time.Parse(time.DateOnly, text); err == nil {
			return NewPlain(text[:4] + "-••-••")
		}
	case MaskDomain:
		name, domain, found := strings.Cut(text, "@")
		if found && utf8.RuneCountInString(name) > 1 && !strings.ContainsAny(domain, "@ ") {
			r, _ := utf8.DecodeRuneInString(name)
			return NewPlain(string(r) + stars + "@" + domain)
		}
	case MaskHidden:
	}
	return NewPlain(stars)
}
