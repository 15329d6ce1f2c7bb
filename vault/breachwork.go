package vault

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// RecordBreach is a breach as it is reported.
type RecordBreach struct {
	App            string
	Kind           BreachKind
	DetectedAt     time.Time
	Fields         []string
	People         []uuid.UUID // named; or
	Criterion      *Criterion
	Measures       []TakenMeasure
	IdempotencyKey string
}

// UpdateBreach is what is known of a breach since.
type UpdateBreach struct {
	ID               uuid.UUID
	ExpectedRevision int64
	People           []uuid.UUID // further ones
	Fields           []string    // further ones
	Measures         []TakenMeasure
	// Told are moments at which an audience was told.
	Told           map[Audience]time.Time
	Close          bool
	IdempotencyKey string
}

const (
	maxBreachPeople = 10_000
	// maxBreachNamed is how many are named in one request.
	maxBreachNamed = 1_000
)

// RecordBreach records a breach. By when the authority and the people are told
// follows from the rule pack and the moment of its detection.
func (s *Service) RecordBreach(ctx context.Context, a Actor, in RecordBreach) (Breach, error) {
	role, err := mayBreach(a)
	if err != nil {
		return Breach{}, err
	}
	id, err := s.once(ctx, a, "recordBreach", in.IdempotencyKey, in.digestParts(), func(remember rememberer) (uuid.UUID, error) {
		app, err := s.checkBreach(ctx, in)
		if err != nil {
			return uuid.Nil, err
		}
		pack, err := s.Rules.Of(app.Jurisdiction)
		if err != nil {
			return uuid.Nil, err
		}
		event := s.event(a, role, BreachRecorded)
		b := Breach{
			ID: s.NewID(), Revision: 1, App: in.App, Kind: in.Kind, State: BreachOpen, DetectedAt: in.DetectedAt.UTC().Truncate(time.Millisecond),
			RecordedAt: event.At, Rules: pack.Name(), Fields: distinct(in.Fields), Measures: s.dated(in.Measures),
		}
		if in.Criterion != nil {
			b.Criterion = *in.Criterion
		}
		b.AuthorityDue, _ = pack.Due(RuleBreachAuthority, b.DetectedAt) // zero: the pack sets no time
		b.PeopleDue, _ = pack.Due(RuleBreachPeople, b.DetectedAt)
		event.App, event.Fields, event.Object, event.Reason = b.App, b.Fields, b.object(), string(b.Kind)
		return b.ID, s.Writer.Write(ctx, func(tx Tx) error {
			tx.InsertBreach(b)
			tx.AddBreachPeople(b.ID, in.People)
			tx.Record(event)
			remember(tx, b.ID)
			return nil
		})
	})
	if err != nil {
		return Breach{}, err
	}
	return s.Reader.Breach(ctx, id)
}

func (s *Service) checkBreach(ctx context.Context, in RecordBreach) (App, error) {
	app, err := s.app(ctx, in.App)
	if err != nil {
		return app, err
	}
	var errs Errors
	bad := func(wrong bool, message string, path ...string) {
		if wrong {
			errs = append(errs, NewError(CodeInvalidValue, message).At(path...))
		}
	}
	bad(!slices.Contains(breachKinds, in.Kind), "this is no kind of breach", "kind")
	bad(in.DetectedAt.IsZero() || in.DetectedAt.After(s.now()), "a breach is detected before it is recorded", "detectedAt")
	bad(len(in.Fields) == 0, "name the codes of the fields that were reached", "fields")
	bad((in.Criterion == nil) == (len(in.People) == 0), "say whom it touches: name them, or give one criterion", "people")
	bad(len(in.People) > maxBreachNamed, "name up to 1,000 people at a time, and the others with updateBreach", "people", "ids")
	bad(in.Criterion != nil && !in.Criterion.valid(), "one criterion: an app, a time of registration, or what somebody was shown", "people")
	bad(in.Criterion != nil && in.Criterion.App != "" && in.Criterion.App != in.App, "the people are those of the breach's app", "people", "app")
	if errs := checkMeasures(in.Measures, errs); len(errs) > 0 {
		return app, errs
	}
	if c := in.Criterion; c != nil && c.Field != "" {
		i, err := s.unreachable(ctx, in.App, []string{c.Field})
		if err == nil && i >= 0 {
			err = noSuchField().At("people", "shown", "field")
		}
		if err != nil {
			return app, err
		}
	}
	if err := s.reachable(ctx, in.App, in.Fields); err != nil {
		return app, err
	}
	return app, s.named(ctx, in.App, in.People, "people", "ids")
}

