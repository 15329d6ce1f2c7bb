package vault

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Publishing one's own fields is a decision of its own: a field is private until
// the person makes it public, and public only as long as a consent of the kind
// PUBLICATION that names it holds. What is public is decided at each reading
// from what the database says, and kept in no cache, so that private again takes
// effect at once on every replica.

// VisibilityChange makes fields of the actor's own public or private.
type VisibilityChange struct {
	Fields         []string
	To             Visibility
	IdempotencyKey string
}

// SetFieldVisibility changes who may see fields. Private is always possible;
// public takes the consent, and the fields to be filled in.
func (s *Service) SetFieldVisibility(ctx context.Context, a Actor, in VisibilityChange) (*Person, error) {
	input := append([]string{string(in.To)}, in.Fields...)
	_, err := s.once(ctx, a, "setFieldVisibility", in.IdempotencyKey, input, func(remember rememberer) (uuid.UUID, error) {
		return retry(ctx, func() (uuid.UUID, error) { return s.setVisibility(ctx, a, in, remember) })
	})
	if err != nil {
		return nil, err
	}
	return s.Me(ctx, a)
}

func (s *Service) setVisibility(ctx context.Context, a Actor, in VisibilityChange, remember rememberer) (uuid.UUID, error) {
	me, err := s.registered(ctx, a)
	if err != nil {
		return uuid.Nil, err
	}
	if in.To == Public || me.User.Status == StatusErased {
		if me.User.Status != StatusActive {
			return uuid.Nil, NewError(CodeUserBlocked, "processing of this person's data is stopped; nothing can be published now")
		}
		if err := me.gate(); err != nil {
			return uuid.Nil, s.refuse(ctx, a, "Mutation.setFieldVisibility", me.User.ID, err)
		}
	}
	stored, err := s.Reader.Fields(ctx, []uuid.UUID{me.User.ID})
	if err != nil {
		return uuid.Nil, err
	}
	if errs := s.checkVisibility(me, stored, in); len(errs) > 0 {
		return uuid.Nil, errs
	}
	event := s.event(a.as(me.User.ID), Subject, VisibilityChanged)
	event.Subject, event.Fields, event.Object = me.User.ID, in.Fields, "Visibility:"+string(in.To)
	return me.User.ID, s.Writer.Write(ctx, func(tx Tx) error {
		tx.ReviseUser(me.User.ID, me.User.Revision, nil)
		tx.SetVisibility(me.User.ID, in.Fields, in.To)
		tx.Record(event)
		remember(tx, me.User.ID)
		return nil
	})
}

func (s *Service) checkVisibility(me *Person, stored []StoredField, in VisibilityChange) Errors {
	if len(in.Fields) == 0 || len(in.Fields) > fieldsAtOnce {
		return Errors{NewError(CodeRequired, "name 1 to 100 fields").At("fields")}
	}
	var errs Errors
	for i, code := range in.Fields {
		bad := func(e *Error) { errs = append(errs, e.At("fields", itoa(int64(i)))) }
		_, known := me.definition(s.Catalogue, code)
		switch {
		case slices.Contains(in.Fields[:i], code):
			bad(NewError(CodeDuplicateInput, "the field is named twice"))
		case !known:
			bad(NewError(CodeFieldNotCollected, "the policy in force does not collect this field; leave it out"))
		case in.To == Private:
		case !slices.ContainsFunc(stored, func(f StoredField) bool { return f.Code == code }):
			bad(NewError(CodeRequired, "nothing is stored in this field: fill it in first"))
		default:
			if _, e := me.publication(code); e != nil {
				bad(e)
			}
		}
	}
	return errs
}

// CopiesGoneBy is when copies elsewhere of what is private from now on have to
// be gone; zero where no rule says.
func (s *Service) CopiesGoneBy(app App) (time.Time, error) {
	pack, err := s.pack(app)
	if err != nil {
		return time.Time{}, err
	}
	by, _ := pack.Due(RuleUnpublish, s.now())
	return by, nil
}

// fieldsAtOnce is how many fields one call names.
const fieldsAtOnce = 100

