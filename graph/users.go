package graph

import (
	"context"
	"errors"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"github.com/kelisim/kelisim/graph/generated"
	"github.com/kelisim/kelisim/vault"
)

// Me answers the person of the token, or null when not registered yet.
func (r queryResolver) Me(ctx context.Context) (*vault.User, error) {
	me, err := r.Vault.Me(ctx, from(ctx).actor)
	if err != nil || me.User == nil {
		return nil, err
	}
	from(ctx).remember(me)
	return me.User, nil
}

func (r queryResolver) User(ctx context.Context, id string) (*vault.User, error) {
	user, err := decodeAs(typeUser, id)
	if err != nil {
		return nil, err
	}
	return r.user(ctx, user)
}

func (r *Resolver) user(ctx context.Context, id uuid.UUID) (*vault.User, error) {
	p, err := r.Vault.User(ctx, from(ctx).actor, id)
	if err != nil {
		return nil, err
	}
	from(ctx).remember(p)
	return p.User, nil
}

func (r queryResolver) Users(ctx context.Context, first *int, after *string, filter *generated.UserFilter) (*generated.UserConnection, error) {
	page, err := r.pageOf(typeUser, first, after)
	if err != nil {
		return nil, err
	}
	var where vault.UserFilter
	if filter != nil && filter.Status.Value() != nil {
		where.Status = *filter.Status.Value()
	}
	rows, err := r.Vault.Users(ctx, from(ctx).actor, where, more(page))
	if err != nil {
		return nil, err
	}
	out := &generated.UserConnection{}
	out.Nodes, out.PageInfo = cut(typeUser, rows, page, func(u vault.User) uuid.UUID { return u.ID })
	for _, u := range out.Nodes {
		out.Edges = append(out.Edges, generated.UserEdge{Cursor: cursor(typeUser, u.ID), Node: u})
	}
	r.ahead(ctx, out.Nodes)
	if selected(ctx, "totalCount") {
		out.TotalCount, err = r.totalCount(ctx, where)
	}
	return out, err
}

// countTime is how long counting may take: it reads the whole table, and a
// page is worth having without it.
const countTime = 500 * time.Millisecond

// totalCount is null when counting takes too long.
func (r *Resolver) totalCount(ctx context.Context, where vault.UserFilter) (*int, error) {
	limited, cancel := context.WithTimeout(ctx, countTime)
	defer cancel()
	n, err := r.Vault.CountUsers(limited, where)
	switch {
	case err == nil:
		total := int(n)
		return &total, nil
	case limited.Err() != nil && ctx.Err() == nil:
		return nil, nil //nolint:nilnil // the schema answers null for what was not counted
	}
	return nil, err
}

// selected reports whether the answer of the current field has a field selected.
func selected(ctx context.Context, name string) bool {
	for _, f := range graphql.CollectFieldsCtx(ctx, nil) {
		if f.Name == name {
			return true
		}
	}
	return false
}

func (r queryResolver) FindUsers(ctx context.Context, by generated.FindUsersInput) ([]vault.User, error) {
	find := vault.FindBy{Issuers: r.CustomerIssuers}
	given := 0
	for code, value := range map[string]*string{
		vault.FieldEmail: by.Email.Value(), vault.FieldPhone: by.Phone.Value(), vault.FieldIIN: by.Iin.Value(), "": by.Subject.Value(),
	} {
		if value == nil {
			continue
		}
		given++
		find.Field, find.Value = code, vault.NewPlain(*value)
		if code == "" {
			find.Subject = find.Value
		}
	}
	if given != 1 {
		return nil, vault.NewError(vault.CodeBadRequest, "find by exactly one of email, phone, iin and subject")
	}
	found, err := r.Vault.FindUsers(ctx, from(ctx).actor, find)
	if err == nil {
		r.ahead(ctx, found)
	}
	return found, err
}

// person is a user in the app named, or in the one that is meant.
func (r *Resolver) person(ctx context.Context, u *vault.User, app *string) (*vault.Person, error) {
	code, err := from(ctx).appOr(app)
	if err != nil {
		return nil, err
	}
	return from(ctx).people.get(ctx, personKey{code, u.ID})
}

