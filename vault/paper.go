package vault

import (
	"context"

	"github.com/google/uuid"
)

// What reached the operator otherwise than through the app is recorded by
// colleagues. A person under whose id it is recorded decided at a moment in the
// past; what they said no to since is not undone by it.

// Paper is a screen of decisions, or a withdrawal, that a colleague records.
type Paper struct {
	User           uuid.UUID
	App            string
	Decisions      *Screen     // one of the two, with its Receipt
	Withdrawal     *Withdrawal //
	IdempotencyKey string
}

// RecordPaper records what a person, or their representative, decided on paper
// or through another service.
func (s *Service) RecordPaper(ctx context.Context, a Actor, in Paper) (Acted, error) {
	role, ok := a.Allowed(Compliance, Support)
	if !ok {
		return Acted{}, NewError(CodeForbidden, "this role records no decisions")
	}
	d := deed{role: role}
	operation, is := "recordConsentFor", ConsentEvent.isDecision
	if in.Decisions != nil {
		d.id, d.path, d.digest, d.action, d.receipt = in.Decisions.Act, in.Decisions.Path, in.Decisions.digestParts(), ConsentRecorded, in.Decisions.Receipt
		d.decide = s.deciding(ctx, *in.Decisions)
	} else {
		d.id, d.digest, d.action, d.receipt = in.Withdrawal.Act, in.Withdrawal.digestParts(), WithdrawalRecorded, in.Withdrawal.Receipt
		d.decide = s.withdrawing(ctx, *in.Withdrawal)
		operation, is = "withdrawConsentFor", isWithdrawal
	}
	if err := s.normalise(d.receipt); err != nil {
		return Acted{}, err
	}
	return s.about(ctx, a, colleagues{operation, in.User, in.App, in.IdempotencyKey, is}, d)
}

// colleagues says whom a colleague's act is about, and how it is told from another.
type colleagues struct {
	operation      string
	user           uuid.UUID
	app            string
	idempotencyKey string
	shows          func(ConsentEvent) bool // the events whose consents are answered
}

// about carries out a colleague's act, once.
func (s *Service) about(ctx context.Context, a Actor, c colleagues, d deed) (Acted, error) {
	input := append([]string{c.user.String(), c.app}, d.digest...)
	id, err := s.once(ctx, a, c.operation, c.idempotencyKey, input, func(remember rememberer) (uuid.UUID, error) {
		return retry(ctx, func() (uuid.UUID, error) {
			p, err := s.person(ctx, a, c.app, c.user)
			if err != nil {
				return uuid.Nil, err
			}
			d.remember = remember
			return s.act(ctx, a, p, d)
		})
	})
	if err != nil {
		return Acted{}, err
	}
	p, err := s.person(ctx, a, c.app, c.user)
	if err != nil {
		return Acted{}, err
	}
	return p.acted(id, c.shows), nil
}

// person answers one person in an app; ErrNotFound.
func (s *Service) person(ctx context.Context, a Actor, app string, id uuid.UUID) (*Person, error) {
	people, err := s.People(ctx, a, app, []uuid.UUID{id})
	if err != nil {
		return nil, err
	}
	if people[0] == nil {
		return nil, ErrNotFound
	}
	return people[0], nil
}
