package vault

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"
)

// RequestWork is what a colleague, or the person who made it, does with a
// request.
type RequestWork struct {
	Request          uuid.UUID
	ExpectedRevision int64
	IdempotencyKey   string
}

func (in RequestWork) digestParts() []string {
	return []string{in.Request.String(), itoa(in.ExpectedRevision)}
}

// work is a step under way.
type work struct {
	request SubjectRequest // after the step
	was     SubjectRequest
	actor   Actor
	role    Role
	event   AuditEvent
	// queue adds what else changes in the transaction.
	queue  []func(Tx)
	events []AuditEvent
}

// also adds a change and its event.
func (w *work) also(change func(Tx), events ...AuditEvent) {
	w.queue = append(w.queue, change)
	w.events = append(w.events, events...)
}

// workOn reads a request, has a step taken, and writes what comes of it.
func (s *Service) workOn(ctx context.Context, a Actor, operation string, in RequestWork, more []string, action Action,
	step func(ctx context.Context, w *work) error,
) (SubjectRequest, error) {
	role, ok := a.Allowed(Compliance, Support)
	if action == RequestWasCancelled {
		role, ok = a.Allowed(Subject)
	}
	if !ok {
		return SubjectRequest{}, NewError(CodeForbidden, "this role may not work on requests")
	}
	id, err := s.once(ctx, a, operation, in.IdempotencyKey, append(in.digestParts(), more...), func(remember rememberer) (uuid.UUID, error) {
		return retry(ctx, func() (uuid.UUID, error) {
			return in.Request, s.workOnce(ctx, a, role, in, action, step, remember)
		})
	})
	if err != nil {
		return SubjectRequest{}, err
	}
	return s.Reader.SubjectRequest(ctx, id)
}

func (s *Service) workOnce(ctx context.Context, a Actor, role Role, in RequestWork, action Action,
	step func(context.Context, *work) error, remember rememberer,
) error {
	r, err := s.SubjectRequest(ctx, a, in.Request)
	if err != nil {
		return err
	}
	if r.Revision != in.ExpectedRevision {
		return conflict(r.Revision)
	}
	if role == Subject {
		a = a.as(r.User)
	}
	w := &work{request: r, was: r, actor: a, role: role, event: s.event(a, role, action)}
	if err := step(ctx, w); err != nil {
		return err
	}
	w.event.Subject, w.event.App, w.event.Object, w.event.Reference = cmp.Or(w.request.User, r.User), r.App, r.object(), w.request.Reference
	err = s.Writer.Write(ctx, func(tx Tx) error {
		tx.UpdateRequest(w.request, r.Revision)
		for _, change := range w.queue {
			change(tx)
		}
		tx.Record(append([]AuditEvent{w.event}, w.events...)...)
		remember(tx, r.ID)
		return nil
	})
	if errors.Is(err, ErrTaken) && asError(err).Param("what") == "request" {
		return ErrStale.Because(err)
	}
	return err
}

// AssignRequest gives a request to a colleague; zero: to the caller. From then
// on it is being worked on, as soon as it is known who asks.
func (s *Service) AssignRequest(ctx context.Context, a Actor, in RequestWork, to uuid.UUID) (SubjectRequest, error) {
	return s.workOn(ctx, a, "assignSubjectRequest", in, []string{to.String()}, RequestAssigned, func(_ context.Context, w *work) (err error) {
		w.request, err = w.was.taken(stepAssign, s.now())
		w.request.Assignee = to
		if to == uuid.Nil {
			w.request.Assignee = a.ID
		}
		return err
	})
}

// ExtendRequest takes the longer term, where the rule pack has one.
func (s *Service) ExtendRequest(ctx context.Context, a Actor, in RequestWork, reason ExtensionReason) (SubjectRequest, error) {
	return s.workOn(ctx, a, "extendSubjectRequest", in, []string{string(reason)}, RequestExtended, func(ctx context.Context, w *work) error {
		app, err := s.App(ctx, w.was.App)
		if err != nil {
			return err
		}
		pack, err := s.pack(app)
		if err != nil {
			return err
		}
		w.event.Reason = string(reason)
		w.request, err = w.was.extended(pack, reason, s.now())
		return err
	})
}

// CancelRequest is the person's: they need no answer any more, nor to what asked
// the same. What was joined and asked for less waits for an answer of its own.
func (s *Service) CancelRequest(ctx context.Context, a Actor, in RequestWork) (SubjectRequest, error) {
	return s.workOn(ctx, a, "cancelMyRequest", in, nil, RequestWasCancelled, func(ctx context.Context, w *work) (err error) {
		if w.request, err = w.was.taken(stepCancel, s.now()); err != nil {
			return err
		}
		return s.reopen(ctx, w, func(r SubjectRequest) bool { return !slices.Equal(r.Fields, w.was.Fields) })
	})
}

// Answering is what a colleague answers with.
type Answering struct {
	RequestWork
	Reference string // of the ticket or decision; may be empty
	Note      Plain  // in their own words, for the person; may be empty
}

func (in Answering) digestParts(more string) []string {
	return []string{in.Reference, in.Note.Reveal(), more}
}

// check refuses a reference and words that are not of the agreed form.
func (in Answering) check(s *Service) error {
	if in.Reference != "" {
		if err := checkReference(in.Reference); err != nil {
			return err.At("reference")
		}
	}
	return s.checkWords(in.Note, "note")
}

