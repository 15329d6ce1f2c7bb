package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// moody is a cache that works or does not.
type moody struct{ err error }

func (m *moody) Get(context.Context, string) ([]byte, bool, error) { return []byte("v"), true, m.err }

func (m *moody) Set(context.Context, string, []byte, time.Duration) error { return m.err }

func TestTroubleOfTheCacheIsAMissAndToldOnceAMinute(t *testing.T) {
	log, clock, cache := &lockedBuffer{}, newTestClock(), &moody{}
	s := &steady{cache: cache, clock: clock.Now, log: slog.New(slog.NewTextHandler(log, nil))}
	call := func(ctx context.Context, times int) {
		t.Helper()
		for range times {
			_, hit, err := s.Get(ctx, "k")
			if err != nil || hit != (cache.err == nil) {
				t.Errorf("Get answers %t, %v", hit, err)
			}
			if err := s.Set(ctx, "k", nil, 0); err != nil {
				t.Errorf("Set answers %v", err)
			}
		}
	}
	told := func(warnings, recoveries int) {
		t.Helper()
		equal(t, "warnings", strings.Count(log.String(), "level=WARN msg=\"the cache does not answer"), warnings)
		equal(t, "recoveries", strings.Count(log.String(), "level=INFO msg=\"the cache answers again\""), recoveries)
	}
	left, cancel := context.WithCancel(t.Context())
	cancel()
	call(t.Context(), 3)
	told(0, 0)
	cache.err = errors.New("down")
	call(left, 3) // a caller who left says nothing of the cache
	told(0, 0)
	call(t.Context(), 10)
	told(1, 0)
	clock.advance(tellAgain)
	call(t.Context(), 10)
	told(2, 0)
	if !strings.Contains(log.String(), "failedCalls=20 error=down") { // 19 and this one
		t.Errorf("the log says\n%s", log)
	}
	cache.err = nil
	call(left, 1)
	told(2, 0)
	call(t.Context(), 10)
	told(2, 1)
	for range 5 { // it comes and goes
		cache.err = errors.New("down")
		call(t.Context(), 1)
		cache.err = nil
		call(t.Context(), 1)
	}
	told(2, 1)
	clock.advance(tellAgain)
	cache.err = errors.New("down")
	call(t.Context(), 1)
	told(3, 1)
}
