package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"github.com/kelisim/kelisim/graph/generated"
	"github.com/kelisim/kelisim/vault"
)

func (r mutationResolver) SubmitSubjectRequest(ctx context.Context, in generated.SubmitSubjectRequestInput) (*generated.SubmitSubjectRequestPayload, error) {
	out := &generated.SubmitSubjectRequestPayload{}
	asked, err := r.Vault.SubmitRequest(ctx, from(ctx).actor, vault.Asking{
		Kind: in.Kind, Fields: in.Fields.Value(), Text: plainOf(in.Text), Locale: deref(in.Locale.Value()),
		IdempotencyKey: deref(in.IdempotencyKey.Value()),
	})
	if err == nil {
		out.Request, out.Joined = &asked.Request, asked.Joined
	}
	out.UserErrors, err = userErrors(err)
	return out, err
}

func (r mutationResolver) RequestExport(ctx context.Context, in generated.RequestExportInput) (*generated.RequestExportPayload, error) {
	out := &generated.RequestExportPayload{}
	asked, err := r.Vault.SubmitRequest(ctx, from(ctx).actor, vault.Asking{
		Kind: vault.AsksExport, Locale: deref(in.Locale.Value()), IdempotencyKey: deref(in.IdempotencyKey.Value()),
	})
	if err == nil {
		out.Request = &asked.Request
		out.Export, err = r.Vault.RequestExport(ctx, asked.Request)
	}
	out.UserErrors, err = userErrors(err)
	return out, err
}

func (r mutationResolver) RecordSubjectRequest(ctx context.Context, in generated.RecordSubjectRequestInput) (*generated.RecordSubjectRequestPayload, error) {
	out := &generated.RecordSubjectRequestPayload{}
	var done vault.SubjectRequest
	var err error
	if in.Channel == vault.ByApp {
		err = vault.NewError(vault.CodeInvalidValue, "what comes by the app is submitted there by the person").At("channel")
	} else {
		done, err = r.Vault.RecordRequest(ctx, from(ctx).actor, vault.Recording{
			Kind: in.Kind, Channel: in.Channel, App: deref(in.App.Value()), ReceivedAt: in.ReceivedAt,
			Name: vault.NewPlain(in.Name), Contact: plainOf(in.Contact), Text: plainOf(in.Text), Fields: in.Fields.Value(),
			Locale: deref(in.Locale.Value()), IdempotencyKey: deref(in.IdempotencyKey.Value()),
		})
	}
	out.Request, out.UserErrors, err = worked(done, err)
	return out, err
}

func (r mutationResolver) AssignSubjectRequest(ctx context.Context, in generated.AssignSubjectRequestInput) (*generated.AssignSubjectRequestPayload, error) {
	work, err := workOf(in.ID, in.ExpectedRevision, in.IdempotencyKey)
	to := uuid.Nil
	if assignee := deref(in.Assignee.Value()); err == nil && assignee != "" {
		if to, err = parseUUID(assignee); err != nil {
			err = vault.NewError(vault.CodeInvalidValue, "a colleague is named by the opaque id that events show").At("assignee")
		}
	}
	var done vault.SubjectRequest
	if err == nil {
		done, err = r.Vault.AssignRequest(ctx, from(ctx).actor, work, to)
	}
	out := &generated.AssignSubjectRequestPayload{}
	out.Request, out.UserErrors, err = worked(done, err)
	return out, err
}

func (r mutationResolver) VerifyRequester(ctx context.Context, in generated.VerifyRequesterInput) (*generated.VerifyRequesterPayload, error) {
	work, err := workOf(in.ID, in.ExpectedRevision, in.IdempotencyKey)
	user := uuid.Nil
	if id := in.User.Value(); err == nil && id != nil {
		user, err = decodeAs(typeUser, *id)
		err = notFoundAs(err, "user")
	}
	var done vault.SubjectRequest
	if err == nil {
		done, err = r.Vault.VerifyRequester(ctx, from(ctx).actor, work, in.How, user)
	}
	out := &generated.VerifyRequesterPayload{}
	out.Request, out.UserErrors, err = worked(done, err)
	return out, err
}

