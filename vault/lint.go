package vault

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"
)

var (
	itemCodeForm = regexp.MustCompile(`^[a-z][A-Za-z0-9_]{1,39}$`)
	countryForm  = regexp.MustCompile(`^[A-Z]{2}$`)
)

// lintDraft says what no draft may contain: what could not be read back, or
// would mean two things. A draft may still lack a lot.
func lintDraft(catalogue Catalogue, v *Version, app App, texts []PolicyText) Errors {
	l := &linter{}
	if len(v.Label) > maxLabel || unprintable(v.Label, "") {
		l.add(CodeInvalidValue, "a label is up to a hundred bytes of one line", "label")
	}
	if len(texts) == 0 {
		l.add(CodeRequired, "a draft needs a text in one language at least", "texts")
	}
	l.texts(app, texts)
	l.ownFields(v.Facts.Fields, catalogue)
	l.items(v.Facts, catalogue)
	l.allWords(app, v.Facts)
	l.externalLinks(app, v.Facts.ExternalLinks)
	if v.Facts.Term != nil {
		l.duration(*v.Facts.Term, "facts", "term")
		if len(v.Facts.PurposesEnd) > 0 {
			l.add(CodeInvalidValue, "a consent holds for a term or until the purposes are achieved: keep one of the two", "facts", "purposesEnd")
		}
	}
	return l.errs
}

// consistent holds a version against those that are published. A label names
// one of them. A field of the app's own is declared as before: people's values
// are stored under its code, and apps of one deployment share people, so it
// looks at all of them.
func (s *Service) consistent(ctx context.Context, v *Version, moments []Moment) error {
	apps, err := s.Reader.Apps(ctx)
	if err != nil {
		return err
	}
	ids := map[uuid.UUID]bool{}
	for _, m := range moments {
		ids[m.Version] = true
	}
	for _, app := range apps {
		_, others, err := s.Reader.App(ctx, app.Code)
		if err != nil {
			return err
		}
		for _, m := range others {
			ids[m.Version] = true
		}
	}
	l := &linter{}
	for id := range ids {
		was, err := s.published(ctx, id)
		if err != nil {
			return err
		}
		if was.ID != v.ID && was.App == v.App && was.Label == v.Label {
			l.add(CodeDuplicateInput, "a published version of the app has this label; take another", "label")
		}
		for i, field := range v.Facts.Fields {
			old, ok := was.Facts.Field(nil, field.Code)
			if ok && (old.Kind != field.Kind || old.Class != field.Class) {
				l.add(CodeVersionIncomplete, fmt.Sprintf(
					"version %q of app %q declares this field as %s %s: people's values are stored under it; take a new code",
					was.Label, was.App, old.Class, old.Kind), "facts", "fields", strconv.Itoa(i))
			}
		}
	}
	return l.errs.orNil()
}

const maxLabel = 100

// unprintable reports whether text holds a control character besides those
// allowed, which nobody sees and everybody would hash.
func unprintable(text, allowed string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune(allowed, r) })
}

// linter gathers what is wrong with a version.
type linter struct{ errs Errors }

func (l *linter) add(code Code, message string, path ...string) {
	l.errs = append(l.errs, NewError(code, message).At(slices.Clone(path)...))
}

func (l *linter) duration(iso string, path ...string) {
	if _, ok := AddDuration(time.Time{}, iso); !ok {
		l.add(CodeInvalidValue, "a duration is ISO 8601 in years, months and days: P3Y, P6M, P30D", path...)
	}
}

func (l *linter) texts(app App, texts []PolicyText) {
	seen := map[string]bool{}
	for i, t := range texts {
		path := []string{"texts", strconv.Itoa(i)}
		switch {
		case !slices.Contains(app.Languages, t.Locale):
			l.add(CodeUnknownLocale, "the app does not speak this language", append(path, "locale")...)
		case seen[t.Locale]:
			l.add(CodeDuplicateInput, "there are two texts in this language", append(path, "locale")...)
		case t.Title() == "":
			l.add(CodeRequired, "the text is empty", append(path, "text")...)
		case unprintable(t.Text, "\r\n\t\f"):
			l.add(CodeInvalidValue, "the text holds a control character", append(path, "text")...)
		}
		seen[t.Locale] = true
	}
}

