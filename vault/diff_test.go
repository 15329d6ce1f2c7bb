package vault

import (
	"slices"
	"strings"
	"testing"
)

// twoVersions are a version and one made from it by a change.
func twoVersions(change func(*Version)) (was, now *Version) {
	version := func(n uint64) *Version {
		item := ask("courier", false, "phone", "email")
		item.Kind, item.Retention = ThirdParties, new("P1Y")
		item.Recipients = []Recipient{{Name: inAll("Jel"), Country: "KZ", Purpose: inAll("delivery")}}
		v := testVersion(n, morning, morning, item, ask("news", true, "email"))
		v.Facts.Term, v.Facts.ThirdParties = new("P3Y"), new(true)
		v.Facts.Fields = []Field{{Code: "club", Class: Other, Kind: KindText, Mask: MaskLast4, Label: inAll("club")}}
		v.name(testApp())
		for i := range v.Facts.Items {
			v.Facts.Items[i].ConsentFrom = testID(1001)
		}
		return v
	}
	was, now = version(1), version(2)
	change(now)
	return was, now
}

func TestEachChangeIsFoundOnceAndSaysWhatItMeans(t *testing.T) {
	first := func(v *Version) *Item { return &v.Facts.Items[0] }
	for want, change := range map[string]func(*Version){
		"":                              func(*Version) {},
		"ITEM_ADDED/WIDENING/extra":     func(v *Version) { v.Facts.Items = append(v.Facts.Items, ask("extra", false)) },
		"ITEM_REMOVED/NARROWING/news":   func(v *Version) { v.Facts.Items = v.Facts.Items[:1] },
		"ITEM_KIND/WIDENING/courier":    func(v *Version) { first(v).Kind = Purpose },
		"ITEM_UNASKED/WIDENING/courier": func(v *Version) { first(v).Basis = BasisLaw },
		"ITEM_ADDED/WIDENING/tax FIELD_UNASKED/WIDENING/tax": func(v *Version) {
			v.Facts.Items = append(v.Facts.Items, tell("tax", "phone"))
		},
		"ITEM_REQUIRED/TIGHTENING/courier":    func(v *Version) { first(v).Required = true },
		"ITEM_OPTIONAL/NARROWING/news":        func(v *Version) { v.Facts.Items[1].Required = false },
		"ITEM_TITLE/CORRECTION/courier":       func(v *Version) { first(v).Title = inAll("Courier") },
		"FIELD_ADDED/WIDENING/courier":        func(v *Version) { first(v).Fields = append(first(v).Fields, ItemField{Field: "iin"}) },
		"FIELD_REMOVED/NARROWING/courier":     func(v *Version) { first(v).Fields = first(v).Fields[:1] },
		"FIELD_REQUIRED/TIGHTENING/courier":   func(v *Version) { first(v).Fields[0].Required = true },
		"RETENTION/WIDENING/courier":          func(v *Version) { first(v).Retention = new("P2Y") },
		"RETENTION/NARROWING/courier":         func(v *Version) { first(v).Retention = new("P1M") },
		"RETENTION/CORRECTION/courier":        func(v *Version) { first(v).Retention = new("P12M") },
		"RECIPIENT_REMOVED/NARROWING/courier": func(v *Version) { first(v).Recipients = nil },
		"RECIPIENT_ADDED/WIDENING/courier": func(v *Version) {
			first(v).Recipients = append(first(v).Recipients, Recipient{Name: inAll("Jai"), Country: "TR"})
		},
		"STATEMENT/WIDENING/courier": func(v *Version) {
			first(v).Statement = Words{{"ru", "новое"}, {"en", "statement of courier"}, {"kk", "statement of courier"}}
		},
		"TERM/WIDENING/":            func(v *Version) { v.Facts.Term = nil },
		"TERM/NARROWING/":           func(v *Version) { v.Facts.Term = new("P1Y") },
		"OPERATOR_JOINED/WIDENING/": func(v *Version) { v.Operators = append(slices.Clone(v.Operators), otherBIN) },
		"OPERATOR_LEFT/NARROWING/":  func(v *Version) { v.Operators = v.Operators[:1] },
		"CROSS_BORDER/WIDENING/":    func(v *Version) { v.Facts.CrossBorder = new(true) },
		"THIRD_PARTIES/NARROWING/":  func(v *Version) { v.Facts.ThirdParties = new(false) },
		"TEXT/CORRECTION/":          func(v *Version) { v.Documents[1].TextHash = "other" },
		"TEXT_ADDED/CORRECTION/":    func(v *Version) { v.Documents = append(v.Documents, DocumentRef{Locale: "de"}) },
		"TEXT_REMOVED/CORRECTION/":  func(v *Version) { v.Documents = v.Documents[:2] },
		"LAW_TITLE/CORRECTION/":     func(v *Version) { v.Facts.LawTitle = inAll("Law") },
		"WITHDRAWAL/CORRECTION/":    func(v *Version) { v.Facts.Withdrawal = inAll("by letter") },
		"OWNER/WIDENING/":           func(v *Version) { v.Facts.Parties.Owner = Operator{Name: inAll("X"), BIN: otherBIN} },
		"OPERATOR/WIDENING/ OWNER/WIDENING/": func(v *Version) { // both of the same group as before
			v.Facts.Parties.Operator, v.Facts.Parties.Owner = v.Facts.Parties.Group[0], v.Facts.Parties.Group[0]
		},
		"OPERATOR_NAME/CORRECTION/":         func(v *Version) { v.Facts.Parties.Operator.Name = inAll("new name") },
		"CONTACTS/CORRECTION/":              func(v *Version) { v.Facts.Parties.Contacts.Address = inAll("elsewhere") },
		"RESPONSIBLE_PERSON/CORRECTION/":    func(v *Version) { v.Facts.Parties.ResponsiblePerson.Email = "new@dala.example" },
		"EXTERNAL_LINKS/CORRECTION/":        func(v *Version) { v.Facts.ExternalLinks = []ExternalLink{{inAll("bank"), "https://bank.example"}} },
		"APPROVAL/CORRECTION/":              func(v *Version) { v.Facts.Approval = &Approval{By: "Board", At: "2026-02-20", Reference: "18-P"} },
		"FIELD_MASK/CORRECTION/":            func(v *Version) { v.Facts.Fields[0].Mask = MaskYear },
		"FIELD_KIND/WIDENING/":              func(v *Version) { v.Facts.Fields[0].Kind = KindPhone },
		"FIELD_HELP/CORRECTION/":            func(v *Version) { v.Facts.Fields[0].Help = inAll("so") },
		"FIELD_LABEL/CORRECTION/":           func(v *Version) { v.Facts.Fields[0].Label = inAll("so") },
		"ITEM_ASKED_AGAIN/WIDENING/courier": func(v *Version) { first(v).ConsentFrom = v.ID },
	} {
		was, now := twoVersions(change)
		var got []string
		for _, c := range DescribeChanges(testApp(), testCatalogue(), was, now) {
			got = append(got, string(c.Kind)+"/"+string(c.Effect)+"/"+c.Item)
			for _, locale := range Languages {
				sentence, ok := WordsIn(c.Sentence, locale)
				if !ok || sentence == "" || strings.ContainsAny(sentence, "{}") || strings.Contains(sentence, "()") && c.Locale != "de" {
					t.Errorf("%s in %s: %q", want, locale, sentence)
				}
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("want %s, got %v", want, got)
		}
	}
}

func TestWhatMayLastLongerIsWider(t *testing.T) {
	for c, want := range map[[2]string]Effect{
		{"P59D", "P2M"}: Widening, {"P90D", "P3M"}: Widening, {"P365D", "P1Y"}: Widening, {"P28D", "P1M"}: Widening, {"P1460D", "P4Y"}: Widening,
		{"P2M", "P61D"}: Widening, {"P1Y", "P1Y1D"}: Widening, {"P11M", "P1Y"}: Widening, {"P364D", "P12M"}: Widening,
		{"P2M", "P59D"}: Narrowing, {"P92D", "P3M"}: Narrowing, {"P366D", "P1Y"}: Narrowing, {"P31D", "P1M"}: Narrowing, {"P1Y", "P365D"}: Narrowing,
		{"P12M", "P1Y"}: Corrected, {"P3Y6M", "P42M"}: Corrected,
	} {
		if got := lasting(&c[0], &c[1]); got != want {
			t.Errorf("%s to %s is %s, want %s", c[0], c[1], got, want)
		}
	}
	if lasting(new("P99Y"), nil) != Widening || lasting(nil, new("P99Y")) != Narrowing || lasting(nil, nil) != Corrected {
		t.Error("no end is the longest")
	}
}

func TestWhatChangedIsSaidInTheReadersLanguage(t *testing.T) {
	was, now := twoVersions(func(v *Version) {
		v.Facts.Items[0].Title = words("Курьер", "Курьер", "Courier")
		v.Facts.Items[0].Fields = append(v.Facts.Items[0].Fields, ItemField{Field: "iin"})
		v.Facts.Items[0].Retention = new("P5Y")
	})
	var got []string
	for _, c := range DescribeChanges(testApp(), testCatalogue(), was, now) {
		for _, w := range c.Sentence {
			got = append(got, w.Text)
		}
	}
	for _, want := range []string{
		"«Курьер»: жаңа деректер пайдаланылады – ЖСН.", "«Курьер»: используются новые данные — ИИН.", "“Courier”: further data is used: IIN.",
		"«Курьер»: сақтау мерзімі бұрын – 1 жыл, енді – 5 жыл.", "«Курьер»: изменился срок хранения; был — 1 год, стал — 5 лет.",
		"“Courier”: the retention period was 1 year and is now 5 years.",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is not said; there is %q", want, got)
		}
	}
}