// publication is the consent by which a field may be public now: of an item of
// the kind PUBLICATION that names it, in the version in force and in the one that
// was agreed to. The error says which item to ask.
func (p *Person) publication(code string) (Check, *Error) {
	refusal := NewError(CodeNotPublishable, "the policy in force asks no consent to make this field public")
	v := p.Current()
	if v == nil {
		return Check{}, refusal
	}
	for _, item := range v.Facts.Items {
		if item.Kind != Publication || !item.Asked() || !item.Uses(code) {
			continue
		}
		check := p.Check(item.Code, "", p.now)
		if check.Reason == ReasonGiven && check.scope.Kind == Publication && check.scope.Uses(code) {
			return check, nil
		}
		refusal = NewError(CodeNotGiven, "ask for the consent to make it public first").With("item", item.Code).With("reason", string(check.Reason))
	}
	return Check{}, refusal
}

// publicPerSecond bounds readings of public profiles on one replica: each
// decrypts, and leaves an event for ever, whoever asks.
const publicPerSecond = 50

// PublicProfile is what is public of a person in an app now. Whoever is unknown,
// erased, blocked or has published nothing has nothing public: the answer is the
// same. Each reading is a reveal and leaves its event, one for each consent that
// it rests on.
func (s *Service) PublicProfile(ctx context.Context, a Actor, app string, user uuid.UUID) ([]PersonalField, error) {
	if !s.public.take(s.now(), publicPerSecond) {
		return nil, NewError(CodeRateLimited, "public profiles are read too often; try again in a second")
	}
	standings, err := s.Reader.Standings(ctx, app, []uuid.UUID{user})
	if err != nil {
		return nil, err
	}
	people, err := s.people(ctx, standings)
	if err != nil {
		return nil, err
	}
	stored, err := s.Reader.Fields(ctx, []uuid.UUID{user}) // of nobody as well: the answer takes as long
	if err != nil {
		return nil, err
	}
	by, err := s.reader(ctx, a)
	if err != nil {
		return nil, err
	}
	r := reveal{Service: s, actor: by, out: make([]Revealed, 1)}
	if r.publish(people[0], stored); len(r.items) == 0 {
		return []PersonalField{}, nil
	}
	if err := s.record(ctx, r.events...); err != nil {
		return nil, err
	}
	r.decrypt(ctx)
	if slices.ContainsFunc(r.out[0].Fields, func(f PersonalField) bool { return f.State != StatePlain }) {
		return nil, ErrUnavailable
	}
	return r.out[0].Fields, nil
}

// reader is the actor as events name them: a person under their own id.
func (s *Service) reader(ctx context.Context, a Actor) (Actor, error) {
	if a.anonymous() && len(a.Roles) == 0 {
		a.Roles = []Role{Anonymous}
	}
	if !a.Has(Subject) || a.hasStaffRole() {
		return a, nil
	}
	me, err := s.Me(ctx, a)
	if err == nil && me.User != nil {
		a = a.as(me.User.ID)
	}
	return a, err
}

// publish queues what is public of a person, in the order of the policy.
func (r *reveal) publish(p *Person, stored []StoredField) {
	if p.User == nil || p.User.Status != StatusActive || p.gate() != nil {
		return
	}
	events := map[uuid.UUID]int{}
	for _, collected := range p.Current().Facts.Collected(r.Catalogue) {
		k := slices.IndexFunc(stored, func(f StoredField) bool { return f.Code == collected.Code && f.Visibility == Public })
		check, refused := p.publication(collected.Code)
		from, err := personalPlace(p.User.ID, collected.Code)
		if k < 0 || refused != nil || err != nil {
			continue
		}
		n, ok := events[check.consent]
		if !ok {
			n = len(r.events)
			events[check.consent] = n
			e := r.event(r.actor, r.actor.Kind(), ProfileRevealed)
			e.Subject, e.App, e.Purpose, e.Consent = p.User.ID, p.App.Code, check.scope.Code, check.consent
			r.events = append(r.events, e)
		}
		r.events[n].Fields = append(r.events[n].Fields, collected.Code)
		r.queue(from, stored, place{0, len(r.out[0].Fields), false})
		r.items[len(r.items)-1].Reference = r.events[n].ID
		r.out[0].Fields = append(r.out[0].Fields, PersonalField{Field: collected.Field, State: StateUnavailable, Visibility: Public})
	}
}
