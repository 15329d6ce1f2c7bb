package transit

import (
	"context"
	"errors"

	"github.com/kelisim/kelisim/vault"
)

// Rewrapper implements vault.Rewrapper. It has a login of its own, which can
// rewrap, read the key's versions, and nothing else: what a value is stays
// inside Vault.
type Rewrapper struct {
	login   *login
	use     vault.KeyUse
	key     string
	rewraps *operation
}

var _ vault.Rewrapper = (*Rewrapper)(nil)

// NewRewrapper needs config.RewrapLogin and no other login, and asks Vault
// nothing.
func NewRewrapper(config Config) (*Rewrapper, error) {
	config, err := config.checked()
	if err != nil {
		return nil, err
	}
	if config.RewrapLogin == nil {
		return nil, errors.New("transit: a login is needed to rewrap")
	}
	l, err := newLogin(config, "rewrap", config.RewrapLogin)
	if err != nil {
		return nil, err
	}
	return newRewrapper(l, vault.KeyOfData), nil
}

func newRewrapper(l *login, use vault.KeyUse) *Rewrapper {
	key := l.config.keyOf(use)
	return &Rewrapper{login: l, use: use, key: key, rewraps: newOperation(l, "rewrap", key, 0)}
}

// Of is the same with another key, under the same login.
func (r *Rewrapper) Of(use vault.KeyUse) *Rewrapper { return newRewrapper(r.login, use) }

// String implements fmt.Stringer: who prints it prints no token with it.
func (*Rewrapper) String() string { return "transit rewrapper" }

// Rewrap implements vault.Rewrapper.
func (r *Rewrapper) Rewrap(ctx context.Context, items []vault.RewrapItem) ([]vault.Rewrapped, error) {
	answers := make([]vault.Rewrapped, len(items))
	sent := selecting(len(items))
	for i, one := range items {
		answers[i].Err = sent.ciphertext(i, r.key, one.Place, one.Ciphertext, one.Reference)
	}
	outcomes, err := r.rewraps.ask(ctx, sent.items)
	if err != nil {
		return nil, err
	}
	for i, outcome := range outcomes {
		from := sent.from[i]
		answers[from].Ciphertext, answers[from].Err = outcome.rewrapped(items[from].Ciphertext)
	}
	return answers, nil
}

// Newest implements vault.Rewrapper.
func (r *Rewrapper) Newest(ctx context.Context) (string, int, error) {
	version, err := r.login.latestVersion(ctx, r.key)
	return r.key, version, failed(ctx, err)
}

// Renew keeps the login's token alive until the context ends, as Engine.Renew
// does.
func (r *Rewrapper) Renew(ctx context.Context, trouble func(error)) { r.login.renew(ctx, trouble) }

// Close gives the login's token back, as Engine.Close does.
func (r *Rewrapper) Close(ctx context.Context) error { return r.login.close(ctx) }