func TestAPublisherMayAskMoreAndNeverFewer(t *testing.T) {
	for name, c := range map[string]struct {
		in    Publishing
		wider bool
		again bool
	}{
		"nothing wider":                 {Publishing{}, false, false},
		"wider":                         {Publishing{}, true, true},
		"stricter about this item":      {Publishing{AskAgain: []string{"courier"}}, false, true},
		"stricter about everything":     {Publishing{AskEverybodyAgain: true}, false, true},
		"stricter about another item":   {Publishing{AskAgain: []string{"news"}}, false, false},
		"wider, and the other is named": {Publishing{AskAgain: []string{"news"}}, true, true},
	} {
		was, now := twoVersions(func(v *Version) {
			if c.wider {
				v.Facts.Items[0].Retention = nil
			}
		})
		carryConsents(was, nil, nobodyAgain)
		carryConsents(now, was, c.in.asks)
		if got := now.Facts.Items[0].ConsentFrom == now.ID; got != c.again {
			t.Errorf("%s: asked again is %t", name, got)
		}
	}
}

// everyWord are changes of words that people read, in Kazakh alone, which no fact
// tells from a slip of the pen.
var everyWord = map[string]func(*Version){
	"the text":                func(v *Version) { v.Documents[2].TextHash = "x" },
	"the text is gone":        func(v *Version) { v.Documents = v.Documents[:2] },
	"a sentence":              func(v *Version) { v.Facts.Items[0].Statement[2].Text = "x" },
	"a sentence is gone":      func(v *Version) { v.Facts.Items[0].Statement = v.Facts.Items[0].Statement[:2] },
	"an item's title":         func(v *Version) { v.Facts.Items[0].Title[2].Text = "x" },
	"the title":               func(v *Version) { v.Facts.Title[2].Text = "x" },
	"the law's title":         func(v *Version) { v.Facts.LawTitle[2].Text = "x" },
	"how to withdraw":         func(v *Version) { v.Facts.Withdrawal[2].Text = "x" },
	"a field's label":         func(v *Version) { v.Facts.Fields[0].Label[2].Text = "x" },
	"a field's explanation":   func(v *Version) { v.Facts.Fields[0].Help = Words{{"kk", "x"}} },
	"what a link says":        func(v *Version) { v.Facts.ExternalLinks[0].Title[2].Text = "x" },
	"when the purposes end":   func(v *Version) { v.Facts.PurposesEnd[2].Text = "x" },
	"a sentence is withdrawn": func(v *Version) { v.Facts.Items[1].Statement = v.Facts.Items[1].Statement[:2] },
}

