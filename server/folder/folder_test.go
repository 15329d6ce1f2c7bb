package folder_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/kelisim/kelisim/server/folder"
	"github.com/kelisim/kelisim/vault"
)

func TestTheDemoAppReadsWhole(t *testing.T) {
	app, err := folder.App("../demo/app.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if errs := app.Validate(func(string) error { return nil }); len(errs) > 0 {
		t.Errorf("the vault refuses it: %v", errs)
	}
	got := fmt.Sprintf("%s %s %s %v %s %v %s %s %v", app.Code, app.Operator.BIN, app.Group[1].Code, app.Languages, app.AuthoritativeLanguage,
		app.Audiences, app.Contacts.Phone, app.ResponsiblePerson.Email, app.Owner.Name)
	const want = "dala 991240000003 dala-delivery [kk ru en] ru [dala-mobile] +7 700 000 00 00 responsible@dala.example " +
		"[{kk «Dala Market» ЖШС} {ru ТОО «Dala Market»} {en Dala Market LLP}]"
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	embedded, err := folder.AppFS(os.DirFS("../demo"), "app.yaml")
	if err != nil || !reflect.DeepEqual(embedded, app) {
		t.Errorf("from a file system: %v, %+v", err, embedded)
	}
}

func TestTheDemoPolicyReadsWhole(t *testing.T) {
	p := readDemo(t)
	if p.Label != "1.0" || p.EffectiveAt != nil || len(p.Facts.Items) != 7 || len(p.Facts.Fields) != 6 || len(p.Texts) != 3 {
		t.Errorf("label %q, from %v, %d items, %d fields, %d texts", p.Label, p.EffectiveAt, len(p.Facts.Items), len(p.Facts.Fields), len(p.Texts))
	}
	for i, locale := range vault.Languages {
		raw, err := os.ReadFile("../demo/policy/" + locale + ".md")
		if err != nil {
			t.Fatal(err)
		}
		if p.Texts[i].Locale != locale || p.Texts[i].Text != string(raw) {
			t.Errorf("the text in %s is not the file's", locale)
		}
		if title, _ := vault.WordsIn(p.Facts.Title, locale); title != p.Texts[i].Title() {
			t.Errorf("%s: title %q, heading %q", locale, title, p.Texts[i].Title())
		}
	}
	courier, _ := p.Facts.Item("courier")
	if r := courier.Recipients; len(r) != 1 || r[0].Country != "KZ" || *courier.Retention != "P30D" || courier.Kind != vault.ThirdParties {
		t.Errorf("courier: %+v", courier)
	}
	if statement, _ := vault.WordsIn(courier.Statement, "en"); !strings.HasSuffix(statement, "Jel Courier LLP (Kazakhstan), for the delivery of my orders.") {
		t.Errorf("a folded statement is one line: %q", statement)
	}
	if !*p.Facts.ThirdParties || *p.Facts.CrossBorder || *p.Facts.PublicSources || p.Facts.Approval.At != "2026-10-01" {
		t.Errorf("answers: %+v", p.Facts)
	}
	for _, i := range p.Facts.Items {
		if len(i.Title) != 3 || len(i.Statement) != 3 || i.Fields == nil || i.Recipients == nil {
			t.Errorf("%s: %+v", i.Code, i)
		}
	}
}

func TestTheDemoPeopleReadInOrder(t *testing.T) {
	people, err := folder.People(os.DirFS("../demo"))
	if err != nil {
		t.Fatal(err)
	}
	if len(people) != 20 {
		t.Fatalf("%d people", len(people))
	}
	var told []string
	for _, c := range people[0].Profile {
		told = append(told, c.Field+"="+c.Value.Reveal())
	}
	const profile = "familyName=Нұрғалиева givenName=Айгүл patronymic=Серікқызы birthDate=1991-04-12 iin=910412400006 " +
		"email=aigul@mail.example phone=+7 701 000 00 01 postalAddress=050000, Алматы қаласы, Көктүйме көшесі, 12-үй, 4-пәтер " +
		"loyaltyCard=DALA-0000-1001 favouriteGoods=қымыз, құрт householdSize=4 deliveryNote=Үшінші кіреберіс doNotCall=false deviceModel=Demo Phone 5"
	if got := strings.Join(told, " "); got != profile {
		t.Errorf("told %s", got)
	}
	if got := fmt.Sprintf("%v %v %s %s", people[0].Verified, people[5].Verified, people[1].Locale, people[19].Subject); got != "[phone email] [] kk demo-user-20" {
		t.Errorf("got %s", got)
	}
	policy := readDemo(t)
	for _, p := range people {
		var asked, decided []string
		for _, i := range policy.Facts.Items {
			if i.Asked() {
				asked = append(asked, i.Code)
			}
		}
		for _, d := range p.Decisions {
			decided = append(decided, d.Item)
		}
		if !reflect.DeepEqual(asked, decided) {
			t.Errorf("%s decided %v of %v", p.Subject, decided, asked)
		}
	}
}

