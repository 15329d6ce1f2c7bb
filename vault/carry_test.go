package vault

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
)

// carried publishes a second version, made from the first by a change, and
// answers whether consent to the item from the first still counts.
func carried(change func(*Facts)) bool {
	item := func() Item {
		i := ask("courier", false, "phone", "email")
		i.Kind, i.Retention = ThirdParties, new("P1Y")
		i.Recipients = []Recipient{{Name: inAll("Jel"), Country: "KZ", Purpose: inAll("delivery")}}
		return i
	}
	one := testVersion(1, morning, morning, item())
	one.Facts.Term, one.Facts.ThirdParties = new("P3Y"), new(true)
	two := testVersion(2, morning.Add(days(1)), morning.Add(days(1)), item())
	two.Facts.Term, two.Facts.ThirdParties = new("P3Y"), new(true)
	change(&two.Facts)
	carryConsents(one, nil, nobodyAgain)
	carryConsents(two, one, nobodyAgain)
	return two.Facts.Items[0].ConsentFrom == one.ID
}

func TestAChangeThatWidensNothingAsksNobodyAgain(t *testing.T) {
	for name, change := range map[string]func(*Facts){
		"nothing":                     func(*Facts) {},
		"shorter retention":           func(f *Facts) { f.Items[0].Retention = new("P6M") },
		"the same retention":          func(f *Facts) { f.Items[0].Retention = new("P12M") },
		"shorter term":                func(f *Facts) { f.Term = new("P1Y") },
		"a field fewer":               func(f *Facts) { f.Items[0].Fields = f.Items[0].Fields[:1] },
		"no recipient any more":       func(f *Facts) { f.Items[0].Recipients = nil },
		"another title":               func(f *Facts) { f.Items[0].Title = inAll("new") },
		"now required":                func(f *Facts) { f.Items[0].Required = true },
		"another item beside it":      func(f *Facts) { f.Items = append(f.Items, ask("news", false, "iin")) },
		"another law, another method": func(f *Facts) { f.LawTitle, f.Withdrawal = inAll("x"), inAll("y") },
	} {
		if !carried(change) {
			t.Errorf("%s: everybody is asked again", name)
		}
	}
}

func TestAChangeThatWidensAnItemAsksAgain(t *testing.T) {
	for name, change := range map[string]func(*Facts){
		"longer retention":      func(f *Facts) { f.Items[0].Retention = new("P13M") },
		"retention without end": func(f *Facts) { f.Items[0].Retention = nil },
		"longer term":           func(f *Facts) { f.Term = new("P3Y1D") },
		"a term without end":    func(f *Facts) { f.Term = nil },
		"a field more":          func(f *Facts) { f.Items[0].Fields = append(f.Items[0].Fields, ItemField{"iin", false}) },
		"another field":         func(f *Facts) { f.Items[0].Fields[0].Field = "iin" },
		"a recipient more": func(f *Facts) {
			f.Items[0].Recipients = append(f.Items[0].Recipients, Recipient{Name: inAll("X"), Country: "KZ"})
		},
		"the recipient moves":     func(f *Facts) { f.Items[0].Recipients[0].Country = "RU" },
		"the recipient's purpose": func(f *Facts) { f.Items[0].Recipients[0].Purpose = inAll("advertising") },
		"other words":             func(f *Facts) { f.Items[0].Statement = inAll("other") },
		"another kind":            func(f *Facts) { f.Items[0].Kind = Publication },
		"another basis":           func(f *Facts) { f.Items[0].Basis = BasisLaw },
		"another code":            func(f *Facts) { f.Items[0].Code = "courier2" },
		"now across the border":   func(f *Facts) { f.CrossBorder = new(true) },
		"now in public":           func(f *Facts) { f.PublicSources = new(true) },
	} {
		if carried(change) {
			t.Errorf("%s: nobody is asked", name)
		}
	}
}

func TestAnotherOperatorAsksAgainAndOneFewerDoesNot(t *testing.T) {
	for want, bins := range map[bool][]string{false: {ownBIN}, true: {ownBIN, groupBIN, otherBIN}} {
		one, two := testVersion(1, morning, morning, ask("a", true)), testVersion(2, morning, morning, ask("a", true))
		two.Operators = bins
		carryConsents(one, nil, nobodyAgain)
		carryConsents(two, one, nobodyAgain)
		if asked := two.Facts.Items[0].ConsentFrom == two.ID; asked != want {
			t.Errorf("operators %v after %v: asked again is %t", bins, one.Operators, asked)
		}
	}
}

