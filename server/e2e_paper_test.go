package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// received is how a paper came, signed some time ago.
func (w *world) received(ago time.Duration, more input) input {
	return with(input{"method": "WRITTEN", "reference": "DOC-2026/118", "signedAt": stamp(w.clock.Now().Add(-ago))}, more)
}

// parent is a representative as colleagues write one down.
func parent() input {
	return input{"ground": "PARENT", "name": "Бибігүл Сағынтаева", "contact": "+77015550101", "document": "birth certificate 12-7719"}
}

// wrote has support record decisions on paper of what is in force.
func (w *world) wrote(user string, receipt, more input, pairs ...string) outcome {
	w.t.Helper()
	consent := with(with(w.shown("ru").decided(pairs...), input{"receipt": receipt}), more)
	return w.mutate(w.staff(vault.Support), "recordConsentFor", input{"user": user, "consent": consent},
		`user { consentSeq } consents { id item state events { type method givenBy reference ground signedAt } }`)
}

// invalidate has a colleague declare a consent invalid, for fraud.
func (w *world) invalidate(role vault.Role, consent string) outcome {
	w.t.Helper()
	return w.mutate(w.staff(role), "invalidateConsent", input{
		"eventId": uuid.NewString(), "consent": consent, "reason": "FRAUD", "reference": "ACT-2026/7",
	}, `user { pendingConsents { item { code } } } consent { id state events { type method givenBy reason reference } }`)
}

func TestClause13WhatCameOnPaperIsPinnedLikeWhatCameThroughTheApp(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("paper")
		id := w.register(me, nil)
		w.clock.advance(48 * time.Hour)
		receipt := w.received(time.Hour, nil)
		done := w.wrote(id, receipt, nil, "marketing", "GIVEN", "improve", "REFUSED").ok()
		same(t, "items", pluck(done.payload, "item", "consents"), []string{"marketing", "improve"})
		event := at(done.payload, "consents", 0, "events", 0)
		for member, want := range map[string]string{
			"type": "GIVEN", "method": "WRITTEN", "givenBy": "SUBJECT", "reference": "DOC-2026/118", "signedAt": str(receipt, "signedAt"), "ground": "",
		} {
			equal(t, member, str(event, member), want)
		}
		equal(t, "it counts", w.reason(id, "marketing", ""), "GIVEN")
		same(t, "the event", w.told(done.answer, id), []string{"somebody as SUPPORT: consent.recorded of the person's [] (DOC-2026/118) OK"})

		for what, c := range map[string]struct {
			receipt input
			want    string
		}{
			"the future":        {w.received(-time.Minute, nil), "INVALID_DATE@consent.receipt.signedAt"},
			"before the policy": {w.received(400*24*time.Hour, nil), "INVALID_DATE@consent.receipt.signedAt"},
			"in the app":        {w.received(0, input{"method": "IN_APP_CONFIRMED"}), "INVALID_VALUE@consent.receipt.method"},
			"words":             {w.received(0, input{"reference": "letter of Aigerim"}), "INVALID_REASON@consent.receipt.reference"},
			"an IIN":            {w.received(0, input{"reference": "DOC-850615100007"}), "INVALID_REASON@consent.receipt.reference"},
			"a nameless parent": {w.received(0, input{"representative": with(parent(), input{"name": " "})}), "REQUIRED@consent.receipt.representative.name"},
		} {
			t.Log(what)
			w.wrote(id, c.receipt, nil, "courier", "GIVEN").refused(c.want)
		}
		equal(t, "nothing of it is kept", w.reason(id, "courier", ""), "NEVER_ASKED")
		stranger := w.wrote(vaultID("User", uuid.NewString()), receipt, nil, "courier", "GIVEN")
		equal(t, "nobody", stranger.code(), "NOT_FOUND")
	})
}

