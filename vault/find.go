package vault

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
)

// FindBy is what to find people by: exactly one part is set.
type FindBy struct {
	Field   string // email, phone or iin; empty: by Subject
	Value   Plain
	Subject Plain
	Issuers []string // the customers' issuers, for Subject
}

// findLimit is how many people a look-up answers at most.
const findLimit = 10

// FindUsers finds people by an identifier, those who proved that it is theirs
// first. The value is normalised as it is when written. Each person found
// leaves an event; a look-up that finds nobody leaves one too.
func (s *Service) FindUsers(ctx context.Context, a Actor, by FindBy) ([]User, error) {
	role, ok := a.Allowed(Support, Compliance)
	if !ok {
		return nil, NewError(CodeForbidden, "this role may not look people up")
	}
	event := s.event(a, role, UserSearched)
	event.Fields = []string{by.Field}
	if by.Field == "" {
		event.Fields = []string{"subject"}
	}
	found, err := retry(ctx, func() ([]Match, error) {
		found, err := s.find(ctx, by, event.ID)
		return found, s.follow(ctx, err)
	})
	if err != nil {
		return nil, err
	}
	users := make([]User, len(found))
	events := make([]AuditEvent, 0, len(found)+1)
	for i, m := range found {
		users[i] = m.User
		e := event
		if i > 0 {
			e.ID = s.NewID()
		}
		e.Subject = m.User.ID
		events = append(events, e)
	}
	if len(found) == 0 {
		events = append(events, event)
	}
	return users, s.record(ctx, events...)
}

func (s *Service) find(ctx context.Context, by FindBy, reference uuid.UUID) ([]Match, error) {
	if by.Field == "" {
		var logins []SubjectKey
		for _, issuer := range by.Issuers {
			logins = append(logins, s.Pepper.Login(issuer, by.Subject.Reveal()))
		}
		return s.Reader.FindByLogin(ctx, logins, findLimit)
	}
	field, ok := s.Catalogue.Get(by.Field)
	if !ok || !field.Indexed() {
		return nil, NewError(CodeBadRequest, "people are found by email, phone, iin or subject")
	}
	_, normalised, err := s.Normaliser.Normalise(field.Kind, by.Value.Reveal(), s.now())
	if err != nil {
		e := asError(err)
		return nil, NewError(CodeBadRequest, e.Message).At("by", by.Field)
	}
	plan := s.plan.Load()
	digests, err := s.digest(ctx, plan, []int{plan.Find}, []IndexItem{{field.Code, NewPlain(normalised), reference}})
	if err != nil {
		return nil, err
	}
	if err := digests[0][0].Err; err != nil {
		return nil, err
	}
	index := BlindIndex{Field: field.Code, KeyVersion: plan.Find, Digest: digests[0][0].Digest}
	return s.Reader.FindUsers(ctx, plan.Epoch, index, findLimit)
}

// Users lists people by id ascending.
func (s *Service) Users(ctx context.Context, a Actor, filter UserFilter, page Page) ([]User, error) {
	return s.Reader.Users(ctx, filter, page)
}

// CountUsers counts people.
func (s *Service) CountUsers(ctx context.Context, filter UserFilter) (int64, error) {
	return s.Reader.CountUsers(ctx, filter)
}

