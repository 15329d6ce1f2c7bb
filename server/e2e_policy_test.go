package main

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/graph"
	"github.com/kelisim/kelisim/vault"
)

// words are words in several languages: the language, then the words.
func words(pairs ...string) []input {
	out := []input{}
	for pair := range slices.Chunk(pairs, 2) {
		out = append(out, input{"locale": pair[0], "text": pair[1]})
	}
	return out
}

// uses are the fields that an item may use.
func uses(fields ...string) []input {
	out := []input{}
	for _, field := range fields {
		out = append(out, input{"field": field, "required": false})
	}
	return out
}

// item is a consent item of a policy.
func item(code string, required bool, fields ...string) input {
	return input{
		"code": code, "kind": "PURPOSE", "required": required, "basis": "CONSENT", "fields": uses(fields...), "recipients": []input{},
		"retention": "P1Y",
		"title":     words("ru", "Пункт "+code), "statement": words("ru", "Согласие на "+code),
	}
}

// lawTitle is the law's full title, as the rules want it.
func lawTitle() []input {
	return words("ru", "Закон Республики Казахстан от 21 мая 2013 года № 94-V «О персональных данных и их защите»")
}

// policy is a policy version with a field of the app's own, as compliance
// writes it; whoever wants another one changes the facts.
func (w *world) policy(label string, change ...func(facts input)) input {
	facts := input{
		"items": []input{
			item("identify", true, "familyName", "givenName"),
			item("contact", true, "phone", "email", "iin", "birthDate"),
			item("club", false, "clubNumber"),
		},
		"fields":   []input{{"code": "clubNumber", "class": "OTHER", "kind": "TEXT", "mask": "LAST4", "label": words("ru", "Номер клуба", "kk", "Клуб нөмірі")}},
		"lawTitle": lawTitle(), "withdrawal": words("ru", "В приложении"),
		"thirdParties": false, "crossBorder": false, "publicSources": false,
		"approval": input{"by": "Директор", "at": "2026-11-01", "reference": "Приказ № 1"},
	}
	for _, c := range change {
		c(facts)
	}
	if facts["term"] == nil {
		facts["purposesEnd"] = words("ru", "когда учётная запись закрыта")
	}
	return input{
		"app": "dala", "label": label, "facts": facts,
		"texts": []input{{"locale": "ru", "text": "# Политика " + label}, {"locale": "kk", "text": "# Саясат " + label}, {"locale": "en", "text": "# Policy " + label}},
	}
}

// itemOf is an item of a policy's facts, to be changed.
func itemOf(facts input, i int) input {
	list, _ := facts["items"].([]input)
	return list[i]
}

// addItem adds an item to a policy's facts.
func addItem(facts, one input) {
	list, _ := facts["items"].([]input)
	facts["items"] = append(list, one)
}

// draft creates a draft and answers its id.
func (w *world) draft(in input) string {
	w.t.Helper()
	return str(w.mutate(w.staff(vault.Compliance), "createPolicyDraft", in, `policyVersion { id }`).ok().payload, "policyVersion", "id")
}

// otherTexts is why a version of a test has not all of the app's languages.
var otherTexts = []input{{"rule": "policy.otherTexts", "reason": "TEST-1"}}

// sameMeaning is what the texts of a test say of themselves.
var sameMeaning = []input{{"meaning": "CORRECTION", "reason": "CONTENT"}}

// publish publishes a draft, now unless told otherwise, and answers its id.
func (w *world) publish(draft string, more input) string {
	w.t.Helper()
	in := with(input{"acknowledgedWarnings": otherTexts, "textChanges": sameMeaning}, with(more, input{"id": draft}))
	return str(w.mutate(w.staff(vault.Compliance), "publishPolicyVersion", in, `policyVersion { id }`).ok().payload, "policyVersion", "id")
}

// inForce is the label of the version in force, with more arguments if any.
// The caller has a token, and so is never answered from a cache.
func (w *world) inForce(more string) string {
	w.t.Helper()
	return str(w.ask(w.staff(vault.Auditor), `{ policyInForce(app: "dala"`+more+`) { label } }`, nil).must(), "policyInForce", "label")
}