func TestAnOlderPaperDoesNotReviveWhatWasWithdrawnSince(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("older")
		id := w.register(me, nil)
		w.record(me, w.shown("ru").decided("marketing", "GIVEN")).ok()
		w.clock.advance(10 * 24 * time.Hour)
		me = w.subject("older")
		w.withdraw(me, "marketing").ok()
		w.clock.advance(2 * 24 * time.Hour)
		me = w.subject("older")

		older := w.received(5*24*time.Hour, nil)
		w.wrote(id, older, nil, "marketing", "GIVEN").refused("CONSENT_WITHDRAWN_SINCE@consent.decisions.0.item")
		equal(t, "still", w.reason(id, "marketing", ""), "WITHDRAWN")
		w.wrote(id, older, input{"knownConsentSeq": 3}, "marketing", "GIVEN").refused("CONSENT_WITHDRAWN_SINCE@consent.decisions.0.item")
		w.wrote(id, w.received(time.Hour, nil), nil, "marketing", "GIVEN").ok() // signed after it
		equal(t, "given anew", w.reason(id, "marketing", ""), "GIVEN")
		w.withdraw(me, "marketing").ok()
		seq := number(w.ask(me, `{ me { consentSeq } }`, nil).must(), "me", "consentSeq")
		w.wrote(id, older, input{"knownConsentSeq": seq}, "marketing", "GIVEN").ok() // somebody looked
		equal(t, "given, knowing", w.reason(id, "marketing", ""), "GIVEN")

		letter := func(more input) outcome {
			return w.mutate(w.staff(vault.Support), "withdrawConsentFor", with(input{
				"user": id, "eventId": uuid.NewString(), "receipt": w.received(24*time.Hour, nil),
			}, more), `consents { item state events { type method reference } }`)
		}
		gone := letter(input{"items": []string{"marketing"}}).ok()
		equal(t, "withdrawn by letter", w.reason(id, "marketing", ""), "WITHDRAWN")
		equal(t, "reference", str(gone.payload, "consents", 0, "events", 1, "reference"), "DOC-2026/118")
		letter(input{"items": []string{"marketing"}}).refused("CONSENT_ALREADY_WITHDRAWN@items.0")
		letter(input{"all": true}).ok()
		equal(t, "all", w.reason(id, "contact", ""), "WITHDRAWN")
	})
}

func TestClause13ARepresentativeIsKeptEncryptedAndSeenForARequest(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("ward")
		id := w.register(me, nil)
		done := w.wrote(id, w.received(0, input{"representative": parent()}), nil, "marketing", "GIVEN", "identify", "GIVEN").ok()
		event := at(done.payload, "consents", 1, "events", 0)
		equal(t, "by", str(event, "givenBy"), "REPRESENTATIVE")
		equal(t, "ground", str(event, "ground"), "PARENT")
		for _, e := range w.events(vault.AuditFilter{}) {
			if strings.Contains(string(e.Canonical), "Бибігүл") || strings.Contains(string(e.Canonical), "7719") {
				t.Errorf("an event says who: %s", e.Canonical)
			}
		}
		consent := str(done.payload, "consents", 1, "id")
		ask := func(role vault.Role, ticket string) answer {
			return w.ask(w.staff(role), `query($c: ID!, $t: String!) { representative(consent: $c, basis: {reason: COMPLAINT, ticket: $t}) { ground name contact document } }`,
				input{"c": consent, "t": ticket})
		}
		seen := ask(vault.Compliance, "SUP-12")
		who := at(seen.must(), "representative")
		equal(t, "name", str(who, "name"), "Бибігүл Сағынтаева")
		equal(t, "contact", str(who, "contact"), "+77015550101")
		equal(t, "document", str(who, "document"), "birth certificate 12-7719")
		same(t, "the event", w.told(seen, id), []string{
			"somebody as COMPLIANCE: representative.revealed of the person's [representativeContact representativeDocument representativeName] (COMPLAINT SUP-12) OK",
		})
		equal(t, "support", ask(vault.Support, "SUP-12").code(), "FORBIDDEN")
		equal(t, "no ticket", ask(vault.Compliance, "please").code(), "BAD_REQUEST")

		w.record(me, w.shown("ru").decided("improve", "GIVEN")).refused("REPRESENTATIVE_NEEDED@consent.decisions.0.item")
		w.withdraw(me, "marketing").ok() // what protects them is always theirs
		w.record(me, w.shown("ru").decided("improve", "REFUSED")).ok()
		w.clock.advance(time.Hour)
		w.wrote(id, w.received(0, nil), nil, "courier", "GIVEN").ok() // of age, at a desk
		w.record(w.subject("ward"), w.shown("ru").decided("personalise", "GIVEN")).ok()
	})
}

