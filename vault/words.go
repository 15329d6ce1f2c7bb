package vault

import (
	"cmp"
	"slices"
)

// Word is some words in one language.
type Word struct {
	Locale string `json:"locale"` // BCP 47: kk, ru, en
	Text   string `json:"text"`
}

// Words are the same words in several languages, the authoritative one first.
// It is an alias so that the schema's lists of words bind to it as they are.
type Words = []Word

// WordsIn returns the words in a language.
func WordsIn(w Words, locale string) (string, bool) {
	for _, word := range w {
		if word.Locale == locale {
			return word.Text, true
		}
	}
	return "", false
}

// wordsOr returns the words in the first of the languages that has any, or
// else the first words there are.
func wordsOr(w Words, locales ...string) string {
	for _, l := range locales {
		if text, ok := WordsIn(w, l); ok {
			return text
		}
	}
	if len(w) > 0 {
		return w[0].Text
	}
	return ""
}

// Languages the product itself has words in: labels of the typed fields, the
// consent form. An app speaks one or more of them.
var Languages = []string{"kk", "ru", "en"}

// order puts the words in the authoritative language first, the others by
// language: the first words are what stands in for a language that is missing.
func order(authoritative string, all ...Words) {
	for _, w := range all {
		slices.SortFunc(w, func(a, b Word) int {
			return cmp.Or(cmp.Compare(boolToInt(b.Locale == authoritative), boolToInt(a.Locale == authoritative)),
				cmp.Compare(a.Locale, b.Locale))
		})
	}
}

func boolToInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (f Facts) order(authoritative string) {
	order(authoritative, f.Title, f.LawTitle, f.Withdrawal, f.PurposesEnd)
	for _, item := range f.Items {
		order(authoritative, item.Title, item.Statement)
		for _, r := range item.Recipients {
			order(authoritative, r.Name, r.Purpose)
		}
	}
	for _, field := range f.Fields {
		order(authoritative, field.Label, field.Help)
	}
	for _, link := range f.ExternalLinks {
		order(authoritative, link.Title)
	}
}

func (a App) order() {
	l := a.AuthoritativeLanguage
	order(l, a.Name, a.Operator.Name, a.Operator.Address, a.Owner.Name, a.Owner.Address, a.Contacts.Address, a.ResponsiblePerson.Name)
	for _, o := range a.Group {
		order(l, o.Name, o.Address)
	}
}
