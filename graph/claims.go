package graph

import (
	"context"

	"github.com/kelisim/kelisim/graph/generated"
	"github.com/kelisim/kelisim/vault"
)

func (r mutationResolver) IssueClaimCode(ctx context.Context, input generated.IssueClaimCodeInput) (*generated.IssueClaimCodePayload, error) {
	out := &generated.IssueClaimCodePayload{}
	id, err := decodeAs(typeUser, input.User)
	if err != nil {
		return out, notFoundAs(err, "user")
	}
	app, err := r.appOr(ctx, input.App.Value())
	if err != nil {
		return out, err
	}
	issued, err := r.Vault.IssueClaim(ctx, from(ctx).actor, vault.ClaimIssue{
		User: id, App: app, Basis: requestOf(&input.Basis), IdempotencyKey: deref(input.IdempotencyKey.Value()),
	})
	if err == nil {
		from(ctx).remember(issued.Person)
		out.User, out.Code, out.ExpiresAt = issued.Person.User, orNull(issued.Code.Reveal()), &issued.ExpiresAt
	}
	out.UserErrors, err = userErrors(notFoundAs(err, "user"))
	return out, err
}

func (r mutationResolver) ClaimUser(ctx context.Context, input generated.ClaimUserInput) (*generated.ClaimUserPayload, error) {
	out := &generated.ClaimUserPayload{}
	me, err := r.Vault.ClaimUser(ctx, from(ctx).actor, vault.NewPlain(input.Code), deref(input.IdempotencyKey.Value()))
	if err == nil {
		from(ctx).remember(me)
		out.User = me.User
	}
	out.UserErrors, err = userErrors(err)
	return out, err
}
