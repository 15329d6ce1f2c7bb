package main

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// realText is a policy as a lawyer hands it over: plain text of ten kilobytes,
// with an empty line before its title and no line break at its end.
const realText = "testdata/shop/privacy.ru.txt"

// realFacts are what such a text says, as data: each of its purposes is an
// item of its own.
func realFacts() input {
	courier := input{"name": words("ru", "ТОО «Арба»"), "country": "KZ", "purpose": words("ru", "доставка заказа")}
	asks := func(one input, title, statement string) input {
		return with(one, input{"title": words("ru", title), "statement": words("ru", statement)})
	}
	return input{
		"items": []input{
			with(asks(item("orders", true), "Заказы", "Согласен(на) на обработку моих имени и телефона, чтобы принять заказ и привезти его."),
				input{"fields": []input{{"field": "givenName", "required": true}, {"field": "phone", "required": true}, {"field": "familyName", "required": false}}}),
			with(asks(item("courier", false, "givenName", "phone", "postalAddress"), "Доставка курьером",
				"Согласен(на) на передачу имени, телефона и адреса службе доставки ТОО «Арба»."),
				input{"kind": "THIRD_PARTIES", "recipients": []input{courier}}),
			with(asks(item("news", false, "email"), "Подборки и скидки", "Согласен(на) получать \"подборки\" и <скидки> & новости."), input{"retention": "P6M"}),
			asks(item("improve", false, "deviceModel"), "Улучшение приложения", "Согласен(на) на учёт модели моего телефона."),
			with(asks(item("taxes", true, "familyName"), "Налоговый учёт", "Сведения о покупке хранятся, как велит закон."), input{"basis": "LAW", "retention": "P5Y"}),
		},
		"fields":   []input{{"code": "deviceModel", "class": "TECHNICAL", "kind": "TEXT", "mask": "HIDDEN", "label": words("ru", "Модель телефона")}},
		"term":     "P1Y",
		"lawTitle": lawTitle(), "withdrawal": words("ru", "В приложении, раздел «Мои согласия»."),
		"thirdParties": true, "crossBorder": false, "publicSources": false,
		"approval": input{"by": "Асель Нурланова", "at": "2026-11-16", "reference": "Приказ № 12"},
	}
}

// command runs the command line on the world's data, and answers what it prints.
func (w *world) command(args ...string) string {
	w.t.Helper()
	var out, said bytes.Buffer
	p := *w.p
	p.out, p.err, p.variables = &out, &said, map[string]string{"KELISIM_DATA": w.s.Data, "DATABASE_URL": w.s.DatabaseURL}
	if w.vault != nil {
		maps.Copy(p.variables, map[string]string{
			"VAULT_ADDR": w.s.VaultAddr, "KELISIM_TRANSIT_MOUNT": w.s.TransitMount,
			"KELISIM_REWRAP_TOKEN_FILE": w.s.RewrapLogin.TokenFile, "KELISIM_REINDEX_TOKEN_FILE": w.s.ReindexLogin.TokenFile,
		})
	}
	if status := run(&p, args); status != 0 {
		w.t.Fatalf("kelisim %s: status %d: %s", strings.Join(args, " "), status, said.String())
	}
	return strings.TrimSpace(out.String())
}

// shop is the invented shop's app beside the demo's: a server to whose people
// it answers, and a token of one of them.
func (w *world) shop(sub string) (server *world, person string) {
	w.t.Helper()
	w.command("app", "apply", "testdata/shop/app.yaml")
	w.dev.Audiences = append(w.dev.Audiences, "shop-mobile")
	server, _ = w.production()
	return server, server.token(vault.Subject, sub, map[string]any{"aud": "shop-mobile"})
}

