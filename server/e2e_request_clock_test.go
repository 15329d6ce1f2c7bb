package main

import (
	"testing"
	"time"

	"github.com/kelisim/kelisim/vault"
)

// setTo moves the clock to a moment.
func (w *world) setTo(moment string) {
	w.t.Helper()
	to, err := time.Parse(time.RFC3339, moment)
	if err != nil {
		w.t.Fatal(err)
	}
	w.clock.advance(to.Sub(w.clock.Now()))
}

func TestLaw25TheTermOfARequestRunsOverNewYearAndNauryz(t *testing.T) {
	w := embedded(t)
	for _, c := range []struct {
		now, kind, due string // the last day
		left           int
	}{
		{"2026-12-31T10:00:00+05:00", "CORRECTION", "2027-01-05", 1},
		{"2026-12-31T23:30:00+05:00", "OBJECTION", "2027-01-08", 3},
		{"2027-03-19T18:00:00+05:00", "BLOCKING", "2027-03-25", 1},
		{"2027-03-19T18:00:00+05:00", "ACCESS", "2027-03-29", 3},
		{"2026-12-30T09:00:00+05:00", "ERASURE", "2027-01-14", 8},
	} {
		w.setTo(c.now)
		r := at(w.letter(c.kind, nil).ok().payload, "request")
		due, err := time.Parse(time.RFC3339, str(r, "dueAt"))
		if err != nil {
			t.Fatal(err)
		}
		almaty := time.FixedZone("Asia/Almaty", 5*60*60)
		equal(t, c.kind+" of "+c.now, due.In(almaty).Format("2006-01-02T15:04:05.000"), c.due+"T23:59:59.999")
		equal(t, c.kind+": days left", number(r, "workingDaysLeft"), c.left)
		equal(t, "the pack is on record", str(r, "rulePack"), "KZ/2026-11-23")
		w.step(w.staff(vault.Support), "extendSubjectRequest", r, input{"reason": "COMPLEX"}).refused("REQUEST_NOT_EXTENDABLE")

		w.clock.advance(due.Add(-time.Hour).Sub(w.clock.Now()))
		read := func() int {
			data := w.ask(w.staff(vault.Support), `query($id: ID!) { subjectRequest(id: $id) { workingDaysLeft } }`, input{"id": str(r, "id")}).must()
			return number(data, "subjectRequest", "workingDaysLeft")
		}
		equal(t, "on the last day", read(), 0)
		w.clock.advance(72 * time.Hour)
		if late := read(); late >= 0 {
			t.Errorf("%s: three days late it says %d", c.kind, late)
		}
	}
}

func TestAPackWithALongerTermLetsARequestTakeIt(t *testing.T) {
	w := embedded(t)
	w.sys.vault.Rules[vault.HomeJurisdiction] = w.sys.vault.Rules["GDPR"]
	w.setTo("2027-01-11T10:00:00Z")
	r := at(w.letter("ACCESS", nil).ok().payload, "request")
	equal(t, "due", str(r, "dueAt"), "2027-02-11T22:59:59.999Z")
	longer := at(w.step(w.staff(vault.Support), "extendSubjectRequest", r, input{"reason": "COMPLEX"}).ok().payload, "request")
	equal(t, "the longer term", str(longer, "dueAt"), "2027-04-12T21:59:59.999Z") // the 11th is a Sunday
	w.step(w.staff(vault.Support), "extendSubjectRequest", longer, input{"reason": "COMPLEX"}).refused("REQUEST_NOT_EXTENDABLE")
}
