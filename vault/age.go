package vault

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
)

// ofAge refuses to write that somebody is under age who decided for themselves:
// a child's consents are given by a representative, and are recorded by
// colleagues. A birth date is read when it is written and at no other time,
// because afterwards it is encrypted; so this is the moment to ask, and to note
// until when they have somebody decide for them. Later than that is for anybody
// to write; sooner is for colleagues.
func (s *Service) ofAge(ctx context.Context, a Actor, p *Person, set *changeset) error {
	born, path, ok := s.birthDate(*set)
	if !ok {
		return nil
	}
	pack, err := s.pack(p.App)
	if err != nil {
		return err
	}
	years := int(pack.Rule(RuleAdultAge).Number)
	now, until := s.now(), adultFrom(born, years, pack.Zone)
	under, known := minor(born, now.In(pack.Zone), years), p.User.RepresentedUntil
	refused := set.by == Subject && now.Before(known) && until.Before(known)
	if under && !refused {
		if refused, err = s.decidedAlone(ctx, p); err != nil {
			return err
		}
	}
	if refused {
		refusal := NewError(CodeRepresentativeNeeded, "a person of this age does not decide alone: a parent or guardian gives every consent that stands, and the operator records it").
			With("years", itoa(int64(years))).At(path...)
		user := set.user
		if p.User.ConsentSeq == 0 && set.fresh && set.by == Subject {
			user = uuid.Nil // of somebody who is not there an event names nobody
		}
		return s.refuse(ctx, a, "Rule:"+string(RuleAdultAge), user, refusal)
	}
	if (under || !known.IsZero()) && !until.Equal(known) {
		set.represented = &representation{p.User.ConsentSeq, until}
	}
	return nil
}

// representation is until when a person has somebody decide for them.
type representation struct {
	seq   int64 // of the person's consents that it was judged by
	until time.Time
}

// decidedAlone reports whether a consent of the person's stands, in any app, that
// nobody gave instead of them, or whether nobody gave any in this one.
func (s *Service) decidedAlone(ctx context.Context, p *Person) (bool, error) {
	if alone, some := p.givenAlone(); alone || !some {
		return true, nil
	}
	history, err := s.Reader.Decided(ctx, p.User.ID)
	if err != nil {
		return false, err
	}
	seen := []string{p.App.Code}
	for _, e := range history {
		if slices.Contains(seen, e.App) {
			continue
		}
		seen = append(seen, e.App)
		standings, err := s.Reader.Standings(ctx, e.App, []uuid.UUID{p.User.ID})
		if err != nil {
			return false, err
		}
		others, err := s.people(ctx, standings)
		if err != nil {
			return false, err
		}
		if alone, _ := others[0].givenAlone(); alone {
			return true, nil
		}
	}
	return false, nil
}

// givenAlone reports whether any of the consents that stand was given by the
// person, and whether any was given instead of them.
func (p *Person) givenAlone() (alone, instead bool) {
	for _, c := range p.Consents() {
		if c.State == ConsentGiven {
			by := c.instead()
			alone, instead = alone || !by, instead || by
		}
	}
	return alone, instead
}

// birthDate is what the changes say about when the person was born.
func (s *Service) birthDate(set changeset) (born string, path []string, ok bool) {
	for _, c := range set.changes {
		switch {
		case c.Value == nil:
		case c.Field == FieldBirthDate:
			return c.normalised.Reveal(), c.Path, true
		case c.Field == FieldIIN && !ok:
			born, ok = s.Normaliser.Born(c.normalised.Reveal())
			path = c.Path
		}
	}
	return born, path, ok
}

// minor reports whether who was born on a day is younger, today, than a number
// of years.
func minor(born string, today time.Time, years int) bool {
	day, err := time.Parse(time.DateOnly, born)
	return err == nil && day.AddDate(years, 0, 0).Format(time.DateOnly) > today.Format(time.DateOnly)
}

// adultFrom is the first day of the month after somebody comes of age. It is kept
// in clear, so it says no more of a birth date than the month.
func adultFrom(born string, years int, zone *time.Location) time.Time {
	day, err := time.Parse(time.DateOnly, born)
	if err != nil {
		return time.Time{}
	}
	adult := day.AddDate(years, 0, 0)
	return time.Date(adult.Year(), adult.Month()+1, 1, 0, 0, 0, 0, zone)
}
