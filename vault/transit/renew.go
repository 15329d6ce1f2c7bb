package transit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/hashicorp/vault/api"
)

// renewPause is how long a login waits after a renewal that failed or ended.
const renewPause = 5 * time.Second

// Renew keeps the tokens of both logins alive until the context ends, as far
// as they can be renewed. It tells of each trouble; calls go on meanwhile, and
// read a refused token again by themselves.
func (e *Engine) Renew(ctx context.Context, trouble func(error)) {
	var both sync.WaitGroup
	for _, l := range []*login{e.encrypter.login, e.decrypter.login} {
		both.Go(func() { l.renew(ctx, trouble) })
	}
	both.Wait()
}

func (l *login) renew(ctx context.Context, trouble func(error)) {
	for ctx.Err() == nil {
		wait, err := l.watch(ctx)
		if err != nil && ctx.Err() == nil {
			trouble(err)
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-l.renewed: // another token
		case <-timer.C:
		}
		timer.Stop()
	}
}

// watch renews the token in use until that ends, and says how long to wait
// before looking again.
func (l *login) watch(ctx context.Context) (time.Duration, error) {
	token := l.client.Token()
	l.keeper.SetToken(token)
	secret, err := l.keeper.Auth().Token().LookupSelfWithContext(ctx)
	if refused := (*api.ResponseError)(nil); errors.As(err, &refused) && refused.StatusCode == http.StatusForbidden {
		_, replaceErr := l.replace(token)
		return renewPause, errors.Join(ErrForbidden, replaceErr)
	}
	if err != nil {
		return renewPause, fmt.Errorf("transit: looking up the token: %w", brief(err))
	}
	lease, renewable, err := lease(secret)
	if err != nil {
		return renewPause, err
	}
	if !renewable {
		return time.Hour, nil // calls notice when it is replaced
	}
	watcher, err := l.keeper.NewLifetimeWatcher(&api.LifetimeWatcherInput{Secret: &api.Secret{
		Auth: &api.SecretAuth{ClientToken: token, Renewable: true, LeaseDuration: lease},
	}})
	if err != nil {
		return renewPause, fmt.Errorf("transit: renewing the token: %w", err)
	}
	go watcher.Start()
	defer watcher.Stop()
	for {
		select {
		case <-ctx.Done():
			return 0, nil
		case <-l.renewed:
			return 0, nil
		case <-watcher.RenewCh():
		case err := <-watcher.DoneCh():
			return renewPause, fmt.Errorf("transit: the token can no longer be renewed and will expire: %w", orEnded(err))
		}
	}
}

// errEnded: the token has reached its maximum life.
var errEnded = errors.New("its maximum life is reached")

func orEnded(err error) error {
	if err == nil {
		return errEnded
	}
	return brief(err)
}

// lease reads the seconds that a token has left, and whether it can get more.
func lease(secret *api.Secret) (seconds int, renewable bool, err error) {
	ttl, ok := secret.Data["ttl"].(json.Number)
	if !ok {
		return 0, false, errAnswer
	}
	left, err := ttl.Int64()
	if err != nil {
		return 0, false, errAnswer
	}
	renewable, _ = secret.Data["renewable"].(bool)
	return int(left), renewable, nil
}
