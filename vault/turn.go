package vault

import (
	"context"
	"sync"
	"time"
)

// turns lets one request at a time change what is a person's, of those that this
// process serves, first come, first served. Nothing depends on it: what was read
// and changed meanwhile is found out when it is written, and read again. But
// whoever does that while many others write may lose to another one each time.
type turns struct {
	mu sync.Mutex
	of map[SubjectKey]*turn
}

// turn is a person's. It is there while somebody has it or waits for it.
type turn struct {
	token chan struct{} // holds one while nobody has the turn
	users int
}

// longestTurn is how long somebody waits for their turn. Then they go on without:
// the others may be waiting for a Vault that is away.
const longestTurn = time.Second

// take waits for a person's turn. The caller calls the function when done.
func (t *turns) take(ctx context.Context, who SubjectKey) (done func()) {
	t.mu.Lock()
	mine := t.of[who]
	if mine == nil {
		mine = &turn{token: make(chan struct{}, 1)}
		mine.token <- struct{}{}
		t.of[who] = mine
	}
	mine.users++
	t.mu.Unlock()

	patience := time.NewTimer(longestTurn)
	defer patience.Stop()
	has := false
	select {
	case <-mine.token:
		has = true
	case <-patience.C:
	case <-ctx.Done(): // which the request finds out by itself
	}
	return func() {
		if has {
			mine.token <- struct{}{}
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		if mine.users--; mine.users == 0 {
			delete(t.of, who)
		}
	}
}

// inTurn is retry for what changes a person's own, when it is the caller's turn.
func inTurn[T any](ctx context.Context, s *Service, a Actor, do func() (T, error)) (T, error) {
	done := s.turns.take(ctx, s.Pepper.Login(a.Issuer, a.Subject))
	defer done()
	return retry(ctx, do)
}
