package folder_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kelisim/kelisim/server/folder"
	"github.com/kelisim/kelisim/vault"
)

func TestThePolicyFolderComesBackByteForByte(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "policy")
	p := readDemo(t)
	if err := folder.WritePolicy(dir, p, false); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"policy.yaml", "kk.md", "ru.md", "en.md"} {
		want, err := os.ReadFile("../demo/policy/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if got := contents(t, filepath.Join(dir, name)); got != string(want) {
			t.Errorf("%s came back otherwise", name)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 4 {
		t.Errorf("%v, %v", entries, err)
	}
	if back, err := folder.ReadPolicy(dir); err != nil || !reflect.DeepEqual(back, p) {
		t.Errorf("%v: read back otherwise", err)
	}
}

func TestAVersionWithItsKeptSourceComesBackByteForByte(t *testing.T) {
	read := readDemo(t)
	now := time.Date(2026, 10, 5, 8, 0, 0, 0, time.UTC)
	stored := folder.Policy{Label: read.Label, EffectiveAt: &now, Facts: read.Facts, Texts: read.Texts, Files: folder.Sources(read.Source())}
	stored.Facts.Title = slices.Clone(stored.Facts.Title)
	slices.Reverse(stored.Facts.Title) // the vault puts the authoritative language first
	dir := t.TempDir()
	if err := folder.WritePolicy(dir, stored, false); err != nil {
		t.Fatal(err)
	}
	if contents(t, dir+"/policy.yaml") != string(read.Source()) {
		t.Error("the source came back otherwise")
	}
}

func TestASourceThatNoLongerHoldsIsNotWritten(t *testing.T) {
	day := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, change := range map[string]func(*folder.Policy){
		"label": func(p *folder.Policy) { p.Label = "1.1" },
		"facts": func(p *folder.Policy) { p.Facts.Term = nil },
		"date": func(p *folder.Policy) {
			p.Files = folder.Sources([]byte("effectiveAt: 2026-12-31T00:00:00Z\n" + string(p.Source())[strings.Index(string(p.Source()), "title:"):]))
			p.EffectiveAt = &day
		},
		"form": func(p *folder.Policy) { p.Files = folder.Sources(append([]byte("colour: red\n"), p.Source()...)) },
	} {
		t.Run(name, func(t *testing.T) {
			p := readDemo(t)
			change(&p)
			if back := throughFiles(t, t.TempDir(), p); !sameFacts(p, back) || string(back.Source()) == string(p.Source()) {
				t.Errorf("came back as %+v", back)
			}
		})
	}
}

func TestTheGeneratedFileIsReadable(t *testing.T) {
	yes, retention := true, "P1Y"
	p := folder.Policy{Label: "1.0", Facts: vault.Facts{
		Title: vault.Words{{Locale: "ru", Text: "Политика: первая"}, {Locale: "kk", Text: "Саясат"}}, CrossBorder: &yes,
		Items: []vault.Item{{
			Code: "identify", Kind: vault.Purpose, Required: true, Basis: vault.BasisConsent,
			Statement: vault.Words{{Locale: "en", Text: "I agree.\n\nTruly."}},
			Fields:    []vault.ItemField{{Field: "phone", Required: true}}, Retention: &retention,
		}},
		Approval: &vault.Approval{By: "no", At: "2026-10-01", Reference: "# 17"},
	}}
	back := throughFiles(t, t.TempDir(), p)
	const want = `# The facts of a policy version; its texts are beside it, one per language.
# Written from what the vault holds: everything that can be said is here, and
# null, "" or [] is what was not said.

label: "1.0"
effectiveAt: null

title:
  kk: Саясат
  ru: 'Политика: первая'

term: null
purposesEnd: null

lawTitle: null

thirdParties: null
crossBorder: true
publicSources: null

items:
  - code: identify
    kind: PURPOSE
    required: true
    basis: CONSENT
    title: null
    statement:
      en: |-
        I agree.

        Truly.
    fields:
      - {field: phone, required: true}
    retention: P1Y
    recipients: []

fields: []

withdrawal: null

approval:
  by: "no"
  at: "2026-10-01"
  reference: '# 17'

externalLinks: []
`
	if got := string(back.Source()); got != want {
		t.Errorf("got\n%s", got)
	}
}

func TestGeneratedFactsReadBackEqual(t *testing.T) {
	parent := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		p := anyPolicy(t)
		back := throughFiles(t, parent, p)
		if !sameFacts(p, back) {
			t.Fatalf("%s\nread back as\n%+v", back.Source(), back)
		}
		if !reflect.DeepEqual(p.Texts, back.Texts) {
			t.Fatalf("texts %q read back as %q", p.Texts, back.Texts)
		}
		for _, item := range p.Facts.Items { // the order of words means nothing
			rand.Shuffle(len(item.Title), func(i, j int) { item.Title[i], item.Title[j] = item.Title[j], item.Title[i] })
		}
		if again := throughFiles(t, parent, p); string(again.Source()) != string(back.Source()) {
			t.Fatal("equal facts made other bytes")
		}
	})
}

