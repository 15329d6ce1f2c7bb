package vault

import (
	"context"
	"slices"

	"github.com/google/uuid"
)

// Correction is a change of a person's data by a colleague.
type Correction struct {
	User             uuid.UUID
	App              string
	Changes          []Change
	Locale           *string
	Source           Source
	Basis            Basis
	ExpectedRevision *int64
	IdempotencyKey   string
}

// UpdateUser changes a person's data for them. What holds for their own changes
// holds here; nothing is proved by it, and the person sees who did it.
func (s *Service) UpdateUser(ctx context.Context, a Actor, in Correction) (*Person, error) {
	role, err := in.Basis.byRequest(a)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(sources, in.Source) {
		return nil, NewError(CodeInvalidValue, "say where this came from; APP is what a person writes themselves").At("source")
	}
	input := append(UpdateProfile{Changes: in.Changes, Locale: in.Locale, ExpectedRevision: in.ExpectedRevision}.digestParts(),
		in.User.String(), in.App, string(in.Source), in.Basis.Reason, in.Basis.Ticket)
	_, err = s.once(ctx, a, "updateUser", in.IdempotencyKey, input, func(remember rememberer) (uuid.UUID, error) {
		return retry(ctx, func() (uuid.UUID, error) {
			return in.User, s.follow(ctx, s.updateUser(ctx, a.unproven(), role, in, remember))
		})
	})
	if err != nil {
		return nil, err
	}
	return s.person(ctx, a, in.App, in.User)
}

func (s *Service) updateUser(ctx context.Context, a Actor, role Role, in Correction, remember rememberer) error {
	p, err := s.person(ctx, a, in.App, in.User)
	if err != nil {
		return err
	}
	if err := p.changeable(in.ExpectedRevision, in.Locale); err != nil {
		return err
	}
	set := changeset{user: in.User, uncounted: true, at: s.now(), source: in.Source, by: role}
	if err := s.stored(ctx, &set); err != nil {
		return err
	}
	if set, err = s.checkFor(ctx, a, role, p, set, in.Changes); err != nil {
		return err
	}
	event := s.event(a, role, UserUpdated)
	event.Subject, event.App, event.Fields, event.Object = in.User, p.App.Code, set.codes(), in.Source.object()
	event.Reason, event.Reference = in.Basis.Reason, in.Basis.Ticket
	if _, err := s.encrypt(ctx, &set, event.ID); err != nil {
		return err
	}
	if err := s.against(ctx, &set); err != nil {
		return err
	}
	corrected := s.corrects(p.App, set)
	err = s.Writer.Write(ctx, func(tx Tx) error {
		tx.ReviseUser(in.User, p.User.Revision, in.Locale)
		set.queue(tx)
		corrected.queue(tx)
		tx.Record(event)
		remember(tx, in.User)
		return nil
	})
	return set.taken(err)
}

// changeable refuses what changes nothing of a person at the moment.
func (p *Person) changeable(expected *int64, locale *string) error {
	switch {
	case p.User.Status != StatusActive:
		return NewError(CodeUserBlocked, "processing of this person's data is stopped; nothing can be changed now")
	case expected != nil && *expected != p.User.Revision:
		return conflict(p.User.Revision)
	case locale != nil:
		return p.App.speaks(*locale)
	}
	return nil
}
