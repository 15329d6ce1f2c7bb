package graph

import (
	"cmp"
	"context"

	"github.com/kelisim/kelisim/graph/generated"
	"github.com/kelisim/kelisim/vault"
)

// Everything that holds words answers them in the language that fits.

func (r appResolver) Name(ctx context.Context, a *vault.App, locale *string) (*generated.LocalizedText, error) {
	return r.text(ctx, a.Name, locale)
}

func (r appResolver) Jurisdiction(_ context.Context, a *vault.App) (string, error) {
	return cmp.Or(a.Jurisdiction, vault.HomeJurisdiction), nil
}

func (r externalLinkResolver) Title(ctx context.Context, l *vault.ExternalLink, locale *string) (*generated.LocalizedText, error) {
	return r.text(ctx, l.Title, locale)
}

func (r operatorResolver) Name(ctx context.Context, o *vault.Operator, locale *string) (*generated.LocalizedText, error) {
	return r.text(ctx, o.Name, locale)
}

func (r contactsResolver) Address(ctx context.Context, c *vault.Contacts, locale *string) (*generated.LocalizedText, error) {
	return r.text(ctx, c.Address, locale)
}

func (r responsiblePersonResolver) Name(ctx context.Context, p *vault.ResponsiblePerson, locale *string) (*generated.LocalizedText, error) {
	return r.text(ctx, p.Name, locale)
}

func (r consentItemResolver) Title(ctx context.Context, i *vault.Item, locale *string) (*generated.LocalizedText, error) {
	return r.text(ctx, i.Title, locale)
}

func (r consentItemResolver) Statement(ctx context.Context, i *vault.Item, locale *string) (*generated.LocalizedText, error) {
	return r.text(ctx, i.Statement, locale)
}

func (r recipientResolver) Name(ctx context.Context, p *vault.Recipient, locale *string) (*generated.LocalizedText, error) {
	return r.text(ctx, p.Name, locale)
}

func (r recipientResolver) Purpose(ctx context.Context, p *vault.Recipient, locale *string) (*generated.LocalizedText, error) {
	if len(p.Purpose) == 0 {
		return nil, nil //nolint:nilnil // the publisher did not say
	}
	return r.text(ctx, p.Purpose, locale)
}

func (r collectedFieldResolver) Label(ctx context.Context, f *vault.Collected, locale *string) (*generated.LocalizedText, error) {
	return r.text(ctx, f.Label, locale)
}