func TestAnInvalidConsentIsNoWithdrawalAndIsAskedAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("invalid")
		id := w.register(me, named())
		w.record(me, w.shown("ru").decided("marketing", "GIVEN", "improve", "REFUSED")).ok()
		consent := str(w.ask(me, `{ me { consents(item: "marketing") { nodes { id } } } }`, nil).must(), "me", "consents", "nodes", 0, "id")
		refusedOne := str(w.ask(me, `{ me { consents(item: "improve") { nodes { id } } } }`, nil).must(), "me", "consents", "nodes", 0, "id")
		before := stamp(w.clock.Now())
		w.clock.advance(24 * time.Hour)
		service := w.token(vault.Machine, "shop", map[string]any{})
		w.ask(service, `query($u: ID!) { user(id: $u) { profile(basis: {purpose: "marketing"}) { familyName { value } } } }`, input{"u": id})

		equal(t, "support", w.invalidate(vault.Support, consent).code(), "FORBIDDEN")
		w.invalidate(vault.Compliance, refusedOne).refused("CONSENT_NOT_GIVEN@consent")
		done := w.invalidate(vault.Compliance, consent).ok()
		equal(t, "state", str(done.payload, "consent", "state"), "INVALIDATED")
		event := at(done.payload, "consent", "events", 1)
		for member, want := range map[string]string{"type": "INVALIDATED", "method": "OPERATOR_ACT", "givenBy": "OPERATOR", "reason": "FRAUD", "reference": "ACT-2026/7"} {
			equal(t, member, str(event, member), want)
		}
		same(t, "the event", w.told(done.answer, id), []string{"somebody as COMPLIANCE: consent.invalidated of the person's [] (FRAUD ACT-2026/7) OK"})
		equal(t, "now", w.reason(id, "marketing", ""), "INVALIDATED")
		equal(t, "what was known then", w.reason(id, "marketing", `, at: "`+before+`"`), "GIVEN")
		asked := pluck(w.ask(w.subject("invalid"), `{ me { pendingConsents { item { code } } } }`, nil).must(), "item", "me", "pendingConsents")
		if len(asked) == 0 {
			t.Error("nobody asks the person again")
		}
		w.invalidate(vault.Compliance, consent).refused("CONSENT_NOT_GIVEN@consent")
		w.record(w.subject("invalid"), w.shown("ru").decided("marketing", "GIVEN")).refused("CONSENT_WITHDRAWN_SINCE@consent.decisions.0.item")
		seq := number(w.ask(w.subject("invalid"), `{ me { consentSeq } }`, nil).must(), "me", "consentSeq")
		w.record(w.subject("invalid"), with(w.shown("ru").decided("marketing", "GIVEN"), input{"knownConsentSeq": seq})).ok()
		equal(t, "given anew", w.reason(id, "marketing", ""), "GIVEN")

		rested := w.ask(w.staff(vault.Compliance), `query($c: ID!) { auditEvents(filter: {consent: $c}) { nodes { action consent } } }`, input{"c": consent}).must()
		for _, c := range pluck(rested, "consent", "auditEvents", "nodes") {
			equal(t, "rested on it", c, consent)
		}
		same(t, "all of it", pluck(rested, "action", "auditEvents", "nodes")[:1], []string{"consent.invalidated"})
	})
}

