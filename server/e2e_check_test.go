package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/graph"
	"github.com/kelisim/kelisim/vault"
)

// The BINs of the demo app's group: the operator and the one that delivers.
const (
	binMarket   = "991240000003"
	binDelivery = "991240000402"
	binStranger = "991240000201"
)

func TestConsentsAreListedNewestFirstInPagesAndByFilter(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("lists")
		id := w.register(me, nil) // identify and contact
		w.record(me, w.shown("ru").decided("marketing", "REFUSED", "improve", "GIVEN")).ok()
		w.record(me, w.shown("ru").decided("marketing", "GIVEN")).ok()
		w.withdraw(me, "improve").ok()
		list := func(arguments string) any {
			return at(w.ask(me, `{ me { consents`+arguments+` { edges { cursor node { id } } nodes { id item state } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }`, nil).must(), "me", "consents")
		}
		all := list("")
		items := pluck(all, "item", "nodes")
		same(t, "newest first", items[:3], []string{"marketing", "improve", "marketing"})
		same(t, "states", pluck(all, "state", "nodes")[:3], []string{"GIVEN", "WITHDRAWN", "SUPERSEDED"})
		equal(t, "how many", len(items), 5)
		equal(t, "no next page", at(all, "pageInfo", "hasNextPage"), false)

		var walked []string
		after := ""
		for range 3 {
			page := list(fmt.Sprintf(`(first: 2, after: %q)`, after))
			walked = append(walked, pluck(page, "id", "nodes")...)
			equal(t, "hasPreviousPage", at(page, "pageInfo", "hasPreviousPage"), after != "")
			equal(t, "hasNextPage", at(page, "pageInfo", "hasNextPage"), len(walked) < 5)
			edges := len(pluck(page, "cursor", "edges"))
			equal(t, "endCursor is the last edge's", str(page, "pageInfo", "endCursor"), str(page, "edges", edges-1, "cursor"))
			after = str(page, "pageInfo", "endCursor")
		}
		same(t, "the pages together", walked, pluck(all, "id", "nodes"))

		same(t, "by item", pluck(list(`(item: "marketing")`), "state", "nodes"), []string{"GIVEN", "SUPERSEDED"})
		same(t, "by state", pluck(list(`(state: WITHDRAWN)`), "item", "nodes"), []string{"improve"})
		same(t, "by both", pluck(list(`(item: "improve", state: GIVEN)`), "item", "nodes"), []string{})
		same(t, "by what is not there", pluck(list(`(item: "nonsense")`), "item", "nodes"), []string{})
		for _, wrong := range []string{`first: 101`, `first: -1`, `after: "nonsense"`, `after: "` + id + `"`} {
			equal(t, wrong, w.ask(me, `{ me { consents(`+wrong+`) { nodes { id } } } }`, nil).code(), "BAD_REQUEST")
		}
	})
}

