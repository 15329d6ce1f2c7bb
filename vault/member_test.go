package vault

import (
	"testing"
	"time"
)

// joined is a person who gave a required and an optional item before a version
// took effect that names one operator more, under a pack that asks or tells.
func joined(told bool) (*Person, *Version) {
	one, two := asking(1, morning, morning), asking(2, morning.Add(days(1)), morning.Add(days(5)))
	two.Operators = []string{ownBIN, groupBIN, otherBIN}
	two.Facts.MembersByNotice = told
	p := testPerson(morning, one)
	p.gives("contact", one)
	p.gives("news", one)
	p.now = two.PublishedAt
	p.add(two)
	return p, two
}

func asking(n uint64, published, effective time.Time) *Version {
	return testVersion(n, published, effective, ask("contact", true, "phone"), ask("news", false, "phone"))
}

func TestWhoIsToldOfANewMemberIsNotAskedAgain(t *testing.T) {
	p, two := joined(true)
	for _, moment := range []int{1, 4, 5, 400} {
		p.now = morning.Add(days(moment))
		if s := p.Status(); !s.Accepted || len(s.Missing) > 0 || len(p.Pending()) > 0 {
			t.Errorf("day %d: %+v, %v", moment, s, codesOf(p.Pending()))
		}
		for _, item := range []string{"contact", "news"} {
			want := OperatorNotCovered
			if !p.now.Before(two.EffectiveAt) {
				want = ReasonGiven
			}
			if got := p.Check(item, otherBIN, p.now); got.Reason != want {
				t.Errorf("day %d: %s by the new member is %s", moment, item, got.Reason)
			}
			if got := p.Check(item, groupBIN, p.now); got.Reason != ReasonGiven {
				t.Errorf("day %d: %s by the old member is %s", moment, item, got.Reason)
			}
		}
	}
	if got := Compare(p.versions[testID(1001)], two); len(got) != 1 || got[0].Effect != Noticed || len(got.AskedAgain(two)) > 0 {
		t.Errorf("what people are told: %+v", got)
	}
}

func TestWhoIsAskedAboutANewMemberIsNotCoveredUntilTheyAgree(t *testing.T) {
	p, two := joined(false)
	p.now = two.EffectiveAt
	if s := p.Status(); s.Accepted || len(p.Pending()) != 2 {
		t.Errorf("%+v, %v", s, codesOf(p.Pending()))
	}
	for _, item := range []string{"contact", "news"} {
		if got := p.Check(item, otherBIN, p.now); got.Reason != OperatorNotCovered {
			t.Errorf("%s by the new member is %s", item, got.Reason)
		}
		p.gives(item, two)
		if got := p.Check(item, otherBIN, p.now); got.Reason != ReasonGiven {
			t.Errorf("agreed to, %s by the new member is %s", item, got.Reason)
		}
	}
}

// TestAWiderVersionAsksAgainThoughItsNewMemberIsOnlyTold: a notice about a member
// carries no other change.
func TestAWiderVersionAsksAgainThoughItsNewMemberIsOnlyTold(t *testing.T) {
	one := testVersion(1, morning, morning, ask("contact", true, "phone"), ask("news", false, "phone"))
	two := testVersion(2, morning, morning, ask("contact", true, "phone", "email"), ask("news", false, "phone"))
	two.Operators, two.Facts.MembersByNotice = []string{ownBIN, groupBIN, otherBIN}, true
	p := testPerson(morning, one)
	p.gives("contact", one)
	p.gives("news", one)
	p.add(two)
	if got := codesOf(p.Pending()); len(got) != 1 || got[0] != "contact@2" {
		t.Errorf("pending: %v", got)
	}
}

// TestALaterPackTakesNoNoticeBack: the pack of the publication decides, whatever
// a pack says afterwards.
func TestALaterPackTakesNoNoticeBack(t *testing.T) {
	p, two := joined(true)
	three := asking(3, two.EffectiveAt, two.EffectiveAt.Add(days(1)))
	three.Operators = two.Operators
	p.add(three)
	p.now = three.EffectiveAt
	if got := p.Check("contact", otherBIN, p.now); got.Reason != ReasonGiven || !p.Status().Accepted {
		t.Errorf("told by the version before: %s", got.Reason)
	}
	left := asking(4, p.now, p.now.Add(days(1)))
	p.add(left)
	p.now = left.EffectiveAt
	if got := p.Check("contact", otherBIN, p.now); got.Reason != OperatorNotCovered {
		t.Errorf("left: %s", got.Reason)
	}
}
