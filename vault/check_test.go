package vault

import (
	"slices"
	"testing"
	"time"
)

func TestEveryReasonOfACheckIsReached(t *testing.T) {
	later := morning.Add(days(100))
	first := func() *Version {
		v := testVersion(1, morning, morning, ask("identify", true, "familyName"), ask("marketing", false, "phone"), tell("tax", "iin"))
		v.Facts.Term = new("P30D")
		return v
	}
	for name, c := range map[string]struct {
		happens  func(p *Person, v *Version)
		item     string
		operator string
		after    time.Duration
		want     Reason
	}{
		"agreed to": {func(p *Person, v *Version) { p.gives("marketing", v) }, "marketing", "", 0, ReasonGiven},
		"agreed to, for a member of the group": {
			func(p *Person, v *Version) { p.gives("marketing", v) }, "marketing", groupBIN, 0, ReasonGiven,
		},
		"the last moment of the term": {
			func(p *Person, v *Version) { p.gives("marketing", v) }, "marketing", "", days(30) - time.Millisecond, ReasonGiven,
		},
		"the end of the term": {
			func(p *Person, v *Version) { p.gives("marketing", v) }, "marketing", "", days(30), ReasonExpired,
		},
		"resting on the law":               {nil, "tax", "", 0, NotConsentBased},
		"on the law, for the group":        {nil, "tax", groupBIN, 0, NotConsentBased},
		"on the law, for a stranger":       {nil, "tax", otherBIN, 0, OperatorNotCovered},
		"refused":                          {func(p *Person, v *Version) { p.happens(Refused, "marketing", v) }, "marketing", "", 0, ReasonRefused},
		"withdrawn":                        {func(p *Person, v *Version) { p.gives("marketing", v); p.happens(Withdrawn, "marketing", v) }, "marketing", "", 0, ReasonWithdrawn},
		"invalidated":                      {func(p *Person, v *Version) { p.gives("marketing", v); p.happens(Invalidated, "marketing", v) }, "marketing", "", 0, ReasonInvalidated},
		"never asked":                      {nil, "marketing", "", 0, NeverAsked},
		"another item was agreed to":       {func(p *Person, v *Version) { p.gives("identify", v) }, "marketing", "", 0, NeverAsked},
		"an item of no version":            {nil, "profiling", "", 0, UnknownPurpose},
		"before anything was in force":     {func(p *Person, v *Version) { p.gives("marketing", v) }, "marketing", "", -time.Hour, NotInForce},
		"a stranger's operator":            {func(p *Person, v *Version) { p.gives("marketing", v) }, "marketing", otherBIN, 0, OperatorNotCovered},
		"blocked":                          {func(p *Person, v *Version) { p.gives("marketing", v); p.User.Status = StatusBlocked }, "marketing", "", 0, UserIsBlocked},
		"blocked, resting on the law":      {func(p *Person, _ *Version) { p.User.Status = StatusBlocked }, "tax", "", 0, UserIsBlocked},
		"erased":                           {func(p *Person, v *Version) { p.gives("marketing", v); p.User.Status = StatusErased }, "marketing", "", 0, UserIsErased},
		"not registered":                   {func(p *Person, _ *Version) { p.User = nil }, "marketing", "", 0, NeverAsked},
		"a version that cannot be read":    {func(p *Person, _ *Version) { p.gives("marketing", testVersion(9, morning, morning)) }, "marketing", "", 0, NotInForce},
		"agreed to only from a later date": {func(p *Person, _ *Version) { p.gives("marketing", p.versions[testID(1002)]) }, "marketing", "", 0, NotInForce},
		"agreed to early, once it counts":  {func(p *Person, _ *Version) { p.gives("marketing", p.versions[testID(1002)]) }, "marketing", "", days(100), ReasonGiven},
	} {
		t.Run(name, func(t *testing.T) {
			v := first()
			p := testPerson(morning, v, testVersion(2, morning, later, ask("marketing", false, "phone")))
			if c.happens != nil {
				c.happens(p, v)
			}
			got := p.Check(c.item, c.operator, morning.Add(c.after))
			if got.Reason != c.want {
				t.Errorf("answers %s, want %s", got.Reason, c.want)
			}
			if allowed := c.want == ReasonGiven || c.want == NotConsentBased; got.Allowed != allowed {
				t.Errorf("allowed is %t for %s", got.Allowed, got.Reason)
			}
			if !got.AsOf.Equal(morning.Add(c.after)) {
				t.Errorf("as of %s", got.AsOf)
			}
		})
	}
}

