package graph

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/graph/generated"
	"github.com/kelisim/kelisim/vault"
)

func (r queryResolver) AccessReport(ctx context.Context, since, to time.Time, app *string) (*vault.AccessReport, error) {
	report, err := r.Vault.AccessReport(ctx, from(ctx).actor, vault.AccessFilter{From: since, To: to, App: deref(app)})
	return &report, err
}

func (r actorAccessResolver) Actor(_ context.Context, a *vault.ActorAccess) (*string, error) {
	if a.Actor == uuid.Nil {
		return nil, nil //nolint:nilnil // SYSTEM has no id
	}
	return orNull(a.Actor.String()), nil
}

func (r queryResolver) Breach(ctx context.Context, id string) (*vault.Breach, error) {
	breach, err := decodeAs(typeBreach, id)
	if err != nil {
		return nil, err
	}
	b, err := r.Vault.Breach(ctx, breach)
	return &b, err
}

func (r queryResolver) Breaches(ctx context.Context, open bool) ([]vault.Breach, error) {
	return r.Vault.Breaches(ctx, open, vault.Page{Limit: r.limits.Page})
}

func (r breachResolver) ID(_ context.Context, b *vault.Breach) (string, error) {
	return BreachID(b.ID), nil
}

func (r breachResolver) ClosedAt(_ context.Context, b *vault.Breach) (*time.Time, error) {
	return momentOrNull(b.ClosedAt), nil
}

func (r breachResolver) People(ctx context.Context, b *vault.Breach) (int, error) {
	n, err := r.Vault.CountBreachPeople(ctx, *b)
	return int(n), err
}

func (r breachResolver) Notice(ctx context.Context, b *vault.Breach, audience vault.Audience, locale string) (*generated.BreachNotice, error) {
	text, err := r.Vault.Notice(ctx, *b, audience)
	if err != nil {
		return nil, err
	}
	out := &generated.BreachNotice{
		For: audience, DueAt: momentOrNull(b.Due(audience)), ToldAt: momentOrNull(b.Told(audience)),
		Overdue: b.Overdue(audience, r.Vault.Clock()), Fields: []string{},
	}
	for _, f := range text.Fields {
		out.Fields = append(out.Fields, f.Code)
	}
	if out.Text, err = text.HTML(locale); err != nil {
		return nil, err
	}
	issued, err := r.Vault.BreachNotices(ctx, b.ID)
	for _, n := range issued {
		if n.Audience == audience && n.UsedAt.IsZero() {
			at := "/breaches/" + BreachID(b.ID) + "/notice?for=" + string(audience) + "&locale=" + locale
			out.Download = &at
		}
	}
	return out, err
}

func momentOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func measuresOf(in []generated.MeasureInput) []vault.TakenMeasure {
	var out []vault.TakenMeasure
	for _, m := range in {
		out = append(out, vault.TakenMeasure{Code: m.Code, Reference: deref(m.Reference.Value()), At: deref(m.At.Value())})
	}
	return out
}

// usersOf reads ids of people.
func usersOf(ids []string, path ...string) ([]uuid.UUID, error) {
	out := make([]uuid.UUID, len(ids))
	for i, id := range ids {
		var err error
		if out[i], err = decodeAs(typeUser, id); err != nil {
			return nil, notFoundAs(err, path...)
		}
	}
	return out, nil
}

// touchedBy reads whom a breach touches. gqlgen does not hold variables to
// @oneOf, so the vault counts for itself.
func touchedBy(in generated.BreachPeopleInput) ([]uuid.UUID, *vault.Criterion, error) {
	people, err := usersOf(in.Ids.Value(), "people", "ids")
	if err != nil {
		return nil, nil, err
	}
	var c vault.Criterion
	c.App = deref(in.App.Value())
	if at := in.Registered.Value(); at != nil {
		c.CreatedFrom, c.CreatedTo = at.From, at.To
	}
	if shown := in.Shown.Value(); shown != nil {
		c.RevealedFrom, c.RevealedUntil, c.Field = shown.From, shown.To, deref(shown.Field.Value())
		if c.RevealedTo, err = parseUUID(shown.Actor); err != nil {
			return nil, nil, vault.NewError(vault.CodeInvalidValue, "actor is the opaque id that an event shows").At("people", "shown", "actor")
		}
	}
	if c == (vault.Criterion{}) {
		return people, nil, nil
	}
	return people, &c, nil
}

