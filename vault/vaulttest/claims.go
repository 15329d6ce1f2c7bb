package vaulttest

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// Claims holds what keeps claims against what its port promises.
func Claims(t *testing.T, claims vault.Claims) {
	t.Helper()
	claim := func(t *testing.T, name, with string, ttl time.Duration) (bool, string) {
		t.Helper()
		mine, theirs, err := claims.Claim(t.Context(), name, []byte(with), ttl)
		if err != nil {
			t.Fatal(err)
		}
		return mine, string(theirs)
	}
	t.Run("OneOfManyHasIt", func(t *testing.T) {
		name := uuid.NewString()
		var won atomic.Int64
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				mine, _, err := claims.Claim(context.Background(), name, []byte("x"), time.Minute)
				if err != nil {
					t.Error(err)
				}
				if mine {
					won.Add(1)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Errorf("%d of 16 have it", won.Load())
		}
	})
	t.Run("WhoComesLaterSeesWhatItWasClaimedWith", func(t *testing.T) {
		name := uuid.NewString()
		claim(t, name, "the first", time.Minute)
		if mine, theirs := claim(t, name, "the second", time.Minute); mine || theirs != "the first" {
			t.Errorf("got %t, %q", mine, theirs)
		}
	})
	t.Run("WhatIsGivenBackOrOutOfTimeIsFree", func(t *testing.T) {
		for name, free := range map[string]func(name string) error{
			"given back":  func(name string) error { return claims.Release(t.Context(), name) },
			"out of time": func(string) error { return nil },
		} {
			key, ttl := uuid.NewString(), time.Minute
			if name == "out of time" {
				ttl = 20 * time.Millisecond
			}
			claim(t, key, "x", ttl)
			if err := free(key); err != nil {
				t.Fatal(err)
			}
			until := time.Now().Add(5 * time.Second)
			for mine, _ := claim(t, key, "y", time.Minute); !mine; mine, _ = claim(t, key, "y", time.Minute) {
				if time.Now().After(until) {
					t.Fatalf("%s: it is never free", name)
				}
			}
		}
	})
	t.Run("AClaimForEverIsRefused", func(t *testing.T) {
		if _, _, err := claims.Claim(t.Context(), uuid.NewString(), nil, 0); err == nil {
			t.Error("it was taken")
		}
	})
}
