package vault

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"github.com/google/uuid"
)

// RevealRequest asks for fields of one person on one ground.
type RevealRequest struct {
	Person *Person
	Basis  Basis
	Reveal []string // fields whose value support wants instead of the mask
	Fields []Wanted // what to answer, in order
}

// Wanted is a field asked for. Its value is decrypted only when it is wanted:
// asking for the state alone touches no key.
type Wanted struct {
	Code  string
	Value bool
}

// Revealed answers one RevealRequest: a field per wanted one, in order, or the
// error that refuses all of them (the gate, or a ground that is not valid).
type Revealed struct {
	Fields []PersonalField
	Err    error
}

// Reveal answers personal fields of many people at once, whatever their
// grounds. It is the one place that holds a Decrypter. For each request level
// there is one read of the stored fields, one INSERT of the events, and one
// call to decrypt, and the events are committed before there is plaintext: who
// sees whose fields, on which ground, under which consent. When they cannot be
// committed nothing is decrypted.
func (s *Service) Reveal(ctx context.Context, a Actor, requests []RevealRequest) ([]Revealed, error) {
	r := reveal{Service: s, actor: a, out: make([]Revealed, len(requests))}
	stored, err := s.storedFields(ctx, requests)
	if err != nil {
		return nil, err
	}
	for i, req := range requests {
		r.decide(ctx, i, req, stored[req.Person.User.ID])
	}
	if len(r.events) == 0 {
		return r.out, nil
	}
	if err := s.record(ctx, r.events...); err != nil {
		s.trouble(ctx, a, "personal fields are not shown: their events could not be recorded", err)
		return r.out, nil // everything wanted stays UNAVAILABLE
	}
	r.decrypt(ctx)
	return r.out, nil
}

// reveal is one call of Reveal under way.
type reveal struct {
	*Service
	actor  Actor
	out    []Revealed
	events []AuditEvent
	items  []DecryptItem
	places []place
}

// place is where a decrypted value goes, and under which mask.
type place struct {
	request, field int
	masked         bool
}

func (s *Service) storedFields(ctx context.Context, requests []RevealRequest) (map[uuid.UUID][]StoredField, error) {
	var users []uuid.UUID
	for _, req := range requests {
		if !slices.Contains(users, req.Person.User.ID) {
			users = append(users, req.Person.User.ID)
		}
	}
	fields, err := s.Reader.Fields(ctx, users)
	if err != nil {
		return nil, err
	}
	out := make(map[uuid.UUID][]StoredField, len(users))
	for _, f := range fields {
		out[f.User] = append(out[f.User], f)
	}
	return out, nil
}

// decide answers every wanted field of one request as far as it goes without
// plaintext, and queues what is to be decrypted with its events.
func (r *reveal) decide(ctx context.Context, i int, req RevealRequest, stored []StoredField) {
	view, err := r.view(req)
	if err != nil {
		r.out[i].Err = err
		if code := CodeOf(err); code == CodePolicyNotAccepted || code == CodeForbidden {
			r.deny(view, req, r.known(req))
		}
		return
	}
	r.out[i].Fields = make([]PersonalField, len(req.Fields))
	var plain, masked, refused []string
	first := len(r.items)
	for j, want := range req.Fields {
		f := view.field(want.Code, stored)
		if want.Value {
			switch f.State {
			case StatePlain, StateMasked:
				at, err := personalPlace(req.Person.User.ID, want.Code)
				if err != nil { // a policy names it all the same, which the program never published
					r.trouble(ctx, r.actor, "a field is not shown: the published policy names it by a code of the service's own, so somebody wrote it past the program", err,
						slog.String("app", req.Person.App.Code))
					f.State, refused = StateForbidden, append(refused, want.Code)
					break
				}
				isMask := f.State == StateMasked
				if isMask {
					masked = append(masked, want.Code)
				} else {
					plain = append(plain, want.Code)
				}
				r.queue(at, stored, place{i, j, isMask})
				f.State = StateUnavailable // until it is decrypted
			case StateNoConsent, StateForbidden, StateBlocked:
				refused = append(refused, want.Code)
			default:
			}
		}
		r.out[i].Fields[j] = f
	}
	r.revealed(view, req, first, plain, masked)
	r.deny(view, req, refused)
}

func (r *reveal) queue(from Place, stored []StoredField, to place) {
	k := slices.IndexFunc(stored, func(f StoredField) bool { return f.Code == from.Field })
	r.items = append(r.items, DecryptItem{from, stored[k].Ciphertext, uuid.Nil})
	r.places = append(r.places, to)
}

