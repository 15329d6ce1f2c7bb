package vault

import (
	"errors"
	"slices"
	"testing"
	"time"
)

func codesOf(list []Pending) []string {
	out := []string{}
	for _, p := range list {
		out = append(out, p.Item.Code+"@"+p.Version.Label)
	}
	return out
}

func TestANewPersonIsAskedForEverythingThatRestsOnConsent(t *testing.T) {
	v := testVersion(1, morning, morning, ask("identify", true), ask("marketing", false), tell("tax"))
	p := testPerson(morning, v)
	if got := codesOf(p.Pending()); !slices.Equal(got, []string{"identify@1", "marketing@1"}) {
		t.Errorf("pending: %v", got)
	}
	for _, next := range p.Pending() {
		if next.Required != next.Item.Required || next.RequiredFrom.IsZero() == next.Required {
			t.Errorf("%s: required %t from %s", next.Item.Code, next.Required, next.RequiredFrom)
		}
	}
	s := p.Status()
	if s.Accepted || s.Version != v || !slices.Equal(s.Required, []string{"identify"}) ||
		!slices.Equal(s.Missing, []string{"identify"}) || !s.RequiredFrom.Equal(morning) {
		t.Errorf("%+v", s)
	}
}

func TestDecisionsSettleWhatIsPending(t *testing.T) {
	for name, c := range map[string]struct {
		identify, marketing EventType
		accepted            bool
		pending             []string
	}{
		"all given":                    {Given, Given, true, []string{}},
		"the optional one refused":     {Given, Refused, true, []string{}},
		"the optional one left":        {Given, "", true, []string{"marketing@1"}},
		"the required one refused":     {Refused, Given, false, []string{"identify@1"}},
		"the required one withdrawn":   {Withdrawn, Given, false, []string{"identify@1"}},
		"the optional one withdrawn":   {Given, Withdrawn, true, []string{}},
		"the required one invalidated": {Invalidated, Given, false, []string{"identify@1"}},
	} {
		t.Run(name, func(t *testing.T) {
			v := testVersion(1, morning, morning, ask("identify", true), ask("marketing", false))
			p := testPerson(morning, v)
			for item, kind := range map[string]EventType{"identify": c.identify, "marketing": c.marketing} {
				if kind == Withdrawn || kind == Invalidated {
					p.gives(item, v)
				}
				if kind != "" {
					p.happens(kind, item, v)
				}
			}
			if got := p.Status().Accepted; got != c.accepted {
				t.Errorf("accepted is %t", got)
			}
			if got := codesOf(p.Pending()); !slices.Equal(got, c.pending) {
				t.Errorf("pending: %v", got)
			}
			if err := p.gate(); (err == nil) != c.accepted {
				t.Errorf("the gate: %v", err)
			}
		})
	}
}

func TestAnItemNewlyRequiredCarriesRequiredFrom(t *testing.T) {
	one := testVersion(1, morning, morning, ask("identify", true))
	two := testVersion(2, morning, morning.Add(days(10)), ask("identify", true), ask("contact", true), ask("news", false))
	p := testPerson(morning, one, two)
	p.gives("identify", one)
	list := p.Pending()
	if got := codesOf(list); !slices.Equal(got, []string{"contact@2", "news@2"}) {
		t.Fatalf("pending: %v", got)
	}
	if !list[0].Required || !list[0].RequiredFrom.Equal(two.EffectiveAt) || !list[1].RequiredFrom.IsZero() {
		t.Errorf("%+v", list)
	}
	s := p.Status()
	if !s.Accepted || !slices.Equal(s.Required, []string{"identify"}) || !slices.Equal(s.Missing, []string{"contact"}) ||
		!s.RequiredFrom.Equal(two.EffectiveAt) {
		t.Errorf("before it is in force: %+v", s)
	}
	p.now = two.EffectiveAt
	if s := p.Status(); s.Accepted || p.gate() == nil || !slices.Equal(s.Required, []string{"identify", "contact"}) {
		t.Errorf("in force: %+v", s)
	}
}

