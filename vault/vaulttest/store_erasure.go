package vaulttest

import (
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// traces are what is there of a person to erase.
func (s *storeTest) traces(user uuid.UUID, kept vault.Evidence) []vault.TraceCount {
	s.Helper()
	out, err := s.store.Traces(s.Context(), user, kept)
	s.must(err)
	return out
}

// of is how many of a sort there are; -1: it is not counted.
func of(counts []vault.TraceCount, trace vault.Trace) int64 {
	i := slices.IndexFunc(counts, func(c vault.TraceCount) bool { return c.Trace == trace })
	if i < 0 {
		return -1
	}
	return counts[i].Rows
}

// somebody has left a trace of each sort.
func (s *storeTest) somebody() (vault.User, vault.SubjectKey) {
	s.Helper()
	u, login := s.onPaper(), s.newLogin() // of whom nothing else differs from others
	claim := s.claim(u.ID)
	s.write(func(tx vault.Tx) { tx.PutClaim(claim) })
	s.write(func(tx vault.Tx) { tx.UseClaim(claim, login, s.clock) })
	s.put(u.ID, "email", "1")
	s.put(u.ID, "phone", "2")
	s.write(func(tx vault.Tx) {
		tx.Count(u.ID, vault.CountIdentifiers, "2026-11-23", 5)
		tx.Remember(vault.Remembered{Principal: login.Digest, Operation: "updateMyProfile", Key: "k", Input: "i", Result: u.ID, At: dawn()})
		tx.PutObjectValue(vault.ObjectValue{Object: s.id(), Code: "requesterName", User: u.ID, Ciphertext: s.ciphertext()})
		tx.InsertTechnical(vault.TechnicalBatch{User: u.ID, ID: s.id(), App: "dala", Ciphertext: s.ciphertext()})
	})
	return u, login
}

// ciphertext is one that no other is like.
func (s *storeTest) ciphertext() vault.Ciphertext {
	s.Helper()
	return vault.Ciphertext{Key: pii, Version: 1, Text: "vault:v1:" + s.id().String()}
}

// put stores a field with an index.
func (s *storeTest) put(user uuid.UUID, code, digest string) {
	s.Helper()
	s.write(func(tx vault.Tx) {
		tx.PutField(vault.StoredField{User: user, Code: code, Ciphertext: s.ciphertext(), Visibility: vault.Private, UpdatedAt: dawn()})
		tx.PutIndexes(1, user, code, []vault.BlindIndex{{Field: code, KeyVersion: 1, Digest: digest + user.String(), User: user, NormVersion: 1}})
	})
}

func (s *storeTest) eraseUser(u vault.User, kept vault.Evidence) error {
	s.Helper()
	counts := s.traces(u.ID, kept)
	return s.try(func(tx vault.Tx) { tx.EraseUser(u, counts, kept) })
}

func (s *storeTest) user(id uuid.UUID) vault.User {
	s.Helper()
	u, err := s.store.User(s.Context(), id)
	s.must(err)
	return u
}

var erasureTests = map[string]func(*storeTest){
	"AnErasureTakesAllTracesAndNobodyElses": func(s *storeTest) {
		u, login := s.somebody()
		other, _ := s.somebody()
		before := s.traces(other.ID, vault.Evidence{})
		for _, c := range s.traces(u.ID, vault.Evidence{}) {
			if c.Rows == 0 && c.Trace != vault.TraceContexts {
				s.Errorf("there is no %s to erase: the test would prove nothing", c.Trace)
			}
		}
		s.must(s.eraseUser(u, vault.Evidence{}))
		for _, c := range s.traces(u.ID, vault.Evidence{}) {
			if c.Rows != 0 {
				s.Errorf("%d of %s are left", c.Rows, c.Trace)
			}
		}
		s.same(s.traces(other.ID, vault.Evidence{}), before)
		got := s.user(u.ID)
		s.same(got, vault.User{ID: u.ID, Status: vault.StatusErased, Revision: u.Revision + 1, CreatedAt: u.CreatedAt})
		found, err := s.store.FindByLogin(s.Context(), []vault.SubjectKey{login}, 2)
		s.must(err)
		none(s, found)
	},

	"EvidenceStays": func(s *storeTest) {
		u, _ := s.somebody()
		kept := vault.Evidence{Fields: []string{"email", "it's"}, Contexts: true}
		counts := s.traces(u.ID, kept)
		s.same(of(counts, vault.TraceFields), int64(1))
		s.same(of(counts, vault.TraceContexts), int64(-1))
		s.must(s.eraseUser(u, kept))
		left, err := s.store.Fields(s.Context(), []uuid.UUID{u.ID})
		s.must(err)
		s.same(len(left), 1)
		s.same(left[0].Code, "email")
	},

	"NothingIsErasedThatWasNotRead": func(s *storeTest) {
		u, _ := s.somebody()
		counts := s.traces(u.ID, vault.Evidence{})
		erase := func(of vault.User) error {
			return s.try(func(tx vault.Tx) { tx.EraseUser(of, counts, vault.Evidence{}) })
		}
		s.write(func(tx vault.Tx) { tx.Count(u.ID, vault.CountIdentifiers, "2026-11-24", 5) })
		s.wantError(erase(u), vault.ErrStale) // there is more than was counted
		counts = s.traces(u.ID, vault.Evidence{})
		for _, not := range []vault.User{{ID: u.ID, Revision: 7}, {ID: u.ID, Revision: u.Revision, ConsentSeq: 3}, {ID: s.id(), Revision: 1}} {
			s.wantError(erase(not), vault.ErrStale)
		}
		s.same(s.user(u.ID), u)
		s.must(erase(u))
		s.wantError(erase(s.user(u.ID)), vault.ErrStale) // once
	},

	"NothingIsWrittenOfWhoIsErased": func(s *storeTest) {
		u, _ := s.somebody()
		s.must(s.eraseUser(u, vault.Evidence{}))
		now := s.user(u.ID)
		for what, queue := range map[string]func(vault.Tx){
			"revised":     func(tx vault.Tx) { tx.ReviseUser(u.ID, now.Revision, nil) },
			"made active": func(tx vault.Tx) { tx.SetStatus(u.ID, now.Revision, vault.StatusActive) },
			"appended": func(tx vault.Tx) {
				tx.Append(vault.Act{User: u.ID, ID: s.id(), ReceivedAt: dawn()}, now.ConsentSeq, nil)
			},
			"object value": func(tx vault.Tx) {
				tx.PutObjectValue(vault.ObjectValue{Object: s.id(), Code: "requesterName", User: u.ID, Ciphertext: s.ciphertext()})
			},
		} {
			if err := s.try(queue); err == nil {
				s.Errorf("%s: an erased person", what)
			} else {
				s.wantError(err, vault.ErrStale)
			}
		}
	},

	"WritersAtTheTimeOfAnErasureLeaveNothing": func(s *storeTest) {
		u, _ := s.somebody()
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				for range 5 {
					var err error
					if i%2 == 0 {
						now := s.user(u.ID)
						err = s.try(func(tx vault.Tx) {
							tx.ReviseUser(u.ID, now.Revision, nil)
							tx.PutField(vault.StoredField{User: u.ID, Code: "phone", Ciphertext: s.ciphertext(), Visibility: vault.Private, UpdatedAt: dawn()})
						})
					} else {
						err = s.try(func(tx vault.Tx) {
							tx.PutObjectValue(vault.ObjectValue{Object: s.id(), Code: "requesterName", User: u.ID, Ciphertext: s.ciphertext()})
						})
					}
					if err != nil {
						s.wantError(err, vault.ErrStale)
					}
				}
			})
		}
		for {
			now := s.user(u.ID)
			err := s.eraseUser(now, vault.Evidence{})
			if err == nil {
				break
			}
			s.wantError(err, vault.ErrStale)
		}
		all.Wait()
		for _, c := range s.traces(u.ID, vault.Evidence{}) {
			if c.Rows != 0 {
				s.Errorf("%d of %s came after", c.Rows, c.Trace)
			}
		}
	},

	"WhatJobsReadBeforeAnErasureTheyDoNotPutBack": func(s *storeTest) {
		u, _ := s.somebody()
		read := s.before(u.ID)
		s.must(s.eraseUser(u, vault.Evidence{}))
		s.must(s.maintain(read.writes))
		for _, c := range s.traces(u.ID, vault.Evidence{}) {
			if c.Rows != 0 {
				s.Errorf("%d of %s came back", c.Rows, c.Trace)
			}
		}
	},

	"JobsAtTheTimeOfAnErasureLeaveNothing": func(s *storeTest) {
		u, _ := s.somebody()
		read := s.before(u.ID)
		var job sync.WaitGroup
		job.Go(func() {
			for range 20 {
				if err := s.maintain(read.writes); err != nil {
					s.Error(err)
				}
			}
		})
		for {
			err := s.eraseUser(u, vault.Evidence{})
			if err == nil {
				break
			}
			s.wantError(err, vault.ErrStale) // an index more than was counted
		}
		job.Wait()
		for _, c := range s.traces(u.ID, vault.Evidence{}) {
			if c.Rows != 0 {
				s.Errorf("%d of %s came back", c.Rows, c.Trace)
			}
		}
	},

	"AnErasureIsKeptAndListedUntilTheLedgerHasIt": func(s *storeTest) {
		erasure := func() vault.Erasure {
			return vault.Erasure{
				ID: s.id(), User: s.id(), At: s.tick(), Ground: vault.ErasedByLaw, Reference: "ART-18", Actor: s.id(),
				Gone: []vault.TraceCount{{Trace: vault.TraceFields, Rows: 3}},
				Kept: []vault.Kept{{Kind: vault.KeptContexts, Source: "KZ evidence.keep", Until: dawn().AddDate(3, 0, 0)}},
			}
		}
		first, second := erasure(), erasure()
		second.ReplayedAt, second.LedgeredAt = s.tick(), s.tick()
		list := func(f vault.ErasureFilter) []vault.Erasure {
			out, err := s.store.Erasures(s.Context(), f, 10)
			s.must(err)
			return out
		}
		none(s, list(vault.ErasureFilter{}))
		s.write(func(tx vault.Tx) { tx.InsertErasure(second); tx.InsertErasure(first) })
		s.same(list(vault.ErasureFilter{}), []vault.Erasure{first, second})
		s.same(list(vault.ErasureFilter{ID: second.ID}), []vault.Erasure{second})
		s.same(list(vault.ErasureFilter{Users: []uuid.UUID{s.id(), first.User}}), []vault.Erasure{first})
		s.same(list(vault.ErasureFilter{Unledgered: true}), []vault.Erasure{first})
		same := first
		same.ID = s.id()
		s.wantTaken(s.try(func(tx vault.Tx) { tx.InsertErasure(same) }), "what", "erasure")
		for range 2 {
			s.must(s.maintain(func(tx vault.KeepingTx) { tx.MarkLedgered([]uuid.UUID{first.ID, second.ID}, dawn().Add(time.Hour)) }))
		}
		none(s, list(vault.ErasureFilter{Unledgered: true}))
		s.same(list(vault.ErasureFilter{ID: second.ID})[0].LedgeredAt, second.LedgeredAt)
	},

	"ObstaclesStandUntilTheyEnd": func(s *storeTest) {
		u, _ := s.person()
		hold := vault.Obstacle{
			ID: s.id(), User: u.ID, Kind: vault.LegalHold, Ground: vault.GroundCourt, Reference: "COURT-1", Items: []string{"service"}, Since: s.tick(), By: s.id(),
		}
		debt := vault.Obstacle{ID: s.id(), User: u.ID, Kind: vault.Obligation, Ground: vault.GroundPayment, Reference: "ORDER-1", Since: s.tick()}
		s.write(func(tx vault.Tx) { tx.InsertObstacle(debt); tx.InsertObstacle(hold) })
		list := func(ended bool) []vault.Obstacle {
			out, err := s.store.Obstacles(s.Context(), []uuid.UUID{s.id(), u.ID}, ended)
			s.must(err)
			return out
		}
		s.same(list(false), []vault.Obstacle{hold, debt})
		hold.EndedAt, hold.EndedBy, hold.EndReference = s.tick(), s.id(), "COURT-2"
		s.write(func(tx vault.Tx) { tx.EndObstacle(hold) })
		s.same(list(false), []vault.Obstacle{debt})
		s.same(list(true), []vault.Obstacle{hold, debt})
		s.wantError(s.try(func(tx vault.Tx) { tx.EndObstacle(hold) }), vault.ErrStale)
	},
}

