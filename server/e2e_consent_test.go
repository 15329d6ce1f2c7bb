package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

func TestOneScreenIsOneActWhoseEventsFollowEachOther(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("screen")
		w.register(me, nil)
		screen := w.shown("kk").decided("marketing", "GIVEN", "improve", "REFUSED", "courier", "GIVEN")
		done := w.record(me, screen).ok()

		same(t, "the act's consents", pluck(done.payload, "item", "consents"), []string{"marketing", "improve", "courier"})
		for i, state := range []string{"GIVEN", "REFUSED", "GIVEN"} {
			equal(t, "state", str(done.payload, "consents", i, "state"), state)
			equal(t, "eventId", str(done.payload, "consents", i, "events", 0, "eventId"), screen["eventId"])
			equal(t, "seq", number(done.payload, "consents", i, "events", 0, "seq"), 3+i) // the registration's were two
		}
		equal(t, "the person's seq", number(done.payload, "user", "consentSeq"), 5)

		half := w.record(me, w.shown("kk").decided("personalise", "GIVEN", "nonsense", "GIVEN"))
		half.refused("UNKNOWN_CONSENT_ITEM@consent.decisions.1.item")
		if state := w.reason(str(done.payload, "user", "id"), "personalise", ""); state != "NEVER_ASKED" {
			t.Errorf("a half of a refused screen was kept: %s", state)
		}
	})
}

func TestARetryOfAnActCountsOnceAndAnswersTheSame(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("retry")
		w.register(me, nil)
		screen := w.shown("ru").decided("marketing", "GIVEN", "improve", "REFUSED")
		first := w.record(me, screen).ok()
		w.clock.advance(time.Hour)
		later := w.record(me, with(screen, input{"deviceAt": "2026-01-02T03:04:05.678Z"})).ok()
		if string(first.raw) != string(later.raw) {
			t.Errorf("first %s\nlater %s", first.raw, later.raw)
		}

		act := input{"eventId": uuid.NewString(), "items": []string{"marketing"}}
		selection := `user { consentSeq } consents { id state events { seq type } }`
		withdrawn := w.mutate(me, "withdrawConsent", act, selection).ok()
		again := w.mutate(me, "withdrawConsent", act, selection).ok()
		if string(withdrawn.raw) != string(again.raw) {
			t.Errorf("withdrawn %s\nagain %s", withdrawn.raw, again.raw)
		}
	})
}

func TestTheSameActSentManyTimesAtOnceCountsOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("storm")
		w.register(me, nil)
		in := input{"consent": w.shown("ru").decided("marketing", "GIVEN")}
		all := together(t, 8, func(int) (outcome, error) {
			return w.try(me, "recordConsent", in, `consents { id item }`)
		})
		for _, one := range all {
			equal(t, "consent", str(one.ok().payload, "consents", 0, "id"), str(all[0].payload, "consents", 0, "id"))
		}
		equal(t, "seq", number(w.ask(me, `{ me { consentSeq } }`, nil).must(), "me", "consentSeq"), 3)
	})
}

func TestAnEventIDHoldsOneActForEver(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("reuse")
		w.register(me, nil)
		screen := w.shown("ru").decided("marketing", "GIVEN")
		w.record(me, screen).ok()
		w.clock.advance(60 * 24 * time.Hour)
		me = w.subject("reuse")

		other := w.shown("ru").decided("marketing", "REFUSED")
		other["eventId"] = screen["eventId"]
		w.record(me, other).refused("EVENT_ID_REUSED@consent.eventId")
		other = w.shown("kk").decided("marketing", "GIVEN")
		other["eventId"] = screen["eventId"]
		w.record(me, other).refused("EVENT_ID_REUSED@consent.eventId")
		w.mutate(me, "withdrawConsent", input{"eventId": screen["eventId"], "items": []string{"marketing"}}, "").refused("EVENT_ID_REUSED@eventId")

		stranger := w.subject("reuse-stranger")
		w.register(stranger, nil)
		w.record(stranger, screen).ok() // unique per person, not for everybody

		w.record(me, with(screen, input{"eventId": "not-a-uuid"})).refused("INVALID_VALUE@consent.eventId")
	})
}

func TestALateReplayDoesNotReviveAWithdrawnConsent(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("replay")
		id := w.register(me, nil)
		given := w.shown("ru").decided("marketing", "GIVEN")
		w.record(me, given).ok()
		offline := w.shown("ru").decided("marketing", "GIVEN") // decided before the withdrawal, sent after it
		before := number(w.ask(me, `{ me { consentSeq } }`, nil).must(), "me", "consentSeq")
		w.withdraw(me, "marketing").ok()

		w.record(me, given).ok() // a retry of what was recorded changes nothing
		equal(t, "after the retry", w.reason(id, "marketing", ""), "WITHDRAWN")
		late := w.record(me, offline)
		late.refused("CONSENT_WITHDRAWN_SINCE@consent.decisions.0.item")
		equal(t, "the seq to know", late.parameter("consentSeq"), "4")
		for what, known := range map[string]int{"too old": before, "not there yet": 99} {
			w.record(me, with(offline, input{"knownConsentSeq": known})).refused("CONSENT_WITHDRAWN_SINCE@consent.decisions.0.item")
			equal(t, what, w.reason(id, "marketing", ""), "WITHDRAWN")
		}
		w.record(me, w.shown("ru").decided("marketing", "REFUSED")).ok() // refusing needs to know nothing

		seq := number(w.ask(me, `{ me { consentSeq } }`, nil).must(), "me", "consentSeq")
		w.record(me, with(offline, input{"knownConsentSeq": seq})).ok()
		equal(t, "given anew, knowing", w.reason(id, "marketing", ""), "GIVEN")
	})
}

