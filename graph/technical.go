package graph

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/graph/generated"
	"github.com/kelisim/kelisim/vault"
)

func (r userResolver) TechnicalData(ctx context.Context, u *vault.User, first *int, after *string, basis *generated.BasisInput) (*generated.TechnicalDataConnection, error) {
	page, err := r.pageOf(typeTechnical, first, after)
	if err != nil {
		return nil, err
	}
	rows, err := r.Vault.TechnicalData(ctx, from(ctx).actor, u.ID, basisOf(basis), more(page))
	if err != nil {
		return nil, err
	}
	out := &generated.TechnicalDataConnection{}
	out.Nodes, out.PageInfo = cut(typeTechnical, rows, page, func(t vault.TechnicalBatch) uuid.UUID { return t.ID })
	for _, t := range out.Nodes {
		out.Edges = append(out.Edges, generated.TechnicalDataEdge{Cursor: cursor(typeTechnical, t.ID), Node: t})
	}
	return out, nil
}

func (r technicalDataResolver) ID(_ context.Context, t *vault.TechnicalBatch) (string, error) {
	return ID(typeTechnical, t.ID), nil
}

func (r technicalDataResolver) HeldAt(ctx context.Context, t *vault.TechnicalBatch) (*time.Time, error) {
	if _, ok := from(ctx).actor.Allowed(vault.Compliance); !ok {
		return nil, nil //nolint:nilnil // holds are seen by colleagues
	}
	return momentOrNull(t.HeldAt), nil
}

func (r technicalEventResolver) IP(_ context.Context, e *vault.TechnicalEvent) (*string, error) {
	return orNull(e.IP.Reveal()), nil
}

func (r technicalEventResolver) CookieID(_ context.Context, e *vault.TechnicalEvent) (*string, error) {
	return orNull(e.CookieID.Reveal()), nil
}

func (r technicalEventResolver) UserAgent(_ context.Context, e *vault.TechnicalEvent) (*string, error) {
	return orNull(e.UserAgent.Reveal()), nil
}

func (r technicalEventResolver) Page(_ context.Context, e *vault.TechnicalEvent) (*string, error) {
	return orNull(e.Page.Reveal()), nil
}

func (r mutationResolver) RecordTechnicalData(ctx context.Context, input generated.RecordTechnicalDataInput) (*generated.RecordTechnicalDataPayload, error) {
	out := &generated.RecordTechnicalDataPayload{Kept: []string{}, Dropped: []string{}}
	in, err := r.technicalInput(ctx, input)
	if err == nil {
		var done vault.RecordedTechnical
		if done, err = r.Vault.RecordTechnical(ctx, from(ctx).actor, in); err == nil {
			out.Kept, out.Dropped = append(out.Kept, done.Kept...), append(out.Dropped, done.Dropped...)
			if !done.ExpiresAt.IsZero() {
				out.ExpiresAt = &done.ExpiresAt
			}
		}
	}
	out.UserErrors, err = userErrors(err)
	return out, err
}

func (r *Resolver) technicalInput(ctx context.Context, input generated.RecordTechnicalDataInput) (in vault.TechnicalInput, err error) {
	in = vault.TechnicalInput{FromConnection: deref(input.FromConnection.Value()), IdempotencyKey: deref(input.IdempotencyKey.Value())}
	if user := input.User.Value(); user != nil {
		if in.User, err = decodeAs(typeUser, *user); err != nil {
			return in, notFoundAs(err, "user")
		}
	}
	if in.App, err = from(ctx).appOr(input.App.Value()); err != nil {
		return in, err
	}
	plain := func(text *string) vault.Plain { return vault.NewPlain(deref(text)) }
	for _, e := range input.Events {
		in.Events = append(in.Events, vault.TechnicalEvent{
			At: e.At, IP: plain(e.IP.Value()), CookieID: plain(e.CookieID.Value()), UserAgent: plain(e.UserAgent.Value()), Page: plain(e.Page.Value()),
		})
	}
	return in, nil
}