func TestATranslationThatIsAddedAsksNobodyAgain(t *testing.T) {
	one, two := testVersion(1, morning, morning, ask("a", true)), testVersion(2, morning, morning, ask("a", true))
	one.Facts.Items[0].Statement = Words{{"ru", "Согласен"}}
	for want, statement := range map[bool]Words{
		false: {{"ru", "Согласен"}, {"kk", "Келісемін"}}, true: {{"ru", "Согласна"}, {"kk", "Келісемін"}},
	} {
		two.Facts.Items[0].Statement = statement
		carryConsents(one, nil, nobodyAgain)
		carryConsents(two, one, nobodyAgain)
		if asked := two.Facts.Items[0].ConsentFrom == two.ID; asked != want {
			t.Errorf("%v: asked again is %t", statement, asked)
		}
	}
}

func TestThirdPartiesForTheFirstTimeAskAgain(t *testing.T) {
	one, two := testVersion(1, morning, morning, ask("a", true)), testVersion(2, morning, morning, ask("a", true))
	two.Facts.ThirdParties = new(true)
	carryConsents(one, nil, nobodyAgain)
	carryConsents(two, one, nobodyAgain)
	if two.Facts.Items[0].ConsentFrom != two.ID {
		t.Error("nobody is asked")
	}
}

func TestConsentFromReachesBackOverSeveralVersions(t *testing.T) {
	one := testVersion(1, morning, morning, ask("contact", true, "phone"))
	two := testVersion(2, morning.Add(days(1)), morning.Add(days(1)), ask("contact", true, "phone"))
	three := testVersion(3, morning.Add(days(2)), morning.Add(days(2)), ask("contact", true, "phone", "email"))
	four := testVersion(4, morning.Add(days(3)), morning.Add(days(3)), ask("contact", true, "email"))
	five := testVersion(5, morning.Add(days(4)), morning.Add(days(4)), ask("contact", true, "email"))
	p := testPerson(morning, one, two, three, four, five)
	for v, want := range map[*Version]uuid.UUID{one: one.ID, two: one.ID, three: three.ID, four: three.ID, five: three.ID} {
		if got := p.versions[v.ID].Facts.Items[0].ConsentFrom; got != want {
			t.Errorf("version %s counts from %s", v.Label, p.versions[got].Label)
		}
	}
	p.gives("contact", one)
	for n, accepted := range map[int]bool{0: true, 1: true, 2: false, 3: false, 4: false} {
		p.now = morning.Add(days(n))
		if got := p.Status().Accepted; got != accepted {
			t.Errorf("day %d: accepted is %t", n, got)
		}
	}
}

func TestANewVersionThatOnlyShortensRetentionDisturbsNobody(t *testing.T) {
	item := ask("contact", true, "phone")
	item.Retention = new("P3Y")
	optional := ask("marketing", false, "phone")
	one := testVersion(1, morning, morning, item, optional)
	item.Retention = new("P1Y")
	two := testVersion(2, morning.Add(days(1)), morning.Add(days(5)), item, optional)

	p := testPerson(morning, one)
	p.gives("contact", one)
	p.happens(Refused, "marketing", one)
	p.add(two)
	for _, moment := range []time.Time{two.PublishedAt, two.EffectiveAt} {
		p.now = moment
		if s := p.Status(); !s.Accepted || len(s.Missing) > 0 || len(p.Pending()) > 0 {
			t.Errorf("%s: %+v, %v", moment, s, codesOf(p.Pending()))
		}
		if got := p.Check("contact", "", moment); got.Reason != ReasonGiven {
			t.Errorf("%s: %s", moment, got.Reason)
		}
	}
}

func TestAWiderVersionAsksThoseWhoRefusedToo(t *testing.T) {
	one := testVersion(1, morning, morning, ask("marketing", false, "phone"))
	two := testVersion(2, morning, morning.Add(days(5)), ask("marketing", false, "phone", "email"))
	p := testPerson(morning, one, two)
	p.happens(Refused, "marketing", one)
	if got := codesOf(p.Pending()); len(got) != 1 || got[0] != "marketing@2" {
		t.Errorf("pending: %v", got)
	}
}

