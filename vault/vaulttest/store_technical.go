package vaulttest

import (
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

var technicalTests = map[string]func(*storeTest){
	"TechnicalDataIsListedNewestFirstAndGoesInTimeOrWithThePerson": func(s *storeTest) {
		u, _ := s.person()
		other, _ := s.person()
		batch := func(user uuid.UUID, until time.Duration) vault.TechnicalBatch {
			at := s.tick()
			b := vault.TechnicalBatch{
				User: user, ID: s.id(), App: "dala", From: at, To: at.Add(time.Second), Count: 2,
				ExpiresAt: at.Add(until), Ciphertext: s.under("kelisim-technical", 1),
				Kept: []string{"accessTime", "pageUrl"}, Dropped: []string{"userAgent"},
			}
			s.write(func(tx vault.Tx) { tx.InsertTechnical(b) })
			return b
		}
		first, second, theirs := batch(u.ID, time.Hour), batch(u.ID, 3*time.Hour), batch(other.ID, 3*time.Hour)
		listed := func(user, after uuid.UUID) []vault.TechnicalBatch {
			out, err := s.store.Technical(s.Context(), user, vault.Page{After: after, Limit: 10})
			s.must(err)
			return out
		}
		s.same(listed(u.ID, uuid.Nil), []vault.TechnicalBatch{second, first})
		s.same(listed(u.ID, second.ID), []vault.TechnicalBatch{first})
		one, err := s.store.TechnicalBatch(s.Context(), u.ID, first.ID)
		s.must(err)
		s.same(one, first)
		_, err = s.store.TechnicalBatch(s.Context(), other.ID, first.ID)
		s.wantError(err, vault.ErrNotFound)
		over, err := s.store.TechnicalOver(s.Context(), first.ExpiresAt, 10)
		s.must(err)
		s.same(over, []vault.HeldRow{{Owner: u.ID, Act: first.ID}})
		s.write(func(tx vault.Tx) { tx.DropTechnicalBatches(over) })
		s.same(listed(u.ID, uuid.Nil), []vault.TechnicalBatch{second})
		s.write(func(tx vault.Tx) { tx.DropTechnical(u.ID) })
		none(s, listed(u.ID, uuid.Nil))
		s.same(listed(other.ID, uuid.Nil), []vault.TechnicalBatch{theirs})
	},

	"ABreachChangesByRevisionAndItsNoticeIsUsedOnce": func(s *storeTest) {
		u, _ := s.person()
		at := s.tick()
		b := vault.Breach{
			ID: s.id(), Revision: 1, App: "dala", Kind: vault.BreachLoss, State: vault.BreachOpen, DetectedAt: at, RecordedAt: at, Rules: "KZ/1",
			AuthorityDue: at.Add(time.Hour), Fields: []string{"phone"}, Measures: []vault.TakenMeasure{{Code: vault.MeasureOther, At: at}},
		}
		notice := vault.BreachNotice{Breach: b.ID, Audience: vault.ForAuthority, IssuedAt: at, IssuedBy: s.id()}
		s.write(func(tx vault.Tx) {
			tx.InsertBreach(b)
			tx.AddBreachPeople(b.ID, []uuid.UUID{u.ID, u.ID})
			tx.InsertBreachNotice(notice)
		})
		got, err := s.store.Breach(s.Context(), b.ID)
		s.must(err)
		s.same(got, b)
		n, err := s.store.CountBreachPeople(s.Context(), b)
		s.must(err)
		s.same(n, int64(1))
		people, err := s.store.BreachPeople(s.Context(), b, uuid.Nil, 5)
		s.must(err)
		s.same(people, []uuid.UUID{u.ID})
		for _, c := range []vault.Criterion{
			{App: "none"}, {CreatedFrom: at.Add(time.Hour)}, {RevealedTo: s.id(), RevealedFrom: at, RevealedUntil: at.Add(time.Hour), Field: "phone"},
		} {
			by := b
			by.Criterion = c
			people, err := s.store.BreachPeople(s.Context(), by, uuid.Nil, 5)
			s.must(err)
			none(s, people)
		}
		b.Revision, b.AuthorityTold, b.State, b.ClosedAt = 2, s.tick(), vault.BreachClosed, s.tick()
		s.write(func(tx vault.Tx) { tx.UpdateBreach(b) })
		open, err := s.store.Breaches(s.Context(), true, vault.Page{Limit: 5})
		s.must(err)
		none(s, open)
		b.Revision = 3
		e := s.event()
		err = s.store.Write(s.Context(), func(tx vault.Tx) error { tx.UpdateBreach(b); tx.Record(e); return nil })
		if !errors.Is(err, vault.ErrStale) {
			s.Errorf("a closed one changes: %v", err)
		}
		notice.UsedAt = s.tick()
		s.write(func(tx vault.Tx) { tx.UseBreachNotice(notice) })
		err = s.store.Write(s.Context(), func(tx vault.Tx) error { tx.UseBreachNotice(notice); tx.Record(e); return nil })
		if !errors.Is(err, vault.ErrStale) {
			s.Errorf("it is used twice: %v", err)
		}
		notices, err := s.store.BreachNotices(s.Context(), b.ID)
		s.must(err)
		s.same(notices, []vault.BreachNotice{notice})
	},
}
