package vaulttest

import (
	"slices"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

var userTests = map[string]func(*storeTest){
	"APersonIsFoundByTheirLogin": func(s *storeTest) {
		s.app("wallet")
		u, login := s.person()
		s.same(*s.standing("wallet", login).User, u)
	},

	"ALoginHasOnePerson": func(s *storeTest) {
		u, login := s.person()
		events := s.recorded()
		u.ID = s.id()
		s.wantTaken(s.try(func(tx vault.Tx) { tx.InsertUser(u, login) }), "what", "login")
		s.same(s.people(), int64(1))
		s.same(s.recorded(), events)
	},

	"OfManyConcurrentInsertsOfOneLoginOneWins": func(s *storeTest) {
		login := vault.SubjectKey{Issuer: "https://id.example", KeyVersion: 1, Digest: "d"}
		won := s.race(16, vault.ErrTaken, func(int) error {
			u := vault.User{ID: s.id(), Status: vault.StatusActive, Revision: 1, CreatedAt: dawn()}
			return s.try(func(tx vault.Tx) { tx.InsertUser(u, login) })
		})
		s.same(won, 1)
		s.same(s.people(), int64(1))
	},

	"LoginsCompareByteByByte": func(s *storeTest) {
		s.app("wallet")
		found := map[uuid.UUID]bool{}
		// Equal in some language's or some database's eyes: case, trailing
		// space, accents composed or not, Cyrillic and Latin, ligatures.
		for _, digest := range []string{
			"abc", "ABC", "abc ", " abc", "é", "e\u0301", "е", "e", "ß", "ss", "ﬁ", "fi", "i", "і", "İ", "ı", "",
		} {
			for _, login := range []vault.SubjectKey{
				{Issuer: "i", KeyVersion: 1, Digest: digest},
				{Issuer: "i", KeyVersion: 2, Digest: digest},
				{Issuer: digest, KeyVersion: 1, Digest: "issuer"},
			} {
				u := vault.User{ID: s.id(), Status: vault.StatusActive, Revision: 1, CreatedAt: dawn()}
				s.write(func(tx vault.Tx) { tx.InsertUser(u, login) })
				s.same(s.standing("wallet", login).User.ID, u.ID)
				found[u.ID] = true
			}
		}
		s.same(len(found), 17*3)
	},

	"ARevisionIsRaisedFromTheExpectedOne": func(s *storeTest) {
		s.app("wallet")
		u, login := s.person()
		ru := "ru"
		s.write(func(tx vault.Tx) { tx.ReviseUser(u.ID, 1, &ru) })
		s.write(func(tx vault.Tx) { tx.ReviseUser(u.ID, 2, nil) })
		u.Revision, u.Locale = 3, "ru"
		s.same(*s.standing("wallet", login).User, u)

		for _, stale := range []int64{2, 4} {
			s.wantError(s.try(func(tx vault.Tx) { tx.ReviseUser(u.ID, stale, nil) }), vault.ErrStale)
		}
		s.wantError(s.try(func(tx vault.Tx) { tx.ReviseUser(s.id(), 3, nil) }), vault.ErrStale)
		s.same(*s.standing("wallet", login).User, u)
	},

	"OfManyWritersWithOneExpectedRevisionOneWins": func(s *storeTest) {
		s.app("wallet")
		u, login := s.person()
		s.same(s.race(8, vault.ErrStale, func(int) error {
			return s.try(func(tx vault.Tx) { tx.ReviseUser(u.ID, 1, nil) })
		}), 1)
		s.same(s.standing("wallet", login).User.Revision, int64(2))
	},

	"APersonMayHaveNoLogin": func(s *storeTest) {
		s.app("wallet")
		for range 2 {
			u := vault.User{ID: s.id(), Status: vault.StatusActive, Revision: 1, CreatedAt: dawn()}
			s.write(func(tx vault.Tx) { tx.InsertUser(u, vault.SubjectKey{}) })
			standings, err := s.store.Standings(s.Context(), "wallet", []uuid.UUID{u.ID})
			s.must(err)
			s.same(*standings[0].User, u)
		}
		standing, err := s.store.Standing(s.Context(), "wallet", vault.SubjectKey{})
		s.must(err)
		if standing.User != nil {
			s.Fatal("somebody is found by no login")
		}
	},

	"DataIsConfirmedAtTheExpectedRevision": func(s *storeTest) {
		s.app("wallet")
		u, login := s.person()
		s.person()
		u.ConfirmedAt = s.tick()
		s.write(func(tx vault.Tx) { tx.ConfirmUser(u.ID, 1, u.ConfirmedAt) })
		s.wantError(s.try(func(tx vault.Tx) { tx.ConfirmUser(u.ID, 2, s.tick()) }), vault.ErrStale)
		s.same(*s.standing("wallet", login).User, u) // the revision is as it was
	},

	"AStatusIsSetFromTheExpectedRevision": func(s *storeTest) {
		s.app("wallet")
		u, login := s.person()
		s.person()
		s.write(func(tx vault.Tx) { tx.SetStatus(u.ID, 1, vault.StatusBlocked) })
		s.wantError(s.try(func(tx vault.Tx) { tx.SetStatus(u.ID, 1, vault.StatusActive) }), vault.ErrStale)
		u.Revision, u.Status = 2, vault.StatusBlocked
		s.same(*s.standing("wallet", login).User, u)

		blocked := vault.UserFilter{Status: vault.StatusBlocked}
		users, err := s.store.Users(s.Context(), blocked, vault.Page{Limit: 10})
		s.must(err)
		s.same(users, []vault.User{u})
		n, err := s.store.CountUsers(s.Context(), blocked)
		s.must(err)
		s.same(n, int64(1))
	},

	"PeopleAreListedByIdHoweverTheyCame": func(s *storeTest) {
		var want []uuid.UUID
		for range 7 {
			want = append(want, s.id())
		}
		for _, i := range []int{3, 0, 6, 1, 5, 2, 4} {
			u := vault.User{ID: want[i], Status: vault.StatusActive, Revision: 1, CreatedAt: dawn()}
			login := vault.SubjectKey{Issuer: "i", KeyVersion: 1, Digest: u.ID.String()}
			s.write(func(tx vault.Tx) { tx.InsertUser(u, login) })
		}
		s.same(pages(s, 3, func(page vault.Page) ([]vault.User, error) {
			return s.store.Users(s.Context(), vault.UserFilter{}, page)
		}, func(u vault.User) uuid.UUID { return u.ID }), want)
	},
}

// pages reads a list to its end, and answers the ids.
func pages[T any](s *storeTest, limit int, read func(vault.Page) ([]T, error), id func(T) uuid.UUID) []uuid.UUID {
	s.Helper()
	var out []uuid.UUID
	for page := (vault.Page{Limit: limit}); ; {
		rows, err := read(page)
		s.must(err)
		if len(rows) > limit {
			s.Fatalf("a page of %d for a limit of %d", len(rows), limit)
		}
		for _, r := range rows {
			out = append(out, id(r))
		}
		if len(rows) < limit {
			return out
		}
		if page.After = out[len(out)-1]; slices.Index(out, page.After) != len(out)-1 {
			s.Fatalf("a row came twice: %v", out)
		}
	}
}
