package vault

import (
	"maps"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// spoilt are cases of what a report finds that no other test of it needs.
var spoilt = map[string]func(*draft){
	"a label of two lines":           func(d *draft) { d.version.Label = "6\n0" },
	"no text at all":                 func(d *draft) { d.texts = nil },
	"a bell in a text":               func(d *draft) { d.texts[0].Text += "\a" },
	"a bell in a title":              func(d *draft) { d.version.Facts.Title = Words{{"ru", "Политика\a"}} },
	"a channel that is none":         func(d *draft) { d.version.Facts.Items[0].Channels = []Channel{"FAX"} },
	"a link without a name":          func(d *draft) { d.link("https://bank.example"); d.version.Facts.ExternalLinks[0].Title = nil },
	"an app that nobody described":   func(d *draft) { d.app = App{Languages: Languages, AuthoritativeLanguage: "ru"} },
	"a member without a BIN":         func(d *draft) { d.app.Group[0].BIN = "" },
	"no items, and nothing listed":   func(d *draft) { d.version.Facts.Items = nil },
	"a recipient abroad, and a no":   func(d *draft) { d.version.Facts.Items[1].Recipients[0].Country = "RU" },
	"a yes without an item for it":   func(d *draft) { d.version.Facts.CrossBorder = new(true) },
	"an item, and the facts say no":  func(d *draft) { d.version.Facts.ThirdParties = new(false) },
	"an item without a title":        func(d *draft) { d.version.Facts.Items[0].Title = nil },
	"an item without a statement":    func(d *draft) { d.version.Facts.Items[0].Statement = nil },
	"a field of the app's, nameless": func(d *draft) { d.version.Facts.Fields[0].Label = nil },
	"no label":                       func(d *draft) { d.version.Label = "" },
}

// TestEveryFindingHasWordsInThreeLanguages makes everything that a report can
// find, and holds all the words that there are against what was found.
func TestEveryFindingHasWordsInThreeLanguages(t *testing.T) {
	spoils := maps.Clone(spoilt)
	for name, c := range lacking {
		spoils["lacking: "+name] = c.spoil
	}
	for name, c := range wrong {
		spoils["wrong: "+name] = c.spoil
	}
	unseen := map[string]*regexp.Regexp{}
	for _, words := range []map[string][3]string{gateWords, draftWords} {
		for what, texts := range words {
			form := strings.ReplaceAll(regexp.QuoteMeta(texts[2]), "%s", "(?s:.*)")
			unseen[what] = regexp.MustCompile("^" + form + "$")
		}
	}
	for name, spoil := range spoils {
		d := goodDraft()
		spoil(&d)
		report := d.report(testPack())
		for _, f := range append(report.Form, report.Findings...) {
			said := worded(t, name, f)
			maps.DeleteFunc(unseen, func(_ string, form *regexp.Regexp) bool { return form.MatchString(said) })
		}
	}
	for what := range unseen {
		t.Errorf("nothing is found for which there are the words %q", what)
	}
}

// worded holds a finding's words against their languages, and answers the English ones.
func worded(t *testing.T, name string, f Finding) string {
	t.Helper()
	for _, locale := range Languages {
		text, ok := WordsIn(f.Message, locale)
		cyrillic := strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) })
		kazakh := strings.ContainsAny(strings.ToLower(text), "әіңғүұқөһ")
		switch {
		case !ok || strings.Contains(text, "%!") || !strings.HasSuffix(text, "."):
			t.Errorf("%s: %s in %s: %q", name, f.Path, locale, text)
		case locale != "en" && !cyrillic || locale == "ru" && kazakh || locale == "kk" && !kazakh:
			t.Errorf("%s: %s is not in %s: %q", name, f.Path, locale, text)
		}
	}
	text, _ := WordsIn(f.Message, "en")
	return text
}
