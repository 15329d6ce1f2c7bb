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
			return s.own(ctx, a, deed{
				id: in.Act, path: in.Path, digest: in.digestParts(), action: ConsentRecorded, remember: remember,
				decide: s.deciding(ctx, in),
			})
		})
	})
	if err != nil {
		return Acted{}, err
	}
	return s.ownActed(ctx, a, id, ConsentEvent.isDecision)
}

// Withdrawal takes consents back: one, several or all.
type Withdrawal struct {
	Act            uuid.UUID
	Items          []string
	All            bool
	DeviceAt       time.Time
	AppBuild       string
	Receipt        *Receipt // how it reached a colleague; nil: it came through the app
	IdempotencyKey string
}

func (in Withdrawal) digestParts() []string {
	items := in.Items
	if in.All {
		items = []string{"*"}
	}
	return append(append([]string{"withdraw"}, items...), in.Receipt.digestParts()...)
}

// WithdrawConsent withdraws consents. It needs nothing but the database: not
// the gate, not Vault, not Redis. Once it returns, nobody is told "allowed".
func (s *Service) WithdrawConsent(ctx context.Context, a Actor, in Withdrawal) (Acted, error) {
	id, err := s.once(ctx, a, "withdrawConsent", in.IdempotencyKey, in.digestParts(), func(remember rememberer) (uuid.UUID, error) {
		return retry(ctx, func() (uuid.UUID, error) {
			return s.own(ctx, a, deed{
				id: in.Act, digest: in.digestParts(), action: WithdrawalRecorded, remember: remember,
				decide: s.withdrawing(ctx, in),
			})
		})
	})
	if err != nil {
		return Acted{}, err
	}
	return s.ownActed(ctx, a, id, isWithdrawal)
}

func isWithdrawal(e ConsentEvent) bool { return e.Type == Withdrawn }

// deed is one act about a person's consents on its way to the store.
type deed struct {
	id       uuid.UUID // the client's eventId
	path     []string  // where in the input it stands
	digest   []string
	action   Action
	role     Role     // that allows it
	receipt  *Receipt // how it reached a colleague; nil: it is the person's own
	reason   Flaw
	decide   func(*Person) (Act, []ConsentEvent, error)
	remember rememberer
}

// own carries out an act of a registered person, once.
func (s *Service) own(ctx context.Context, a Actor, d deed) (uuid.UUID, error) {
	me, err := s.registered(ctx, a)
	if err != nil {
		return uuid.Nil, err
	}
	d.role = Subject
	return s.act(ctx, a.as(me.User.ID), me, d)
}

// act carries out one act about a person, once.
func (s *Service) act(ctx context.Context, a Actor, p *Person, d deed) (uuid.UUID, error) {
	if p.User.Status == StatusErased {
		return uuid.Nil, NewError(CodeUserBlocked, "everything about this person is erased")
	}
	if was, err := s.Reader.Act(ctx, p.User.ID, d.id); err == nil {
		return d.id, was.repeats(d.digest, d.path)
	} else if !errors.Is(err, ErrNotFound) {
		return uuid.Nil, err
	}
	act, events, err := d.decide(p)
	if err != nil {
		return uuid.Nil, err
	}
	event := s.consentEvent(a, d, act, events)
	if d.role == Subject { // a colleague's connection proves nothing about the person
		act.Context = s.encryptContext(ctx, a, p.User.ID, event.ID)
	}
	kept, err := s.keepRepresentative(ctx, d.receipt, events, event.ID)
	if err != nil {
		return uuid.Nil, err
	}
	ended := s.ends(p, events)
	err = s.Writer.Write(ctx, func(tx Tx) error {
		if d.role == Subject && d.action == ConsentRecorded {
			tx.Count(p.User.ID, CountDecisions, act.ReceivedAt.Format(time.DateOnly), decisionsPerDay)
		}
		tx.Append(act, p.User.ConsentSeq, events)
		for _, v := range kept {
			tx.PutObjectValue(v)
		}
		ended.queue(tx)
		tx.Record(event)
		d.remember(tx, d.id)
		return nil
	})
	if errors.Is(err, ErrTaken) && asError(err).Param("what") == "act" {
		return uuid.Nil, ErrStale.Because(err) // the same act came twice at once: read again
	}
	return d.id, limited(err)
}

// repeats reports whether an act says the same as the one on record.
func (a Act) repeats(parts, path []string) error {
	if a.Digest == actDigest(parts) {
		return nil
	}
	return NewError(CodeEventIDReused, "this eventId belongs to another act of this person; make a new one for a new act").
		At(append(slices.Clone(path), "eventId")...)
}

// ownActed reads back what a person's own act did.
func (s *Service) ownActed(ctx context.Context, a Actor, id uuid.UUID, of func(ConsentEvent) bool) (Acted, error) {
	me, err := s.registered(ctx, a)
	if err != nil {
		return Acted{}, err
	}
	return me.acted(id, of), nil
}

// acted is what an act did, by its events of a sort.
func (p *Person) acted(id uuid.UUID, of func(ConsentEvent) bool) Acted {
	out := Acted{Person: p}
	for _, c := range slices.Backward(p.Consents()) {
		if slices.ContainsFunc(c.Events(), func(e ConsentEvent) bool { return e.Act == id && of(e) }) {
			out.Consents = append(out.Consents, c)
		}
	}
	return out
}

// Consents are the person's consents in the app, newest first.
func (p *Person) Consents() []Consent {
	return p.History.Consents(p.timeline, p.now, p.expires)
}

// withdrawing decides about a withdrawal: what it takes back, unless something
// stands against it.
func (s *Service) withdrawing(ctx context.Context, in Withdrawal) func(*Person) (Act, []ConsentEvent, error) {
	return func(p *Person) (Act, []ConsentEvent, error) {
		act, events, err := s.withdraw(p, in)
		if err == nil {
			err = s.unbarred(ctx, p, events, func(item string) []string {
				if in.All {
					return []string{"all"}
				}
				return []string{"items", itoa(int64(slices.Index(in.Items, item)))}
			})
		}
		return act, events, err
	}
}

// deciding decides about a screen, unless something stands against what it takes
// back: to refuse what was given is a withdrawal by another name.
func (s *Service) deciding(ctx context.Context, in Screen) func(*Person) (Act, []ConsentEvent, error) {
	return func(p *Person) (Act, []ConsentEvent, error) {
		act, events, err := s.decide(p, in)
		if err == nil {
			err = s.unbarred(ctx, p, events, func(item string) []string {
				i := slices.IndexFunc(in.Decisions, func(d ItemDecision) bool { return d.Item == item })
				return append(slices.Clone(in.Path), "decisions", itoa(int64(i)), "item")
			})
		}
		return act, events, err
	}
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
	if in.Receipt != nil {
		if err := in.Receipt.check(p.now); err != nil {
			return Act{}, nil, err
		}
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
			in.Receipt.record(&e)
			e.ReceivedAt = now
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
