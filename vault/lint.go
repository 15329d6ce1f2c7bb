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

// lintDraft refuses a draft for what not even a draft may contain.
func lintDraft(catalogue Catalogue, v *Version, app App, texts []PolicyText) Errors {
	var errs Errors
	for _, f := range proofread(catalogue, v, app, texts) {
		errs = append(errs, f.refusal(f.Code, ""))
	}
	return errs
}

// proofread finds what no draft may contain: what could not be read back, or
// would mean two things. A draft may still lack a lot.
func proofread(catalogue Catalogue, v *Version, app App, texts []PolicyText) []Finding {
	r := &proofreader{}
	if len(v.Label) > maxLabel || unprintable(v.Label, "") {
		r.find(CodeInvalidValue, "labelForm", "label")
	}
	if len(texts) == 0 {
		r.find(CodeRequired, "noText", "texts")
	}
	r.texts(app, texts)
	r.ownFields(v.Facts.Fields, catalogue)
	r.items(v.Facts, catalogue)
	r.allWords(app, v.Facts)
	r.externalLinks(app, v.Facts.ExternalLinks)
	if v.Facts.Term != nil {
		r.duration(*v.Facts.Term, "facts", "term")
		if len(v.Facts.PurposesEnd) > 0 {
			r.find(CodeInvalidValue, "termTwice", "facts", "purposesEnd")
		}
	}
	return r.found
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

// linter gathers what is wrong with a request to publish.
type linter struct{ errs Errors }

func (l *linter) add(code Code, message string, path ...string) {
	l.errs = append(l.errs, NewError(code, message).At(slices.Clone(path)...))
}

// proofreader gathers what is wrong in form with a draft.
type proofreader struct{ found []Finding }

// find finds something of draftWords.
func (r *proofreader) find(code Code, what string, path ...string) {
	r.found = append(r.found, Finding{
		Rule: Rule{Severity: Fatal}, Code: code, Path: slices.Clone(path), Message: wordsOf(draftWords[what]),
	})
}

func (r *proofreader) duration(iso string, path ...string) {
	if _, ok := AddDuration(time.Time{}, iso); !ok {
		r.find(CodeInvalidValue, "duration", path...)
	}
}

func (r *proofreader) texts(app App, texts []PolicyText) {
	seen := map[string]bool{}
	for i, t := range texts {
		path := []string{"texts", strconv.Itoa(i)}
		switch {
		case !slices.Contains(app.Languages, t.Locale):
			r.find(CodeUnknownLocale, "textLocale", append(path, "locale")...)
		case seen[t.Locale]:
			r.find(CodeDuplicateInput, "textTwice", append(path, "locale")...)
		case t.Title() == "":
			r.find(CodeRequired, "textEmpty", append(path, "text")...)
		case unprintable(t.Text, "\r\n\t\f"):
			r.find(CodeInvalidValue, "textControl", append(path, "text")...)
		}
		seen[t.Locale] = true
	}
}

func (r *proofreader) ownFields(fields []Field, catalogue Catalogue) {
	seen := map[string]bool{}
	for i, f := range fields {
		path := []string{"facts", "fields", strconv.Itoa(i)}
		_, typed := catalogue.Get(f.Code)
		switch {
		case slices.Contains(reserved, f.Code):
			r.find(CodeInvalidValue, "fieldReserved", append(path, "code")...)
		case !codeForm.MatchString(f.Code):
			r.find(CodeInvalidValue, "fieldCode", append(path, "code")...)
		case typed:
			r.find(CodeDuplicateInput, "fieldOfProduct", append(path, "code")...)
		case seen[f.Code]:
			r.find(CodeDuplicateInput, "fieldTwice", append(path, "code")...)
		case !slices.Contains(ownKinds, f.Kind):
			r.find(CodeInvalidValue, "fieldKind", append(path, "kind")...)
		case !f.Mask.Known():
			r.find(CodeInvalidValue, "fieldMask", append(path, "mask")...)
		case !f.Mask.suits(f.Kind):
			r.find(CodeInvalidValue, "fieldMaskShows", append(path, "mask")...)
		case !slices.Contains([]FieldClass{Identity, Contact, Technical, Other}, f.Class):
			r.find(CodeInvalidValue, "fieldClass", append(path, "class")...)
		}
		seen[f.Code] = true
	}
}

func (r *proofreader) items(f Facts, catalogue Catalogue) {
	seen := map[string]bool{}
	for i, item := range f.Items {
		path := []string{"facts", "items", strconv.Itoa(i)}
		switch {
		case !itemCodeForm.MatchString(item.Code):
			r.find(CodeInvalidValue, "itemCode", append(path, "code")...)
		case seen[item.Code]:
			r.find(CodeDuplicateInput, "itemTwice", append(path, "code")...)
		case !slices.Contains([]ItemKind{Purpose, ThirdParties, CrossBorder, Publication}, item.Kind):
			r.find(CodeInvalidValue, "itemKind", append(path, "kind")...)
		case !slices.Contains([]LawfulBasis{BasisConsent, BasisContract, BasisLaw}, item.Basis):
			r.find(CodeInvalidValue, "itemBasis", append(path, "basis")...)
		}
		seen[item.Code] = true
		if item.Retention != nil {
			r.duration(*item.Retention, append(path, "retention")...)
		}
		for j, use := range item.Fields {
			if _, ok := f.Field(catalogue, use.Field); !ok {
				r.find(CodeInvalidValue, "itemField", append(path, "fields", strconv.Itoa(j))...)
			}
			if slices.ContainsFunc(item.Fields[:j], func(o ItemField) bool { return o.Field == use.Field }) {
				r.find(CodeDuplicateInput, "itemFieldTwice", append(path, "fields", strconv.Itoa(j))...)
			}
		}
		for j, c := range item.Channels {
			if !slices.Contains(channels, c) || slices.Contains(item.Channels[:j], c) {
				r.find(CodeInvalidValue, "channel", append(path, "channels", strconv.Itoa(j))...)
			}
		}
		for j, to := range item.Recipients {
			if !countryForm.MatchString(to.Country) {
				r.find(CodeInvalidValue, "country", append(path, "recipients", strconv.Itoa(j), "country")...)
			}
		}
	}
}

// allWords holds words to the app's languages: each at most once, and said.
func (r *proofreader) allWords(app App, f Facts) {
	r.words(app, f.Title, "facts", "title")
	r.words(app, f.LawTitle, "facts", "lawTitle")
	r.words(app, f.Withdrawal, "facts", "withdrawal")
	r.words(app, f.PurposesEnd, "facts", "purposesEnd")
	for i, item := range f.Items {
		n := strconv.Itoa(i)
		r.words(app, item.Title, "facts", "items", n, "title")
		r.words(app, item.Statement, "facts", "items", n, "statement")
		for j, to := range item.Recipients {
			r.words(app, to.Name, "facts", "items", n, "recipients", strconv.Itoa(j), "name")
			r.words(app, to.Purpose, "facts", "items", n, "recipients", strconv.Itoa(j), "purpose")
		}
	}
	for i, field := range f.Fields {
		r.words(app, field.Label, "facts", "fields", strconv.Itoa(i), "label")
		r.words(app, field.Help, "facts", "fields", strconv.Itoa(i), "help")
	}
}

func (r *proofreader) words(app App, w Words, path ...string) {
	seen := map[string]bool{}
	for _, word := range w {
		switch {
		case !slices.Contains(app.Languages, word.Locale):
			r.find(CodeUnknownLocale, "wordsLocale", path...)
		case seen[word.Locale]:
			r.find(CodeDuplicateInput, "wordsTwice", path...)
		case unprintable(word.Text, "\r\n\t"):
			r.find(CodeInvalidValue, "wordsControl", path...)
		case strings.TrimSpace(word.Text) == "":
			r.find(CodeRequired, "wordsEmpty", path...)
		}
		seen[word.Locale] = true
	}
}
