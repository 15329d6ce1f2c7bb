package main

import (
	"slices"
	"strings"
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

// item is a consent item of a policy.
func item(code string, required bool, fields ...string) input {
	uses := []input{}
	for _, field := range fields {
		uses = append(uses, input{"field": field, "required": false})
	}
	return input{
		"code": code, "kind": "PURPOSE", "required": required, "basis": "CONSENT", "fields": uses, "recipients": []input{},
		"title": words("ru", "Пункт "+code), "statement": words("ru", "Согласие на "+code),
	}
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
		"lawTitle": words("ru", "Закон"), "withdrawal": words("ru", "В приложении"),
		"thirdParties": false, "crossBorder": false, "publicSources": false,
		"approval": input{"by": "Директор", "at": "2026-11-01", "reference": "Приказ № 1"},
	}
	for _, c := range change {
		c(facts)
	}
	return input{
		"app": "dala", "label": label, "facts": facts,
		"texts": []input{{"locale": "ru", "text": "# Политика " + label}, {"locale": "kk", "text": "# Саясат " + label}},
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

// publish publishes a draft, now unless told otherwise, and answers its id.
func (w *world) publish(draft string, more input) string {
	w.t.Helper()
	in := with(more, input{"id": draft})
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

func TestAFieldIsAddedByAPolicyVersionWithoutARebuild(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		before := w.subject("before")
		w.register(before, named())
		club := input{"fields": []input{{"code": "clubNumber", "value": "KELISIM-777001"}}}
		w.update(before, club).refused("FIELD_NOT_COLLECTED@profile.fields.0.value")

		version := w.publish(w.draft(w.policy("2.0")), nil)
		me := w.subject("member")
		consent := w.of(version, "ru").decided("identify", "GIVEN", "contact", "GIVEN", "club", "GIVEN")
		w.mutate(me, "registerMe", input{"profile": with(named(), club), "consent": consent}, `user { id }`).ok()
		read := w.ask(me, `{ me { id profile { fields(codes: ["clubNumber"]) { code value state label(locale: "kk") { text } } } } }`, nil).must()
		field := at(read, "me", "profile", "fields", 0)
		equal(t, "the person reads", str(field, "value")+" "+str(field, "state"), "KELISIM-777001 PLAIN")
		equal(t, "its label", str(field, "label", "text"), "Клуб нөмірі")

		id := str(read, "me", "id")
		masked := w.ask(w.staff(vault.Support), `query($u: ID!) { user(id: $u) { profile { fields { code value state } } } }`, map[string]any{"u": id}).must()
		list, _ := at(masked, "user", "profile", "fields").([]any)
		i := slices.Index(pluck(list, "code"), "clubNumber")
		if i < 0 || str(list, i, "state") != "MASKED" || !strings.HasSuffix(str(list, i, "value"), "7001") || strings.Contains(str(list, i, "value"), "KELISIM") {
			t.Errorf("support sees %v", list)
		}
		collected := w.ask("", `query($v: ID!) { policyVersion(id: $v) { fields { code kind mask purposes label(locale: "ru") { text } } } }`, map[string]any{"v": version}).must()
		if got := pluck(collected, "code", "policyVersion", "fields"); !slices.Contains(got, "clubNumber") {
			t.Errorf("the version collects %v", got)
		}
	})
}

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
		w.publish(w.draft(w.policy("2.0")), input{"effectiveAt": stamp(effective)})
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
		equal(t, "an app that is not there", w.ask("", `{ policyInForce(app: "nowhere") { id } }`, nil).code(), "NOT_FOUND")
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
