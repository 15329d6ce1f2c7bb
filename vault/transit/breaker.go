package transit

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
)

const (
	// failuresInARow of calls are no accident any more.
	failuresInARow = 3
	// restBetween calls that try whether Vault serves again. A try that hangs
	// takes the timeout of a call besides; together they bound the recovery.
	restBetween = 500 * time.Millisecond
	// longestRest is how much of Vault's Retry-After is waited for: what has
	// healed meanwhile is noticed in five seconds all the same.
	longestRest = 4 * time.Second
	// silentShare of a call's timeout is how long it may go unanswered until it
	// tells something of Vault that its callers no longer wait.
	silentShare = 3
)

// errResting is the cause while calls are not made.
var errResting = errors.New("transit: Vault is left alone for a moment, because calls in a row failed or it asked for that")

// breaker keeps calls of one operation from a Vault that does not serve them:
// callers are refused at once, and one call at a time tries whether it is well.
// Trouble with an item, a permission or a key is none of its business.
type breaker struct {
	circuit *gobreaker.CircuitBreaker[[]result]
	timeout time.Duration // of a call

	asked   atomic.Bool // Vault asked for a rest
	refused atomic.Uint64
}

func newBreaker(timeout time.Duration) *breaker {
	return &breaker{timeout: timeout, circuit: gobreaker.NewCircuitBreaker[[]result](gobreaker.Settings{
		Timeout:      restBetween,
		ReadyToTrip:  func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= failuresInARow },
		IsSuccessful: func(err error) bool { return !notServed(err) },
		IsExcluded:   func(err error) bool { return errors.Is(err, errGivenUp) },
	})}
}

// call makes a call, or refuses it with errResting.
func (b *breaker) call(ask func() ([]result, error)) ([]result, error) {
	if b.asked.Load() {
		b.refused.Add(1)
		return nil, errResting
	}
	results, err := b.circuit.Execute(func() ([]result, error) { return b.watched(ask) })
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		b.refused.Add(1)
		return nil, errResting
	}
	return results, err
}

// errGivenUp: nobody waited for the call any longer, which was soon.
var errGivenUp = errors.New("transit: nobody waits for the call")

func (b *breaker) watched(ask func() ([]result, error)) ([]result, error) {
	long, cancel := context.WithTimeout(context.Background(), b.timeout/silentShare)
	defer cancel()
	results, err := ask()
	if errors.Is(err, context.Canceled) && long.Err() == nil {
		return nil, errors.Join(errGivenUp, err)
	}
	if notServed(err) {
		b.rest(err)
	}
	return results, err
}

// rest does what Vault asks with Retry-After.
func (b *breaker) rest(err error) {
	var status *statusError
	if errors.As(err, &status) && status.rest > 0 && b.asked.CompareAndSwap(false, true) {
		time.AfterFunc(status.rest, func() { b.asked.Store(false) })
	}
}

// open reports whether calls are refused now.
func (b *breaker) open() bool {
	return b.asked.Load() || b.circuit.State() == gobreaker.StateOpen
}

// notServed reports whether a call failed because of how Vault is, or the way
// there; not because of what it was asked, or of who asked.
func notServed(err error) bool {
	var (
		status *statusError
		login  *loginError
	)
	switch {
	case err == nil, errors.Is(err, ErrForbidden), errors.As(err, &login):
		return false
	case errors.As(err, &status):
		return status.status >= http.StatusInternalServerError || status.status < http.StatusBadRequest ||
			status.status == http.StatusTooManyRequests || status.status == standbyOfDR || status.status == standbyOfPerformance
	}
	return true
}

// Statuses of standbys that answer for themselves.
const (
	standbyOfDR          = 472
	standbyOfPerformance = 473
)
