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

// represented reports whether somebody decides instead of the person, because
// they cannot: whoever represents them gave a consent, and no colleague has
// recorded a decision of the person's own since. What the person takes back
// themselves changes nothing about that.
func (p *Person) represented() bool {
	out := false
	for _, e := range p.History {
		switch {
		case e.Type == Given && e.GivenBy == ByRepresentative && e.Ground.instead():
			out = true
		case e.isDecision() && e.GivenBy == BySubject && e.Method != InAppConfirmed:
			out = false
		}
	}
	return out
}
