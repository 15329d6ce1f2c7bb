package vault

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

const (
	// copiedMost is how many of the latest accesses, and of the latest technical
	// events, a copy has; it bounds the time that making one takes.
	copiedMost = 100_000
	copiedPage = 500
	// copiedBatches is how many batches of technical data are decrypted together.
	copiedBatches = 50
)

// CopyFor puts together what is held of a person, for themselves. Whatever
// cannot be decrypted fails it, or what is read of it later, with
// ErrUnavailable, and nothing is used up.
func (s *Service) CopyFor(ctx context.Context, a Actor, me *Person, locale string) (*PersonalCopy, error) {
	pack, err := s.pack(me.App)
	if err != nil {
		return nil, err
	}
	o := me.App.Operator
	out := &PersonalCopy{
		V: 2, MadeAt: s.now(), Locale: locale, App: me.App.Code, Operator: CopyOfOperator{wordsOr(o.Name, locale), o.BIN},
		Person: CopyOfPerson{me.User.ID.String(), me.User.Status, me.User.Locale, me.User.CreatedAt, 0}, Zone: pack.Zone,
	}
	if out.Person.Contexts, err = s.contextsKept(ctx, me.User.ID); err != nil {
		return nil, err
	}
	if out.Fields, err = s.copyFields(ctx, a, me, locale); err != nil {
		return nil, err
	}
	if out.Consents, err = s.copyConsents(ctx, a, me, locale); err != nil {
		return nil, err
	}
	if out.Acted, err = s.copyActs(ctx, a, me); err != nil {
		return nil, err
	}
	if out.Requests, err = s.copyRequests(ctx, a, me, locale); err != nil {
		return nil, err
	}
	out.Passed = s.copyDisclosures(ctx, me, locale)
	out.Technical = s.copyTechnical(ctx, a, me.User.ID, &out.AllTechnical)
	out.Reads = s.copyAccesses(ctx, me.User.ID, &out.AllReads)
	return out, nil
}

// paged are the rows of a list, page by page. An error ends them.
func paged[T any](size int, id func(T) uuid.UUID, list func(Page) ([]T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for page := (Page{Limit: size}); ; {
			rows, err := list(page)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, r := range rows {
				if !yield(r, nil) {
					return
				}
			}
			if len(rows) < size {
				return
			}
			page.After = id(rows[len(rows)-1])
		}
	}
}

func (s *Service) copyFields(ctx context.Context, a Actor, me *Person, locale string) ([]CopyOfField, error) {
	stored, err := s.Reader.Fields(ctx, []uuid.UUID{me.User.ID})
	if err != nil {
		return nil, err
	}
	ask := RevealRequest{Person: me}
	for _, f := range stored {
		ask.Fields = append(ask.Fields, Wanted{f.Code, true})
	}
	slices.SortFunc(ask.Fields, func(a, b Wanted) int { return strings.Compare(a.Code, b.Code) })
	got, err := s.Reveal(ctx, a, []RevealRequest{ask})
	if err == nil {
		err = got[0].Err
	}
	if err != nil {
		return nil, err
	}
	out := []CopyOfField{}
	for _, f := range got[0].Fields {
		switch f.State {
		case StatePlain:
			out = append(out, CopyOfField{f.Field.Code, wordsOr(f.Field.Label, locale), f.Value.Reveal(), f.Verified, f.Visibility, f.UpdatedAt})
		case StateEmpty, StateErased: // it went meanwhile
		default:
			return nil, ErrUnavailable
		}
	}
	return out, nil
}

func (s *Service) copyConsents(ctx context.Context, a Actor, me *Person, locale string) ([]CopyOfConsent, error) {
	all, err := s.Consents(ctx, a, me.User.ID)
	if err != nil {
		return nil, err
	}
	out := []CopyOfConsent{}
	for _, c := range all {
		v, err := s.published(ctx, c.ConsentEvent.Version)
		if err != nil {
			return nil, err
		}
		item, _ := v.Facts.Item(c.Item)
		out = append(out, CopyOfConsent{
			c.App, c.Item, wordsOr(item.Title, locale), c.State, v.Label, c.Locale, c.Document, c.Method, c.ReceivedAt, momentOrNil(c.ValidUntil),
		})
	}
	return out, nil
}

