package main

import (
	"testing"
	"time"

	"github.com/kelisim/kelisim/vault"
)

func TestAValueSentAgainStaysProvedAndIsNoChange(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("again")
		id := w.register(w.verified("again", "+77019264837"), with(named(), input{"phone": "8 (701) 926-48-37", "iin": iin1885, "birthDate": "1885-06-15"}))
		for range 7 { // more often than changes are allowed a day
			w.update(me, input{"phone": "+7 701 926 48 37"}).ok()
		}
		w.mutate(w.staff(vault.Support), "verifyIdentifier", input{"user": id, "field": "IIN", "basis": ticket()}, "").ok()
		w.update(me, input{"iin": iin1885, "birthDate": "1885-06-15", "givenName": "Айгерім"}).ok()
		own := w.own(me, "phone", "iin")
		same(t, "after all", []string{own["phone"], own["iin"]}, []string{"+77019264837 (verified)", iin1885 + " (verified)"})
		w.update(me, input{"phone": "+77019264838", "iin": iinTwo, "birthDate": "1885-06-15"}).ok()
		own = w.own(me, "phone", "iin")
		same(t, "changed", []string{own["phone"], own["iin"]}, []string{"+77019264838", iinTwo})
	})
}

// ticket is a request as the ground.
func ticket() input { return input{"reason": "IDENTITY_CHECK", "ticket": "SUP-1"} }

func TestMarkingAnIdentifierIsAChangeOfTheProfile(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me, support := w.subject("marked"), w.staff(vault.Support)
		id := w.register(me, with(named(), input{"phone": "+77019264837"}))
		mark := func(operation string, expected int) outcome {
			return w.mutate(support, operation, input{"user": id, "field": "PHONE", "basis": ticket(), "expectedRevision": expected}, `user { revision }`)
		}
		equal(t, "marked", number(mark("verifyIdentifier", 1).ok().payload, "user", "revision"), 2)
		mark("releaseIdentifier", 1).refused("REVISION_CONFLICT@expectedRevision")
		equal(t, "released", number(mark("releaseIdentifier", 2).ok().payload, "user", "revision"), 3)
		w.mutate(me, "updateMyProfile", input{"expectedRevision": 1, "profile": input{"givenName": "Айгерім"}}, "").refused("REVISION_CONFLICT@expectedRevision")
	})
}

func TestABirthDateChangesAloneWhereNoIINIsCollected(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("born")
		version := w.publish(w.draft(w.policy("2.0", func(facts input) {
			facts["fields"] = []input{}
			itemOf(facts, 1)["fields"], itemOf(facts, 2)["fields"] = uses("phone"), uses("birthDate")
		})), nil)
		agree := w.of(version, "ru").decided("identify", "GIVEN", "contact", "GIVEN")
		w.mutate(me, "registerMe", input{"profile": input{"birthDate": "1985-06-15"}, "consent": agree}, "").ok()
		w.update(me, input{"birthDate": "1985-06-16"}).ok()
		equal(t, "changed", w.own(me, "birthDate")["birthDate"], "1985-06-16")
		w.update(me, input{"birthDate": "1885-06-16", "iin": iin1885}).refused("FIELD_NOT_COLLECTED@profile.iin")
	})
}

func TestWhoAgreesLaterCompletesTheirRegistration(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me, seen := w.subject("later"), w.shown("ru")
		refused := seen.decided("identify", "REFUSED", "contact", "REFUSED")
		first := w.mutate(me, "registerMe", input{"consent": refused}, `created user { id }`).ok()
		equal(t, "the same act again", at(w.mutate(me, "registerMe", input{"consent": refused}, `created`).ok().payload, "created"), false)
		altered := with(refused, input{"decisions": seen.decided("identify", "GIVEN", "contact", "GIVEN")["decisions"]})
		w.mutate(me, "registerMe", input{"consent": altered}, "").refused("EVENT_ID_REUSED@consent.eventId")

		const sees = `created user { id revision consentSeq policyStatus { accepted } profile { familyName { value } iin { value } } }`
		agreed := input{"profile": with(named(), input{"iin": iin1885, "birthDate": "1885-06-15"}), "consent": seen.decided("identify", "GIVEN", "contact", "GIVEN")}
		for range 2 { // and a retry changes nothing
			got := w.mutate(me, "registerMe", agreed, sees).ok().payload
			equal(t, "the person", str(got, "user", "id"), str(first.payload, "user", "id"))
			equal(t, "created", at(got, "created"), false)
			equal(t, "accepted", at(got, "user", "policyStatus", "accepted"), true)
			equal(t, "family name", str(got, "user", "profile", "familyName", "value"), "Сағынтаева")
			equal(t, "iin", str(got, "user", "profile", "iin", "value"), iin1885)
			equal(t, "revision", number(got, "user", "revision"), 2)
			equal(t, "decisions", number(got, "user", "consentSeq"), 4)
		}
		equal(t, "found", len(w.found(input{"iin": iin1885})), 1)
	})
}

