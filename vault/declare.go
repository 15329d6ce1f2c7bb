package vault

import (
	"slices"
	"strings"
)

// TextMeaning is what a publisher says of a text that changed in one language
// alone.
type TextMeaning string

// What a change of a text can be.
const (
	MeaningCorrected TextMeaning = "CORRECTION" // the translation was wrong; it says now what the others said
	MeaningChanged   TextMeaning = "MEANING"    // it says something else: everybody is asked again
)

// TextReason is why a text changed, as a code: the record has no free text.
type TextReason string

// The reasons.
const (
	ReasonTypo        TextReason = "TYPO"
	ReasonTranslation TextReason = "TRANSLATION"
	ReasonTerm        TextReason = "TERMINOLOGY"
	ReasonLayout      TextReason = "LAYOUT"
	ReasonContent     TextReason = "CONTENT"
)

// TextChange is a publisher's declaration about the text in one language. It
// stays with the version; who made it is in the audit event.
type TextChange struct {
	Locale  string      `json:"locale"`
	Meaning TextMeaning `json:"meaning"`
	Reason  TextReason  `json:"reason"`
}

// declared is what the publisher said of the text in a language, if anything.
func (f Facts) declared(locale string) TextChange {
	for _, c := range f.TextChanges {
		if c.Locale == locale {
			return c
		}
	}
	return TextChange{}
}

// declarations holds what a publisher says about a version against what differs
// in it. They may ask more people than they have to, and never fewer; and a
// change in one language alone is not published unless they say what it is.
func (in Publishing) declarations(v, previous *Version) error {
	l := &linter{}
	for i, code := range in.AskAgain {
		if item, ok := v.Facts.Item(code); !ok || !item.Asked() {
			l.add(CodeUnknownItem, "the version does not ask for such an item", "askAgain", itoa(int64(i)))
		}
	}
	seen := map[string]bool{}
	for i, c := range in.TextChanges {
		path := []string{"textChanges", itoa(int64(i))}
		switch {
		case !slices.Contains(v.Locales(), c.Locale):
			l.add(CodeUnknownLocale, "the version has no text in this language", append(path, "locale")...)
		case seen[c.Locale]:
			l.add(CodeDuplicateInput, "the language stands here twice", append(path, "locale")...)
		case c.Meaning != MeaningCorrected && c.Meaning != MeaningChanged:
			l.add(CodeInvalidValue, "a change of a text is a CORRECTION or a change of MEANING", append(path, "meaning")...)
		case !slices.Contains([]TextReason{ReasonTypo, ReasonTranslation, ReasonTerm, ReasonLayout, ReasonContent}, c.Reason):
			l.add(CodeInvalidReason, "the reason is TYPO, TRANSLATION, TERMINOLOGY, LAYOUT or CONTENT", append(path, "reason")...)
		}
		seen[c.Locale] = true
	}
	if previous == nil {
		return l.errs.orNil()
	}
	var silent []string
	for _, locale := range changedAlone(previous, v) {
		if !seen[locale] {
			silent = append(silent, locale)
		}
	}
	if len(silent) > 0 {
		l.errs = append(l.errs, NewError(CodeVersionIncomplete,
			"the text or a statement changed in some languages and not in others; change the others too, or say of each language "+
				"whether it is a correction of the translation or a change of meaning, for which everybody is asked again").
			With("locales", strings.Join(silent, " ")).At("textChanges"))
	}
	return l.errs.orNil()
}

// asks reports whether the publisher wants an item to be asked again, whether it
// became wider or not.
func (in Publishing) asks(item string) bool {
	return in.AskEverybodyAgain || slices.Contains(in.AskAgain, item)
}

// digestParts spells out what is asked for.
func (in Publishing) digestParts() []string {
	parts := []string{in.ID.String()}
	if in.EffectiveAt != nil {
		parts = append(parts, in.EffectiveAt.String())
	}
	parts = append(parts, expectation(in.ExpectedRevision)...)
	for _, one := range in.Acknowledged {
		parts = append(parts, string(one.Rule), one.Reason)
	}
	if in.AskEverybodyAgain {
		parts = append(parts, "everybody")
	}
	for _, code := range in.AskAgain {
		parts = append(parts, "again "+code)
	}
	for _, c := range in.TextChanges {
		parts = append(parts, "text "+c.Locale, string(c.Meaning), string(c.Reason))
	}
	return parts
}