func TestAPersonPrintsNothingPersonal(t *testing.T) {
	people, err := folder.People(os.DirFS("../demo"))
	if err != nil {
		t.Fatal(err)
	}
	if printed := fmt.Sprintf("%+v %#v", people, people); strings.Contains(printed, "Айгүл") || strings.Contains(printed, "910412400006") {
		t.Error("a personal value prints")
	}
}

func TestTextsStayByteForByte(t *testing.T) {
	odd := "\ufeff\r\n# Title\r\n\r\nNo newline at the end,\ta tab, \u00a0 and two spaces  "
	folderFS := fstest.MapFS{
		"policy.yaml": {Data: []byte("label: one\r\nterm: P1Y\r\n")},
		"ru.md":       {Data: []byte(odd)},
		"README.md":   {Data: []byte("notes")},
		".draft.swp":  {Data: []byte{0xff}},
	}
	p, err := folder.ReadPolicyFS(folderFS)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Texts) != 1 || p.Texts[0].Text != odd || p.Label != "one" || len(p.Files) != 2 {
		t.Errorf("read %+v", p)
	}
	file := filepath.Join(t.TempDir(), "privacy-policy.ru.txt")
	write(t, file, odd)
	for _, locale := range []string{"", "kk"} {
		p, err := folder.ReadText(file, locale)
		want := locale
		if want == "" {
			want = "ru"
		}
		if err != nil || len(p.Texts) != 1 || p.Texts[0] != (vault.PolicyText{Locale: want, Text: odd}) || p.Source() != nil {
			t.Errorf("as %q: %v, %+v", locale, err, p)
		}
	}
}

func TestATextWithoutALanguageIsRefused(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"policy.txt", "policy.de.txt", "policy.ru.kk.txt"} {
		file := filepath.Join(dir, name)
		write(t, file, "text")
		refused(t, file, func() error { _, err := folder.ReadText(file, ""); return err }, name, "kk, ru, en")
	}
	file := filepath.Join(dir, "policy.txt")
	refused(t, file, func() error { _, err := folder.ReadText(file, "de"); return err }, "policy.txt", `"de"`, "kk, ru, en")
}

func TestFilesThatAreNoFilesAreRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "app.yaml"), 0o700); err != nil {
		t.Fatal(err)
	}
	app := func(path string) func() error {
		return func() error { _, err := folder.App(path); return err }
	}
	policy := func(path string) func() error {
		return func() error { _, err := folder.ReadPolicy(path); return err }
	}
	refused(t, "a folder", app(filepath.Join(dir, "app.yaml")), "not a file")
	refused(t, "no file", app(filepath.Join(dir, "none.yaml")), "none.yaml", "no such file", "check the path")
	refused(t, "no name", app(""), "file")
	refused(t, "no policy.yaml", policy(t.TempDir()), "policy.yaml", "no such file")
	refused(t, "no folder", policy(filepath.Join(dir, "none")), "none", "no such folder")
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.yaml"), 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, "a pipe, which nobody writes", app(filepath.Join(dir, "pipe.yaml")), "not a file")
	refused(t, "what has no end", app("/dev/zero"), "not a file")
	refused(t, "a file as a folder", policy("../demo/app.yaml"), "app.yaml")
}

func TestAPolicyFolderHoldsNothingElse(t *testing.T) {
	for _, name := range []string{"de.md", "ru.txt", "RU.md", "notes", "policy.yml", "ru.md~"} {
		fsys := fstest.MapFS{"policy.yaml": {Data: []byte("label: one")}, name: {Data: []byte("text")}}
		refused(t, name, func() error { _, err := folder.ReadPolicyFS(fsys); return err }, name, "kk.md, ru.md, en.md", "remove it")
	}
	fsys := fstest.MapFS{"policy.yaml": {Data: []byte("label: one")}, "ru.md": {Data: []byte("a\nb\xff")}, "kk.md": {Data: []byte("a\x00")}}
	refused(t, "texts", func() error { _, err := folder.ReadPolicyFS(fsys); return err }, "ru.md:2", "kk.md:1", "UTF-8")
	fsys["ru.md"].Data = bytes.Repeat([]byte("a"), 1<<20+1)
	refused(t, "long", func() error { _, err := folder.ReadPolicyFS(fsys); return err }, "ru.md", "1 MiB")
}

// refused wants an error that says each of the words.
func refused(t *testing.T, what string, read func() error, words ...string) {
	t.Helper()
	err := read()
	if err == nil {
		t.Errorf("%s was not refused", what)
		return
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%s: the error does not say %q:\n%v", what, word, err)
		}
	}
}

func readDemo(t *testing.T) folder.Policy {
	t.Helper()
	p, err := folder.ReadPolicy("../demo/policy")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
