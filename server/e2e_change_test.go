package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kelisim/kelisim/vault"
)

const pendingQuery = `query($l: Locale) { me { policyStatus { accepted missing requiredFrom } pendingConsents { item { code } required requiredFrom
	changes { kind effect item field locale sentence(locale: $l) { text locale } } } } }`

func TestClause61AWiderVersionAsksThoseItConcernsAndSaysWhatChanged(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		now := w.publish(w.draft(w.policy("2.0")), nil)
		me := w.subject("concerned")
		w.mutate(me, "registerMe", input{"profile": named(), "consent": w.of(now, "ru").decided("identify", "GIVEN", "contact", "GIVEN", "club", "REFUSED")}, "").ok()
		effective := w.clock.Now().Add(time.Hour).Truncate(time.Millisecond)
		coming := w.publish(w.draft(w.policy("3.0", func(f input) {
			itemOf(f, 0)["fields"] = uses("familyName", "givenName", "patronymic")
			itemOf(f, 1)["fields"] = uses("phone", "email")
		})), input{"effectiveAt": stamp(effective)})

		for locale, sentence := range map[string]string{
			"kk": "«Пункт identify»: жаңа деректер пайдаланылады – Әкесінің аты.",
			"ru": "«Пункт identify»: используются новые данные — Отчество.",
			"en": "“Пункт identify”: further data is used: Patronymic.",
		} {
			got := at(w.ask(me, pendingQuery, map[string]any{"l": locale}).must(), "me")
			same(t, "pending", []string{str(got, "pendingConsents", 0, "item", "code"), str(got, "pendingConsents", 1, "item", "code")}, []string{"identify", ""})
			equal(t, "accepted until then", at(got, "policyStatus", "accepted"), true)
			equal(t, "requiredFrom", str(got, "pendingConsents", 0, "requiredFrom"), stamp(effective))
			change := at(got, "pendingConsents", 0, "changes")
			same(t, "changes", pluck(change, "kind"), []string{"FIELD_ADDED"})
			same(t, "effects", pluck(change, "effect"), []string{"WIDENING"})
			equal(t, "field", str(change, 0, "field"), "patronymic")
			equal(t, "sentence", str(change, 0, "sentence", "text"), sentence)
		}

		whole := w.ask("", `query($v: ID!, $s: ID) { policyVersion(id: $v) { changes(since: $s) { kind effect item } } }`, map[string]any{"v": coming, "s": now}).must()
		kinds := pluck(whole, "kind", "policyVersion", "changes")
		same(t, "changes since", kinds, []string{"FIELD_ADDED", "FIELD_REMOVED", "FIELD_REMOVED", "TEXT", "TEXT", "TEXT"})
		before := w.ask("", `query($v: ID!) { policyVersion(id: $v) { changes { kind } } }`, map[string]any{"v": coming}).must()
		same(t, "since the one before", pluck(before, "kind", "policyVersion", "changes"), kinds)
		equal(t, "since nothing", w.ask("", `query($v: ID!) { policyVersion(id: $v) { changes(since: "x") { kind } } }`, map[string]any{"v": coming}).code(), "NOT_FOUND")
		w.record(me, w.of(coming, "kk").decided("identify", "GIVEN")).ok()
		got := at(w.ask(me, pendingQuery, nil).must(), "me", "pendingConsents")
		same(t, "pending after re-consent", pluck(got, "required"), []string{})
	})
}