// unreachable is the place of the first code that is no field of the catalogue,
// nor of any version of the app; -1: there is none.
func (s *Service) unreachable(ctx context.Context, app string, codes []string) (int, error) {
	unknown := func(code string) bool { _, ok := s.Catalogue.Get(code); return !ok }
	if !slices.ContainsFunc(codes, unknown) {
		return -1, nil
	}
	versions, err := s.everyVersion(ctx, app)
	return slices.IndexFunc(codes, func(code string) bool {
		return !slices.ContainsFunc(versions, func(v *Version) bool { _, ok := v.Facts.Field(s.Catalogue, code); return ok })
	}), err
}

func (s *Service) reachable(ctx context.Context, app string, codes []string) error {
	i, err := s.unreachable(ctx, app, codes)
	if err == nil && i >= 0 {
		err = noSuchField().At("fields", itoa(int64(i)))
	}
	return err
}

func noSuchField() *Error {
	return NewError(CodeInvalidValue, "neither the catalogue nor a version of the app has this field")
}

// everyVersion are the versions that were ever published of an app.
func (s *Service) everyVersion(ctx context.Context, app string) ([]*Version, error) {
	_, moments, err := s.Reader.App(ctx, app)
	if err != nil {
		return nil, err
	}
	out := make([]*Version, len(moments))
	for i, m := range moments {
		if out[i], err = s.published(ctx, m.Version); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// named refuses ids of nobody who has decided anything in the app. One who is
// erased since may be named, and is not counted: nothing of theirs is left.
func (s *Service) named(ctx context.Context, app string, people []uuid.UUID, path ...string) error {
	if len(people) == 0 || len(people) > maxBreachNamed {
		return nil
	}
	standings, err := s.Reader.Standings(ctx, app, people)
	if err != nil {
		return err
	}
	for i, is := range standings {
		if is.User == nil || len(is.History) == 0 {
			return ErrNotFound.At(append(path, itoa(int64(i)))...)
		}
	}
	return nil
}

func (c Criterion) valid() bool {
	given := 0
	for _, part := range []bool{c.App != "", !c.CreatedFrom.IsZero() || !c.CreatedTo.IsZero(), c.RevealedTo != uuid.Nil} {
		if part {
			given++
		}
	}
	return given == 1 && (c.Field == "" || codeForm.MatchString(c.Field) && c.RevealedTo != uuid.Nil)
}

// dated puts a moment beside measures that have none.
func (s *Service) dated(measures []TakenMeasure) []TakenMeasure {
	out := slices.Clone(measures)
	for i := range out {
		if out[i].At.IsZero() {
			out[i].At = s.now()
		}
		out[i].At = out[i].At.UTC().Truncate(time.Millisecond)
	}
	return out
}

// UpdateBreach adds to a breach what is known since, notes who was told, or
// closes it. It is not closed before everybody was told who is to be.
func (s *Service) UpdateBreach(ctx context.Context, a Actor, in UpdateBreach) (Breach, error) {
	role, err := mayBreach(a)
	if err != nil {
		return Breach{}, err
	}
	operation, action := "updateBreach", BreachUpdated
	if in.Close {
		operation, action = "closeBreach", BreachWasClosed
	}
	_, err = s.once(ctx, a, operation, in.IdempotencyKey, in.digestParts(), func(remember rememberer) (uuid.UUID, error) {
		b, err := s.updated(ctx, in)
		if err != nil {
			return uuid.Nil, err
		}
		event := s.event(a, role, action)
		event.App, event.Fields, event.Object, event.Reason = b.App, b.Fields, b.object(), string(b.Kind)
		if in.Close {
			b.State, b.ClosedAt = BreachClosed, event.At
		}
		err = s.Writer.Write(ctx, func(tx Tx) error {
			tx.UpdateBreach(b)
			tx.AddBreachPeople(b.ID, in.People)
			tx.Record(event)
			remember(tx, b.ID)
			return nil
		})
		if errors.Is(err, ErrStale) {
			err = conflict(b.Revision - 1)
		}
		return b.ID, err
	})
	if err != nil {
		return Breach{}, err
	}
	return s.Reader.Breach(ctx, in.ID)
}

// updated is the breach as it would be.
func (s *Service) updated(ctx context.Context, in UpdateBreach) (Breach, error) {
	b, err := s.Reader.Breach(ctx, in.ID)
	if err != nil {
		return b, err
	}
	switch {
	case b.State == BreachClosed:
		return b, NewError(CodeBreachState, "the breach is closed, and stays as it is").At("id")
	case b.Revision != in.ExpectedRevision:
		return b, conflict(b.Revision)
	case len(in.People) > maxBreachNamed:
		return b, NewError(CodeInvalidValue, "name up to 1,000 people at a time").At("people")
	case len(in.People) > 0 && b.Criterion != (Criterion{}):
		return b, NewError(CodeBreachState, "a criterion says whom the breach touches; nobody is named besides").At("people")
	}
	if err := s.reachable(ctx, b.App, in.Fields); err != nil {
		return b, err
	}
	if err := s.named(ctx, b.App, in.People, "people"); err != nil {
		return b, err
	}
	if errs := checkMeasures(in.Measures, nil); len(errs) > 0 {
		return b, errs
	}
	if len(in.People) > 0 {
		n, err := s.Reader.CountBreachPeople(ctx, b)
		if err == nil && n+int64(len(in.People)) > maxBreachPeople {
			err = NewError(CodeInvalidValue, "at most 10,000 people are named; give a criterion for more").At("people")
		}
		if err != nil {
			return b, err
		}
	}
	b.Revision++
	b.Fields = distinct(append(b.Fields, in.Fields...))
	b.Measures = append(b.Measures, s.dated(in.Measures)...)
	for audience, at := range in.Told {
		if at.After(s.now()) || at.Before(b.DetectedAt) {
			return b, NewError(CodeInvalidValue, "somebody is told after the detection, and by now").At("told")
		}
		if at = at.UTC().Truncate(time.Millisecond); audience == ForPeople {
			b.PeopleTold = at
		} else {
			b.AuthorityTold = at
		}
	}
	for _, audience := range Audiences() {
		if in.Close && b.Told(audience).IsZero() && !b.Due(audience).IsZero() {
			return b, NewError(CodeBreachState, "somebody is still to be told: note it with updateBreach first").With("for", string(audience)).At("id")
		}
	}
	return b, nil
}

// distinct are the texts in order, each once.
func distinct(texts []string) []string {
	out := slices.Sorted(slices.Values(texts))
	return slices.Compact(out)
}

func (in RecordBreach) digestParts() []string {
	parts := []string{in.App, string(in.Kind), itoa(in.DetectedAt.UnixMilli()), strings.Join(in.Fields, " ")}
	if c := in.Criterion; c != nil {
		parts = append(parts, c.App, itoa(c.CreatedFrom.UnixMilli()), itoa(c.CreatedTo.UnixMilli()), c.RevealedTo.String(),
			itoa(c.RevealedFrom.UnixMilli()), itoa(c.RevealedUntil.UnixMilli()), c.Field)
	}
	return append(append(parts, idParts(in.People)...), measureParts(in.Measures)...)
}

func (in UpdateBreach) digestParts() []string {
	parts := []string{in.ID.String(), itoa(in.ExpectedRevision), strings.Join(in.Fields, " "), strconv.FormatBool(in.Close)}
	for _, a := range Audiences() {
		parts = append(parts, itoa(in.Told[a].UnixMilli()))
	}
	return append(append(parts, idParts(in.People)...), measureParts(in.Measures)...)
}

func idParts(ids []uuid.UUID) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = id.String()
	}
	return out
}

func measureParts(measures []TakenMeasure) []string {
	var out []string
	for _, m := range measures {
		out = append(out, string(m.Code), m.Reference, itoa(m.At.UnixMilli()))
	}
	return out
}