// RefuseRequest answers with a reasoned refusal.
func (s *Service) RefuseRequest(ctx context.Context, a Actor, in Answering, ground RefusalGround) (SubjectRequest, error) {
	if err := in.check(s); err != nil {
		return SubjectRequest{}, err
	}
	return s.workOn(ctx, a, "refuseSubjectRequest", in.RequestWork, in.digestParts(string(ground)), RequestWasRefused,
		func(ctx context.Context, w *work) error {
			app, err := s.App(ctx, w.was.App)
			if err != nil {
				return err
			}
			pack, err := s.pack(app)
			if err != nil {
				return err
			}
			if w.request, err = w.was.refused(pack, ground, s.now()); err != nil {
				return err
			}
			names, err := s.obstacles(ctx, w, pack)
			if err != nil {
				return err
			}
			w.event.Reason = string(ground)
			return s.answer(ctx, w, in, answerFacts{app: app, obstacles: names})
		})
}

// FulfilRequest does what is asked, and answers.
func (s *Service) FulfilRequest(ctx context.Context, a Actor, in Answering, outcome RequestOutcome) (SubjectRequest, error) {
	if err := in.check(s); err != nil {
		return SubjectRequest{}, err
	}
	return s.workOn(ctx, a, "fulfilSubjectRequest", in.RequestWork, in.digestParts(string(outcome)), RequestWasFulfilled,
		func(ctx context.Context, w *work) (err error) {
			if w.request, err = w.was.answered(outcome, s.now()); err != nil {
				return err
			}
			facts, err := s.factsOf(ctx, w)
			if err != nil {
				return err
			}
			if allowed := w.was.outcomes(facts); !slices.Contains(allowed, outcome) {
				return NewError(CodeRequestOutcome, "such a request cannot come to this").With("outcomes", list(allowed)).At("outcome")
			}
			w.event.Reason = string(outcome)
			if err := s.carryOut(ctx, w, in, &facts); err != nil {
				return err
			}
			return s.answer(ctx, w, in, facts)
		})
}

// outcomes are what a colleague may bring the request to.
func (r SubjectRequest) outcomes(facts answerFacts) []RequestOutcome {
	switch {
	case facts.person == nil:
		return []RequestOutcome{NothingHeld}
	case facts.person.User.Status == StatusErased:
		return []RequestOutcome{DataErased}
	case r.Kind == AsksExport && !facts.signsIn: // nobody could fetch it
		return []RequestOutcome{DataShown}
	}
	return r.Kind.outcomes()
}

// factsOf reads what an answer says beside the request.
func (s *Service) factsOf(ctx context.Context, w *work) (answerFacts, error) {
	app, err := s.App(ctx, w.was.App)
	facts := answerFacts{app: app}
	if err != nil || w.was.User == uuid.Nil {
		return facts, err
	}
	people, err := s.People(ctx, w.actor, w.was.App, []uuid.UUID{w.was.User})
	if err != nil {
		return facts, err
	}
	if facts.person = people[0]; facts.person == nil {
		return facts, ErrNotFound
	}
	return facts, s.standing(ctx, &facts)
}

// carryOut does what an outcome says that was done.
func (s *Service) carryOut(ctx context.Context, w *work, in Answering, facts *answerFacts) error {
	switch w.request.Outcome {
	case DataBlocked:
		return s.setStatus(w, facts.person.User, StatusBlocked, UserWasBlocked)
	case DataUnblocked:
		return s.setStatus(w, facts.person.User, StatusActive, UserWasUnblocked)
	case ExportReady:
		e := s.newExport(w.request)
		w.also(func(tx Tx) { tx.InsertExport(*e) }, s.exportEvent(w.actor, w.role, ExportWasMade, *e, w.was.App))
	case DataErased:
		if !in.Note.Empty() {
			return NewError(CodeInvalidValue, "nothing is written to somebody who is erased: the document says what was done").At("note")
		}
		return s.eraseFor(ctx, w, in.Reference, facts)
	default:
	}
	return nil
}

// setStatus stops the processing of a person's data, or lets it go on. Where it
// is so already, nothing changes. What did not come under the person's own token
// is a colleague's word, however it came and was proved: it takes a second
// colleague, in COMPLIANCE.
func (s *Service) setStatus(w *work, user *User, to Status, action Action) error {
	if w.was.Channel != ByApp && w.role != Compliance {
		return NewError(CodeForbidden, "a request that did not come through the app is carried out by compliance")
	}
	if user.Status == to {
		return nil
	}
	e := s.requestEvent(w.actor, w.role, action, w.request)
	e.Reason = string(w.was.Proof)
	w.also(func(tx Tx) { tx.SetStatus(user.ID, user.Revision, to) }, e)
	return nil
}

// answer adds the document, and a colleague's words.
func (s *Service) answer(ctx context.Context, w *work, in Answering, facts answerFacts) error {
	w.request.Reference = in.Reference
	values, err := s.encryptWith(ctx, w.request.ID, w.request.User, w.event.ID, map[string]Plain{FieldRequestAnswer: in.Note})
	if err != nil {
		return err
	}
	documents, err := s.answerDocuments(w.request, facts)
	if err != nil {
		return err
	}
	w.also(func(tx Tx) {
		for _, v := range values {
			tx.PutObjectValue(v)
		}
		tx.InsertRequestDocuments(w.request.ID, documents)
	})
	return nil
}