func TestAConsentShowsWhatItRestsOn(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("evidence")
		w.register(me, nil)
		seen := w.shown("kk")
		screen := with(seen.decided("marketing", "GIVEN"), input{"deviceAt": "2001-02-03T04:05:06.789Z", "appBuild": "4.2.0+17"})
		w.record(me, screen).ok()
		before := w.ask(me, `{ me { consents(first: 1) { nodes { id operators validUntil } } } }`, nil).must()
		w.leaveGroup()
		w.withdraw(me, "marketing").ok()

		query := `query($c: ID!) { consent(id: $c) { item app state version { id label } locale documentHash operators decidedAt validUntil
			events { seq type eventId method givenBy receivedAt deviceAt appBuild } } }`
		id := str(before, "me", "consents", "nodes", 0, "id")
		consent := at(w.ask(me, query, map[string]any{"c": id}).must(), "consent")
		for path, want := range map[string]string{
			"item": "marketing", "app": "dala", "state": "WITHDRAWN", "locale": "kk", "documentHash": seen.hash,
		} {
			equal(t, path, str(consent, path), want)
		}
		equal(t, "version", str(consent, "version", "id"), seen.version)
		same(t, "operators as they were then", strs(consent, "operators"), []string{binMarket, binDelivery})
		same(t, "events", pluck(consent, "type", "events"), []string{"GIVEN", "WITHDRAWN"})
		same(t, "methods", pluck(consent, "method", "events"), []string{"IN_APP_CONFIRMED", "IN_APP_CONFIRMED"})
		same(t, "given by", pluck(consent, "givenBy", "events"), []string{"SUBJECT", "SUBJECT"})
		given := at(consent, "events", 0)
		equal(t, "seq", number(given, "seq"), 3)
		equal(t, "the next seq", number(consent, "events", 1, "seq"), 4)
		equal(t, "eventId", str(given, "eventId"), screen["eventId"])
		equal(t, "the device's clock", str(given, "deviceAt"), "2001-02-03T04:05:06.789Z")
		equal(t, "the build", str(given, "appBuild"), "4.2.0+17")
		equal(t, "the server's clock counts", str(given, "receivedAt"), str(consent, "decidedAt"))
		received, err := time.Parse(time.RFC3339, str(given, "receivedAt"))
		if err != nil || w.clock.Now().Sub(received) > time.Minute {
			t.Errorf("received at %s", str(given, "receivedAt"))
		}
		equal(t, "validUntil", str(before, "me", "consents", "nodes", 0, "validUntil"), stamp(received.AddDate(3, 0, 0)))
		equal(t, "withdrawn it holds until nothing", at(consent, "validUntil"), nil)

		equal(t, "a stranger's is not found", w.ask(w.subject("thief"), query, map[string]any{"c": id}).code(), "NOT_FOUND")
		equal(t, "an auditor sees it", str(w.ask(w.staff(vault.Auditor), query, map[string]any{"c": id}).must(), "consent", "item"), "marketing")
		for _, wrong := range []string{"nonsense", seen.version, id + "x", ""} {
			equal(t, "not an id", w.ask(me, query, map[string]any{"c": wrong}).code(), "NOT_FOUND")
		}
	})
}

// leaveGroup takes an operator out of the demo app's group.
func (w *world) leaveGroup() {
	w.t.Helper()
	app, err := w.sys.vault.App(context.Background(), "dala")
	if err != nil {
		w.t.Fatal(err)
	}
	app.Group = slices.DeleteFunc(app.Group, func(o vault.Operator) bool { return o.BIN == binDelivery })
	if err := w.sys.vault.ApplyApp(context.Background(), w.p.systemActor(), app); err != nil {
		w.t.Fatal(err)
	}
}

// userUUID is the uuid behind a user's id.
func (w *world) userUUID(id string) uuid.UUID {
	w.t.Helper()
	users, err := w.sys.db.Users(context.Background(), vault.UserFilter{}, vault.Page{Limit: 1000})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, u := range users {
		if graph.UserID(u.ID) == id {
			return u.ID
		}
	}
	w.t.Fatal("there is no such person")
	return uuid.Nil
}

