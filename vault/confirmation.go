package vault

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// ConfirmMyData stamps that the person says that their data still holds, as they
// read it at a revision.
func (s *Service) ConfirmMyData(ctx context.Context, a Actor, expected int64, idempotencyKey string) (*Person, error) {
	_, err := s.once(ctx, a, "confirmMyData", idempotencyKey, expectation(&expected), func(remember rememberer) (uuid.UUID, error) {
		return retry(ctx, func() (uuid.UUID, error) {
			me, err := s.registered(ctx, a)
			if err != nil {
				return uuid.Nil, err
			}
			if err := me.changeable(&expected, nil); err != nil {
				return uuid.Nil, err
			}
			event := s.event(a.as(me.User.ID), Subject, UserConfirmed)
			event.Subject = me.User.ID
			return me.User.ID, s.Writer.Write(ctx, func(tx Tx) error {
				tx.ConfirmUser(me.User.ID, expected, event.At)
				tx.Record(event)
				remember(tx, me.User.ID)
				return nil
			})
		})
	})
	if err != nil {
		return nil, err
	}
	return s.Me(ctx, a)
}

// ConfirmationDue is when the person is to be asked whether their data still
// holds; zero: the law wants no such thing.
func (s *Service) ConfirmationDue(p *Person) (time.Time, error) {
	pack, err := s.pack(p.App)
	if err != nil {
		return time.Time{}, err
	}
	from := p.User.ConfirmedAt
	if from.IsZero() {
		from = p.User.CreatedAt
	}
	period := pack.Rule(RuleConfirmData).Period
	if period == "" {
		return time.Time{}, nil
	}
	due, _ := AddDuration(from, period) // a pack with another is not loaded
	return due, nil
}