func TestWhatHasNoFormInAFileIsRefused(t *testing.T) {
	for name, p := range map[string]folder.Policy{
		"a foreign language":   {Facts: vault.Facts{Title: vault.Words{{Locale: "de", Text: "x"}}}},
		"a language twice":     {Facts: vault.Facts{Title: vault.Words{{Locale: "ru", Text: "x"}, {Locale: "ru", Text: "y"}}}},
		"NUL":                  {Label: "a\x00"},
		"no UTF-8":             {Label: "a\xff"},
		"a day that is none":   {Facts: vault.Facts{Approval: &vault.Approval{At: "soon"}}},
		"a foreign text":       {Texts: []vault.PolicyText{{Locale: "../x", Text: "x"}}},
		"a text twice":         {Texts: []vault.PolicyText{{Locale: "ru", Text: "x"}, {Locale: "ru", Text: "x"}}},
		"a text with no UTF-8": {Texts: []vault.PolicyText{{Locale: "ru", Text: "\xff"}}},
	} {
		dir := filepath.Join(t.TempDir(), "policy")
		refused(t, name, func() error { return folder.WritePolicy(dir, p, true) })
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%s: something was written", name)
		}
	}
}

func TestFilesThatDifferAreKeptUnlessForced(t *testing.T) {
	dir := t.TempDir()
	p := readDemo(t)
	write(t, dir+"/README.md", "ours")
	write(t, dir+"/ru.md", p.Texts[1].Text) // the same bytes do not stand in the way
	write(t, dir+"/policy.yaml", "label: mine\n")
	write(t, dir+"/kk.md", "mine")
	refused(t, "differing files", func() error { return folder.WritePolicy(dir, p, false) }, dir+"/policy.yaml", dir+"/kk.md", "force")
	if _, err := os.Stat(dir + "/en.md"); err == nil || contents(t, dir+"/kk.md") != "mine" {
		t.Error("a refused export wrote something")
	}
	if err := folder.WritePolicy(dir, p, true); err != nil {
		t.Fatal(err)
	}
	if back, err := folder.ReadPolicy(dir); err != nil || !reflect.DeepEqual(back, p) {
		t.Errorf("%v: forced, it reads back otherwise", err)
	}
	if err := folder.WritePolicy(dir, p, false); err != nil {
		t.Errorf("written twice: %v", err)
	}
	if contents(t, dir+"/README.md") != "ours" {
		t.Error("README is not ours to touch")
	}
}

func TestATextThatThePolicyHasNotStandsInTheWay(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/en.md", "old")
	p := readDemo(t)
	p.Texts = p.Texts[:2]
	for _, force := range []bool{false, true} {
		refused(t, "an old text", func() error { return folder.WritePolicy(dir, p, force) }, dir+"/en.md", "remove it")
	}
	if contents(t, dir+"/en.md") != "old" {
		t.Error("an operator's file was touched")
	}
}

func TestAFolderThatCannotBeWrittenIsAnError(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/file", "x")
	refused(t, "a file as a folder", func() error { return folder.WritePolicy(dir+"/file", readDemo(t), true) }, dir+"/file")
	if err := os.MkdirAll(dir+"/policy/ru.md", 0o700); err != nil {
		t.Fatal(err)
	}
	refused(t, "a folder as a file", func() error { return folder.WritePolicy(dir+"/policy", readDemo(t), true) }, "ru.md")
}

// throughFiles writes a policy into a new folder and reads it back.
func throughFiles(t rapid.TB, parent string, p folder.Policy) folder.Policy {
	t.Helper()
	dir := filepath.Join(parent, strconv.FormatUint(rand.Uint64(), 10))
	if err := folder.WritePolicy(dir, p, false); err != nil {
		t.Fatal(err)
	}
	back, err := folder.ReadPolicy(dir)
	if err != nil {
		t.Fatal(err)
	}
	return back
}

// sameFacts compares all but the files, words in any order.
func sameFacts(a, b folder.Policy) bool {
	if (a.EffectiveAt == nil) != (b.EffectiveAt == nil) || a.EffectiveAt != nil && !a.EffectiveAt.Equal(*b.EffectiveAt) {
		return false
	}
	return a.Label == b.Label && reflect.DeepEqual(sorted(reflect.ValueOf(a.Facts)), sorted(reflect.ValueOf(b.Facts)))
}

