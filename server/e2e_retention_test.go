package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// retains runs the job once, as another process would, and answers its report
// and what it says of a person: fields, act, holds.
func (w *world) retains(user uuid.UUID) (r vault.RetentionReport, said string) {
	w.t.Helper()
	run := w.sys.retention(1000, func(d vault.Overdue) error {
		if d.User == user {
			said = fmt.Sprint(strings.Join(d.Fields, " "), " ", d.Done, " ", len(d.Held))
			if d.Whole {
				said = "whole " + said
			}
		}
		return nil
	})
	run.Holder = w.p.newID()
	r, err := w.sys.vault.Retain(w.t.Context(), w.p.systemActor(), run)
	if err != nil {
		w.t.Fatal(err)
	}
	return r, said
}

// says holds what the job says of a person.
func (w *world) says(when string, user uuid.UUID, want string) {
	w.t.Helper()
	_, said := w.retains(user)
	equal(w.t, when, said, want)
}

const day = 24 * time.Hour

// TestWhatIsDueIsAnnouncedAndThenErased follows somebody who withdraws first one
// consent and then all, and whose name the law wants kept for five years.
func TestWhatIsDueIsAnnouncedAndThenErased(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("leaves slowly")
		id := w.register(me, input{"familyName": "Сағынтаева", "phone": "+77019264837"})
		user := w.userUUID(id)
		w.record(me, w.shown("ru").decided("personalise", "GIVEN")).ok()
		w.update(me, input{"fields": []input{{"code": "loyaltyCard", "value": "DALA-1"}}}).ok()
		w.says("while all is agreed to", user, "")

		w.withdraw(me, "personalise").ok()
		w.says("after a withdrawal", user, "loyaltyCard WARNED 0")
		equal(t, "fields", w.stored(id), 3)
		w.clock.advance(29 * day)
		w.says("29 days later", user, "loyaltyCard NONE 0")
		w.clock.advance(day)
		w.says("30 days after the warning", user, "loyaltyCard ERASED 0")
		equal(t, "fields", w.stored(id), 2)
		w.says("once it is erased", user, "")
		erased := w.events(vault.AuditFilter{Subject: user, Action: string(vault.RetentionErased)})
		if len(erased) != 1 || !slices.Equal(erased[0].Fields, []string{"loyaltyCard"}) {
			t.Errorf("on record: %v", erased)
		}

		w.withdraw(me).ok()
		w.says("after all is withdrawn", user, "phone WARNED 0")
		w.clock.advance(30 * day)
		w.says("30 days later", user, "phone ERASED 0")
		same(t, "by phone", w.found(input{"phone": "+77019264837"}), []string{})
		w.clock.advance(4 * 365 * day)
		w.says("four years later", user, "")
		w.clock.advance(280 * day)
		w.says("before the law's term is over", user, "whole familyName WARNED 0")
		equal(t, "fields", w.stored(id), 1)
		w.clock.advance(60 * day)
		w.says("when it is over", user, "whole familyName ERASED 0")
		data := w.ask(w.staff(vault.Compliance), `query($u: ID!) { user(id: $u) { status } }`, input{"u": id}).must()
		equal(t, "status", str(data, "user", "status"), "ERASED")
		made, err := w.sys.db.Erasures(t.Context(), vault.ErasureFilter{Users: []uuid.UUID{user}}, 1)
		if err != nil || len(made) != 1 || made[0].Ground != vault.ErasedByRetention || made[0].LedgeredAt.IsZero() {
			t.Errorf("the certificate: %v, %v", made, err)
		}
		if len(w.events(vault.AuditFilter{Subject: user, Action: string(vault.RetentionWarned)})) != 3 {
			t.Error("not each erasure was announced")
		}

		// The evidence that the pack wants kept goes when its own term is over.
		context := func() int64 {
			t.Helper()
			left, err := w.sys.db.Traces(t.Context(), user, vault.Evidence{})
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(left, func(c vault.TraceCount) bool { return c.Trace == vault.TraceContexts })
			return left[i].Rows
		}
		if context() == 0 {
			t.Fatal("there is no evidence")
		}
		w.clock.advance(3*365*day - day)
		w.retains(user)
		if context() == 0 {
			t.Error("the evidence is gone too early")
		}
		w.clock.advance(3 * day)
		w.retains(user)
		equal(t, "evidence", context(), int64(0))
	})
}

