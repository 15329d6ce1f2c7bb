package graph

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/graph/generated"
	"github.com/kelisim/kelisim/vault"
)

type (
	acknowledgedWarningResolver struct{ *Resolver }
	externalLinkResolver        struct{ *Resolver }
)

// AcknowledgedWarning implements generated.ResolverRoot.
func (r *Resolver) AcknowledgedWarning() generated.AcknowledgedWarningResolver {
	return acknowledgedWarningResolver{r}
}

// ExternalLink implements generated.ResolverRoot.
func (r *Resolver) ExternalLink() generated.ExternalLinkResolver { return externalLinkResolver{r} }

func (r queryResolver) App(ctx context.Context, code string) (*vault.App, error) {
	app, err := r.Vault.App(ctx, code)
	return &app, err
}

func (r queryResolver) PolicyInForce(ctx context.Context, app *string, at *time.Time) (*vault.Version, error) {
	code, err := r.appOr(ctx, app)
	if err != nil {
		return nil, err
	}
	return r.Vault.PolicyInForce(ctx, from(ctx).actor, code, deref(at))
}

func (r queryResolver) PolicyVersion(ctx context.Context, id string) (*vault.Version, error) {
	version, err := decodeAs(typeVersion, id)
	if err != nil {
		return nil, err
	}
	return r.Vault.PolicyVersion(ctx, from(ctx).actor, version)
}

func (r queryResolver) PolicyVersions(ctx context.Context, app *string, first *int, after *string) (*generated.PolicyVersionConnection, error) {
	page, err := r.pageOf(typeVersion, first, after)
	if err != nil {
		return nil, err
	}
	code, err := r.appOr(ctx, app)
	if err != nil {
		return nil, err
	}
	rows, err := r.Vault.PolicyVersions(ctx, from(ctx).actor, code, more(page))
	if err != nil {
		return nil, err
	}
	out := &generated.PolicyVersionConnection{}
	rows, out.PageInfo = cut(typeVersion, rows, page, func(v *vault.Version) uuid.UUID { return v.ID })
	for _, v := range rows {
		out.Nodes = append(out.Nodes, *v)
		out.Edges = append(out.Edges, generated.PolicyVersionEdge{Cursor: cursor(typeVersion, v.ID), Node: *v})
	}
	return out, nil
}

func (r mutationResolver) CreatePolicyDraft(ctx context.Context, input generated.CreatePolicyDraftInput) (*generated.CreatePolicyDraftPayload, error) {
	v, err := r.Vault.CreateDraft(ctx, from(ctx).actor, vault.PolicyDraft{
		App: input.App, Label: &input.Label, EffectiveAt: input.EffectiveAt.Value(), Facts: &input.Facts,
		Texts: input.Texts, IdempotencyKey: deref(input.IdempotencyKey.Value()),
	})
	errs, err := userErrors(err)
	return &generated.CreatePolicyDraftPayload{PolicyVersion: v, UserErrors: errs}, err
}

func (r mutationResolver) UpdatePolicyDraft(ctx context.Context, input generated.UpdatePolicyDraftInput) (*generated.UpdatePolicyDraftPayload, error) {
	id, err := decodeAs(typeVersion, input.ID)
	if err != nil {
		return nil, notFoundAs(err, "id")
	}
	v, err := r.Vault.UpdateDraft(ctx, from(ctx).actor, vault.PolicyDraft{
		ID: id, ExpectedRevision: int64(input.ExpectedRevision), Label: input.Label.Value(), EffectiveAt: input.EffectiveAt.Value(),
		Facts: input.Facts.Value(), Texts: input.Texts.Value(), IdempotencyKey: deref(input.IdempotencyKey.Value()),
	})
	errs, err := userErrors(err)
	return &generated.UpdatePolicyDraftPayload{PolicyVersion: v, UserErrors: errs}, err
}

func (r mutationResolver) PublishPolicyVersion(ctx context.Context, input generated.PublishPolicyVersionInput) (*generated.PublishPolicyVersionPayload, error) {
	id, err := decodeAs(typeVersion, input.ID)
	if err != nil {
		return nil, notFoundAs(err, "id")
	}
	v, err := r.Vault.Publish(ctx, from(ctx).actor, vault.Publishing{
		ID: id, EffectiveAt: input.EffectiveAt.Value(),
		ExpectedRevision: revision(input.ExpectedRevision), IdempotencyKey: deref(input.IdempotencyKey.Value()),
		Acknowledged: acknowledged(input.AcknowledgedWarnings),
		AskAgain:     input.AskAgain.Value(), AskEverybodyAgain: deref(input.AskEverybodyAgain.Value()), TextChanges: input.TextChanges.Value(),
	})
	errs, err := userErrors(err)
	return &generated.PublishPolicyVersionPayload{PolicyVersion: v, UserErrors: errs}, err
}