// sorted is a copy with every list of words in the order of languages.
func sorted(v reflect.Value) any {
	switch words, ok := reflect.TypeAssert[vault.Words](v); {
	case ok:
		words = slices.Clone(words)
		slices.SortFunc(words, func(a, b vault.Word) int { return strings.Compare(a.Locale, b.Locale) })
		return words
	case v.Kind() == reflect.Slice:
		out := []any{}
		for i := range v.Len() {
			out = append(out, sorted(v.Index(i)))
		}
		return out
	case v.Kind() == reflect.Struct:
		var out []any
		for _, field := range v.Fields() {
			out = append(out, sorted(field))
		}
		return out
	}
	return v.Interface()
}

func anyPolicy(t *rapid.T) folder.Policy {
	lists := func(what string) int { return rapid.IntRange(0, 3).Draw(t, what) }
	p := folder.Policy{
		Label: anyText().Draw(t, "label"),
		Facts: vault.Facts{
			Title: anyWords(t), Term: rapid.Ptr(anyText(), true).Draw(t, "term"), PurposesEnd: anyWords(t), LawTitle: anyWords(t),
			ThirdParties: anyFlag(t), CrossBorder: anyFlag(t), PublicSources: anyFlag(t), Withdrawal: anyWords(t),
			Items: []vault.Item{}, Fields: []vault.Field{}, ExternalLinks: []vault.ExternalLink{},
		},
	}
	if rapid.Bool().Draw(t, "dated") {
		at := time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "at"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC()
		p.EffectiveAt = &at
	}
	if rapid.Bool().Draw(t, "approved") {
		day := rapid.SampledFrom([]string{"", "2026-10-01", "2024-02-29"}).Draw(t, "day")
		p.Facts.Approval = &vault.Approval{By: anyText().Draw(t, "by"), At: day, Reference: anyText().Draw(t, "reference")}
	}
	for range lists("items") {
		item := vault.Item{
			Code: anyText().Draw(t, "code"), Kind: vault.ItemKind(anyText().Draw(t, "kind")), Required: rapid.Bool().Draw(t, "required"),
			Basis: vault.LawfulBasis(anyText().Draw(t, "basis")), Title: anyWords(t), Statement: anyWords(t),
			Fields: []vault.ItemField{}, Retention: rapid.Ptr(anyText(), true).Draw(t, "retention"), Recipients: []vault.Recipient{},
		}
		for range lists("uses") {
			item.Fields = append(item.Fields, vault.ItemField{Field: anyText().Draw(t, "field"), Required: rapid.Bool().Draw(t, "needed")})
		}
		for range lists("recipients") {
			item.Recipients = append(item.Recipients, vault.Recipient{Name: anyWords(t), Country: anyText().Draw(t, "country"), Purpose: anyWords(t)})
		}
		p.Facts.Items = append(p.Facts.Items, item)
	}
	for range lists("fields") {
		p.Facts.Fields = append(p.Facts.Fields, vault.Field{
			Code: anyText().Draw(t, "code"), Class: vault.FieldClass(anyText().Draw(t, "class")), Kind: vault.FieldKind(anyText().Draw(t, "kind")),
			Mask: vault.FieldMask(anyText().Draw(t, "mask")), Label: anyWords(t), Help: anyWords(t),
		})
	}
	for range lists("links") {
		p.Facts.ExternalLinks = append(p.Facts.ExternalLinks, vault.ExternalLink{Title: anyWords(t), URL: anyText().Draw(t, "url")})
	}
	for _, locale := range vault.Languages {
		if rapid.Bool().Draw(t, "text") {
			p.Texts = append(p.Texts, vault.PolicyText{Locale: locale, Text: anyText().Draw(t, "text")})
		}
	}
	return p
}

// anyText is a string that a file can hold: anything but NUL.
func anyText() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.String(),
		rapid.StringOf(rapid.SampledFrom([]rune("a Яқ:#-{}[],&*!|>'\"%@`?~<=\n\r\t\\0:. \u00a0\u0085\u2028\ufeff😀\x01\x7f"))),
		rapid.SampledFrom([]string{
			"", " ", "null", "~", "true", "no", "1.10", "0x1", "2026-10-01", "<<", "=", "- a", "a: b", "a #b", "---", "...", "\n", "a\n", "\na", "a\n b", " a\nb",
			"a\n\n\nb\n", "a\r\nb", "'", "\"", "{a: b}", "|", "%YAML 1.1", "\ufeffa", "a\u2028b", "!!str a", "*a", "&a",
		}),
	).Filter(func(s string) bool { return !strings.ContainsRune(s, 0) })
}

func anyWords(t *rapid.T) vault.Words {
	var out vault.Words
	for _, locale := range vault.Languages {
		if rapid.Bool().Draw(t, locale) {
			out = append(out, vault.Word{Locale: locale, Text: anyText().Draw(t, "words")})
		}
	}
	return out
}

func anyFlag(t *rapid.T) *bool { return rapid.Ptr(rapid.Bool(), true).Draw(t, "flag") }

func contents(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
