package main

import (
	"testing"

	"github.com/kelisim/kelisim/vault"
)

// court is an authority, by its number.
func court() input { return input{"registration": "991240000003", "country": "KZ"} }

// approved has another officer approve what is to be recorded.
func (w *world) approved(in input) {
	w.t.Helper()
	w.mutate(w.token(vault.Compliance, "second-officer", nil), "approveDisclosure", in, `approved`).ok()
}

func TestClause332WhatTheLawDemandsTakesTwoColleaguesAndAnAuthority(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		officer, second := w.staff(vault.Compliance), w.token(vault.Compliance, "second-officer", nil)
		me := w.subject("four eyes")
		id := w.register(me, with(named(), input{"phone": "+77019264837"}))
		other := w.register(w.subject("not approved"), with(named(), input{"phone": "+77019264838"}))
		law := passes(input{"ground": "LAW", "purpose": nil, "reference": "ART-8.4", "requester": court(), "recipient": court()}, id)
		approves := func(token string, more input) outcome {
			return w.mutate(token, "approveDisclosure", with(law, more), `approved`)
		}

		w.disclose(officer, with(law, input{"requester": nil})).refused("REQUIRED@requester")
		w.disclose(officer, with(law, input{"requester": input{"registration": "910412400006", "country": "KZ"}})).refused("INVALID_BIN@requester.registration")
		for _, personal := range []string{"IVANOV-IVAN", "I850101300019", "IIN-850101300019", "INN-500100732259"} {
			w.disclose(officer, with(law, input{"recipient": input{"registration": personal, "country": "RU"}})).refused("INVALID_VALUE@recipient.registration")
			w.disclose(officer, with(law, input{"requester": input{"registration": personal, "country": "RU"}})).refused("INVALID_VALUE@requester.registration")
		}
		w.disclose(officer, with(passes(nil, id), input{"requester": court()})).refused("INVALID_VALUE@requester")
		approves(second, input{"ground": "CONSENT", "requester": nil, "reference": nil, "purpose": "contact", "recipient": input{"name": "x", "country": "KZ"}}).refused("INVALID_VALUE@ground")

		w.disclose(officer, law).refused("REQUIRED@users.0")
		approves(officer, nil).ok()
		w.disclose(officer, law).refused("REQUIRED@users.0") // one's own word is not another's
		equal(t, "nothing counts as passed on", len(w.disclosures(officer, id)), 0)
		equal(t, "approved for", number(approves(second, nil).ok().payload, "approved"), 1)
		equal(t, "nor when it is approved", len(w.disclosures(officer, id)), 0)
		w.disclose(officer, with(law, input{"fields": []string{"phone", "familyName"}})).refused("REQUIRED@users.0")
		w.disclose(officer, with(law, input{"users": []string{id, other}})).refused("REQUIRED@users.1")

		done := at(w.disclose(officer, law).ok().payload, "disclosures", 0)
		events := w.events(vault.AuditFilter{Action: string(vault.DisclosureApproved), Subject: w.userUUID(id)})
		equal(t, "who answers for it", str(done, "approver"), events[0].Actor.String())
		equal(t, "not who recorded it", str(done, "approver") != str(done, "recorder"), true)
		seen := w.ask(me, `{ me { disclosures { nodes { requester { registration country } } } } }`, nil).must()
		equal(t, "the person sees who asked", str(seen, "me", "disclosures", "nodes", 0, "requester", "registration"), "991240000003")
		w.disclose(officer, law).refused("REQUIRED@users.0") // an approval is good for one record

		held := with(law, input{"fields": []string{"phone", "iin"}})
		w.approved(held)
		same(t, "only what there is", strs(at(w.disclose(officer, held).ok().payload, "disclosures", 0), "fields"), []string{"phone"})
		none := with(law, input{"fields": []string{"iin"}})
		w.approved(none)
		w.disclose(officer, none).refused("FIELD_NOT_COVERED@users.0")
	})
}

func TestClause331ThePurposeNamesWhatIsPassedOnForIt(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.sharing()
		_, id := w.member("purposeful", "jel", "club")
		purpose := passes(input{"purpose": "club"}, id)
		refused := w.disclose(w.staff(vault.Compliance), purpose)
		refused.refused("FIELD_NOT_COVERED@fields.0")
		equal(t, "which item", refused.parameter("item"), "club")
	})
}
