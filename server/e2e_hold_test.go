package main

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// holds places a legal hold on a person, and answers how it is lifted.
func (w *world) holds(id string, items ...string) (lift func()) {
	w.t.Helper()
	in := input{"user": id, "ground": "COURT", "reference": "COURT-7599-26/1"}
	if len(items) > 0 {
		in["items"] = items
	}
	hold := w.mutate(w.staff(vault.Compliance), "placeLegalHold", in, `obstacle { id }`).ok()
	return func() {
		w.t.Helper()
		w.mutate(w.staff(vault.Compliance), "liftLegalHold", input{"id": str(hold.payload, "obstacle", "id"), "reference": "COURT-7599-26/2"}, "").ok()
	}
}

func TestLaw8AHoldBarsWhateverTakesAConsentBack(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("barred")
		id := w.register(me, named())
		w.record(me, w.shown("ru").decided("marketing", "GIVEN")).ok()
		officer := w.staff(vault.Compliance)
		w.mutate(officer, "placeLegalHold", input{"user": id, "ground": "COURT", "reference": "COURT-1", "items": []string{"marketing", "nosuchitem"}}, "").
			refused("UNKNOWN_CONSENT_ITEM@items.1")
		lift := w.holds(id, "marketing", "identify")

		w.withdraw(me, "marketing").refused("LEGAL_HOLD@items.0")
		w.record(me, w.shown("ru").decided("improve", "REFUSED", "marketing", "REFUSED")).refused("LEGAL_HOLD@consent.decisions.1.item")
		w.record(me, w.shown("ru").decided("identify", "REFUSED")).refused("LEGAL_HOLD@consent.decisions.0.item")
		w.wrote(id, w.received(0, nil), nil, "marketing", "REFUSED").refused("LEGAL_HOLD@consent.decisions.0.item")
		w.mutate(officer, "withdrawConsentFor", input{"user": id, "eventId": uuid.NewString(), "items": []string{"marketing"}, "receipt": w.received(0, nil)}, "").
			refused("LEGAL_HOLD@items.0")
		equal(t, "it still counts", w.reason(id, "marketing", ""), "GIVEN")
		w.record(me, w.shown("ru").decided("improve", "REFUSED")).ok() // nobody had given it
		w.record(me, w.shown("ru").decided("marketing", "GIVEN")).ok()

		lift()
		w.record(me, w.shown("ru").decided("marketing", "REFUSED")).ok()
		equal(t, "taken back", w.reason(id, "marketing", "") != "GIVEN", true)
	})
}

func TestLaw24AHeldValueStaysAsItIs(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("kept")
		id := w.register(me, with(named(), input{"email": "kept@mail.example", "phone": "+77019264837"}))
		lift := w.holds(id, "contact") // which names phone and e-mail
		refused := w.update(me, input{"email": nil})
		refused.refused("LEGAL_HOLD@profile.email")
		equal(t, "which", refused.parameter("field"), "email")
		w.update(me, input{"phone": "+77019264838", "familyName": "Басқабекова"}).refused("LEGAL_HOLD@profile.phone")
		w.mutate(w.staff(vault.Support), "updateUser", input{
			"user": id, "profile": input{"phone": nil}, "source": "DOCUMENT", "basis": input{"reason": "CORRECTION", "ticket": "SUP-9"},
		}, "").refused("LEGAL_HOLD@profile.phone")
		w.update(me, input{"phone": "8 701 926 48 37", "familyName": "Басқабекова"}).ok() // the same, and what no hold names
		read := w.ask(me, `{ me { profile { phone { value } email { value } familyName { value } } } }`, nil).must()
		equal(t, "phone", str(read, "me", "profile", "phone", "value"), "+77019264837")
		equal(t, "e-mail", str(read, "me", "profile", "email", "value"), "kept@mail.example")

		lift()
		lift = w.holds(id) // of everything
		w.update(me, input{"familyName": nil}).refused("LEGAL_HOLD@profile.familyName")
		w.update(me, input{"patronymic": "Ерланқызы"}).ok() // it was empty
		lift()
		w.update(me, input{"email": nil}).ok()
	})
}

func TestClause31AHoldKeepsWhatDevicesSentVisibly(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("device held")
		id := w.register(me, named())
		w.record(me, w.of(w.collecting("ipNetwork"), "ru").decided("identify", "GIVEN", "contact", "GIVEN", "watch", "GIVEN")).ok()
		w.mutate(me, "recordTechnicalData", input{"events": []input{w.came(nil)}, "fromConnection": true}, "kept").ok()
		lift := w.holds(id)
		h := housekeeper{w.sys.db, w.clock.Now, w.sys.log, w.edge.forgetTechnical}
		forget := func() {
			t.Helper()
			if err := h.forgetTechnical(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		w.clock.advance(91 * 24 * time.Hour)
		forget()
		forget()
		equal(t, "kept", len(w.heldTechnical()), 1)
		held := w.events(vault.AuditFilter{Action: string(vault.TechnicalKept), Subject: w.userUUID(id)})
		equal(t, "on record once", len(held) == 1 && held[0].AuditEvent.Object == "TechnicalData:held=1", true)
		query := `query($u: ID!) { user(id: $u) { technicalData(basis: {legal: {reference: "ART-8.4"}}) { nodes { heldAt } } } }`
		seen := w.ask(w.staff(vault.Compliance), query, input{"u": id}).must()
		equal(t, "seen by compliance", str(seen, "user", "technicalData", "nodes", 0, "heldAt") != "", true)
		own := w.ask(me, `{ me { technicalData { nodes { id heldAt } } } }`, nil).must()
		equal(t, "holds are for colleagues", at(own, "me", "technicalData", "nodes", 0, "heldAt"), nil)
		lift()
		forget()
		equal(t, "once it is lifted", len(w.heldTechnical()), 0)
	})
}
