package vault

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// world runs the rules and the model side by side.
type world struct {
	now     time.Time
	person  *Person
	model   consentModel
	service *Service
	order   []*Version // as published
	nextAct uint64
	// mustAsk are the items withdrawn to which nobody knowing has agreed since.
	mustAsk map[string]bool
}

var (
	worldItems  = []string{"identify", "marketing", "courier"}
	worldFields = []string{"familyName", "birthDate", "iin", "email", "phone"}
)

func newWorld(t *rapid.T) *world {
	w := &world{now: morning, mustAsk: map[string]bool{}}
	w.person = testPerson(morning)
	w.model.app = []string{ownBIN, groupBIN}
	w.service = testService(func() time.Time { return w.now })
	w.publish(t, 0)
	return w
}

func (w *world) publish(t *rapid.T, later time.Duration) {
	effective := w.now.Add(later)
	if n := len(w.order); n > 0 && effective.Before(w.order[n-1].EffectiveAt) {
		effective = w.order[n-1].EffectiveAt // versions take effect in the order of their publication
	}
	v := testVersion(uint64(len(w.order)+1), w.now, effective)
	v.Operators = w.person.App.OperatorBINs()
	m := modelVersion{
		id: v.ID, published: w.now, effective: v.EffectiveAt, operators: slices.Clone(w.model.app),
		asks: map[string]bool{}, uses: map[string][]string{}, says: map[string]string{},
		notice: rapid.IntRange(0, 2).Draw(t, "a notice covers new members") == 0,
	}
	v.Facts.MembersByNotice = m.notice
	for _, code := range worldItems {
		if len(w.order) > 0 && rapid.IntRange(0, 9).Draw(t, "drop") == 0 {
			continue
		}
		fields := rapid.SliceOfNDistinct(rapid.SampledFrom(worldFields), 0, 3, rapid.ID[string]).Draw(t, "fields")
		item := ask(code, rapid.Bool().Draw(t, "required"), fields...)
		if rapid.IntRange(0, 9).Draw(t, "basis") == 0 {
			item.Basis = BasisLaw
		}
		if rapid.IntRange(0, 9).Draw(t, "other words") == 0 {
			item.Statement = inAll("to something else")
		}
		v.Facts.Items = append(v.Facts.Items, item)
		m.says[code] = item.Statement[0].Text
		m.asks[code], m.uses[code] = item.Basis == BasisConsent, fields
	}
	if n := rapid.SampledFrom([]int{0, 0, 10, 40}).Draw(t, "term"); n > 0 {
		v.Facts.Term, m.termDays = new(fmt.Sprintf("P%dD", n)), n
	}
	w.person.add(v)
	w.order = append(w.order, v)
	w.model.versions = append(w.model.versions, m)
}

// decide sends a screen for any version, known or not to have been withdrawn.
func (w *world) decide(t *rapid.T) {
	v := rapid.SampledFrom(w.order).Draw(t, "version")
	if len(v.Facts.Items) == 0 {
		return // it asks for nothing
	}
	item := rapid.SampledFrom(v.Facts.Items).Draw(t, "item")
	d := ItemDecision{item.Code, rapid.SampledFrom([]Decision{Give, Give, Refuse}).Draw(t, "decision")}
	screen := Screen{Act: w.act(), Version: v.ID, Locale: "ru", Decisions: []ItemDecision{d}}
	screen.Document, _ = v.Document("ru")
	screen.DeviceAt = w.now.Add(days(rapid.IntRange(-400, 400).Draw(t, "device clock")))
	known := -1
	if rapid.Bool().Draw(t, "says what it knows") {
		known = rapid.IntRange(0, int(w.person.User.ConsentSeq)).Draw(t, "known seq")
		seq := int64(known)
		screen.KnownSeq = &seq
	}
	before := w.answers(t)
	_, events, err := w.service.decide(w.person, screen)

	current, _ := w.model.inForce(w.now)
	coming := v.EffectiveAt.After(w.now)
	outdated := !coming && v.ID != current.id
	taken := w.model.lastTakenBack(item.Code)
	want := Code("")
	switch {
	case outdated:
		want = CodeVersionOutdated
	case !item.Asked():
		want = CodeUnknownItem
	case d.Decision == Give && taken > 0 && known < taken:
		want = CodeWithdrawnSince
	case d.Decision == Give && w.model.parental():
		want = CodeRepresentativeNeeded
	}
	if w.answered(t, d, want, events, err) && coming {
		w.unchangedBut(t, before, item.Code)
	}
}

