package vault

import (
	"testing"
	"time"
)

// child is somebody known to be under age until a year from the morning.
func child() (*Person, *Version) {
	p := testPerson(morning)
	v := testVersion(1, morning.Add(-days(900)), morning.Add(-days(900)))
	v.Facts.Items = []Item{ask("identify", true), ask("marketing", false)}
	p.add(v)
	p.User.RepresentedUntil = morning.Add(days(365))
	return p, v
}

// wrote is a paper of a moment, by whoever acts on a ground; none: the person.
func wrote(at time.Time, ground Ground) *Receipt {
	r := &Receipt{Method: Written, Reference: "DOC-2026/1", SignedAt: at}
	if ground != "" {
		r.Representative = &Representative{Ground: ground}
	}
	return r
}

func TestAChildGivesNothingByAnyDoorUntilTheyComeOfAge(t *testing.T) {
	p, v := child()
	s := testService(func() time.Time { return p.now })
	gives := func(r *Receipt, d Decision) error {
		seq := p.User.ConsentSeq
		screen := Screen{KnownSeq: &seq, Act: testID(7), Version: v.ID, Locale: "ru", Decisions: []ItemDecision{{"marketing", d}}, Receipt: r}
		screen.Document, _ = v.Document("ru")
		_, events, err := s.decide(p, screen)
		p.History = append(p.History, events...)
		p.User.ConsentSeq += int64(len(events))
		return err
	}
	refused := func(what string, err error) {
		t.Helper()
		if CodeOf(err) != CodeRepresentativeNeeded {
			t.Errorf("%s: %v", what, err)
		}
	}
	refused("in the app", gives(nil, Give))
	refused("on paper", gives(wrote(morning, ""), Give))
	refused("by a power of attorney", gives(wrote(morning, PowerOfAttorney), Give))
	if err := gives(wrote(morning, Parent), Give); err != nil {
		t.Fatal(err)
	}
	if err := gives(wrote(morning, ""), Refuse); err != nil {
		t.Fatal(err)
	}
	refused("after a refusal on paper", gives(nil, Give))

	p.now = p.User.RepresentedUntil
	refused("of age, on a paper of their childhood", gives(wrote(morning, ""), Give))
	if p.represented() {
		t.Error("what a parent gave for a child binds an adult")
	}
}

func TestNoOneWhoDecidedAloneIsWrittenToBeAChild(t *testing.T) {
	p, v := child()
	given := p.gives("identify", v)
	if alone, instead := p.givenAlone(); !alone || instead {
		t.Errorf("%s was given alone: %t, %t", given.Item, alone, instead)
	}
	p, v = child()
	p.gives("identify", v)
	p.History[0].GivenBy, p.History[0].Ground = ByRepresentative, Parent
	if alone, instead := p.givenAlone(); alone || !instead {
		t.Errorf("a parent gave it: %t, %t", alone, instead)
	}
	p.gives("marketing", v)
	if alone, _ := p.givenAlone(); !alone {
		t.Error("a parent's consent to one thing covers what the child gave")
	}
}

func TestTheDayOfComingOfAgeIsKeptToTheMonth(t *testing.T) {
	for born, want := range map[string]string{"2016-03-17": "2034-04-01", "2010-12-31": "2029-01-01", "2008-02-29": "2026-04-01", "2012-05-01": "2030-06-01"} {
		if got := adultFrom(born, 18, time.UTC).Format(time.DateOnly); got != want {
			t.Errorf("%s: %s, want %s", born, got, want)
		}
	}
}
