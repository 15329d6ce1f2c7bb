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
	value, ok := c.get(key)
	return value, ok, nil
}

func (c *Cache) get(key string) ([]byte, bool) {
	e, ok := c.entries.Get(key)
	if ok && !e.until.IsZero() && !c.now().Before(e.until) {
		c.entries.Remove(key)
		ok = false
	}
	if !ok {
		return nil, false
	}
	return slices.Clone(e.value), true
}

// Set implements vault.Cache. A value that has no room even alone is not kept,
// nor is the one before it.
func (c *Cache) Set(_ context.Context, key string, value []byte, ttl time.Duration) error {
	if ttl < 0 {
		return errors.New("memcache: a ttl below zero")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.set(key, value, ttl)
	return nil
}

func (c *Cache) set(key string, value []byte, ttl time.Duration) {
	e := entry{value: slices.Clone(value)}
	if ttl > 0 {
		e.until = c.now().Add(ttl)
	}
	c.entries.Remove(key)
	if cost(key, e) > c.limit {
		return
	}
	c.entries.Add(key, e)
	c.size += cost(key, e)
	for c.size > c.limit {
		c.entries.RemoveOldest()
	}
}

// Claim implements vault.Claims.
func (c *Cache) Claim(_ context.Context, name string, with []byte, ttl time.Duration) (mine bool, theirs []byte, err error) {
	if ttl <= 0 {
		return false, nil, errors.New("memcache: a claim needs a ttl")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if theirs, taken := c.get(claimed + name); taken {
		return false, theirs, nil
	}
	c.set(claimed+name, with, ttl)
	return true, nil, nil
}

// Release implements vault.Claims.
func (c *Cache) Release(_ context.Context, name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries.Remove(claimed + name)
	return nil
}

// claimed is what the names of claims begin with.
const claimed = "claimed:"