func (l *linter) ownFields(fields []Field, catalogue Catalogue) {
	seen := map[string]bool{}
	for i, f := range fields {
		path := []string{"facts", "fields", strconv.Itoa(i)}
		_, typed := catalogue.Get(f.Code)
		switch {
		case slices.Contains(reserved, f.Code):
			l.add(CodeInvalidValue, "the code is the service's own; choose another one", append(path, "code")...)
		case !codeForm.MatchString(f.Code):
			l.add(CodeInvalidValue, "a field's code is 2 to 40 letters and digits and begins with a small letter", append(path, "code")...)
		case typed:
			l.add(CodeDuplicateInput, "the product has a field of this code; use it as it is", append(path, "code")...)
		case seen[f.Code]:
			l.add(CodeDuplicateInput, "the field is declared twice", append(path, "code")...)
		case !slices.Contains(ownKinds, f.Kind):
			l.add(CodeInvalidValue, "an app's own field is TEXT, DATE, INTEGER, BOOLEAN, PHONE or EMAIL", append(path, "kind")...)
		case !f.Mask.Known():
			l.add(CodeInvalidValue, "the mask is HIDDEN, INITIAL, LAST4, YEAR or DOMAIN", append(path, "mask")...)
		case !f.Mask.suits(f.Kind):
			l.add(CodeInvalidValue, "this mask does not hide a value of this kind; HIDDEN always does", append(path, "mask")...)
		case !slices.Contains([]FieldClass{Identity, Contact, Technical, Other}, f.Class):
			l.add(CodeInvalidValue, "the class is IDENTITY, CONTACT, TECHNICAL or OTHER", append(path, "class")...)
		}
		seen[f.Code] = true
	}
}

func (l *linter) items(f Facts, catalogue Catalogue) {
	seen := map[string]bool{}
	for i, item := range f.Items {
		path := []string{"facts", "items", strconv.Itoa(i)}
		switch {
		case !itemCodeForm.MatchString(item.Code):
			l.add(CodeInvalidValue, "an item's code is 2 to 40 letters, digits and _ and begins with a small letter", append(path, "code")...)
		case seen[item.Code]:
			l.add(CodeDuplicateInput, "the item is declared twice", append(path, "code")...)
		case !slices.Contains([]ItemKind{Purpose, ThirdParties, CrossBorder, Publication}, item.Kind):
			l.add(CodeInvalidValue, "the kind is PURPOSE, THIRD_PARTIES, CROSS_BORDER or PUBLICATION", append(path, "kind")...)
		case !slices.Contains([]LawfulBasis{BasisConsent, BasisContract, BasisLaw}, item.Basis):
			l.add(CodeInvalidValue, "the basis is CONSENT, CONTRACT or LAW", append(path, "basis")...)
		}
		seen[item.Code] = true
		if item.Retention != nil {
			l.duration(*item.Retention, append(path, "retention")...)
		}
		for j, use := range item.Fields {
			if _, ok := f.Field(catalogue, use.Field); !ok {
				l.add(CodeInvalidValue, "there is no such field: not in the product, and not among the version's own",
					append(path, "fields", strconv.Itoa(j))...)
			}
		}
		for j, c := range item.Channels {
			if !slices.Contains(channels, c) || slices.Contains(item.Channels[:j], c) {
				l.add(CodeInvalidValue, "a channel is SMS, PUSH, EMAIL, PHONE or POST, each once", append(path, "channels", strconv.Itoa(j))...)
			}
		}
		for j, r := range item.Recipients {
			if !countryForm.MatchString(r.Country) {
				l.add(CodeInvalidValue, "a country is two capital letters, ISO 3166-1", append(path, "recipients", strconv.Itoa(j), "country")...)
			}
		}
	}
}

// allWords holds words to the app's languages: each at most once, and said.
func (l *linter) allWords(app App, f Facts) {
	l.words(app, f.Title, "facts", "title")
	l.words(app, f.LawTitle, "facts", "lawTitle")
	l.words(app, f.Withdrawal, "facts", "withdrawal")
	l.words(app, f.PurposesEnd, "facts", "purposesEnd")
	for i, item := range f.Items {
		n := strconv.Itoa(i)
		l.words(app, item.Title, "facts", "items", n, "title")
		l.words(app, item.Statement, "facts", "items", n, "statement")
		for j, r := range item.Recipients {
			l.words(app, r.Name, "facts", "items", n, "recipients", strconv.Itoa(j), "name")
			l.words(app, r.Purpose, "facts", "items", n, "recipients", strconv.Itoa(j), "purpose")
		}
	}
	for i, field := range f.Fields {
		l.words(app, field.Label, "facts", "fields", strconv.Itoa(i), "label")
		l.words(app, field.Help, "facts", "fields", strconv.Itoa(i), "help")
	}
}

func (l *linter) words(app App, w Words, path ...string) {
	seen := map[string]bool{}
	for _, word := range w {
		switch {
		case !slices.Contains(app.Languages, word.Locale):
			l.add(CodeUnknownLocale, "the app does not speak this language", path...)
		case seen[word.Locale]:
			l.add(CodeDuplicateInput, "there are words in this language twice", path...)
		case unprintable(word.Text, "\r\n\t"):
			l.add(CodeInvalidValue, "the words hold a control character", path...)
		case strings.TrimSpace(word.Text) == "":
			l.add(CodeRequired, "the words are empty; say something, or leave the language out", path...)
		}
		seen[word.Locale] = true
	}
}
