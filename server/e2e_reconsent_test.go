package main

import (
	"strings"
	"testing"
	"time"

	"github.com/kelisim/kelisim/vault"
)

// offers adds an optional item that services ask about.
func offers(facts input) { addItem(facts, item("marketing", false, "phone")) }

// reworded has the optional item say something else.
func reworded(facts input) {
	itemOf(facts, 3)["statement"] = words("ru", "Согласие на продажу данных банкам")
}

// phone is what a service reads for marketing: the state, and the value if any.
func (w *world) phone(id string) string {
	w.t.Helper()
	a := w.ask(w.staff(vault.Machine), `query($u: ID!) { user(id: $u) { profile(basis: {purpose: "marketing"}) { phone { state value } givenName { state } } } }`, input{"u": id})
	return strings.TrimSpace(str(a.must(), "user", "profile", "phone", "state") + " " + str(a.must(), "user", "profile", "phone", "value"))
}

// toldOf is what somebody reads of and is not asked about: "KIND item".
func (w *world) toldOf(token string) []string {
	w.t.Helper()
	list := at(w.ask(token, `{ me { policyStatus { notices { kind item } } } }`, nil).must(), "me", "policyStatus", "notices")
	out := []string{}
	for i, kind := range pluck(list, "kind") {
		out = append(out, kind+" "+str(list, i, "item"))
	}
	return out
}

func TestClause61AConsentToOtherWordsHoldsNoLonger(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.publish(w.draft(w.policy("2.0", offers)), nil)
		_, id := w.member("Zed", "marketing")
		answers := func(when, reason, phone string) {
			t.Helper()
			equal(t, when+": a check", w.reason(id, "marketing", ""), reason)
			equal(t, when+": a reading", w.phone(id), phone)
			many := w.ask(w.staff(vault.Machine), `query($u: [ID!]!) { consentChecks(users: $u, app: "dala", purpose: "marketing") { allowed reason } }`, input{"u": []string{id}}).must()
			equal(t, when+": many checks", str(many, "consentChecks", 0, "reason"), reason)
		}
		answers("given", "GIVEN", "PLAIN +77019264831")

		w.publish(w.draft(w.policy("2.1", offers, func(f input) { itemOf(f, 3)["fields"] = uses("phone", "email", "givenName") })), nil)
		answers("more fields are asked for", "GIVEN", "PLAIN +77019264831")
		equal(t, "those were not agreed to", str(w.ask(w.staff(vault.Machine), `query($u: ID!) { user(id: $u) { profile(basis: {purpose: "marketing"}) { givenName { state } } } }`,
			input{"u": id}).must(), "user", "profile", "givenName", "state"), "NO_CONSENT")

		effective := w.clock.Now().Add(time.Hour).Truncate(time.Millisecond)
		w.publish(w.draft(w.policy("3.0", offers, reworded)), input{"effectiveAt": stamp(effective)})
		answers("until then", "GIVEN", "PLAIN +77019264831")
		w.clock.advance(time.Hour)
		me := w.subject("Zed") // a token holds for less than an hour
		answers("from then on", "RECONSENT_NEEDED", "NO_CONSENT")
		w.publish(w.draft(w.policy("3.1", offers, reworded)), nil)
		answers("and later", "RECONSENT_NEEDED", "NO_CONSENT")
		w.record(me, w.shown("ru").decided("marketing", "GIVEN")).ok()
		answers("given anew", "GIVEN", "PLAIN +77019264831")
		w.publish(w.draft(w.policy("4.0")), nil)
		w.publish(w.draft(w.policy("4.1", offers, reworded)), nil)
		answers("gone in between", "RECONSENT_NEEDED", "NO_CONSENT")
		w.withdraw(me, "marketing").ok()
		answers("withdrawn", "WITHDRAWN", "NO_CONSENT")
	})
}

