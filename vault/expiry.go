package vault

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
)

// A consent ends at its term without anybody doing anything, so that the job on
// retention finds it: it goes on record, and recipients are told as they are of
// a withdrawal. The time that they are told in runs from the end of the term,
// and not from the day on which the job came by.

// ExpiryMark is up to when the ends of somebody's consents were told.
type ExpiryMark struct {
	User uuid.UUID
	Told time.Time
}

// ExpiryReader reads what the job keeps about consents that ended.
type ExpiryReader interface {
	// ExpiryMarks answers those of these people, in no order.
	ExpiryMarks(ctx context.Context, users []uuid.UUID) ([]ExpiryMark, error)
}

// ExpiryTx queues what the job does about consents that ended.
type ExpiryTx interface {
	PutExpiryMark(m ExpiryMark)
}

// expired are the consents that ended at their term between two moments, the
// first not included.
func (p *Person) expired(after, by time.Time) []Consent {
	return slices.DeleteFunc(p.Consents(), func(c Consent) bool {
		return c.State != ConsentExpired || !c.ValidUntil.After(after) || c.ValidUntil.After(by)
	})
}

// expire puts on record which consents of a person ended since the job last came
// by, and has recipients told. It answers the person as they are then. Who has
// changed anything meanwhile is looked at again by the next run, which finds the
// same: nothing is told twice.
func (r *retaining) expire(ctx context.Context, u User, in []*Person, told time.Time) (User, error) {
	var events []AuditEvent
	var ends []ended
	for _, p := range in {
		over := p.expired(told, r.report.AsOf)
		if len(over) == 0 {
			continue
		}
		e := systemEvent(r.actor, ConsentsExpired, r.NewID(), r.now())
		e.Subject, e.App = u.ID, p.App.Code
		if len(over) == 1 {
			e.Consent = over[0].ID
		}
		events, ends = append(events, e), append(ends, r.expires(p, over, e.At))
	}
	if len(events) == 0 || r.run.DryRun {
		return u, nil
	}
	err := r.Writer.Write(ctx, func(tx Tx) error {
		tx.ReviseAsRead(u)
		tx.PutExpiryMark(ExpiryMark{u.ID, r.report.AsOf})
		for _, e := range ends {
			e.queue(tx)
		}
		for _, e := range events {
			tx.Record(e)
		}
		return nil
	})
	if errors.Is(err, ErrStale) {
		return u, nil
	}
	if err == nil {
		r.report.Expired++
		u.Revision++
	}
	return u, err
}

// expires is what else happens when consents end at their term: what a
// withdrawal of them would bring about.
func (s *Service) expires(p *Person, over []Consent, now time.Time) ended {
	out := ended{user: p.User.ID}
	items := map[time.Time][]string{} // those of one screen end together
	for _, c := range over {
		items[c.ValidUntil] = append(items[c.ValidUntil], c.Item)
		out.private = append(out.private, p.publishedBy(c.ConsentEvent)...)
	}
	for end, codes := range items {
		t := s.telling(p.App, p.User.ID, AboutExpired, end)
		slices.Sort(codes)
		t.At, t.Items = now, slices.Compact(codes)
		out.tellings = append(out.tellings, t)
	}
	return out
}
