package main

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// repeatable is a mutation that takes an idempotencyKey.
type repeatable struct {
	name, selection string
	// fresh is an act of a principal who has not used the key for it: who
	// acts, the input, and another input that could be carried out as well.
	fresh func(w *world, principal string) (token string, in, other input)
}

// theKey is used by everybody for everything.
const theKey = "Наурыз-кілті-1"

func repeatables() []repeatable {
	const consents = `user { id consentSeq } consents { id item state decidedAt events { seq type eventId } }`
	person := func(w *world, principal string) string {
		token := w.subject(principal)
		w.enter(token, named()).ok()
		return token
	}
	officer := func(w *world, principal string) string { return w.token(vault.Compliance, principal, nil) }
	return []repeatable{
		{"registerMe", `user { id revision consentSeq createdAt }`, func(w *world, principal string) (string, input, input) {
			in := input{"profile": named(), "consent": w.shown("ru").consent(required())}
			return w.subject(principal), in, with(in, input{"locale": "kk"})
		}},
		{"updateMyProfile", `user { id revision locale }`, func(w *world, principal string) (string, input, input) {
			return person(w, principal), input{"profile": input{"phone": "+77019264837"}}, input{"profile": input{"phone": "+77019264838"}}
		}},
		{"recordConsent", consents, func(w *world, principal string) (string, input, input) {
			return person(w, principal), input{"consent": w.shown("ru").decided("marketing", "GIVEN")},
				input{"consent": w.shown("ru").decided("marketing", "REFUSED")}
		}},
		{"withdrawConsent", consents, func(w *world, principal string) (string, input, input) {
			return person(w, principal), input{"eventId": uuid.NewString(), "items": []string{"contact"}},
				input{"eventId": uuid.NewString(), "items": []string{"identify"}}
		}},
		{"submitSubjectRequest", `request { id number state dueAt }`, func(w *world, principal string) (string, input, input) {
			return person(w, principal), input{"kind": "OBJECTION", "text": "Адам қарасын"}, input{"kind": "BLOCKING"}
		}},
		{"recordSubjectRequest", `request { id number state dueAt }`, func(w *world, principal string) (string, input, input) {
			in := input{"kind": "ACCESS", "channel": "EMAIL", "receivedAt": "2026-11-20T05:00:00Z", "name": "Бекболат Қайырбеков"}
			return officer(w, principal), in, with(in, input{"name": "Бекболат Қайырбекұлы"})
		}},
		{"createPolicyDraft", `policyVersion { id label revision }`, func(w *world, principal string) (string, input, input) {
			return officer(w, principal), w.policy(principal), w.policy(principal + " other")
		}},
		{"publishPolicyVersion", `policyVersion { id label status publishedAt effectiveAt }`, func(w *world, principal string) (string, input, input) {
			const later = "2037-01-01T00:00:00Z" // one moment for all: each replaces the one before
			of := func(label string) input {
				return input{"id": w.draft(w.policy(label)), "effectiveAt": later, "textChanges": sameMeaning}
			}
			return officer(w, principal), of(principal), of(principal + " other")
		}},
	}
}

// changes are how often each thing that changes something has happened.
func (w *world) changes() map[vault.Action]int {
	w.t.Helper()
	out := map[vault.Action]int{}
	for _, e := range w.events(vault.AuditFilter{}) {
		if e.Action != vault.AccessDenied {
			out[e.Action]++
		}
	}
	return out
}

// effect is what an act changed.
func (w *world) effect(act func()) string {
	w.t.Helper()
	before := w.changes()
	act()
	after := w.changes()
	maps.DeleteFunc(after, func(action vault.Action, n int) bool { return n == before[action] })
	for action := range after {
		after[action] -= before[action]
	}
	return fmt.Sprint(after)
}

const nothing = "map[]"

// in is the world in a subtest.
func (w *world) in(t *testing.T) *world {
	t.Helper()
	here := *w
	here.t = t
	return &here
}

// TestAnActUnderAnIdempotencyKeyHappensOnce sends every kind of act again and
// again under one key: one after the other, at once, with another input, by
// somebody else, and a day later.
func TestAnActUnderAnIdempotencyKeyHappensOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		for _, act := range repeatables() {
			t.Run(act.name, func(t *testing.T) {
				w := w.in(t)
				send := func(token string, in input) outcome {
					return w.mutate(token, act.name, with(in, input{"idempotencyKey": theKey}), act.selection)
				}
				token, in, other := act.fresh(w, act.name+" one")
				var first outcome
				once := w.effect(func() { first = send(token, in).ok() })
				equal(t, "what a repetition changes", w.effect(func() {
					equal(t, "its answer", fmt.Sprint(send(token, in).ok().payload), fmt.Sprint(first.payload))
				}), nothing)
				equal(t, "what another input changes", w.effect(func() { send(token, other).refused("IDEMPOTENCY_MISMATCH@idempotencyKey") }), nothing)

				stranger, theirs, _ := act.fresh(w, act.name+" many")
				var all []outcome
				equal(t, "what somebody else's eight at once change", w.effect(func() {
					all = together(t, 8, func(int) (outcome, error) {
						return w.try(stranger, act.name, with(theirs, input{"idempotencyKey": theKey}), act.selection)
					})
				}), once)
				for _, o := range all {
					equal(t, "an answer of eight", fmt.Sprint(o.ok().payload), fmt.Sprint(all[0].payload))
				}

				w.clock.advance(vault.RememberFor - time.Minute)
				send(token, other).refused("IDEMPOTENCY_MISMATCH@idempotencyKey")
				w.clock.advance(2 * time.Minute)
				send(token, other).ok()
			})
		}
	})
}

// TestAKeyOfOneOperationIsFreeForAnother uses one key for all acts of one
// person.
func TestAKeyOfOneOperationIsFreeForAnother(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me, keyed := w.subject("one key"), input{"idempotencyKey": theKey}
		for _, act := range []struct {
			name string
			in   input
		}{
			{"registerMe", input{"profile": named(), "consent": w.shown("ru").consent(required())}},
			{"updateMyProfile", input{"profile": input{"familyName": "Бұрынбекова"}}},
			{"recordConsent", input{"consent": w.shown("ru").decided("marketing", "GIVEN")}},
			{"withdrawConsent", input{"eventId": uuid.NewString(), "items": []string{"marketing"}}},
		} {
			if changed := w.effect(func() { w.mutate(me, act.name, with(act.in, keyed), "").ok() }); changed == nothing {
				t.Errorf("%s changed nothing", act.name)
			}
		}
	})
}

// TestAKeyAnswersItsActUnderAnotherEventIDToo: an app that was restarted knows
// the key of what it wanted, and makes a new eventId.
func TestAKeyAnswersItsActUnderAnotherEventIDToo(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("restarted")
		w.enter(me, named()).ok()
		screen := w.shown("ru").decided("marketing", "GIVEN")
		for name, in := range map[string]func() input{
			"recordConsent":   func() input { return input{"consent": with(screen, input{"eventId": uuid.NewString()})} },
			"withdrawConsent": func() input { return input{"eventId": uuid.NewString(), "items": []string{"contact"}} },
		} {
			send := func() outcome {
				return w.mutate(me, name, with(in(), input{"idempotencyKey": theKey}), `consents { id item state }`).ok()
			}
			first := send()
			equal(t, name+" again", fmt.Sprint(send().payload), fmt.Sprint(first.payload))
		}
	})
}
