package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/vaulttest"
)

// told is what an event says, but for ids and times.
func (w *world) told(a answer, user string) []string {
	w.t.Helper()
	out := []string{}
	for _, e := range w.eventsOf(a) {
		actor, whose := "somebody", "nobody's"
		switch e.AuditEvent.Actor {
		case uuid.Nil:
			actor = "no id"
		case w.userUUID(user):
			actor = "the person"
		}
		if e.AuditEvent.Subject == w.userUUID(user) {
			whose = "the person's"
		}
		ground := strings.Trim(e.Purpose+" "+e.Reason+" "+e.Reference, " ")
		out = append(out, fmt.Sprintf("%s as %s: %s of %s [%s] (%s) %s", actor, e.Role, e.Action, whose, strings.Join(e.Fields, " "), ground, e.Outcome))
	}
	slices.Sort(out)
	return out
}

// TestEachActLeavesItsEvent: who, as what, whose, which fields, on which
// ground, how it ended; one request, its own events.
func TestEachActLeavesItsEvent(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("audited")
		registered := w.mutate(me, "registerMe", input{"profile": looks(), "consent": w.shown("ru").consent(required())}, `user { id }`).ok()
		id := str(registered.payload, "user", "id")
		u := input{"u": id}
		same(t, "registerMe", w.told(registered.answer, id), []string{
			"the person as SUBJECT: consent.recorded of the person's [] () OK",
			"the person as SUBJECT: user.registered of the person's [familyName birthDate iin phone postalAddress loyaltyCard deviceModel] () OK",
		})
		again := w.mutate(me, "registerMe", input{"consent": w.shown("ru").consent(required())}, `user { id }`).ok()
		same(t, "registerMe again", w.told(again.answer, id), []string{})
		same(t, "updateMyProfile", w.told(w.update(me, input{"givenName": "Айгерім", "postalAddress": nil}).ok().answer, id), []string{
			"the person as SUBJECT: user.updated of the person's [givenName postalAddress] () OK",
		})
		same(t, "recordConsent", w.told(w.record(me, w.shown("ru").decided("marketing", "GIVEN")).ok().answer, id), []string{
			"the person as SUBJECT: consent.recorded of the person's [] () OK",
		})
		same(t, "withdrawConsent", w.told(w.withdraw(me, "marketing").ok().answer, id), []string{
			"the person as SUBJECT: consent.withdrawn of the person's [] () OK",
		})
		ticket := input{"user": id, "field": "PHONE", "basis": input{"reason": "IDENTITY_CHECK", "ticket": "SUP-77"}}
		for operation, action := range map[string]string{"verifyIdentifier": "identifier.verified", "releaseIdentifier": "identifier.released"} {
			same(t, operation, w.told(w.mutate(w.staff(vault.Support), operation, ticket, "").ok().answer, id), []string{
				"somebody as SUPPORT: " + action + " of the person's [phone] (IDENTITY_CHECK SUP-77) OK",
			})
		}
		for query, want := range map[string][]string{
			`{ me { profile { phone { value } iin { state } } } }`: {"the person as SUBJECT: profile.revealed of the person's [phone] () OK"},
			`{ me { id consents { nodes { id } } } }`:              {},
		} {
			same(t, query, w.told(w.ask(me, query, nil), id), want)
		}
		for _, c := range []struct {
			role  vault.Role
			query string
			want  []string
		}{
			{vault.Support, `user(id: $u) { profile { phone { value } deviceModel: fields(codes: ["deviceModel"]) { value } } }`, []string{
				"somebody as SUPPORT: profile.revealed of the person's [deviceModel] () DENIED", "somebody as SUPPORT: profile.revealed of the person's [phone] () MASKED",
			}},
			{vault.Support, `user(id: $u) { profile(basis: {request: {reason: FRAUD, ticket: "SUP-5"}}, reveal: ["phone"]) { phone { value } familyName { value } } }`, []string{
				"somebody as SUPPORT: profile.revealed of the person's [familyName] (FRAUD SUP-5) MASKED", "somebody as SUPPORT: profile.revealed of the person's [phone] (FRAUD SUP-5) OK",
			}},
			{vault.Compliance, `user(id: $u) { profile(basis: {legal: {reference: "ART-8"}}) { iin { value } } }`, []string{"somebody as COMPLIANCE: profile.revealed of the person's [iin] (ART-8) OK"}},
			{vault.Machine, `user(id: $u) { profile(basis: {purpose: "contact"}) { phone { value } iin { value } } }`, []string{
				"somebody as SERVICE: profile.revealed of the person's [iin] (contact) DENIED", "somebody as SERVICE: profile.revealed of the person's [phone] (contact) OK",
			}},
			{vault.Auditor, `user(id: $u) { profile { phone { value } } }`, []string{"somebody as AUDITOR: profile.revealed of the person's [phone] () DENIED"}},
			{vault.Auditor, `auditEvents(filter: {subject: $u}) { nodes { id } }`, []string{"somebody as AUDITOR: audit.read of the person's [] () OK"}},
			{vault.Security, `user(id: $u) { id }`, []string{"somebody as SECURITY: access.denied of nobody's [] () DENIED"}},
			{vault.Support, `findUsers(by: {phone: "+77019264837"}) { id }`, []string{"somebody as SUPPORT: user.searched of the person's [phone] () OK"}},
			{vault.Support, `findUsers(by: {phone: "+77019264830"}) { id } user(id: $u) { id }`, []string{"somebody as SUPPORT: user.searched of nobody's [phone] () OK"}},
		} {
			head := `query { `
			if strings.Contains(c.query, "$u") {
				head = `query($u: ID!) { `
			}
			same(t, c.query, w.told(w.ask(w.staff(c.role), head+c.query+` }`, u), id), c.want)
		}
		revealed := w.events(vault.AuditFilter{Purpose: "contact", Outcome: vault.OutcomeOK})
		if len(revealed) != 1 || revealed[0].Consent == uuid.Nil {
			t.Errorf("the reveal for a purpose does not name the consent that it rests on: %v", revealed)
		}
		refused := w.ask(w.staff(vault.Compliance), `mutation { publishPolicyVersion(input: {id: "`+w.draft(w.policy("audited"))+`", textChanges: [{meaning: CORRECTION, reason: TYPO}]}) { userErrors { code } } }`, nil)
		same(t, "publishPolicyVersion", w.told(refused, id), append(
			[]string{"somebody as COMPLIANCE: policy.published of nobody's [] () OK"},
			slices.Repeat([]string{"somebody as COMPLIANCE: policy.text_declared of nobody's [] (TYPO) OK"}, 3)...)) // a language each
	})
}