// becomes changes a person's status, for which there is no door yet.
func (w *world) becomes(id string, status vault.Status) {
	w.t.Helper()
	user := w.userUUID(id)
	event := vault.AuditEvent{
		ID: w.p.newID(), At: w.clock.Now().UTC().Truncate(time.Millisecond), Kind: vault.System, Role: vault.System,
		Action: vault.UserUpdated, Subject: user, Outcome: vault.OutcomeOK, RequestID: "test",
	}
	err := w.sys.db.Write(context.Background(), func(tx vault.Tx) error {
		tx.SetStatus(user, 1, status)
		tx.Record(event)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestAConsentCheckSaysWhy(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("reasons")
		id := w.register(me, nil)
		w.record(me, w.shown("ru").decided("marketing", "GIVEN", "improve", "REFUSED", "courier", "GIVEN")).ok()
		w.withdraw(me, "courier").ok()
		for item, want := range map[string]string{
			"marketing": "GIVEN", "improve": "REFUSED", "courier": "WITHDRAWN", "personalise": "NEVER_ASKED",
			"accounting": "NOT_CONSENT_BASED", "nonsense": "UNKNOWN_PURPOSE",
		} {
			equal(t, item, w.reason(id, item, ""), want)
		}
		for bin, want := range map[string]string{binMarket: "GIVEN", binDelivery: "GIVEN", binStranger: "OPERATOR_NOT_COVERED", "x": "OPERATOR_NOT_COVERED"} {
			equal(t, bin, w.reason(id, "marketing", `, operator: "`+bin+`"`), want)
		}
		equal(t, "a stranger by law", w.reason(id, "accounting", `, operator: "`+binStranger+`"`), "OPERATOR_NOT_COVERED")
		equal(t, "somebody unknown", w.reason(graph.UserID(uuid.New()), "marketing", ""), "NEVER_ASKED")

		_, _, whole := w.check(id, "marketing", "")
		equal(t, "isCurrentVersion", at(whole, "isCurrentVersion"), true)
		equal(t, "user", str(whole, "user"), id)
		asOf, err := time.Parse(time.RFC3339, str(whole, "asOf"))
		if err != nil || asOf.After(w.clock.Now()) {
			t.Errorf("asOf %s: %v", str(whole, "asOf"), err)
		}
		_, _, refused := w.check(id, "courier", "")
		equal(t, "a refused one has no end", at(refused, "validUntil"), nil)

		w.clock.advance(3*366*24*time.Hour + time.Hour)
		equal(t, "three years later", w.reason(id, "marketing", ""), "EXPIRED")
		equal(t, "a refusal has no term", w.reason(id, "improve", ""), "REFUSED")
		list := w.ask(w.subject("reasons"), `{ me { consents(item: "marketing") { nodes { state } } policyStatus { accepted } } }`, nil).must()
		equal(t, "the consent", str(list, "me", "consents", "nodes", 0, "state"), "EXPIRED")
		equal(t, "what is required has ended too", at(list, "me", "policyStatus", "accepted"), false)
	})
}

func TestAStoppedOrErasedPersonIsNeverAllowed(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		for status, want := range map[vault.Status]string{vault.StatusBlocked: "USER_BLOCKED", vault.StatusErased: "USER_ERASED"} {
			me := w.subject("status-" + string(status))
			id := w.register(me, nil)
			w.becomes(id, status)
			for _, item := range []string{"contact", "accounting", "nonsense"} {
				equal(t, item, w.reason(id, item, ""), want)
			}
			w.update(me, named()).refused("USER_BLOCKED")
		}
		blocked := w.subject("status-" + string(vault.StatusBlocked))
		w.withdraw(blocked, "contact").ok() // withdrawing is never refused to somebody who is there
	})
}

func TestAConsentCheckAnswersForThePastAndTheFuture(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("when")
		id := w.register(me, nil)
		// Each step is an hour apart; the moments asked about lie between.
		var moments []string
		between := func() {
			w.clock.advance(30 * time.Minute)
			moments = append(moments, stamp(w.clock.Now()))
			w.clock.advance(30 * time.Minute)
		}
		between()
		w.record(me, w.shown("ru").decided("marketing", "REFUSED")).ok()
		between()
		w.record(me, w.shown("ru").decided("marketing", "GIVEN")).ok()
		between()
		w.withdraw(me, "marketing").ok()
		between()
		for i, want := range []string{"NEVER_ASKED", "REFUSED", "GIVEN", "WITHDRAWN"} {
			equal(t, moments[i], w.reason(id, "marketing", `, at: "`+moments[i]+`"`), want)
		}
		equal(t, "before there was a policy", w.reason(id, "marketing", `, at: "2000-01-01T00:00:00Z"`), "NOT_IN_FORCE")

		now := w.clock.Now()
		_, _, soon := w.check(id, "contact", `, at: "`+stamp(now.AddDate(0, 6, 0))+`"`)
		equal(t, "in half a year", str(soon, "reason"), "GIVEN")
		equal(t, "asOf", str(soon, "asOf"), stamp(now.AddDate(0, 6, 0)))
		equal(t, "in four years", w.reason(id, "contact", `, at: "`+stamp(now.AddDate(4, 0, 0))+`"`), "EXPIRED")
		equal(t, "in four years, withdrawn", w.reason(id, "marketing", `, at: "`+stamp(now.AddDate(4, 0, 0))+`"`), "WITHDRAWN")
		equal(t, "not a moment", w.ask(w.staff(vault.Machine), `query($u: ID!) { consentCheck(user: $u, purpose: "contact", at: "yesterday") { reason } }`,
			map[string]any{"u": id}).code(), "BAD_REQUEST")
	})
}

