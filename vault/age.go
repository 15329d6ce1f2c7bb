package vault

import (
	"context"
	"time"
)

// ofAge refuses to write that somebody is under age who decided for themselves:
// a child's consents are given by a representative, and are recorded by
// colleagues. A birth date is read when it is written and at no other time,
// because afterwards it is encrypted; so this is the moment to ask.
func (s *Service) ofAge(ctx context.Context, a Actor, p *Person, set changeset) error {
	born, path, ok := s.birthDate(set)
	if !ok || p.represented() {
		return nil
	}
	pack, err := s.pack(p.App)
	if err != nil {
		return err
	}
	years := pack.Rule(RuleAdultAge).Number
	if !minor(born, s.now().In(pack.Zone), int(years)) {
		return nil
	}
	refusal := NewError(CodeRepresentativeNeeded, "a person of this age does not decide alone: a parent or guardian does, and the operator records it").
		With("years", itoa(years)).At(path...)
	return s.refuse(ctx, a, "Rule:"+string(RuleAdultAge), set.user, refusal)
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
