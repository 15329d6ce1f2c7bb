package vault

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"
)

func TestTheEventIsCommittedBeforeThereIsPlaintext(t *testing.T) {
	b := newBench()
	out := b.reveal(t, aPerson, RevealRequest{Person: b.person(1), Fields: everything()})
	if got := b.diary.lines; !slices.Equal(got, []string{"committed", "decrypted"}) {
		t.Errorf("%v", got)
	}
	for i, f := range out[0].Fields {
		if want := testID(10_001).String() + "/" + benchFields[i]; f.State != StatePlain || f.Value.Reveal() != want {
			t.Errorf("%s: %s %s", benchFields[i], f.State, f.Value.Reveal())
		}
	}
}

func TestAPersonIsShownNobodyElseWhoeverHandsThemOver(t *testing.T) {
	b := newBench()
	out := b.reveal(t, aPerson, RevealRequest{Person: b.person(2), Fields: everything()}, RevealRequest{Person: b.person(1), Fields: everything()})
	if !errors.Is(out[0].Err, ErrNotFound) || len(out[0].Fields) > 0 {
		t.Errorf("somebody else: %v, %d fields", out[0].Err, len(out[0].Fields))
	}
	if out[1].Err != nil || out[1].Fields[0].State != StatePlain {
		t.Errorf("themselves: %v", out[1])
	}
}

func TestWithoutItsEventNothingIsDecrypted(t *testing.T) {
	b := newBench()
	b.writer.err = ErrUnavailable
	out := b.reveal(t, aSupporter,
		RevealRequest{Person: b.person(1), Fields: everything()},
		RevealRequest{Person: b.person(2), Fields: everything(), Basis: aTicket, Reveal: []string{"phone"}})
	if b.decrypter.calls > 0 {
		t.Fatal("the decrypter was asked")
	}
	for _, r := range out {
		for _, f := range r.Fields {
			if f.State != StateUnavailable || !f.Value.Empty() {
				t.Errorf("%s is %s %q", f.Field.Code, f.State, f.Value.Reveal())
			}
		}
	}
}

func TestAHundredPeopleCostOneReadOneInsertAndOneCall(t *testing.T) {
	b := newBench()
	var requests []RevealRequest
	for n := range uint64(100) {
		requests = append(requests, RevealRequest{Person: b.person(n), Fields: everything(), Basis: Basis{Purpose: "identify"}})
	}
	out := b.reveal(t, aService, requests...)
	if got := b.diary.lines; !slices.Equal(got, []string{"committed", "decrypted"}) || b.reader.reads != 1 {
		t.Errorf("%v and %d reads", got, b.reader.reads)
	}
	if len(b.decrypter.items) != 500 || len(b.writer.events) != 100 {
		t.Errorf("%d items under %d events", len(b.decrypter.items), len(b.writer.events))
	}
	for n, r := range out {
		for i, f := range r.Fields {
			if want := fmt.Sprintf("%s/%s", requests[n].Person.User.ID, benchFields[i]); f.Value.Reveal() != want {
				t.Fatalf("person %d got %s for %s", n, f.Value.Reveal(), want)
			}
		}
	}
}

func TestEachItemRefersToTheEventThatNamesIt(t *testing.T) {
	b := newBench()
	b.reveal(t, aSupporter,
		RevealRequest{Person: b.person(1), Fields: everything(), Basis: aTicket, Reveal: []string{"phone", "iin"}},
		RevealRequest{Person: b.person(2), Fields: everything()})
	events := map[uuid.UUID]AuditEvent{}
	for _, e := range b.writer.events {
		events[e.ID] = e
	}
	if len(events) != 3 { // values and masks of one, masks of the other
		t.Fatalf("%d events", len(events))
	}
	for _, item := range b.decrypter.items {
		e, ok := events[item.Reference]
		plain := item.User == testID(10_001) && item.Field == "phone"
		want := map[bool]Outcome{true: OutcomeOK, false: OutcomeMasked}[plain]
		if !ok || e.Subject != item.User || !slices.Contains(e.Fields, item.Field) || e.Outcome != want {
			t.Errorf("%s of %s refers to %+v", item.Field, item.User, e)
		}
	}
}