func TestWhoJoinsTheGroupLaterIsNotCoveredByAnOlderConsent(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.leaveGroup()
		w.publish(w.draft(w.policy("2.0")), nil) // the version that names no more than are in the group
		me := w.subject("group")
		id := w.register(me, nil)
		equal(t, "not a member", w.reason(id, "contact", `, operator: "`+binDelivery+`"`), "OPERATOR_NOT_COVERED")
		app, err := w.sys.vault.App(context.Background(), "dala")
		if err != nil {
			t.Fatal(err)
		}
		app.Group = append(app.Group, vault.Operator{Code: "dala-delivery", Name: vault.Words{{Locale: "ru", Text: "Dala Delivery"}}, BIN: binDelivery})
		if err := w.sys.vault.ApplyApp(context.Background(), w.p.systemActor(), app); err != nil {
			t.Fatal(err)
		}
		equal(t, "a member since", w.reason(id, "contact", `, operator: "`+binDelivery+`"`), "OPERATOR_NOT_COVERED")
		w.record(me, w.shown("ru").decided("contact", "GIVEN")).ok()
		equal(t, "whom the document did not name", w.reason(id, "contact", `, operator: "`+binDelivery+`"`), "OPERATOR_NOT_COVERED")
		version := w.publish(w.draft(w.policy("3.0")), nil)
		equal(t, "everybody is asked again", at(w.ask(me, `{ me { policyStatus { accepted } } }`, nil).must(), "me", "policyStatus", "accepted"), false)
		w.record(me, w.of(version, "ru").decided("identify", "GIVEN", "contact", "GIVEN")).ok()
		equal(t, "after a new consent", w.reason(id, "contact", `, operator: "`+binDelivery+`"`), "GIVEN")
	})
}

func TestAHundredPeopleAreCheckedAtOnceAndNoMore(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("among")
		id := w.register(me, nil)
		ids := make([]string, 0, 101)
		for i := range 100 {
			if i == 41 || i == 77 {
				ids = append(ids, id)
			} else {
				ids = append(ids, graph.UserID(uuid.New()))
			}
		}
		query := `query($u: [ID!]!, $p: String!) { consentChecks(users: $u, purpose: $p) { user allowed reason } }`
		service := w.staff(vault.Machine)
		got := at(w.ask(service, query, map[string]any{"u": ids, "p": "contact"}).must(), "consentChecks")
		same(t, "in the order asked", pluck(got, "user"), ids)
		for i, reason := range pluck(got, "reason") {
			want := map[bool]string{true: "GIVEN", false: "NEVER_ASKED"}[ids[i] == id]
			equal(t, strconv.Itoa(i), reason, want)
		}
		more := w.ask(service, query, map[string]any{"u": append(ids, id), "p": "contact"})
		equal(t, "a hundred and one", more.code(), "BAD_REQUEST")
		equal(t, "the limit is named", str(more.Errors[0].Extensions, "limit"), "100")
		equal(t, "none", len(pluck(w.ask(service, query, map[string]any{"u": []string{}, "p": "contact"}).must(), "user", "consentChecks")), 0)

		equal(t, "a purpose that the service may not name", w.ask(service, query, map[string]any{"u": ids, "p": "nonsense"}).code(), "FORBIDDEN")
		equal(t, "a list is not for people", w.ask(me, query, map[string]any{"u": []string{id}, "p": "contact"}).code(), "FORBIDDEN")
		one := `query($u: ID!) { consentCheck(user: $u, purpose: "contact") { reason } }`
		equal(t, "a person about themselves", str(w.ask(me, one, map[string]any{"u": id}).must(), "consentCheck", "reason"), "GIVEN")
		other := w.register(w.subject("other"), nil)
		equal(t, "a person about another", w.ask(me, one, map[string]any{"u": other}).code(), "NOT_FOUND")
		equal(t, "a person about nobody", w.ask(me, one, map[string]any{"u": graph.UserID(uuid.New())}).code(), "NOT_FOUND")
	})
}
