package vaulttest

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

func (s *storeTest) decided(user uuid.UUID) vault.History {
	s.Helper()
	h, err := s.store.Decided(s.Context(), user)
	s.must(err)
	return h
}

var consentTests = map[string]func(*storeTest){
	"EventsAreReadAsTheyWereAppended": func(s *storeTest) {
		s.app("wallet")
		v := s.published("wallet", dawn())
		u, _ := s.person()
		act, events := s.act(u.ID, v, 0, "service", "marketing", "қызмет")
		events[1].Type, events[1].DeviceAt, events[1].AppBuild = vault.Refused, dawn().Add(-time.Hour), "1.2.3 (45)"
		events[2].Operators = nil
		events[2].Method, events[2].GivenBy, events[2].Ground = vault.Written, vault.ByRepresentative, vault.Parent
		events[2].Reference, events[2].SignedAt, events[2].Reason = "DOC-2026/118", dawn().AddDate(0, 0, -3), vault.Fraud
		s.write(func(tx vault.Tx) { tx.Append(act, 0, events) })

		got := s.decided(u.ID)
		s.same(got, vault.History(events))
		for i, e := range got {
			want, err := events[i].Bytes()
			s.must(err)
			have, err := e.Bytes()
			s.must(err)
			if !bytes.Equal(have, want) {
				s.Fatalf("the columns give %s, appended was %s", have, want)
			}
		}
		kept, err := s.store.Act(s.Context(), u.ID, act.ID)
		s.must(err)
		s.same(kept, act)
	},

	"PeopleWhoDecidedAlikeAreCountedTogether": func(s *storeTest) {
		s.app("wallet")
		s.app("other")
		v, elsewhere := s.published("wallet", dawn()), s.published("other", dawn())
		span := vault.Span{Version: v.ID, From: dawn().AddDate(0, 0, 1), Until: dawn().AddDate(0, 0, 2)}
		var people []uuid.UUID
		// decides has somebody decide, and take the first decision back.
		decides := func(at, signed time.Time) {
			u, _ := s.person()
			act, events := s.act(u.ID, v, 0, "a", "b")
			back := events[0]
			back.ID, back.Seq, back.Type = s.id(), 3, vault.Withdrawn
			events = append(events, back)
			for i := range events {
				events[i].ReceivedAt, events[i].SignedAt = at, signed
			}
			s.write(func(tx vault.Tx) { tx.Append(act, 0, events) })
			elseAct, elseEvents := s.act(u.ID, elsewhere, 3, "a")
			s.write(func(tx vault.Tx) { tx.Append(elseAct, 3, elseEvents) })
			people = append(people, u.ID)
		}
		within := span.From.Add(time.Hour)
		decides(dawn(), time.Time{})                      // before the span
		decides(span.From, time.Time{})                   // as it begins: told alike
		decides(dawn().AddDate(1, 0, 0), dawn())          // signed before it
		decides(within, time.Time{})                      // in it
		decides(span.Until.AddDate(0, 1, 0), time.Time{}) // after it
		counted := func(spans ...vault.Span) map[string]int64 {
			alike, err := s.store.DecidedAlike(s.Context(), "wallet", spans)
			s.must(err)
			out := map[string]int64{}
			for _, of := range alike {
				var said strings.Builder
				for _, e := range of.History {
					same := e.Consent == of.History[0].Consent
					known := e.Version == v.ID && e.App == "wallet"
					fmt.Fprintf(&said, "%d %s %s %t %t %s;", e.Seq, e.Type, e.Item, same, known, e.ReceivedAt.Sub(dawn()))
				}
				out[said.String()] += of.People
			}
			return out
		}
		told := func(at string) string {
			return strings.ReplaceAll("1 GIVEN a true true @;2 GIVEN b false true @;3 WITHDRAWN a true true @;", "@", at) //nolint:dupword // two answers
		}
		s.same(counted(span), map[string]int64{told("24h0m0s"): 3, told("25h0m0s"): 1, told("48h0m0s"): 1})
		s.write(func(tx vault.Tx) { tx.SetStatus(people[0], 1, vault.StatusErased) })
		s.same(counted(span)[told("24h0m0s")], int64(2))
		for said, n := range counted() {
			s.same(n, int64(4))
			s.same(strings.Contains(said, "true true"), false) //nolint:dupword // two answers
		}
	},

	"HistoryIsInTheOrderOfSeqWhateverIdsAndClocksSay": func(s *storeTest) {
		s.app("wallet")
		v := s.published("wallet", dawn())
		u, _ := s.person()
		late, lateEvents := s.act(u.ID, v, 2, "a", "b")
		early, earlyEvents := s.act(u.ID, v, 0, "a", "b")
		early.ReceivedAt = dawn().AddDate(1, 0, 0)
		for i := range earlyEvents {
			earlyEvents[i].ReceivedAt = early.ReceivedAt
		}
		s.write(func(tx vault.Tx) { tx.Append(early, 0, earlyEvents) })
		s.write(func(tx vault.Tx) { tx.Append(late, 2, lateEvents) })
		s.same(s.decided(u.ID), vault.History(append(earlyEvents, lateEvents...)))
		s.same(s.decided(s.id()), vault.History{})
	},

	"AnActIsAppendedToTheExpectedSeq": func(s *storeTest) {
		s.app("wallet")
		v := s.published("wallet", dawn())
		u, login := s.person()
		first, events := s.act(u.ID, v, 0, "a", "b")
		s.write(func(tx vault.Tx) { tx.Append(first, 0, events) })
		for _, expected := range []int64{0, 1, 3} {
			act, events := s.act(u.ID, v, expected, "a")
			s.wantError(s.try(func(tx vault.Tx) { tx.Append(act, expected, events) }), vault.ErrStale)
			_, err := s.store.Act(s.Context(), u.ID, act.ID)
			s.wantError(err, vault.ErrNotFound)
		}
		act, events := s.act(s.id(), v, 0, "a")
		s.wantError(s.try(func(tx vault.Tx) { tx.Append(act, 0, events) }), vault.ErrStale)
		standing := s.standing("wallet", login)
		s.same(standing.User.ConsentSeq, int64(2))
		s.same(standing.User.Revision, int64(1)) // consents do not raise it
	},

	"OfManyActsOnOneSeqOneWins": func(s *storeTest) {
		s.app("wallet")
		v := s.published("wallet", dawn())
		u, _ := s.person()
		type queued struct {
			act    vault.Act
			events []vault.ConsentEvent
		}
		var acts []queued
		for range 8 {
			act, events := s.act(u.ID, v, 0, "a", "b")
			acts = append(acts, queued{act, events})
		}
		s.same(s.race(8, vault.ErrStale, func(i int) error {
			return s.try(func(tx vault.Tx) { tx.Append(acts[i].act, 0, acts[i].events) })
		}), 1)
		s.same(len(s.decided(u.ID)), 2)
	},

	"AnActCountsOncePerPerson": func(s *storeTest) {
		s.app("wallet")
		v := s.published("wallet", dawn())
		a, _ := s.person()
		b, _ := s.person()
		act, events := s.act(a.ID, v, 0, "a")
		s.write(func(tx vault.Tx) { tx.Append(act, 0, events) })

		again, more := s.act(a.ID, v, 1, "a")
		again.ID, more[0].Act = act.ID, act.ID
		s.wantTaken(s.try(func(tx vault.Tx) { tx.Append(again, 1, more) }), "what", "act")
		s.same(len(s.decided(a.ID)), 1)

		theirs, theirEvents := s.act(b.ID, v, 0, "a")
		theirs.ID, theirEvents[0].Act = act.ID, act.ID
		s.write(func(tx vault.Tx) { tx.Append(theirs, 0, theirEvents) })
	},

	"EventsThatDoNotFollowAreRefused": func(s *storeTest) {
		s.app("wallet")
		v := s.published("wallet", dawn())
		u, _ := s.person()
		for what, spoil := range map[string]func(*vault.ConsentEvent){
			"a gap":          func(e *vault.ConsentEvent) { e.Seq = 3 },
			"another person": func(e *vault.ConsentEvent) { e.User = s.id() },
			"another act":    func(e *vault.ConsentEvent) { e.Act = s.id() },
		} {
			act, events := s.act(u.ID, v, 0, "a", "b")
			spoil(&events[1])
			if s.try(func(tx vault.Tx) { tx.Append(act, 0, events) }) == nil {
				s.Fatalf("%s was appended", what)
			}
		}
		s.same(s.decided(u.ID), vault.History{})
	},

	"AConsentPinsADocumentThatIsThere": func(s *storeTest) {
		s.app("wallet")
		v := s.published("wallet", dawn())
		u, _ := s.person()
		for _, spoil := range []func(*vault.ConsentEvent){
			func(e *vault.ConsentEvent) { e.Version = s.id() },
			func(e *vault.ConsentEvent) { e.Locale = "en" },
		} {
			act, events := s.act(u.ID, v, 0, "a")
			spoil(&events[0])
			s.wantError(s.try(func(tx vault.Tx) { tx.Append(act, 0, events) }), vault.ErrNotFound)
		}
		s.same(s.decided(u.ID), vault.History{})
	},

	"AnActWithoutEventsOrContextIsKept": func(s *storeTest) {
		s.app("wallet")
		v := s.published("wallet", dawn())
		u, login := s.person()
		act, _ := s.act(u.ID, v, 0)
		act.Context = vault.Ciphertext{}
		s.write(func(tx vault.Tx) { tx.Append(act, 0, nil) })
		kept, err := s.store.Act(s.Context(), u.ID, act.ID)
		s.must(err)
		s.same(kept, act)
		s.same(s.standing("wallet", login).User.ConsentSeq, int64(0))
	},
}
