package transit

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/vault/api"
)

// After trouble a login is looked at again, ever later; and never more often
// than once a second, however short its tokens live.
const (
	renewPause   = 5 * time.Second
	renewLongest = time.Minute
	renewOften   = time.Second
)

// Renew keeps the tokens of the logins alive until the context ends, and
// replaces each before it ends for good. It tells of each trouble; calls go on
// meanwhile, and replace a refused token by themselves.
func (e *Engine) Renew(ctx context.Context, trouble func(error)) {
	var all sync.WaitGroup
	for _, l := range e.logins() {
		all.Go(func() { l.renew(ctx, trouble) })
	}
	all.Wait()
}

func (l *login) renew(ctx context.Context, trouble func(error)) {
	pause := renewPause
	for {
		err := l.watch(ctx)
		if ctx.Err() != nil {
			return
		}
		rest, woken := renewOften, (<-chan struct{})(nil)
		if err == nil {
			pause = renewPause
		} else {
			trouble(fmt.Errorf("the login to %s: %w", l.name, err))
			rest, woken, pause = pause, l.replaced, min(2*pause, renewLongest)
		}
		timer := time.NewTimer(rest)
		select {
		case <-ctx.Done():
		case <-woken: // another token
		case <-timer.C:
		}
		timer.Stop()
	}
}

// watch renews the token in use for as long as that goes, then replaces it. It
// ends without an error when there is another token, and with the context.
func (l *login) watch(ctx context.Context) error {
	token := l.client.Token()
	if token == "" {
		return l.replace(ctx, "", nil)
	}
	found, err := l.lookUp(ctx, token)
	if errors.Is(err, errGone) {
		return l.replace(ctx, token, err)
	}
	if err != nil {
		return err
	}
	if found.ExpireTime.IsZero() {
		select { // it never ends; calls notice when it is replaced
		case <-ctx.Done():
		case <-l.replaced:
		}
		return nil
	}
	keeper, err := l.as(token)
	if err != nil {
		return err
	}
	watcher, err := keeper.NewLifetimeWatcher(&api.LifetimeWatcherInput{Secret: &api.Secret{
		Auth: &api.SecretAuth{ClientToken: token, Renewable: found.Renewable, LeaseDuration: found.TTL},
	}})
	if err != nil {
		return fmt.Errorf("transit: renewing the token: %w", brief(err))
	}
	go watcher.Start()
	defer watcher.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-l.replaced:
			return nil
		case <-watcher.RenewCh():
		case err := <-watcher.DoneCh(): // while it still lives a little
			return l.replace(ctx, token, ending(err))
		}
	}
}

// ending is why a token is given up before its end.
func ending(err error) error {
	if err == nil {
		return errors.New("transit: the token can no longer be renewed and will expire; nobody has replaced it")
	}
	return fmt.Errorf("transit: the token could not be renewed and will expire: %w", brief(err))
}
