package vault

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Acted is the answer to an act about consents.
type Acted struct {
	Person   *Person
	Consents []Consent // those of the act, in its order
}

// RecordConsent records a screen of decisions. The same act sent again counts
// once and answers the same.
func (s *Service) RecordConsent(ctx context.Context, a Actor, in Screen, idempotencyKey string) (Acted, error) {
	id, err := s.once(ctx, a, "recordConsent", idempotencyKey, in.digestParts(), func(remember rememberer) (uuid.UUID, error) {
		return retry(ctx, func() (uuid.UUID, error) {
			return s.act(ctx, a, in.Act, in.Path, in.digestParts(), ConsentRecorded, remember, func(me *Person) (Act, []ConsentEvent, error) {
				return s.decide(me, in)
			})
		})
	})
	if err != nil {
		return Acted{}, err
	}
	return s.acted(ctx, a, id, ConsentEvent.isDecision)
}

// Withdrawal takes consents back: one, several or all.
type Withdrawal struct {
	Act            uuid.UUID
	Items          []string
	All            bool
	DeviceAt       time.Time
	AppBuild       string
	IdempotencyKey string
}

func (in Withdrawal) digestParts() []string {
	if in.All {
		return []string{"withdraw", "*"}
	}
	return append([]string{"withdraw"}, in.Items...)
}

// WithdrawConsent withdraws consents. It needs nothing but the database: not
// the gate, not Vault, not Redis. Once it returns, nobody is told "allowed".
func (s *Service) WithdrawConsent(ctx context.Context, a Actor, in Withdrawal) (Acted, error) {
	id, err := s.once(ctx, a, "withdrawConsent", in.IdempotencyKey, in.digestParts(), func(remember rememberer) (uuid.UUID, error) {
		return retry(ctx, func() (uuid.UUID, error) {
			return s.act(ctx, a, in.Act, nil, in.digestParts(), WithdrawalRecorded, remember, func(me *Person) (Act, []ConsentEvent, error) {
				act, events, err := s.withdraw(me, in)
				if err == nil {
					err = s.unbarred(ctx, me, in, events)
				}
				return act, events, err
			})
		})
	})
	if err != nil {
		return Acted{}, err
	}
	return s.acted(ctx, a, id, func(e ConsentEvent) bool { return e.Type == Withdrawn })
}

// act carries out one act of a registered person, once. The path is where in
// the input it stands.
func (s *Service) act(ctx context.Context, a Actor, id uuid.UUID, path, digest []string, action Action, remember rememberer,
	decide func(*Person) (Act, []ConsentEvent, error),
) (uuid.UUID, error) {
	me, err := s.registered(ctx, a)
	if err != nil {
		return uuid.Nil, err
	}
	if me.User.Status == StatusErased {
		return uuid.Nil, NewError(CodeUserBlocked, "everything about this person is erased")
	}
	if was, err := s.Reader.Act(ctx, me.User.ID, id); err == nil {
		return id, was.repeats(digest, path)
	} else if !errors.Is(err, ErrNotFound) {
		return uuid.Nil, err
	}
	act, events, err := decide(me)
	if err != nil {
		return uuid.Nil, err
	}
	event := s.consentEvent(a.as(me.User.ID), action, act, events)
	act.Context = s.encryptContext(ctx, a, me.User.ID, event.ID)
	err = s.Writer.Write(ctx, func(tx Tx) error {
		if action == ConsentRecorded {
			tx.Count(me.User.ID, CountDecisions, act.ReceivedAt.Format(time.DateOnly), decisionsPerDay)
		}
		tx.Append(act, me.User.ConsentSeq, events)
		tx.Record(event)
		remember(tx, id)
		return nil
	})
	if errors.Is(err, ErrTaken) && asError(err).Param("what") == "act" {
		return uuid.Nil, ErrStale.Because(err) // the same act came twice at once: read again
	}
	return id, limited(err)
}

// repeats reports whether an act says the same as the one on record.
func (a Act) repeats(parts, path []string) error {
	if a.Digest == actDigest(parts) {
		return nil
	}
	return NewError(CodeEventIDReused, "this eventId belongs to another act of this person; make a new one for a new act").
		At(append(slices.Clone(path), "eventId")...)
}

// acted reads back what an act did.
func (s *Service) acted(ctx context.Context, a Actor, id uuid.UUID, of func(ConsentEvent) bool) (Acted, error) {
	me, err := s.registered(ctx, a)
	if err != nil {
		return Acted{}, err
	}
	out := Acted{Person: me}
	for _, c := range slices.Backward(me.Consents()) {
		if slices.ContainsFunc(c.Events(), func(e ConsentEvent) bool { return e.Act == id && of(e) }) {
			out.Consents = append(out.Consents, c)
		}
	}
	return out, nil
}

// Consents are the person's consents in the app, newest first.
func (p *Person) Consents() []Consent {
	return p.History.Consents(p.timeline, p.now, p.expires)
}

// withdraw makes the events of a withdrawal: one for each consent of the named
// items that is still given, one agreed to early for a coming version included.
func (s *Service) withdraw(p *Person, in Withdrawal) (Act, []ConsentEvent, error) {
	switch {
	case in.All == (len(in.Items) > 0):
		return Act{}, nil, NewError(CodeRequired, "name the items to withdraw, or say all: true; one of the two").At("items")
	case in.AppBuild != "" && !buildForm.MatchString(in.AppBuild):
		return Act{}, nil, NewError(CodeInvalidValue, "appBuild is up to forty letters, digits and . _ + - ( )").At("appBuild")
	}
	open := map[string][]Consent{}
	var items []string
	for _, c := range slices.Backward(p.Consents()) {
		if c.State == ConsentGiven {
			if len(open[c.Item]) == 0 {
				items = append(items, c.Item)
			}
			open[c.Item] = append(open[c.Item], c)
		}
	}
	if !in.All {
		if err := p.checkWithdrawal(in.Items, open); err != nil {
			return Act{}, nil, err
		}
		items = in.Items
	}
	now := s.now()
	act := Act{User: p.User.ID, ID: in.Act, Digest: actDigest(in.digestParts()), ReceivedAt: now}
	var events []ConsentEvent
	for _, item := range items {
		for _, c := range open[item] {
			e := c.ConsentEvent
			e.ID, e.Seq, e.Act, e.Type = s.NewID(), p.User.ConsentSeq+int64(len(events))+1, in.Act, Withdrawn
			e.Method, e.GivenBy, e.ReceivedAt = InAppConfirmed, BySubject, now
			e.DeviceAt, e.AppBuild = in.DeviceAt, in.AppBuild
			events = append(events, e)
		}
	}
	return act, events, nil
}

func (p *Person) checkWithdrawal(items []string, open map[string][]Consent) error {
	var errs Errors
	seen := map[string]bool{}
	for i, item := range items {
		path := []string{"items", itoa(int64(i))}
		switch {
		case seen[item]:
			errs = append(errs, NewError(CodeDuplicateInput, "the item is named twice").At(path...))
		case len(open[item]) > 0:
		case p.History.position(item, p.timeline, p.now).state == ReasonWithdrawn:
			errs = append(errs, NewError(CodeAlreadyWithdrawn, "this consent is withdrawn already").At(path...))
		default:
			errs = append(errs, NewError(CodeNotGiven, "there is no consent to this item that could be withdrawn").At(path...))
		}
		seen[item] = true
	}
	return errs.orNil()
}