func TestAConsentToSomethingElseThanIsPublishedIsRefusedWithWhatIsRight(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("wrong")
		w.register(me, nil)
		right := w.shown("kk")
		fresh := func(more input) input {
			return with(with(right.decided("marketing", "GIVEN"), input{"eventId": uuid.NewString()}), more)
		}
		for _, hash := range []string{strings.Repeat("0", 64), w.shown("ru").hash, ""} {
			wrong := w.record(me, fresh(input{"documentHash": hash}))
			wrong.refused("DOCUMENT_HASH_MISMATCH@consent.documentHash")
			equal(t, "the right hash", wrong.parameter("documentHash"), right.hash)
			equal(t, "of the language", wrong.parameter("locale"), "kk")
		}
		unknown := w.record(me, fresh(input{"locale": "de"}))
		unknown.refused("UNKNOWN_LOCALE@consent.locale")
		if got := unknown.parameter("locales"); !strings.Contains(got, "kk") || !strings.Contains(got, "ru") {
			t.Errorf("the languages there are: %q", got)
		}
		draft := w.draft(w.policy("2.0"))
		for _, version := range []string{draft, versionID(uuid.New()), "nonsense", str(w.ask(me, `{ me { id } }`, nil).must(), "me", "id")} {
			w.record(me, fresh(input{"version": version})).refused("VERSION_NOT_PUBLISHED@consent.version")
		}
		w.record(me, fresh(input{"decisions": []any{}})).refused("REQUIRED@consent.decisions")
		w.record(me, right.decided("marketing", "GIVEN", "marketing", "REFUSED")).refused("DUPLICATE_INPUT@consent.decisions.1.item")
		w.record(me, right.decided("accounting", "GIVEN")).refused("UNKNOWN_CONSENT_ITEM@consent.decisions.0.item") // not asked for
		w.record(me, fresh(input{"appBuild": "a <b>"})).refused("INVALID_VALUE@consent.appBuild")

		current := w.publish(draft, nil)
		old := w.record(me, fresh(nil))
		old.refused("VERSION_OUTDATED@consent.version")
		equal(t, "the version in force", old.parameter("policyVersionId"), current)
		equal(t, "nothing of it was kept", number(w.ask(me, `{ me { consentSeq } }`, nil).must(), "me", "consentSeq"), 2)
	})
}

func TestConsentsAreWithdrawnOneSeveralOrAll(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("several")
		id := w.register(me, nil)
		w.record(me, w.shown("ru").decided("marketing", "GIVEN", "improve", "GIVEN", "courier", "GIVEN", "personalise", "REFUSED")).ok()

		one := w.withdraw(me, "marketing").ok()
		same(t, "one", pluck(one.payload, "item", "consents"), []string{"marketing"})
		same(t, "one", pluck(one.payload, "state", "consents"), []string{"WITHDRAWN"})
		w.withdraw(me, "marketing").refused("CONSENT_ALREADY_WITHDRAWN@items.0")
		w.withdraw(me, "personalise", "nonsense", "improve", "improve").refused(
			"CONSENT_NOT_GIVEN@items.0", "CONSENT_NOT_GIVEN@items.1", "DUPLICATE_INPUT@items.3")
		equal(t, "nothing of a refused withdrawal happens", w.reason(id, "improve", ""), "GIVEN")

		several := w.withdraw(me, "improve", "courier").ok()
		equal(t, "several", len(pluck(several.payload, "item", "consents")), 2)
		all := w.withdraw(me).ok()
		left := pluck(all.payload, "item", "consents")
		slices.Sort(left)
		same(t, "all that was left", left, []string{"contact", "identify"})
		for item, reason := range map[string]string{
			"marketing": "WITHDRAWN", "improve": "WITHDRAWN", "courier": "WITHDRAWN", "identify": "WITHDRAWN",
			"contact": "WITHDRAWN", "personalise": "REFUSED", "accounting": "NOT_CONSENT_BASED",
		} {
			equal(t, item, w.reason(id, item, ""), reason)
		}
		w.withdraw(me).ok() // nothing is left, and nothing is wrong
		equal(t, "revision", number(all.payload, "user", "revision"), 1)

		for name, wrong := range map[string]input{
			"neither": {}, "both": {"all": true, "items": []string{"marketing"}}, "all false": {"all": false}, "no items": {"items": []string{}},
		} {
			t.Log(name)
			w.mutate(me, "withdrawConsent", with(wrong, input{"eventId": uuid.NewString()}), "").refused("REQUIRED@items")
		}
	})
}

func TestNobodyWithdrawsBeforeTheyRegister(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.withdraw(w.subject("nobody")).refused("NOT_REGISTERED")
		w.record(w.subject("nobody"), w.shown("ru").decided("marketing", "GIVEN")).refused("NOT_REGISTERED")
		w.update(w.subject("nobody"), named()).refused("NOT_REGISTERED")
		for _, role := range []vault.Role{vault.Support, vault.Compliance, vault.Machine, vault.Auditor, vault.Security} {
			equal(t, string(role), w.withdraw(w.staff(role)).code(), "FORBIDDEN")
		}
		equal(t, "anonymous", w.withdraw("").code(), "UNAUTHENTICATED")
	})
}
