package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// moody is a cache that works or does not.
type moody struct{ err error }

func (m *moody) Get(context.Context, string) ([]byte, bool, error) { return []byte("v"), true, m.err }

func (m *moody) Set(context.Context, string, []byte, time.Duration) error { return m.err }

func (m *moody) Claim(context.Context, string, []byte, time.Duration) (mine bool, theirs []byte, err error) {
	return false, nil, m.err
}

func (m *moody) Release(context.Context, string) error { return m.err }

// TestWithoutTheCacheNobodyIsKeptWaiting: who cannot ask who is at it goes on.
func TestWithoutTheCacheNobodyIsKeptWaiting(t *testing.T) {
	for _, trouble := range []error{nil, errors.New("no answer")} {
		s := &steady{cache: &moody{trouble}, clock: newTestClock().Now, log: slog.New(slog.DiscardHandler)}
		mine, _, err := s.Claim(t.Context(), "act", nil, time.Second)
		if err != nil || mine != (trouble != nil) || s.Release(t.Context(), "act") != nil {
			t.Errorf("with %v: %t, %v", trouble, mine, err)
		}
	}
}

// TestWhatOthersWriteIntoRedisIsNotBelieved spoils every entry, as somebody can
// who reaches Redis, and asks a server that has nothing in memory.
func TestWhatOthersWriteIntoRedisIsNotBelieved(t *testing.T) {
	w := onServers(t)
	const query = `{ policyInForce(app: "dala") { id label items { code } } }`
	before := w.ask("", query, nil)
	before.must()
	client := redis.NewClient(&redis.Options{Addr: w.redis.Addr})
	defer func() { _ = client.Close() }()
	keys, err := client.Keys(t.Context(), "kelisim:*").Result()
	if err != nil || len(keys) < 2 { // the timeline, and a version
		t.Fatalf("Redis holds %v (%v)", keys, err)
	}
	entries := map[string]string{}
	for _, key := range keys {
		if entries[key], err = client.Get(t.Context(), key).Result(); err != nil {
			t.Fatal(err)
		}
	}
	again := func(what string, complaints int) {
		t.Helper()
		said := strings.Count(w.log.String(), "what no server of this database wrote")
		if got := w.replica().ask("", query, nil); string(got.raw) != string(before.raw) {
			t.Errorf("%s: %s", what, got.raw)
		}
		if more := strings.Count(w.log.String(), "what no server of this database wrote") - said; more != complaints {
			t.Errorf("%s: %d complaints, want %d", what, more, complaints)
		}
	}
	again("as it was written", 0)
	for what, spoil := range map[string]func(key string) string{
		"changed":    func(key string) string { return strings.Replace(entries[key], "1", "2", 1) },
		"appended":   func(key string) string { return entries[key] + " " },
		"undigested": func(key string) string { return entries[key][64:] },
		"cut short":  func(key string) string { return entries[key][:10] },
		"exchanged":  func(key string) string { return entries[keys[0]] + entries[keys[1]] },
	} {
		for _, key := range keys {
			if err := client.Set(t.Context(), key, spoil(key), time.Minute).Err(); err != nil {
				t.Fatal(err)
			}
		}
		again(what, len(keys))
	}
}

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
