package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kelisim/kelisim/vault"
)

// onPaper is somebody whom a colleague wrote down.
func (w *world) onPaper() string {
	w.t.Helper()
	return str(w.writesDown(input{"familyName": "Сағынтаева", "phone": "8 701 555 33 44"}, w.received(0, nil), nil).ok().payload, "user", "id")
}

// issues has support make the code of a person.
func (w *world) issues(id string, more input) outcome {
	w.t.Helper()
	return w.mutate(w.staff(vault.Support), "issueClaimCode", with(input{"user": id, "basis": ground("SUP-77")}, more), `code expiresAt user { id }`)
}

func (w *world) brings(token, code string) outcome {
	w.t.Helper()
	return w.mutate(token, "claimUser", input{"code": code}, `user { id }`)
}

func TestClause13WhoCameOnPaperIsTheSamePersonInTheApp(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		id := w.onPaper()
		issued := w.issues(id, nil).ok()
		code := str(issued.payload, "code")
		if !matches(t, `^[0-9A-HJKMNP-TV-Z]{5}(-[0-9A-HJKMNP-TV-Z]{5}){3}$`, code) {
			t.Fatalf("the code is %q", code)
		}
		same(t, "the event", w.told(issued.answer, id), []string{"somebody as SUPPORT: user.claimIssued of the person's [] (PERSON_ASKED SUP-77) OK"})
		me := w.subject("came on paper")
		equal(t, "nobody yet", at(w.ask(me, `{ me { id } }`, nil).must(), "me"), nil)
		done := w.brings(me, strings.ToLower(strings.ReplaceAll(code, "-", " "))).ok() // as people copy it
		equal(t, "who they are", str(done.payload, "user", "id"), id)
		same(t, "on record", w.told(done.answer, id), []string{"the person as SUBJECT: user.claimed of the person's [] () OK"})
		equal(t, "sent again", str(w.brings(me, code).ok().payload, "user", "id"), id)

		seen := w.ask(me, `{ me { id policyStatus { accepted } profile { familyName { value } } consents { nodes { item } }
			changes { nodes { action by } } } }`, nil).must()
		equal(t, "their data", str(seen, "me", "profile", "familyName", "value"), "Сағынтаева")
		equal(t, "their decisions", at(seen, "me", "policyStatus", "accepted"), true)
		same(t, "what was done", pluck(seen, "action", "me", "changes", "nodes"), []string{"user.claimed", "user.claimIssued", "user.created"})
		again := w.ask(me, registerMutation, input{"input": input{"profile": named(), "consent": w.shown("ru").consent(required())}}).must()
		equal(t, "registering is over", fmt.Sprint(at(again, "registerMe", "created"))+str(again, "registerMe", "user", "id"), "false"+id)
		same(t, "one person", w.found(input{"phone": "+77015553344"}), []string{id})
		if strings.Contains(w.log.String(), code) {
			t.Error("the code is in the log")
		}
	})
}

func TestACodeTakesNobodyOver(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		id, other := w.onPaper(), w.subject("has a person")
		w.register(other, named())
		first := str(w.issues(id, nil).ok().payload, "code")
		w.issues(id, input{"basis": ground("please")}).refused("INVALID_REASON@basis")
		code := str(w.issues(id, nil).ok().payload, "code")

		stranger := w.subject("stranger")
		refused := w.brings(stranger, "00000-00000-00000-00000")
		refused.refused("CLAIM_REFUSED@code")
		for what, answered := range map[string]outcome{
			"replaced": w.brings(stranger, first), "nothing": w.brings(stranger, ""), "very long": w.brings(stranger, strings.Repeat("7", 9000)),
			"by who has a person": w.brings(other, code),
		} {
			equal(t, what+" is told apart", fmt.Sprint(at(answered.payload, "userErrors")), fmt.Sprint(at(refused.payload, "userErrors")))
			if len(w.eventsOf(answered.answer)) != 1 || w.eventsOf(answered.answer)[0].Outcome != vault.OutcomeDenied {
				t.Errorf("%s: the refusal is not on record", what)
			}
		}
		w.brings(w.subject("the one"), code).ok()
		w.brings(stranger, code).refused("CLAIM_REFUSED@code")
		w.issues(id, nil).refused("CLAIM_REFUSED@user")
		w.issues(str(w.ask(other, `{ me { id } }`, nil).must(), "me", "id"), nil).refused("CLAIM_REFUSED@user")

		late := str(w.issues(w.onPaper(), nil).ok().payload, "code")
		w.clock.advance(14*24*time.Hour + time.Minute)
		w.brings(w.subject("too late"), late).refused("CLAIM_REFUSED@code")

		erased := w.onPaper()
		gone := str(w.issues(erased, nil).ok().payload, "code")
		w.mutate(w.staff(vault.Compliance), "eraseUser", input{"user": erased, "ground": "LAW", "reference": "ART-18"}, "").ok()
		w.brings(w.subject("of the erased"), gone).refused("CLAIM_REFUSED@code")
		w.issues(erased, nil).refused("USER_BLOCKED@user")
		for _, role := range []vault.Role{vault.Machine, vault.Security, vault.Auditor} {
			equal(t, string(role), w.mutate(w.staff(role), "issueClaimCode", input{"user": id, "basis": ground("SUP-1")}, "").code(), "FORBIDDEN")
		}
	})
}

func TestWrongCodesAreCountedAndOneLoginWins(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		id := w.onPaper()
		code := str(w.issues(id, nil).ok().payload, "code")
		guesser := w.subject("guesser")
		for n := range 10 {
			w.brings(guesser, fmt.Sprintf("00000-00000-00000-0000%d", n)).refused("CLAIM_REFUSED@code")
		}
		w.brings(guesser, code).refused("TOO_MANY_CHANGES") // the right one as well

		replica := w.replica()
		logins := make([]string, 6)
		for n := range logins {
			logins[n] = w.subject(fmt.Sprint("at once ", n))
		}
		all := together(t, len(logins), func(n int) (outcome, error) {
			return []*world{w, replica}[n%2].try(logins[n], "claimUser", input{"code": code}, `user { id }`)
		})
		won := 0
		for n, o := range all {
			if len(o.refusals()) == 0 {
				won++
				equal(t, "who won", str(o.payload, "user", "id"), id)
				continue
			}
			o.refused("CLAIM_REFUSED@code")
			equal(t, "who lost is nobody", at(w.ask(logins[n], `{ me { id } }`, nil).must(), "me"), nil)
		}
		equal(t, "how many won", won, 1)
	})
}
