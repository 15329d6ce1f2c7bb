package transit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/hashicorp/vault/api"
)

// ErrForbidden is the cause when Vault answers 403.
var ErrForbidden = errors.New("transit: permission denied")

var (
	errPolicy = fmt.Errorf("%w: the login's policy lacks this path", ErrForbidden)
	errGone   = fmt.Errorf("%w: the login's token has expired or was revoked", ErrForbidden)
	errBlind  = fmt.Errorf("%w: a new token may not look itself up; the login's policy needs auth/token/lookup-self", ErrForbidden)
	errClosed = errors.New("transit: this login was given back")
)

// The pauses between logins that fail: the first, doubled up to the longest.
// Whoever needs the login meanwhile is told how the last one failed.
const (
	firstPause   = 250 * time.Millisecond
	longestPause = 4 * time.Second
)

// replace sees to it that the token in use is another than the old one. Many
// may ask at once, and wait for one answer. The reason is why the old one is
// given up; nil: Vault refused it, and is asked whether it still lives.
func (l *login) replace(ctx context.Context, old string, reason error) error {
	done := l.flights.DoChan(old, func() (any, error) { return nil, l.swap(old, reason) })
	select {
	case <-ctx.Done():
		return fmt.Errorf("transit: waiting for a new token: %w", ctx.Err())
	case outcome := <-done:
		return outcome.Err
	}
}

// swap belongs to nobody's request, so that whoever gives up spoils it for none.
func (l *login) swap(old string, reason error) error {
	ctx, cancel := context.WithTimeout(context.Background(), l.config.Timeout)
	defer cancel()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.client.Token() != old {
		return nil // somebody was faster
	}
	token, err := l.next(ctx, old, reason)
	if err != nil {
		return err
	}
	l.client.SetToken(token)
	select {
	case l.replaced <- struct{}{}:
	default: // already told
	}
	return nil
}

// next is the token after the old one. A login costs Vault more than a look at
// the old token does; a file costs it nothing.
func (l *login) next(ctx context.Context, old string, reason error) (string, error) {
	if l.source.own() {
		if old != "" && reason == nil {
			if reason = l.whyRefused(ctx, old); !errors.Is(reason, errGone) {
				return "", reason
			}
		}
		return l.logIn(ctx)
	}
	token, err := l.source.token(ctx, nil)
	switch {
	case err != nil || token != old:
		return token, err
	case reason != nil:
		return "", reason
	}
	return "", l.whyRefused(ctx, old)
}

// whyRefused is why Vault refused a token: it is gone, or may do less.
func (l *login) whyRefused(ctx context.Context, token string) error {
	if _, err := l.lookUp(ctx, token); err != nil {
		return err
	}
	return errPolicy
}

// lookUp answers errGone when Vault does not know the token.
func (l *login) lookUp(ctx context.Context, token string) (lookup, error) {
	client, err := l.as(token)
	if err != nil {
		return lookup{}, err
	}
	found, err := lookUp(ctx, client)
	if answer := (*api.ResponseError)(nil); errors.As(err, &answer) && answer.StatusCode == http.StatusForbidden {
		return found, errGone
	}
	if err != nil {
		return found, fmt.Errorf("transit: looking up the token: %w", brief(err))
	}
	return found, nil
}

// logIn makes a token, unless the last attempt failed just now. The token has
// to be one that can be looked up: otherwise a path that its policy lacks could
// not be told from its end, and each such refusal would cost a login.
func (l *login) logIn(ctx context.Context) (string, error) {
	if l.closed {
		return "", errClosed
	}
	if l.failure != nil {
		return "", l.failure
	}
	client, err := l.as("")
	if err != nil {
		return "", err
	}
	token, err := l.source.token(ctx, client)
	if err == nil {
		_, err = l.lookUp(ctx, token)
		if errors.Is(err, errGone) {
			err = errBlind
		}
	}
	if err != nil {
		l.postpone(err)
		return "", err
	}
	l.pause = 0
	return token, nil
}

// postpone remembers a failure for a while, for longer after each.
func (l *login) postpone(failure error) {
	l.failure = failure
	l.pause = min(max(2*l.pause, firstPause), longestPause)
	time.AfterFunc(l.pause, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.failure = nil
	})
}

// Close gives back the tokens that the logins made for themselves; a token that
// somebody gave stays his. The engine answers nobody afterwards.
func (e *Engine) Close(ctx context.Context) error {
	var errs []error
	for _, l := range e.logins() {
		errs = append(errs, l.close(ctx))
	}
	return errors.Join(errs...)
}

func (l *login) close(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	defer l.transport.CloseIdleConnections()
	token := l.client.Token()
	if !l.source.own() || token == "" {
		return nil
	}
	l.client.ClearToken()
	found, err := l.lookUp(ctx, token)
	if errors.Is(err, errGone) || err == nil && found.Type == "batch" { // of which none can be revoked
		return nil
	}
	if err == nil {
		err = l.revoke(ctx, token)
	}
	if err != nil {
		return fmt.Errorf("transit: the token of the login to %s was not given back, and ends by itself: %w", l.name, err)
	}
	return nil
}

func (l *login) revoke(ctx context.Context, token string) error {
	client, err := l.as(token)
	if err != nil {
		return err
	}
	if err := client.Auth().Token().RevokeSelfWithContext(ctx, ""); err != nil {
		return brief(err)
	}
	return nil
}
