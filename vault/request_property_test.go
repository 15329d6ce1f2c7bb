package vault

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// requestModel is what a request may do, written down once more and otherwise:
// as three facts instead of a state.
type requestModel struct {
	known, assigned, closed bool
	extensions              int
}

// wants is the code that a step is refused with; empty: it is taken.
func (m requestModel) wants(step requestStep, late bool) Code {
	switch {
	case m.closed:
		return CodeRequestClosed
	case step == stepVerify && m.known:
		return CodeRequestVerified
	case step == stepFulfil && !m.known:
		return CodeRequestUnverified
	case step == stepExtend && (late || m.extensions > 0):
		return CodeRequestNotExtendable
	}
	return ""
}

func (m requestModel) after(step requestStep) requestModel {
	switch step {
	case stepVerify:
		m.known = true
	case stepAssign:
		m.assigned = true
	case stepExtend:
		m.extensions++
	default:
		m.closed = true
	}
	return m
}

// open is the state that the facts of an open request come to.
func (m requestModel) open() RequestState {
	switch {
	case !m.known:
		return RequestUnverified
	case m.assigned:
		return RequestInProgress
	}
	return RequestReceived
}

// requestPack allows an extension, and two grounds.
func requestPack() *RulePack {
	all := []string{}
	for _, k := range RequestKinds() {
		all = append(all, string(k))
	}
	return &RulePack{
		Code: "XX", Version: "2026-01-01", Calendar: Calendar{Zone: time.UTC, Weekend: []time.Weekday{time.Saturday, time.Sunday}, NextDay: true},
		Rules: []Rule{
			{ID: RuleRequestExtension, Mark: Found, Deadline: &Deadline{3, WorkingDays}},
			{ID: RuleRefuseUnknown, Mark: Found, List: all},
			{ID: RuleRefuseHold, Mark: Found, List: []string{string(AsksErasure)}},
		},
	}
}

func TestARequestGoesAsTheModelGoes(t *testing.T) {
	steps := []requestStep{stepAssign, stepVerify, stepFulfil, stepRefuse, stepExtend, stepCancel}
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom(RequestKinds()).Draw(t, "kind")
		m := requestModel{known: rapid.Bool().Draw(t, "by app")}
		r := SubjectRequest{ID: testID(1), Kind: kind, State: m.open(), Revision: 1, ReceivedAt: morning, DueAt: morning.Add(days(3))}
		now, pack := morning, requestPack()
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 72).Draw(t, "hours")) * time.Hour)
			step := rapid.SampledFrom(steps).Draw(t, "step")
			next, err := takeStep(r, step, pack, now)
			want := m.wants(step, now.After(r.DueAt))
			if err != nil {
				if CodeOf(err) != want || fmt.Sprint(next) != fmt.Sprint(r) {
					t.Fatalf("%s of %+v: %v, want %q", step, r, err, want)
				}
				continue
			}
			if want != "" {
				t.Fatalf("%s of %+v is taken, want %s", step, r, want)
			}
			m = m.after(step)
			holdsTo(t, m, step, r, next, now)
			r = next
		}
	})
}

// takeStep is a step with what belongs to it.
func takeStep(r SubjectRequest, step requestStep, pack *RulePack, now time.Time) (SubjectRequest, error) {
	switch step {
	case stepExtend:
		return r.extended(pack, HardToAnswer, now)
	case stepFulfil:
		next, err := r.answered(r.Kind.outcomes()[0], now)
		if err != nil {
			return r, err
		}
		return next, nil
	default:
		next, err := r.taken(step, now)
		if step == stepAssign && err == nil {
			next.Assignee = testID(7)
		}
		return next, err
	}
}

// holdsTo holds a request after a step against the model.
func holdsTo(t *rapid.T, m requestModel, step requestStep, was, is SubjectRequest, now time.Time) {
	switch {
	case is.Revision != was.Revision+1:
		t.Fatalf("%s: revision %d after %d", step, is.Revision, was.Revision)
	case is.Open() == m.closed, m.closed && !is.ClosedAt.Equal(now):
		t.Fatalf("%s: closed at %s, the model says %t", step, is.ClosedAt, m.closed)
	case !m.closed && is.State != m.open():
		t.Fatalf("%s: %s, the model says %s", step, is.State, m.open())
	case is.DueAt.After(was.DueAt) != (step == stepExtend):
		t.Fatalf("%s: due %s, was %s", step, is.DueAt, was.DueAt)
	case is.ReceivedAt != was.ReceivedAt || is.ID != was.ID || is.Kind != was.Kind:
		t.Fatalf("%s: what came with the request changed", step)
	}
}