// copyActs are the acts of representatives.
func (s *Service) copyActs(ctx context.Context, a Actor, me *Person) ([]CopyOfActing, error) {
	decided, err := s.Reader.Decided(ctx, me.User.ID)
	if err != nil {
		return nil, err
	}
	var firsts []ConsentEvent // of each act
	decisions := map[uuid.UUID][]CopyOfActed{}
	for _, e := range decided {
		if e.GivenBy != ByRepresentative {
			continue
		}
		if decisions[e.Act] == nil {
			firsts = append(firsts, e)
		}
		decisions[e.Act] = append(decisions[e.Act], CopyOfActed{e.Item, e.Type})
	}
	out := []CopyOfActing{}
	for page := range slices.Chunk(firsts, copiedPage) {
		ids := make([]uuid.UUID, len(page)) // under which their values are kept, see keepRepresentative
		for i, e := range page {
			ids[i] = e.ID
		}
		event := s.event(a.as(me.User.ID), Subject, RepresentativeSeen)
		event.Subject = me.User.ID
		kept, err := s.openObjects(ctx, ids, event)
		if err != nil {
			return nil, err
		}
		for _, e := range page {
			out = append(out, CopyOfActing{
				e.App, e.decidedAt(), kept[e.ID][FieldRepresentativeName].Reveal(), e.Ground, e.Method, e.Reference, decisions[e.Act],
			})
		}
	}
	slices.Reverse(out)
	return out, nil
}

// copyDisclosures are those that the person may be told of.
func (s *Service) copyDisclosures(ctx context.Context, me *Person, locale string) iter.Seq2[CopyOfPassing, error] {
	all := paged(copiedPage, func(d Disclosure) uuid.UUID { return d.ID }, func(p Page) ([]Disclosure, error) {
		return s.Reader.Disclosures(ctx, me.User.ID, false, p)
	})
	return func(yield func(CopyOfPassing, error) bool) {
		for d, err := range all {
			to := d.Recipient
			one := CopyOfPassing{
				d.App, d.At, cmp.Or(wordsOr(to.Name, locale), to.Registration), to.Country, d.Fields, d.Purpose, d.Ground, d.Reference, momentOrNil(d.Seen),
			}
			if !yield(one, err) {
				return
			}
		}
	}
}

// copyTechnical are what devices sent, decrypted page by page under one event.
// It sets whether that is all of it.
func (s *Service) copyTechnical(ctx context.Context, a Actor, user uuid.UUID, complete *bool) iter.Seq2[CopyOfTechnical, error] {
	event := s.event(a.as(user), Subject, TechnicalRevealed)
	event.Subject, event.Fields = user, technicalCodes
	recorded := false
	batches := paged(copiedBatches, func(b TechnicalBatch) uuid.UUID { return b.ID }, func(p Page) ([]TechnicalBatch, error) {
		rows, err := s.Reader.Technical(ctx, user, p)
		if err != nil || len(rows) == 0 {
			return nil, err
		}
		if !recorded {
			if err := s.record(ctx, event); err != nil {
				return nil, err
			}
			recorded = true
		}
		return rows, s.openTechnical(ctx, rows, event.ID)
	})
	return func(yield func(CopyOfTechnical, error) bool) {
		n := 0
		for b, err := range batches {
			if err != nil {
				yield(CopyOfTechnical{}, err)
				return
			}
			for _, e := range slices.Backward(b.Events) {
				if n++; n > copiedMost {
					return
				}
				if !yield(CopyOfTechnical{b.App, e.At, e.IP.Reveal(), e.CookieID.Reveal(), e.UserAgent.Reveal(), e.Page.Reveal(), b.ExpiresAt}, nil) {
					return
				}
			}
		}
		*complete = true
	}
}

