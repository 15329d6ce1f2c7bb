package vault

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
)

// whole reports whether such a request is about all that is held of a person:
// nobody is blocked or erased by the field.
func (k RequestKind) whole() bool {
	return k == AsksBlocking || k == AsksUnblocking || k == AsksErasure
}

// answers reports whether what answers the request answers the other one, too:
// the same person asks the same of the same fields, or of fewer. An objection is
// to a decision of its own, and a report of a violation is somebody else's.
func (r SubjectRequest) answers(other SubjectRequest) bool {
	if r.ID == other.ID || r.User != other.User || r.Kind != other.Kind || r.Kind == Objects ||
		r.Proof == ReportsViolation || other.Proof == ReportsViolation {
		return false
	}
	unasked := func(code string) bool { return !slices.Contains(r.Fields, code) }
	return len(r.Fields) == 0 || len(other.Fields) > 0 && !slices.ContainsFunc(other.Fields, unasked)
}

// openAtOnce is how many open requests of a person are read together.
const openAtOnce = 100

// openRequests are all the requests of a person that wait for an answer,
// earliest first.
func (s *Service) openRequests(ctx context.Context, filter RequestFilter) ([]SubjectRequest, error) {
	filter.Open = true
	var out []SubjectRequest
	for page := (Page{Limit: openAtOnce}); ; page.After = out[len(out)-1].ID {
		found, err := s.Reader.SubjectRequests(ctx, filter, ByReceived, page)
		if out = append(out, found...); err != nil || len(found) < openAtOnce {
			return out, err
		}
	}
}

// openRequest is what the same person asked already and has no answer to.
func (s *Service) openRequest(ctx context.Context, r SubjectRequest) (SubjectRequest, bool, error) {
	open, err := s.openRequests(ctx, RequestFilter{User: r.User, Kind: r.Kind, Own: true})
	if err != nil {
		return SubjectRequest{}, false, err
	}
	i := slices.IndexFunc(open, func(first SubjectRequest) bool { return first.answers(r) })
	if i < 0 {
		return SubjectRequest{}, false, nil
	}
	return open[i], true, nil
}

// joined is the request closed, because an earlier one answers it, too.
func (r SubjectRequest) joined(first SubjectRequest, at time.Time) SubjectRequest {
	r.State, r.Outcome, r.JoinedTo, r.ClosedAt = RequestCancelled, JoinedAnother, first.ID, at
	r.Erasure = first.Erasure
	return r
}

// withTerms is the request with the terms of another one, where those are
// earlier: what is answered with it must not be answered late.
func (r SubjectRequest) withTerms(of SubjectRequest) SubjectRequest {
	if r.ID == uuid.Nil || !of.DueAt.Before(r.DueAt) && !of.RefuseBy.Before(r.RefuseBy) {
		return r
	}
	r.DueAt, r.RefuseBy = sooner(r.DueAt, of.DueAt), sooner(r.RefuseBy, of.RefuseBy)
	r.Revision++
	return r
}

func sooner(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// reopened is a request that was joined, on its own again.
func (r SubjectRequest) reopened() SubjectRequest {
	r.State, r.Outcome, r.JoinedTo, r.ClosedAt, r.Erasure = RequestReceived, "", uuid.Nil, time.Time{}, uuid.Nil
	if r.Assignee != uuid.Nil {
		r.State = RequestInProgress
	}
	r.Revision++
	return r
}

// reopen has those of the requests that were joined to this one wait for an
// answer again. Where one of them answers another, they stay together.
func (s *Service) reopen(ctx context.Context, w *work, which func(SubjectRequest) bool) error {
	var firsts []SubjectRequest
	for page := (Page{Limit: openAtOnce}); ; {
		found, err := s.Reader.SubjectRequests(ctx, RequestFilter{JoinedTo: w.was.ID}, ByReceived, page)
		if err != nil {
			return err
		}
		for _, was := range found {
			if !which(was) {
				continue
			}
			is := was.reopened()
			if is.Kind == AsksErasure {
				is.Erasure = s.NewID()
			}
			if i := slices.IndexFunc(firsts, func(first SubjectRequest) bool { return first.answers(was) }); i >= 0 {
				is = is.joined(firsts[i], s.now())
			} else {
				firsts = append(firsts, is)
			}
			w.also(func(tx Tx) { tx.UpdateRequest(is, was.Revision) }, s.requestEvent(w.actor, w.role, RequestReopened, is))
		}
		if len(found) < openAtOnce {
			return nil
		}
		page.After = found[len(found)-1].ID
	}
}
