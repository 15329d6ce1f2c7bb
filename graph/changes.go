package graph

import (
	"context"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/graph/generated"
	"github.com/kelisim/kelisim/vault"
)

func (r policyVersionResolver) Changes(ctx context.Context, v *vault.Version, since *string) ([]vault.PolicyChange, error) {
	older := uuid.Nil
	if since != nil {
		var err error
		if older, err = decodeAs(typeVersion, *since); err != nil {
			return nil, err
		}
	}
	return r.Vault.PolicyChanges(ctx, from(ctx).actor, v, older)
}

func (r pendingConsentResolver) Changes(_ context.Context, p *vault.Pending) ([]vault.PolicyChange, error) {
	return p.Changes(r.Vault.Catalogue), nil
}

func (r policyStatusResolver) Notices(_ context.Context, s *vault.PolicyStatus) ([]vault.PolicyChange, error) {
	return s.Notices(r.Vault.Catalogue), nil
}

func (r policyChangeResolver) Item(_ context.Context, c *vault.PolicyChange) (*string, error) {
	return orNull(c.Item), nil
}

func (r policyChangeResolver) Field(_ context.Context, c *vault.PolicyChange) (*string, error) {
	return orNull(c.Field), nil
}

func (r policyChangeResolver) Locale(_ context.Context, c *vault.PolicyChange) (*string, error) {
	return orNull(c.Locale), nil
}

func (r policyChangeResolver) Sentence(ctx context.Context, c *vault.PolicyChange, locale *string) (*generated.LocalizedText, error) {
	return r.text(ctx, c.Sentence, locale)
}

func (r queryResolver) ConsentStatistics(ctx context.Context, version string) (*vault.ConsentStatistics, error) {
	id, err := decodeAs(typeVersion, version)
	if err != nil {
		return nil, err
	}
	counted, err := r.Vault.ConsentStatistics(ctx, from(ctx).actor, id)
	return &counted, err
}