// answered holds what became of a decision against what has to; it reports
// whether it is on record.
func (w *world) answered(t *rapid.T, d ItemDecision, want Code, events []ConsentEvent, err error) bool {
	if want != "" {
		if CodeOf(err) != want || len(events) > 0 {
			t.Fatalf("%s of %s: %v and %d events, want %s", d.Decision, d.Item, err, len(events), want)
		}
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	w.append(events)
	if d.Decision == Give {
		w.mustAsk[d.Item] = false
	}
	return true
}

func (w *world) withdraw(t *rapid.T) {
	in := Withdrawal{Act: w.act(), DeviceAt: w.now.Add(days(rapid.IntRange(-400, 400).Draw(t, "device clock")))}
	if rapid.Bool().Draw(t, "by letter") {
		in.Receipt = w.receipt(t)
	}
	if rapid.Bool().Draw(t, "all") {
		in.All = true
	} else {
		in.Items = []string{rapid.SampledFrom(worldItems).Draw(t, "item")}
	}
	_, events, err := w.service.withdraw(w.person, in)
	if err != nil {
		if code := CodeOf(err); code != CodeNotGiven && code != CodeAlreadyWithdrawn {
			t.Fatal(err)
		}
		for _, item := range in.Items { // nothing to withdraw: so nothing may rest on it
			if c := w.person.Check(item, "", w.now); c.Allowed && c.Reason == ReasonGiven {
				t.Fatalf("%s cannot be withdrawn (%v) and is allowed", item, err)
			}
		}
		return
	}
	w.append(events)
	for _, e := range events {
		w.mustAsk[e.Item] = true
	}
	for _, item := range worldItems {
		if slices.Contains(in.Items, item) || in.All {
			if c := w.person.Check(item, "", w.now); c.Allowed && c.Reason == ReasonGiven {
				t.Fatalf("%s is withdrawn and allowed", item)
			}
		}
	}
}

func (w *world) act() uuid.UUID { w.nextAct++; return testID(900_000 + w.nextAct) }

func (w *world) append(events []ConsentEvent) {
	for _, e := range events {
		w.person.User.ConsentSeq = e.Seq
		w.person.History = append(w.person.History, e)
		w.model.acts = append(w.model.acts, modelAct{
			seq: len(w.model.acts) + 1, what: string(e.Type), item: e.Item, version: e.Version,
			operators: w.model.version(e.Version).operators, received: w.now, decided: w.now, consent: e.Consent,
			parent: e.Ground == Parent, ownPaper: e.Method != InAppConfirmed && e.GivenBy == BySubject,
		})
		if !e.SignedAt.IsZero() {
			w.model.acts[len(w.model.acts)-1].decided = e.SignedAt
		}
	}
}

func (w *world) pass(d time.Duration) {
	w.now = w.now.Add(d)
	w.person.now = w.now
}

// answers are the checks of all items now.
func (w *world) answers(*rapid.T) map[string]Check {
	out := map[string]Check{}
	for _, item := range worldItems {
		out[item] = w.person.Check(item, "", w.now)
	}
	return out
}

// unchangedBut: a decision about a coming version leaves the present alone;
// where nobody had been asked before, it is now known to be early.
func (w *world) unchangedBut(t *rapid.T, before map[string]Check, item string) {
	for code, was := range before {
		is := w.person.Check(code, "", w.now)
		if code == item && was.Reason == NeverAsked && is.Reason == NotInForce {
			continue
		}
		if is.Reason != was.Reason || is.Allowed != was.Allowed || is.consent != was.consent {
			t.Fatalf("%s was %s and is %s by an early decision about %s", code, was.Reason, is.Reason, item)
		}
	}
}

// holds compares with the model at moments around the present.
func (w *world) holds(t *rapid.T) {
	for _, item := range append(slices.Clone(worldItems), "unheardOf") {
		for _, operator := range []string{"", ownBIN, groupBIN, otherBIN} {
			for _, shift := range []int{-30, -3, 0, 3, 30, 300} {
				moment := w.now.Add(days(shift))
				got := w.person.Check(item, operator, moment)
				want := w.model.check(item, operator, moment, w.now)
				if wrong := want.differs(got); wrong != "" {
					t.Fatalf("%s for %q %+d days: %s", item, operator, shift, wrong)
				}
				if shift >= 0 && w.mustAsk[item] && got.Allowed && got.Reason == ReasonGiven {
					t.Fatalf("%s was withdrawn and is allowed again %+d days without a knowing grant", item, shift)
				}
			}
		}
	}
	w.ignoresDevices(t)
}

// ignoresDevices: the device's clock decides nothing, nor does a replica's
// for a question about the present where no term runs.
func (w *world) ignoresDevices(t *rapid.T) {
	other := *w.person
	other.History = slices.Clone(w.person.History)
	for i := range other.History {
		other.History[i].DeviceAt = morning.Add(days(1000 - 7*i))
		if w.person.versions[other.History[i].Version].Facts.Term == nil {
			other.History[i].ReceivedAt = morning.Add(days(500 - 7*i))
		}
	}
	for _, item := range worldItems {
		if a, b := w.person.Check(item, "", w.now), other.Check(item, "", w.now); a.Reason != b.Reason || a.consent != b.consent {
			t.Fatalf("%s: %s by one set of clocks and %s by another", item, a.Reason, b.Reason)
		}
	}
}

func TestConsentsStandAsTheModelSaysWhateverHappens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		t.Repeat(map[string]func(*rapid.T){
			"decide":   w.decide,
			"give":     w.decide, // more often than the rest
			"withdraw": w.withdraw,
			"time passes": func(t *rapid.T) {
				w.pass(time.Duration(rapid.IntRange(1, 15*24).Draw(t, "hours")) * time.Hour)
			},
			"publish": func(t *rapid.T) {
				w.publish(t, days(rapid.SampledFrom([]int{0, 0, 2, 20}).Draw(t, "days ahead")))
			},
			"the group changes": func(t *rapid.T) {
				w.person.App.Group, w.model.app = nil, []string{ownBIN}
				if rapid.Bool().Draw(t, "grows") {
					w.person.App.Group = []Operator{{BIN: groupBIN}, {BIN: otherBIN}}
					w.model.app = []string{ownBIN, groupBIN, otherBIN}
				}
			},
			"the operator invalidates": w.invalidate,
			"paper":                    w.paper,
			"":                         w.holds,
		})
	})
}