// What was agreed to holds on where something is asked for beside it, and no
// longer where its words, its kind or whom it was said to are others.
func TestOlderConsentsHoldForWhatTheyWereGivenToOrNotAtAll(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Version)
		want   Reason
	}{
		"nothing":       {func(*Version) {}, ReasonGiven},
		"a field more":  {func(v *Version) { v.Facts.Items[0].Fields = append(v.Facts.Items[0].Fields, ItemField{Field: "iin"}) }, ReasonGiven},
		"a longer term": {func(v *Version) { v.Facts.Term = nil }, ReasonGiven},
		"a member more": {func(v *Version) { v.Operators = append(slices.Clone(v.Operators), otherBIN) }, ReasonGiven},
		"a recipient more": {func(v *Version) {
			v.Facts.Items[0].Recipients = append(v.Facts.Items[0].Recipients, Recipient{Name: inAll("Jai"), Country: "TR"})
		}, ReasonGiven},
		"to use it otherwise": {func(v *Version) { v.Facts.Items[0].Recipients[0].Purpose = inAll("advertising") }, ReconsentNeeded},
		"another sentence":    {func(v *Version) { v.Facts.Items[0].Statement = inAll("my data is sold to banks") }, ReconsentNeeded},
		"in one language":     {func(v *Version) { v.Facts.Items[0].Statement[2].Text = "x" }, ReconsentNeeded},
		"another kind":        {func(v *Version) { v.Facts.Items[0].Kind = Publication }, ReconsentNeeded},
		"another owner":       {func(v *Version) { v.Facts.Parties.Owner.BIN = otherBIN }, ReconsentNeeded},
		"it means other things": {func(v *Version) {
			v.Documents[0].TextHash, v.Facts.TextChanges = "x", []TextChange{{v.Documents[0].Locale, MeaningChanged, ReasonContent}}
		}, ReconsentNeeded},
	} {
		was, now := twoVersions(c.change)
		now.PublishedAt, now.EffectiveAt = morning.Add(days(1)), morning.Add(days(2))
		p := testPerson(morning, was)
		p.gives("courier", was)
		p.add(now)
		for moment, want := range map[time.Time]Reason{now.EffectiveAt.Add(-time.Millisecond): ReasonGiven, now.EffectiveAt: c.want} {
			if got := p.Check("courier", "", moment); got.Reason != want || got.Allowed != (want == ReasonGiven) {
				t.Errorf("%s: %s at %s, want %s", name, got.Reason, moment, want)
			}
		}
		again := testVersion(3, morning.Add(days(3)), morning.Add(days(3)), slices.Clone(now.Facts.Items)...)
		again.Facts.Parties, again.Facts.Term, again.Facts.ThirdParties, again.Operators = now.Facts.Parties, now.Facts.Term, now.Facts.ThirdParties, now.Operators
		p.add(again)
		if got := p.Check("courier", "", again.EffectiveAt); got.Reason != c.want {
			t.Errorf("%s, and a version after: %s", name, got.Reason)
		}
	}
}

func TestOnlyTheLawNamedTakesARefusalAway(t *testing.T) {
	for name, c := range map[string]struct {
		basis LawfulBasis
		named bool
		want  Reason
	}{
		"the law, named":   {BasisLaw, true, NotConsentBased},
		"the law, somehow": {BasisLaw, false, ReasonRefused},
		"a contract":       {BasisContract, true, ReasonRefused},
	} {
		one := testVersion(1, morning, morning, ask("marketing", false, "phone"))
		p := testPerson(morning, one)
		p.happens(Refused, "marketing", one)
		for n := range uint64(2) { // the second changes nothing any more
			moment := morning.Add(days(int(n) + 1))
			next := testVersion(n+2, moment, moment, ask("marketing", false, "phone"))
			next.Facts.Items[0].Basis = c.basis
			if c.named && n == 0 {
				next.Acknowledged = []Acknowledgement{{Rule: RuleStillAsked, Reason: "TAX-190"}}
			}
			p.add(next)
			if got := p.Check("marketing", "", moment); got.Reason != c.want {
				t.Errorf("%s: %s", name, got.Reason)
			}
		}
		p.happens(Withdrawn, "marketing", one)
		if got := p.Check("marketing", "", morning.Add(days(9))); c.want != NotConsentBased && got.Reason != ReasonWithdrawn {
			t.Errorf("%s, withdrawn: %s", name, got.Reason)
		}
	}
}
