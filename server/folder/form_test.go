package folder_test

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kelisim/kelisim/server/folder"
)

func readFacts(raw string) (folder.Policy, error) {
	return folder.ReadPolicyFS(fstest.MapFS{"policy.yaml": {Data: []byte(raw)}})
}

func TestBadFactsAreRefusedWithTheirLine(t *testing.T) {
	const asIs = "label: one\n"
	for name, c := range map[string]struct {
		raw   string
		words []string
	}{
		"empty":                   {"", []string{"policy.yaml: the file says nothing", "fill it in"}},
		"comments alone":          {"# nothing\n", []string{"says nothing"}},
		"null":                    {"---\n", []string{"says nothing"}},
		"a list":                  {"- label\n", []string{"policy.yaml:1: the file: keys and their values"}},
		"a text":                  {"label", []string{"policy.yaml:1: the file: keys and their values"}},
		"unknown key":             {asIs + "lable: two\n", []string{`policy.yaml:2: "lable" is not known here`, "label, effectiveAt"}},
		"key with another case":   {"Label: one\n", []string{`:1: "Label" is not known`}},
		"unknown key of an item":  {"items:\n  - code: a1\n    required: true\n    purpose: x\n", []string{`:4: "purpose" is not known`, "statement"}},
		"unknown key of a field":  {"fields:\n  - {code: a1, type: TEXT}\n", []string{`:2: "type" is not known`}},
		"unknown key of approval": {"approval:\n  date: x\n", []string{`:2: "date" is not known here; correct it to one of: by, at, reference`}},
		"unknown key of a use":    {"items:\n  - required: true\n    fields: [{field: a, required: true, mask: x}]\n", []string{`:3: "mask"`}},
		"unknown key of one who receives": {
			"items:\n  - required: true\n    recipients:\n      - {who: x}\n", []string{`:4: "who"`},
		},
		"duplicate key":           {asIs + "term: P1Y\nlabel: two\n", []string{`:3: "label" is here twice, first at line 1; keep one`}},
		"duplicate language":      {"title: {ru: a, ru: b}\n", []string{`"ru" is here twice`}},
		"duplicate key in quotes": {"label: a\n\"label\": b\n", []string{`:2: "label" is here twice`}},
		"two documents":           {asIs + "---\nlabel: two\n", []string{":2: a second document", "keep one"}},
		"unknown language":        {"title:\n  ru: a\n  de: b\n", []string{`:3: "de" is not a language of the product`, "kk, ru, en"}},
		"words without language":  {"title: Policy\n", []string{":1: title: words are given by language: kk: …, ru: …, en: …"}},
		"words as a list":         {"title: [a]\n", []string{":1: title: words"}},
		"words left out":          {"title:\n  ru:\n", []string{":2: ru: no words", "remove the line"}},
		"words that are a list":   {"title:\n  ru: [a]\n", []string{":2: ru: one text"}},
		"text that is a mapping":  {"label: {a: b}\n", []string{":1: label: one text", "quotes"}},
		"yes for true":            {"thirdParties: yes\n", []string{":1: thirdParties: write true or false"}},
		"quoted true":             {"thirdParties: \"true\"\n", []string{"write true or false, without quotes"}},
		"True":                    {"thirdParties: True\n", []string{"write true or false"}},
		"1 for true":              {"thirdParties: 1\n", []string{"write true or false"}},
		"list for true":           {"thirdParties: [true]\n", []string{"write true or false"}},
		"required left out":       {"items:\n  - code: a1\n", []string{":2: required is missing; write true or false"}},
		"required empty":          {"items:\n  - code: a1\n    required:\n", []string{":3: required is missing"}},
		"required of a use":       {"items:\n  - required: true\n    fields:\n      - {field: phone}\n", []string{":4: required is missing"}},
		"items as a mapping":      {"items: {code: a1}\n", []string{":1: items: a list belongs here"}},
		"an item that is a text":  {"items:\n  - a1\n", []string{":2: an entry of items: keys"}},
		"an empty entry":          {"items:\n  -\n", []string{":2: an entry of items is empty"}},
		"approval as a text":      {"approval: me\n", []string{":1: approval: keys"}},
		"a day that is none":      {"approval: {at: 2026-02-30}\n", []string{":1: at: not a date", "2026-10-01"}},
		"a day with a time":       {"approval: {at: 2026-02-03T00:00:00Z}\n", []string{":1: at: not a date"}},
		"a time that is a day":    {"effectiveAt: 2026-10-01\n", []string{":1: effectiveAt: not a time", "2026-10-01T00:00:00+05:00"}},
		"a time without a zone":   {"effectiveAt: 2026-10-01T00:00:00\n", []string{"not a time"}},
		"alias":                   {"label: &a one\nterm: *a\n", []string{":2: term: *names", "write the value out"}},
		"alias of a mapping":      {"title: &a {ru: x}\nlawTitle: *a\n", []string{":2: lawTitle: *names"}},
		"unknown alias":           {"label: *secret\n", []string{"begins with *", "quotes"}},
		"merge":                   {"approval:\n  <<: {by: me}\n", []string{`:2: "<<" is not known`}},
		"tag":                     {"label: !!binary aGVsbG8=\n", []string{":1: label: !tags", "remove it"}},
		"own tag":                 {"title: !words {ru: x}\n", []string{":1: title: !tags"}},
		"tagged key":              {"!!str label: x\n", []string{"a key is a plain word"}},
		"key that is a list":      {"? [a]\n: b\n", []string{":1: a key is a plain word"}},
		"null key":                {"~: b\n", []string{":1: a key is a plain word"}},
		"NUL escaped":             {"label: \"a\\0\"\n", []string{":1: label: a NUL character"}},
		"NUL":                     {"label: a\x00\n", []string{":1: a NUL character"}},
		"no UTF-8":                {"label: one\nterm: \xff\n", []string{":2: not valid UTF-8; save the file as UTF-8"}},
		"UTF-16":                  {"\xff\xfel\x00a\x00", []string{"not valid UTF-8"}},
		"too long":                {"label: " + strings.Repeat("a", 1<<20), []string{"longer than 1 MiB"}},
		"bad indentation":         {"title:\n  ru: a\n kk: b\n", []string{"policy.yaml:", "not valid YAML", "indentation"}},
		"open quote":              {"label: \"one\n", []string{"not valid YAML", "quotes"}},
		"tab":                     {"title:\n\tru: a\n", []string{"policy.yaml:2: not valid YAML"}},
		"control character":       {"label: a\x01\n", []string{"not valid YAML", "control characters"}},
		"deep":                    {strings.Repeat("[", 100_000), []string{"not valid YAML"}},
		"deep blocks":             {strings.Repeat("- ", 100_000), []string{"policy.yaml"}},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, name, func() error { _, err := readFacts(c.raw); return err }, c.words...)
		})
	}
}

