package vault

import (
	"slices"
	"time"

	"pgregory.net/rapid"
)

// receipt is a paper, signed at some time since the morning on which all begins.
func (w *world) receipt(t *rapid.T) *Receipt {
	ago := time.Duration(rapid.IntRange(0, int(w.now.Sub(morning)/time.Hour)).Draw(t, "hours ago")) * time.Hour
	r := &Receipt{Method: rapid.SampledFrom(paperMethods).Draw(t, "method"), Reference: "DOC-2026/118", SignedAt: w.now.Add(-ago)}
	switch rapid.IntRange(0, 5).Draw(t, "who signed") {
	case 0:
		r.Representative = &Representative{Ground: Parent}
	case 1:
		r.Representative = &Representative{Ground: PowerOfAttorney}
	}
	return r
}

// paper records what was decided on paper, by whomever and whenever.
func (w *world) paper(t *rapid.T) {
	v := rapid.SampledFrom(w.order).Draw(t, "version")
	if len(v.Facts.Items) == 0 {
		return
	}
	item := rapid.SampledFrom(v.Facts.Items).Draw(t, "item")
	d := ItemDecision{item.Code, rapid.SampledFrom([]Decision{Give, Give, Refuse}).Draw(t, "decision")}
	screen := Screen{Act: w.act(), Version: v.ID, Locale: "ru", Decisions: []ItemDecision{d}, Receipt: w.receipt(t)}
	screen.Document, _ = v.Document("ru")
	known := -1
	if rapid.Bool().Draw(t, "somebody looked") {
		known = int(w.person.User.ConsentSeq)
		seq := int64(known)
		screen.KnownSeq = &seq
	}
	_, events, err := w.service.decide(w.person, screen)

	signed := screen.Receipt.SignedAt
	then, found := w.model.inForce(signed)
	said := w.model.saidNoSince(item.Code, signed)
	want := Code("")
	switch {
	case signed.Before(v.PublishedAt):
		want = CodeInvalidDate
	case found && w.model.order(v.ID) < w.model.order(then.id):
		want = CodeVersionOutdated
	case !item.Asked():
		want = CodeUnknownItem
	case d.Decision == Give && said > 0 && known < said:
		want = CodeWithdrawnSince
	}
	w.answered(t, d, want, events, err)
}

// invalidate declares any decision invalid, whether it stands or not.
func (w *world) invalidate(t *rapid.T) {
	all := w.person.Consents()
	if len(all) == 0 {
		return
	}
	c := rapid.SampledFrom(all).Draw(t, "consent")
	_, events, err := w.service.invalidate(w.person, Invalidation{Act: w.act(), Consent: c.Consent, Reason: Fraud, Reference: "ACT-7"})
	if c.Type == Refused || c.State == ConsentInvalidated {
		if CodeOf(err) != CodeNotGiven || len(events) > 0 {
			t.Fatalf("%s, %s: %v", c.Type, c.State, err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	w.append(events)
	stands := func(other Consent) bool {
		return other.Item == c.Item && other.Consent != c.Consent && other.State == ConsentGiven
	}
	if c.State == ConsentGiven && !slices.ContainsFunc(all, stands) {
		w.mustAsk[c.Item] = true
	}
}
