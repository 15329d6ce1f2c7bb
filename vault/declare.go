package vault

import (
	"slices"
	"strings"
)

// TextMeaning is what a publisher says of words that changed in a language.
type TextMeaning string

// What a change of a text can be.
const (
	MeaningCorrected TextMeaning = "CORRECTION" // it means what it meant
	MeaningChanged   TextMeaning = "MEANING"    // it says something else: people are asked again
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

// TextChange is a publisher's declaration about the words in one language. It
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
// in it, and answers a declaration for each language whose words changed. They
// may ask more people than they have to, and never fewer; other words are not
// published unless they say what those are, and nothing is declared in vain.
func (in Publishing) declarations(v, previous *Version) ([]TextChange, error) {
	l := &linter{}
	for i, code := range in.AskAgain {
		if item, ok := v.Facts.Item(code); !ok || !item.Asked() {
			l.add(CodeUnknownItem, "the version does not ask for such an item", "askAgain", itoa(int64(i)))
		}
	}
	var changed, known []string
	if previous != nil {
		changed, known = Reworded(previous, v), bothLocales(previous, v)
	}
	l.textChanges(in.TextChanges, changed, append(known, v.Locales()...))
	var out []TextChange
	var silent []string
	for _, locale := range changed {
		i := slices.IndexFunc(in.TextChanges, func(c TextChange) bool { return c.Locale == locale })
		if i < 0 {
			i = slices.IndexFunc(in.TextChanges, func(c TextChange) bool { return c.Locale == "" })
		}
		if i < 0 {
			silent = append(silent, locale)
			continue
		}
		out = append(out, TextChange{locale, in.TextChanges[i].Meaning, in.TextChanges[i].Reason})
	}
	if len(silent) > 0 {
		l.errs = append(l.errs, NewError(CodeVersionIncomplete,
			"words that people read changed; say whether they mean the same, CORRECTION with a reason such as TYPO, LAYOUT or CONTENT, "+
				"or something else, MEANING, for which people are asked again: in textChanges, or on the command line with "+
				"--text CORRECTION:CONTENT, or for one language --text "+silent[0]+"=CORRECTION:TYPO").
			With("locales", strings.Join(silent, " ")).At("textChanges"))
	}
	return out, l.errs.orNil()
}

// textChanges refuses declarations that say nothing, or say it of nothing.
func (l *linter) textChanges(said []TextChange, changed, known []string) {
	for i, c := range said {
		path := []string{"textChanges", itoa(int64(i))}
		named := func(locale string) bool {
			return slices.ContainsFunc(said, func(o TextChange) bool { return o.Locale == locale })
		}
		switch {
		case slices.ContainsFunc(said[:i], func(o TextChange) bool { return o.Locale == c.Locale }):
			l.add(CodeDuplicateInput, "the language stands here twice", append(path, "locale")...)
		case c.Locale == "" && !slices.ContainsFunc(changed, func(locale string) bool { return !named(locale) }):
			l.add(CodeInvalidValue, "no words changed that this could be about; leave it out", path...)
		case c.Locale != "" && !slices.Contains(changed, c.Locale) && !slices.Contains(known, c.Locale):
			l.add(CodeUnknownLocale, "the version has no text in this language", append(path, "locale")...)
		case c.Locale != "" && !slices.Contains(changed, c.Locale):
			l.add(CodeInvalidValue, "no words changed in this language; leave it out, or ask again with askAgain", append(path, "locale")...)
		case c.Meaning != MeaningCorrected && c.Meaning != MeaningChanged:
			l.add(CodeInvalidValue, "a change of a text is a CORRECTION or a change of MEANING", append(path, "meaning")...)
		case !slices.Contains([]TextReason{ReasonTypo, ReasonTranslation, ReasonTerm, ReasonLayout, ReasonContent}, c.Reason):
			l.add(CodeInvalidReason, "the reason is TYPO, TRANSLATION, TERMINOLOGY, LAYOUT or CONTENT", append(path, "reason")...)
		}
	}
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