func TestAllFaultsAreToldAtOnceInTheirOrder(t *testing.T) {
	_, err := readFacts("colour: red\nthirdParties: yes\ntitle:\n  de: x\nitems:\n  - size: 1\n")
	const want = `policy.yaml:1: "colour" is not known here; correct it to one of: label, effectiveAt, title, term, purposesEnd, lawTitle, ` +
		`thirdParties, crossBorder, publicSources, items, fields, withdrawal, approval, externalLinks, or remove it
policy.yaml:2: thirdParties: write true or false, without quotes
policy.yaml:4: "de" is not a language of the product; use one of kk, ru, en
policy.yaml:6: required is missing; write true or false
policy.yaml:6: "size" is not known here; correct it to one of: code, kind, required, basis, title, statement, fields, retention, recipients, channels, or remove it`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	_, err = readFacts("items:\n" + strings.Repeat("  - x\n", 1000))
	if lines := strings.Split(err.Error(), "\n"); len(lines) != 21 || !strings.HasSuffix(lines[20], "and 980 more") {
		t.Errorf("%d lines, the last %q", len(lines), lines[len(lines)-1])
	}
}

func TestErrorsNameThePathThatTheOperatorGave(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/policy.yaml", "colour: red\n")
	refused(t, "policy", func() error { _, err := folder.ReadPolicy(dir); return err }, dir+"/policy.yaml:1: ")
	write(t, dir+"/app.yaml", "colour: red\n")
	refused(t, "app", func() error { _, err := folder.App(dir + "/app.yaml"); return err }, dir+"/app.yaml:1: ", "responsiblePerson")
	t.Chdir(dir)
	refused(t, "app", func() error { _, err := folder.App("app.yaml"); return err }, "app.yaml:1: ")
}

