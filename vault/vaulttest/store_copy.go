package vaulttest

import (
	"testing"
	"time"

	"github.com/kelisim/kelisim/vault"
)

// copyOf declares a copy that was taken at a moment.
func (s *storeTest) copyOf(kind vault.CopyKind, taken time.Time) vault.Copy {
	s.Helper()
	c := vault.Copy{
		ID: s.id(), Kind: kind, Label: "db-2026-11-23", TakenAt: taken, DeclaredAt: s.tick(),
		Versions: []vault.KeyRange{{Key: pii, From: 2, To: 5}, {Key: "kelisim-index", From: 1, To: 1}},
	}
	if kind == vault.CopyOfReplica {
		c.Label, c.Until = "", taken.Add(time.Hour)
	}
	s.write(func(tx vault.Tx) { tx.InsertCopy(c) })
	return c
}

func (s *storeTest) copies() []vault.Copy {
	s.Helper()
	out, err := s.store.Copies(s.Context())
	s.must(err)
	return out
}

var copyTests = map[string]func(*storeTest){
	"CopiesAreListedOldestFirst": func(s *storeTest) {
		none(s, s.copies())
		first, second := s.tick(), s.tick()
		late, early := s.copyOf(vault.CopyOfReplica, second), s.copyOf(vault.CopyOfDatabase, first)
		s.same(s.copies(), []vault.Copy{early, late})
		s.wantError(s.try(func(tx vault.Tx) { tx.InsertCopy(early) }), vault.ErrTaken)
	},
}

// CopyExpires holds a store that may say that copies are gone against what that
// promises: on PostgreSQL the owner's.
func CopyExpires(t *testing.T, store StoreUnderTest) {
	t.Helper()
	s := &storeTest{T: t, store: store, clock: dawn()}
	c, other := s.copyOf(vault.CopyOfVault, dawn()), s.copyOf(vault.CopyOfKeys, s.tick())
	c.ExpiredAt = s.tick()
	s.write(func(tx vault.Tx) { tx.ExpireCopy(c.ID, c.ExpiredAt) })
	s.same(s.copies(), []vault.Copy{c, other})
	for _, id := range []vault.Copy{c, {ID: s.id()}} {
		s.wantError(s.try(func(tx vault.Tx) { tx.ExpireCopy(id.ID, s.tick()) }), vault.ErrStale)
	}
	s.same(s.copies(), []vault.Copy{c, other})
}