// watching is a Decrypter that asks, before anything is decrypted, whether the
// events are committed.
type watching struct {
	vault.Decrypter
	before func(items []vault.DecryptItem)
}

func (d watching) Decrypt(ctx context.Context, items []vault.DecryptItem) ([]vault.Decrypted, error) {
	d.before(items)
	return d.Decrypter.Decrypt(ctx, items)
}

// TestARevealIsOnRecordBeforeThereIsPlaintext looks into the database at the
// moment of decrypting, and then takes the database's word away.
func TestARevealIsOnRecordBeforeThereIsPlaintext(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("on record")
		id := w.register(me, looks())
		calls := 0
		w.sys.vault.Decrypter = watching{w.sys.vault.Decrypter, func(items []vault.DecryptItem) {
			calls++
			for _, item := range items {
				event := w.events(vault.AuditFilter{ID: item.Reference})
				if len(event) != 1 || event[0].AuditEvent.Subject != item.User || !slices.Contains(event[0].Fields, item.Field) {
					t.Errorf("%s is decrypted, and on record is %v", item.Field, event)
				}
			}
		}}
		readers := map[string]string{
			me:                        `{ me { profile { phone { value state } } } }`,
			w.staff(vault.Support):    `{ user(id: "` + id + `") { profile { phone { value state } } } }`,
			w.staff(vault.Compliance): `{ user(id: "` + id + `") { profile(basis: {legal: {reference: "ART-8"}}) { phone { value state } } } }`,
			w.staff(vault.Machine):    `{ user(id: "` + id + `") { profile(basis: {purpose: "contact"}) { phone { value state } } } }`,
		}
		for token, query := range readers {
			w.ask(token, query, nil).must()
		}
		equal(t, "calls to decrypt", calls, len(readers))

		w.sys.vault.Writer = &vaulttest.FaultyWriter{Writer: w.sys.vault.Writer, Before: func(int) error { return vault.ErrUnavailable.Because(context.DeadlineExceeded) }}
		for token, query := range readers {
			a := w.ask(token, query, nil)
			if bytes.Contains(a.raw, []byte("4837")) || !bytes.Contains(a.raw, []byte(`"UNAVAILABLE"`)) {
				t.Errorf("without its event a reveal answers %s", a.raw)
			}
		}
		found := w.ask(w.staff(vault.Support), `{ findUsers(by: {phone: "+77019264837"}) { id } }`, nil)
		log := w.ask(w.staff(vault.Auditor), `{ auditEvents { nodes { canonical } } }`, nil)
		if found.code() != "UNAVAILABLE" || log.code() != "UNAVAILABLE" || found.Data["findUsers"] != nil || log.Data["auditEvents"] != nil {
			t.Errorf("without their events: %s %s", found.raw, log.raw)
		}
		equal(t, "calls to decrypt without an event", calls, len(readers))
	})
}

// TestTheAuditFileHoldsTheStoredBytes: each line is an event as it is stored,
// each stored event is a line, and both are the one canonical form.
func TestTheAuditFileHoldsTheStoredBytes(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("filed")
		w.register(me, looks())
		w.withdraw(me, "contact").ok()
		w.ask(me, `{ users { nodes { id } } }`, nil)
		w.ask(w.staff(vault.Support), `{ users(first: 50) { nodes { profile { phone { value } } } } }`, nil).must()
		file, err := os.ReadFile(w.audit)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(string(file), "\n"), "\n")
		stored := []string{}
		for _, e := range w.events(vault.AuditFilter{}) {
			stored = append(stored, string(e.Canonical))
			var parsed map[string]any
			if err := json.Unmarshal(e.Canonical, &parsed); err != nil {
				t.Fatal(err)
			}
			parsed["at"], parsed["v"] = e.At.UnixMilli(), 1
			again, err := vault.Canonical(parsed)
			if err != nil || !bytes.Equal(again, e.Canonical) {
				t.Errorf("not canonical: %s, %v", e.Canonical, err)
			}
			ours, err := e.AuditEvent.Bytes()
			if err != nil || !bytes.Equal(ours, e.Canonical) {
				t.Errorf("the columns say %s, the stored bytes %s", ours, e.Canonical)
			}
		}
		slices.Sort(lines)
		slices.Sort(stored)
		if len(stored) < 50 {
			t.Errorf("only %d events", len(stored))
		}
		same(t, "the file", lines, stored)
		info, err := os.Stat(w.audit)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the audit file is open to others: %v, %v", info, err)
		}
	})
}