func TestScalarsStayAsTheyAreWritten(t *testing.T) {
	p, err := readFacts("label: 1.10\nterm: 0x10\napproval: {by: no, at: 2026-10-01, reference: 017}\n" +
		"items: [{code: on, required: true, retention: ~, recipients: [{country: NO}]}]\neffectiveAt: 2026-10-01T00:00:00.5+05:00\n")
	if err != nil {
		t.Fatal(err)
	}
	a, i := p.Facts.Approval, p.Facts.Items[0]
	if p.Label != "1.10" || *p.Facts.Term != "0x10" || a.By != "no" || a.At != "2026-10-01" || a.Reference != "017" {
		t.Errorf("%+v %+v", p, a)
	}
	if i.Code != "on" || i.Retention != nil || i.Recipients[0].Country != "NO" || p.EffectiveAt.String() != "2026-09-30 19:00:00.5 +0000 UTC" {
		t.Errorf("%+v, from %v", i, p.EffectiveAt)
	}
	if p.Facts.ThirdParties != nil || p.Facts.Title != nil || p.Facts.Fields == nil {
		t.Errorf("what is not said: %+v", p.Facts)
	}
}

func TestBadPeopleAreRefusedWithoutTheirValues(t *testing.T) {
	for raw, words := range map[string][]string{
		"people:\n  - subject: a\n    nick: Secret\n":                  {`:3: "nick" is not known`},
		"people:\n  - profile:\n      phone: [Secret]\n":               {":3: phone: one text"},
		"people:\n  - profile:\n      fields: Secret\n":                {":3: fields: keys"},
		"people:\n  - profile:\n      phone: a\n      phone: Secret\n": {`:4: "phone" is here twice`},
		"people:\n  - decisions: {identify: Secret}\n":                 {":2: \"identify\": write GIVEN or REFUSED"},
		"people:\n  - decisions: {identify: }\n":                       {":2: \"identify\": write GIVEN or REFUSED"},
		"people:\n  - profile: {phone: *Secret}\n":                     {"begins with *"},
		"people:\n  - profile: {phone: !Secret x}\n":                   {"!tags"},
		"people: Secret\n": {":1: people: a list"},
		"persons: []\n":    {`:1: "persons" is not known`},
	} {
		_, err := folder.People(fstest.MapFS{"people.yaml": {Data: []byte(raw)}})
		refused(t, raw, func() error { return err }, append(words, "people.yaml:")...)
		if err != nil && strings.Contains(err.Error(), "Secret") {
			t.Errorf("the error repeats a value: %v", err)
		}
	}
}

func TestBadAppsAreRefused(t *testing.T) {
	for raw, words := range map[string][]string{
		"operator:\n  inn: x\n":           {`:2: "inn" is not known`, "bin"},
		"operator: Dala\n":                {":1: operator: keys"},
		"group: {code: a}\n":              {":1: group: a list"},
		"contacts: {fax: x}\n":            {`:1: "fax" is not known`},
		"responsiblePerson: {phone: x}\n": {`:1: "phone" is not known`},
		"languages: kk\n":                 {":1: languages: a list"},
		"jurisdiction: [KZ]\n":            {":1: jurisdiction: one text"},
		"languages: [[kk]]\n":             {":1: an entry of languages: one text"},
	} {
		_, err := folder.AppFS(fstest.MapFS{"app.yaml": {Data: []byte(raw)}}, "app.yaml")
		refused(t, raw, func() error { return err }, append(words, "app.yaml:")...)
	}
}

func FuzzReading(f *testing.F) {
	for _, path := range []string{"app.yaml", "people.yaml", "policy/policy.yaml"} {
		raw, err := os.ReadFile("../demo/" + path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte("title: {ru: x}\nitems: [{code: a, required: true}]\nlabel: &a [*a]\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		fsys := fstest.MapFS{"app.yaml": {Data: raw}, "people.yaml": {Data: raw}}
		_, appErr := folder.AppFS(fsys, "app.yaml")
		_, peopleErr := folder.People(fsys)
		for _, err := range []error{appErr, peopleErr} {
			if err != nil && err.Error() == "" {
				t.Error("an error that says nothing")
			}
		}
		p, err := folder.ReadPolicyFS(fstest.MapFS{"policy.yaml": {Data: raw}})
		if err != nil {
			return
		}
		p.Files = nil
		if back := throughFiles(t, t.TempDir(), p); !sameFacts(p, back) {
			t.Errorf("%+v came back as %+v", p, back)
		}
	})
}