func (s *Service) copyRequests(ctx context.Context, a Actor, me *Person, locale string) ([]CopyOfRequest, error) {
	var all []SubjectRequest
	for r, err := range paged(copiedPage, func(r SubjectRequest) uuid.UUID { return r.ID }, func(p Page) ([]SubjectRequest, error) {
		return s.Reader.SubjectRequests(ctx, RequestFilter{User: me.User.ID, Own: true}, ByReceived, p)
	}) {
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	out := []CopyOfRequest{}
	for page := range slices.Chunk(all, copiedPage) {
		copied, err := s.copyRequestsOf(ctx, a, me, page, locale)
		if err != nil {
			return nil, err
		}
		out = append(out, copied...)
	}
	return out, nil
}

func (s *Service) copyRequestsOf(ctx context.Context, a Actor, me *Person, page []SubjectRequest, locale string) ([]CopyOfRequest, error) {
	ids := make([]uuid.UUID, len(page))
	for i, r := range page {
		ids[i] = r.ID
	}
	event := s.event(a.as(me.User.ID), Subject, RequesterRevealed)
	event.Subject = me.User.ID
	words, err := s.openObjects(ctx, ids, event)
	if err != nil {
		return nil, err
	}
	var out []CopyOfRequest
	for _, r := range page {
		d, err := s.RequestDocument(ctx, r, locale)
		if err != nil {
			return nil, err
		}
		c := CopyOfRequest{
			Number: r.Number(), Kind: r.Kind, State: r.State, Channel: r.Channel, ReceivedAt: r.ReceivedAt, DueAt: r.DueAt,
			ClosedAt: momentOrNil(r.ClosedAt), Outcome: r.Outcome, Ground: r.Ground,
			Text: words[r.ID][FieldRequestText].Reveal(), Note: words[r.ID][FieldRequestAnswer].Reveal(),
		}
		if d != nil {
			c.DocumentHash = d.Hash
		}
		out = append(out, c)
	}
	return out, nil
}

// untold reports what no copy lists among the accesses. Who was refused has read
// nothing, and whom that concerns is COMPLIANCE, in the access report: a refusal
// may be of something that the person must not hear of yet. Of disclosures there
// is a list of its own, without those that the law bars, which notices to
// recipients would tell of. What stands against an erasure is for colleagues.
func untold(e AuditEvent) bool {
	switch e.Action {
	case AccessDenied, DisclosureApproved, DisclosureRecorded, DisclosureReleased, NoticeMoved, NoticesRead,
		HoldPlaced, HoldLifted, ObligationRecorded, ObligationSettled, TechnicalKept:
		return true
	default:
		return e.Outcome == OutcomeDenied
	}
}

// copyAccesses are what others did with the person's data. It sets whether that
// is all of it.
func (s *Service) copyAccesses(ctx context.Context, user uuid.UUID, complete *bool) iter.Seq2[CopyOfAccess, error] {
	events := paged(copiedPage, func(e StoredEvent) uuid.UUID { return e.ID }, func(p Page) ([]StoredEvent, error) {
		return s.Reader.Events(ctx, AuditFilter{Subject: user}, p)
	})
	return func(yield func(CopyOfAccess, error) bool) {
		n := 0
		for e, err := range events {
			switch {
			case err != nil:
				yield(CopyOfAccess{}, err)
				return
			case e.Actor == user || untold(e.AuditEvent):
				continue
			case n == copiedMost:
				return
			}
			n++
			one := CopyOfAccess{e.At, e.Role, e.Action, e.Outcome, append([]string{}, e.Fields...), e.Purpose, e.Reason, e.Reference}
			if !yield(one, nil) {
				return
			}
		}
		*complete = true
	}
}

func momentOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
