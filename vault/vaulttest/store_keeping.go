package vaulttest

import (
	"time"

	"github.com/kelisim/kelisim/vault"
)

func (s *storeTest) maintain(queue func(vault.KeepingTx)) error {
	s.Helper()
	return s.store.Maintain(s.Context(), func(tx vault.KeepingTx) error { queue(tx); return nil })
}

var keepingTests = map[string]func(*storeTest){
	"AValueIsKeptUnderItsName": func(s *storeTest) {
		_, err := s.store.Meta(s.Context(), "canary")
		s.wantError(err, vault.ErrNotFound)
		s.must(s.maintain(func(tx vault.KeepingTx) { tx.InsertMeta("canary", "vault:v1:…") }))
		s.wantError(s.maintain(func(tx vault.KeepingTx) { tx.InsertMeta("canary", "other") }), vault.ErrTaken)
		s.must(s.maintain(func(tx vault.KeepingTx) { tx.InsertMeta("Canary", "") }))
		for name, want := range map[string]string{"canary": "vault:v1:…", "Canary": ""} {
			got, err := s.store.Meta(s.Context(), name)
			s.must(err)
			s.same(got, want)
		}
	},

	"AKeptValueIsReplacedAsItWasRead": func(s *storeTest) {
		replace := func(from, to string) error {
			return s.maintain(func(tx vault.KeepingTx) { tx.ReplaceMeta("canary", from, to) })
		}
		s.wantError(replace("", "a"), vault.ErrStale)
		s.must(s.maintain(func(tx vault.KeepingTx) { tx.InsertMeta("canary", "a") }))
		s.wantError(replace("A", "b"), vault.ErrStale)
		s.must(replace("a", "b"))
		s.wantError(replace("a", "c"), vault.ErrStale)
		got, err := s.store.Meta(s.Context(), "canary")
		s.must(err)
		s.same(got, "b")
	},

	"AColleagueHasOneId": func(s *storeTest) {
		login := vault.SubjectKey{Issuer: "https://staff.example", KeyVersion: 1, Digest: "d"}
		_, err := s.store.Colleague(s.Context(), login)
		s.wantError(err, vault.ErrNotFound)
		first, second := s.id(), s.id()
		name := vault.Ciphertext{Key: "kelisim-pii", Version: 1, Text: "vault:v1:AAAA"}
		s.must(s.maintain(func(tx vault.KeepingTx) { tx.InsertColleague(first, login, name, dawn()) }))
		s.wantError(s.maintain(func(tx vault.KeepingTx) {
			tx.InsertColleague(second, login, vault.Ciphertext{}, dawn())
		}), vault.ErrTaken)
		login2 := login
		login2.Issuer = "https://other.example"
		s.must(s.maintain(func(tx vault.KeepingTx) { tx.InsertColleague(second, login2, vault.Ciphertext{}, dawn()) }))
		got, err := s.store.Colleague(s.Context(), login)
		s.must(err)
		s.same(got, first)
	},

	"AKeyIsRememberedForADay": func(s *storeTest) {
		r := vault.Remembered{Principal: "p", Operation: "registerMe", Key: "k", Input: "i", Result: s.id(), At: dawn()}
		recall := func(principal, operation, key string) (vault.Remembered, error) {
			return s.store.Remembered(s.Context(), principal, operation, key)
		}
		_, err := recall("p", "registerMe", "k")
		s.wantError(err, vault.ErrNotFound)
		s.write(func(tx vault.Tx) { tx.Remember(r) })
		got, err := recall("p", "registerMe", "k")
		s.must(err)
		s.same(got, r)
		for _, other := range [][3]string{{"P", "registerMe", "k"}, {"p", "withdraw", "k"}, {"p", "registerMe", "k "}} {
			_, err := recall(other[0], other[1], other[2])
			s.wantError(err, vault.ErrNotFound)
		}

		again := r
		again.Result, again.At = s.id(), dawn().Add(vault.RememberFor-1e6)
		s.wantTaken(s.try(func(tx vault.Tx) { tx.Remember(again) }), "what", "idempotencyKey")
		again.At = dawn().Add(vault.RememberFor)
		s.write(func(tx vault.Tx) { tx.Remember(again) })
		got, err = recall("p", "registerMe", "k")
		s.must(err)
		s.same(got, again)
	},

	"OldKeysAreForgottenOldestFirstAndInSmallNumbers": func(s *storeTest) {
		forget := func(before time.Time, limit int) error {
			return s.maintain(func(tx vault.KeepingTx) { tx.Forget(before, limit) })
		}
		s.wantError(forget(dawn(), 1), vault.ErrNotFound)
		kept := func() []string {
			out := []string{}
			for _, key := range []string{"a", "b", "c", "d"} {
				_, err := s.store.Remembered(s.Context(), "p", "o", key)
				if err == nil {
					out = append(out, key)
				} else {
					s.wantError(err, vault.ErrNotFound)
				}
			}
			return out
		}
		for i, key := range []string{"d", "b", "a", "c"} { // in the order of their times
			at := dawn().Add(time.Duration(i) * time.Minute)
			s.write(func(tx vault.Tx) {
				tx.Remember(vault.Remembered{Principal: "p", Operation: "o", Key: key, Result: s.id(), At: at})
			})
		}
		last := dawn().Add(3 * time.Minute)
		s.wantError(forget(dawn(), 10), vault.ErrNotFound) // used at the moment, not before it
		s.must(forget(last, 2))
		s.same(kept(), []string{"a", "c"})
		s.must(forget(last, 2))
		s.same(kept(), []string{"c"})
		s.wantError(forget(last, 2), vault.ErrNotFound)
		s.same(kept(), []string{"c"})
	},

	"OfManyUsesOfOneKeyOneCounts": func(s *storeTest) {
		r := vault.Remembered{Principal: "p", Operation: "o", Key: "k", Input: "i", Result: s.id(), At: dawn()}
		s.same(s.race(8, vault.ErrTaken, func(int) error {
			return s.try(func(tx vault.Tx) { tx.Remember(r) })
		}), 1)
	},
}