func TestACorrectionDisturbsNobodyAndAPublisherMayBeStricter(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		officer := w.staff(vault.Compliance)
		first := w.publish(w.draft(w.policy("2.0")), nil)
		me := w.subject("undisturbed")
		w.mutate(me, "registerMe", input{"profile": named(), "consent": w.of(first, "kk").decided("identify", "GIVEN", "contact", "GIVEN", "club", "REFUSED")}, "").ok()
		texts := func(label, kk string) input {
			in := w.policy(label)
			in["texts"] = []input{{"locale": "ru", "text": "# Политика 2.0"}, {"locale": "kk", "text": kk}, {"locale": "en", "text": "# Policy 2.0"}}
			return in
		}
		publish := func(draft string, more input) outcome {
			return w.mutate(officer, "publishPolicyVersion", with(more, input{"id": draft}), "policyVersion { id }")
		}
		pending := func() []string {
			list := at(w.ask(me, pendingQuery, nil).must(), "me", "pendingConsents")
			out := []string{}
			all, _ := list.([]any)
			for i := range all {
				out = append(out, str(list, i, "item", "code")+":"+strings.Join(pluck(list, "kind", i, "changes"), ","))
			}
			return out
		}
		draft := w.draft(texts("2.1", "# Саясат 2.0, түзетілген"))
		silent := publish(draft, nil)
		silent.refused("VERSION_INCOMPLETE@textChanges")
		equal(t, "the language that changed alone", silent.parameter("locales"), "kk")
		publish(draft, input{"textChanges": []input{{"locale": "de", "meaning": "CORRECTION", "reason": "TYPO"}}}).
			refused("UNKNOWN_LOCALE@textChanges.0.locale", "VERSION_INCOMPLETE@textChanges")
		done := publish(draft, input{"textChanges": []input{{"locale": "kk", "meaning": "CORRECTION", "reason": "TYPO"}}}).ok()
		same(t, "pending after a correction", pending(), []string{})
		declared := w.events(vault.AuditFilter{Action: string(vault.PolicyTextDeclared), RequestID: done.header.Get("X-Request-ID")})
		if len(declared) != 1 || declared[0].Reason != "TYPO" || declared[0].Kind != vault.Compliance || !strings.HasSuffix(declared[0].AuditEvent.Object, ";locale=kk;meaning=CORRECTION") {
			t.Errorf("on record: %v", declared)
		}

		publish(w.draft(texts("2.2", "# Саясат 2.0, түзетілген")), input{"askAgain": []string{"nothing"}}).refused("UNKNOWN_CONSENT_ITEM@askAgain.0")
		publish(w.draft(texts("2.3", "# Саясат 2.0, түзетілген")), input{"askAgain": []string{"contact"}}).ok()
		same(t, "pending after a stricter publication", pending(), []string{"contact:ITEM_ASKED_AGAIN"})
		publish(w.draft(texts("2.4", "# Саясат 2.0, мүлде басқа")), input{"textChanges": []input{{"locale": "kk", "meaning": "MEANING", "reason": "CONTENT"}}}).ok()
		same(t, "pending after a change of meaning", pending(), []string{"identify:TEXT", "contact:TEXT", "club:TEXT"})
	})
}

func TestConsentsAreCountedPerItem(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		count := func(version string) (people int, figures map[string][4]int) {
			a := w.ask(w.staff(vault.Auditor), `query($v: ID!) { consentStatistics(version: $v) { people asOf version { label }
				items { item { code } given refused withdrawn pending } } }`, map[string]any{"v": version})
			got := at(a.must(), "consentStatistics")
			figures = map[string][4]int{}
			list, _ := at(got, "items").([]any)
			for i := range list {
				figures[str(list, i, "item", "code")] = [4]int{number(list, i, "given"), number(list, i, "refused"), number(list, i, "withdrawn"), number(list, i, "pending")}
			}
			if events := w.events(vault.AuditFilter{Action: string(vault.ConsentsCounted)}); len(events) == 0 || events[0].Role != vault.Auditor {
				t.Errorf("on record: %v", events)
			}
			return number(got, "people"), figures
		}
		now := w.publish(w.draft(w.policy("2.0")), nil)
		before, none := count(now)
		equal(t, "the demo's people have to decide", none["club"], [4]int{0, 0, 0, before})
		given := func(sub string, club string) string {
			token := w.subject(sub)
			w.mutate(token, "registerMe", input{"profile": named(), "consent": w.of(now, "ru").decided("identify", "GIVEN", "contact", "GIVEN", "club", club)}, "").ok()
			return token
		}
		given("one", "GIVEN")
		given("two", "REFUSED")
		w.withdraw(given("three", "GIVEN"), "club").ok()
		people, figures := count(now)
		equal(t, "people", people, before+3)
		equal(t, "identify", figures["identify"], [4]int{3, 0, 0, before})
		equal(t, "club", figures["club"], [4]int{1, 1, 1, before})
		wider := w.publish(w.draft(w.policy("3.0", func(f input) { itemOf(f, 2)["fields"] = uses("clubNumber", "email") })), nil)
		_, figures = count(wider)
		equal(t, "identify goes on", figures["identify"], [4]int{3, 0, 0, before})
		equal(t, "club is asked again", figures["club"], [4]int{0, 0, 1, before + 2})
		equal(t, "of a draft", w.ask(w.staff(vault.Compliance), `query($v: ID!) { consentStatistics(version: $v) { people } }`,
			map[string]any{"v": w.draft(w.policy("4.0"))}).code(), "NOT_FOUND")
	})
}

