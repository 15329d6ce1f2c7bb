package graph

import (
	"context"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/graph/generated"
	"github.com/kelisim/kelisim/vault"
)

func (r queryResolver) ErasureCertificate(ctx context.Context, id string) (*vault.Erasure, error) {
	erasure, err := decodeAs(typeErasure, id)
	if err != nil { // or its number, as the answer to a request prints it
		if erasure, err = parseUUID(id); err != nil {
			return nil, err
		}
	}
	e, err := r.Vault.Certificate(ctx, from(ctx).actor, erasure)
	return &e, err
}

func (r mutationResolver) EraseUser(ctx context.Context, input generated.EraseUserInput) (*generated.EraseUserPayload, error) {
	out := &generated.EraseUserPayload{UserErrors: []generated.UserError{}}
	user, err := decodeAs(typeUser, input.User)
	if err != nil {
		return nil, notFoundAs(err, "user")
	}
	if deref(input.DryRun.Value()) {
		plan, err := r.Vault.PlanErasure(ctx, from(ctx).actor, user)
		out.Plan = &plan
		return out, notFoundAs(err, "user")
	}
	e, err := r.Vault.Erase(ctx, from(ctx).actor, vault.Erasing{
		User: user, Ground: input.Ground, Reference: input.Reference,
		ExpectedRevision: revision(input.ExpectedRevision), IdempotencyKey: deref(input.IdempotencyKey.Value()),
	})
	if err == nil {
		out.Certificate = &e
	}
	out.UserErrors, err = userErrors(notFoundAs(err, "user"))
	return out, err
}

func (r erasureCertificateResolver) ID(_ context.Context, e *vault.Erasure) (string, error) {
	return ID(typeErasure, e.ID), nil
}

func (r erasureCertificateResolver) User(_ context.Context, e *vault.Erasure) (string, error) {
	return UserID(e.User), nil
}

func (r erasureCertificateResolver) Reference(_ context.Context, e *vault.Erasure) (*string, error) {
	return orNull(e.Reference), nil
}

func (r erasureCertificateResolver) Text(ctx context.Context, e *vault.Erasure, locale *string) (*generated.LocalizedText, error) {
	words, err := r.Vault.CertificateText(ctx, *e, ID(typeErasure, e.ID), UserID(e.User))
	if err != nil {
		return nil, err
	}
	return r.text(ctx, words, locale)
}

func (r userResolver) Obstacles(ctx context.Context, u *vault.User) ([]vault.Obstacle, error) {
	if _, ok := from(ctx).actor.Allowed(vault.Support, vault.Compliance, vault.Auditor); !ok {
		return nil, nil // null: the schema says to whom
	}
	return r.Vault.Obstacles(ctx, u.ID)
}

func (r obstacleResolver) ID(_ context.Context, o *vault.Obstacle) (string, error) {
	return ownedID(typeObstacle, o.User, o.ID), nil
}

func (r obstacleResolver) EndReference(_ context.Context, o *vault.Obstacle) (*string, error) {
	return orNull(o.EndReference), nil
}

func (r mutationResolver) PlaceLegalHold(ctx context.Context, input generated.PlaceLegalHoldInput) (*generated.PlaceLegalHoldPayload, error) {
	o, errs, err := r.obstruct(ctx, vault.LegalHold, input)
	return &generated.PlaceLegalHoldPayload{Obstacle: o, UserErrors: errs}, err
}

func (r mutationResolver) RecordObligation(ctx context.Context, input generated.RecordObligationInput) (*generated.RecordObligationPayload, error) {
	o, errs, err := r.obstruct(ctx, vault.Obligation, generated.PlaceLegalHoldInput(input))
	return &generated.RecordObligationPayload{Obstacle: o, UserErrors: errs}, err
}

// obstruct puts an obstacle; both inputs say the same.
func (r *Resolver) obstruct(ctx context.Context, kind vault.ObstacleKind, input generated.PlaceLegalHoldInput) (*vault.Obstacle, []generated.UserError, error) {
	user, err := decodeAs(typeUser, input.User)
	if err != nil {
		return nil, []generated.UserError{}, notFoundAs(err, "user")
	}
	o, err := r.Vault.Obstruct(ctx, from(ctx).actor, vault.Obstructing{
		User: user, Kind: kind, Ground: input.Ground, Reference: input.Reference, Items: input.Items,
		IdempotencyKey: deref(input.IdempotencyKey.Value()),
	})
	return obstacleOr(o, notFoundAs(err, "user"))
}

func (r mutationResolver) LiftLegalHold(ctx context.Context, input generated.LiftLegalHoldInput) (*generated.LiftLegalHoldPayload, error) {
	o, errs, err := r.clear(ctx, vault.LegalHold, input)
	return &generated.LiftLegalHoldPayload{Obstacle: o, UserErrors: errs}, err
}

func (r mutationResolver) SettleObligation(ctx context.Context, input generated.SettleObligationInput) (*generated.SettleObligationPayload, error) {
	o, errs, err := r.clear(ctx, vault.Obligation, generated.LiftLegalHoldInput(input))
	return &generated.SettleObligationPayload{Obstacle: o, UserErrors: errs}, err
}

// clear ends an obstacle; both inputs say the same.
func (r *Resolver) clear(ctx context.Context, kind vault.ObstacleKind, input generated.LiftLegalHoldInput) (*vault.Obstacle, []generated.UserError, error) {
	id, err := decodeID(input.ID)
	if err != nil || id.kind != typeObstacle || id.user == uuid.Nil {
		return nil, []generated.UserError{}, vault.ErrNotFound.At("id")
	}
	o, err := r.Vault.Clear(ctx, from(ctx).actor, vault.Clearing{
		User: id.user, ID: id.id, Kind: kind, Reference: input.Reference, IdempotencyKey: deref(input.IdempotencyKey.Value()),
	})
	return obstacleOr(o, notFoundAs(err, "id"))
}

func obstacleOr(o vault.Obstacle, err error) (*vault.Obstacle, []generated.UserError, error) {
	errs, err := userErrors(err)
	if err != nil || len(errs) > 0 {
		return nil, errs, err
	}
	return &o, errs, nil
}