// of is what is shown of one version, to a caller with a token.
func (w *world) of(version, locale string) shown {
	w.t.Helper()
	got := w.ask(w.staff(vault.Auditor), `query($v: ID!, $l: Locale) { policyVersion(id: $v) { document(locale: $l) { locale hash } } }`,
		map[string]any{"v": version, "l": locale}).must()
	return shown{version, str(got, "policyVersion", "document", "locale"), str(got, "policyVersion", "document", "hash")}
}

func versionID(id uuid.UUID) string { return graph.VersionID(id) }

func TestADraftChangesByRevisionAndAPublishedVersionNever(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		officer := w.staff(vault.Compliance)
		draft := w.draft(w.policy("2.0"))
		change := func(more input) outcome {
			return w.mutate(officer, "updatePolicyDraft", with(more, input{"id": draft}), `policyVersion { label revision status }`)
		}
		done := change(input{"expectedRevision": 1, "label": "2.1"}).ok()
		equal(t, "label", str(done.payload, "policyVersion", "label"), "2.1")
		equal(t, "revision", number(done.payload, "policyVersion", "revision"), 2)
		stale := change(input{"expectedRevision": 1, "label": "2.2"})
		stale.refused("REVISION_CONFLICT@expectedRevision")
		equal(t, "the revision now", stale.parameter("revision"), "2")
		change(input{"expectedRevision": 2, "texts": []input{{"locale": "ru", "text": "# Иначе"}}}).ok()

		w.publish(draft, nil)
		sees := `query($v: ID!) { policyVersion(id: $v) { label revision effectiveAt publishedAt locales document { hash text } items { code consentFrom } } }`
		before := w.ask(officer, sees, map[string]any{"v": draft})
		change(input{"expectedRevision": 4, "label": "3.0"}).refused("VERSION_ALREADY_PUBLISHED@id")
		w.mutate(officer, "publishPolicyVersion", input{"id": draft}, "").refused("VERSION_ALREADY_PUBLISHED@id")
		w.publish(w.draft(w.policy("3.0")), nil)
		w.clock.advance(time.Hour)
		if after := w.ask(officer, sees, map[string]any{"v": draft}); string(after.raw) != string(before.raw) {
			t.Errorf("before %s\nafter %s", before.raw, after.raw)
		}
		for _, role := range []vault.Role{vault.Support, vault.Subject, vault.Machine, vault.Auditor, vault.Security} {
			equal(t, string(role), w.mutate(w.token(role, "meddler", nil), "publishPolicyVersion", input{"id": draft}, "").code(), "FORBIDDEN")
		}
	})
}

func TestOfManyWhoChangeOrPublishADraftAtOnceOneDoes(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		officer, draft := w.staff(vault.Compliance), w.draft(w.policy("2.0"))
		for _, c := range []struct {
			mutation string
			in       input
			late     []string // what those who come late are told, by when they came
		}{
			{"updatePolicyDraft", input{"id": draft, "expectedRevision": 1, "label": "2.1"}, []string{"REVISION_CONFLICT@expectedRevision"}},
			{"publishPolicyVersion", input{"id": draft, "textChanges": sameMeaning}, []string{"VERSION_ALREADY_PUBLISHED@id", "REVISION_CONFLICT@expectedRevision"}},
		} {
			done := 0
			for _, o := range together(t, 6, func(int) (outcome, error) { return w.try(officer, c.mutation, c.in, `policyVersion { id }`) }) {
				switch said := o.refusals(); {
				case len(o.Errors) == 0 && len(said) == 0:
					done++
				case len(said) != 1 || !slices.Contains(c.late, said[0]):
					t.Errorf("%s: status %d: %s", c.mutation, o.status, o.raw)
				}
			}
			equal(t, c.mutation+": done", done, 1)
		}
		got := w.ask(officer, `query($v: ID!) { policyVersion(id: $v) { label status revision } }`, map[string]any{"v": draft}).must()
		equal(t, "label", str(got, "policyVersion", "label"), "2.1")
		equal(t, "revision", number(got, "policyVersion", "revision"), 3)
	})
}