func (r mutationResolver) RetractRequester(ctx context.Context, in generated.RetractRequesterInput) (*generated.RetractRequesterPayload, error) {
	work, err := workOf(in.ID, in.ExpectedRevision, in.IdempotencyKey)
	var done vault.SubjectRequest
	if err == nil {
		done, err = r.Vault.RetractRequester(ctx, from(ctx).actor, work)
	}
	out := &generated.RetractRequesterPayload{}
	out.Request, out.UserErrors, err = worked(done, err)
	return out, err
}

func (r mutationResolver) FulfilSubjectRequest(ctx context.Context, in generated.FulfilSubjectRequestInput) (*generated.FulfilSubjectRequestPayload, error) {
	answer, err := answeringOf(in.ID, in.ExpectedRevision, in.Reference, in.Note, in.IdempotencyKey)
	var done vault.SubjectRequest
	if err == nil {
		done, err = r.Vault.FulfilRequest(ctx, from(ctx).actor, answer, in.Outcome)
	}
	out := &generated.FulfilSubjectRequestPayload{}
	out.Request, out.UserErrors, err = worked(done, err)
	return out, err
}

func (r mutationResolver) RefuseSubjectRequest(ctx context.Context, in generated.RefuseSubjectRequestInput) (*generated.RefuseSubjectRequestPayload, error) {
	answer, err := answeringOf(in.ID, in.ExpectedRevision, in.Reference, in.Note, in.IdempotencyKey)
	var done vault.SubjectRequest
	if err == nil {
		done, err = r.Vault.RefuseRequest(ctx, from(ctx).actor, answer, in.Ground)
	}
	out := &generated.RefuseSubjectRequestPayload{}
	out.Request, out.UserErrors, err = worked(done, err)
	return out, err
}

func (r mutationResolver) ExtendSubjectRequest(ctx context.Context, in generated.ExtendSubjectRequestInput) (*generated.ExtendSubjectRequestPayload, error) {
	work, err := workOf(in.ID, in.ExpectedRevision, in.IdempotencyKey)
	var done vault.SubjectRequest
	if err == nil {
		done, err = r.Vault.ExtendRequest(ctx, from(ctx).actor, work, in.Reason)
	}
	out := &generated.ExtendSubjectRequestPayload{}
	out.Request, out.UserErrors, err = worked(done, err)
	return out, err
}

func (r mutationResolver) CancelMyRequest(ctx context.Context, in generated.CancelMyRequestInput) (*generated.CancelMyRequestPayload, error) {
	work, err := workOf(in.ID, in.ExpectedRevision, in.IdempotencyKey)
	var done vault.SubjectRequest
	if err == nil {
		done, err = r.Vault.CancelRequest(ctx, from(ctx).actor, work)
	}
	out := &generated.CancelMyRequestPayload{}
	out.Request, out.UserErrors, err = worked(done, err)
	return out, err
}

// workOf reads which request a step is of.
func workOf(id string, expected int, key graphql.Omittable[*string]) (vault.RequestWork, error) {
	request, err := decodeAs(typeRequest, id)
	return vault.RequestWork{
		Request: request, ExpectedRevision: int64(expected), IdempotencyKey: deref(key.Value()),
	}, notFoundAs(err, "id")
}

func answeringOf(id string, expected int, reference, note, key graphql.Omittable[*string]) (vault.Answering, error) {
	work, err := workOf(id, expected, key)
	return vault.Answering{RequestWork: work, Reference: deref(reference.Value()), Note: plainOf(note)}, err
}

// worked is a request after a step, or what is to be put right.
func worked(done vault.SubjectRequest, err error) (*vault.SubjectRequest, []generated.UserError, error) {
	errs, err := userErrors(err)
	if err != nil || len(errs) > 0 {
		return nil, errs, err
	}
	return &done, errs, nil
}

// plainOf is a text that may be absent.
func plainOf(in graphql.Omittable[*string]) vault.Plain { return vault.NewPlain(deref(in.Value())) }