// CheckConsents answers, for each person in the order asked, whether their
// data may be used for a purpose. Unknown people are answered NEVER_ASKED, so
// that a list tells nothing about who exists. At most 100.
func (s *Service) CheckConsents(ctx context.Context, a Actor, q ConsentQuestion) ([]Check, error) {
	if len(q.Users) > 100 {
		return nil, NewError(CodeBadRequest, "ask about at most 100 people at once").With("limit", "100")
	}
	// A service's limits hold unless another role of its token may ask as well.
	_, others := a.Allowed(Subject, Support, Compliance)
	if !others && !(slices.Contains(a.Purposes, q.Purpose) && slices.Contains(a.Apps, q.App)) {
		err := NewError(CodeForbidden, "this service is not configured for the purpose in this app")
		return nil, s.refuse(ctx, a, "purpose", only(q.Users), err)
	}
	people, err := s.People(ctx, a, q.App, q.Users)
	if err != nil {
		return nil, err
	}
	out := make([]Check, len(people))
	for i, p := range people {
		switch {
		case p != nil && q.At.IsZero():
			// Not a second look at the clock: one set back meanwhile would make
			// this a question about the past, and leave out the latest withdrawal.
			out[i] = p.Check(q.Purpose, q.Operator, p.now)
		case p != nil:
			out[i] = p.Check(q.Purpose, q.Operator, q.At)
		case !a.hasStaffRole():
			return nil, ErrNotFound
		case q.At.IsZero():
			out[i] = Check{Reason: NeverAsked, AsOf: s.now()}
		default:
			out[i] = Check{Reason: NeverAsked, AsOf: q.At}
		}
		out[i].User = q.Users[i]
	}
	if q.Channel != "" {
		err = s.throughChannel(ctx, q, out)
	}
	return out, err
}

// Identifying is a colleague's act on a person's identifier.
type Identifying struct {
	User  uuid.UUID
	Field string
	Basis Basis
	// ExpectedRevision is the person's as it was read; nil: whatever it is.
	ExpectedRevision *int64
	IdempotencyKey   string
}

// SetVerified marks a person's identifier as proved after a colleague's check,
// or takes the mark away so that somebody else can prove it.
func (s *Service) SetVerified(ctx context.Context, a Actor, in Identifying, verified bool) (uuid.UUID, error) {
	role, err := in.Basis.byRequest(a)
	if err != nil {
		return uuid.Nil, err
	}
	action, operation := IdentifierReleased, "releaseIdentifier"
	if verified {
		action, operation = IdentifierVerified, "verifyIdentifier"
	}
	input := append([]string{in.User.String(), in.Field, in.Basis.Reason, in.Basis.Ticket}, expectation(in.ExpectedRevision)...)
	return s.once(ctx, a, operation, in.IdempotencyKey, input, func(remember rememberer) (uuid.UUID, error) {
		return retry(ctx, func() (uuid.UUID, error) {
			return in.User, s.setVerified(ctx, a, role, action, in, verified, remember)
		})
	})
}

func (s *Service) setVerified(ctx context.Context, a Actor, role Role, action Action, in Identifying, verified bool, remember rememberer) error {
	person, err := s.User(ctx, a, in.User)
	if err != nil {
		return err
	}
	revision := person.User.Revision
	if in.ExpectedRevision != nil && *in.ExpectedRevision != revision {
		return conflict(revision)
	}
	fields, err := s.Reader.Fields(ctx, []uuid.UUID{in.User})
	if err != nil {
		return err
	}
	i := slices.IndexFunc(fields, func(f StoredField) bool { return f.Code == in.Field })
	if i < 0 {
		return NewError(CodeRequired, "nothing is stored in this field of this person").At("field")
	}
	event := s.event(a, role, action)
	event.Subject, event.Fields = in.User, []string{in.Field}
	event.Reason, event.Reference = in.Basis.Reason, in.Basis.Ticket
	err = s.Writer.Write(ctx, func(tx Tx) error {
		tx.ReviseUser(in.User, revision, nil)
		tx.SetVerified(in.User, in.Field, fields[i].UpdatedAt, verified)
		tx.Record(event)
		remember(tx, in.User)
		return nil
	})
	if e := asError(err); err != nil && e.Code == CodeTaken && e.Param("field") != "" {
		return NewError(CodeIdentifierTaken, "another person has proved this value; release it there first").
			With("field", in.Field).At("field").Because(err)
	}
	return err
}

// ConsentQuestion asks whether people's data may be used for a purpose.
type ConsentQuestion struct {
	App      string
	Users    []uuid.UUID
	Purpose  string
	Operator string    // BIN; empty: the app's own
	Channel  Channel   // empty: any, and none in particular
	At       time.Time // zero: now
}
