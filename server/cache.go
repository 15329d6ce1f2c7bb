package main

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/kelisim/kelisim/vault"
)

// tellAgain is how long the log is spared what it knows.
const tellAgain = time.Minute

// steady is a cache that has no errors: trouble is a miss. The log is told of
// it when it begins, once a minute while it lasts, and when it is over.
type steady struct {
	cache vault.Cache
	clock func() time.Time
	log   *slog.Logger

	mu     sync.Mutex
	down   bool      // and the log knows
	told   time.Time // when the log was last told of trouble
	failed int       // calls since then
}

// Get implements vault.Cache.
func (s *steady) Get(ctx context.Context, key string) ([]byte, bool, error) {
	value, ok, err := s.cache.Get(ctx, key)
	s.note(ctx, err)
	return value, ok && err == nil, nil
}

// Set implements vault.Cache.
func (s *steady) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	s.note(ctx, s.cache.Set(ctx, key, value, ttl))
	return nil
}

func (s *steady) note(ctx context.Context, err error) {
	if ctx.Err() != nil { // the caller left, which says nothing of the cache
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch now := s.clock(); {
	case err == nil && s.down:
		s.log.LogAttrs(ctx, slog.LevelInfo, "the cache answers again", slog.Int("failedCalls", s.failed))
		s.down, s.failed = false, 0
	case err == nil:
	case now.Sub(s.told) < tellAgain:
		s.failed++
	default:
		s.log.LogAttrs(ctx, slog.LevelWarn, "the cache does not answer; going on without it",
			slog.Int("failedCalls", s.failed+1), slog.Any("error", err))
		s.down, s.told, s.failed = true, now, 0
	}
}