func TestADraftIsSeenByComplianceOnly(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		draft := w.draft(w.policy("2.0"))
		one, list := `query($v: ID!) { policyVersion(id: $v) { label } }`, `{ policyVersions(app: "dala") { nodes { label status } } }`
		node := `query($v: ID!) { node(id: $v) { id } }`
		officer := w.staff(vault.Compliance)
		equal(t, "compliance sees", str(w.ask(officer, one, map[string]any{"v": draft}).must(), "policyVersion", "label"), "2.0")
		same(t, "compliance lists", pluck(w.ask(officer, list, nil).must(), "label", "policyVersions", "nodes"), []string{"2.0", "1.0"})
		others := []string{"", w.subject("curious"), w.staff(vault.Support), w.staff(vault.Machine), w.staff(vault.Auditor), w.staff(vault.Security)}
		for i, token := range others {
			for _, query := range []string{one, node} {
				if got := w.ask(token, query, map[string]any{"v": draft}).code(); got != "NOT_FOUND" {
					t.Errorf("caller %d: %q", i, got)
				}
			}
			same(t, "others list", pluck(w.ask(token, list, nil).must(), "label", "policyVersions", "nodes"), []string{"1.0"})
		}
		equal(t, "a draft is in force for nobody", w.inForce(""), "1.0")
	})
}

func TestPolicyInForceAnswersForAnyMoment(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		long := w.clock.Now().Add(-24 * time.Hour)
		w.clock.advance(time.Hour)
		published := w.clock.Now()
		effective := published.Add(10 * 24 * time.Hour)
		coming := w.publish(w.draft(w.policy("2.0")), input{"effectiveAt": stamp(effective)})
		for want, at := range map[string]time.Time{
			"": long, "1.0": published, "2.0": effective.Add(time.Millisecond),
		} {
			equal(t, stamp(at), w.inForce(`, at: "`+stamp(at)+`"`), want)
		}
		equal(t, "a moment before", w.inForce(`, at: "`+stamp(effective.Add(-time.Millisecond))+`"`), "1.0")
		equal(t, "at that very moment", w.inForce(`, at: "`+stamp(effective)+`"`), "2.0")
		equal(t, "now", w.inForce(""), "1.0")
		w.mutate(w.staff(vault.Compliance), "publishPolicyVersion",
			input{"id": w.draft(w.policy("3.0")), "effectiveAt": stamp(published.Add(-time.Minute))}, "").refused("INVALID_DATE@effectiveAt")
		between := w.mutate(w.staff(vault.Compliance), "publishPolicyVersion",
			input{"id": w.draft(w.policy("3.0")), "effectiveAt": stamp(effective.Add(-time.Hour))}, "")
		between.refused("INVALID_DATE@effectiveAt") // who accepts 2.0 was never asked about it
		equal(t, "the version that it would come before", between.parameter("policyVersionId"), coming)
		w.publish(w.draft(w.policy("3.0")), input{"effectiveAt": stamp(effective)})
		equal(t, "of two at one moment the later publication", w.inForce(`, at: "`+stamp(effective)+`"`), "3.0")
		equal(t, "an app that is not there", w.ask("", `{ policyInForce(app: "nowhere") { id } }`, nil).code(), "NOT_FOUND")
		equal(t, "versions of an app that is not there", w.ask("", `{ policyVersions(app: "nowhere") { nodes { id } } }`, nil).code(), "NOT_FOUND")
	})
}