// TestAConsentThatEndsMakesItsFieldsDue after the term that the policy says,
// unless the person agrees again.
func TestAConsentThatEndsMakesItsFieldsDue(t *testing.T) {
	w := embedded(t)
	lets, renews := w.subject("lets it end"), w.subject("renews")
	first := w.userUUID(w.register(lets, input{"phone": "+77019264837"}))
	second := w.userUUID(w.register(renews, input{"phone": "+77019264838"}))
	w.clock.advance(3*365*day - 10*day)
	w.says("before the term is over", first, "whole phone WARNED 0")
	w.says("before the term is over", second, "whole phone NONE 0") // announced by the same run
	revision := number(w.ask(w.subject("lets it end"), `{ me { revision } }`, nil).must(), "me", "revision")
	w.mutate(w.subject("lets it end"), "confirmMyData", input{"expectedRevision": revision}, `user { id }`).ok() // which prolongs nothing
	renews = w.subject("renews")
	w.record(renews, w.shown("ru").decided("identify", "GIVEN", "contact", "GIVEN")).ok()
	w.clock.advance(20 * day)
	w.says("less than 30 days after the warning", first, "whole phone NONE 0")
	w.clock.advance(10 * day)
	w.says("after it", first, "whole phone ERASED 0")
	w.says("who agreed again", second, "")
	equal(t, "who agreed again", w.stored(str(w.ask(renews, `{ me { id } }`, nil).must(), "me", "id")), 1)
}

func TestWhatStandsAgainstAnErasureKeepsWhatIsDueVisibly(t *testing.T) {
	w := embedded(t)
	me := w.subject("held")
	id := w.register(me, input{"phone": "+77019264837"})
	user := w.userUUID(id)
	w.withdraw(me).ok()
	w.says("at first", user, "whole phone WARNED 0")
	hold := w.mutate(w.staff(vault.Compliance), "placeLegalHold", input{"user": id, "ground": "CLAIM", "reference": "CLAIM-12"}, `obstacle { id }`).ok()
	w.clock.advance(30 * day)
	report, said := w.retains(user)
	equal(t, "under a hold", said, "whole phone HELD 1")
	equal(t, "held", report.Held, 1)
	if told := w.command("retention", "--dry-run"); !strings.Contains(told, "kept by LEGAL_HOLD CLAIM-12") || !strings.Contains(told, "kept by holds: 1") {
		t.Errorf("the report says %s", told)
	}
	equal(t, "fields", w.stored(id), 1)
	w.mutate(w.staff(vault.Compliance), "liftLegalHold", input{"id": str(hold.payload, "obstacle", "id"), "reference": "CLAIM-13"}, `obstacle { id }`).ok()
	w.says("once it is lifted", user, "whole phone ERASED 0")
}

// TestOnlyWhatWasAnnouncedIsErased follows somebody who is warned of one field,
// and then withdraws everything.
func TestOnlyWhatWasAnnouncedIsErased(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("is warned of one")
		id := w.register(me, input{"phone": "+77019264837"})
		user := w.userUUID(id)
		w.record(me, w.shown("ru").decided("personalise", "GIVEN")).ok()
		w.update(me, input{"fields": []input{{"code": "loyaltyCard", "value": "DALA-1"}}}).ok()
		w.withdraw(me, "personalise").ok()
		w.says("after the first withdrawal", user, "loyaltyCard WARNED 0")
		w.says("at once again", user, "loyaltyCard NONE 0")
		w.clock.advance(20 * day)
		w.withdraw(me).ok()
		w.says("after the second", user, "loyaltyCard NONE 0") // the last of two: the phone was announced
		warned := w.events(vault.AuditFilter{Subject: user, Action: string(vault.RetentionWarned)})
		var named [][]string
		for _, e := range warned {
			named = append(named, e.Fields)
		}
		slices.SortFunc(named, slices.Compare)
		if fmt.Sprint(named) != "[[loyaltyCard] [phone]]" {
			t.Errorf("announced: %v", named)
		}
		w.clock.advance(10 * day)
		w.says("30 days after the first", user, "loyaltyCard ERASED 0")
		equal(t, "fields", w.stored(id), 1)
		w.says("the other", user, "whole phone NONE 0")
		w.clock.advance(20 * day)
		w.says("30 days after the second", user, "whole phone ERASED 0")
		equal(t, "fields", w.stored(id), 0)
	})
}