// revealed records what is about to be decrypted: one event for values, one
// for masks. The items carry the id of theirs to Vault's own audit log.
func (r *reveal) revealed(v view, req RevealRequest, first int, plain, masked []string) {
	for _, part := range []struct {
		codes   []string
		outcome Outcome
	}{{plain, OutcomeOK}, {masked, OutcomeMasked}} {
		if len(part.codes) == 0 {
			continue
		}
		e := r.revealEvent(v, req, part.codes)
		e.Outcome = part.outcome
		r.events = append(r.events, e)
		for k := first; k < len(r.items); k++ {
			if r.places[k].masked == (part.outcome == OutcomeMasked) {
				r.items[k].Reference = e.ID
			}
		}
	}
}

// deny records what an authenticated caller was refused.
func (r *reveal) deny(v view, req RevealRequest, codes []string) {
	if len(codes) == 0 || v.own {
		return
	}
	e := r.revealEvent(v, req, codes)
	e.Outcome = OutcomeDenied
	r.events = append(r.events, e)
}

func (r *reveal) revealEvent(v view, req RevealRequest, codes []string) AuditEvent {
	actor := r.actor
	if v.own {
		actor = actor.as(req.Person.User.ID)
	}
	e := r.event(actor, v.role, ProfileRevealed)
	e.Subject, e.App, e.Fields = req.Person.User.ID, req.Person.App.Code, codes
	e.Purpose, e.Reason, e.Consent = v.basis.Purpose, v.basis.Reason, v.check.consent
	e.Reference = v.basis.Ticket + v.basis.Legal
	return e
}

// decrypt makes the one call, and puts each value where it belongs.
func (r *reveal) decrypt(ctx context.Context) {
	if len(r.items) == 0 {
		return
	}
	results, err := r.Decrypter.Decrypt(ctx, r.items)
	if err != nil {
		r.trouble(ctx, r.actor, "personal fields are not shown: they could not be decrypted", err)
		return
	}
	for k, result := range results {
		at := r.places[k]
		f := &r.out[at.request].Fields[at.field]
		if result.Err != nil {
			r.trouble(ctx, r.actor, "a personal field is not shown: it could not be decrypted", result.Err,
				slog.String("user", r.items[k].User.String()), slog.String("field", r.items[k].Field))
			continue
		}
		f.State, f.Value = StatePlain, result.Value
		if at.masked {
			f.State, f.Value = StateMasked, f.Field.Mask.Apply(result.Value)
		}
	}
}

// trouble logs what a caller had to do without.
func (s *Service) trouble(ctx context.Context, a Actor, what string, err error, attrs ...slog.Attr) {
	if errors.Is(err, context.Canceled) {
		return
	}
	attrs = append(attrs, slog.String("what", what), slog.String("requestId", a.RequestID), slog.Any("error", err))
	s.Log.LogAttrs(ctx, slog.LevelError, "a caller does without", attrs...)
}

// known are the codes asked for that are fields at all: what else a caller
// wrote in their place may be anything, and events hold no free text.
func (r *reveal) known(req RevealRequest) []string {
	var out []string
	for _, want := range req.Fields {
		if _, ok := req.Person.definition(r.Catalogue, want.Code); ok {
			out = append(out, want.Code)
		}
	}
	return out
}

// MissingFields are the codes of the fields that the version in force
// requires and that are empty, for each person in the order given.
func (s *Service) MissingFields(ctx context.Context, people []*Person) ([][]string, error) {
	requests := make([]RevealRequest, len(people))
	for i, p := range people {
		requests[i].Person = p
	}
	stored, err := s.storedFields(ctx, requests)
	if err != nil {
		return nil, err
	}
	out := make([][]string, len(people))
	for i, p := range people {
		out[i] = []string{}
		v := p.Current()
		if v == nil {
			continue
		}
		for _, c := range v.Facts.Collected(s.Catalogue) {
			has := slices.ContainsFunc(stored[p.User.ID], func(f StoredField) bool { return f.Code == c.Code })
			if c.Required && !has {
				out[i] = append(out[i], c.Code)
			}
		}
	}
	return out, nil
}

// CollectedFields are the codes of the fields that are collected of a person
// now, in the order in which the policy names them.
func (s *Service) CollectedFields(p *Person) []string {
	v := p.Current()
	if v == nil {
		return nil
	}
	var out []string
	for _, c := range v.Facts.Collected(s.Catalogue) {
		out = append(out, c.Code)
	}
	return out
}
