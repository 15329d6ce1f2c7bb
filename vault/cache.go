package vault

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// keep writes to the cache. Its trouble is logged and costs speed only.
func (s *Service) keep(ctx context.Context, key string, value []byte, ttl time.Duration) {
	if err := s.Cache.Set(ctx, key, value, ttl); err != nil {
		s.cacheTrouble(ctx, err)
	}
}

// cached reads the cache. Its trouble is logged and costs speed only.
func (s *Service) cached(ctx context.Context, key string) ([]byte, bool) {
	raw, ok, err := s.Cache.Get(ctx, key)
	if err != nil {
		s.cacheTrouble(ctx, err)
	}
	return raw, ok && err == nil
}

func (s *Service) cacheTrouble(ctx context.Context, err error) {
	if !errors.Is(err, context.Canceled) {
		s.Log.LogAttrs(ctx, slog.LevelWarn, "the cache does not answer; going on without it", slog.Any("error", err))
	}
}
