package vault

import (
	"context"
	"slices"
)

// selfCorrected is a person's open request for correction, answered, when they
// have just written all the fields that it names; nil: there is none.
func (s *Service) selfCorrected(ctx context.Context, a Actor, me *Person, written []string) (*work, error) {
	found, err := s.Reader.SubjectRequests(ctx, RequestFilter{User: me.User.ID, Kind: AsksCorrection, Open: true}, ByReceived, Page{Limit: 1})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	was := found[0]
	missing := func(code string) bool { return !slices.Contains(written, code) }
	if len(was.Fields) == 0 || slices.ContainsFunc(was.Fields, missing) {
		return nil, nil //nolint:nilnil // something is left for a colleague
	}
	w := &work{was: was, actor: a.as(me.User.ID), role: Subject}
	if w.request, err = was.answered(SelfCorrected, s.now()); err != nil {
		return nil, err
	}
	documents, err := s.answerDocuments(ctx, w.request, answerFacts{app: me.App, person: me})
	if err != nil {
		return nil, err
	}
	w.also(func(tx Tx) {
		tx.UpdateRequest(w.request, was.Revision)
		tx.InsertRequestDocuments(was.ID, documents)
	}, s.requestEvent(w.actor, Subject, RequestWasFulfilled, w.request))
	return w, nil
}

// write queues what comes of the work, if there is any.
func (w *work) write(tx Tx) {
	if w == nil {
		return
	}
	for _, change := range w.queue {
		change(tx)
	}
	tx.Record(w.events...)
}