func TestOneFieldThatFailsLeavesItsNeighbours(t *testing.T) {
	b := newBench()
	one, two := b.person(1), b.person(2)
	b.decrypter.fails = func(item DecryptItem) error {
		if item.User == one.User.ID && item.Field == "iin" {
			return ErrUndecryptable
		}
		return nil
	}
	out := b.reveal(t, anOfficer,
		RevealRequest{Person: one, Fields: everything(), Basis: aLegalOrder}, RevealRequest{Person: two, Fields: everything(), Basis: aLegalOrder})
	for n, r := range out {
		for _, f := range r.Fields {
			failed := n == 0 && f.Field.Code == "iin"
			if failed && (f.State != StateUnavailable || !f.Value.Empty()) || !failed && f.State != StatePlain {
				t.Errorf("person %d, %s: %s", n, f.Field.Code, f.State)
			}
		}
	}
}

func TestWithoutTheDecrypterEverythingElseIsAnswered(t *testing.T) {
	b := newBench()
	b.decrypter.err = ErrUnavailable
	p := b.person(1)
	out := b.reveal(t, aPerson, RevealRequest{Person: p, Fields: append(everything(), Wanted{"email", false})})
	for _, f := range out[0].Fields[:5] {
		if f.State != StateUnavailable || !f.UpdatedAt.Equal(morning) {
			t.Errorf("%+v", f)
		}
	}
	if f := out[0].Fields[5]; f.State != StatePlain {
		t.Errorf("the state alone needs no key: %s", f.State)
	}
}

func TestAStateAloneTouchesNoKeyAndLeavesNoEvent(t *testing.T) {
	b := newBench()
	out := b.reveal(t, aPerson, RevealRequest{Person: b.person(1), Fields: []Wanted{{"phone", false}}})
	// Stored as public; but nothing asks for that, so nobody sees it.
	if f := out[0].Fields[0]; f.State != StatePlain || !f.Value.Empty() || !f.Verified || f.Visibility != Private {
		t.Errorf("%+v", f)
	}
	if len(b.diary.lines) > 0 {
		t.Errorf("%v", b.diary.lines)
	}
}

func TestARevealSaysWhoWhoseWhatAndOnWhichGround(t *testing.T) {
	b := newBench()
	p := b.person(1)
	consent := p.History[0].Consent
	want := []Wanted{{"phone", true}, {"email", true}}
	base := AuditEvent{At: morning, Action: ProfileRevealed, Subject: p.User.ID, App: "dala", Fields: []string{"phone", "email"}, Outcome: OutcomeOK}
	for name, c := range map[string]struct {
		actor Actor
		req   RevealRequest
		want  func(*AuditEvent)
	}{
		"a person": {aPerson, RevealRequest{}, func(e *AuditEvent) {
			e.Actor, e.Kind, e.Role, e.RequestID = p.User.ID, Subject, Subject, "req-1"
		}},
		"a person who gives a ground needs none": {aPerson, RevealRequest{Basis: Basis{Purpose: "whatever"}}, func(e *AuditEvent) {
			e.Actor, e.Kind, e.Role, e.RequestID = p.User.ID, Subject, Subject, "req-1"
		}},
		"a service": {aService, RevealRequest{Basis: Basis{Purpose: "identify"}}, func(e *AuditEvent) {
			e.Actor, e.Kind, e.Role, e.Purpose, e.Consent = aService.ID, Machine, Machine, "identify", consent
		}},
		"support": {aSupporter, RevealRequest{Basis: aTicket, Reveal: []string{"phone", "email"}}, func(e *AuditEvent) {
			e.Actor, e.Kind, e.Role, e.Reason, e.Reference = aSupporter.ID, Support, Support, "PERSON_ASKED", "SUP-1234"
		}},
		"support, masks": {aSupporter, RevealRequest{}, func(e *AuditEvent) {
			e.Actor, e.Kind, e.Role, e.Outcome = aSupporter.ID, Support, Support, OutcomeMasked
		}},
		"compliance": {anOfficer, RevealRequest{Basis: aLegalOrder}, func(e *AuditEvent) {
			e.Actor, e.Kind, e.Role, e.Reference = anOfficer.ID, Compliance, Compliance, aLegalOrder.Legal
		}},
		"an auditor is denied": {anAuditor, RevealRequest{}, func(e *AuditEvent) {
			e.Actor, e.Kind, e.Role, e.Outcome = anAuditor.ID, Auditor, Auditor, OutcomeDenied
		}},
		"a service without a purpose is denied": {aService, RevealRequest{}, func(e *AuditEvent) {
			e.Actor, e.Kind, e.Role, e.Outcome = aService.ID, Machine, Machine, OutcomeDenied
		}},
	} {
		t.Run(name, func(t *testing.T) {
			b.writer.events = nil
			c.req.Person, c.req.Fields = p, want
			b.reveal(t, c.actor, c.req)
			expected := base
			c.want(&expected)
			if len(b.writer.events) != 1 {
				t.Fatalf("%d events", len(b.writer.events))
			}
			got := b.writer.events[0]
			got.ID = uuid.Nil
			a, errA := got.Bytes()
			e, errE := expected.Bytes()
			if errA != nil || errE != nil || string(a) != string(e) {
				t.Errorf("\n got %s\nwant %s", a, e)
			}
		})
	}
}

