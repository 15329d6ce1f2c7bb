package vaulttest

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

var leaseTests = map[string]func(*storeTest){
	"ALeaseIsOnesUntilItEnds": func(s *storeTest) {
		_, err := s.store.Lease(s.Context(), "work")
		s.wantError(err, vault.ErrNotFound)
		mine, yours, now := s.id(), s.id(), dawn()
		take := func(l vault.Lease, at time.Time) error {
			l.Name = "work"
			return s.maintain(func(tx vault.KeepingTx) { tx.TakeLease(l, at) })
		}
		minute := now.Add(time.Minute)
		s.must(take(vault.Lease{Holder: mine, Until: minute}, now))
		s.wantError(take(vault.Lease{Holder: yours, Until: minute}, now), vault.ErrTaken)
		s.wantError(take(vault.Lease{Holder: yours, Until: minute}, minute.Add(-time.Millisecond)), vault.ErrTaken)
		renew := func(l vault.Lease) error {
			l.Name = "work"
			return s.maintain(func(tx vault.KeepingTx) { tx.RenewLease(l) })
		}
		s.must(renew(vault.Lease{Holder: mine, Until: minute, Place: "page 2"}))
		s.wantError(renew(vault.Lease{Holder: yours, Until: minute}), vault.ErrTaken)
		s.must(take(vault.Lease{Holder: yours, Until: minute.Add(time.Minute), Place: "ignored"}, minute))
		got, err := s.store.Lease(s.Context(), "work")
		s.must(err)
		s.same(got, vault.Lease{Name: "work", Holder: yours, Until: minute.Add(time.Minute), Place: "page 2"})
		s.wantError(take(vault.Lease{Holder: mine, Until: minute}, minute), vault.ErrTaken)
		s.wantError(renew(vault.Lease{Holder: mine, Until: minute, Place: "page 9"}), vault.ErrTaken)
		end := func(l vault.Lease) error {
			return s.maintain(func(tx vault.KeepingTx) { tx.EndLease("work", l.Holder, minute) })
		}
		s.wantError(end(vault.Lease{Holder: mine}), vault.ErrStale)
		s.must(end(vault.Lease{Holder: yours}))
		got, err = s.store.Lease(s.Context(), "work")
		s.must(err)
		s.same(got, vault.Lease{Name: "work", Holder: yours, Until: time.UnixMilli(0).UTC(), EndedAt: minute})
		s.wantError(renew(vault.Lease{Holder: mine, Until: minute}), vault.ErrTaken) // who slept through all of it
		s.must(take(vault.Lease{Holder: mine, Until: minute}, now))
	},

	"OneOfManyTakesALease": func(s *storeTest) {
		won := s.race(8, vault.ErrTaken, func(int) error {
			holder := s.id()
			return s.store.Maintain(s.Context(), func(tx vault.KeepingTx) error {
				tx.TakeLease(vault.Lease{Name: "work", Holder: holder, Until: dawn().Add(time.Minute)}, dawn())
				return nil
			})
		})
		s.same(won, 1)
	},

	"AMarkIsTheLastOneOfItsField": func(s *storeTest) {
		u, _ := s.person()
		other := vault.RetentionMark{User: u.ID, Field: "", DueAt: s.tick(), WarnedAt: s.tick()}
		first := vault.RetentionMark{User: u.ID, Field: "phone", DueAt: s.tick(), WarnedAt: s.tick()}
		second := vault.RetentionMark{User: u.ID, Field: "phone", DueAt: s.tick(), WarnedAt: s.tick()}
		for _, m := range []vault.RetentionMark{other, first, second} {
			s.write(func(tx vault.Tx) { tx.PutRetentionMark(m) })
		}
		got, err := s.store.RetentionMarks(s.Context(), []uuid.UUID{s.id(), u.ID})
		s.must(err)
		slices.SortFunc(got, func(a, b vault.RetentionMark) int { return strings.Compare(a.Field, b.Field) })
		s.same(got, []vault.RetentionMark{other, second})
	},

	"WhoHasChangedAnythingIsNotAsRead": func(s *storeTest) {
		u, _ := s.person()
		for _, not := range []vault.User{{ID: u.ID, Revision: 7}, {ID: u.ID, Revision: 1, ConsentSeq: 1}} {
			s.wantError(s.try(func(tx vault.Tx) { tx.ReviseAsRead(not) }), vault.ErrStale)
		}
		s.write(func(tx vault.Tx) { tx.ReviseAsRead(u) })
		s.wantError(s.try(func(tx vault.Tx) { tx.ReviseAsRead(u) }), vault.ErrStale)
	},

	"EvidenceIsForgotten": func(s *storeTest) {
		u, _ := s.somebody()
		s.must(s.eraseUser(u, vault.Evidence{Fields: []string{"email"}}))
		s.write(func(tx vault.Tx) { tx.ForgetEvidence(u.ID, []vault.KeptKind{vault.KeptContexts}) })
		s.same(of(s.traces(u.ID, vault.Evidence{}), vault.TraceFields), int64(1)) // whose term is not over
		s.write(func(tx vault.Tx) { tx.ForgetEvidence(u.ID, []vault.KeptKind{vault.KeptContexts, vault.KeptFields}) })
		for _, c := range s.traces(u.ID, vault.Evidence{}) {
			s.same(c.Rows, int64(0))
		}
	},
}
