package transit

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/kelisim/kelisim/vault"
)

// Logins tells how each login stands; one that does both is told once.
func (e *Engine) Logins(ctx context.Context) []vault.LoginState {
	var states []vault.LoginState
	for _, l := range e.logins() {
		states = append(states, l.state(ctx))
	}
	return states
}

// LookUp tells how a login stands that has a token already. One that would have
// to be made is another one each time, and ErrNotFound.
func LookUp(ctx context.Context, config Config, name string, how Login) (vault.LoginState, error) {
	from, err := how.open()
	if err != nil {
		return vault.LoginState{}, err
	}
	if from.own() {
		return vault.LoginState{}, vault.ErrNotFound
	}
	config, err = config.checked()
	if err != nil {
		return vault.LoginState{}, err
	}
	l, err := newLogin(config, name, how)
	if err != nil {
		return vault.LoginState{}, err
	}
	if err := l.replace(ctx, "", nil); err != nil {
		return vault.LoginState{}, err
	}
	return l.state(ctx), nil
}

// lookup is what Vault tells of a token.
type lookup struct {
	Accessor   string    `json:"accessor"`
	Policies   []string  `json:"policies"`
	Identity   []string  `json:"identity_policies"`
	ExpireTime time.Time `json:"expire_time"` // zero: never
	TTL        int       `json:"ttl"`         // seconds
	Renewable  bool      `json:"renewable"`
	Type       string    `json:"type"` // "service" or "batch"
}

// lookUp asks Vault about a token.
func lookUp(ctx context.Context, client *api.Client) (found lookup, err error) {
	secret, err := client.Auth().Token().LookupSelfWithContext(ctx)
	if err != nil {
		return found, err
	}
	if secret == nil {
		return found, errAnswer
	}
	raw, err := json.Marshal(secret.Data)
	if err == nil {
		err = json.Unmarshal(raw, &found)
	}
	if err != nil {
		return found, errAnswer // whose text would quote the token's metadata
	}
	return found, nil
}

// here looks up the token in use; a login that was not needed yet is made.
func (l *login) here(ctx context.Context) (lookup, error) {
	if l.client.Token() == "" {
		if err := l.replace(ctx, "", nil); err != nil {
			return lookup{}, err
		}
	}
	return l.lookUp(ctx, l.client.Token())
}

func (l *login) state(ctx context.Context) vault.LoginState {
	s := vault.LoginState{Name: l.name, Method: l.method}
	found, err := l.here(ctx)
	if err != nil {
		s.Trouble = fmt.Sprintf("transit: looking up the login that may %s: %v", l.name, err)
		return s
	}
	s.Accessor, s.Expires, s.Renewable = found.Accessor, found.ExpireTime, found.Renewable
	s.Policies = slices.Sorted(slices.Values(append(found.Policies, found.Identity...)))
	return s
}
