package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kelisim/kelisim/vault"
)

// TestClause12LinksOutOfTheAppAreDeclared, or a reason is on record why not.
func TestClause12LinksOutOfTheAppAreDeclared(t *testing.T) {
	const sees = `query($v: ID!) { policyVersion(id: $v) { rulePack purposesEnd(locale: "ru") { text }
		externalLinks { host url title(locale: "ru") { text } } acknowledgedWarnings { rule reason by } app { jurisdiction } } }`
	onBoth(t, func(t *testing.T, w *world) {
		officer := w.staff(vault.Compliance)
		in := w.policy("links", func(facts input) {
			facts["externalLinks"] = []input{{"title": words("ru", "Банк"), "url": "https://Pay.bank.example/x"}}
		})
		texts, _ := in["texts"].([]input)
		texts[0]["text"] = "# Политика\n\nОплата: https://pay.bank.example/y. Карта: https://maps.example/z.\n"
		id := w.draft(in)
		publish := func(reasons ...input) outcome {
			return w.mutate(officer, "publishPolicyVersion", input{"id": id, "textChanges": sameMeaning, "acknowledgedWarnings": append([]input{}, reasons...)}, "")
		}
		warned := publish()
		warned.refused("WARNING_UNANSWERED@texts.0.text")
		equal(t, "the rule", warned.parameter("rule"), "policy.links")
		equal(t, "the line", warned.parameter("line"), "3")
		publish(input{"rule": "policy.links", "reason": " "}).refused("REQUIRED@acknowledgedWarnings.0.reason")
		publish(input{"rule": "policy.links", "reason": "Иванов Иван +77015550001"}).refused("INVALID_REASON@acknowledgedWarnings.0.reason")
		publish(input{"rule": "policy.links", "reason": "CP-7"}).ok()

		reads := func(token string) any {
			return at(w.ask(token, sees, map[string]any{"v": id}).must(), "policyVersion")
		}
		seen := reads(officer)
		if !strings.HasPrefix(str(seen, "rulePack"), "KZ/") || str(seen, "app", "jurisdiction") != "KZ" {
			t.Errorf("checked by %s of %s", str(seen, "rulePack"), str(seen, "app", "jurisdiction"))
		}
		equal(t, "until when", str(seen, "purposesEnd", "text"), "когда учётная запись закрыта")
		equal(t, "the link", asJSON(t, at(seen, "externalLinks")),
			asJSON(t, []any{input{"host": "pay.bank.example", "url": "https://Pay.bank.example/x", "title": input{"text": "Банк"}}}))
		equal(t, "the reason", str(seen, "acknowledgedWarnings", 0, "reason"), "CP-7")
		equal(t, "the rule on record", str(seen, "acknowledgedWarnings", 0, "rule"), "policy.links")
		if str(seen, "acknowledgedWarnings", 0, "by") == "" {
			t.Error("nobody gave the reason")
		}
		if at(reads(""), "acknowledgedWarnings") != nil {
			t.Error("everybody reads why a warning was passed over")
		}
	})
}

func TestAnotherJurisdictionAsksForOtherThings(t *testing.T) {
	w := embedded(t)
	raw, err := os.ReadFile("testdata/shop/app.yaml")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "app.yaml")
	if err := os.WriteFile(file, append(raw, "jurisdiction: GDPR\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	w.command("app", "apply", "testdata/shop/app.yaml")
	officer := w.staff(vault.Compliance)
	in := w.policy("law", func(facts input) {
		facts["lawTitle"], facts["items"] = []input{}, []input{with(item("orders", true, "phone"), input{"basis": "CONTRACT"})}
		facts["fields"] = []input{}
		delete(facts, "crossBorder")
		delete(facts, "approval")
	})
	in["app"], in["texts"] = "shop", []input{{"locale": "ru", "text": "# Политика"}}
	id := w.draft(in)
	publish := func() outcome {
		return w.mutate(officer, "publishPolicyVersion", input{"id": id}, `policyVersion { rulePack }`)
	}
	publish().refused("VERSION_INCOMPLETE@facts.crossBorder", "VERSION_INCOMPLETE@facts.lawTitle", "VERSION_INCOMPLETE@facts.approval",
		"VERSION_INCOMPLETE@facts.approval.at", "WARNING_UNANSWERED@facts.items.0.basis")
	w.command("app", "apply", file)
	if by := str(publish().ok().payload, "policyVersion", "rulePack"); !strings.HasPrefix(by, "GDPR/") {
		t.Errorf("checked by %q", by)
	}
}
