// Package memcache is the in-process cache that stands in for Redis.
package memcache

import (
	"bytes"
	"context"
	"time"

	lru "github.com/hashicorp/golang-lru/v2/expirable"
)

// Cache implements vault.Cache within a bound of entries.
type Cache struct {
	entries *lru.LRU[string, entry]
}

type entry struct {
	value []byte
	until time.Time
}

// New makes a cache of at most so many entries.
func New(entries int) *Cache { return &Cache{lru.NewLRU[string, entry](entries, nil, 0)} }

// Get implements vault.Cache.
func (c *Cache) Get(_ context.Context, key string) ([]byte, bool, error) {
	e, ok := c.entries.Get(key)
	if !ok || !e.until.IsZero() && !time.Now().Before(e.until) {
		return nil, false, nil
	}
	return bytes.Clone(e.value), true, nil
}

// Set implements vault.Cache.
func (c *Cache) Set(_ context.Context, key string, value []byte, ttl time.Duration) error {
	e := entry{value: bytes.Clone(value)}
	if ttl > 0 {
		e.until = time.Now().Add(ttl)
	}
	c.entries.Add(key, e)
	return nil
}
