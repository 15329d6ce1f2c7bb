package vaulttest

import (
	"errors"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

var standingTests = map[string]func(*storeTest){
	"NobodyStandsInAnUnknownApp": func(s *storeTest) {
		s.app("wallet")
		u, login := s.person()
		for _, app := range []string{"Wallet", "wallet ", ""} {
			_, err := s.store.Standing(s.Context(), app, login)
			s.wantError(err, vault.ErrNotFound)
			_, err = s.store.Standings(s.Context(), app, []uuid.UUID{u.ID})
			s.wantError(err, vault.ErrNotFound)
		}
	},

	"AStrangerSeesWhatIsPublished": func(s *storeTest) {
		app := s.app("wallet")
		s.app("other")
		s.person()
		v := s.published("wallet", dawn().AddDate(0, 1, 0))
		s.published("other", dawn())
		s.draft("wallet")
		s.same(s.standing("wallet", vault.SubjectKey{Issuer: "i", KeyVersion: 1, Digest: "nobody"}), vault.Standing{
			App: app, Published: []vault.Moment{{Version: v.ID, PublishedAt: v.PublishedAt, EffectiveAt: v.EffectiveAt}},
		})
	},

	"AStandingHoldsOwnEventsOfTheApp": func(s *storeTest) {
		s.app("wallet")
		s.app("other")
		v, w := s.published("wallet", dawn()), s.published("other", dawn())
		a, login := s.person()
		b, _ := s.person()
		first, firstEvents := s.act(a.ID, v, 0, "x", "y")
		second, secondEvents := s.act(a.ID, w, 2, "x")
		theirs, theirEvents := s.act(b.ID, v, 0, "x")
		s.write(func(tx vault.Tx) {
			tx.Append(first, 0, firstEvents)
			tx.Append(second, 2, secondEvents)
			tx.Append(theirs, 0, theirEvents)
		})
		standing := s.standing("wallet", login)
		a.ConsentSeq = 3
		s.same(*standing.User, a)
		s.same(standing.History, vault.History(firstEvents))
		s.same(s.standing("other", login).History, vault.History(secondEvents))
	},

	"StandingsComeInTheOrderAsked": func(s *storeTest) {
		app := s.app("wallet")
		v := s.published("wallet", dawn())
		a, login := s.person()
		b, _ := s.person()
		act, events := s.act(a.ID, v, 0, "x")
		s.write(func(tx vault.Tx) { tx.Append(act, 0, events) })
		a.ConsentSeq = 1

		got, err := s.store.Standings(s.Context(), "wallet", []uuid.UUID{b.ID, s.id(), a.ID, b.ID, a.ID})
		s.must(err)
		published := []vault.Moment{{Version: v.ID, PublishedAt: v.PublishedAt, EffectiveAt: v.EffectiveAt}}
		with := func(u *vault.User, h vault.History) vault.Standing {
			return vault.Standing{App: app, Published: published, User: u, History: h}
		}
		s.same(got, []vault.Standing{with(&b, nil), with(nil, nil), with(&a, events), with(&b, nil), with(&a, events)})
		s.same(s.standing("wallet", login), with(&a, events))

		none, err := s.store.Standings(s.Context(), "wallet", nil)
		s.must(err)
		s.same(none, []vault.Standing{})
	},

	"AStandingIsOneSnapshot": func(s *storeTest) {
		s.app("wallet")
		v := s.published("wallet", dawn())
		u, login := s.person()
		const acts = 40
		done := make(chan error, 1)
		go func() {
			var err error
			for i := range int64(acts) {
				act, events := s.act(u.ID, v, 2*i, "x", "y")
				err = errors.Join(err, s.try(func(tx vault.Tx) { tx.Append(act, 2*i, events) }))
			}
			done <- err
		}()
		for last := int64(0); last < 2*acts; {
			standing, err := s.store.Standing(s.Context(), "wallet", login)
			s.must(err)
			if n := int64(len(standing.History)); n != standing.User.ConsentSeq || n < last || n%2 != 0 {
				s.Errorf("%d events at seq %d after %d", n, standing.User.ConsentSeq, last)
				break
			}
			if last = standing.User.ConsentSeq; len(done) > 0 {
				break
			}
		}
		s.must(<-done)
		s.same(len(s.standing("wallet", login).History), 2*acts)
	},
}