func TestAVersionCanBeAcceptedBeforeItIsInForce(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me, idle := w.subject("early"), w.subject("idle")
		id := w.register(me, named())
		w.register(idle, named())
		effective := w.clock.Now().Add(30 * 24 * time.Hour).Truncate(time.Millisecond)
		coming := w.publish(w.draft(w.policy("2.0")), input{"effectiveAt": stamp(effective)})

		asked := `{ me { policyStatus { accepted missing requiredFrom version { label } } pendingConsents { item { code } version { label } required requiredFrom } } }`
		status := w.ask(me, asked, nil).must()
		equal(t, "accepted until then", at(status, "me", "policyStatus", "accepted"), true)
		same(t, "missing from then on", strs(status, "me", "policyStatus", "missing"), []string{"identify", "contact"})
		equal(t, "requiredFrom", str(status, "me", "policyStatus", "requiredFrom"), stamp(effective))
		list, _ := at(status, "me", "pendingConsents").([]any)
		for i := range list {
			if label := str(list, i, "version", "label"); label == "2.0" && at(list, i, "required") == true {
				equal(t, "requiredFrom of "+str(list, i, "item", "code"), str(list, i, "requiredFrom"), stamp(effective))
			} else if at(list, i, "requiredFrom") != nil {
				t.Errorf("an optional item is required from some moment: %v", at(list, i))
			}
		}

		w.record(me, w.of(coming, "kk").decided("identify", "GIVEN", "contact", "GIVEN", "club", "GIVEN")).ok()
		same(t, "missing after early acceptance", strs(w.ask(me, asked, nil).must(), "me", "policyStatus", "missing"), []string{})
		equal(t, "the old consent goes on", w.reason(id, "contact", ""), "GIVEN")
		equal(t, "the new item is not there yet", w.reason(id, "club", ""), "UNKNOWN_PURPOSE")
		equal(t, "asked about then", w.reason(id, "club", `, at: "`+stamp(effective)+`"`), "GIVEN")

		w.clock.advance(31 * 24 * time.Hour)
		me, idle = w.subject("early"), w.subject("idle")
		equal(t, "in force", w.inForce(""), "2.0")
		status = w.ask(me, asked, nil).must()
		equal(t, "who accepted early is in", at(status, "me", "policyStatus", "accepted"), true)
		equal(t, "the version of the status", str(status, "me", "policyStatus", "version", "label"), "2.0")
		_, _, whole := w.check(id, "contact", "")
		equal(t, "isCurrentVersion", at(whole, "isCurrentVersion"), true)
		equal(t, "club", w.reason(id, "club", ""), "GIVEN")
		w.update(me, input{"givenName": "Айгерім"}).ok()
		equal(t, "who did not is out", w.update(idle, input{"givenName": "Айгерім"}).code(), "POLICY_NOT_ACCEPTED")
	})
}

func TestTheGateClosesWhenAVersionTakesEffectAndNotBefore(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		now := w.publish(w.draft(w.policy("2.0")), nil)
		me := w.subject("on time")
		consent := w.of(now, "ru").decided("identify", "GIVEN", "contact", "GIVEN", "club", "REFUSED")
		done := w.mutate(me, "registerMe", input{"profile": input{"phone": "+77015556060"}, "consent": consent}, `user { id }`).ok()
		id := str(done.payload, "user", "id")
		effective := w.clock.Now().Add(time.Hour).Truncate(time.Millisecond)
		coming := w.publish(w.draft(w.policy("3.0", func(facts input) {
			itemOf(facts, 1)["statement"] = words("ru", "Согласие на связь, в том числе в мессенджерах")
		})), input{"effectiveAt": stamp(effective)})

		asked := `{ me { policyStatus { accepted missing requiredFrom } pendingConsents { item { code } required requiredFrom } } }`
		reads := func() answer {
			return w.ask(w.staff(vault.Machine), `query($u: ID!) { user(id: $u) { profile(basis: {purpose: "contact"}) { phone { value } } } }`, map[string]any{"u": id})
		}
		for _, c := range []struct {
			after    time.Duration
			accepted bool
		}{{59 * time.Minute, true}, {2 * time.Minute, false}} {
			w.clock.advance(c.after)
			status := at(w.ask(me, asked, nil).must(), "me")
			equal(t, "accepted", at(status, "policyStatus", "accepted"), c.accepted)
			same(t, "missing", strs(status, "policyStatus", "missing"), []string{"contact"})
			equal(t, "requiredFrom", str(status, "policyStatus", "requiredFrom"), stamp(effective))
			pending, _ := at(status, "pendingConsents").([]any)
			i := slices.IndexFunc(pending, func(p any) bool { return at(p, "required") == true })
			equal(t, "what is pending", str(pending, i, "item", "code"), "contact")
			equal(t, "from when on", str(pending, i, "requiredFrom"), stamp(effective))
			change := w.update(me, input{"phone": "+77015556061"})
			if c.accepted {
				change.ok()
				equal(t, "a service reads", str(reads().must(), "user", "profile", "phone", "value"), "+77015556061")
				continue
			}
			change.gated("a change", coming)
			reads().gated("a read", coming)
		}
		w.record(me, w.of(now, "ru").decided("contact", "GIVEN")).refused("VERSION_OUTDATED@consent.version")
		w.record(me, w.of(coming, "ru").decided("contact", "GIVEN")).ok()
		w.update(me, input{"phone": "+77015556062"}).ok()
		equal(t, "a service reads again", str(reads().must(), "user", "profile", "phone", "value"), "+77015556062")
	})
}