func acknowledged(given []generated.AcknowledgedWarningInput) []vault.Acknowledgement {
	var out []vault.Acknowledgement
	for _, a := range given {
		out = append(out, vault.Acknowledgement{Rule: vault.RuleID(a.Rule), Reason: a.Reason})
	}
	return out
}

func (r policyVersionResolver) ID(_ context.Context, v *vault.Version) (string, error) {
	return ID(typeVersion, v.ID), nil
}

func (r policyVersionResolver) App(ctx context.Context, v *vault.Version) (*vault.App, error) {
	app, err := r.Vault.App(ctx, v.App)
	return &app, err
}

func (r policyVersionResolver) LastUpdatedAt(_ context.Context, v *vault.Version) (*time.Time, error) {
	return &v.UpdatedAt, nil
}

func (r policyVersionResolver) Document(ctx context.Context, v *vault.Version, locale *string) (*generated.PolicyDocument, error) {
	available := v.Locales()
	for i, l := range available { // the authoritative language stands in for a missing one
		if l == v.Authoritative {
			available[0], available[i] = available[i], available[0]
		}
	}
	c := r.choose(ctx, locale, available)
	d, stored, err := r.Vault.PolicyDocument(ctx, v, c.locale)
	if err != nil {
		return nil, err
	}
	MetaFrom(ctx).Language(d.Locale)
	return &generated.PolicyDocument{
		Locale: d.Locale, RequestedLocale: c.requested, IsFallback: c.fallback,
		Title: d.Title, Text: d.Text, ConsentForm: d.ConsentForm, Hash: stored.Hash, TextHash: stored.TextHash,
	}, nil
}

func (r policyVersionResolver) Items(_ context.Context, v *vault.Version) ([]vault.Item, error) {
	return v.Facts.Items, nil
}

func (r policyVersionResolver) Fields(_ context.Context, v *vault.Version) ([]vault.Collected, error) {
	return v.Facts.Collected(r.Vault.Catalogue), nil
}

func (r policyVersionResolver) Term(_ context.Context, v *vault.Version) (*string, error) {
	return v.Facts.Term, nil
}

func (r policyVersionResolver) ThirdParties(_ context.Context, v *vault.Version) (*bool, error) {
	return v.Facts.ThirdParties, nil
}

func (r policyVersionResolver) CrossBorder(_ context.Context, v *vault.Version) (*bool, error) {
	return v.Facts.CrossBorder, nil
}

func (r policyVersionResolver) PublicSources(_ context.Context, v *vault.Version) (*bool, error) {
	return v.Facts.PublicSources, nil
}

func (r policyVersionResolver) Approval(_ context.Context, v *vault.Version) (*vault.Approval, error) {
	return v.Facts.Approval, nil
}

func (r policyVersionResolver) PurposesEnd(ctx context.Context, v *vault.Version, locale *string) (*generated.LocalizedText, error) {
	if len(v.Facts.PurposesEnd) == 0 {
		return nil, nil //nolint:nilnil // it has a term, or says nothing
	}
	return r.text(ctx, v.Facts.PurposesEnd, locale)
}

func (r policyVersionResolver) ExternalLinks(_ context.Context, v *vault.Version) ([]vault.ExternalLink, error) {
	return v.Facts.ExternalLinks, nil
}

func (r policyVersionResolver) RulePack(_ context.Context, v *vault.Version) (*string, error) {
	return orNull(v.RulePack), nil
}

// AcknowledgedWarnings are the operator's own affair: who answers for the
// version sees them, and who looks after it.
func (r policyVersionResolver) AcknowledgedWarnings(ctx context.Context, v *vault.Version) ([]vault.Acknowledgement, error) {
	if _, ok := from(ctx).actor.Allowed(vault.Compliance, vault.Security, vault.Auditor); !ok {
		return nil, nil
	}
	return append([]vault.Acknowledgement{}, v.Acknowledged...), nil
}

func (r acknowledgedWarningResolver) Rule(_ context.Context, a *vault.Acknowledgement) (string, error) {
	return string(a.Rule), nil
}

func (r acknowledgedWarningResolver) By(_ context.Context, a *vault.Acknowledgement) (*string, error) {
	if a.By == uuid.Nil {
		return nil, nil //nolint:nilnil // the command line has no id
	}
	return orNull(a.By.String()), nil
}

func (r consentItemResolver) ConsentFrom(_ context.Context, i *vault.Item) (*string, error) {
	if i.ConsentFrom == uuid.Nil {
		return nil, nil //nolint:nilnil // a draft has none
	}
	id := ID(typeVersion, i.ConsentFrom)
	return &id, nil
}
