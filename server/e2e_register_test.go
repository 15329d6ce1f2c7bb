package main

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kelisim/kelisim/vault"
)

// IINs that nobody alive has: born in 1885 and 1901.
const (
	iin1885 = "850615100007"
	iinTwo  = "850615100801" // of the same day, its check digit from the second round
	iin1901 = "010101300000"
)

// own is what a person reads of their typed fields.
func (w *world) own(token string, fields ...string) map[string]string {
	w.t.Helper()
	const shows = ` { value state verified } `
	got := w.ask(token, `{ me { profile { `+strings.Join(fields, shows)+shows+`} } }`, nil).must()
	out := map[string]string{}
	for _, f := range fields {
		out[f] = str(got, "me", "profile", f, "value")
		if state := str(got, "me", "profile", f, "state"); state != "PLAIN" {
			out[f] += state
		}
		if at(got, "me", "profile", f, "verified") == true {
			out[f] += " (verified)"
		}
	}
	return out
}

func TestRegisteringAgainAnswersTheSamePersonAndWritesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("twice")
		first := w.enter(me, named()).ok()
		again := w.enter(me, input{"familyName": "Другая", "email": "other@mail.example"}).ok()
		equal(t, "created", at(first.payload, "created"), true)
		equal(t, "created again", at(again.payload, "created"), false)
		equal(t, "the person", str(again.payload, "user", "id"), str(first.payload, "user", "id"))
		equal(t, "consentSeq", number(again.payload, "user", "consentSeq"), 2)
		equal(t, "family name", w.own(me, "familyName")["familyName"], "Сағынтаева")
		equal(t, "e-mail", w.own(me, "email")["email"], "EMPTY")
		bad := w.enter(me, input{"phone": "nonsense"}).ok() // a late retry is not made to fail either
		equal(t, "the person", str(bad.payload, "user", "id"), str(first.payload, "user", "id"))
	})
}

func TestOfManyRegistrationsAtOnceOnePersonComes(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("herd")
		before := w.people()
		seen := w.shown("ru")
		all := together(t, 16, func(int) (outcome, error) {
			return w.try(me, "registerMe", input{"profile": named(), "consent": seen.decided("identify", "GIVEN", "contact", "GIVEN")},
				`created user { id consentSeq }`)
		})
		created := 0
		for _, one := range all {
			equal(t, "the person", str(one.ok().payload, "user", "id"), str(all[0].payload, "user", "id"))
			equal(t, "the decisions, once", number(one.payload, "user", "consentSeq"), 2)
			if at(one.payload, "created") == true {
				created++
			}
		}
		equal(t, "created", created, 1)
		equal(t, "people", w.people(), before+1)
	})
}

// people is how many people there are.
func (w *world) people() int {
	w.t.Helper()
	return number(w.ask(w.staff(vault.Auditor), `{ users(first: 1) { totalCount } }`, nil).must(), "users", "totalCount")
}

func TestTwoLoginsAreTwoPeople(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		one, two := w.register(w.subject("one"), named()), w.register(w.subject("two"), named())
		if one == two {
			t.Error("two subjects are one person")
		}
		for _, query := range []string{`query($u: ID!) { user(id: $u) { id } }`, `query($u: ID!) { node(id: $u) { id } }`} {
			equal(t, query, w.ask(w.subject("one"), query, map[string]any{"u": two}).code(), "NOT_FOUND")
			equal(t, query, w.ask(w.subject("one"), query, map[string]any{"u": one}).code(), "")
		}
		equal(t, "a list is not for people", w.ask(w.subject("one"), `{ users { nodes { id } } }`, nil).code(), "FORBIDDEN")
	})
}