func TestNobodyButTheJobErasesBecauseAPeriodIsOver(t *testing.T) {
	w := embedded(t)
	id := w.register(w.subject("stays"), input{"phone": "+77019264837"})
	for _, extra := range []input{{"reference": "SUP-9"}, {"reference": ""}} {
		w.mutate(w.staff(vault.Compliance), "eraseUser", with(input{"user": id, "ground": "RETENTION_OVER"}, extra), `certificate { id }`).
			refused("INVALID_REASON@ground")
	}
	_, err := w.sys.vault.Erase(t.Context(), w.p.systemActor(), vault.Erasing{User: w.userUUID(id), Ground: vault.ErasedByRetention})
	equal(t, "by the command line", vault.CodeOf(err), vault.CodeInvalidReason)
	equal(t, "fields", w.stored(id), 1)
}

// TestTheJobOnRetentionIsTakenOverFromOneThatStopped has a process fall asleep
// in the middle: another one waits for its lease to end, goes on from its
// place, and the first finds out when it wakes.
func TestTheJobOnRetentionIsTakenOverFromOneThatStopped(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.multitude(250)
		asleep, wake := make(chan int), make(chan struct{})
		ended := make(chan error)
		pages := 0
		first := vault.RetentionRun{Holder: w.p.newID(), Each: func(vault.Overdue) error { return nil }, Pace: func(context.Context, int) error {
			if pages++; pages == 2 {
				asleep <- pages
				<-wake
			}
			return nil
		}}
		go func() {
			_, err := w.sys.vault.Retain(context.Background(), w.p.systemActor(), first)
			ended <- err
		}()
		<-asleep
		other := w.replica()
		second := other.sys.retention(10_000, func(vault.Overdue) error { return nil })
		second.Holder = w.p.newID()
		if _, err := other.sys.vault.Retain(t.Context(), w.p.systemActor(), second); !errors.Is(err, vault.ErrTaken) {
			t.Errorf("two at a time: %v", err)
		}
		w.clock.advance(3 * time.Minute)
		report, err := other.sys.vault.Retain(t.Context(), w.p.systemActor(), second)
		all, countErr := w.sys.db.CountUsers(t.Context(), vault.UserFilter{})
		if err = errors.Join(err, countErr); err != nil || report.People != int(all)-100 {
			t.Errorf("who takes over looks at %d of %d people, %v", report.People, all, err)
		}
		close(wake)
		if err := <-ended; !errors.Is(err, vault.ErrTaken) {
			t.Errorf("who wakes goes on: %v", err)
		}
		if due, err := w.sys.vault.RetentionPending(t.Context(), day); due || err != nil {
			t.Errorf("due again at once: %t, %v", due, err)
		}
		w.clock.advance(day)
		if due, err := w.sys.vault.RetentionPending(t.Context(), day); !due || err != nil {
			t.Errorf("a day later: %t, %v", due, err)
		}
		if err := (retainer{w.sys}).once(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// multitude adds people of whom nothing is known.
func (w *world) multitude(n int) {
	w.t.Helper()
	event := vault.AuditEvent{ID: w.p.newID(), At: w.clock.Now(), Kind: vault.System, Role: vault.System, Action: vault.UserRegistered, Outcome: vault.OutcomeOK}
	err := w.sys.db.Write(w.t.Context(), func(tx vault.Tx) error {
		for range n {
			id := w.p.newID()
			tx.InsertUser(vault.User{ID: id, Status: vault.StatusActive, Revision: 1, CreatedAt: event.At}, vault.SubjectKey{Issuer: "crowd", KeyVersion: 1, Digest: id.String()})
		}
		tx.Record(event)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}
