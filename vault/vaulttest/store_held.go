package vaulttest

import (
	"cmp"
	"slices"
	"strconv"
	"sync/atomic"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// under is a ciphertext of its own under a version of a key.
func (s *storeTest) under(name string, version int) vault.Ciphertext {
	s.Helper()
	id := s.id()
	return vault.Ciphertext{Key: name, Version: version, Text: "vault:v" + strconv.Itoa(version) + ":" + vault.Hash(id[:])}
}

// hold puts a ciphertext somewhere new in a holding.
func (s *storeTest) hold(in vault.Holding, c vault.Ciphertext) vault.Held {
	s.Helper()
	out := vault.Held{Holding: in, Ciphertext: c}
	switch in {
	case vault.HoldingFields:
		u, _ := s.person()
		f := s.field(u.ID, "email")
		f.Ciphertext = c
		out.Owner, out.Field = u.ID, f.Code
		s.write(func(tx vault.Tx) { tx.PutField(f) })
	case vault.HoldingActs:
		u, _ := s.person()
		act := vault.Act{User: u.ID, ID: s.id(), ReceivedAt: s.tick(), Context: c}
		out.Owner, out.Act = u.ID, act.ID
		s.write(func(tx vault.Tx) { tx.Append(act, 0, nil) })
	case vault.HoldingActors:
		out.Owner = s.id()
		login := vault.SubjectKey{Issuer: "i", KeyVersion: 1, Digest: out.Owner.String()}
		s.must(s.maintain(func(tx vault.KeepingTx) { tx.InsertColleague(out.Owner, login, c, dawn()) }))
	case vault.HoldingObjects:
		out.Owner, out.Field = s.id(), vault.FieldRequesterName
		s.write(func(tx vault.Tx) {
			tx.PutObjectValue(vault.ObjectValue{Object: out.Owner, Code: out.Field, Ciphertext: c})
		})
	}
	return out
}

func (s *storeTest) held(in vault.Holding, version int, after vault.HeldRow, limit int) []vault.Held {
	s.Helper()
	out, err := s.store.Held(s.Context(), in, pii, version, after, limit)
	s.must(err)
	return out
}

func (s *storeTest) counts(in vault.Holding) []vault.HeldCount {
	s.Helper()
	out, err := s.store.CountHeld(s.Context(), in)
	s.must(err)
	return out
}

const pii = "kelisim-pii"

var heldTests = map[string]func(*storeTest){
	"CiphertextsAreCountedByKeyAndVersion": func(s *storeTest) {
		for _, in := range vault.Holdings() {
			none(s, s.counts(in))
			for _, c := range []vault.Ciphertext{
				{}, {}, s.under(pii, 2), s.under(pii, 10), s.under("kelisim-else", 1), s.under(pii, 10), s.under(pii, 9), s.under("Kelisim-pii", 3),
			} {
				s.hold(in, c)
			}
			s.same(s.counts(in), []vault.HeldCount{ // as bytes compare
				{Holding: in, Key: "Kelisim-pii", Version: 3, Rows: 1},
				{Holding: in, Key: "kelisim-else", Version: 1, Rows: 1},
				{Holding: in, Key: pii, Version: 2, Rows: 1},
				{Holding: in, Key: pii, Version: 9, Rows: 1},
				{Holding: in, Key: pii, Version: 10, Rows: 2},
			})
		}
		_, err := s.store.CountHeld(s.Context(), "users")
		if err == nil {
			s.Error("something is held in users")
		}
	},

	"CiphertextsOfAVersionAreListedInPagesByTheirRows": func(s *storeTest) {
		for _, in := range vault.Holdings() {
			var want []vault.Held
			for range 7 {
				want = append(want, s.hold(in, s.under(pii, 2)))
				s.hold(in, s.under(pii, 1))
				s.hold(in, s.under(pii, 3))
				s.hold(in, s.under("kelisim-else", 2))
				s.hold(in, vault.Ciphertext{})
			}
			slices.SortFunc(want, func(a, b vault.Held) int {
				return cmp.Or(cmp.Compare(a.Owner.String(), b.Owner.String()), cmp.Compare(a.Act.String(), b.Act.String()))
			})
			var got []vault.Held
			for after := (vault.HeldRow{}); ; after = got[len(got)-1].HeldRow {
				page := s.held(in, 2, after, 3)
				got = append(got, page...)
				if len(page) < 3 {
					break
				}
			}
			s.same(got, want)
			none(s, s.held(in, 4, vault.HeldRow{}, 3))
		}
		if _, err := s.store.Held(s.Context(), "users", pii, 1, vault.HeldRow{}, 1); err == nil {
			s.Error("something is held in users")
		}
	},

	"TwoFieldsOfAPersonAreTwoPages": func(s *storeTest) {
		u, _ := s.person()
		s.write(func(tx vault.Tx) {
			for _, code := range []string{"phone", "email", "Email"} {
				tx.PutField(s.field(u.ID, code))
			}
		})
		var codes []string
		for after := (vault.HeldRow{}); len(codes) < 3; {
			page := s.held(vault.HoldingFields, 3, after, 1)
			s.same(len(page), 1)
			after, codes = page[0].HeldRow, append(codes, page[0].Field)
		}
		s.same(codes, []string{"Email", "email", "phone"})
	},

	"ARewrappedCiphertextStandsInItsPlaceAndNothingElseChanges": func(s *storeTest) {
		for _, in := range vault.Holdings() {
			was, other := s.hold(in, s.under(pii, 1)), s.hold(in, s.under(pii, 1))
			to := s.under(pii, 3)
			s.must(s.maintain(func(tx vault.KeepingTx) { tx.Rewrap([]vault.Moved{{Held: was, To: to}}, nil) }))
			moved := was
			moved.Ciphertext = to
			s.same(s.held(in, 3, vault.HeldRow{}, 9), []vault.Held{moved})
			s.same(s.held(in, 1, vault.HeldRow{}, 9), []vault.Held{other})
		}
		u, _ := s.person()
		f := s.field(u.ID, "email")
		f.Verified, f.Visibility = true, vault.Public
		s.write(func(tx vault.Tx) { tx.PutField(f) })
		was := vault.Held{Holding: vault.HoldingFields, HeldRow: vault.HeldRow{Owner: u.ID, Field: "email"}, Ciphertext: f.Ciphertext}
		f.Ciphertext = s.under(pii, 9)
		events := s.recorded()
		s.must(s.maintain(func(tx vault.KeepingTx) { tx.Rewrap([]vault.Moved{{Held: was, To: f.Ciphertext}}, nil) }))
		s.same(s.fields(u.ID), []vault.StoredField{f})
		users, err := s.store.Users(s.Context(), vault.UserFilter{}, vault.Page{After: uuid.Nil, Limit: 100})
		s.must(err)
		s.same(users[len(users)-1], u)
		s.same(s.recorded(), events)
	},

	"WhatChangedMeanwhileIsNotRewrapped": func(s *storeTest) {
		was := s.hold(vault.HoldingFields, s.under(pii, 1))
		newer := s.field(was.Owner, was.Field)
		newer.Ciphertext = s.under(pii, 1)
		s.write(func(tx vault.Tx) { tx.PutField(newer) })
		gone := s.hold(vault.HoldingFields, s.under(pii, 1))
		s.write(func(tx vault.Tx) { tx.ClearField(gone.Owner, gone.Field) })
		good := s.hold(vault.HoldingFields, s.under(pii, 1))
		s.must(s.maintain(func(tx vault.KeepingTx) {
			tx.Rewrap([]vault.Moved{
				{Held: was, To: s.under(pii, 2)}, {Held: gone, To: s.under(pii, 2)}, {Held: good, To: s.under(pii, 2)},
			}, nil)
			tx.Rewrap(nil, nil)
		}))
		s.same(s.fields(was.Owner), []vault.StoredField{newer})
		none(s, s.fields(gone.Owner))
		s.same(len(s.held(vault.HoldingFields, 2, vault.HeldRow{}, 9)), 1)
	},

	"EachOfManyRowsGetsItsOwnCiphertext": func(s *storeTest) {
		var rows []vault.Moved
		for i := range 75 { // of all tables, to two versions
			in := vault.Holdings()[i/3%len(vault.Holdings())]
			rows = append(rows, vault.Moved{Held: s.hold(in, s.under(pii, 1)), To: s.under(pii, 2+i/40)})
		}
		s.must(s.maintain(func(tx vault.KeepingTx) { tx.Rewrap(rows, nil) }))
		got := map[vault.HeldRow]vault.Ciphertext{}
		for _, in := range vault.Holdings() {
			for version := 1; version <= 3; version++ {
				for _, h := range s.held(in, version, vault.HeldRow{}, 99) {
					got[h.HeldRow] = h.Ciphertext
				}
			}
		}
		want := map[vault.HeldRow]vault.Ciphertext{}
		for _, r := range rows {
			want[r.HeldRow] = r.To
		}
		s.same(got, want)
	},

	"ManyRowsAreRewrappedAtOnceByAllWhoTry": func(s *storeTest) {
		u, _ := s.person()
		var was []vault.Held
		s.write(func(tx vault.Tx) {
			was = nil
			for i := range 100 {
				f := s.field(u.ID, "f"+strconv.Itoa(i))
				tx.PutField(f)
				was = append(was, vault.Held{
					Holding: vault.HoldingFields, HeldRow: vault.HeldRow{Owner: u.ID, Field: f.Code}, Ciphertext: f.Ciphertext,
				})
			}
		})
		var changed atomic.Int64
		s.same(s.race(4, nil, func(int) error {
			to := make([]vault.Moved, len(was))
			for i := range to {
				to[i] = vault.Moved{Held: was[i], To: s.under(pii, 4)}
			}
			return s.maintain(func(tx vault.KeepingTx) { tx.Rewrap(to, func(rows int) { changed.Add(int64(rows)) }) })
		}), 4)
		s.same(changed.Load(), int64(100)) // each by one of them
		s.same(s.counts(vault.HoldingFields), []vault.HeldCount{{Holding: vault.HoldingFields, Key: pii, Version: 4, Rows: 100}})
	},
}