func TestARequestIsRefusedOnTheGroundsOfItsPackOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := SubjectRequest{
			Kind: rapid.SampledFrom(RequestKinds()).Draw(t, "kind"), Revision: 1,
			State: rapid.SampledFrom([]RequestState{RequestReceived, RequestUnverified, RequestInProgress}).Draw(t, "state"),
		}
		ground := rapid.SampledFrom([]RefusalGround{NotIdentified, UnderLegalHold, NoViolation, BarredByLaw}).Draw(t, "ground")
		allowed := ground == UnderLegalHold && r.Kind == AsksErasure || ground == NotIdentified && r.State == RequestUnverified
		_, err := r.refused(requestPack(), ground, morning)
		if (err == nil) != allowed || err != nil && CodeOf(err) != CodeRequestGround {
			t.Fatalf("%s of %+v: %v", ground, r, err)
		}
	})
}

func TestARequestThatJoinsAnotherIsNeverAnsweredLaterThanItsOwnTerm(t *testing.T) {
	day := func(due, refuse int) SubjectRequest {
		return SubjectRequest{ID: testID(1), Revision: 4, DueAt: morning.Add(days(due)), RefuseBy: morning.Add(days(refuse))}
	}
	first := day(5, 3)
	for _, c := range []struct{ other, want SubjectRequest }{
		{day(9, 4), first}, {day(2, 2), day(2, 2)}, {day(9, 1), day(5, 1)}, {day(4, 9), day(4, 3)},
	} {
		got := first.withTerms(c.other)
		changed := c.want.DueAt != first.DueAt || c.want.RefuseBy != first.RefuseBy
		if got.DueAt != c.want.DueAt || got.RefuseBy != c.want.RefuseBy || got.Revision == 5 != changed {
			t.Errorf("due %s, to be refused by %s, revision %d", got.DueAt, got.RefuseBy, got.Revision)
		}
	}
	if none := (SubjectRequest{}).withTerms(first); none.Revision != 0 {
		t.Error("what is not there is due")
	}
}

func TestARequestAnswersThoseThatAskForNoMore(t *testing.T) {
	fields := rapid.SliceOfDistinct(rapid.SampledFrom([]string{"phone", "email", "iin"}), rapid.ID[string])
	asked := func(r SubjectRequest, code string) bool { return len(r.Fields) == 0 || slices.Contains(r.Fields, code) }
	rapid.Check(t, func(t *rapid.T) {
		kinds, proofs := rapid.SampledFrom(RequestKinds()), rapid.SampledFrom([]RequesterProof{ProvedByToken, ProvedByDocument, ReportsViolation})
		one := SubjectRequest{ID: testID(1), Kind: kinds.Draw(t, "kind"), Fields: fields.Draw(t, "fields"), Proof: proofs.Draw(t, "proof")}
		two := SubjectRequest{ID: testID(2), Kind: kinds.Draw(t, "kind"), Fields: fields.Draw(t, "fields"), Proof: proofs.Draw(t, "proof")}
		want := one.Kind == two.Kind && one.Kind != Objects && one.Proof != ReportsViolation && two.Proof != ReportsViolation
		for _, code := range []string{"phone", "email", "iin", "any other"} {
			want = want && (asked(one, code) || !asked(two, code))
		}
		if got := one.answers(two); got != want {
			t.Fatalf("%+v answers %+v: %t", one, two, got)
		}
	})
}

func TestTheNumberOfARequestFitsAReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id")
		r := SubjectRequest{ID: uuid.UUID(slices.Clone(raw)), RecordedAt: morning}
		if !legalForm.MatchString(r.Number()) {
			t.Fatalf("%s is no reference", r.Number())
		}
	})
}