func TestARegistrationThatTheGateRefusesLeavesAnEventAndNobody(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("gated")
		for _, c := range []struct{ operation, in string }{
			{"registerMe", `consent: $c, profile: {familyName: "Сағынтаева"}`},
		} {
			got := w.ask(me, `mutation($c: ConsentInput!) { `+c.operation+`(input: {`+c.in+`}) { user { id } } }`,
				map[string]any{"c": w.shown("ru").decided("identify", "REFUSED", "contact", "REFUSED")})
			equal(t, c.operation, got.code(), "POLICY_NOT_ACCEPTED")
			events := w.eventsOf(got)
			if len(events) != 1 || events[0].Action != vault.AccessDenied || events[0].Object != "Mutation.registerMe" || events[0].Outcome != vault.OutcomeDenied {
				t.Errorf("%v", events)
			}
		}
		equal(t, "nobody", at(w.ask(me, `{ me { id } }`, nil).must(), "me"), nil)

		closed, _ := w.closed("closed")
		got := w.ask(closed, `mutation { updateMyProfile(input: {profile: {familyName: "Сағынтаева"}}) { user { id } } }`, nil)
		equal(t, "updateMyProfile", got.code(), "POLICY_NOT_ACCEPTED")
		if events := w.eventsOf(got); len(events) != 1 || events[0].Object != "Mutation.updateMyProfile" || events[0].Subject != events[0].Actor {
			t.Errorf("%v", events)
		}
	})
}

func TestAMaskThatIsToComeDoesNotHoldYet(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("mask")
		id := w.register(me, nil)
		accept := func(version string) {
			w.record(me, w.of(version, "ru").decided("identify", "GIVEN", "contact", "GIVEN")).ok()
		}
		facts := func(mask string) func(input) {
			return func(f input) {
				f["fields"] = []input{declared("clubNumber", "TEXT", mask)}
				itemOf(f, 2)["fields"] = uses("clubNumber")
			}
		}
		accept(w.publish(w.draft(w.policy("2.0", facts("HIDDEN"))), nil))
		w.update(me, ownValue("clubNumber", "KELISIM-777001")).ok()
		accept(w.publish(w.draft(w.policy("3.0", facts("LAST4"))), input{"effectiveAt": stamp(w.clock.Now().AddDate(0, 1, 0))}))
		sees := func() string {
			got := w.ask(w.staff(vault.Support), `query($u: ID!) { user(id: $u) { profile { fields(codes: ["clubNumber"]) { code value state } } } }`, map[string]any{"u": id})
			return fieldShown(at(got.must(), "user", "profile"), "clubNumber")
		}
		equal(t, "before", sees(), "•••• MASKED")
		w.clock.advance(32 * 24 * time.Hour)
		equal(t, "after", sees(), "••••7001 MASKED")
	})
}

func TestWordsAreInThePersonsOwnLanguageWhateverIsAskedBeside(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("kazakh")
		w.mutate(me, "registerMe", input{"locale": "kk", "consent": w.shown("kk").decided("identify", "GIVEN", "contact", "GIVEN")}, "").ok()
		for _, query := range []string{
			`{ policyInForce { document { locale } } }`, `{ policyInForce { document { locale } } me { id } }`, `{ me { id } policyInForce { document { locale } } }`,
		} {
			for range 5 {
				got := w.ask(me, query, nil).must()
				equal(t, query, str(got, "policyInForce", "document", "locale"), "kk")
			}
		}
		equal(t, "somebody without a language", str(w.ask(w.subject("none"), `{ policyInForce { document { locale } } }`, nil).must(), "policyInForce", "document", "locale"), "ru")
	})
}