func TestClause32WhatIsAskedAnewIsPrivateUntilItIsPublishedAnew(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.sharing()
		me, id := w.member("Vera", "page")
		sees := func(when, visibility string, public int) {
			t.Helper()
			got, _ := w.public("", id)
			equal(t, when+": public", len(got), public)
			own := w.ask(me, `{ me { profile { givenName { visibility } } } }`, nil).must()
			equal(t, when, str(own, "me", "profile", "givenName", "visibility"), visibility)
		}
		w.visible(me, "PUBLIC", "givenName").ok()
		sees("published", "PUBLIC", 1)
		w.publish(w.draft(w.policy("8.0", shares, func(f input) { itemOf(f, 6)["fields"] = uses("givenName", "email") })), nil)
		sees("more is asked for", "PUBLIC", 1)
		w.publish(w.draft(w.policy("8.1", shares, func(f input) {
			list, _ := f["items"].([]input)
			f["items"] = list[:6]
		})), nil)
		sees("not asked for any more", "PRIVATE", 0)
		w.publish(w.draft(w.policy("8.2", shares, func(f input) {
			itemOf(f, 6)["statement"] = words("ru", "Согласие на публикацию на всех сайтах мира")
		})), nil)
		sees("asked anew", "PRIVATE", 0)
		w.visible(me, "PUBLIC", "givenName").refused("CONSENT_NOT_GIVEN@fields.0")
		w.record(me, w.shown("ru").decided("page", "GIVEN")).ok()
		sees("a consent publishes nothing", "PRIVATE", 0)
		w.visible(me, "PUBLIC", "givenName").ok()
		sees("published anew", "PUBLIC", 1)
	})
}

func TestClause61WhatIsNotAskedForAnyMoreNamesTheLawAndIsTold(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		officer := w.staff(vault.Compliance)
		w.publish(w.draft(w.policy("2.0", offers)), nil)
		boris, id := w.member("Boris")
		w.record(boris, w.shown("ru").decided("marketing", "REFUSED")).ok()
		same(t, "nothing to tell", w.toldOf(boris), []string{})
		draft := w.draft(w.policy("3.0", offers, func(f input) {
			itemOf(f, 3)["basis"] = "LAW"
			addItem(f, with(item("archive", false, "clubNumber"), input{"basis": "LAW"}))
		}))
		silent := w.mutate(officer, "publishPolicyVersion", input{"id": draft, "textChanges": sameMeaning, "acknowledgedWarnings": otherTexts}, "")
		silent.refused("WARNING_UNANSWERED@facts.items.3.basis", "WARNING_UNANSWERED@facts.items.4.fields")
		equal(t, "the rule", silent.parameter("rule"), "policy.stillAsked")
		equal(t, "who refused", w.reason(id, "marketing", ""), "REFUSED")

		reasons := append([]input{{"rule": "policy.stillAsked", "reason": "KZ-TAX-190"}}, otherTexts...)
		version := w.publish(draft, input{"acknowledgedWarnings": reasons})
		equal(t, "the law does not ask", w.reason(id, "marketing", ""), "NOT_CONSENT_BASED")
		same(t, "and is told", w.toldOf(boris), []string{"ITEM_UNASKED marketing", "ITEM_ADDED archive", "FIELD_UNASKED archive"})
		same(t, "who never decided reads it all", w.toldOf(w.subject("nobody")), []string{})
		for locale, want := range map[string]string{
			"kk": "«Пункт marketing»: бұдан былай келісім сұралмайды; деректерді өңдеудің негізі – заң.",
			"ru": "«Пункт marketing»: согласие больше не запрашивается; основание обработки данных — закон.",
			"en": "“Пункт marketing”: your consent is no longer asked for; the ground for processing is law.",
		} {
			says := w.ask(boris, `query($l: Locale) { me { policyStatus { notices { sentence(locale: $l) { text } } } } }`, input{"l": locale}).must()
			equal(t, locale, str(says, "me", "policyStatus", "notices", 0, "sentence", "text"), want)
		}
		w.record(boris, w.of(version, "ru").decided("club", "REFUSED")).ok()
		same(t, "told until they decide again", w.toldOf(boris), []string{})
	})
}