func TestAbsentNullAndAValueDiffer(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("differ")
		w.register(me, with(named(), input{"patronymic": nil, "email": "Aigerim@Mail.Example"}))
		fields := []string{"familyName", "givenName", "patronymic", "email", "phone"}
		expect := func(step string, want ...string) {
			t.Helper()
			got := w.own(me, fields...)
			for i, f := range fields {
				equal(t, step+": "+f, got[f], want[i])
			}
		}
		expect("registered", "Сағынтаева", "Әйгерім", "EMPTY", "Aigerim@Mail.Example", "EMPTY")
		w.update(me, input{"phone": "8 (701) 555-30-30"}).ok()
		expect("supplemented", "Сағынтаева", "Әйгерім", "EMPTY", "Aigerim@Mail.Example", "+77015553030")
		w.update(me, input{"email": nil, "givenName": "Айгерім"}).ok()
		expect("one cleared, one changed", "Сағынтаева", "Айгерім", "EMPTY", "EMPTY", "+77015553030")
		w.update(me, input{"email": nil}).ok() // clearing what is empty is no mistake
		found := w.ask(w.staff(vault.Support), `{ findUsers(by: {email: "aigerim@mail.example"}) { id } }`, nil).must()
		same(t, "what is cleared is found no more", pluck(found, "id", "findUsers"), []string{})

		own := func(value any) input {
			return input{"fields": []input{{"code": "householdSize", "value": value}}}
		}
		w.update(me, own("4")).ok()
		w.update(me, input{"fields": []input{{"code": "loyaltyCard", "value": "DALA-1"}}}).ok()
		w.update(me, own(nil)).ok()
		got := w.ask(me, `{ me { profile { fields(codes: ["householdSize", "loyaltyCard"]) { value state } } } }`, nil).must()
		same(t, "the app's own", pluck(got, "state", "me", "profile", "fields"), []string{"EMPTY", "PLAIN"})
	})
}

func TestRevisionsGrowWithTheProfileAndNotWithConsents(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("revisions")
		w.register(me, named())
		change := func(expected any) outcome {
			return w.mutate(me, "updateMyProfile", input{"profile": input{"givenName": "Айгерім"}, "expectedRevision": expected}, `user { revision }`)
		}
		equal(t, "after a change", number(change(1).ok().payload, "user", "revision"), 2)
		conflict := change(1)
		conflict.refused("REVISION_CONFLICT@expectedRevision")
		equal(t, "the revision now", conflict.parameter("revision"), "2")
		w.record(me, w.shown("ru").decided("marketing", "GIVEN")).ok()
		w.withdraw(me, "marketing").ok()
		equal(t, "after consents", number(change(2).ok().payload, "user", "revision"), 3)
		equal(t, "not named", number(change(nil).ok().payload, "user", "revision"), 4)

		all := together(t, 6, func(i int) (outcome, error) {
			return w.try(me, "updateMyProfile", input{"profile": input{"givenName": "Айгерім"}, "expectedRevision": 4}, `user { revision }`)
		})
		done := 0
		for _, one := range all {
			if len(one.refusals()) == 0 {
				one.ok()
				done++
			} else {
				one.refused("REVISION_CONFLICT@expectedRevision")
			}
		}
		equal(t, "of six that read the same, one writes", done, 1)
		many := together(t, 6, func(i int) (outcome, error) {
			return w.try(me, "updateMyProfile", input{"profile": input{"givenName": "Айгерім"}}, `user { revision }`)
		})
		for _, one := range many {
			one.ok()
		}
		equal(t, "who named none all write", number(w.ask(me, `{ me { revision } }`, nil).must(), "me", "revision"), 11)
	})
}

func TestAPersonChoosesALanguageOfTheApp(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("tongue")
		consent := w.shown("ru").decided("identify", "GIVEN", "contact", "GIVEN")
		w.mutate(me, "registerMe", input{"consent": consent, "locale": "de"}, "").refused("INVALID_LOCALE@locale")
		done := w.mutate(me, "registerMe", input{"consent": consent, "locale": "kk"}, `user { locale }`).ok()
		equal(t, "chosen", str(done.payload, "user", "locale"), "kk")
		for locale, want := range map[string]string{"en": "en", "": ""} {
			changed := w.mutate(me, "updateMyProfile", input{"locale": locale}, `user { locale }`).ok()
			equal(t, "changed to "+locale, str(changed.payload, "user", "locale"), want)
		}
		w.mutate(me, "updateMyProfile", input{"locale": "de"}, "").refused("INVALID_LOCALE@locale")
		for what, empty := range map[string]input{"nothing": {}, "null": {"profile": nil}, "empty": {"profile": input{}}} {
			t.Log(what)
			w.mutate(me, "updateMyProfile", empty, "").refused("REQUIRED@profile")
		}
	})
}