func TestTheOldConsentGoesOnForItsOldScope(t *testing.T) {
	narrow := testVersion(1, morning, morning, ask("contact", true, "phone"))
	p := testPerson(morning, narrow)
	given := p.gives("contact", narrow)
	wide := testVersion(2, morning.Add(days(1)), morning.Add(days(1)), ask("contact", true, "phone", "email"))
	p.now = wide.PublishedAt
	p.add(wide)

	got := p.Check("contact", "", p.now)
	if !got.Allowed || got.IsCurrent || got.consent != given.Consent {
		t.Errorf("%+v", got)
	}
	if !got.scope.Uses("phone") || got.scope.Uses("email") {
		t.Errorf("covers %v, and only the phone was agreed to", got.scope.Fields)
	}
	if s := p.Status(); s.Accepted || !slices.Equal(s.Missing, []string{"contact"}) {
		t.Errorf("the wider version is not asked for: %+v", s)
	}
	p.gives("contact", wide)
	if got := p.Check("contact", "", p.now); !got.IsCurrent || !got.scope.Uses("email") {
		t.Errorf("%+v", got)
	}
}

func TestEarlyAcceptanceTakesOverWhenTheVersionDoes(t *testing.T) {
	one := testVersion(1, morning, morning, ask("contact", true, "phone"))
	two := testVersion(2, morning, morning.Add(days(10)), ask("contact", true, "phone", "email"))
	p := testPerson(morning, one, two)
	old, early := p.gives("contact", one), p.gives("contact", two)
	for at, want := range map[time.Time]ConsentEvent{
		morning:                                   old,
		two.EffectiveAt.Add(-time.Millisecond):    old,
		two.EffectiveAt:                           early,
		two.EffectiveAt.Add(days(100)):            early,
		two.EffectiveAt.Add(-1 * time.Nanosecond): old,
	} {
		if got := p.Check("contact", "", at); !got.Allowed || got.consent != want.Consent || !got.IsCurrent {
			t.Errorf("at %s: %+v", at, got)
		}
	}
}

func TestRefusingAComingVersionLeavesThePresentConsent(t *testing.T) {
	one := testVersion(1, morning, morning, ask("contact", true, "phone"))
	two := testVersion(2, morning, morning.Add(days(10)), ask("contact", true, "phone", "email"))
	p := testPerson(morning, one, two)
	p.gives("contact", one)
	p.happens(Refused, "contact", two)
	if got := p.Check("contact", "", morning); got.Reason != ReasonGiven {
		t.Errorf("now: %s", got.Reason)
	}
	if s := p.Status(); !s.Accepted || !s.RequiredFrom.Equal(two.EffectiveAt) {
		t.Errorf("%+v", s)
	}
	if got := p.Check("contact", "", two.EffectiveAt); got.Reason != ReasonRefused {
		t.Errorf("then: %s", got.Reason)
	}
}

func TestEarlyAcceptanceAfterAWithdrawalLeavesThePresentWithdrawn(t *testing.T) {
	one := testVersion(1, morning, morning, ask("marketing", false, "phone"))
	two := testVersion(2, morning, morning.Add(days(10)), ask("marketing", false, "phone"))
	p := testPerson(morning, one, two)
	p.gives("marketing", one)
	p.happens(Withdrawn, "marketing", one)
	p.gives("marketing", two)
	if got := p.Check("marketing", "", morning); got.Reason != ReasonWithdrawn {
		t.Errorf("now: %s", got.Reason)
	}
	if list := p.Pending(); len(list) != 0 {
		t.Errorf("the person is asked again about what they withdrew: %+v", list)
	}
	if got := p.Check("marketing", "", two.EffectiveAt); got.Reason != ReasonGiven {
		t.Errorf("then: %s", got.Reason)
	}
}

