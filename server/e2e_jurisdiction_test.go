package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// abroad is the shop's app under the rules of the GDPR, which have it keep the
// phone of who is erased for a year. It answers what is shown there.
func (w *world) abroad() shown {
	w.t.Helper()
	raw, err := os.ReadFile("testdata/shop/app.yaml")
	if err != nil {
		w.t.Fatal(err)
	}
	file := filepath.Join(w.t.TempDir(), "app.yaml")
	if err := os.WriteFile(file, append(raw, "jurisdiction: GDPR\n"...), 0o600); err != nil {
		w.t.Fatal(err)
	}
	w.command("app", "apply", file)
	in := w.policy("abroad", func(facts input) {
		facts["fields"], facts["lawTitle"], facts["withdrawal"] = []input{}, words("ru", "Регламент (ЕС) 2016/679"), words("ru", "В приложении")
		facts["items"] = []input{item("identify", true, "familyName"), item("contact", true, "phone")}
	})
	in["app"], in["texts"] = "shop", []input{{"locale": "ru", "text": "# Политика"}}
	id := w.draft(in)
	w.mutate(w.staff(vault.Compliance), "publishPolicyVersion", input{"id": id}, `policyVersion { id }`).ok()

	pack := *w.sys.vault.Rules["GDPR"]
	pack.Rules = slices.Clone(pack.Rules)
	for i, r := range pack.Rules {
		if r.ID == vault.RuleEvidence {
			pack.Rules[i].List, pack.Rules[i].Period = []string{"phone"}, "P1Y"
		}
	}
	w.sys.vault.Rules["GDPR"] = &pack
	return w.of(id, "ru")
}

// member registers somebody of the shop by letter, and answers their id.
func (s shown) member(w *world, phone string) string {
	w.t.Helper()
	consent := with(s.decided("identify", "GIVEN", "contact", "GIVEN"), input{"receipt": w.received(0, nil)})
	done := w.mutate(w.staff(vault.Support), "createUser", input{
		"app": "shop", "profile": input{"phone": phone}, "consent": consent, "source": "DOCUMENT",
		"basis": input{"reason": "PERSON_ASKED", "ticket": "SUP-1"},
	}, `user { id }`).ok()
	return str(done.payload, "user", "id")
}

// kinds is what a certificate says stays by a pack: kinds, in their order.
func kinds(certificate any, pack string) []string {
	out := []string{}
	list, _ := at(certificate, "kept").([]any)
	for i := range list {
		if strings.HasPrefix(str(list, i, "source"), pack+"/") {
			out = append(out, str(list, i, "kind"))
		}
	}
	return out
}

// TestWhatAnyOfTheRulesWantsKeptIsKept erases somebody of one app, somebody of
// another under other rules, and somebody of both.
func TestWhatAnyOfTheRulesWantsKeptIsKept(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		here := w.register(w.subject("here"), input{"phone": "+77019264831"})
		there := w.abroad()
		away := there.member(w, "+77019264832")
		both := w.register(w.subject("both"), input{"phone": "+77019264833"})
		consent := with(there.decided("contact", "GIVEN"), input{"receipt": w.received(0, nil)})
		w.mutate(w.staff(vault.Support), "recordConsentFor", input{"user": both, "app": "shop", "consent": consent}, ``).ok()

		always := []string{"CONSENTS", "AUDIT", "DISCLOSURES", "REQUESTS", "HOLDS", "BREACHES", "CERTIFICATE"}
		kz, gdpr := append(slices.Clone(always), "EVIDENCE_NETWORK_CONTEXTS"), append(slices.Clone(always), "EVIDENCE_FIELDS")
		for who, c := range map[string]struct {
			id       string
			kz, gdpr []string
			fields   int
		}{
			"of the one": {here, kz, []string{}, 0}, "of the other": {away, []string{}, gdpr, 1}, "of both": {both, kz, gdpr, 1},
		} {
			certificate := w.erased(c.id)
			same(t, who+", by KZ", kinds(certificate, "KZ"), c.kz)
			same(t, who+", by GDPR", kinds(certificate, "GDPR"), c.gdpr)
			equal(t, who+", fields", w.stored(c.id), c.fields)
			list, _ := at(certificate, "kept").([]any)
			for i := range list {
				if source := str(list, i, "source"); !strings.Contains(source, ".keep") {
					t.Errorf("%s: line %d names no rule: %s", who, i, source)
				}
			}
			text := str(certificate, "text", "text")
			pack := w.sys.vault.Rules["KZ"]
			if len(c.kz) == 0 {
				pack = w.sys.vault.Rules["GDPR"]
			}
			erasedAt, err := time.Parse(time.RFC3339, str(certificate, "erasedAt"))
			if when := vault.SayMoment(erasedAt, pack.Zone, "kk"); err != nil || !strings.Contains(text, when) {
				t.Errorf("%s: the certificate in words does not say %s:\n%s", who, when, text)
			}
		}

		// Each sort of evidence goes when the last term of its own is over.
		contexts := func() int64 {
			left, err := w.sys.db.Traces(t.Context(), w.userUUID(both), vault.Evidence{})
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(left, func(c vault.TraceCount) bool { return c.Trace == vault.TraceContexts })
			return left[i].Rows
		}
		w.clock.advance(367 * day)
		w.retains(uuid.Nil)
		equal(t, "the phone, after a year", w.stored(both), 0)
		equal(t, "the context, after a year", contexts() > 0, true)
		w.clock.advance(2 * 366 * day)
		w.retains(uuid.Nil)
		equal(t, "the context, after three years", contexts(), int64(0))
	})
}

