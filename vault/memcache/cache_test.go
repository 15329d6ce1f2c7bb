package memcache

import (
	"bytes"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/vaulttest"
)

func newCache(t *testing.T, limit int, now func() time.Time) *Cache {
	t.Helper()
	c, err := New(limit, now)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCache(t *testing.T) {
	vaulttest.Cache(t, func(t *testing.T) vault.Cache { return newCache(t, 1<<20, time.Now) })
}

func TestClaims(t *testing.T) { vaulttest.Claims(t, newCache(t, 1<<20, time.Now)) }

func TestAValueLeavesAtTheEndOfItsTime(t *testing.T) {
	now := time.Unix(0, 0)
	c := newCache(t, 1<<20, func() time.Time { return now })
	if err := c.Set(t.Context(), "k", []byte("v"), time.Second); err != nil {
		t.Fatal(err)
	}
	for after, want := range []bool{true, false} {
		now = time.Unix(1, int64(after)-1)
		if _, hit, err := c.Get(t.Context(), "k"); hit != want || err != nil {
			t.Errorf("at %v: %t, %v", now, hit, err)
		}
	}
}

func TestWhatWasNotAskedForTheLongestLeavesFirst(t *testing.T) {
	const value, room = 1000, 5
	c := newCache(t, room*(value+1+overhead), time.Now)
	set := func(i, size int) {
		t.Helper()
		if err := c.Set(t.Context(), strconv.Itoa(i), bytes.Repeat([]byte("v"), size), 0); err != nil {
			t.Fatal(err)
		}
	}
	hits := func() (out []int) {
		for i := range 10 {
			if _, hit, err := c.Get(t.Context(), strconv.Itoa(i)); err != nil {
				t.Fatal(err)
			} else if hit {
				out = append(out, i)
			}
		}
		return out
	}
	for i := range room {
		set(i, value)
	}
	if got := hits(); len(got) != room { // asked in order: 0 is the oldest
		t.Fatalf("got %v", got)
	}
	set(7, value)
	set(8, 2*value)
	if got := hits(); !slices.Equal(got, []int{3, 4, 7, 8}) {
		t.Fatalf("got %v", got)
	}
	set(9, c.limit) // no room even alone; it takes nobody else's
	if got := hits(); !slices.Equal(got, []int{3, 4, 7, 8}) {
		t.Fatalf("got %v", got)
	}
	set(8, c.limit) // too large now: the old value must not stay in its place
	if got := hits(); !slices.Equal(got, []int{3, 4, 7}) {
		t.Fatalf("got %v", got)
	}
	for range 100 {
		set(1, value)
	}
	if c.size > c.limit || c.size != 4*(value+1+overhead) {
		t.Fatalf("%d bytes are counted", c.size)
	}
}