func TestAWithdrawalEndsAnEarlyAcceptanceToo(t *testing.T) {
	one := testVersion(1, morning, morning, ask("marketing", false))
	two := testVersion(2, morning, morning.Add(days(10)), ask("marketing", false))
	p := testPerson(morning, one, two)
	p.gives("marketing", one)
	p.gives("marketing", two)
	_, events, err := testService(at(morning)).withdraw(p, Withdrawal{Act: testID(7), All: true})
	if err != nil || len(events) != 2 {
		t.Fatalf("%d events, %v", len(events), err)
	}
	p.History = append(p.History, events...)
	for _, moment := range []time.Time{morning, two.EffectiveAt} {
		if got := p.Check("marketing", "", moment); got.Reason != ReasonWithdrawn {
			t.Errorf("%s: %s", moment, got.Reason)
		}
	}
}

func TestOperatorsArePinnedByTheVersionThatNamesThem(t *testing.T) {
	v := testVersion(1, morning, morning, ask("contact", true, "phone"), tell("accounts", "iin"))
	p := testPerson(morning, v)
	p.gives("contact", v)
	p.App.Group = append(p.App.Group, Operator{BIN: otherBIN})
	service := testService(at(morning))
	_, events, err := service.decide(p, shown(v, "contact", Give))
	if err != nil || !slices.Equal(events[0].Operators, v.Operators) {
		t.Fatalf("%v, %v: a member that the document does not name", events, err)
	}
	p.History = append(p.History, events...)
	for _, item := range []string{"contact", "accounts"} {
		if got := p.Check(item, otherBIN, morning); got.Reason != OperatorNotCovered {
			t.Errorf("%s for a later member: %s", item, got.Reason)
		}
	}
	two := testVersion(2, morning, morning, ask("contact", true, "phone"))
	two.Operators = p.App.OperatorBINs()
	p.add(two)
	if asked := codesOf(p.Pending()); !slices.Equal(asked, []string{"contact@2"}) {
		t.Errorf("the version that names the new member asks for %v", asked)
	}
	p.gives("contact", two)
	if got := p.Check("contact", otherBIN, morning); !got.Allowed {
		t.Errorf("a new consent: %s", got.Reason)
	}
	p.App.Group = nil
	if got := p.Check("contact", groupBIN, morning); !got.Allowed {
		t.Errorf("a member at that moment: %s", got.Reason)
	}
}

func TestAQuestionAboutThePastSeesNothingLater(t *testing.T) {
	v := testVersion(1, morning, morning, ask("contact", true, "phone"))
	p := testPerson(morning.Add(days(1)), v)
	p.gives("contact", v)
	p.now = morning.Add(days(2))
	p.happens(Withdrawn, "contact", v)
	for n, want := range map[int]Reason{0: NeverAsked, 1: ReasonGiven, 2: ReasonWithdrawn, 300: ReasonWithdrawn} {
		if got := p.Check("contact", "", morning.Add(days(n))); got.Reason != want {
			t.Errorf("day %d: %s, want %s", n, got.Reason, want)
		}
	}
}

func TestAWithdrawalReceivedByAFastClockCountsAtOnce(t *testing.T) {
	v := testVersion(1, morning, morning, ask("contact", true, "phone"))
	p := testPerson(morning.Add(time.Minute), v) // another replica's clock
	p.gives("contact", v)
	p.happens(Withdrawn, "contact", v)
	p.now = morning // ours
	if got := p.Check("contact", "", p.now); got.Reason != ReasonWithdrawn {
		t.Errorf("answers %s", got.Reason)
	}
}
