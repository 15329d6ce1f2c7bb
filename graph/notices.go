package graph

import (
	"context"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/graph/generated"
	"github.com/kelisim/kelisim/vault"
)

func (r queryResolver) RecipientNotices(ctx context.Context, filter *generated.RecipientNoticeFilter, first *int, after *string) (*generated.RecipientNoticeConnection, error) {
	page, err := r.pageOf(typeNotice, first, after)
	if err != nil {
		return nil, err
	}
	var where vault.NoticeFilter
	if filter != nil {
		where.State, where.DueBefore = deref(filter.State.Value()), deref(filter.DueBefore.Value())
		if user := filter.User.Value(); user != nil {
			if where.User, err = decodeAs(typeUser, *user); err != nil {
				return nil, vault.NewError(vault.CodeBadRequest, "user is a user's id").At("filter", "user")
			}
		}
	}
	rows, err := r.Vault.RecipientNotices(ctx, from(ctx).actor, where, more(page))
	if err != nil {
		return nil, err
	}
	out := &generated.RecipientNoticeConnection{}
	out.Nodes, out.PageInfo = cut(typeNotice, rows, page, func(n vault.RecipientNotice) uuid.UUID { return n.ID })
	for _, n := range out.Nodes {
		out.Edges = append(out.Edges, generated.RecipientNoticeEdge{Cursor: cursor(typeNotice, n.ID), Node: n})
	}
	return out, nil
}

func (r mutationResolver) UpdateRecipientNotice(ctx context.Context, input generated.UpdateRecipientNoticeInput) (*generated.UpdateRecipientNoticePayload, error) {
	id, err := decodeAs(typeNotice, input.ID)
	if err != nil {
		return nil, notFoundAs(err, "id")
	}
	n, err := r.Vault.UpdateRecipientNotice(ctx, from(ctx).actor, vault.NoticeMove{
		ID: id, State: input.State, ExpectedRevision: int64(input.ExpectedRevision), IdempotencyKey: deref(input.IdempotencyKey.Value()),
	})
	errs, err := userErrors(err)
	return &generated.UpdateRecipientNoticePayload{RecipientNotice: n, UserErrors: errs}, notFoundAs(err, "id")
}

func (r recipientNoticeResolver) ID(_ context.Context, n *vault.RecipientNotice) (string, error) {
	return ID(typeNotice, n.ID), nil
}

func (r recipientNoticeResolver) User(_ context.Context, n *vault.RecipientNotice) (string, error) {
	return UserID(n.User), nil
}
