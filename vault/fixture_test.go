package vault

import (
	"context"
	"encoding/binary"
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
)

// The world of the tests: one app, a morning in March, ids that count up.

//nolint:gochecknoglobals // flags are a fact about the process
var update = flag.Bool("update", false, "write the golden files anew")

// golden holds bytes against a file. A difference is a change of format: it is
// made on purpose and announced, or it is a mistake.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s changed\n got: %s\nwant: %s", name, got, want)
	}
}

const (
	ownBIN   = "991240000003"
	groupBIN = "991240000402"
	otherBIN = "990840000005"
)

//nolint:gochecknoglobals // Go has no constant moments
var morning = time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)

func days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }

// testID is the n-th id: of the form of UUIDv7, in order.
func testID(n uint64) uuid.UUID {
	id := uuid.UUID{6: 0x70, 8: 0x80}
	binary.BigEndian.PutUint64(id[8:], 1<<63|n)
	return id
}

func words(kk, ru, en string) Words { return Words{{"ru", ru}, {"en", en}, {"kk", kk}} }

func inAll(s string) Words { return words(s, s, s) }

func testCatalogue() Catalogue {
	label := words("өріс", "поле", "field")
	return Catalogue{
		{Code: "familyName", Class: Identity, Kind: KindName, Mask: MaskInitial, Label: words("Тегі", "Фамилия", "Family name")},
		{Code: "birthDate", Class: Identity, Kind: KindBirthDate, Mask: MaskYear, Label: words("Туған күні", "Дата рождения", "Date of birth")},
		{Code: "iin", Class: Identity, Kind: KindIIN, Mask: MaskLast4, Label: words("ЖСН", "ИИН", "IIN"), Index: UniqueWhenVerified},
		{Code: "email", Class: Contact, Kind: KindEmail, Mask: MaskDomain, Label: label, Index: UniqueWhenVerified},
		{Code: "phone", Class: Contact, Kind: KindPhone, Mask: MaskLast4, Label: words("Телефон", "Телефон", "Phone"), Index: UniqueWhenVerified},
	}
}

func testApp() App {
	own := Operator{Code: "dala", Name: words("«Дала» ЖШС", "ТОО «Дала»", "Dala LLP"), BIN: ownBIN}
	delivery := Operator{Code: "delivery", Name: words("«Жеткізу» ЖШС", "ТОО «Доставка»", "Delivery LLP"), BIN: groupBIN}
	return App{
		ID: testID(1), Code: "dala", Name: inAll("Dala"), Operator: own, Owner: own, Group: []Operator{delivery},
		Contacts:  Contacts{Email: "privacy@dala.example"},
		Languages: []string{"kk", "ru", "en"}, AuthoritativeLanguage: "ru", Audiences: []string{"dala-mobile"},
	}
}

// ask is an item that rests on consent and uses the fields.
func ask(code string, required bool, fields ...string) Item {
	item := Item{
		Code: code, Kind: Purpose, Required: required, Basis: BasisConsent,
		Title: inAll("title of " + code), Statement: inAll("statement of " + code), Fields: []ItemField{},
	}
	for _, f := range fields {
		item.Fields = append(item.Fields, ItemField{Field: f})
	}
	return item
}

// tell is an item that rests on the law: nobody is asked for it.
func tell(code string, fields ...string) Item {
	item := ask(code, false, fields...)
	item.Basis = BasisLaw
	return item
}

// goodFacts lack nothing that publication wants.
func goodFacts(items ...Item) Facts {
	return Facts{
		Title: words("Саясат", "Политика", "Policy"), LawTitle: inAll("Law No. 94-V «On Data and Its Protection»"), Items: items,
		ThirdParties: new(false), CrossBorder: new(false), PublicSources: new(false), Withdrawal: inAll("in the app"),
		Approval: &Approval{By: "Director", At: "2026-02-20", Reference: "17-P"},
	}
}

// testVersion is the n-th version, published at a moment and effective then
// or later.
func testVersion(n uint64, published, effective time.Time, items ...Item) *Version {
	v := &Version{
		ID: testID(1000 + n), App: "dala", Label: string(rune('0' + n)), Status: Published, Revision: 1,
		PublishedAt: published, EffectiveAt: effective, Facts: goodFacts(items...), Authoritative: "ru",
		Operators: testApp().OperatorBINs(),
	}
	for _, l := range Languages {
		v.Documents = append(v.Documents, DocumentRef{l, Hash([]byte(v.Label + l)), Hash([]byte(l))})
	}
	return v
}

// testPerson is aPerson, registered, in an app with the versions, published
// in the order given.
func testPerson(now time.Time, versions ...*Version) *Person {
	p := &Person{
		Standing: Standing{App: testApp(), User: &User{ID: testID(2), Status: StatusActive, Revision: 1, CreatedAt: morning}},
		versions: map[uuid.UUID]*Version{}, now: now, login: Pepper{}.Login(aPerson.Issuer, aPerson.Subject),
	}
	for _, v := range versions {
		p.add(v)
	}
	return p
}

// add publishes a version as publication does.
func (p *Person) add(v *Version) {
	var before *Version
	for _, m := range p.timeline {
		if !m.EffectiveAt.After(v.EffectiveAt) {
			before = p.versions[m.Version]
		}
	}
	carryConsents(v, before, nobodyAgain)
	p.versions[v.ID] = v
	p.Published = append(p.Published, Moment{v.ID, v.PublishedAt, v.EffectiveAt})
	p.timeline = NewTimeline(p.Published)
}

// happens appends an event as the person stands now.
func (p *Person) happens(kind EventType, item string, v *Version) ConsentEvent {
	p.User.ConsentSeq++
	e := ConsentEvent{
		ID: testID(5000 + uint64(p.User.ConsentSeq)), User: p.User.ID, Seq: p.User.ConsentSeq, Type: kind, App: p.App.Code,
		Item: item, Version: v.ID, Operators: v.Operators, ReceivedAt: p.now,
	}
	e.Consent = e.ID
	if !e.isDecision() {
		for _, was := range p.History {
			if was.isDecision() && was.Item == item {
				e.Consent = was.Consent
			}
		}
	}
	p.History = append(p.History, e)
	return e
}

// nobodyAgain asks nobody who need not be asked.
func nobodyAgain(string) bool { return false }

func (p *Person) gives(item string, v *Version) ConsentEvent { return p.happens(Given, item, v) }

// alone lets everybody go on: tests of rules have one caller.
type alone struct{}

func (alone) Claim(context.Context, string, []byte, time.Duration) (bool, []byte, error) {
	return true, nil, nil
}

func (alone) Release(context.Context, string) error { return nil }

// testService knows the catalogue, what time it is, and how to count ids.
func testService(now func() time.Time) *Service {
	next := uint64(100_000)
	return New(Config{
		Catalogue: testCatalogue(), Claims: alone{}, Clock: now, Log: slog.New(slog.DiscardHandler),
		NewID: func() uuid.UUID { next++; return testID(next) },
	})
}

func at(moment time.Time) func() time.Time { return func() time.Time { return moment } }
