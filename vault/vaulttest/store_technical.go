package vaulttest

import (
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
}
