package vault

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// Asking is a person's own request.
type Asking struct {
	Kind           RequestKind
	Fields         []string
	Text           Plain // in their own words; may be empty
	Locale         string
	IdempotencyKey string
}

// Asked is the answer to a new request.
type Asked struct {
	Request SubjectRequest
	Joined  bool // the person had asked the same already; that one is answered
}

const (
	// maxRequestText bounds what somebody writes, in bytes.
	maxRequestText = 8 << 10
	// maxRequestFields is how many fields one request may name.
	maxRequestFields = 50
)

// SubmitRequest takes a person's request about their own data. What asks for
// nothing but to see is answered in the same transaction. No gate and no status
// stands before it.
func (s *Service) SubmitRequest(ctx context.Context, a Actor, in Asking) (Asked, error) {
	var out Asked
	input := append([]string{string(in.Kind), in.Text.Reveal(), in.Locale}, in.Fields...)
	id, err := s.once(ctx, a, "submitSubjectRequest", in.IdempotencyKey, input, func(remember rememberer) (uuid.UUID, error) {
		return retry(ctx, func() (id uuid.UUID, err error) {
			id, out.Joined, err = s.submitRequest(ctx, a, in, remember)
			return id, err
		})
	})
	if err != nil {
		return out, err
	}
	out.Request, err = s.Reader.SubjectRequest(ctx, id)
	return out, err
}

func (s *Service) submitRequest(ctx context.Context, a Actor, in Asking, remember rememberer) (uuid.UUID, bool, error) {
	me, err := s.registered(ctx, a)
	if err != nil {
		return uuid.Nil, false, err
	}
	locale := in.Locale
	if locale == "" {
		locale = me.User.Locale
	}
	r, err := s.newRequest(in.Kind, me.App, locale, in.Fields, s.now())
	if err == nil {
		err = errors.Join(s.checkWords(in.Text, "text"), s.checkFields(in.Kind, in.Fields, func(code string) bool {
			_, known := me.definition(s.Catalogue, code)
			return known
		}))
	}
	if err != nil {
		return uuid.Nil, false, err
	}
	r.User, r.Channel, r.Proof, r.State = me.User.ID, ByApp, ProvedByToken, RequestReceived
	s.promise(&r)
	var first SubjectRequest
	var found bool
	if !in.Kind.immediate() { // what is answered at once waits for no other
		if first, found, err = s.openRequest(ctx, r); err != nil {
			return uuid.Nil, false, err
		}
	}
	opening := opening{request: r, words: map[string]Plain{FieldRequestText: in.Text}, actor: a.as(me.User.ID), role: Subject, counted: true}
	answered := r.ID
	switch {
	case found:
		opening.request, opening.first = r.joined(first, r.RecordedAt), first
		answered = first.ID
	case in.Kind == AsksAccess:
		opening.request, err = r.answered(DataShown, r.RecordedAt)
	case in.Kind == AsksExport:
		opening.request, err = r.answered(ExportReady, r.RecordedAt)
	}
	if err == nil {
		opening.app, opening.person = me.App, me
		err = s.openWith(ctx, opening, remember, answered)
	}
	return answered, found, err
}

// Recording is a request that reached a colleague.
type Recording struct {
	Kind           RequestKind
	Channel        RequestChannel
	App            string // empty: the one that is meant
	ReceivedAt     time.Time
	Name           Plain
	Contact        Plain
	Text           Plain
	Fields         []string
	Locale         string
	IdempotencyKey string
}

// RecordRequest puts a request on record that came by letter, mail, phone or in
// person. Who it is from is not known before VerifyRequester.
func (s *Service) RecordRequest(ctx context.Context, a Actor, in Recording) (SubjectRequest, error) {
	role, ok := a.Allowed(Compliance, Support)
	if !ok {
		return SubjectRequest{}, NewError(CodeForbidden, "this role may not record requests")
	}
	input := append([]string{
		string(in.Kind), string(in.Channel), in.App, itoa(in.ReceivedAt.UnixMilli()), in.Name.Reveal(), in.Contact.Reveal(), in.Text.Reveal(), in.Locale,
	}, in.Fields...)
	id, err := s.once(ctx, a, "recordSubjectRequest", in.IdempotencyKey, input, func(remember rememberer) (uuid.UUID, error) {
		app, err := s.appMeant(ctx, a, in.App)
		if err != nil {
			return uuid.Nil, err
		}
		r, err := s.newRequest(in.Kind, app, in.Locale, in.Fields, in.ReceivedAt.UTC().Truncate(time.Millisecond))
		if err == nil {
			err = s.checkRecording(in)
		}
		if err != nil {
			return uuid.Nil, err
		}
		r.Channel, r.State = in.Channel, RequestUnverified
		words := map[string]Plain{FieldRequesterName: in.Name, FieldRequesterContact: in.Contact, FieldRequestText: in.Text}
		return r.ID, s.openWith(ctx, opening{request: r, words: words, actor: a, role: role, app: app}, remember, r.ID)
	})
	if err != nil {
		return SubjectRequest{}, err
	}
	return s.Reader.SubjectRequest(ctx, id)
}

func (s *Service) checkRecording(in Recording) error {
	var errs Errors
	add := func(err error) {
		if err != nil {
			errs = append(errs, asError(err))
		}
	}
	if in.ReceivedAt.After(s.now()) {
		add(NewError(CodeInvalidDate, "a request cannot have been received in the future").At("receivedAt"))
	}
	if in.Name.Empty() {
		add(NewError(CodeRequired, "say who asks").At("name"))
	}
	for path, words := range map[string]Plain{"name": in.Name, "contact": in.Contact, "text": in.Text} {
		add(s.checkWords(words, path))
	}
	add(s.checkFields(in.Kind, in.Fields, fieldCode))
	return errs.orNil()
}