// before are what jobs have read of a person before they were erased.
type before struct {
	held    []vault.Held
	indexed []vault.IndexedField
}

func (s *storeTest) before(user uuid.UUID) (b before) {
	s.Helper()
	for _, of := range []vault.Holding{vault.HoldingFields, vault.HoldingObjects} {
		held, err := s.store.Held(s.Context(), of, pii, 1, vault.HeldRow{}, 10)
		s.must(err)
		b.held = append(b.held, held...)
	}
	for _, field := range []string{"email", "phone"} {
		indexed, err := s.store.IndexedFields(s.Context(), field, 1, 2, vault.BlindIndex{}, 10)
		s.must(err)
		b.indexed = append(b.indexed, indexed...)
	}
	if len(b.held) != 3 || len(b.indexed) != 2 || b.indexed[0].User != user {
		s.Fatalf("read: %v, %v", b.held, b.indexed)
	}
	return b
}

// writes puts back what the jobs make of it.
func (b before) writes(tx vault.KeepingTx) {
	for _, h := range b.held {
		to := h.Ciphertext
		to.Version, to.Text = 2, "vault:v2:"+to.Text
		tx.Rewrap([]vault.Moved{{Held: h, To: to}}, func(int) {})
	}
	for _, f := range b.indexed {
		tx.FillIndexes([]vault.Reindexed{{BlindIndex: f.BlindIndex, To: 2, Digest: "2" + f.Digest, NormVersion: 1}})
	}
}