func TestTheSwitchHappensOnEveryReplicaAtItsMoment(t *testing.T) {
	w := onServers(t)
	other := w.replica()
	me := w.subject("switched")
	user := w.register(me, named())
	effective := w.clock.Now().Add(time.Hour).Truncate(time.Millisecond)
	w.publish(w.draft(w.policy("6.1")), input{"effectiveAt": stamp(effective)})
	anonymous := func(on *world) string {
		return str(on.ask("", `{ policyInForce(app: "dala") { label } }`, nil).must(), "policyInForce", "label")
	}
	type seen struct{ anonymous, staff, status, gate, check string }
	look := func(on *world) seen {
		status := at(on.ask(me, `{ me { policyStatus { accepted version { label } } } }`, nil).must(), "me", "policyStatus")
		return seen{
			anonymous(on), on.inForce(""), str(status, "version", "label"),
			on.update(me, input{"givenName": "Айгерім"}).code(), on.reason(user, "marketing", ""),
		}
	}
	// Redis's clock goes on by itself: what it keeps for five seconds is still
	// there when ours is an hour on.
	for _, c := range []struct {
		at   time.Time
		want seen
	}{
		{effective.Add(-time.Millisecond), seen{"1.0", "1.0", "1.0", "", "NEVER_ASKED"}},
		{effective, seen{"6.1", "6.1", "6.1", "POLICY_NOT_ACCEPTED", "UNKNOWN_PURPOSE"}},
	} {
		w.clock.stand(c.at)
		for name, on := range map[string]*world{"one": w, "another": other} {
			equal(t, name+" at "+stamp(c.at), look(on), c.want)
			on.visit("GET", "/policy/dala?locale=ru").says(t, name+"'s page", "<dd>"+c.want.anonymous+"</dd>")
		}
	}
}

// TestAPaperIsCountedUntilItsTermEndsFromTheSignature: the figures say what the
// gate says.
func TestAPaperIsCountedUntilItsTermEndsFromTheSignature(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		version := w.shown("ru").version
		given := func() int {
			got := w.ask(w.staff(vault.Auditor), `query($v: ID!) { consentStatistics(version: $v) { items { item { code } given } } }`, input{"v": version}).must()
			list, _ := at(got, "consentStatistics", "items").([]any)
			i := slices.IndexFunc(list, func(one any) bool { return str(one, "item", "code") == "marketing" })
			return number(list, i, "given")
		}
		id, others := w.register(w.subject("counted"), nil), given()
		signed := w.clock.Now().Truncate(time.Millisecond)
		w.clock.advance(48 * time.Hour)
		w.wrote(id, w.received(0, input{"signedAt": stamp(signed)}), nil, "marketing", "GIVEN").ok()
		ends := signed.AddDate(3, 0, 0)
		w.clock.stand(ends.Add(-time.Second))
		equal(t, "the gate", w.reason(id, "marketing", ""), "GIVEN")
		before := given()
		w.clock.stand(ends.Add(time.Second))
		equal(t, "the gate after the end", w.reason(id, "marketing", ""), "EXPIRED")
		if before < 1 || before > others+1 || given() != 0 {
			t.Errorf("of %d others, %d are counted before the end and %d after it", others, before, given())
		}
	})
}
