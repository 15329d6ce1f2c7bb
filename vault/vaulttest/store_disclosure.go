package vaulttest

import (
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// disclosed adds a disclosure of a person.
func (s *storeTest) disclosed(user uuid.UUID, recipient string, change ...func(*vault.Disclosure)) vault.Disclosure {
	s.Helper()
	d := vault.Disclosure{
		ID: s.id(), User: user, Act: s.id(), App: "wallet", Recipient: vault.DisclosedTo{Registration: recipient, Country: "KZ"},
		Fields: []string{"phone"}, Ground: vault.ByConsent, Version: s.id(), Items: []string{"item_one"}, Consents: []uuid.UUID{s.id()},
		Recorder: s.id(), Role: vault.Compliance, Rules: "KZ/1", At: s.tick(), TellBy: dawn().AddDate(0, 0, 10),
	}
	for _, c := range change {
		c(&d)
	}
	s.write(func(tx vault.Tx) { tx.Disclose(d, 0, vault.StatusActive) })
	return d
}

func (s *storeTest) told(user uuid.UUID, t vault.Telling) []vault.RecipientNotice {
	s.Helper()
	t.User, t.At, t.Due = user, s.tick(), dawn().AddDate(0, 1, 0)
	s.write(func(tx vault.Tx) { tx.TellRecipients(t) })
	return s.notices(vault.NoticeFilter{User: user}, vault.Page{Limit: 100})
}

func (s *storeTest) notices(f vault.NoticeFilter, page vault.Page) []vault.RecipientNotice {
	s.Helper()
	out, err := s.store.RecipientNotices(s.Context(), f, page)
	s.must(err)
	return out
}

func (s *storeTest) passedOn(user uuid.UUID, barred bool, page vault.Page) []vault.Disclosure {
	s.Helper()
	out, err := s.store.Disclosures(s.Context(), user, barred, page)
	s.must(err)
	return out
}

var disclosureTests = map[string]func(*storeTest){
	"DisclosuresAreListedNewestFirstAndHiddenWhileBarred": func(s *storeTest) {
		u, _ := s.person()
		one := s.disclosed(u.ID, "991240000003")
		two := s.disclosed(u.ID, "991240000003", func(d *vault.Disclosure) { d.Withheld, d.TellBy, d.Act = "ART-9", time.Time{}, one.Act })
		all := vault.Page{Limit: 9}
		s.same(s.passedOn(u.ID, true, all), []vault.Disclosure{two, one})
		s.same(s.passedOn(u.ID, true, vault.Page{After: two.ID, Limit: 9}), []vault.Disclosure{one})
		s.same(s.passedOn(u.ID, false, all), []vault.Disclosure{one})
		none(s, s.passedOn(s.id(), true, all))
		in, err := s.store.DisclosedIn(s.Context(), one.Act)
		s.must(err)
		s.same(len(in), 2)

		two.Released, two.TellBy, one.Seen = s.tick(), dawn().AddDate(0, 2, 0), s.tick()
		for range 2 { // a second mark changes nothing
			s.write(func(tx vault.Tx) {
				tx.MarkDisclosure(u.ID, two.ID, vault.MarkReleased, two.Released, two.TellBy)
				tx.MarkDisclosure(u.ID, one.ID, vault.MarkSeen, one.Seen, time.Time{})
			})
		}
		s.same(s.passedOn(u.ID, false, all), []vault.Disclosure{two, one})
		_, err = s.store.Disclosure(s.Context(), s.id(), one.ID)
		s.wantError(err, vault.ErrNotFound)
	},

	"ADisclosureNeedsThePersonAsTheyWereRead": func(s *storeTest) {
		u, _ := s.person()
		d := s.disclosed(u.ID, "991240000003")
		d.ID = s.id()
		s.wantError(s.try(func(tx vault.Tx) { tx.Disclose(d, 1, vault.StatusActive) }), vault.ErrStale)
		s.wantError(s.try(func(tx vault.Tx) { tx.Disclose(d, 0, vault.StatusBlocked) }), vault.ErrStale)
		s.same(len(s.passedOn(u.ID, true, vault.Page{Limit: 9})), 1)
	},

	"RecipientsAreToldOfWhatConcernsThem": func(s *storeTest) {
		u, _ := s.person()
		s.disclosed(u.ID, "a")
		s.disclosed(u.ID, "a")
		s.disclosed(u.ID, "b", func(d *vault.Disclosure) {
			d.Items, d.Fields = []string{"itemXone", "Item_one"}, []string{"phoneNumber"}
		})
		s.disclosed(u.ID, "c", func(d *vault.Disclosure) { d.App = "other" })
		none(s, s.told(s.id(), vault.Telling{About: vault.AboutErased}))
		got := s.told(u.ID, vault.Telling{App: "wallet", About: vault.AboutWithdrawn, Items: []string{"item_one", "nothing"}})
		s.same(len(got), 1)
		s.same(got[0].Recipient, vault.DisclosedTo{Registration: "a", Country: "KZ"})
		s.same(got[0].Codes, []string{"item_one", "nothing"})
		s.same(len(s.told(u.ID, vault.Telling{App: "wallet", About: vault.AboutWithdrawn, Items: []string{"item_one", "nothing"}})), 1) // still to tell
		s.same(len(s.told(u.ID, vault.Telling{About: vault.AboutCorrected, Fields: []string{"phone"}})), 3)
		got = s.told(u.ID, vault.Telling{About: vault.AboutErased})
		s.same(len(got), 6)
		seen := map[uuid.UUID]bool{}
		for _, n := range got {
			seen[n.ID] = true
		}
		s.same(len(seen), 6) // another id for each
	},

	"NoticesAreListedByWhenTheyAreDueAndMoveByRevision": func(s *storeTest) {
		u, _ := s.person()
		s.disclosed(u.ID, "a")
		var last vault.RecipientNotice
		for month := range 3 {
			s.write(func(tx vault.Tx) {
				tx.TellRecipients(vault.Telling{User: u.ID, About: vault.AboutCorrected, Fields: []string{"phone"}, At: dawn(), Due: dawn().AddDate(0, 3-month, 0)})
			})
			last = s.notices(vault.NoticeFilter{State: vault.NoticeToTell}, vault.Page{Limit: 1})[0]
			last.State, last.Revision, last.UpdatedAt = vault.NoticeTold, 2, s.tick()
			s.write(func(tx vault.Tx) { tx.MoveNotice(last, 1) })
			s.wantError(s.try(func(tx vault.Tx) { tx.MoveNotice(last, 1) }), vault.ErrStale)
		}
		all := s.notices(vault.NoticeFilter{}, vault.Page{Limit: 9})
		s.same(all[0], last)
		s.same(s.notices(vault.NoticeFilter{State: vault.NoticeTold}, vault.Page{After: all[0].ID, Limit: 9}), all[1:])
		s.same(s.notices(vault.NoticeFilter{DueBefore: all[1].DueAt}, vault.Page{Limit: 9}), all[:1])
		one, err := s.store.RecipientNotice(s.Context(), all[2].ID)
		s.must(err)
		s.same(one, all[2])
	},

	"ChoicesOfChannelsAreAddedInTheirOrder": func(s *storeTest) {
		u, _ := s.person()
		var want []vault.ChannelChoice
		for seq, refused := range [][]vault.Channel{{vault.SMS}, {}, {vault.Push, vault.Mail}} {
			c := vault.ChannelChoice{User: u.ID, App: "wallet", Item: "contact", Seq: int64(seq + 1), Refused: refused, At: s.tick()}
			s.write(func(tx vault.Tx) { tx.ChooseChannels(c) })
			s.wantError(s.try(func(tx vault.Tx) { tx.ChooseChannels(c) }), vault.ErrStale)
			want = append(want, c)
		}
		got, err := s.store.ChannelChoices(s.Context(), "wallet", []uuid.UUID{u.ID, s.id()})
		s.must(err)
		s.same(got, want)
	},

	"AFieldKeepsItsVisibilityUnlessItIsNamed": func(s *storeTest) {
		u, _ := s.person()
		f := s.field(u.ID, "email")
		f.Visibility = ""
		visible := func() vault.Visibility { return s.fields(u.ID)[0].Visibility }
		s.write(func(tx vault.Tx) { tx.PutField(f) })
		s.same(visible(), vault.Private)
		s.write(func(tx vault.Tx) { tx.SetVisibility(u.ID, []string{"email"}, vault.Public) })
		s.write(func(tx vault.Tx) { tx.PutField(f) })
		s.same(visible(), vault.Public)
		s.write(func(tx vault.Tx) { tx.SetVisibility(u.ID, []string{"email", "nothing"}, vault.Private) })
		s.same(visible(), vault.Private)
		s.wantError(s.try(func(tx vault.Tx) { tx.SetVisibility(u.ID, []string{"email", "nothing"}, vault.Public) }), vault.ErrStale)
	},
}
