package vault

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// standingOf are the states of a person's consents, oldest first.
func standingOf(p *Person) []ConsentState {
	out := []ConsentState{}
	for _, c := range slices.Backward(p.Consents()) {
		out = append(out, c.State)
	}
	return out
}

func TestTheStateOfAConsentIsDerivedFromWhatFollowed(t *testing.T) {
	one := testVersion(1, morning, morning, ask("contact", false, "phone"), ask("news", false))
	one.Facts.Term = new("P30D")
	two := testVersion(2, morning, morning.Add(days(10)), ask("contact", false, "phone"))
	for name, c := range map[string]struct {
		happens func(p *Person)
		after   time.Duration
		want    []ConsentState
	}{
		"given":       {func(p *Person) { p.gives("contact", one) }, 0, []ConsentState{ConsentGiven}},
		"refused":     {func(p *Person) { p.happens(Refused, "contact", one) }, 0, []ConsentState{ConsentRefused}},
		"withdrawn":   {func(p *Person) { p.gives("contact", one); p.happens(Withdrawn, "contact", one) }, 0, []ConsentState{ConsentWithdrawn}},
		"invalidated": {func(p *Person) { p.gives("contact", one); p.happens(Invalidated, "contact", one) }, 0, []ConsentState{ConsentInvalidated}},
		"expired":     {func(p *Person) { p.gives("contact", one) }, days(30), []ConsentState{ConsentExpired}},
		"a refusal never expires": {
			func(p *Person) { p.happens(Refused, "contact", one) }, days(300), []ConsentState{ConsentRefused},
		},
		"withdrawn, and the term is over": {
			func(p *Person) { p.gives("contact", one); p.happens(Withdrawn, "contact", one) }, days(300), []ConsentState{ConsentWithdrawn},
		},
		"given again": {
			func(p *Person) { p.gives("contact", one); p.gives("contact", one) }, 0, []ConsentState{ConsentSuperseded, ConsentGiven},
		},
		"given, then refused": {
			func(p *Person) { p.gives("contact", one); p.happens(Refused, "contact", one) }, 0,
			[]ConsentState{ConsentSuperseded, ConsentRefused},
		},
		"another item is another consent": {
			func(p *Person) { p.gives("contact", one); p.gives("news", one) }, 0, []ConsentState{ConsentGiven, ConsentGiven},
		},
		"the next version, early": {
			func(p *Person) { p.gives("contact", one); p.gives("contact", two) }, 0, []ConsentState{ConsentGiven, ConsentGiven},
		},
		"the next version, in force": {
			func(p *Person) { p.gives("contact", one); p.gives("contact", two) }, days(10), []ConsentState{ConsentSuperseded, ConsentGiven},
		},
		"the next version, early, and a change of mind": {
			func(p *Person) { p.gives("contact", two); p.happens(Refused, "contact", two) }, 0,
			[]ConsentState{ConsentSuperseded, ConsentRefused},
		},
		"withdrawn and given again": {
			func(p *Person) {
				p.gives("contact", one)
				p.happens(Withdrawn, "contact", one)
				p.gives("contact", one)
			}, 0, []ConsentState{ConsentWithdrawn, ConsentGiven},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := testPerson(morning, one, two)
			c.happens(p)
			p.now = morning.Add(c.after)
			if got := standingOf(p); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestOnlyWhatHoldsIsValidUntilATime(t *testing.T) {
	one := testVersion(1, morning, morning, ask("contact", true, "phone"), ask("news", false, "email"), ask("gifts", false, "email"))
	one.Facts.Term = new("P1Y")
	p := testPerson(morning, one)
	p.gives("contact", one)
	p.gives("contact", one)
	p.gives("news", one)
	p.happens(Withdrawn, "news", one)
	p.gives("gifts", one)
	p.happens(Invalidated, "gifts", one)
	for _, c := range p.Consents() {
		if holds := c.State == ConsentGiven; holds == c.ValidUntil.IsZero() {
			t.Errorf("%s %s is valid until %s", c.State, c.Item, c.ValidUntil)
		}
	}
}

func TestAConsentKeepsTheEventsThatFollowedIt(t *testing.T) {
	v := testVersion(1, morning, morning, ask("contact", false, "phone"))
	p := testPerson(morning, v)
	given := p.gives("contact", v)
	withdrawn := p.happens(Withdrawn, "contact", v)
	again := p.gives("contact", v)
	all := p.Consents()
	if len(all) != 2 || all[0].Consent != again.Consent || all[1].Consent != given.Consent {
		t.Fatalf("%+v", all)
	}
	if events := all[1].Events(); len(events) != 2 || events[0].ID != given.ID || events[1].ID != withdrawn.ID {
		t.Errorf("%+v", events)
	}
}

// withdrawing answers the code of a withdrawal of the item, or "".
func withdrawing(p *Person, items ...string) Code {
	_, events, err := testService(at(p.now)).withdraw(p, Withdrawal{Act: testID(77), Items: items})
	if err != nil {
		return CodeOf(err)
	}
	p.History = append(p.History, events...)
	p.User.ConsentSeq += int64(len(events))
	return ""
}

func TestWithdrawnConsentCannotBeWithdrawnAgain(t *testing.T) {
	v := testVersion(1, morning, morning, ask("contact", false, "phone"))
	p := testPerson(morning, v)
	p.gives("contact", v)
	if code := withdrawing(p, "contact"); code != "" {
		t.Fatal(code)
	}
	if code := withdrawing(p, "contact"); code != CodeAlreadyWithdrawn {
		t.Errorf("again: %q", code)
	}
}

func TestOnlyAGivenConsentIsWithdrawn(t *testing.T) {
	v := testVersion(1, morning, morning, ask("contact", false, "phone"), ask("news", false))
	for name, happens := range map[string]func(p *Person){
		"never asked":         func(*Person) {},
		"refused":             func(p *Person) { p.happens(Refused, "contact", v) },
		"given, then refused": func(p *Person) { p.gives("contact", v); p.happens(Refused, "contact", v) },
		"another item given":  func(p *Person) { p.gives("news", v) },
	} {
		p := testPerson(morning, v)
		happens(p)
		if code := withdrawing(p, "contact"); code != CodeNotGiven {
			t.Errorf("%s: %q", name, code)
		}
	}
}

func TestAWithdrawalNamesItemsOrSaysAll(t *testing.T) {
	v := testVersion(1, morning, morning, ask("contact", false), ask("news", false))
	p := testPerson(morning, v)
	p.gives("contact", v)
	p.gives("news", v)
	s := testService(at(morning))
	for name, c := range map[string]struct {
		in   Withdrawal
		want Code
	}{
		"neither":         {Withdrawal{}, CodeRequired},
		"both":            {Withdrawal{Items: []string{"news"}, All: true}, CodeRequired},
		"one twice":       {Withdrawal{Items: []string{"news", "news"}}, CodeDuplicateInput},
		"a build in full": {Withdrawal{All: true, AppBuild: "Айгүл's phone"}, CodeInvalidValue},
	} {
		if _, events, err := s.withdraw(p, c.in); CodeOf(err) != c.want || len(events) > 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	act, events, err := s.withdraw(p, Withdrawal{Act: testID(7), All: true, AppBuild: "1.0"})
	if err != nil || len(events) != 2 || act.ID != testID(7) || act.User != p.User.ID {
		t.Fatalf("%+v, %d events, %v", act, len(events), err)
	}
	for i, e := range events {
		if e.Seq != int64(3+i) || e.Type != Withdrawn || e.Act != act.ID || e.Consent != p.History[i].Consent || e.ID == p.History[i].ID {
			t.Errorf("%+v", e)
		}
	}
}

// shown is a screen as the app shows it, with one decision.
func shown(v *Version, item string, d Decision) Screen {
	hash, _ := v.Document("kk")
	return Screen{Act: testID(70), Version: v.ID, Locale: "kk", Document: hash, Decisions: []ItemDecision{{item, d}}, Path: []string{"consent"}}
}

func TestAScreenIsHeldAgainstWhatIsPublished(t *testing.T) {
	old := testVersion(1, morning, morning, ask("contact", true))
	v := testVersion(2, morning.Add(days(1)), morning.Add(days(1)), ask("contact", true), ask("news", false), tell("tax"))
	draft := testVersion(3, morning, morning, ask("contact", true))
	for name, c := range map[string]struct {
		change func(*Screen)
		code   Code
		path   string
		param  string
		value  string
	}{
		"a version that is not published": {
			func(s *Screen) { s.Version = draft.ID }, CodeVersionNotPublished, "consent.version", "policyVersionId", v.ID.String(),
		},
		"an outdated version": {
			func(s *Screen) { *s = shown(old, "contact", Give) }, CodeVersionOutdated, "consent.version", "policyVersionId", v.ID.String(),
		},
		"a language without a text": {func(s *Screen) { s.Locale = "de" }, CodeUnknownLocale, "consent.locale", "locales", "kk ru en"},
		"another language's hash": {
			func(s *Screen) { s.Locale = "ru" }, CodeHashMismatch, "consent.documentHash", "documentHash", v.Documents[1].Hash,
		},
		"another version's hash": {
			func(s *Screen) { s.Document = old.Documents[0].Hash }, CodeHashMismatch, "consent.documentHash", "documentHash", v.Documents[0].Hash,
		},
		"no decision":               {func(s *Screen) { s.Decisions = nil }, CodeRequired, "consent.decisions", "", ""},
		"an unknown item":           {func(s *Screen) { s.Decisions[0].Item = "profiling" }, CodeUnknownItem, "consent.decisions.0.item", "", ""},
		"an item that is not asked": {func(s *Screen) { s.Decisions[0].Item = "tax" }, CodeUnknownItem, "consent.decisions.0.item", "", ""},
		"a decision that is none": {
			func(s *Screen) { s.Decisions[0].Decision = "WITHDRAWN" }, CodeInvalidValue, "consent.decisions.0.decision", "", "",
		},
		"an item twice": {
			func(s *Screen) { s.Decisions = append(s.Decisions, ItemDecision{"contact", Refuse}) },
			CodeDuplicateInput, "consent.decisions.1.item", "", "",
		},
		"a build with spaces": {func(s *Screen) { s.AppBuild = "my phone" }, CodeInvalidValue, "consent.appBuild", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := testPerson(morning.Add(days(1)), old, v)
			screen := shown(v, "contact", Give)
			c.change(&screen)
			_, events, err := testService(at(p.now)).decide(p, screen)
			e := asError(err)
			if e.Code != c.code || len(events) > 0 || strings.Join(e.Path, ".") != c.path {
				t.Fatalf("%v at %v, and %d events", err, e.Path, len(events))
			}
			if got := strings.Trim(e.Param(c.param), "[]"); c.param != "" && got != c.value {
				t.Errorf("%s is %q, want %q", c.param, got, c.value)
			}
		})
	}
}

func TestAConsentPinsExactlyWhatWasShown(t *testing.T) {
	v := testVersion(1, morning, morning, ask("contact", true), ask("news", false))
	p := testPerson(morning, v)
	screen := shown(v, "contact", Give)
	screen.Decisions = append(screen.Decisions, ItemDecision{"news", Refuse})
	screen.DeviceAt, screen.AppBuild = morning.Add(-time.Hour), "4.2"
	act, events, err := testService(at(morning.Add(time.Microsecond))).decide(p, screen)
	if err != nil || len(events) != 2 || act.ID != screen.Act || !act.ReceivedAt.Equal(morning) {
		t.Fatalf("%+v, %+v, %v", act, events, err)
	}
	for i, e := range events {
		want := ConsentEvent{
			ID: e.ID, User: p.User.ID, Seq: int64(i + 1), Act: screen.Act, Consent: e.ID, Type: []EventType{Given, Refused}[i], App: "dala",
			Item: []string{"contact", "news"}[i], Version: v.ID, Locale: "kk", Document: screen.Document, Operators: []string{groupBIN, ownBIN},
			Method: InAppConfirmed, GivenBy: BySubject, ReceivedAt: morning, DeviceAt: screen.DeviceAt, AppBuild: "4.2",
		}
		slices.Sort(want.Operators)
		got, errG := e.Bytes()
		expected, errE := want.Bytes()
		if errG != nil || errE != nil || string(got) != string(expected) {
			t.Errorf("\n got %s\nwant %s", got, expected)
		}
	}
}

func TestAGrantAfterAWithdrawalNeedsToKnowOfIt(t *testing.T) {
	v := testVersion(1, morning, morning, ask("contact", false), ask("news", false), ask("calls", false))
	p := testPerson(morning, v)
	p.gives("contact", v)              // 1
	p.gives("news", v)                 // 2
	p.happens(Withdrawn, "contact", v) // 3
	p.happens(Refused, "calls", v)     // 4
	p.happens(Refused, "news", v)      // 5
	seq := func(n int64) *int64 { return &n }
	for name, c := range map[string]struct {
		known    *int64
		item     string
		decision Decision
		refused  bool
	}{
		"nothing known":                   {nil, "contact", Give, true},
		"known before it":                 {seq(2), "contact", Give, true},
		"known as of it":                  {seq(3), "contact", Give, false},
		"known later":                     {seq(4), "contact", Give, false},
		"known before it happened":        {seq(6), "contact", Give, true},
		"a refusal needs to know nothing": {nil, "contact", Refuse, false},
		"refused, never given before":     {nil, "calls", Give, false},
		"refused after it was given":      {seq(4), "news", Give, true},
		"known as of that refusal":        {seq(5), "news", Give, false},
	} {
		screen := shown(v, c.item, c.decision)
		screen.KnownSeq = c.known
		err := p.checkScreen(screen)
		if refused := errors.Is(err, NewError(CodeWithdrawnSince, "")); refused != c.refused || !refused && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if c.refused && asError(err).Param("consentSeq") != "5" {
			t.Errorf("%s: the answer does not say what is right: %v", name, asError(err).Params)
		}
	}
}

func TestAnActIsKnownByWhatItSaysAndNotWhen(t *testing.T) {
	v := testVersion(1, morning, morning, ask("contact", false))
	first := shown(v, "contact", Give)
	act := Act{Digest: actDigest(first.digestParts())}
	retry := first
	retry.DeviceAt, retry.AppBuild = morning, "5.0"
	if err := act.repeats(retry.digestParts(), nil); err != nil {
		t.Error(err)
	}
	for name, other := range map[string][]string{
		"another decision":    shown(v, "contact", Refuse).digestParts(),
		"another item":        shown(v, "news", Give).digestParts(),
		"a withdrawal":        Withdrawal{Items: []string{"contact"}}.digestParts(),
		"a withdrawal of all": Withdrawal{All: true}.digestParts(),
	} {
		if err := act.repeats(other, []string{"consent"}); CodeOf(err) != CodeEventIDReused || !slices.Equal(asError(err).Path, []string{"consent", "eventId"}) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
