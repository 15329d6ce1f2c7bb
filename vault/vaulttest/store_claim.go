package vaulttest

import (
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// onPaper adds a person without a login.
func (s *storeTest) onPaper() vault.User {
	u := vault.User{ID: s.id(), Status: vault.StatusActive, Revision: 1, Locale: "kk", CreatedAt: s.tick()}
	s.write(func(tx vault.Tx) { tx.InsertUser(u, vault.SubjectKey{}) })
	return u
}

func (s *storeTest) claim(user uuid.UUID) vault.Claim {
	id := s.id()
	return vault.Claim{ID: id, User: user, Digest: "digest of " + id.String(), ExpiresAt: s.tick().Add(time.Hour)}
}

func (s *storeTest) newLogin() vault.SubjectKey {
	return vault.SubjectKey{Issuer: "https://id.example", KeyVersion: 1, Digest: s.id().String()}
}

// stale wants a change to be refused because something else happened.
func (s *storeTest) stale(what string, queue func(vault.Tx)) {
	s.Helper()
	if err := s.try(queue); !errors.Is(err, vault.ErrStale) {
		s.Errorf("%s: %v", what, err)
	}
}

var claimTests = map[string]func(*storeTest){
	"AClaimGivesALoginOnce": func(s *storeTest) {
		s.app("wallet")
		u := s.onPaper()
		has := func(want bool) {
			got, err := s.store.HasLogin(s.Context(), u.ID)
			s.must(err)
			s.same(got, want)
		}
		has(false)
		first, second := s.claim(u.ID), s.claim(u.ID)
		s.write(func(tx vault.Tx) { tx.PutClaim(first) })
		s.write(func(tx vault.Tx) { tx.PutClaim(second) })
		_, err := s.store.Claim(s.Context(), first.Digest)
		s.wantError(err, vault.ErrNotFound)
		got, err := s.store.Claim(s.Context(), second.Digest)
		s.must(err)
		s.same(got, second)

		mine, theirs, now := s.newLogin(), s.newLogin(), s.tick()
		s.stale("a claim that was replaced", func(tx vault.Tx) { tx.UseClaim(first, mine, now) })
		s.stale("a claim whose time is over", func(tx vault.Tx) { tx.UseClaim(second, mine, second.ExpiresAt) })
		has(false)
		s.write(func(tx vault.Tx) { tx.UseClaim(second, mine, now) })
		has(true)
		s.same(s.standing("wallet", mine).User.ID, u.ID)
		s.stale("a claim that was used", func(tx vault.Tx) { tx.UseClaim(second, theirs, now) })
		s.stale("another claim of who has a login", func(tx vault.Tx) { tx.PutClaim(s.claim(u.ID)) })
		got, err = s.store.Claim(s.Context(), second.Digest)
		s.must(err)
		s.same(got.UsedAt, now)
	},

	"ALoginOfSomebodyElseIsNotTaken": func(s *storeTest) {
		u, login := s.person()
		s.stale("a claim of who came by the app", func(tx vault.Tx) { tx.PutClaim(s.claim(u.ID)) })
		paper := s.onPaper()
		c := s.claim(paper.ID)
		s.write(func(tx vault.Tx) { tx.PutClaim(c) })
		s.wantTaken(s.try(func(tx vault.Tx) { tx.UseClaim(c, login, s.clock) }), "what", "login")
		got, err := s.store.Claim(s.Context(), c.Digest)
		s.must(err)
		s.same(got, c)
	},

	"WhoIsErasedIsClaimedByNobody": func(s *storeTest) {
		u := s.onPaper()
		c := s.claim(u.ID)
		s.write(func(tx vault.Tx) { tx.PutClaim(c) })
		gone, err := s.store.Traces(s.Context(), u.ID, vault.Evidence{})
		s.must(err)
		s.write(func(tx vault.Tx) {
			tx.EraseUser(u, gone, vault.Evidence{})
			tx.InsertErasure(vault.Erasure{ID: s.id(), User: u.ID, At: s.tick(), Ground: vault.ErasedByLaw, Gone: gone})
		})
		_, err = s.store.Claim(s.Context(), c.Digest)
		s.wantError(err, vault.ErrNotFound)
		s.stale("a claim from before", func(tx vault.Tx) { tx.UseClaim(c, s.newLogin(), s.clock) })
		s.stale("a claim from afterwards", func(tx vault.Tx) { tx.PutClaim(s.claim(u.ID)) })
	},
}
