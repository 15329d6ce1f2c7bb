package vault

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"
)

// Newcomer is a person who came by paper or phone, as a colleague writes them
// down: what they told, and what they, or their representative, decided. They
// have no login.
type Newcomer struct {
	App            string
	Changes        []Change
	Decisions      Screen // with its Receipt
	Locale         string
	Source         Source
	Basis          Basis
	IdempotencyKey string
}

// Source is where a value came from.
type Source string

// The sources.
const (
	FromApp             Source = "APP" // the person wrote it
	FromPerson          Source = "PERSON_ASKED"
	FromDocument        Source = "DOCUMENT"
	FromRepresentative  Source = "REPRESENTATIVE"
	FromStateService    Source = "STATE_SERVICE"
	FromNonstateService Source = "NONSTATE_SERVICE"
)

var sources = []Source{FromPerson, FromDocument, FromRepresentative, FromStateService, FromNonstateService}

// object is how an audit event names a source.
func (s Source) object() string { return sourceObject + string(s) }

const sourceObject = "Source:"

// byRequest is the role under which an actor works on a request.
func (b Basis) byRequest(a Actor) (Role, error) {
	role, ok := b.role(a)
	if !ok || b.Ticket == "" {
		return "", NewError(CodeForbidden, "this needs a request as its ground, and a role that works on requests")
	}
	if err := b.validate(); err != nil {
		return "", NewError(CodeInvalidReason, asError(err).Message).At("basis")
	}
	return role, nil
}

// unproven is a colleague who writes for somebody else: what their own token
// proves is nobody else's.
func (a Actor) unproven() Actor {
	a.Phone, a.Email = Plain{}, Plain{}
	return a
}

// CreateUser writes down a person who came otherwise than through the app.
func (s *Service) CreateUser(ctx context.Context, a Actor, in Newcomer) (*Person, error) {
	role, err := in.Basis.byRequest(a)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(sources, in.Source) {
		return nil, NewError(CodeInvalidValue, "say where this came from; APP is what a person writes themselves").At("source")
	}
	if err := s.normalise(in.Decisions.Receipt); err != nil {
		return nil, err
	}
	input := append(append(changeParts(in.Changes), in.Decisions.digestParts()...), in.App, in.Locale, string(in.Source), in.Basis.Reason, in.Basis.Ticket)
	id, err := s.once(ctx, a, "createUser", in.IdempotencyKey, input, func(remember rememberer) (uuid.UUID, error) {
		return retry(ctx, func() (uuid.UUID, error) {
			id, err := s.createUser(ctx, a.unproven(), role, in, remember)
			return id, s.follow(ctx, err)
		})
	})
	if err != nil {
		return nil, err
	}
	return s.person(ctx, a, in.App, id)
}

func (s *Service) createUser(ctx context.Context, a Actor, role Role, in Newcomer, remember rememberer) (uuid.UUID, error) {
	p, err := s.newcomer(ctx, in)
	if err != nil {
		return uuid.Nil, err
	}
	set := changeset{user: p.User.ID, fresh: true, uncounted: true, at: s.now(), source: in.Source, by: role}
	act, decided, err := s.decide(p, in.Decisions)
	if err != nil {
		return uuid.Nil, err
	}
	p.History = append(p.History, decided...)
	if set, err = s.checkFor(ctx, a, role, p, set, in.Changes); err != nil {
		return uuid.Nil, err
	}
	event := s.event(a, role, UserCreated)
	event.Subject, event.App, event.Fields, event.Object = p.User.ID, p.App.Code, set.codes(), in.Source.object()
	event.Reason, event.Reference = in.Basis.Reason, in.Basis.Ticket
	recorded := s.consentEvent(a, deed{action: ConsentRecorded, role: role, receipt: in.Decisions.Receipt}, act, decided)
	kept, err := s.keepRepresentative(ctx, in.Decisions.Receipt, decided, recorded.ID)
	if err != nil {
		return uuid.Nil, err
	}
	if _, err := s.encrypt(ctx, &set, event.ID); err != nil {
		return uuid.Nil, err
	}
	err = s.Writer.Write(ctx, func(tx Tx) error {
		tx.InsertUser(*p.User, SubjectKey{})
		set.queue(tx)
		tx.Append(act, 0, decided)
		for _, v := range kept {
			tx.PutObjectValue(v)
		}
		tx.Record(event, recorded)
		remember(tx, p.User.ID)
		return nil
	})
	return p.User.ID, set.taken(err)
}

// newcomer is somebody whom nothing is known of, in an app.
func (s *Service) newcomer(ctx context.Context, in Newcomer) (*Person, error) {
	id := s.NewID()
	standings, err := s.Reader.Standings(ctx, in.App, []uuid.UUID{id})
	if errors.Is(err, ErrNotFound) {
		return nil, NewError(CodeUnknownApp, "there is no such app").At("app")
	}
	if err != nil {
		return nil, err
	}
	people, err := s.people(ctx, standings)
	if err != nil {
		return nil, err
	}
	p := people[0]
	p.User = &User{ID: id, Status: StatusActive, Revision: 1, Locale: in.Locale, CreatedAt: s.now()}
	return p, p.App.speaks(in.Locale)
}

// checkFor checks what a colleague writes of somebody, by the rules that hold
// for what a person writes themselves, and theirs: of a field that a role sees
// nothing of it writes nothing.
func (s *Service) checkFor(ctx context.Context, a Actor, role Role, p *Person, set changeset, changes []Change) (changeset, error) {
	if len(changes) == 0 {
		return set, nil
	}
	if err := p.gate(); err != nil {
		return set, s.refuse(ctx, a, "updateUser", p.User.ID, err)
	}
	set, err := s.check(a, p, set, changes)
	if err != nil {
		return set, err
	}
	for _, c := range set.changes {
		if s.Access.Sight(role, c.field) == SeesNothing {
			return set, s.refuse(ctx, a, "updateUser", p.User.ID, NewError(CodeForbidden, "this role may not write the field").At(c.Path...))
		}
	}
	err = s.ofAge(ctx, a, p, &set)
	return set, err
}