// TestTheSizeOfAnOperatorIsByTheRulesOfItsApps of which one tells no sizes apart.
func TestTheSizeOfAnOperatorIsByTheRulesOfItsApps(t *testing.T) {
	w := embedded(t)
	told := func() vault.OperatorFigures {
		t.Helper()
		f, err := w.sys.vault.Operator(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	equal(t, "at home", string(told().Size), "SMALL")
	w.abroad()
	equal(t, "at home and abroad", told().Small.Number, w.sys.vault.Rules["KZ"].Rule(vault.RuleSmallOperator).Number)
	raw, err := os.ReadFile("demo/app.yaml")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "app.yaml")
	if err := os.WriteFile(file, []byte(strings.Replace(string(raw), "jurisdiction: KZ", "jurisdiction: GDPR", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	w.command("app", "apply", file)
	equal(t, "abroad", string(told().Size), "NONE")
	equal(t, "thresholds", len(told().Thresholds()), 0)
	if said := w.command("report", "operator"); !strings.Contains(said, "size: NONE") {
		t.Errorf("the report says %s", said)
	}
}

// TestRecipientsAreToldWhenAConsentEndsAtItsTerm once, however often the job
// runs, and again when the person agreed anew and that ended, too.
func TestRecipientsAreToldWhenAConsentEndsAtItsTerm(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.publish(w.draft(w.policy("for a year", shares, func(facts input) { facts["term"] = "P1Y" })), nil)
		officer := w.staff(vault.Compliance)
		me, id := w.member("term", "jel", "border")
		held := `{ me { consents { nodes { validUntil } } } }`
		end, err := time.Parse(time.RFC3339, str(w.ask(me, held, nil).must(), "me", "consents", "nodes", 0, "validUntil"))
		if err != nil {
			t.Fatal(err)
		}
		w.disclose(officer, passes(nil, id)).ok()
		w.disclose(officer, passes(input{"recipient": input{"name": "Veter", "country": "RU"}}, id)).ok()
		expired := func() []any {
			return slices.DeleteFunc(w.notices(id, ""), func(n any) bool { return str(n, "about") != "EXPIRED" })
		}
		runs := func(want int) {
			t.Helper()
			report, _ := w.retains(w.userUUID(id))
			equal(t, "whose consents ended", report.Expired, want)
		}
		runs(0)
		equal(t, "before the term is over", len(expired()), 0)
		w.clock.advance(370 * day)
		w.command("retention", "--dry-run")
		equal(t, "after a dry run", len(expired()), 0)
		runs(1)
		list := expired()
		told := map[string]bool{}
		for i := range list {
			told[str(list, i, "recipient", "name", "text")] = true
		}
		same(t, "told", slices.Sorted(maps.Keys(told)), []string{"Jel", "Veter"})
		for i := range list {
			want, _ := w.sys.vault.Rules["KZ"].Due(vault.RuleRecipientNotice, end) // from the end of the term, not from the run
			equal(t, "due", str(list, i, "dueAt"), stamp(want))
		}
		events := w.events(vault.AuditFilter{Subject: w.userUUID(id), Action: string(vault.ConsentsExpired)})
		equal(t, "on record", len(events), 1)

		// One notice is sent; the next runs tell nobody again.
		w.mutate(w.staff(vault.Compliance), "updateRecipientNotice", input{"id": str(list, 0, "id"), "state": "TOLD", "expectedRevision": 1}, `recipientNotice { state }`).ok()
		w.clock.advance(day)
		runs(0)
		equal(t, "after another run", len(expired()), len(list))

		me = w.subject("term")
		w.record(me, w.shown("ru").decided("identify", "GIVEN", "contact", "GIVEN", "jel", "GIVEN")).ok()
		runs(0)
		w.clock.advance(370 * day)
		runs(1)
		equal(t, "when it ends anew", len(expired()) > len(list), true)
	})
}