func TestAnItemOptionalNowAndRequiredLaterSaysFromWhen(t *testing.T) {
	one := testVersion(1, morning, morning, ask("contact", false))
	two := testVersion(2, morning, morning.Add(days(10)), ask("contact", true))
	p := testPerson(morning, one, two)
	list := p.Pending()
	if got := codesOf(list); !slices.Equal(got, []string{"contact@1", "contact@2"}) {
		t.Fatalf("pending: %v", got)
	}
	if list[0].Required || !list[1].RequiredFrom.Equal(two.EffectiveAt) {
		t.Errorf("%+v", list)
	}
	if s := p.Status(); !s.Accepted || !slices.Equal(s.Missing, []string{"contact"}) || !s.RequiredFrom.Equal(two.EffectiveAt) {
		t.Errorf("%+v", s)
	}
	p.happens(Refused, "contact", one)
	if got := codesOf(p.Pending()); !slices.Equal(got, []string{"contact@2"}) {
		t.Errorf("after refusing: %v", got)
	}
	p.gives("contact", one)
	if got := codesOf(p.Pending()); len(got) != 0 {
		t.Errorf("after agreeing: %v", got)
	}
}

func TestAMissingItemIsNamedOnceWhenEachVersionRequiresIt(t *testing.T) {
	one := testVersion(1, morning, morning, ask("identify", true))
	two := testVersion(2, morning, morning.Add(days(10)), ask("identify", true, "iin"))
	p := testPerson(morning, one, two)
	if s := p.Status(); !slices.Equal(s.Missing, []string{"identify"}) || !s.RequiredFrom.Equal(morning) {
		t.Errorf("%+v", s)
	}
	p.gives("identify", one)
	if s := p.Status(); !s.Accepted || !s.RequiredFrom.Equal(two.EffectiveAt) {
		t.Errorf("%+v", s)
	}
	p.gives("identify", two)
	if s := p.Status(); len(s.Missing) != 0 || !s.RequiredFrom.IsZero() {
		t.Errorf("%+v", s)
	}
}

func TestAnEndedTermIsAskedForAgain(t *testing.T) {
	v := testVersion(1, morning, morning, ask("identify", true), ask("marketing", false))
	v.Facts.Term = new("P1M")
	p := testPerson(morning, v)
	p.gives("identify", v)
	p.happens(Refused, "marketing", v)
	p.now = time.Date(2026, time.April, 2, 9, 0, 0, 0, time.UTC)
	if got := codesOf(p.Pending()); !slices.Equal(got, []string{"identify@1"}) {
		t.Errorf("pending: %v (a refusal has no term)", got)
	}
	p.now = p.now.Add(-time.Millisecond)
	if got := codesOf(p.Pending()); len(got) != 0 {
		t.Errorf("a moment before: %v", got)
	}
}

func TestTheGateNamesTheAppTheVersionAndWhatIsMissing(t *testing.T) {
	v := testVersion(1, morning, morning, ask("identify", true), ask("contact", true))
	err := testPerson(morning, v).gate()
	var e *Error
	if !errors.As(err, &e) || e.Code != CodePolicyNotAccepted {
		t.Fatal(err)
	}
	want := []Param{{"app", "dala"}, {"policyVersionId", v.ID.String()}, {"missing", "identify"}, {"missing", "contact"}}
	if !slices.Equal(e.Params, want) {
		t.Errorf("%v", e.Params)
	}
}

func TestWithNothingInForceTheGateIsClosed(t *testing.T) {
	for name, p := range map[string]*Person{
		"no version at all": testPerson(morning),
		"one to come":       testPerson(morning, testVersion(1, morning, morning.Add(days(1)), ask("identify", true))),
	} {
		if s := p.Status(); s.Accepted || s.Version != nil {
			t.Errorf("%s: %+v", name, s)
		}
		if err := p.gate(); CodeOf(err) != CodePolicyNotAccepted {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAVersionThatAsksForNothingRequiredIsAccepted(t *testing.T) {
	p := testPerson(morning, testVersion(1, morning, morning, ask("marketing", false), tell("tax")))
	if err := p.gate(); err != nil {
		t.Error(err)
	}
}