func TestMissingFieldsAreWhatIsRequiredAndEmpty(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("missing")
		w.register(me, input{"givenName": "Әйгерім"})
		missing := func() []string {
			got := strs(w.ask(me, `{ me { missingFields } }`, nil).must(), "me", "missingFields")
			slices.Sort(got)
			return got
		}
		same(t, "missing", missing(), []string{"familyName", "phone"})
		w.update(me, input{"familyName": "Сағынтаева", "phone": "+77015554040"}).ok()
		same(t, "none", missing(), []string{})
		w.update(me, input{"phone": nil}).ok()
		same(t, "cleared", missing(), []string{"phone"})
	})
}

func TestWhatTheVersionInForceDoesNotCollectIsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("collected")
		w.register(me, named())
		w.update(me, input{"postalAddress": "Алматы, Абай 1"}).ok()
		for _, code := range []string{"clubNumber", "consentContext", "nonsense", "", "подпись", "ФИО"} {
			w.update(me, input{"fields": []input{{"code": code, "value": "1"}}}).refused("FIELD_NOT_COLLECTED@profile.fields.0.value")
		}
		version := w.publish(w.draft(w.policy("2.0")), nil) // without a postal address
		w.record(me, w.of(version, "ru").decided("identify", "GIVEN", "contact", "GIVEN")).ok()
		w.update(me, input{"postalAddress": "Алматы, Абай 2"}).refused("FIELD_NOT_COLLECTED@profile.postalAddress")
		w.update(me, input{"givenName": "Айгерім", "postalAddress": "x"}).refused("FIELD_NOT_COLLECTED@profile.postalAddress")
		equal(t, "what is stored is still the person's own", w.own(me, "postalAddress")["postalAddress"], "Алматы, Абай 1")
		equal(t, "nothing of it was written", w.own(me, "givenName")["givenName"], "Әйгерім")
		w.update(me, input{"postalAddress": nil}).ok()
		equal(t, "and theirs to clear", w.own(me, "postalAddress")["postalAddress"], "NOT_COLLECTED")
		stranger := w.subject("collected-later")
		w.mutate(stranger, "registerMe", input{
			"profile": input{"postalAddress": "x"}, "consent": w.of(version, "ru").decided("identify", "GIVEN", "contact", "GIVEN"),
		}, "").refused("FIELD_NOT_COLLECTED@profile.postalAddress")
		equal(t, "nobody came", at(w.ask(stranger, `{ me { id } }`, nil).must(), "me"), nil)
	})
}

func TestIINAndBirthDateChangeTogether(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("pair")
		w.register(me, named())
		alone := w.update(me, input{"iin": iin1885})
		alone.refused("SEND_TOGETHER@profile.iin")
		equal(t, "what is missing", alone.parameter("missing"), "birthDate")
		w.update(me, input{"birthDate": "1885-06-15"}).refused("SEND_TOGETHER@profile.birthDate")
		w.update(me, input{"birthDate": nil}).refused("SEND_TOGETHER@profile.birthDate")
		for iin, date := range map[string]string{iin1885: "1901-01-01", iin1901: "1885-06-15", iinTwo: "1985-06-15"} {
			w.update(me, input{"iin": iin, "birthDate": date}).refused("IIN_BIRTH_DATE_MISMATCH@profile.iin")
		}
		for i, pair := range [][2]string{{iin1885, "1885-06-15"}, {iinTwo, "1885-06-15"}, {iin1901, "1901-01-01"}} {
			w.update(me, input{"iin": pair[0], "birthDate": pair[1]}).ok()
			got := w.own(me, "iin", "birthDate")
			equal(t, strconv.Itoa(i), got["iin"]+" "+got["birthDate"], pair[0]+" "+pair[1])
		}
		w.update(me, input{"iin": nil, "birthDate": "1885-06-15"}).ok()
		w.update(me, input{"iin": nil, "birthDate": nil}).ok()
		later := w.subject("pair-later")
		w.enter(later, input{"iin": iin1885, "birthDate": "1901-01-01"}).refused("IIN_BIRTH_DATE_MISMATCH@profile.iin")
		w.enter(later, input{"iin": iin1885}).ok() // who is new has no birth date that it could contradict
	})
}
