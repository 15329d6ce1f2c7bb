package vaulttest

import (
	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

var indexTests = map[string]func(*storeTest){
	"AProvedValueHasOneHolder": func(s *storeTest) {
		a, _ := s.person()
		b, _ := s.person()
		s.write(func(tx vault.Tx) { tx.PutIndexes(1, a.ID, "phone", index("phone", "p", true)) })
		err := s.try(func(tx vault.Tx) { tx.PutIndexes(1, b.ID, "phone", index("phone", "p", true)) })
		s.wantTaken(err, "field", "phone")
		s.same(s.find(index("phone", "p", false)...), []uuid.UUID{a.ID})

		// The same digest under another field or version is another value.
		s.write(func(tx vault.Tx) { tx.PutIndexes(1, b.ID, "iin", index("iin", "p", true)) })
		s.write(func(tx vault.Tx) {
			tx.PutIndexes(1, b.ID, "phone", []vault.BlindIndex{{Field: "phone", KeyVersion: 3, Digest: "p1", Verified: true}})
		})
	},

	"OfManyConcurrentProofsOfOneValueOneWins": func(s *storeTest) {
		var people []vault.User
		for range 16 {
			u, _ := s.person()
			people = append(people, u)
		}
		s.same(s.race(16, vault.ErrTaken, func(i int) error {
			return s.try(func(tx vault.Tx) { tx.PutIndexes(1, people[i].ID, "phone", index("phone", "p", true)) })
		}), 1)
		s.same(len(s.find(index("phone", "p", false)...)), 1)
	},

	"UnprovedValuesRepeatAndComeAfterTheProved": func(s *storeTest) {
		var people []uuid.UUID
		for range 4 {
			u, _ := s.person()
			people = append(people, u.ID)
		}
		for _, i := range []int{3, 0, 2, 1} {
			s.write(func(tx vault.Tx) { tx.PutIndexes(1, people[i], "phone", index("phone", "p", i == 2)) })
		}
		matches, err := s.store.FindUsers(s.Context(), 1, index("phone", "p", false)[1], 3)
		s.must(err)
		var order []uuid.UUID
		for i, m := range matches {
			order = append(order, m.User.ID)
			s.same(m.Verified, i == 0)
		}
		s.same(order, []uuid.UUID{people[2], people[0], people[1]})
	},

	"PeopleAreFoundByTheirLoginsOnce": func(s *storeTest) {
		a, login := s.person()
		b, other := s.person()
		found := func(limit int, logins ...vault.SubjectKey) []vault.Match {
			matches, err := s.store.FindByLogin(s.Context(), logins, limit)
			s.must(err)
			return matches
		}
		unknown := vault.SubjectKey{Issuer: login.Issuer, KeyVersion: 2, Digest: login.Digest}
		s.same(found(10, other, login, unknown, login), []vault.Match{{User: a, Verified: true}, {User: b, Verified: true}})
		s.same(found(1, other, login), []vault.Match{{User: a, Verified: true}})
		none(s, found(10, unknown))
		none(s, found(10))
	},

	"IndexesPutAgainAreReplacedAndFreeTheOldValue": func(s *storeTest) {
		a, _ := s.person()
		b, _ := s.person()
		s.write(func(tx vault.Tx) { tx.PutIndexes(1, a.ID, "phone", index("phone", "old", true)) })
		s.write(func(tx vault.Tx) { tx.PutIndexes(1, a.ID, "phone", index("phone", "new", true)) })
		none(s, s.find(index("phone", "old", false)...))
		s.same(s.find(index("phone", "new", false)...), []uuid.UUID{a.ID})
		s.write(func(tx vault.Tx) { tx.PutIndexes(1, b.ID, "phone", index("phone", "old", true)) })
		s.write(func(tx vault.Tx) { tx.PutIndexes(1, a.ID, "phone", nil) })
		none(s, s.find(index("phone", "new", false)...))
	},

	"AValueThatAnotherProvedCannotBeVerifiedUntilReleased": func(s *storeTest) {
		a, _ := s.person()
		b, _ := s.person()
		fa, fb := s.field(a.ID, "phone"), s.field(b.ID, "phone")
		s.write(func(tx vault.Tx) {
			tx.PutField(fa)
			tx.PutField(fb)
			tx.PutIndexes(1, a.ID, "phone", index("phone", "p", true))
			tx.PutIndexes(1, b.ID, "phone", index("phone", "p", false))
		})
		verify := func(f vault.StoredField, verified bool) error {
			return s.try(func(tx vault.Tx) { tx.SetVerified(f.User, "phone", f.UpdatedAt, verified) })
		}
		err := verify(fb, true)
		s.wantTaken(err, "field", "phone")
		s.same(s.fields(b.ID), []vault.StoredField{fb})

		s.must(verify(fa, false))
		s.must(verify(fb, true))
		s.same(s.find(index("phone", "p", false)...), []uuid.UUID{b.ID, a.ID})
	},

	"DigestsCompareByteByByte": func(s *storeTest) {
		for _, digest := range []string{"abc", "ABC", "abc ", "é", "e\u0301", "е", "e"} {
			u, _ := s.person()
			row := []vault.BlindIndex{{Field: "phone", KeyVersion: 1, Digest: digest, Verified: true}}
			s.write(func(tx vault.Tx) { tx.PutIndexes(1, u.ID, "phone", row) })
			s.same(s.find(row...), []uuid.UUID{u.ID})
		}
	},
}
