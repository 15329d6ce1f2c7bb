package graph

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/graph/generated"
	"github.com/kelisim/kelisim/vault"
)

func (r queryResolver) Consent(ctx context.Context, id string) (*vault.Consent, error) {
	user, own, err := ParseConsentID(id)
	if err != nil {
		return nil, err
	}
	c, err := r.Vault.Consent(ctx, from(ctx).actor, user, own)
	return &c, err
}

func (r queryResolver) ConsentCheck(ctx context.Context, user, purpose string, app, operator *string, at *time.Time, channel *vault.Channel) (*vault.Check, error) {
	all, err := r.ConsentChecks(ctx, []string{user}, purpose, app, operator, at, channel)
	if err != nil {
		return nil, err
	}
	return &all[0], nil
}

func (r queryResolver) ConsentChecks(ctx context.Context, users []string, purpose string, app, operator *string, at *time.Time, channel *vault.Channel) ([]vault.Check, error) {
	code, err := r.appOr(ctx, app)
	if err != nil {
		return nil, err
	}
	q := vault.ConsentQuestion{App: code, Purpose: purpose, Operator: deref(operator), At: deref(at), Channel: deref(channel)}
	for _, user := range users {
		id, err := decodeAs(typeUser, user)
		if err != nil {
			return nil, err
		}
		q.Users = append(q.Users, id)
	}
	return r.Vault.CheckConsents(ctx, from(ctx).actor, q)
}

func (r userResolver) Consents(ctx context.Context, u *vault.User, first *int, after, item *string, state *vault.ConsentState) (*generated.ConsentConnection, error) {
	page, err := r.pageOf(typeConsent, first, after)
	if err != nil {
		return nil, err
	}
	all, err := r.Vault.Consents(ctx, from(ctx).actor, u.ID)
	if err != nil {
		return nil, err
	}
	key := func(c vault.Consent) uuid.UUID { return c.Consent }
	if page.After != uuid.Nil {
		i := slices.IndexFunc(all, func(c vault.Consent) bool { return key(c) == page.After })
		all = all[i+1:]
	}
	all = slices.DeleteFunc(all, func(c vault.Consent) bool {
		return item != nil && c.Item != *item || state != nil && c.State != *state
	})
	out := &generated.ConsentConnection{}
	out.Nodes, out.PageInfo = cut(typeConsent, all, page, key)
	for _, c := range out.Nodes {
		out.Edges = append(out.Edges, generated.ConsentEdge{Cursor: cursor(typeConsent, c.Consent), Node: c})
	}
	return out, nil
}

func (r mutationResolver) RecordConsent(ctx context.Context, input generated.RecordConsentInput) (*generated.RecordConsentPayload, error) {
	out := &generated.RecordConsentPayload{Consents: []vault.Consent{}}
	in, err := screenOf(input.Consent)
	if err == nil {
		var done vault.Acted
		if done, err = r.Vault.RecordConsent(ctx, from(ctx).actor, in, deref(input.IdempotencyKey.Value())); err == nil {
			from(ctx).remember(done.Person)
			out.User, out.Consents = done.Person.User, done.Consents
		}
	}
	out.UserErrors, err = userErrors(err)
	return out, err
}

func (r mutationResolver) WithdrawConsent(ctx context.Context, input generated.WithdrawConsentInput) (*generated.WithdrawConsentPayload, error) {
	out := &generated.WithdrawConsentPayload{Consents: []vault.Consent{}}
	in, err := withdrawal(input)
	if app := deref(input.App.Value()); err == nil && app != "" && app != from(ctx).actor.App {
		err = vault.NewError(vault.CodeUnknownApp, "the token is for another app; leave app out").At("app")
	}
	if err == nil {
		var done vault.Acted
		if done, err = r.Vault.WithdrawConsent(ctx, from(ctx).actor, in); err == nil {
			from(ctx).remember(done.Person)
			out.User, out.Consents = done.Person.User, done.Consents
		}
	}
	out.UserErrors, err = userErrors(err)
	return out, err
}

func (r consentResolver) ID(_ context.Context, c *vault.Consent) (string, error) {
	return consentID(c.User, c.Consent), nil
}

func (r consentResolver) Version(ctx context.Context, c *vault.Consent) (*vault.Version, error) {
	return r.Vault.PolicyVersion(ctx, from(ctx).actor, c.ConsentEvent.Version)
}

func (r consentResolver) DocumentHash(_ context.Context, c *vault.Consent) (string, error) {
	return c.Document, nil
}

func (r consentResolver) DecidedAt(_ context.Context, c *vault.Consent) (*time.Time, error) {
	return &c.ReceivedAt, nil
}

func (r consentEventResolver) EventID(_ context.Context, e *vault.ConsentEvent) (string, error) {
	return e.Act.String(), nil
}

func (r consentEventResolver) AppBuild(_ context.Context, e *vault.ConsentEvent) (*string, error) {
	return orNull(e.AppBuild), nil
}

func (r consentEventResolver) Reference(_ context.Context, e *vault.ConsentEvent) (*string, error) {
	return orNull(e.Reference), nil
}

func (r consentEventResolver) Ground(_ context.Context, e *vault.ConsentEvent) (*vault.Ground, error) {
	return orNull(e.Ground), nil
}

func (r consentEventResolver) Reason(_ context.Context, e *vault.ConsentEvent) (*vault.Flaw, error) {
	return orNull(e.Reason), nil
}

func (r consentCheckResolver) User(_ context.Context, c *vault.Check) (string, error) {
	return UserID(c.User), nil
}
