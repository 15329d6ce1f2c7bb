// Package memcache keeps in memory what rediscache keeps in Redis, for a
// server that runs without one.
package memcache

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// Cache implements vault.Cache within a number of bytes. What was not asked
// for the longest leaves first. It is safe for concurrent use.
type Cache struct {
	limit int
	now   func() time.Time

	mu      sync.Mutex
	size    int
	entries *simplelru.LRU[string, entry]
}

type entry struct {
	value []byte
	until time.Time // zero: for as long as there is room
}

// overhead is roughly what an entry takes beside its key and value.
const overhead = 200

// New makes a cache of at most limit bytes.
func New(limit int, now func() time.Time) (*Cache, error) {
	c := &Cache{limit: limit, now: now}
	// Bytes bound it, not the number of entries.
	entries, err := simplelru.NewLRU(math.MaxInt, func(key string, e entry) { c.size -= cost(key, e) })
	if err != nil {
		return nil, fmt.Errorf("memcache: %w", err)
	}
	c.entries = entries
	return c, nil
}

func cost(key string, e entry) int { return len(key) + len(e.value) + overhead }

// Get implements vault.Cache.
func (c *Cache) Get(_ context.Context, key string) ([]byte, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries.Get(key)
	if ok && !e.until.IsZero() && !c.now().Before(e.until) {
		c.entries.Remove(key)
		ok = false
	}
	if !ok {
		return nil, false, nil
	}
	return slices.Clone(e.value), true, nil
}

// Set implements vault.Cache. A value that has no room even alone is not kept,
// nor is the one before it.
func (c *Cache) Set(_ context.Context, key string, value []byte, ttl time.Duration) error {
	if ttl < 0 {
		return errors.New("memcache: a ttl below zero")
	}
	e := entry{value: slices.Clone(value)}
	if ttl > 0 {
		e.until = c.now().Add(ttl)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries.Remove(key)
	if cost(key, e) > c.limit {
		return nil
	}
	c.entries.Add(key, e)
	c.size += cost(key, e)
	for c.size > c.limit {
		c.entries.RemoveOldest()
	}
	return nil
}
