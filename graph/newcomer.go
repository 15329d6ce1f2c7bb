package graph

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/graph/generated"
	"github.com/kelisim/kelisim/vault"
)

func (r mutationResolver) CreateUser(ctx context.Context, input generated.CreateUserInput) (*generated.CreateUserPayload, error) {
	out := &generated.CreateUserPayload{}
	app, err := r.appOr(ctx, input.App.Value())
	if err != nil {
		return out, err
	}
	screen, err := paperScreen(input.Consent)
	if err == nil {
		var p *vault.Person
		p, err = r.Vault.CreateUser(ctx, from(ctx).actor, vault.Newcomer{
			App: app, Changes: changes(input.Profile.Value(), "profile"), Decisions: screen, Locale: deref(input.Locale.Value()),
			Source: input.Source, Basis: requestOf(&input.Basis), IdempotencyKey: deref(input.IdempotencyKey.Value()),
		})
		if err == nil {
			from(ctx).remember(p)
			out.User = p.User
		}
	}
	out.UserErrors, err = userErrors(err)
	return out, err
}

func (r mutationResolver) UpdateUser(ctx context.Context, input generated.UpdateUserInput) (*generated.UpdateUserPayload, error) {
	out := &generated.UpdateUserPayload{}
	id, err := decodeAs(typeUser, input.User)
	if err != nil {
		return out, notFoundAs(err, "user")
	}
	app, err := r.appOr(ctx, input.App.Value())
	if err != nil {
		return out, err
	}
	own, err := update(generated.UpdateMyProfileInput{
		Profile: input.Profile, Locale: input.Locale, ExpectedRevision: input.ExpectedRevision, IdempotencyKey: input.IdempotencyKey,
	})
	if err == nil {
		var p *vault.Person
		p, err = r.Vault.UpdateUser(ctx, from(ctx).actor, vault.Correction{
			User: id, App: app, Changes: own.Changes, Locale: own.Locale, Source: input.Source, Basis: requestOf(&input.Basis),
			ExpectedRevision: own.ExpectedRevision, IdempotencyKey: own.IdempotencyKey,
		})
		if err == nil {
			from(ctx).remember(p)
			out.User = p.User
		}
	}
	out.UserErrors, err = userErrors(notFoundAs(err, "user"))
	return out, err
}

func (r mutationResolver) ConfirmMyData(ctx context.Context, input generated.ConfirmMyDataInput) (*generated.ConfirmMyDataPayload, error) {
	out := &generated.ConfirmMyDataPayload{}
	me, err := r.Vault.ConfirmMyData(ctx, from(ctx).actor, int64(input.ExpectedRevision), deref(input.IdempotencyKey.Value()))
	if err == nil {
		from(ctx).remember(me)
		out.User = me.User
	}
	out.UserErrors, err = userErrors(err)
	return out, err
}

func (r userResolver) ConfirmationDue(ctx context.Context, u *vault.User, app *string) (*time.Time, error) {
	p, err := r.person(ctx, u, app)
	if err != nil {
		return nil, err
	}
	due, err := r.Vault.ConfirmationDue(p)
	if err != nil || due.IsZero() {
		return nil, err
	}
	return &due, nil
}

// typeChange names the cursors of changes; they have no ids of their own.
const typeChange = "UserChange"

func (r userResolver) Changes(ctx context.Context, u *vault.User, first *int, after *string) (*generated.UserChangeConnection, error) {
	page, err := r.pageOf(typeChange, first, after)
	if err != nil {
		return nil, err
	}
	rows, err := r.Vault.Changes(ctx, from(ctx).actor, u.ID, more(page))
	if err != nil {
		return nil, err
	}
	key := func(c vault.UserChange) uuid.UUID { return c.ID }
	out := &generated.UserChangeConnection{}
	out.Nodes, out.PageInfo = cut(typeChange, rows, page, key)
	for _, c := range out.Nodes {
		out.Edges = append(out.Edges, generated.UserChangeEdge{Cursor: cursor(typeChange, c.ID), Node: c})
	}
	return out, nil
}

func (r queryResolver) ProfileForm(ctx context.Context, app, locale *string) (*generated.ProfileForm, error) {
	code, err := r.appOr(ctx, app)
	if err != nil {
		return nil, err
	}
	form, err := r.Vault.ProfileForm(ctx, from(ctx).actor, code)
	if err != nil || form == nil {
		return nil, err
	}
	out := &generated.ProfileForm{Version: *form.Version, Fields: make([]generated.FormField, len(form.Fields))}
	for i, f := range form.Fields {
		label, err := r.text(ctx, f.Label, locale)
		if err != nil {
			return nil, err
		}
		out.Fields[i] = generated.FormField{
			Code: f.Code, Own: f.Own, Kind: f.Kind, Label: *label, Required: f.Required, Purposes: f.Purposes,
			Keyboard: f.Keyboard, Sensitive: f.Sensitive, Pattern: orNull(f.Pattern), MinDate: orNull(f.From), MaxDate: orNull(f.To),
		}
		if f.MaxLength > 0 {
			out.Fields[i].MaxLength = &f.MaxLength
		}
		if len(f.Help) == 0 {
			continue
		}
		if out.Fields[i].Help, err = r.text(ctx, f.Help, locale); err != nil {
			return nil, err
		}
	}
	return out, nil
}