func (r mutationResolver) RecordBreach(ctx context.Context, input generated.RecordBreachInput) (*generated.RecordBreachPayload, error) {
	people, criterion, err := touchedBy(input.People)
	var b vault.Breach
	if err == nil {
		b, err = r.Vault.RecordBreach(ctx, from(ctx).actor, vault.RecordBreach{
			App: input.App, Kind: input.Kind, DetectedAt: input.DetectedAt, Fields: input.Fields, People: people, Criterion: criterion,
			Measures: measuresOf(input.Measures.Value()), IdempotencyKey: deref(input.IdempotencyKey.Value()),
		})
	}
	breach, errs, err := breachOr(b, err)
	return &generated.RecordBreachPayload{Breach: breach, UserErrors: errs}, err
}

func (r mutationResolver) UpdateBreach(ctx context.Context, input generated.UpdateBreachInput) (*generated.UpdateBreachPayload, error) {
	told := map[vault.Audience]time.Time{}
	for _, t := range input.Told.Value() {
		told[t.For] = t.At
	}
	people, err := usersOf(input.People.Value(), "people")
	var b vault.Breach
	if err == nil {
		b, err = r.change(ctx, input.ID, vault.UpdateBreach{
			ExpectedRevision: int64(input.ExpectedRevision), People: people, Fields: input.Fields.Value(),
			Measures: measuresOf(input.Measures.Value()), Told: told, IdempotencyKey: deref(input.IdempotencyKey.Value()),
		})
	}
	breach, errs, err := breachOr(b, err)
	return &generated.UpdateBreachPayload{Breach: breach, UserErrors: errs}, err
}

func (r mutationResolver) CloseBreach(ctx context.Context, input generated.CloseBreachInput) (*generated.CloseBreachPayload, error) {
	b, err := r.change(ctx, input.ID, vault.UpdateBreach{
		ExpectedRevision: int64(input.ExpectedRevision), Close: true, IdempotencyKey: deref(input.IdempotencyKey.Value()),
	})
	breach, errs, err := breachOr(b, err)
	return &generated.CloseBreachPayload{Breach: breach, UserErrors: errs}, err
}

func (r *Resolver) change(ctx context.Context, id string, in vault.UpdateBreach) (b vault.Breach, err error) {
	if in.ID, err = decodeAs(typeBreach, id); err != nil {
		return b, notFoundAs(err, "id")
	}
	return r.Vault.UpdateBreach(ctx, from(ctx).actor, in)
}

func (r mutationResolver) IssueBreachNotice(ctx context.Context, input generated.IssueBreachNoticeInput) (*generated.IssueBreachNoticePayload, error) {
	id, err := decodeAs(typeBreach, input.ID)
	err = notFoundAs(err, "id")
	var b vault.Breach
	if err == nil {
		b, err = r.Vault.IssueBreachNotice(ctx, from(ctx).actor, id, input.For, deref(input.IdempotencyKey.Value()))
	}
	breach, errs, err := breachOr(b, err)
	return &generated.IssueBreachNoticePayload{Breach: breach, UserErrors: errs}, err
}

// breachOr is a breach for a payload, or what to put right.
func breachOr(b vault.Breach, err error) (*vault.Breach, []generated.UserError, error) {
	if err != nil {
		errs, err := userErrors(err)
		return nil, errs, err
	}
	return &b, []generated.UserError{}, nil
}
