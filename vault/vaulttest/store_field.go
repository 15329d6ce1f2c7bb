package vaulttest

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

func (s *storeTest) fields(users ...uuid.UUID) []vault.StoredField {
	s.Helper()
	out, err := s.store.Fields(s.Context(), users)
	s.must(err)
	slices.SortFunc(out, func(a, b vault.StoredField) int {
		return cmp.Or(strings.Compare(a.User.String(), b.User.String()), strings.Compare(a.Code, b.Code))
	})
	return out
}

func (s *storeTest) field(user uuid.UUID, code string) vault.StoredField {
	return vault.StoredField{
		User: user, Code: code, Visibility: vault.Private, UpdatedAt: s.tick(),
		Source: vault.FromDocument, WrittenBy: vault.Support,
		Ciphertext: vault.Ciphertext{Key: "kelisim-pii", Version: 3, Text: "vault:v3:" + vault.Hash([]byte(code))},
	}
}

var fieldTests = map[string]func(*storeTest){
	"AFieldIsReadAsItWasPut": func(s *storeTest) {
		a, _ := s.person()
		b, _ := s.person()
		c, _ := s.person()
		long := s.field(a.ID, "postalAddress")
		long.Ciphertext.Text = "vault:v3:" + strings.Repeat("Q", vault.MaxCiphertext-9)
		long.Visibility, long.Verified = vault.Public, true
		want := []vault.StoredField{s.field(a.ID, "email"), long, s.field(b.ID, "email")}
		s.write(func(tx vault.Tx) {
			for _, f := range append(want, s.field(c.ID, "email")) {
				tx.PutField(f)
			}
		})
		s.same(s.fields(a.ID, b.ID, s.id()), want)
		none(s, s.fields())
	},

	"AFieldPutAgainIsReplaced": func(s *storeTest) {
		u, _ := s.person()
		s.write(func(tx vault.Tx) { tx.PutField(s.field(u.ID, "email")) })
		f := s.field(u.ID, "email")
		f.Ciphertext = vault.Ciphertext{Key: "kelisim-technical", Version: 1, Text: "vault:v1:AAAA"}
		f.Verified, f.Visibility = true, vault.Public
		s.write(func(tx vault.Tx) { tx.PutField(f) })
		s.same(s.fields(u.ID), []vault.StoredField{f})
	},

	"AFieldBelongsToSomebody": func(s *storeTest) {
		nobody := s.id()
		s.wantError(s.try(func(tx vault.Tx) { tx.PutField(s.field(nobody, "email")) }), vault.ErrNotFound)
		none(s, s.fields(nobody))
	},

	"AClearedFieldIsGoneWithItsIndexes": func(s *storeTest) {
		u, _ := s.person()
		kept := s.field(u.ID, "phone")
		s.write(func(tx vault.Tx) {
			tx.PutField(s.field(u.ID, "email"))
			tx.PutField(kept)
			tx.PutIndexes(1, u.ID, "email", index("email", "e", true))
			tx.PutIndexes(1, u.ID, "phone", index("phone", "p", true))
		})
		s.write(func(tx vault.Tx) { tx.ClearField(u.ID, "email") })
		s.same(s.fields(u.ID), []vault.StoredField{kept})
		none(s, s.find(index("email", "e", false)...))
		s.same(s.find(index("phone", "p", false)...), []uuid.UUID{u.ID})
	},

	"AFieldIsVerifiedAsItWasWritten": func(s *storeTest) {
		u, _ := s.person()
		f := s.field(u.ID, "email")
		s.write(func(tx vault.Tx) {
			tx.PutField(f)
			tx.PutIndexes(1, u.ID, "email", index("email", "e", false))
		})
		for what, set := range map[string]func(vault.Tx){
			"written since": func(tx vault.Tx) { tx.SetVerified(u.ID, "email", f.UpdatedAt.Add(-time.Millisecond), true) },
			"no such field": func(tx vault.Tx) { tx.SetVerified(u.ID, "phone", f.UpdatedAt, true) },
			"nobody":        func(tx vault.Tx) { tx.SetVerified(s.id(), "email", f.UpdatedAt, true) },
		} {
			if err := s.try(set); vault.CodeOf(err) != vault.CodeStale {
				s.Fatalf("%s: got %v, want %v", what, err, vault.ErrStale)
			}
		}
		s.write(func(tx vault.Tx) { tx.SetVerified(u.ID, "email", f.UpdatedAt, true) })
		f.Verified = true
		s.same(s.fields(u.ID), []vault.StoredField{f})

		other, _ := s.person()
		taken := s.try(func(tx vault.Tx) { tx.PutIndexes(1, other.ID, "email", index("email", "e", true)) })
		s.wantError(taken, vault.ErrTaken)
	},

	"ChangesOfIdentifiersAreCountedPerPersonAndDay": func(s *storeTest) {
		a, _ := s.person()
		b, _ := s.person()
		count := func(user uuid.UUID, day string, limit int) error {
			return s.try(func(tx vault.Tx) { tx.Count(user, vault.CountIdentifiers, day, limit) })
		}
		s.must(count(a.ID, "2026-11-23", 2))
		s.must(count(a.ID, "2026-11-23", 2))
		s.wantError(count(a.ID, "2026-11-23", 2), vault.ErrLimited)
		s.wantError(count(b.ID, "2026-11-23", 0), vault.ErrLimited)
		s.must(count(a.ID, "2026-11-24", 2))
		s.must(count(b.ID, "2026-11-23", 2))
		s.must(count(a.ID, "2026-11-23", 3))
		s.must(s.try(func(tx vault.Tx) { tx.Count(a.ID, vault.CountDecisions, "2026-11-23", 1) }))
	},

	"NoMoreChangesThanTheLimitHoweverManyAtOnce": func(s *storeTest) {
		u, _ := s.person()
		s.same(s.race(12, vault.ErrLimited, func(int) error {
			return s.try(func(tx vault.Tx) { tx.Count(u.ID, vault.CountIdentifiers, "2026-11-23", 5) })
		}), 5)
	},
}

// index is a value's rows under two versions of the key.
func index(field, digest string, verified bool) []vault.BlindIndex {
	return []vault.BlindIndex{
		{Field: field, KeyVersion: 1, Digest: digest + "1", Verified: verified, NormVersion: 1},
		{Field: field, KeyVersion: 2, Digest: digest + "2", Verified: verified, NormVersion: 1},
	}
}

// find answers who is found, in the order answered, by each of the indexes.
func (s *storeTest) find(by ...vault.BlindIndex) []uuid.UUID {
	s.Helper()
	var out []uuid.UUID
	for i, index := range by {
		matches, err := s.store.FindUsers(s.Context(), 1, index, 10)
		s.must(err)
		var found []uuid.UUID
		for _, m := range matches {
			found = append(found, m.User.ID)
		}
		if i > 0 {
			s.same(found, out)
		}
		out = found
	}
	return out
}