func TestANewVersionAsksAnewOnlyAboutWhatAllowsMore(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me, version := w.subject("asked"), ""
		var changes []func(facts input) // each row goes on from the ones before it
		for i, c := range []struct {
			what   string
			change func(facts input)
			anew   []string // items that only consents to this version count for
		}{
			{"the first", func(f input) { f["term"] = "P3Y" }, []string{"identify", "contact", "club"}},
			{"nothing", func(input) {}, nil},
			{"a field fewer", func(f input) { itemOf(f, 1)["fields"] = uses("phone", "email") }, nil},
			{"an optional item is required", func(f input) { itemOf(f, 2)["required"] = true }, nil},
			{"an optional item more", func(f input) { addItem(f, item("news", false, "email")) }, []string{"news"}},
			{"a required item more", func(f input) { addItem(f, item("receipts", true, "email")) }, []string{"receipts"}},
			{"a field more", func(f input) { itemOf(f, 0)["fields"] = uses("familyName", "givenName", "patronymic") }, []string{"identify"}},
			{"another sentence", func(f input) { itemOf(f, 1)["statement"] = words("ru", "Согласие на связь") }, []string{"contact"}},
			{"a longer term", func(f input) { f["term"] = "P5Y" }, []string{"identify", "contact", "club", "news", "receipts"}},
		} {
			changes = append(changes, c.change)
			version = w.publish(w.draft(w.policy(c.what, changes...)), nil)
			if i == 0 {
				w.mutate(me, "registerMe", input{"consent": w.of(version, "ru").decided("identify", "GIVEN", "contact", "GIVEN", "club", "GIVEN")}, "").ok()
			}
			says := w.ask(me, `{ me { policyStatus { required missing version { items { code consentFrom } } } } }`, nil).must()
			items, _ := at(says, "me", "policyStatus", "version", "items").([]any)
			items = slices.DeleteFunc(items, func(item any) bool { return str(item, "consentFrom") != version })
			same(t, c.what+": asked anew", pluck(items, "code"), append([]string{}, c.anew...))
			want := []string{}
			if i > 0 {
				want = slices.DeleteFunc(append(want, c.anew...), func(code string) bool { return code == "news" })
			}
			missing := strs(says, "me", "policyStatus", "missing")
			same(t, c.what+": missing", missing, want)
			if len(missing) > 0 {
				given := []string{}
				for _, code := range missing {
					given = append(given, code, "GIVEN")
				}
				again := w.record(me, w.of(version, "kk").decided(given...)).ok()
				equal(t, c.what+": accepted again", at(again.payload, "user", "policyStatus", "accepted"), true)
			}
		}
	})
}

func TestEveryReplicaSeesAPublicationAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		other := w.replica()
		me := w.subject("two replicas")
		w.register(me, named())
		old := other.shown("ru")
		equal(t, "before", other.inForce(""), "1.0")

		version := w.publish(w.draft(w.policy("2.0")), nil)
		equal(t, "with a token", other.inForce(""), "2.0")
		equal(t, "the gate", other.update(me, input{"givenName": "Айгерім"}).code(), "POLICY_NOT_ACCEPTED")
		other.record(me, old.decided("marketing", "GIVEN")).refused("VERSION_OUTDATED@consent.version")
		done := other.record(me, other.of(version, "kk").decided("identify", "GIVEN", "contact", "GIVEN")).ok()
		equal(t, "accepted there", at(done.payload, "user", "policyStatus", "accepted"), true)
		w.update(me, input{"givenName": "Айгерім"}).ok() // and here

		// Callers without a token may be told what is five seconds old: by the
		// clock of the cache, which is Redis's own where there is one.
		w.clock.advance(5 * time.Second)
		late, again := time.After(6*time.Second), time.NewTicker(50*time.Millisecond)
		defer again.Stop()
		for _, server := range []*world{w, other} {
			for server.shown("ru").version != version {
				select {
				case <-again.C:
				case <-late:
					t.Fatal("a caller without a token is told what was in force before")
				}
			}
		}
	})
}