// worded are two versions that have words of every sort.
func wordy(change func(*Version)) (was, now *Version) {
	all := func(v *Version) {
		v.Documents = slices.Clone(v.Documents)
		slices.SortFunc(v.Documents, func(a, b DocumentRef) int { return strings.Compare(b.Locale, a.Locale) }) // ru, kk, en
		v.Documents[1], v.Documents[2] = v.Documents[2], v.Documents[1]
		v.Facts.Fields = []Field{{Code: "club", Class: Other, Kind: KindText, Mask: MaskLast4, Label: inAll("club")}}
		v.Facts.ExternalLinks = []ExternalLink{{Title: inAll("bank"), URL: "https://bank.example"}}
		v.Facts.Term, v.Facts.PurposesEnd = nil, inAll("when the account is closed")
	}
	was, now = twoVersions(func(*Version) {})
	all(was)
	all(now)
	change(now)
	return was, now
}

func TestNoWordChangesUnlessThePublisherSaysWhatItMeans(t *testing.T) {
	for name, change := range everyWord {
		was, now := wordy(change)
		for _, c := range []struct {
			say     []TextChange
			refused bool
		}{
			{nil, true},
			{[]TextChange{{"en", MeaningCorrected, ReasonTypo}}, true}, // another language
			{[]TextChange{{"kk", MeaningCorrected, ReasonTypo}}, false},
			{[]TextChange{{"", MeaningCorrected, ReasonTypo}}, false}, // whichever it is
			{[]TextChange{{"kk", MeaningChanged, ReasonContent}, {"", MeaningCorrected, ReasonTypo}}, true},
		} {
			said, err := (Publishing{TextChanges: c.say}).declarations(now, was)
			if (err != nil) != c.refused {
				t.Errorf("%s, %v: %v", name, c.say, err)
			}
			if err == nil && (len(said) != 1 || said[0].Locale != "kk") {
				t.Errorf("%s: on record is %v", name, said)
			}
		}
		now.Facts.TextChanges = []TextChange{{"kk", MeaningChanged, ReasonContent}}
		if len(Compare(was, now).AskedAgain(now)) == 0 {
			t.Errorf("%s: it means something else, and nobody is asked", name)
		}
		back := *was // what comes back takes a declaration as well
		if got := Reworded(now, &back); !slices.Equal(got, []string{"kk"}) {
			t.Errorf("%s, and back: %v", name, got)
		}
	}
}

