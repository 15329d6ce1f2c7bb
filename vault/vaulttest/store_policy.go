package vaulttest

import (
	"slices"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

func (s *storeTest) version(id uuid.UUID) *vault.Version {
	s.Helper()
	v, err := s.store.Version(s.Context(), id)
	s.must(err)
	return v
}

var policyTests = map[string]func(*storeTest){
	"AVersionIsReadAsItWasInserted": func(s *storeTest) {
		s.app("wallet")
		v, docs := s.draft("wallet")
		s.same(s.version(v.ID), v)
		for _, d := range docs {
			got, err := s.store.Document(s.Context(), v.ID, d.Locale)
			s.must(err)
			s.same(got, d)
		}
		for id, locale := range map[uuid.UUID]string{v.ID: "en", s.id(): "kk"} {
			_, err := s.store.Document(s.Context(), id, locale)
			s.wantError(err, vault.ErrNotFound)
		}
		_, err := s.store.Version(s.Context(), s.id())
		s.wantError(err, vault.ErrNotFound)
	},

	"AVersionBelongsToAnAppAndBeginsAsADraft": func(s *storeTest) {
		v := &vault.Version{ID: s.id(), App: "nowhere", Label: "1", Status: vault.Draft, Revision: 1, CreatedAt: dawn(), UpdatedAt: dawn()}
		s.wantError(s.try(func(tx vault.Tx) { tx.InsertVersion(v, nil) }), vault.ErrNotFound)
		s.app("wallet")
		v.App, v.Status = "wallet", vault.Published
		if s.try(func(tx vault.Tx) { tx.InsertVersion(v, nil) }) == nil {
			s.Fatal("a version was inserted as published")
		}
		_, err := s.store.Version(s.Context(), v.ID)
		s.wantError(err, vault.ErrNotFound)
	},

	"ADraftIsReplacedFromTheExpectedRevision": func(s *storeTest) {
		s.app("wallet")
		v, _ := s.draft("wallet")
		yes := true
		v.Label, v.Facts.CrossBorder, v.Facts.Term = "1.1", &yes, nil
		v.UpdatedAt, v.EffectiveAt, v.Revision, v.Authoritative = s.tick(), dawn().AddDate(0, 2, 0), 2, "ru"
		docs := documents(v)[1:]
		v.Documents = v.Documents[1:]
		s.write(func(tx vault.Tx) { tx.UpdateVersion(v, 1, docs) })
		s.same(s.version(v.ID), v)
		_, err := s.store.Document(s.Context(), v.ID, "ru")
		s.wantError(err, vault.ErrNotFound)

		for _, stale := range []int64{1, 3} {
			s.wantError(s.try(func(tx vault.Tx) { tx.UpdateVersion(v, stale, nil) }), vault.ErrStale)
		}
		s.same(s.race(8, vault.ErrStale, func(int) error {
			return s.try(func(tx vault.Tx) { tx.UpdateVersion(v, 2, docs) })
		}), 1)
	},

	"OfTwoThatPublishAtOnceOneHasToLookAgain": func(s *storeTest) {
		s.app("wallet")
		drafts := make([]*vault.Version, 8)
		for i := range drafts {
			drafts[i], _ = s.draft("wallet")
			drafts[i].Status, drafts[i].PublishedAt, drafts[i].EffectiveAt = vault.Published, s.tick(), dawn()
		}
		s.same(s.race(len(drafts), vault.ErrStale, func(i int) error {
			return s.try(func(tx vault.Tx) { tx.PublishVersion(drafts[i], 1, 0, nil) })
		}), 1)
		_, moments, err := s.store.App(s.Context(), "wallet")
		s.must(err)
		s.same(len(moments), 1)
		for _, published := range []int{0, 2} {
			s.wantError(s.try(func(tx vault.Tx) { tx.PublishVersion(drafts[0], 1, published, nil) }), vault.ErrStale)
		}
	},

	"AnUpdateDoesNotPublish": func(s *storeTest) {
		s.app("wallet")
		v, docs := s.draft("wallet")
		v.Status, v.PublishedAt, v.EffectiveAt = vault.Published, s.tick(), dawn()
		if s.try(func(tx vault.Tx) { tx.UpdateVersion(v, 1, docs) }) == nil {
			s.Fatal("a draft was published past the order of publications")
		}
	},

	"WhatWasPublishedNeverChanges": func(s *storeTest) {
		s.app("wallet")
		v := s.published("wallet", dawn())
		changed := *v
		changed.Label, changed.Status = "2.0", vault.Draft
		for revision := range int64(4) {
			s.wantError(s.try(func(tx vault.Tx) { tx.UpdateVersion(&changed, revision, nil) }), vault.ErrStale)
		}
		if s.try(func(tx vault.Tx) { tx.InsertVersion(&changed, nil) }) == nil {
			s.Fatal("a version was inserted over a published one")
		}
		s.same(s.version(v.ID), v)
		for _, d := range v.Documents {
			kept, err := s.store.Document(s.Context(), v.ID, d.Locale)
			s.must(err)
			s.same(vault.Hash(kept.Canonical), d.Hash)
		}
	},

	"VersionsAreListedNewestFirst": func(s *storeTest) {
		s.app("wallet")
		s.app("other")
		s.draft("other")
		var ids []uuid.UUID
		for range 7 {
			ids = append(ids, s.id())
		}
		for n, i := range []int{3, 0, 6, 1, 5, 2, 4} {
			v := &vault.Version{ID: ids[i], App: "wallet", Label: "1", Status: vault.Draft, Revision: 1, UpdatedAt: dawn()}
			v.CreatedAt = dawn().AddDate(0, 0, i/3) // three of one moment
			docs := documents(v)
			s.write(func(tx vault.Tx) { tx.InsertVersion(v, docs[:n%3]) })
		}
		list := func(drafts bool) []uuid.UUID {
			return pages(s, 2, func(page vault.Page) ([]*vault.Version, error) {
				return s.store.Versions(s.Context(), "wallet", drafts, page)
			}, func(v *vault.Version) uuid.UUID { return v.ID })
		}
		slices.Reverse(ids)
		s.same(list(true), ids)
		none(s, list(false))

		one, two := s.published("wallet", dawn()), s.published("wallet", dawn())
		s.same(list(false), []uuid.UUID{two.ID, one.ID})
		got, err := s.store.Versions(s.Context(), "wallet", false, vault.Page{Limit: 5})
		s.must(err)
		s.same(got, []*vault.Version{two, one})
	},

	"AnAppIsReadAsItWasPut": func(s *storeTest) {
		a := s.app("wallet")
		got, published, err := s.store.App(s.Context(), "wallet")
		s.must(err)
		s.same(got, a)
		s.same(published, []vault.Moment{})

		one, two := s.published("wallet", dawn()), s.published("wallet", dawn().AddDate(0, 0, 1))
		s.draft("wallet")
		_, published, err = s.store.App(s.Context(), "wallet")
		s.must(err)
		var want []vault.Moment
		for _, v := range []*vault.Version{one, two} {
			want = append(want, vault.Moment{Version: v.ID, PublishedAt: v.PublishedAt, EffectiveAt: v.EffectiveAt})
		}
		s.same(vault.NewTimeline(published), vault.NewTimeline(want))
		_, _, err = s.store.App(s.Context(), "WALLET")
		s.wantError(err, vault.ErrNotFound)
	},

	"AnAppPutAgainKeepsItsId": func(s *storeTest) {
		a := s.app("wallet")
		b := s.app("b-app")
		changed := a
		changed.ID, changed.Audiences = s.id(), []string{"x", "y"}
		s.write(func(tx vault.Tx) { tx.PutApp(changed) })
		changed.ID = a.ID
		apps, err := s.store.Apps(s.Context())
		s.must(err)
		s.same(apps, []vault.App{b, changed})
	},
}
