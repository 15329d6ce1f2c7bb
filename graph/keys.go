package graph

import (
	"context"
	"time"

	"github.com/kelisim/kelisim/vault"
)

func (r queryResolver) EncryptionKeys(ctx context.Context) (*vault.KeyStates, error) {
	states, err := r.Vault.EncryptionKeys(ctx, from(ctx).actor)
	return &states, err
}

func (r encryptionKeyResolver) Use(_ context.Context, k *vault.KeyState) (*vault.KeyUse, error) {
	if k.KeyFacts.Use == "" {
		return nil, nil //nolint:nilnil // nobody knows
	}
	return &k.KeyFacts.Use, nil
}

func (r encryptionKeyResolver) AutoRotateSeconds(_ context.Context, k *vault.KeyState) (int, error) {
	return int(k.AutoRotate / time.Second), nil
}

func (r encryptionKeyResolver) OldestNeededVersion(_ context.Context, k *vault.KeyState) (*int, error) {
	oldest := k.OldestNeeded()
	if oldest == 0 {
		return nil, nil //nolint:nilnil // nothing is stored under it
	}
	return &oldest, nil
}

func (r declaredCopyResolver) ID(_ context.Context, c *vault.Copy) (string, error) {
	return c.ID.String(), nil
}

func (r vaultLoginResolver) Known(_ context.Context, l *vault.LoginState) (bool, error) {
	return !l.Lost(), nil
}
