package vault

import (
	"context"
	"slices"

	"github.com/google/uuid"
)

// keepRepresentative encrypts who acted for a person, to be kept with the act:
// under the id of its first event, because the act's own is made by the client.
func (s *Service) keepRepresentative(ctx context.Context, r *Receipt, events []ConsentEvent, reference uuid.UUID) ([]ObjectValue, error) {
	values := r.values()
	if len(values) == 0 || len(events) == 0 {
		return nil, nil
	}
	return s.encryptWith(ctx, events[0].ID, events[0].User, reference, values)
}

// SeenRepresentative is who acted for a person.
type SeenRepresentative struct {
	Ground                  Ground
	Name, Contact, Document Plain // empty where nothing is kept, or not any more
}

// RepresentativeQuestion asks who acted for a person.
type RepresentativeQuestion struct {
	User, Consent uuid.UUID
	Seq           int64 // of one of the consent's events; 0: the decision
	Basis         Basis
}

// Representative answers who acted for a person, or nil when they acted
// themselves. Who asked, and why, is on record before anything is decrypted.
func (s *Service) Representative(ctx context.Context, a Actor, q RepresentativeQuestion) (*SeenRepresentative, error) {
	if err := q.Basis.validate(); err != nil {
		return nil, err
	}
	if _, ok := a.Allowed(Compliance); !ok || q.Basis.Ticket == "" {
		return nil, NewError(CodeForbidden, "compliance sees representatives, for a request")
	}
	events, err := s.Reader.Decided(ctx, q.User)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(events, func(e ConsentEvent) bool { return e.Consent == q.Consent && (q.Seq == 0 || e.Seq == q.Seq) })
	switch {
	case i < 0:
		return nil, ErrNotFound
	case events[i].GivenBy != ByRepresentative:
		return nil, nil //nolint:nilnil // the schema answers null where nobody stood in
	}
	first := slices.IndexFunc(events, func(e ConsentEvent) bool { return e.Act == events[i].Act })
	event := s.event(a, Compliance, RepresentativeSeen)
	event.Subject, event.App, event.Consent = q.User, events[i].App, q.Consent
	event.Reason, event.Reference = q.Basis.Reason, q.Basis.Ticket
	kept, err := s.openObject(ctx, events[first].ID, event)
	if err != nil {
		return nil, err
	}
	return &SeenRepresentative{
		Ground: events[i].Ground, Name: kept[FieldRepresentativeName],
		Contact: kept[FieldRepresentativeContact], Document: kept[FieldRepresentativeDocument],
	}, nil
}

// instead reports whether somebody decided because the person cannot.
func (e ConsentEvent) instead() bool { return e.GivenBy == ByRepresentative && e.Ground.instead() }

// represented reports whether somebody decides instead of the person, because
// they cannot. Whoever is known to be under age cannot until they come of age,
// whatever was recorded of them. Of others it is known by what is on record:
// whoever represents them gave a consent, and no colleague has recorded a consent
// of the person's own since. What the person refuses or takes back themselves
// changes nothing about that; what a parent or guardian gave for a child ends with
// its childhood.
func (p *Person) represented() bool {
	adult := p.User.RepresentedUntil
	if p.now.Before(adult) {
		return true
	}
	out := false
	for _, e := range p.History {
		asChild := e.decidedAt().Before(adult)
		switch {
		case e.Type != Given:
		case e.instead() && (e.Ground == ByCourt || !asChild):
			out = true
		case e.GivenBy == BySubject && e.Method != InAppConfirmed && !asChild:
			out = false
		}
	}
	return out
}

// needsRepresentative reports whether what a screen gives is not the person's own
// to give: in the app while somebody decides for them, on paper while they were
// under age.
func (p *Person) needsRepresentative(in Screen) bool {
	if in.Receipt == nil {
		return p.represented()
	}
	by := in.Receipt.Representative
	return (by == nil || !by.Ground.instead()) && in.Receipt.SignedAt.Before(p.User.RepresentedUntil)
}
