// Package rediscache keeps published versions in Redis.
package rediscache

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// Cache implements vault.Cache.
type Cache struct {
	client redis.UniversalClient
	prefix string
}

// Open makes a cache; it asks Redis nothing yet.
func Open(url, namespace string) (*Cache, error) {
	o, err := redis.ParseURL(url)
	if err != nil {
		return nil, err
	}
	return &Cache{redis.NewClient(o), "kelisim:" + namespace + ":"}, nil
}

// Get implements vault.Cache.
func (c *Cache) Get(ctx context.Context, key string) ([]byte, bool, error) {
	v, err := c.client.Get(ctx, c.prefix+key).Bytes()
	if err == redis.Nil {
		return nil, false, nil
	}
	return v, err == nil, err
}

// Set implements vault.Cache.
func (c *Cache) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	return c.client.Set(ctx, c.prefix+key, value, ttl).Err()
}

// Ping asks whether Redis answers.
func (c *Cache) Ping(ctx context.Context) error { return c.client.Ping(ctx).Err() }

// Close closes the connections.
func (c *Cache) Close() error { return c.client.Close() }
