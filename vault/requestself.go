package vault

import (
	"context"
	"slices"
)

// selfCorrected answers a person's open requests for correction when they have
// just written all the fields that one names.
func (s *Service) selfCorrected(ctx context.Context, a Actor, me *Person, written []string) (*work, error) {
	open, err := s.openRequests(ctx, RequestFilter{User: me.User.ID, Kind: AsksCorrection})
	if err != nil {
		return nil, err
	}
	missing := func(code string) bool { return !slices.Contains(written, code) }
	w := &work{actor: a.as(me.User.ID), role: Subject}
	for _, was := range open {
		if len(was.Fields) == 0 || slices.ContainsFunc(was.Fields, missing) {
			continue // something is left for a colleague
		}
		is, err := was.answered(SelfCorrected, s.now())
		if err != nil {
			return nil, err
		}
		documents, err := s.answerDocuments(is, answerFacts{app: me.App, person: me})
		if err != nil {
			return nil, err
		}
		w.also(func(tx Tx) {
			tx.UpdateRequest(is, was.Revision)
			tx.InsertRequestDocuments(is.ID, documents)
		}, s.requestEvent(w.actor, Subject, RequestWasFulfilled, is))
	}
	return w, nil
}

// write queues what comes of the work.
func (w *work) write(tx Tx) {
	for _, change := range w.queue {
		change(tx)
	}
	tx.Record(w.events...)
}