func TestWhatIsDeclaredIsAboutWordsThatChanged(t *testing.T) {
	correction := TextChange{"kk", MeaningCorrected, ReasonTypo}
	for name, c := range map[string]struct {
		change  func(*Version)
		say     []TextChange
		refused bool
	}{
		"nothing changed":            {func(*Version) {}, nil, false},
		"nothing, and a meaning":     {func(*Version) {}, []TextChange{{"kk", MeaningChanged, ReasonContent}}, true},
		"nothing, and all of it":     {func(*Version) {}, []TextChange{{"", MeaningChanged, ReasonContent}}, true},
		"two, and one is declared":   {func(v *Version) { v.Documents[2].TextHash, v.Documents[1].TextHash = "x", "y" }, []TextChange{correction}, true},
		"all of three":               {func(v *Version) { v.Facts.Title = inAll("x") }, []TextChange{{"", MeaningCorrected, ReasonTypo}}, false},
		"one of them by itself":      {func(v *Version) { v.Facts.Title = inAll("x") }, []TextChange{correction, {"", MeaningCorrected, ReasonTypo}}, false},
		"a new item has words":       {func(v *Version) { v.Facts.Items = append(v.Facts.Items, ask("club", false)) }, nil, false},
		"no such reason":             {everyWord["the text"], []TextChange{{"kk", MeaningCorrected, "BECAUSE"}}, true},
		"no such meaning":            {everyWord["the text"], []TextChange{{"kk", "", ReasonTypo}}, true},
		"no such language":           {everyWord["the text"], []TextChange{correction, {"fr", MeaningCorrected, ReasonTypo}}, true},
		"said twice":                 {everyWord["the text"], []TextChange{correction, correction}, true},
		"the first one says nothing": {nil, []TextChange{correction}, true},
	} {
		var was, now *Version
		if c.change == nil {
			_, now = wordy(func(*Version) {})
		} else {
			was, now = wordy(c.change)
		}
		if _, err := (Publishing{TextChanges: c.say}).declarations(now, was); (err != nil) != c.refused {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestADeclaredChangeOfMeaningAsksEverybodyAndACorrectionNobody(t *testing.T) {
	for meaning, again := range map[TextMeaning]bool{MeaningChanged: true, MeaningCorrected: false} {
		was, now := twoVersions(func(v *Version) {
			v.Documents[0].TextHash = "x"
			v.Facts.TextChanges = []TextChange{{"kk", meaning, ReasonTranslation}}
		})
		carryConsents(was, nil, nobodyAgain)
		carryConsents(now, was, nobodyAgain)
		for _, item := range now.Facts.Items {
			if got := item.ConsentFrom == now.ID; got != again {
				t.Errorf("%s: %s: asked again is %t", meaning, item.Code, got)
			}
		}
	}
}

func TestWhoeverIsAskedAgainReadsWhatChangedForThem(t *testing.T) {
	first := ask("contact", true, "phone")
	one := testVersion(1, morning, morning, first, ask("news", false, "email"))
	wider := ask("contact", true, "phone", "iin")
	two := testVersion(2, morning.Add(days(1)), morning.Add(days(9)), wider, ask("news", false, "email"), ask("club", false, "email"))
	p := testPerson(morning, one)
	p.gives("contact", one)
	p.happens(Refused, "news", one)
	p.add(two)
	p.now = two.PublishedAt
	got := map[string][]string{}
	for _, next := range p.Pending() {
		got[next.Item.Code] = []string{}
		for _, c := range next.Changes(testCatalogue()) {
			got[next.Item.Code] = append(got[next.Item.Code], string(c.Kind))
		}
		if next.Required && !next.RequiredFrom.Equal(two.EffectiveAt) {
			t.Errorf("%s: required from %s", next.Item.Code, next.RequiredFrom)
		}
	}
	if len(got) != 2 || !slices.Equal(got["contact"], []string{"FIELD_ADDED"}) || !slices.Equal(got["club"], []string{"ITEM_ADDED"}) {
		t.Errorf("pending, with changes: %v", got)
	}
	for _, next := range testPerson(morning, one).Pending() {
		if changes := next.Changes(testCatalogue()); len(changes) > 0 {
			t.Errorf("who never decided reads of a change: %v", changes)
		}
	}
}

func TestWhatWasWiderInBetweenIsAskedAgain(t *testing.T) {
	one := testVersion(1, morning, morning, ask("contact", true, "phone"))
	two := testVersion(2, morning.Add(days(1)), morning.Add(days(1)), ask("contact", true, "phone", "iin"))
	three := testVersion(3, morning.Add(days(2)), morning.Add(days(2)), ask("contact", true, "phone"))
	p := testPerson(morning.Add(days(3)), one, two, three)
	p.gives("contact", one)
	next := p.Pending()
	if len(next) != 1 {
		t.Fatalf("%v", codesOf(next))
	}
	changes := next[0].Changes(testCatalogue())
	if len(changes) != 1 || changes[0].Kind != ItemAskedAgain {
		t.Errorf("%v", changes)
	}
}
