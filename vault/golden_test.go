package vault

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
)

// What is stored or derived under these bytes can never be read again once
// they change. A failure here is not put right by writing the file anew.

func TestContextOfAPlaceIsFixed(t *testing.T) {
	user := uuid.MustParse("018f3c5e-7a2b-7c4d-9e8f-0123456789ab")
	for field, want := range map[string]string{
		"email":             "kelisim/1/018f3c5e-7a2b-7c4d-9e8f-0123456789ab/email",
		"loyaltyCard":       "kelisim/1/018f3c5e-7a2b-7c4d-9e8f-0123456789ab/loyaltyCard",
		FieldConsentContext: "kelisim/1/018f3c5e-7a2b-7c4d-9e8f-0123456789ab/consentContext",
	} {
		if got := (Place{user, field}).Context(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestInputOfABlindIndexIsFixed(t *testing.T) {
	for want, item := range map[string]IndexItem{
		"kelisim/1/phone\x00+77010000001":         {Field: "phone", Normalised: NewPlain("+77010000001")},
		"kelisim/1/email\x00aigul@mail.example":   {Field: "email", Normalised: NewPlain("aigul@mail.example")},
		"kelisim/1/iin\x00910412400006":           {Field: "iin", Normalised: NewPlain("910412400006"), Reference: testID(1)},
		"kelisim/1/loyaltyCard\x00қымыз\x00құрт":  {Field: "loyaltyCard", Normalised: NewPlain("қымыз\x00құрт")},
		"kelisim/1/email\x00":                     {Field: "email"},
		"kelisim/1/email\x00a@xn--e1afmkfd.test":  {Field: "email", Normalised: NewPlain("a@xn--e1afmkfd.test")},
		"kelisim/1/consentContext\x00\"quoted\" ": {Field: FieldConsentContext, Normalised: NewPlain("\"quoted\" ")},
	} {
		if got := string(item.Input()); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestLoginDigestIsFixed(t *testing.T) {
	// HMAC-SHA-256 of "kelisim/1/subject" 0x00 issuer 0x00 subject, computed elsewhere.
	pepper := Pepper{Version: 3, Key: []byte("0123456789abcdef0123456789abcdef")}
	want := SubjectKey{
		Issuer: "https://id.example", KeyVersion: 3,
		Digest: "159ae0c138bdd23b91714959c450b4325a2602fd571cb915c5b9ad1bee76d221",
	}
	if got := pepper.Login("https://id.example", "demo-user-01"); got != want {
		t.Errorf("got %+v", got)
	}
}

func TestPepperedDigestsKeepPurposesAndPartsApart(t *testing.T) {
	p := Pepper{Version: 1, Key: []byte("key")}
	seen := map[string][]string{}
	for _, parts := range [][]string{{"input", "ab", "c"}, {"input", "a", "bc"}, {"input", "abc"}, {"input", "abc", ""}, {"key", "abc"}, {"subject", "abc"}} {
		digest := p.digest(parts[0], parts[1:]...)
		if other, ok := seen[digest]; ok {
			t.Errorf("%q and %q have one digest", parts, other)
		}
		seen[digest] = parts
	}
	if (Pepper{Key: []byte("other")}).digest("key", "abc") == p.digest("key", "abc") {
		t.Error("the key makes no difference")
	}
}

func TestAuditEventBytesAreFixed(t *testing.T) {
	full := AuditEvent{
		ID: testID(10), At: morning.Add(123 * time.Millisecond), Actor: testID(11), Kind: Support, Role: Support,
		Action: ProfileRevealed, Subject: testID(2), App: "dala", Fields: []string{"phone", "email"}, Purpose: "identify",
		Reason: "PERSON_ASKED", Reference: "SUP-1234", Consent: testID(12), Object: "Act:" + testID(13).String(),
		Outcome: OutcomeMasked, RequestID: "req-1",
	}
	bare := AuditEvent{ID: testID(10), At: morning, Kind: System, Role: System, Action: AppApplied, Outcome: OutcomeOK, RequestID: "cli-1"}
	for name, e := range map[string]AuditEvent{"audit-event.json": full, "audit-event-bare.json": bare} {
		got, err := e.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name, got)
		holdsOnlyStoredJSON(t, got)
	}
}

func TestConsentEventBytesAreFixed(t *testing.T) {
	full := ConsentEvent{
		ID: testID(20), User: testID(2), Seq: 7, Act: testID(21), Consent: testID(20), Type: Given, App: "dala", Item: "marketing",
		Version: testID(1001), Locale: "kk", Document: Hash([]byte("shown")), Operators: []string{groupBIN, ownBIN}, Method: InAppConfirmed,
		GivenBy: BySubject, ReceivedAt: morning.Add(456 * time.Millisecond), DeviceAt: morning.Add(-time.Hour), AppBuild: "4.2.0+318",
	}
	bare := full
	bare.Type, bare.DeviceAt, bare.AppBuild = Withdrawn, time.Time{}, ""
	paper := bare
	paper.Type, paper.Method, paper.GivenBy, paper.Ground = Given, Written, ByRepresentative, Guardian
	paper.Reference, paper.SignedAt = "DOC-2026/118", morning.AddDate(0, 0, -3)
	invalid := bare
	invalid.Type, invalid.Method, invalid.GivenBy, invalid.Reference, invalid.Reason = Invalidated, OperatorAct, ByOperator, "ACT-7", Fraud
	for name, e := range map[string]ConsentEvent{
		"consent-event.json": full, "consent-event-bare.json": bare,
		"consent-event-paper.json": paper, "consent-event-invalid.json": invalid,
	} {
		got, err := e.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name, got)
		holdsOnlyStoredJSON(t, got)
	}
}

func TestBytesOfAnEventDoNotDependOnItsTimeZone(t *testing.T) {
	almaty := time.FixedZone("Almaty", 5*60*60)
	a, errA := ConsentEvent{ReceivedAt: morning, DeviceAt: morning}.Bytes()
	b, errB := ConsentEvent{ReceivedAt: morning.In(almaty), DeviceAt: morning.In(almaty)}.Bytes()
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		t.Errorf("%s\n%s\n%v %v", a, b, errA, errB)
	}
}

// holdsOnlyStoredJSON: version 1, and strings, integers, booleans and arrays.
func holdsOnlyStoredJSON(t *testing.T, raw []byte) {
	t.Helper()
	var tree map[string]any
	if err := json.Unmarshal(raw, &tree); err != nil {
		t.Fatal(err)
	}
	if tree["v"] != float64(1) {
		t.Errorf("v is %v", tree["v"])
	}
	for name, v := range tree {
		if _, object := v.(map[string]any); object || v == nil {
			t.Errorf("%s is %v", name, v)
		}
	}
	if again, err := Canonical(json.RawMessage(raw)); err != nil || !bytes.Equal(again, raw) {
		t.Errorf("not canonical: %s, %v", raw, err)
	}
}

// demoVersion says everything that a version can say.
func demoVersion() *Version {
	identify := ask("identify", true)
	identify.Title = words("Сәйкестендіру", "Идентификация", "Identification")
	identify.Statement = words("Тегімді өңдеуге келісемін.", "Согласен на обработку моей фамилии.", "I agree to my family name being processed.")
	identify.Fields = []ItemField{{"familyName", true}, {"iin", false}}
	courier := ask("courier", false, "phone", "familyName")
	courier.Kind = ThirdParties
	courier.Title = words("Курьерге беру", "Передача курьеру", "Transfer to a courier")
	courier.Statement = Words{{"ru", "Согласен на передачу моего телефона."}} // the other languages are missing
	courier.Retention = new("P30D")
	courier.Recipients = []Recipient{{
		Name:    words("«Жел» ЖШС", "ТОО «Жел»", "Jel LLP"),
		Country: "KZ", Purpose: words("тапсырыс жеткізу", "доставка заказов", "delivery of orders"),
	}}
	accounting := tell("accounting", "familyName")
	accounting.Title = words("Есепке алу", "Учёт", "Accounting")
	accounting.Statement = words("Заң талап етеді.", "Этого требует закон.", "The law requires it.")
	accounting.Retention = new("P5Y")
	loyalty := ask("loyalty", false, "loyaltyCard")
	loyalty.Title, loyalty.Statement = words("Адалдық", "Лояльность", "Loyalty"), words("Келісемін.", "Согласен.", "I agree.")
	loyalty.Retention = new("P1Y6M")

	v := testVersion(1, morning, morning, identify, courier, loyalty, accounting)
	v.Facts.Term, v.Facts.ThirdParties = new("P3Y"), new(true)
	v.Facts.LawTitle = words("«Дербес деректер және оларды қорғау туралы» ҚР Заңы",
		"Закон РК «О персональных данных и их защите»", "RK Law “On Personal Data and Their Protection”")
	v.Facts.Withdrawal = words("Қосымшада, кез келген уақытта.", "В приложении, в любое время.", "In the app, at any time.")
	v.Facts.Fields = []Field{{
		Code: "loyaltyCard", Class: Other, Kind: KindText, Mask: MaskLast4,
		Label: words("Адалдық картасы", "Карта лояльности", "Loyalty card"),
	}}
	return v
}

// The hashes are what consents pin: they are stated here, beside the files.
var documentHashes = map[string]string{
	"kk": "2ab23e7789a826a386337a86d58fb0c86849aae81a2a604f51d0dfbde61fe24e",
	"ru": "4c6504e644baf74c06517c0221ffad892fce0ae2700b6ffeb0fd784dd89b3cdd",
	"en": "6876c679e190e07c2ef63f2ae8563e627cfc625ff80132bb2e72b1ad9de0ed19",
}

func TestDocumentOfAVersionIsFixedInEachLanguage(t *testing.T) {
	texts := map[string]string{
		"kk": "# Құпиялылық саясаты\n\nҚысқа мәтін.\n",
		"ru": "# Политика конфиденциальности\r\n\r\nКороткий текст — «с кавычками».\r\n",
		"en": "# Privacy Policy\n\nA short text: <b>, & and \u2028.\n",
	}
	for locale, words := range texts {
		d, err := NewDocument(testApp(), testCatalogue(), demoVersion(), PolicyText{locale, words})
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "document."+locale+".json", d.Canonical)
		golden(t, "form."+locale+".md", []byte(consentForm(testApp(), testCatalogue(), demoVersion(), locale)))
		if d.Hash != documentHashes[locale] || d.Hash != Hash(d.Canonical) {
			t.Errorf("%s: the hash is %s", locale, d.Hash)
		}
		if d.TextHash != Hash([]byte(words)) {
			t.Errorf("%s: the hash of the text is not that of its bytes", locale)
		}
		var read Document
		if err := json.Unmarshal(d.Canonical, &read); err != nil || read.Text != words {
			t.Errorf("%s: the text's bytes are not kept: %q, %v", locale, read.Text, err)
		}
	}
}

func TestEveryPartOfADocumentChangesItsHash(t *testing.T) {
	document := func(change func(*App, *Version, *PolicyText)) string {
		app, v, words := testApp(), demoVersion(), PolicyText{"ru", "# Политика\n"}
		change(&app, v, &words)
		d, err := NewDocument(app, testCatalogue(), v, words)
		if err != nil {
			t.Fatal(err)
		}
		return d.Hash
	}
	same := document(func(*App, *Version, *PolicyText) {})
	for name, change := range map[string]func(*App, *Version, *PolicyText){
		"text":           func(_ *App, _ *Version, t *PolicyText) { t.Text += " " },
		"title":          func(_ *App, v *Version, _ *PolicyText) { v.Facts.Title = inAll("Другая") },
		"statement":      func(_ *App, v *Version, _ *PolicyText) { v.Facts.Items[0].Statement = inAll("Иное") },
		"item's title":   func(_ *App, v *Version, _ *PolicyText) { v.Facts.Items[0].Title = inAll("Иное") },
		"term":           func(_ *App, v *Version, _ *PolicyText) { v.Facts.Term = new("P4Y") },
		"third parties":  func(_ *App, v *Version, _ *PolicyText) { v.Facts.ThirdParties = new(false) },
		"cross-border":   func(_ *App, v *Version, _ *PolicyText) { v.Facts.CrossBorder = new(true) },
		"public sources": func(_ *App, v *Version, _ *PolicyText) { v.Facts.PublicSources = new(true) },
		"a field":        func(_ *App, v *Version, _ *PolicyText) { v.Facts.Items[0].Fields = v.Facts.Items[0].Fields[:1] },
		"required":       func(_ *App, v *Version, _ *PolicyText) { v.Facts.Items[1].Required = true },
		"retention":      func(_ *App, v *Version, _ *PolicyText) { v.Facts.Items[1].Retention = new("P60D") },
		"recipient":      func(_ *App, v *Version, _ *PolicyText) { v.Facts.Items[1].Recipients[0].Country = "RU" },
		"what for":       func(_ *App, v *Version, _ *PolicyText) { v.Facts.Items[1].Recipients[0].Purpose = inAll("иное") },
		"withdrawal":     func(_ *App, v *Version, _ *PolicyText) { v.Facts.Withdrawal = inAll("письмом") },
		"law":            func(_ *App, v *Version, _ *PolicyText) { v.Facts.LawTitle = inAll("иной закон") },
		"operator":       func(a *App, _ *Version, _ *PolicyText) { a.Operator.BIN = otherBIN },
		"group":          func(a *App, _ *Version, _ *PolicyText) { a.Group = nil },
		"an item":        func(_ *App, v *Version, _ *PolicyText) { v.Facts.Items = v.Facts.Items[:3] },
		"items' order":   func(_ *App, v *Version, _ *PolicyText) { slices.Reverse(v.Facts.Items) },
	} {
		if document(change) == same {
			t.Errorf("the hash does not depend on: %s", name)
		}
	}
}

func TestTextThatIsNotUTF8IsRefused(t *testing.T) {
	_, err := NewDocument(testApp(), testCatalogue(), demoVersion(), PolicyText{"ru", "# Политика \xff\n"})
	if CodeOf(err) != CodeInvalidValue {
		t.Error(err)
	}
}

func TestTitleOfATextIsItsFirstWords(t *testing.T) {
	for in, want := range map[string]string{
		"\n\n# Политика\nтекст":   "Политика",
		"Политика\r\n## Раздел":   "Политика",
		"\n##\n \n ## Саясат  \n": "Саясат",
		"":                        "",
		"\n#\n":                   "",
	} {
		if got := (PolicyText{Text: in}).Title(); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func TestDurationsAreSaidAsTheLanguageCounts(t *testing.T) {
	for iso, want := range map[string][3]string{
		"P1Y":    {"1 жыл", "1 год", "1 year"},
		"P3Y":    {"3 жыл", "3 года", "3 years"},
		"P5Y":    {"5 жыл", "5 лет", "5 years"},
		"P11Y":   {"11 жыл", "11 лет", "11 years"},
		"P21Y":   {"21 жыл", "21 год", "21 years"},
		"P6M":    {"6 ай", "6 месяцев", "6 months"},
		"P30D":   {"30 күн", "30 дней", "30 days"},
		"P112D":  {"112 күн", "112 дней", "112 days"},
		"P122D":  {"122 күн", "122 дня", "122 days"},
		"P1Y6M":  {"1 жыл 6 ай", "1 год 6 месяцев", "1 year 6 months"},
		"P01M1D": {"1 ай 1 күн", "1 месяц 1 день", "1 month 1 day"},
	} {
		for i, locale := range Languages {
			f := form{formWords: forms[locale], locale: locale}
			if got := f.duration(&iso); got != want[i] {
				t.Errorf("%s in %s: %q, want %q", iso, locale, got, want[i])
			}
		}
	}
}