func TestAWholePolicyTextIsImportedPublishedAgreedToAndReadBack(t *testing.T) {
	file, err := os.ReadFile(realText)
	if err != nil {
		t.Fatal(err)
	}
	text := string(file)
	title, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	if len(text) < 9_000 || strings.HasSuffix(text, "\n") {
		t.Errorf("%s is not what it was", realText)
	}
	onBoth(t, func(t *testing.T, w *world) {
		w, me := w.shop("reader")
		officer, draft := w.staff(vault.Compliance), uuid.MustParse(w.command("policy", "import", "--app", "shop", realText))
		w.mutate(officer, "publishPolicyVersion", input{"id": versionID(draft)}, "").refused( // the facts are still to be filled in
			"VERSION_INCOMPLETE@label", "VERSION_INCOMPLETE@facts.thirdParties", "VERSION_INCOMPLETE@facts.crossBorder", "VERSION_INCOMPLETE@facts.publicSources",
			"VERSION_INCOMPLETE@facts.lawTitle", "VERSION_INCOMPLETE@facts.withdrawal", "VERSION_INCOMPLETE@facts.approval", "VERSION_INCOMPLETE@facts.items",
			"VERSION_INCOMPLETE@facts.term", "VERSION_INCOMPLETE@facts.approval.at")
		w.mutate(officer, "updatePolicyDraft", input{"id": versionID(draft), "expectedRevision": 1, "label": "2026-11", "facts": realFacts()}, "").ok()
		published := w.command("policy", "publish", draft.String())

		seen := at(w.ask("", `{ policyInForce(app: "shop") { id label document { locale isFallback title text consentForm hash textHash } } }`, nil).must(), "policyInForce")
		hash := str(seen, "document", "hash")
		equal(t, "the version in force", str(seen, "id"), versionID(draft))
		equal(t, "the text, byte for byte", str(seen, "document", "text"), text)
		equal(t, "its own hash", str(seen, "document", "textHash"), sha(text))
		equal(t, "the title", str(seen, "document", "title"), title)
		equal(t, "the hash that publishing prints", strings.TrimSpace(published[strings.LastIndex(published, "\n"):]), "ru  "+hash)
		form := str(seen, "document", "consentForm")
		for _, says := range []string{"ТОО «Лавка»", "991240000003", "1 год", "5 лет", "6 месяцев", "ТОО «Арба», KZ — доставка заказа", "№ 94-V", "Телефон: обязательно", "Фамилия: по желанию", "Модель телефона", "раздел «Мои согласия»"} {
			if !strings.Contains(form, says) {
				t.Errorf("the consent form does not say %q:\n%s", says, form)
			}
		}
		equal(t, "the hash of what is shown", hash, realHash(t, title, text, form))

		agreed := shown{versionID(draft), "ru", hash}
		wrong := w.mutate(me, "registerMe", input{"consent": shown{agreed.version, "ru", sha(text)}.decided("orders", "GIVEN")}, "")
		wrong.refused("DOCUMENT_HASH_MISMATCH@consent.documentHash") // the text is not all that is agreed to
		equal(t, "the right hash", wrong.parameter("documentHash"), hash)
		w.mutate(me, "registerMe", input{
			"profile": input{"givenName": "Әсел", "phone": "8 701 555 70 70"}, "consent": agreed.decided("orders", "GIVEN", "courier", "GIVEN", "news", "REFUSED"),
		}, `user { policyStatus { accepted } }`).ok()
		own := w.ask(me, `{ me { policyStatus { accepted } consents { nodes { item app state locale documentHash version { id document { text hash } } } } } }`, nil).must()
		equal(t, "accepted", at(own, "me", "policyStatus", "accepted"), true)
		same(t, "the decisions", pluck(own, "state", "me", "consents", "nodes"), []string{"REFUSED", "GIVEN", "GIVEN"})
		for i, name := range []string{"news", "courier", "orders"} {
			document := input{"text": text, "hash": hash}
			want := input{"item": name, "app": "shop", "state": []string{"REFUSED", "GIVEN", "GIVEN"}[i], "locale": "ru", "documentHash": hash, "version": input{"id": agreed.version, "document": document}}
			equal(t, "what was agreed to", asJSON(t, at(own, "me", "consents", "nodes", i)), asJSON(t, want))
		}

		dir := filepath.Join(t.TempDir(), "out")
		w.command("policy", "export", draft.String(), dir)
		exported, err := os.ReadFile(filepath.Join(dir, "ru.md"))
		if err != nil || !bytes.Equal(exported, file) {
			t.Errorf("the text is exported as %d bytes instead of %d: %v", len(exported), len(file), err)
		}
	})
}

// realHash is the hash of the canonical document of a text and the facts: of
// what was put in, and of nothing that the server answered but the form.
func realHash(t *testing.T, title, text, form string) string {
	t.Helper()
	items := []any{}
	list, _ := realFacts()["items"].([]input)
	for _, one := range list {
		said := func(what string) input {
			in, _ := one[what].([]input)
			return input{"text": in[0]["text"]}
		}
		items = append(items, input{"code": one["code"], "title": said("title"), "statement": said("statement")})
	}
	return hashOf(t, input{"document": input{"locale": "ru", "title": title, "text": text, "consentForm": form}, "items": items})
}
