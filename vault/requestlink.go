package vault

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// VerifyRequester says who asks, and how that was proved; a zero user is
// somebody of whom nothing is held. Where the person has an open request that
// answers this one, it is joined to that.
func (s *Service) VerifyRequester(ctx context.Context, a Actor, in RequestWork, proof RequesterProof, user uuid.UUID) (SubjectRequest, error) {
	more := []string{string(proof), user.String()}
	return s.workOn(ctx, a, "verifyRequester", in, more, RequesterVerified, func(ctx context.Context, w *work) (err error) {
		if w.request, err = w.was.taken(stepVerify, s.now()); err != nil {
			return err
		}
		w.request.Proof, w.event.Reason = proof, string(proof)
		switch {
		case proof == ProvedByToken:
			return NewError(CodeInvalidValue, "a token proves who asks in the app, and nobody else").At("how")
		case proof == ReportsViolation && w.was.Kind != AsksBlocking:
			return NewError(CodeInvalidValue, "a report of a violation leads to a blocking only").At("how")
		case user == uuid.Nil:
			return nil
		}
		return s.link(ctx, w, user)
	})
}

// link makes a request the person's.
func (s *Service) link(ctx context.Context, w *work, user uuid.UUID) error {
	person, err := s.User(ctx, w.actor, user)
	if err == nil && person.User.Status == StatusErased {
		err = ErrNotFound
	}
	if err != nil {
		return asError(err).At("user")
	}
	w.request.User = user
	s.promise(&w.request)
	if err := s.hand(ctx, w, user); err != nil { // the person's erasure takes along what they wrote
		return err
	}
	first, found, err := s.openRequest(ctx, w.request)
	if err != nil || !found {
		return err
	}
	w.request = w.request.joined(first, s.now())
	w.also(func(Tx) {}, s.requestEvent(w.actor, w.role, RequestJoined, first))
	if changed := first.withTerms(w.was); changed.Revision != first.Revision {
		w.also(func(tx Tx) { tx.UpdateRequest(changed, first.Revision) })
	}
	return nil
}

// hand makes what is written with a request somebody's; zero: nobody's.
func (s *Service) hand(ctx context.Context, w *work, user uuid.UUID) error {
	kept, err := s.Reader.ObjectValues(ctx, []uuid.UUID{w.was.ID})
	for _, v := range kept {
		v.User = user
		w.also(func(tx Tx) { tx.PutObjectValue(v) })
	}
	return err
}

// unproved is the request as it was before anybody was said to be behind it. An
// answer that was given stays given.
func (r SubjectRequest) unproved() (SubjectRequest, error) {
	switch {
	case r.Channel == ByApp:
		return r, NewError(CodeRequestVerified, "it came under the person's own token")
	case r.Proof == "":
		return r, NewError(CodeRequestUnverified, "nobody has been said to be who asks")
	}
	if r.Open() || r.Outcome == JoinedAnother {
		r.State, r.Outcome, r.JoinedTo, r.ClosedAt, r.Erasure = RequestUnverified, "", uuid.Nil, time.Time{}, uuid.Nil
	}
	r.User, r.Proof = uuid.Nil, ""
	r.Revision++
	return r, nil
}

// RetractRequester takes back who was said to ask: it was somebody else. What is
// written with the request leaves the wrong person's app and copy at once, and
// what was joined to it waits for an answer of its own.
func (s *Service) RetractRequester(ctx context.Context, a Actor, in RequestWork) (SubjectRequest, error) {
	return s.workOn(ctx, a, "retractRequester", in, nil, RequesterRetracted, func(ctx context.Context, w *work) (err error) {
		if w.request, err = w.was.unproved(); err != nil {
			return err
		}
		w.event.Reason = string(w.was.Proof)
		if err := s.hand(ctx, w, uuid.Nil); err != nil {
			return err
		}
		if !w.request.Open() {
			return nil
		}
		return s.reopen(ctx, w, func(SubjectRequest) bool { return true })
	})
}
