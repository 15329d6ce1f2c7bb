package vault

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/google/uuid"
)

// SubjectRequest answers one request: to colleagues who work on them, and to the
// person whose it is. A foreign one is ErrNotFound.
func (s *Service) SubjectRequest(ctx context.Context, a Actor, id uuid.UUID) (SubjectRequest, error) {
	r, err := s.Reader.SubjectRequest(ctx, id)
	if err != nil {
		return r, err
	}
	if _, colleague := a.Allowed(Compliance, Support); colleague {
		return r, nil
	}
	me, err := s.Me(ctx, a)
	if err != nil {
		return SubjectRequest{}, err
	}
	if me.User == nil || me.User.ID != r.User || r.Proof == ReportsViolation {
		return SubjectRequest{}, s.refuse(ctx, a, r.object(), r.User, ErrNotFound)
	}
	return r, nil
}

// SubjectRequests lists requests, earliest first.
func (s *Service) SubjectRequests(ctx context.Context, a Actor, filter RequestFilter, by RequestOrder, page Page) ([]SubjectRequest, error) {
	if _, ok := a.Allowed(Compliance, Support); !ok {
		return nil, NewError(CodeForbidden, "this role may not list requests")
	}
	return s.Reader.SubjectRequests(ctx, filter, by, page)
}

// RequestsOf lists the requests of one person, earliest first: to themselves, and
// to colleagues who may see them. Somebody else's report of a violation is not
// theirs.
func (s *Service) RequestsOf(ctx context.Context, a Actor, user uuid.UUID, page Page) ([]SubjectRequest, error) {
	if _, ok := a.Allowed(Subject, Compliance, Support); !ok {
		return nil, NewError(CodeForbidden, "this role may not see requests")
	}
	return s.Reader.SubjectRequests(ctx, RequestFilter{User: user, Own: !a.hasStaffRole()}, ByReceived, page)
}

// DaysLeft are the working days until a request is due, by its app's rule pack;
// less than zero once it is late.
func (s *Service) DaysLeft(ctx context.Context, r SubjectRequest) (int, error) {
	app, err := s.App(ctx, r.App)
	if err != nil {
		return 0, err
	}
	pack, err := s.pack(app)
	if err != nil {
		return 0, err
	}
	return r.DaysLeft(pack.Calendar, s.now()), nil
}

// Requester is who asked, and what is written with a request. Empty: there is
// nothing of it.
type Requester struct {
	Revealed bool // otherwise each is a mask
	Name     Plain
	Contact  Plain
	Text     Plain // what they wrote
	Note     Plain // what a colleague answered
}

// Requester answers who asked. A person sees their own words; a colleague sees
// that there are some, and the words themselves when they reveal them for a
// request. That leaves an event.
func (s *Service) Requester(ctx context.Context, a Actor, r SubjectRequest, reveal bool, basis Basis) (Requester, error) {
	role, ok := basis.role(a)
	own := a.Has(Subject) && !a.hasStaffRole()
	switch {
	case own:
		if _, err := s.SubjectRequest(ctx, a, r.ID); err != nil {
			return Requester{}, err
		}
		role, reveal, basis, a = Subject, true, Basis{}, a.as(r.User)
	case !ok || role != Compliance && role != Support:
		return Requester{}, NewError(CodeForbidden, "this role may not see who asked")
	case reveal && basis.Ticket == "" && basis.Legal == "":
		return Requester{}, NewError(CodeBadRequest, "give the request that you work on as the basis").At("basis")
	}
	if err := basis.validate(); err != nil {
		return Requester{}, err
	}
	if !reveal {
		return s.maskedRequester(ctx, r)
	}
	event := s.requestEvent(a, role, RequesterRevealed, r)
	event.Reason, event.Reference = basis.Reason, basis.Ticket+basis.Legal
	words, err := s.openObject(ctx, r.ID, event)
	return Requester{
		Revealed: true, Name: words[FieldRequesterName], Contact: words[FieldRequesterContact],
		Text: words[FieldRequestText], Note: words[FieldRequestAnswer],
	}, err
}

// maskedRequester says what there is, and decrypts nothing.
func (s *Service) maskedRequester(ctx context.Context, r SubjectRequest) (Requester, error) {
	kept, err := s.Reader.ObjectValues(ctx, []uuid.UUID{r.ID})
	mask := func(code string) Plain {
		if slices.ContainsFunc(kept, func(v ObjectValue) bool { return v.Code == code }) {
			return NewPlain(stars)
		}
		return Plain{}
	}
	return Requester{
		Name: mask(FieldRequesterName), Contact: mask(FieldRequesterContact),
		Text: mask(FieldRequestText), Note: mask(FieldRequestAnswer),
	}, err
}

// RequestDocument answers what was answered, in a language that the app speaks;
// nil while nothing is.
func (s *Service) RequestDocument(ctx context.Context, r SubjectRequest, locale string) (*RequestDocument, error) {
	stored, err := s.Reader.RequestDocument(ctx, r.ID, locale)
	if errors.Is(err, ErrNotFound) {
		return nil, nil //nolint:nilnil // the schema answers null before there is an answer
	}
	if err != nil {
		return nil, err
	}
	out := &RequestDocument{Hash: stored.Hash, Canonical: stored.Canonical}
	if err := json.Unmarshal(stored.Canonical, out); err != nil {
		return nil, NewError(CodeInternal, "a stored answer does not read as one").Because(err)
	}
	return out, nil
}

// RequestExport is the export that was made for a request; nil where there is
// none.
func (s *Service) RequestExport(ctx context.Context, r SubjectRequest) (*Export, error) {
	if r.Outcome != ExportReady {
		return nil, nil //nolint:nilnil // the schema answers null
	}
	e, err := s.Reader.ExportOf(ctx, r.ID)
	return &e, err
}

// CountRequests counts the open requests, and those that are late.
func (s *Service) CountRequests(ctx context.Context) (RequestCount, error) {
	return s.Reader.CountRequests(ctx, s.now())
}

// JoinedTo are the requests that are answered with this one, earliest first, at
// most limit of them. Whoever has the one has these.
func (s *Service) JoinedTo(ctx context.Context, r SubjectRequest, limit int) ([]SubjectRequest, error) {
	return s.Reader.SubjectRequests(ctx, RequestFilter{JoinedTo: r.ID}, ByReceived, Page{Limit: limit})
}