// TestClausePreambleAGroupIsWhoWasNamedWhenOneAgreed: preamble, paragraph 2.
func TestClausePreambleAGroupIsWhoWasNamedWhenOneAgreed(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.publish(w.draft(w.policy("with these")), nil)
		me := w.subject("group")
		id := w.register(me, nil)
		by := func(bin string) string { return w.reason(id, "contact", `, operator: "`+bin+`"`) }
		equal(t, "named", by(binDelivery), "GIVEN")
		w.joins(binStranger)
		equal(t, "joined, and no version names it", by(binStranger), "OPERATOR_NOT_COVERED")
		two := w.publish(w.draft(w.policy("with another member")), nil)
		equal(t, "joined after the consent", by(binStranger), "OPERATOR_NOT_COVERED")
		equal(t, "those who were there", by(binDelivery), "GIVEN")
		w.record(me, w.of(two, "ru").decided("contact", "GIVEN", "identify", "GIVEN")).ok()
		equal(t, "agreed to anew", by(binStranger), "GIVEN")
		w.leaveGroup()
		w.publish(w.draft(w.policy("without it")), nil)
		equal(t, "left", by(binDelivery), "OPERATOR_NOT_COVERED")
		equal(t, "stayed", by(binStranger), "GIVEN")
	})
}

// TestClausePreambleWhereANoticeIsEnoughNobodyIsAskedAboutANewMember: the same
// under a pack whose rule about members says NOTICE.
func TestClausePreambleWhereANoticeIsEnoughNobodyIsAskedAboutANewMember(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("told")
		id := w.register(me, named())
		by := func(item string) string { return w.reason(id, item, `, operator: "`+binStranger+`"`) }
		w.publish(w.draft(w.policy("as it was")), nil)
		before := w.shown("ru")
		w.record(me, before.decided("contact", "GIVEN", "identify", "GIVEN", "club", "GIVEN")).ok()

		asks := w.sys.vault.Rules[vault.HomeJurisdiction]
		tells := *asks
		tells.Rules = append([]vault.Rule{{ID: vault.RuleGroupMember, List: []string{vault.NoticeOfMember}}}, asks.Rules...)
		w.sys.vault.Rules[vault.HomeJurisdiction] = &tells
		w.joins(binStranger)
		draft := w.draft(w.policy("with another member"))
		w.publish(draft, input{"effectiveAt": stamp(w.clock.Now().Add(time.Hour))})
		w.sys.vault.Rules[vault.HomeJurisdiction] = asks // what was right at publication stays so

		const status = `{ me { policyStatus { accepted missing } pendingConsents { item { code } } } }`
		undisturbed := func(when string) {
			t.Helper()
			seen := w.ask(me, status, nil).must()
			equal(t, when+": accepted", at(seen, "me", "policyStatus", "accepted"), true)
			same(t, when+": to decide", pluck(seen, "code", "me", "pendingConsents"), []string{})
		}
		undisturbed("published")
		equal(t, "told, and not yet", by("contact"), "OPERATOR_NOT_COVERED")
		w.clock.advance(2 * time.Hour)
		me = w.subject("told")
		undisturbed("in force")
		equal(t, "what is required", by("contact"), "GIVEN")
		equal(t, "what is optional", by("club"), "GIVEN")
		w.update(me, input{"familyName": "Жаңабекова"}).ok() // the gate is open
		seen := w.ask(me, `query($id: ID!) { policyVersion(id: $id) { changes { kind effect } } }`, input{"id": draft}).must()
		same(t, "what people are told", pluck(seen, "kind", "policyVersion", "changes")[:1], []string{"OPERATOR_JOINED"})
		same(t, "and what it means", pluck(seen, "effect", "policyVersion", "changes")[:1], []string{"NOTICE"})
	})
}

// joins puts an operator into the demo app's group.
func (w *world) joins(bin string) {
	w.t.Helper()
	app, err := w.sys.vault.App(context.Background(), "dala")
	if err != nil {
		w.t.Fatal(err)
	}
	one := app.Operator
	one.Code, one.BIN = "joined", bin
	app.Group = append(app.Group, one)
	if err := w.sys.vault.ApplyApp(context.Background(), w.p.systemActor(), app); err != nil {
		w.t.Fatal(err)
	}
}
