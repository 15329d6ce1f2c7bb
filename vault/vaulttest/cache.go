package vaulttest

import (
	"bytes"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/kelisim/kelisim/vault"
)

// Cache holds a cache against what its port promises. Each test opens one of
// its own, empty.
func Cache(t *testing.T, open func(t *testing.T) vault.Cache) {
	t.Helper()
	for name, test := range map[string]func(*cacheTest){
		"WhatWasNeverSetIsAMiss": func(c *cacheTest) {
			c.wantMiss("k")
			c.set("other", "v", 0)
			c.wantMiss("k")
		},
		"WhatWasSetIsAHit": func(c *cacheTest) {
			c.set("k", "value", 0)
			c.set("t", "timed", time.Hour)
			c.set("", "no name", 0)
			c.set("empty", "", 0)
			c.set("bytes \x00 ключ", "\x00\xff\r\n", 0)
			for key, want := range map[string]string{
				"k": "value", "t": "timed", "": "no name", "empty": "", "bytes \x00 ключ": "\x00\xff\r\n",
			} {
				c.want(key, want)
			}
		},
		"KeysAreExact": func(c *cacheTest) {
			c.set("k", "v", 0)
			for _, key := range []string{"K", "k ", "k\x00", ""} {
				c.wantMiss(key)
			}
		},
		"WhatIsSetAgainIsReplacedWithItsTime": func(c *cacheTest) {
			c.set("k", "old", time.Millisecond)
			c.set("k", "new", 0)
			c.set("gone", "here", time.Millisecond)
			c.awaitMiss("gone")
			c.want("k", "new")
			c.set("k", "newest", time.Millisecond)
			c.awaitMiss("k")
		},
		"ATimePasses": func(c *cacheTest) {
			c.set("k", "v", 20*time.Millisecond)
			c.awaitMiss("k")
			c.set("k", "again", time.Hour)
			c.want("k", "again")
		},
		"ATimeBelowZeroIsRefused": func(c *cacheTest) {
			if c.cache.Set(c.Context(), "k", []byte("v"), -1) == nil {
				c.Fatal("a ttl below zero was taken")
			}
			c.wantMiss("k")
		},
		"TheBytesAreTheCachesOwn": func(c *cacheTest) {
			value := []byte("value")
			if err := c.cache.Set(c.Context(), "k", value, 0); err != nil {
				c.Fatal(err)
			}
			copy(value, "XXXXX")
			got, _, err := c.cache.Get(c.Context(), "k")
			if err != nil {
				c.Fatal(err)
			}
			copy(got, "YYYYY")
			c.want("k", "value")
		},
		"AHugeValueIsKeptWholeOrNotAtAll": func(c *cacheTest) {
			huge := bytes.Repeat([]byte("0123456789abcdef"), 1<<18) // 4 MiB
			set := c.cache.Set(c.Context(), "k", huge, 0)
			got, hit, err := c.cache.Get(c.Context(), "k")
			if err == nil && hit && (set != nil || !bytes.Equal(got, huge)) {
				c.Fatalf("%d bytes came back of %d, set with %v", len(got), len(huge), set)
			}
			c.set("after", "v", 0)
			c.want("after", "v")
		},
		"ManyMayUseItAtOnce": func(c *cacheTest) {
			var all sync.WaitGroup
			for i := range 8 {
				all.Go(func() {
					for n := range 50 {
						key := "k" + strconv.Itoa(n)
						want := []byte(key + key)
						if err := c.cache.Set(c.Context(), key, want, time.Minute); err != nil {
							c.Errorf("%d: %v", i, err)
							return
						}
						got, hit, err := c.cache.Get(c.Context(), key)
						if err != nil || !hit || !bytes.Equal(got, want) {
							c.Errorf("%d: got %q, %t, %v", i, got, hit, err)
							return
						}
					}
				})
			}
			all.Wait()
		},
	} {
		t.Run(name, func(t *testing.T) { test(&cacheTest{t, open(t)}) })
	}
}

type cacheTest struct {
	*testing.T
	cache vault.Cache
}

func (c *cacheTest) set(key, value string, ttl time.Duration) {
	c.Helper()
	if err := c.cache.Set(c.Context(), key, []byte(value), ttl); err != nil {
		c.Fatal(err)
	}
}

func (c *cacheTest) want(key, want string) {
	c.Helper()
	got, hit, err := c.cache.Get(c.Context(), key)
	if err != nil || !hit || string(got) != want {
		c.Fatalf("%q: got %q, %t, %v, want %q", key, got, hit, err, want)
	}
}

func (c *cacheTest) wantMiss(key string) {
	c.Helper()
	got, hit, err := c.cache.Get(c.Context(), key)
	if err != nil || hit || got != nil {
		c.Fatalf("%q: got %q, %t, %v, want a miss", key, got, hit, err)
	}
}

// awaitMiss returns when a value's time has passed.
func (c *cacheTest) awaitMiss(key string) {
	c.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		_, hit, err := c.cache.Get(c.Context(), key)
		if err != nil {
			c.Fatal(err)
		}
		if !hit {
			return
		}
	}
	c.Fatalf("%q does not go away", key)
}