func TestNoWordsSlipThroughInOneLanguage(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		officer := w.staff(vault.Compliance)
		texts := func(label, ru string, others bool) string {
			in := w.policy(label)
			list := []input{{"locale": "ru", "text": ru}}
			if others {
				list = append(list, input{"locale": "kk", "text": "# Саясат"}, input{"locale": "en", "text": "# Policy"})
			}
			in["texts"] = list
			return w.draft(in)
		}
		publish := func(draft string, more input) outcome {
			return w.mutate(officer, "publishPolicyVersion", with(more, input{"id": draft, "acknowledgedWarnings": otherTexts}), "policyVersion { id }")
		}
		silent := func(what, draft, locales string) {
			t.Helper()
			got := publish(draft, nil)
			got.refused("VERSION_INCOMPLETE@textChanges")
			equal(t, what, got.parameter("locales"), locales)
		}
		w.publish(texts("3.0", "# Политика", true), nil)
		me, _ := w.member("Aliya")
		alone := texts("3.1", "# Мы передаём ваши данные рекламодателям", false)
		silent("two are gone, and the third says something else", alone, "en kk ru")
		publish(alone, input{"textChanges": sameMeaning}).ok()
		back := texts("3.2", "# Мы передаём ваши данные рекламодателям", true)
		silent("they are back", back, "en kk")
		publish(back, input{"textChanges": []input{{"locale": "ru", "meaning": "MEANING", "reason": "CONTENT"}, {"meaning": "CORRECTION", "reason": "TRANSLATION"}}}).
			refused("INVALID_VALUE@textChanges.0.locale")
		publish(back, input{"textChanges": []input{{"locale": "kk", "meaning": "MEANING", "reason": "CONTENT"}, {"meaning": "CORRECTION", "reason": "TRANSLATION"}}}).ok()
		pending := w.ask(me, pendingQuery, nil).must()
		same(t, "asked again", strs(pending, "me", "policyStatus", "missing"), []string{"identify", "contact"})
		equal(t, "why", str(pending, "me", "pendingConsents", 0, "changes", 0, "kind"), "ITEM_ASKED_AGAIN") // what Aliya read in Kazakh stands there again

		in := w.policy("3.3", func(f input) { f["withdrawal"] = words("ru", "Отозвать согласие нельзя") })
		in["texts"] = []input{{"locale": "ru", "text": "# Мы передаём ваши данные рекламодателям"}, {"locale": "kk", "text": "# Саясат"}, {"locale": "en", "text": "# Policy"}}
		silent("how to withdraw", w.draft(in), "ru")
	})
}

func TestAnotherOwnerOfTheDatabaseAsksEverybodyAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		before := w.publish(w.draft(w.policy("2.0")), nil)
		me, _ := w.member("Dana")
		app, err := w.sys.vault.App(t.Context(), "dala")
		if err != nil {
			t.Fatal(err)
		}
		app.Contacts.Email = "new@dala.example"
		app.Owner = vault.Operator{Code: "stranger", Name: vault.Words{{Locale: "ru", Text: "ТОО «Чужой»"}}, BIN: binStranger}
		if err := w.sys.vault.ApplyApp(t.Context(), w.p.systemActor(), app); err != nil {
			t.Fatal(err)
		}
		version := w.publish(w.draft(w.policy("2.1")), nil)
		changes := at(w.ask("", `query($v: ID!, $s: ID) { policyVersion(id: $v) { changes(since: $s) { kind effect sentence(locale: "ru") { text } } } }`,
			input{"v": version, "s": before}).must(), "policyVersion", "changes")
		same(t, "changes", pluck(changes, "kind")[:2], []string{"OWNER", "CONTACTS"})
		same(t, "effects", pluck(changes, "effect")[:2], []string{"WIDENING", "CORRECTION"})
		equal(t, "the sentence", str(changes, 0, "sentence", "text"), "У базы данных теперь другой собственник — ТОО «Чужой», БИН/ИИН "+binStranger+".")
		same(t, "asked again", strs(w.ask(me, pendingQuery, nil).must(), "me", "policyStatus", "missing"), []string{"identify", "contact"})
	})
}
