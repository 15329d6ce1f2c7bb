// Package rediscache keeps in Redis what never changes or may be a few seconds
// old, and nothing about a person. Losing Redis costs speed and nothing else,
// so every call gives up after a tenth of a second and none is tried again.
package rediscache

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// patience bounds each step of a call: to connect, to write, to read, to wait
// for a free connection.
const patience = 100 * time.Millisecond

// Quiet turns off the client library's own log: it goes past the service's, and
// it holds addresses. It counts for the whole process; call it before Open.
func Quiet() { logging.Disable() }

// Cache implements vault.Cache. It is safe for concurrent use.
type Cache struct {
	client redis.UniversalClient
	prefix string
}

// Open prepares a cache on the Redis of a URL (redis://, or rediss:// for TLS),
// or on the cluster whose nodes several URLs name, separated by commas. The
// instance is the database's id: another database never sees these keys. Redis
// is connected to at first use. An error never holds the URL, which may carry
// a password.
func Open(urls, instance string) (*Cache, error) {
	options, err := options(urls)
	if err != nil {
		return nil, err
	}
	if instance == "" {
		return nil, errors.New("rediscache: the database has no id to keep its keys apart by")
	}
	return &Cache{client: redis.NewUniversalClient(options), prefix: "kelisim:" + instance + ":"}, nil
}

// options read the URLs of one Redis or of a cluster's nodes.
func options(urls string) (*redis.UniversalOptions, error) {
	options := &redis.UniversalOptions{
		ClientName: "kelisim", DisableIdentity: true,
		DialTimeout: patience, ReadTimeout: patience, WriteTimeout: patience, PoolTimeout: patience,
		ContextTimeoutEnabled: true, MaxRetries: -1, DialerRetries: 1,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
	for url := range strings.SplitSeq(urls, ",") {
		node, err := redis.ParseURL(strings.TrimSpace(url))
		if err != nil {
			return nil, errors.New("rediscache: this is no URL of a Redis: use redis:// or rediss://")
		}
		options.Addrs = append(options.Addrs, node.Addr)
		options.DB, options.Username, options.Password = node.DB, node.Username, node.Password
		options.TLSConfig = node.TLSConfig
	}
	return options, nil
}

// Close ends all connections.
func (c *Cache) Close() error { return c.client.Close() }

// Ping asks whether Redis answers.
func (c *Cache) Ping(ctx context.Context) error {
	if err := c.client.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("rediscache: %w", brief(err))
	}
	return nil
}

// Get implements vault.Cache.
func (c *Cache) Get(ctx context.Context, key string) ([]byte, bool, error) {
	value, err := c.client.Get(ctx, c.prefix+key).Bytes()
	switch {
	case errors.Is(err, redis.Nil):
		return nil, false, nil
	case err != nil:
		return nil, false, fmt.Errorf("rediscache: %w", brief(err))
	}
	return value, true, nil
}

// Set implements vault.Cache. What has no ttl stays until Redis needs the room,
// so give it a maxmemory-policy that evicts.
func (c *Cache) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if ttl < 0 { // to the client it would mean "keep the old one's"
		return errors.New("rediscache: a ttl below zero")
	}
	if err := c.client.Set(ctx, c.prefix+key, value, ttl).Err(); err != nil {
		return fmt.Errorf("rediscache: %w", brief(err))
	}
	return nil
}

// claimed is what the names of claims begin with.
const claimed = "claimed:"

// Claim implements vault.Claims.
func (c *Cache) Claim(ctx context.Context, name string, with []byte, ttl time.Duration) (mine bool, theirs []byte, err error) {
	if ttl <= 0 { // to Redis it would be for ever
		return false, nil, errors.New("rediscache: a claim needs a ttl")
	}
	err = c.client.SetArgs(ctx, c.prefix+claimed+name, with, redis.SetArgs{Mode: "NX", TTL: ttl}).Err()
	switch {
	case err == nil:
		return true, nil, nil
	case !errors.Is(err, redis.Nil):
		return false, nil, fmt.Errorf("rediscache: %w", brief(err))
	}
	// Between the two commands it may be given back; then nothing is told of it.
	theirs, _, err = c.Get(ctx, claimed+name)
	return false, theirs, err
}

// Release implements vault.Claims: the name lasts a millisecond more, because the
// rights that Rules are of hold no command that deletes.
func (c *Cache) Release(ctx context.Context, name string) error {
	return c.Set(ctx, claimed+name, nil, time.Millisecond)
}
