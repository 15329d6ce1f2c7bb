package transit

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/vault/api"

	"github.com/kelisim/kelisim/vault"
)

// Custodian retires and trims with a person's own token. No login of the
// service may.
type Custodian struct{ *Observer }

var _ vault.KeyCustodian = (*Custodian)(nil)

// NewCustodian takes the person's login from config.ObserveLogin.
func NewCustodian(config Config) (*Custodian, error) {
	config.Timeout = orElse(config.Timeout, operatorTimeout)
	o, err := NewObserver(config)
	return &Custodian{o}, err
}

// SetMinima implements vault.KeyCustodian.
func (c *Custodian) SetMinima(ctx context.Context, key string, encryption, decryption int) error {
	return c.change(ctx, "config", key, map[string]int{"min_encryption_version": encryption, "min_decryption_version": decryption})
}

// Trim implements vault.KeyCustodian.
func (c *Custodian) Trim(ctx context.Context, key string, available int) error {
	return c.change(ctx, "trim", key, map[string]int{"min_available_version": available})
}

func (c *Custodian) change(ctx context.Context, what, key string, settings map[string]int) error {
	sent, err := json.Marshal(settings)
	if err != nil {
		return fmt.Errorf("transit: %s: %w", what, err)
	}
	l := c.login
	ctx, cancel := context.WithTimeout(ctx, l.config.Timeout)
	defer cancel()
	path := l.config.Mount + "/keys/" + key + "/" + what
	return failed(ctx, l.counted(what, 1, func() error {
		return l.exchange(ctx, what, nil, func(ctx context.Context) (*api.Response, error) {
			return l.client.Logical().WriteRawWithContext(ctx, path, sent)
		})
	}))
}
