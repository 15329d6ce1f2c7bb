package vaulttest

import (
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// shown records that somebody was shown fields of people.
func (s *storeTest) shown(to uuid.UUID, action vault.Action, outcome vault.Outcome, at time.Time, fields []string, people ...uuid.UUID) {
	s.Helper()
	s.write(func(tx vault.Tx) {
		for _, subject := range people {
			tx.Record(vault.AuditEvent{
				ID: s.id(), At: at, Actor: to, Kind: vault.Support, Role: vault.Support, Action: action,
				Subject: subject, App: "dala", Fields: fields, Outcome: outcome, RequestID: "r",
			})
		}
	})
}

var breachTests = map[string]func(*storeTest){
	"EachCriterionFindsThoseWhomItMeansAndNobodyElse": func(s *storeTest) {
		s.app("dala")
		s.app("other")
		here, there := s.published("dala", s.tick()), s.published("other", s.tick())
		agrees := func(u vault.User, v *vault.Version) {
			act, events := s.act(u.ID, v, 0, "contact")
			s.write(func(tx vault.Tx) { tx.Append(act, 0, events) })
		}
		early, _ := s.person()
		middle, _ := s.person()
		late, _ := s.person()
		for _, u := range []vault.User{early, middle, late} {
			agrees(u, here)
		}
		noticed := s.tick()
		after, _ := s.person()
		agrees(after, here)
		elsewhere, _ := s.person() // touched by nothing that is about this app
		agrees(elsewhere, there)

		snooper, other, at := s.id(), s.id(), s.tick()
		s.shown(snooper, vault.ProfileRevealed, vault.OutcomeOK, at, []string{"email", "phone"}, early.ID, early.ID)
		s.shown(snooper, vault.ProfileRevealed, vault.OutcomeOK, at.Add(time.Hour), []string{"email"}, middle.ID)
		s.shown(snooper, vault.TechnicalRevealed, vault.OutcomeOK, at, []string{"ipAddress"}, late.ID, elsewhere.ID)
		s.shown(snooper, vault.ProfileRevealed, vault.OutcomeMasked, at, []string{"phone"}, after.ID)
		s.shown(snooper, vault.UserSearched, vault.OutcomeOK, at, []string{"phone"}, after.ID)
		s.shown(other, vault.ProfileRevealed, vault.OutcomeOK, at, []string{"phone"}, after.ID)

		named := vault.Breach{ID: s.id(), Revision: 1, App: "dala", Kind: vault.BreachLoss, State: vault.BreachOpen, DetectedAt: noticed, RecordedAt: noticed, Fields: []string{"phone"}}
		s.write(func(tx vault.Tx) {
			tx.InsertBreach(named)
			tx.AddBreachPeople(named.ID, []uuid.UUID{late.ID, early.ID, elsewhere.ID})
		})
		to := func(more vault.Criterion) vault.Criterion { more.RevealedTo = snooper; return more }
		for name, c := range map[string]struct {
			by   vault.Criterion
			want []vault.User
		}{
			"named":                          {vault.Criterion{}, []vault.User{early, late}},
			"an app, by the detection":       {vault.Criterion{App: "dala"}, []vault.User{early, middle, late}},
			"registered from":                {vault.Criterion{CreatedFrom: middle.CreatedAt}, []vault.User{middle, late, after}},
			"registered before":              {vault.Criterion{CreatedTo: late.CreatedAt}, []vault.User{early, middle}},
			"registered in between":          {vault.Criterion{CreatedFrom: middle.CreatedAt, CreatedTo: late.CreatedAt}, []vault.User{middle}},
			"shown anything":                 {to(vault.Criterion{}), []vault.User{early, middle, late}},
			"shown a field":                  {to(vault.Criterion{Field: "phone"}), []vault.User{early}},
			"shown a field that others have": {to(vault.Criterion{Field: "email"}), []vault.User{early, middle}},
			"shown no part of a code":        {to(vault.Criterion{Field: "mail"}), nil},
			"shown until":                    {to(vault.Criterion{RevealedUntil: at.Add(time.Hour)}), []vault.User{early, late}},
			"shown from":                     {to(vault.Criterion{RevealedFrom: at.Add(time.Second), RevealedUntil: at.Add(2 * time.Hour)}), []vault.User{middle}},
			"shown what devices sent":        {to(vault.Criterion{Field: "ipAddress"}), []vault.User{late}},
		} {
			b := named
			b.Criterion = c.by
			want := []uuid.UUID{}
			for _, u := range c.want {
				want = append(want, u.ID)
			}
			slices.SortFunc(want, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
			got, err := s.store.BreachPeople(s.Context(), b, uuid.Nil, 9)
			s.must(err)
			n, err := s.store.CountBreachPeople(s.Context(), b)
			s.must(err)
			if !slices.Equal(got, want) || n != int64(len(want)) {
				s.Errorf("%s: %d people, %v; want %v", name, n, got, want)
			}
			if len(want) > 1 { // and on from page to page
				rest, err := s.store.BreachPeople(s.Context(), b, want[0], 9)
				s.must(err)
				s.same(rest, want[1:])
			}
		}
	},

	"ABreachChangesByRevisionAndItsNoticeIsUsedOnce": func(s *storeTest) {
		u, _ := s.person()
		s.app("dala")
		act, events := s.act(u.ID, s.published("dala", s.tick()), 0, "contact")
		s.write(func(tx vault.Tx) { tx.Append(act, 0, events) })
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
			{CreatedFrom: at.Add(time.Hour)}, {RevealedTo: s.id(), RevealedFrom: at, RevealedUntil: at.Add(time.Hour), Field: "phone"},
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
