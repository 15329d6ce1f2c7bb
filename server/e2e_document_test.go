package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/kelisim/kelisim/vault"
)

// asJSON is a value as JSON, with the members of objects in their order.
func asJSON(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func sha(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// hashOf is the hash of what a version shows in a language, as a client that
// trusts nobody computes it from docs and API: RFC 8785 has the members in
// their order, no white space, and escapes what JSON has to escape.
func hashOf(t *testing.T, version any) string {
	t.Helper()
	type item struct {
		Code      string `json:"code"`
		Statement string `json:"statement"`
		Title     string `json:"title"`
	}
	var document struct {
		ConsentForm string `json:"consentForm"`
		Items       []item `json:"items"`
		Locale      string `json:"locale"`
		Text        string `json:"text"`
		Title       string `json:"title"`
		V           int    `json:"v"`
	}
	if err := json.Unmarshal([]byte(asJSON(t, at(version, "document"))), &document); err != nil {
		t.Fatal(err)
	}
	items, _ := at(version, "items").([]any)
	for i := range items {
		document.Items = append(document.Items, item{str(items, i, "code"), str(items, i, "statement", "text"), str(items, i, "title", "text")})
	}
	document.V = 1
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(document); err != nil {
		t.Fatal(err)
	}
	return sha(strings.TrimSuffix(out.String(), "\n"))
}

func TestTheHashIsThatOfWhatIsShown(t *testing.T) {
	const (
		sees = `query($v: ID!, $l: Locale) { policyVersion(id: $v) {
			document(locale: $l) { locale title text consentForm hash textHash } items { code title(locale: $l) { text } statement(locale: $l) { text } } } }`
		odd = "# Саясат <b>&\u00a0\"2.0\"\r\n\r\n\tҚұпиялылық \\n 😀 \f е\u0308  \n\n"
	)
	onBoth(t, func(t *testing.T, w *world) {
		written := w.policy("2.0")
		written["texts"] = []input{{"locale": "ru", "text": "# Политика"}, {"locale": "kk", "text": odd}}
		me := w.subject("hashes")
		w.register(me, nil)
		hashes := map[string]bool{}
		demo, own := w.shown("ru").version, w.publish(w.draft(written), nil)
		for _, c := range []struct{ version, locale, title, text string }{
			{demo, "kk", "Dala қосымшасының құпиялылық саясаты", ""},
			{demo, "ru", "Политика конфиденциальности приложения Dala", ""},
			{demo, "en", "Privacy Policy of the Dala App", ""},
			{own, "ru", "Политика", "# Политика"},
			{own, "kk", "Саясат <b>&\u00a0\"2.0\"", odd},
		} {
			shown := at(w.ask("", sees, map[string]any{"v": c.version, "l": c.locale}).must(), "policyVersion")
			text, hash := str(shown, "document", "text"), str(shown, "document", "hash")
			equal(t, "the hash in "+c.locale, hash, hashOf(t, shown))
			equal(t, "the text's own", str(shown, "document", "textHash"), sha(text))
			equal(t, "the title", str(shown, "document", "title"), c.title)
			if c.text != "" {
				equal(t, "the text, as it was given", text, c.text)
			}
			if hashes[hash] {
				t.Error("two documents have one hash")
			}
			hashes[hash] = true
			if c.version == own { // a consent pins it
				w.record(me, shownOf(c.version, shown).decided("identify", "GIVEN", "contact", "GIVEN")).ok()
				pinned := w.ask(me, `{ me { consents(first: 1) { nodes { documentHash locale version { id } } } } }`, nil).must()
				want := input{"documentHash": hash, "locale": c.locale, "version": input{"id": own}}
				equal(t, "pinned", asJSON(t, at(pinned, "me", "consents", "nodes", 0)), asJSON(t, want))
			}
		}
	})
}

// shownOf is what a version showed, as a decision names it.
func shownOf(id string, version any) shown {
	return shown{id, str(version, "document", "locale"), str(version, "document", "hash")}
}

func TestAMissingLanguageFallsBackToTheAuthoritativeOneAndSaysSo(t *testing.T) {
	const says = `document(locale: $l) { locale requestedLocale isFallback title }
		items { title(locale: $l) { text locale requestedLocale isFallback } } fields { label(locale: $l) { text locale requestedLocale isFallback } }`
	// What is wished for, the language answered where there is Russian and
	// Kazakh, and whether it falls back there, and where there is only Russian.
	type row struct {
		argument, header string
		requested        any
		answered         string
		falls, itemFalls bool
	}
	compare := func(t *testing.T, what string, version any, c row) {
		t.Helper()
		title := map[string]string{"ru": "Политика 2.0", "kk": "Саясат 2.0"}[c.answered]
		label := map[string]string{"ru": "Номер клуба", "kk": "Клуб нөмірі"}[c.answered]
		for part, of := range map[string][2]any{
			"document": {at(version, "document"), input{"locale": c.answered, "requestedLocale": c.requested, "isFallback": c.falls, "title": title}},
			"label":    {at(version, "fields", 0, "label"), input{"locale": c.answered, "requestedLocale": c.requested, "isFallback": c.falls, "text": label}},
			"item":     {at(version, "items", 0, "title"), input{"locale": "ru", "requestedLocale": c.requested, "isFallback": c.itemFalls, "text": "Пункт identify"}},
		} {
			equal(t, what+": "+part, asJSON(t, of[0]), asJSON(t, of[1]))
		}
	}
	onBoth(t, func(t *testing.T, w *world) {
		in := w.policy("2.0", func(facts input) { itemOf(facts, 0)["fields"] = uses("clubNumber") })
		texts, _ := in["texts"].([]input)
		in["texts"] = texts[:2] // none in English
		version := w.publish(w.draft(in), input{"acknowledgedWarnings": []input{{"rule": "policy.otherTexts", "reason": "CP-1"}}})
		for what, c := range map[string]row{
			"there is one":             {"kk", "", "kk", "kk", false, true},
			"the authoritative one":    {"ru", "", "ru", "ru", false, false},
			"the app's, and no text":   {"en", "", "en", "ru", true, true},
			"not even the app's":       {"de", "", "de", "ru", true, true},
			"with a region":            {"kk-KZ", "", "kk-KZ", "kk", false, true},
			"nobody asked":             {"", "", nil, "ru", false, false},
			"by the header":            {"", "kk, en;q=0.5", "kk", "kk", false, true},
			"by the header, missing":   {"", "en", "en", "ru", true, true},
			"the argument comes first": {"kk", "ru", "kk", "kk", false, true},
		} {
			header, variables := bearing(""), map[string]any{"v": version}
			if c.header != "" {
				header.Set("Accept-Language", c.header)
			}
			if c.argument != "" {
				variables["l"] = c.argument
			}
			query := `query($v: ID!, $l: Locale) { policyVersion(id: $v) { ` + says + ` } }`
			compare(t, what, at(w.send("POST", "/graphql", encode(t, query, variables), header).must(), "policyVersion"), c)
		}
		me := w.subject("reads English")
		w.mutate(me, "registerMe", input{"locale": "en", "consent": w.of(version, "ru").decided("identify", "GIVEN", "contact", "GIVEN")}, "").ok()
		own := w.ask(me, `query($l: Locale) { me { policyStatus { version { `+says+` } } } }`, nil).must()
		compare(t, "by the person's own", at(own, "me", "policyStatus", "version"), row{"", "", "en", "ru", true, true})

		fallen := w.of(version, "en")
		w.record(me, fallen.decided("club", "GIVEN")).ok() // names what was shown, not what was asked for
		fallen.locale = "en"
		w.record(me, fallen.decided("club", "GIVEN")).refused("UNKNOWN_LOCALE@consent.locale")
	})
}

func TestWhatAVersionSaysIsKeptAsItWasWritten(t *testing.T) {
	const sees = `query($v: ID!) { policyVersion(id: $v) { label term thirdParties crossBorder publicSources approval { by at reference }
		items { code kind required basis retention fields { field required } recipients { name(locale: "ru") { text } country purpose(locale: "ru") { text } } } } }`
	courier := input{"name": words("ru", "Шабарман", "kk", "Шабарман"), "country": "KZ", "purpose": words("ru", "доставка")}
	abroad := input{"name": words("ru", "Wolke GmbH"), "country": "DE", "purpose": words("ru", "хранение копий")}
	facts := input{
		"items": []input{
			item("identify", true, "familyName"),
			with(item("courier", false, "phone"), input{"kind": "THIRD_PARTIES", "retention": "P1Y6M", "recipients": []input{courier}}),
			with(item("copies", false, "email"), input{"kind": "CROSS_BORDER", "recipients": []input{abroad}}),
			with(item("taxes", true, "iin"), input{"basis": "LAW", "retention": "P5Y"}),
		},
		"fields": []input{}, "term": "P3Y", "lawTitle": lawTitle(), "withdrawal": words("ru", "Кнопкой «Отозвать»"),
		"thirdParties": true, "crossBorder": true, "publicSources": false,
		"approval": input{"by": "Директор ТОО", "at": "2026-11-20", "reference": "Приказ № 12-ө/2026"},
	}
	none := []any{}
	said := input{
		"label": "2026-11", "term": "P3Y", "thirdParties": true, "crossBorder": true, "publicSources": false, "approval": facts["approval"],
		"items": []any{
			input{"code": "identify", "kind": "PURPOSE", "required": true, "basis": "CONSENT", "retention": "P1Y", "fields": uses("familyName"), "recipients": none},
			input{
				"code": "courier", "kind": "THIRD_PARTIES", "required": false, "basis": "CONSENT", "retention": "P1Y6M", "fields": uses("phone"),
				"recipients": []any{input{"name": input{"text": "Шабарман"}, "country": "KZ", "purpose": input{"text": "доставка"}}},
			},
			input{
				"code": "copies", "kind": "CROSS_BORDER", "required": false, "basis": "CONSENT", "retention": "P1Y", "fields": uses("email"),
				"recipients": []any{input{"name": input{"text": "Wolke GmbH"}, "country": "DE", "purpose": input{"text": "хранение копий"}}},
			},
			input{"code": "taxes", "kind": "PURPOSE", "required": true, "basis": "LAW", "retention": "P5Y", "fields": uses("iin"), "recipients": none},
		},
	}
	onBoth(t, func(t *testing.T, w *world) {
		draft := w.draft(input{"app": "dala", "label": "2026-11", "facts": facts, "texts": []input{{"locale": "ru", "text": "# Политика"}}})
		reads := func(server *world, token string) string {
			return asJSON(t, at(server.ask(token, sees, map[string]any{"v": draft}).must(), "policyVersion"))
		}
		equal(t, "the draft", reads(w, w.staff(vault.Compliance)), asJSON(t, said))
		w.publish(draft, nil)
		for what, server := range map[string]*world{"published": w, "another replica": w.replica()} {
			equal(t, what, reads(server, ""), asJSON(t, said))
		}
		form := str(w.ask("", `{ policyInForce(app: "dala", at: "`+stamp(w.clock.Now())+`") { document(locale: "ru") { consentForm } } }`, nil).must(), "policyInForce", "document", "consentForm")
		for _, says := range []string{"3 года", "1 год 6 месяцев", "Шабарман, KZ — доставка", "Wolke GmbH, DE — хранение копий", "№ 94-V", "Кнопкой «Отозвать»", "991240000003"} {
			if !strings.Contains(form, says) {
				t.Errorf("the consent form does not say %q:\n%s", says, form)
			}
		}
	})
}
