package vaulttest

import (
	"sync"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

func (s *storeTest) putPlan(p vault.IndexPlan) error {
	s.Helper()
	return s.maintain(func(tx vault.KeepingTx) { tx.PutPlan(p) })
}

func (s *storeTest) settle(epoch int64) {
	s.Helper()
	s.must(s.maintain(func(tx vault.KeepingTx) { tx.SettlePlan(epoch) }))
}

func (s *storeTest) fill(rows ...vault.Reindexed) {
	s.Helper()
	s.must(s.maintain(func(tx vault.KeepingTx) { tx.FillIndexes(rows) }))
}

// indexed is somebody with a phone, indexed under version 1 alone.
func (s *storeTest) indexed(digest string, verified bool) (vault.StoredField, vault.BlindIndex) {
	s.Helper()
	u, _ := s.person()
	f := s.field(u.ID, "phone")
	f.Verified = verified
	row := vault.BlindIndex{Field: "phone", KeyVersion: 1, Digest: digest, User: u.ID, Verified: verified, NormVersion: 1}
	s.write(func(tx vault.Tx) {
		tx.PutField(f)
		tx.PutIndexes(1, u.ID, "phone", []vault.BlindIndex{row})
	})
	return f, row
}

// beside is the index under version 2.
func beside(row vault.BlindIndex, digest string) vault.Reindexed {
	return vault.Reindexed{BlindIndex: row, To: 2, Digest: digest, NormVersion: 7}
}

func (s *storeTest) indexes(user uuid.UUID) map[int]vault.BlindIndex {
	s.Helper()
	rows, err := s.store.Indexes(s.Context(), user)
	s.must(err)
	out := map[int]vault.BlindIndex{}
	for _, r := range rows {
		out[r.KeyVersion] = r
	}
	return out
}

func (s *storeTest) page(after vault.BlindIndex, limit int) []vault.IndexedField {
	s.Helper()
	out, err := s.store.IndexedFields(s.Context(), "phone", 1, 2, after, limit)
	s.must(err)
	return out
}

var planTests = map[string]func(*storeTest){
	"PlansFollowOneAnother": func(s *storeTest) {
		first := vault.FirstPlan(1)
		second, _ := first.Next(2)
		third, _ := second.Next(2)
		s.wantError(s.putPlan(first), vault.ErrStale)
		s.wantError(s.putPlan(third), vault.ErrStale)
		s.must(s.putPlan(second))
		s.wantError(s.putPlan(second), vault.ErrStale)
		s.wantError(s.putPlan(third), vault.ErrStale) // the first is not settled
		s.settle(2)
		s.settle(2)
		got, err := s.store.IndexPlan(s.Context())
		s.must(err)
		s.same(got, second)
		s.must(s.putPlan(third))
		got, err = s.store.IndexPlan(s.Context())
		s.must(err)
		s.same(got, third)
	},

	"OfManyWhoPutTheNextPlanOneDoes": func(s *storeTest) {
		next, _ := vault.FirstPlan(1).Next(2)
		s.same(s.race(8, vault.ErrStale, func(int) error { return s.putPlan(next) }), 1)
	},

	"WhoeverFollowsAnotherPlanWritesAndFindsNothing": func(s *storeTest) {
		f, row := s.indexed("p", true)
		next, _ := vault.FirstPlan(1).Next(2)
		s.must(s.putPlan(next))
		for _, settled := range []bool{false, true} {
			if settled {
				s.settle(2)
			}
			for _, epoch := range []int64{0, 1, 3} {
				events := s.recorded()
				err := s.try(func(tx vault.Tx) {
					tx.PutField(s.field(f.User, "phone"))
					tx.PutIndexes(epoch, f.User, "phone", []vault.BlindIndex{row})
				})
				s.wantError(err, vault.ErrReplanned)
				s.same(vault.ErrReplanned.Param("what"), "plan")
				s.same(s.fields(f.User), []vault.StoredField{f})
				s.same(s.recorded(), events)
				for _, by := range []vault.BlindIndex{row, {Field: "phone", KeyVersion: 1, Digest: "nobody's"}} {
					_, err = s.store.FindUsers(s.Context(), epoch, by, 10)
					s.wantError(err, vault.ErrReplanned)
				}
			}
			matches, err := s.store.FindUsers(s.Context(), 2, row, 10)
			s.must(err)
			s.same(len(matches), 1)
			matches, err = s.store.FindUsers(s.Context(), 2, vault.BlindIndex{Field: "phone", KeyVersion: 2, Digest: "p"}, 10)
			s.must(err)
			none(s, matches)
		}
		s.write(func(tx vault.Tx) {
			tx.PutIndexes(2, f.User, "phone", index("phone", "p", true))
			tx.PutIndexes(2, f.User, "email", index("email", "e", true))
		})
	},

	"IndexesAreCountedByFieldAndVersion": func(s *storeTest) {
		counts := func() []vault.IndexCount {
			out, err := s.store.CountIndexes(s.Context())
			s.must(err)
			return out
		}
		none(s, counts())
		s.indexed("p", false)
		u, _ := s.person()
		s.write(func(tx vault.Tx) {
			tx.PutIndexes(1, u.ID, "email", index("email", "e", true))
			tx.PutIndexes(1, u.ID, "phone", index("phone", "q", false))
		})
		s.same(counts(), []vault.IndexCount{
			{Field: "email", Version: 1, Rows: 1},
			{Field: "email", Version: 2, Rows: 1},
			{Field: "phone", Version: 1, Rows: 2},
			{Field: "phone", Version: 2, Rows: 1},
		})
	},

	"WhatLacksAnIndexIsListedWithItsCiphertext": func(s *storeTest) {
		b, rowB := s.indexed("b", true)
		a, rowA := s.indexed("a", false)
		_, rowC := s.indexed("c", false)
		gone, _ := s.person() // an index of nothing
		s.write(func(tx vault.Tx) {
			tx.PutIndexes(1, gone.ID, "phone", []vault.BlindIndex{{Field: "phone", KeyVersion: 1, Digest: "a", NormVersion: 1}})
			tx.PutIndexes(1, a.User, "email", index("email", "e", false)) // another field has both
		})
		s.fill(beside(rowC, "c2"))
		rowGone := s.indexes(gone.ID)[1]
		want := []vault.IndexedField{
			{BlindIndex: rowA, Ciphertext: a.Ciphertext}, {BlindIndex: rowGone}, {BlindIndex: rowB, Ciphertext: b.Ciphertext}, {BlindIndex: rowC},
		}
		s.same(s.page(vault.BlindIndex{}, 10), want)
		var got []vault.IndexedField
		for after := (vault.BlindIndex{}); len(got) < len(want); after = got[len(got)-1].BlindIndex {
			page := s.page(after, 1)
			s.same(len(page), 1)
			got = append(got, page...)
		}
		s.same(got, want)
		none(s, s.page(got[3].BlindIndex, 1))
		none(s, s.page(got[3].BlindIndex, 0))
	},

	"AFilledIndexStandsBesideTheOldOneAndIsAsProved": func(s *storeTest) {
		a, rowA := s.indexed("a", true)
		b, rowB := s.indexed("b", false)
		events := s.recorded()
		s.fill(beside(rowA, "a2"), beside(rowB, "b2"))
		s.fill(beside(rowA, "a2"), beside(rowB, "b2"))
		s.fill()
		for _, is := range []struct {
			f      vault.StoredField
			row    vault.BlindIndex
			digest string
		}{{a, rowA, "a2"}, {b, rowB, "b2"}} {
			to := vault.BlindIndex{
				Field: "phone", KeyVersion: 2, Digest: is.digest, User: is.f.User, Verified: is.row.Verified, NormVersion: 7,
			}
			s.same(s.indexes(is.f.User), map[int]vault.BlindIndex{1: is.row, 2: to})
			s.same(s.fields(is.f.User), []vault.StoredField{is.f})
		}
		s.same(s.recorded(), events)
	},

	"WhatChangedMeanwhileIsNotFilled": func(s *storeTest) {
		changed, rowChanged := s.indexed("a", false)
		cleared, rowCleared := s.indexed("b", false)
		proved, rowProved := s.indexed("c", false)
		released, rowReleased := s.indexed("d", true)
		s.write(func(tx vault.Tx) {
			tx.PutField(s.field(changed.User, "phone"))
			tx.PutIndexes(1, changed.User, "phone", []vault.BlindIndex{{Field: "phone", KeyVersion: 1, Digest: "e"}})
			tx.ClearField(cleared.User, "phone")
			tx.SetVerified(proved.User, "phone", proved.UpdatedAt, true)
			tx.SetVerified(released.User, "phone", released.UpdatedAt, false)
		})
		s.fill(beside(rowChanged, "a2"), beside(rowCleared, "b2"), beside(rowProved, "c2"), beside(rowReleased, "d2"))
		s.same(len(s.indexes(changed.User)), 1)
		s.same(len(s.indexes(cleared.User)), 0)
		s.same(s.indexes(proved.User)[2].Verified, true)
		s.same(s.indexes(released.User)[2].Verified, false)
		s.same(s.indexes(released.User)[2].Digest, "d2")
	},

	"TwoProvedValuesThatAreOneUnderTheNewVersionAreRefused": func(s *storeTest) {
		_, rowA := s.indexed("a", true)
		b, rowB := s.indexed("b", true)
		s.fill(beside(rowA, "same"))
		err := s.maintain(func(tx vault.KeepingTx) { tx.FillIndexes([]vault.Reindexed{beside(rowB, "same")}) })
		s.wantTaken(err, "field", "phone")
		s.same(len(s.indexes(b.User)), 1)
	},

	"ProofsAndFillingAtOnceLoseNothing": func(s *storeTest) {
		const people = 6
		var fields []vault.StoredField
		var rows []vault.Reindexed
		for i := range people {
			f, row := s.indexed(string(rune('a'+i)), i%2 == 0)
			fields, rows = append(fields, f), append(rows, beside(row, row.Digest+"2"))
		}
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() {
				for range 5 {
					if err := s.maintain(func(tx vault.KeepingTx) { tx.FillIndexes(rows) }); err != nil {
						s.Error(err)
					}
				}
			})
		}
		for i, f := range fields {
			all.Go(func() {
				for n := range 3 { // ends as the opposite of how it began
					if err := s.try(func(tx vault.Tx) { tx.SetVerified(f.User, "phone", f.UpdatedAt, (i+n)%2 == 1) }); err != nil {
						s.Error(err)
					}
				}
			})
		}
		all.Wait()
		s.fill(rows...)
		for i, f := range fields {
			got := s.indexes(f.User)
			s.same(len(got), 2)
			s.same(got[1].Verified, i%2 == 1)
			s.same(got[2].Verified, i%2 == 1)
		}
	},

	"IndexesUnderAVersionAreDroppedAFewAtATime": func(s *storeTest) {
		drop := func(field string, version, limit int) error {
			return s.maintain(func(tx vault.KeepingTx) { tx.DropIndexes(field, version, limit) })
		}
		var users []uuid.UUID
		for range 5 {
			u, _ := s.person()
			users = append(users, u.ID)
			s.write(func(tx vault.Tx) {
				tx.PutIndexes(1, u.ID, "phone", index("phone", "p", false))
				tx.PutIndexes(1, u.ID, "email", index("email", "e", false))
			})
		}
		left := func() (old int) {
			for _, u := range users {
				rows, err := s.store.Indexes(s.Context(), u)
				s.must(err)
				for _, r := range rows {
					if r.Field == "phone" && r.KeyVersion == 1 {
						old++
					} else {
						old += 100
					}
				}
			}
			return old
		}
		s.same(left(), 1505)
		for _, want := range []int{1503, 1501, 1500} {
			s.must(drop("phone", 1, 2))
			s.same(left(), want)
		}
		s.wantError(drop("phone", 1, 2), vault.ErrNotFound)
		s.wantError(drop("iin", 1, 2), vault.ErrNotFound)
	},
}
