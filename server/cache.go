package main

import (
	"context"
	"crypto/hmac"
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
	cache interface {
		vault.Cache
		vault.Claims
	}
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

// Claim implements vault.Claims. While nobody knows who claimed what, everybody
// may go on.
func (s *steady) Claim(ctx context.Context, name string, with []byte, ttl time.Duration) (mine bool, theirs []byte, err error) {
	mine, theirs, err = s.cache.Claim(ctx, name, with, ttl)
	s.note(ctx, err)
	return mine || err != nil, theirs, nil
}

// Release implements vault.Claims.
func (s *steady) Release(ctx context.Context, name string) error {
	s.note(ctx, s.cache.Release(ctx, name))
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

// authentic is a cache that others can write to and that is believed all the
// same: each value stands behind its digest under the pepper. Of what a server
// of this database wrote it may answer what is older, and nothing else.
type authentic struct {
	cache  vault.Cache
	pepper vault.Pepper
	log    *slog.Logger
}

// behind is what the names of digested values begin with.
const behind = "digested:"

// Get implements vault.Cache.
func (a authentic) Get(ctx context.Context, key string) ([]byte, bool, error) {
	raw, ok, err := a.cache.Get(ctx, behind+key)
	if err != nil || !ok {
		return nil, false, err
	}
	cut := min(len(a.pepper.Cached("", nil)), len(raw))
	value := raw[cut:]
	if !hmac.Equal(raw[:cut], []byte(a.pepper.Cached(key, value))) {
		a.log.LogAttrs(ctx, slog.LevelError, "the cache holds what no server of this database wrote; it is not used", slog.String("key", key))
		return nil, false, nil
	}
	return value, true, nil
}

// Set implements vault.Cache.
func (a authentic) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	return a.cache.Set(ctx, behind+key, append([]byte(a.pepper.Cached(key, value)), value...), ttl)
}

// distrust has what comes from Redis checked. What is in the process is not.
func (sys *system) distrust(config *vault.Config) {
	if sys.settings.RedisURL != "" {
		config.Cache = authentic{config.Cache, config.Pepper, sys.log}
	}
}