func TestARefusedGroundAnswersNoFieldAndLeavesADenial(t *testing.T) {
	for name, c := range map[string]struct {
		actor Actor
		req   RevealRequest
		want  Code
		event bool
	}{
		"a purpose the service may not name": {aService, RevealRequest{Basis: Basis{Purpose: "profiling"}}, CodeForbidden, true},
		"a purpose named by support":         {aSupporter, RevealRequest{Basis: Basis{Purpose: "identify"}}, CodeForbidden, true},
		"a legal order named by support":     {aSupporter, RevealRequest{Basis: aLegalOrder}, CodeForbidden, true},
		"a ticket held by an auditor":        {anAuditor, RevealRequest{Basis: aTicket}, CodeForbidden, true},
		"fields to reveal without a ticket":  {aSupporter, RevealRequest{Reveal: []string{"phone"}}, CodeBadRequest, false},
		"two grounds":                        {anOfficer, RevealRequest{Basis: Basis{Purpose: "identify", Legal: "LAW-94"}}, CodeBadRequest, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench()
			c.req.Person, c.req.Fields = b.person(1), everything()
			out := b.reveal(t, c.actor, c.req)
			if CodeOf(out[0].Err) != c.want || out[0].Fields != nil || b.decrypter.calls > 0 {
				t.Errorf("%+v after %v", out[0], b.diary.lines)
			}
			denied := len(b.writer.events) == 1 && b.writer.events[0].Outcome == OutcomeDenied
			if denied != c.event {
				t.Errorf("events: %+v", b.writer.events)
			}
		})
	}
}

func TestBehindAClosedGateAPurposeReadsNothing(t *testing.T) {
	b := newBench()
	open, closed := b.person(1), b.person(2)
	closed.happens(Withdrawn, "identify", b.version)
	closed.gives("marketing", b.version)
	basis := Basis{Purpose: "marketing"}
	open.gives("marketing", b.version)
	out := b.reveal(t, aService,
		RevealRequest{Person: closed, Fields: everything(), Basis: basis}, RevealRequest{Person: open, Fields: everything(), Basis: basis})
	if CodeOf(out[0].Err) != CodePolicyNotAccepted || out[0].Fields != nil {
		t.Errorf("%+v", out[0])
	}
	if out[1].Err != nil || out[1].Fields[3].State != StatePlain || out[1].Fields[0].State != StateNoConsent {
		t.Errorf("the neighbour: %+v", out[1])
	}
	var outcomes []Outcome
	for _, e := range b.writer.events {
		outcomes = append(outcomes, e.Outcome)
	}
	if want := []Outcome{OutcomeDenied, OutcomeOK, OutcomeDenied}; !slices.Equal(outcomes, want) {
		t.Errorf("%v", outcomes)
	}
	closed.login = b.Pepper.Login(aPerson.Issuer, aPerson.Subject)
	if own := b.reveal(t, aPerson, RevealRequest{Person: closed, Fields: everything()}); own[0].Err != nil || own[0].Fields[0].State != StatePlain {
		t.Errorf("one's own data are never gated: %+v", own[0])
	}
}

func TestAReadThatFailsIsAnErrorAndNotAnEmptyAnswer(t *testing.T) {
	b := newBench()
	p := b.person(1)
	b.Reader = brokenReader{}
	if out, err := b.Reveal(t.Context(), aPerson, []RevealRequest{{Person: p, Fields: everything()}}); !errors.Is(err, ErrUnavailable) || out != nil {
		t.Errorf("%v, %v", out, err)
	}
}
