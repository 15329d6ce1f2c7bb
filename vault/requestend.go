package vault

import (
	"context"
	"slices"

	"github.com/google/uuid"
)

// promise has a request for erasure hold what the certificate will be called, as
// soon as its person is known. Whoever is erased has no login left to ask by.
func (s *Service) promise(r *SubjectRequest) {
	if r.Kind == AsksErasure && r.User != uuid.Nil && r.Erasure == uuid.Nil {
		r.Erasure = s.NewID()
	}
}

// certificateID is what a certificate is called that was promised with one of
// these requests; a new id where none was.
func (s *Service) certificateID(open []SubjectRequest) uuid.UUID {
	if i := slices.IndexFunc(open, func(r SubjectRequest) bool { return r.Erasure != uuid.Nil }); i >= 0 {
		return open[i].Erasure
	}
	return s.NewID()
}

// endWith answers the open requests of somebody who is erased, but the one that
// the erasure itself answers: nothing is left to correct, to block or to show.
func (s *Service) endWith(ctx context.Context, a Actor, role Role, e Erasure, open []SubjectRequest, but uuid.UUID) (*work, error) {
	w := &work{actor: a, role: role}
	for _, was := range open {
		if was.ID == but {
			continue
		}
		is, err := was.answered(DataErased, s.now())
		if err != nil {
			return nil, err
		}
		is.Erasure, is.Reference = e.ID, e.Reference
		app, err := s.app(ctx, was.App)
		if err != nil {
			return nil, err
		}
		facts := answerFacts{app: app, kept: e.Kept}
		documents, err := s.answerDocuments(is, facts)
		if err != nil {
			return nil, err
		}
		event := s.requestEvent(a, role, RequestWasFulfilled, is)
		event.Reason = string(DataErased)
		w.also(func(tx Tx) {
			tx.UpdateRequest(is, was.Revision)
			tx.InsertRequestDocuments(is.ID, documents)
		}, event)
	}
	return w, nil
}