func (s *Service) checkWords(words Plain, path string) error {
	if words.Len() > maxRequestText {
		return NewError(CodeValueTooLong, "write at most 8 KiB").With("max", strconv.Itoa(maxRequestText)).At(path)
	}
	return nil
}

func (s *Service) checkFields(kind RequestKind, codes []string, known func(string) bool) error {
	if kind.whole() && len(codes) > 0 {
		return NewError(CodeInvalidValue, "this is done to all that is held, not by the field; a single field is cleared by updateMyProfile, or corrected").
			At("fields")
	}
	if len(codes) > maxRequestFields {
		return NewError(CodeInvalidValue, "name at most 50 fields").At("fields")
	}
	for i, code := range codes {
		if !known(code) {
			return NewError(CodeFieldNotCollected, "there is no such field").At("fields", strconv.Itoa(i))
		}
	}
	return nil
}

// newRequest is a request of a kind, received at a moment, with its due date.
func (s *Service) newRequest(kind RequestKind, app App, locale string, fields []string, received time.Time) (SubjectRequest, error) {
	pack, err := s.pack(app)
	if err != nil {
		return SubjectRequest{}, err
	}
	if locale == "" {
		locale = app.AuthoritativeLanguage
	}
	if err := app.speaks(locale); err != nil {
		return SubjectRequest{}, err
	}
	due, ok := pack.Due(kind.rule(), received)
	if !ok {
		due, ok = pack.Due(RuleRequestAnswer, received)
	}
	if !ok {
		return SubjectRequest{}, NewError(CodeInternal, "the rule pack says nothing about how long an answer may take")
	}
	refuseBy, _ := pack.Due(RuleRequestRefusal, received)
	if refuseBy.IsZero() {
		refuseBy = due
	}
	fields = append([]string{}, fields...)
	slices.Sort(fields)
	return SubjectRequest{
		ID: s.NewID(), Kind: kind, App: app.Code, Locale: locale, Fields: slices.Compact(fields), Revision: 1,
		ReceivedAt: received, RecordedAt: s.now(), DueAt: due, RefuseBy: sooner(due, refuseBy), Pack: pack.Name(),
	}, nil
}

// appMeant is the app named, or the one that is meant when none is.
func (s *Service) appMeant(ctx context.Context, a Actor, code string) (App, error) {
	if code == "" {
		var err error
		if code, err = s.DefaultApp(ctx, a); err != nil {
			return App{}, err
		}
	}
	return s.app(ctx, code)
}

// answered is the request fulfilled.
func (r SubjectRequest) answered(outcome RequestOutcome, at time.Time) (SubjectRequest, error) {
	out, err := r.taken(stepFulfil, at)
	out.Outcome = outcome
	return out, err
}

// opening is a request that is about to be put on record.
type opening struct {
	request SubjectRequest
	first   SubjectRequest // that it is joined to; zero: none
	words   map[string]Plain
	actor   Actor
	role    Role
	counted bool
	app     App
	person  *Person
}

func (s *Service) openWith(ctx context.Context, o opening, remember rememberer, result uuid.UUID) error {
	r := o.request
	event := s.event(o.actor, o.role, RequestSubmitted)
	event.Subject, event.App, event.Fields, event.Object = r.User, r.App, r.Fields, r.object()
	values, err := s.encryptWith(ctx, r.ID, r.User, event.ID, o.words)
	if err != nil {
		return err
	}
	events := []AuditEvent{event}
	var documents []StoredDocument
	var export *Export
	switch {
	case r.JoinedTo != uuid.Nil:
		events = append(events, s.requestEvent(o.actor, o.role, RequestJoined, o.first))
	case !r.Open():
		facts := answerFacts{app: o.app, person: o.person}
		if err := s.standing(ctx, &facts); err != nil {
			return err
		}
		if documents, err = s.answerDocuments(r, facts); err != nil {
			return err
		}
		events = append(events, s.requestEvent(o.actor, o.role, RequestWasFulfilled, r))
		if r.Outcome == ExportReady {
			export = s.newExport(r)
			events = append(events, s.exportEvent(o.actor, o.role, ExportWasMade, *export, r.App))
		}
	}
	err = s.Writer.Write(ctx, func(tx Tx) error {
		if o.counted {
			tx.Count(r.User, CountRequests, r.RecordedAt.Format(time.DateOnly), requestsPerDay)
		}
		tx.InsertRequest(r)
		for _, v := range values {
			tx.PutObjectValue(v)
		}
		tx.InsertRequestDocuments(r.ID, documents)
		if export != nil {
			tx.InsertExport(*export)
		}
		if joined := o.first.withTerms(r); joined.Revision != o.first.Revision {
			tx.UpdateRequest(joined, o.first.Revision)
		}
		tx.Record(events...)
		remember(tx, result)
		return nil
	})
	if errors.Is(err, ErrTaken) && asError(err).Param("what") == "request" {
		return ErrStale.Because(err) // somebody was first: look again, and join
	}
	return limited(err)
}

// requestEvent starts an event about a request.
func (s *Service) requestEvent(a Actor, role Role, action Action, r SubjectRequest) AuditEvent {
	e := s.event(a, role, action)
	e.Subject, e.App, e.Object, e.Reference = r.User, r.App, r.object(), r.Reference
	return e
}