func (r userResolver) ID(_ context.Context, u *vault.User) (string, error) { return UserID(u.ID), nil }

func (r userResolver) Locale(_ context.Context, u *vault.User) (*string, error) {
	return orNull(u.Locale), nil
}

func (r userResolver) PolicyStatus(ctx context.Context, u *vault.User, app *string) (*vault.PolicyStatus, error) {
	p, err := r.person(ctx, u, app)
	if err != nil {
		return nil, err
	}
	status := p.Status()
	return &status, nil
}

func (r userResolver) PendingConsents(ctx context.Context, u *vault.User, app *string) ([]vault.Pending, error) {
	p, err := r.person(ctx, u, app)
	if err != nil {
		return nil, err
	}
	return p.Pending(), nil
}

func (r userResolver) MissingFields(ctx context.Context, u *vault.User, app *string) ([]string, error) {
	p, err := r.person(ctx, u, app)
	if err != nil {
		return nil, err
	}
	return from(ctx).missing.get(ctx, p)
}

func (r mutationResolver) RegisterMe(ctx context.Context, input generated.RegisterMeInput) (*generated.RegisterMePayload, error) {
	out := &generated.RegisterMePayload{}
	in, err := registration(input)
	if err == nil {
		var done vault.Registered
		if done, err = r.Vault.RegisterMe(ctx, from(ctx).actor, in); err == nil {
			from(ctx).remember(done.Person)
			out.User, out.Created = done.Person.User, done.Created
		}
	}
	out.UserErrors, err = userErrors(err)
	return out, err
}

func (r mutationResolver) UpdateMyProfile(ctx context.Context, input generated.UpdateMyProfileInput) (*generated.UpdateMyProfilePayload, error) {
	out := &generated.UpdateMyProfilePayload{}
	in, err := update(input)
	if err == nil {
		var me *vault.Person
		if me, err = r.Vault.UpdateMyProfile(ctx, from(ctx).actor, in); err == nil {
			from(ctx).remember(me)
			out.User = me.User
		}
	}
	out.UserErrors, err = userErrors(err)
	return out, err
}

func (r mutationResolver) VerifyIdentifier(ctx context.Context, input generated.VerifyIdentifierInput) (*generated.VerifyIdentifierPayload, error) {
	user, errs, err := r.identify(ctx, input, true)
	return &generated.VerifyIdentifierPayload{User: user, UserErrors: errs}, err
}

func (r mutationResolver) ReleaseIdentifier(ctx context.Context, input generated.ReleaseIdentifierInput) (*generated.ReleaseIdentifierPayload, error) {
	user, errs, err := r.identify(ctx, generated.VerifyIdentifierInput(input), false)
	return &generated.ReleaseIdentifierPayload{User: user, UserErrors: errs}, err
}

// identify sets or takes away the mark of an identifier; both inputs say the same.
func (r *Resolver) identify(ctx context.Context, input generated.VerifyIdentifierInput, verified bool) (*vault.User, []generated.UserError, error) {
	id, err := decodeAs(typeUser, input.User)
	if err != nil {
		return nil, []generated.UserError{}, notFoundAs(err, "user")
	}
	code := map[generated.IdentifierField]string{
		generated.IdentifierFieldIin: vault.FieldIIN, generated.IdentifierFieldEmail: vault.FieldEmail, generated.IdentifierFieldPhone: vault.FieldPhone,
	}[input.Field]
	_, err = r.Vault.SetVerified(ctx, from(ctx).actor, vault.Identifying{
		User: id, Field: code, Basis: requestOf(&input.Basis),
		ExpectedRevision: revision(input.ExpectedRevision), IdempotencyKey: deref(input.IdempotencyKey.Value()),
	}, verified)
	if errors.Is(err, vault.ErrNotFound) {
		return nil, []generated.UserError{}, notFoundAs(err, "user")
	}
	errs, err := userErrors(err)
	if err != nil || len(errs) > 0 {
		return nil, errs, err
	}
	u, err := r.user(ctx, id)
	return u, errs, err
}

// orNull is null for nothing.
func orNull[T ~string](s T) *T {
	if s == "" {
		return nil
	}
	return &s
}

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
