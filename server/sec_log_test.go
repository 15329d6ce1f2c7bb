package main

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

const logQuery = `query($w: AuditFilter, $f: Int, $c: String) { auditEvents(filter: $w, first: $f, after: $c) {
	edges { cursor node { id } } nodes { id at actor kind role action subject fields purpose reference consent outcome requestId canonical } pageInfo { hasNextPage endCursor } } }`

// TestTheLogIsReadInPagesWithoutGapOrRepetition walks it while each page adds
// an event of its own.
func TestTheLogIsReadInPagesWithoutGapOrRepetition(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		auditor := w.staff(vault.Auditor)
		w.ask(w.staff(vault.Support), `{ users(first: 100) { nodes { profile { phone { value } } } } }`, nil).must()
		want := []string{}
		for _, e := range w.events(vault.AuditFilter{}) {
			want = append(want, vaultID("AuditEvent", e.AuditEvent.ID.String()))
		}
		got, cursor := []string{}, any(nil)
		for range want {
			page := at(w.ask(auditor, logQuery, input{"f": 7, "c": cursor}).must(), "auditEvents")
			ids := pluck(page, "id", "nodes")
			same(t, "edges", strsOf(page, "edges", "node", "id"), ids)
			got = append(got, ids...)
			if at(page, "pageInfo", "hasNextPage") != true {
				break
			}
			cursor = at(page, "pageInfo", "endCursor")
		}
		same(t, "the pages", got, want)
		for _, bad := range []string{"x", want[0], vaultID("UserCursor", uuid.NewString()), vaultID("AuditEventCursor", "x")} {
			equal(t, "cursor "+bad, w.ask(auditor, logQuery, input{"f": 7, "c": bad}).code(), "BAD_REQUEST")
		}
		for _, first := range []int{-1, 101, 1 << 30} {
			equal(t, fmt.Sprint("first ", first), w.ask(auditor, logQuery, input{"f": first}).code(), "BAD_REQUEST")
		}
		page := at(w.ask(auditor, logQuery, input{"f": 5, "c": vaultID("AuditEventCursor", uuid.NewString())}).must(), "auditEvents")
		equal(t, "after a cursor of nobody's", len(pluck(page, "id", "nodes")), 0)
	})
}

// strsOf is a string at a path below each object of a list.
func strsOf(v any, list string, path ...any) []string {
	out := []string{}
	all, _ := at(v, list).([]any)
	for _, one := range all {
		out = append(out, str(one, path...))
	}
	return out
}

// TestTheLogIsNarrowedByEachFilterAndByAll compares every filter with the same
// question to the whole log.
func TestTheLogIsNarrowedByEachFilterAndByAll(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("filtered")
		id := w.register(me, looks())
		w.clock.advance(time.Minute)
		w.ask(w.staff(vault.Machine), `query($u: ID!) { user(id: $u) { profile(basis: {purpose: "contact"}) { phone { value } iin { value } } } }`, input{"u": id}).must()
		w.ask(me, `{ users { nodes { id } } }`, nil)
		w.clock.advance(time.Minute)
		w.ask(w.staff(vault.Support), `query($u: ID!) { user(id: $u) { profile { phone { value } } } }`, input{"u": id}).must()
		user := w.userUUID(id)
		all := w.events(vault.AuditFilter{})
		middle, one := all[1].At.Add(-30*time.Second), all[2]
		auditor := w.staff(vault.Auditor)
		for _, c := range []struct {
			filter input
			fits   func(e vault.StoredEvent) bool
		}{
			{input{"subject": id}, func(e vault.StoredEvent) bool { return e.AuditEvent.Subject == user }},
			{input{"actor": user.String()}, func(e vault.StoredEvent) bool { return e.AuditEvent.Actor == user }},
			{input{"action": "user.registered"}, func(e vault.StoredEvent) bool { return e.AuditEvent.Action == vault.UserRegistered }},
			{input{"outcome": "DENIED"}, func(e vault.StoredEvent) bool { return e.Outcome == vault.OutcomeDenied }},
			{input{"outcome": "MASKED"}, func(e vault.StoredEvent) bool { return e.Outcome == vault.OutcomeMasked }},
			{input{"purpose": "contact"}, func(e vault.StoredEvent) bool { return e.AuditEvent.Purpose == "contact" }},
			{input{"from": stamp(middle)}, func(e vault.StoredEvent) bool { return !e.At.Before(middle) }},
			{input{"from": stamp(one.At), "to": stamp(one.At)}, func(vault.StoredEvent) bool { return false }},
			{input{"requestId": one.RequestID}, func(e vault.StoredEvent) bool { return e.RequestID == one.RequestID }},
			{input{"subject": id, "purpose": "contact", "outcome": "OK"}, func(e vault.StoredEvent) bool {
				return e.AuditEvent.Subject == user && e.AuditEvent.Purpose == "contact" && e.Outcome == vault.OutcomeOK
			}},
			{input{"action": "nonsense"}, func(vault.StoredEvent) bool { return false }},
		} {
			want := []string{}
			for _, e := range all {
				if c.fits(e) {
					want = append(want, vaultID("AuditEvent", e.AuditEvent.ID.String()))
				}
			}
			a := w.ask(auditor, logQuery, input{"f": 100, "w": with(c.filter, input{"to": stamp(earliest(c.filter, w.clock.Now()))})})
			got := pluck(a.must(), "id", "auditEvents", "nodes")
			// The reads of this test are events of their own, about nobody or this person.
			got = slices.DeleteFunc(got, func(id string) bool {
				return !slices.ContainsFunc(all, func(e vault.StoredEvent) bool { return vaultID("AuditEvent", e.AuditEvent.ID.String()) == id })
			})
			same(t, fmt.Sprint(c.filter), got, want[:min(len(want), 100)])
		}
	})
}

// earliest is the filter's own end, or now.
func earliest(filter input, now time.Time) time.Time {
	if to, ok := filter["to"].(string); ok {
		if at, err := time.Parse(time.RFC3339, to); err == nil {
			return at
		}
	}
	return now.Add(time.Second)
}

// TestTheLogShowsWhatIsStored: the answer's fields are those of the canonical
// bytes, and the bytes are the stored ones.
func TestTheLogShowsWhatIsStored(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		id := w.register(w.subject("shown"), looks())
		w.ask(w.staff(vault.Machine), `query($u: ID!) { user(id: $u) { profile(basis: {purpose: "contact"}) { phone { value } } } }`, input{"u": id}).must()
		stored := w.events(vault.AuditFilter{Purpose: "contact"})[0]
		a := w.ask(w.staff(vault.Auditor), logQuery, input{"w": input{"purpose": "contact"}})
		e := at(a.must(), "auditEvents", "nodes", 0)
		for field, want := range map[string]string{
			"canonical": string(stored.Canonical), "at": stamp(stored.At), "action": "profile.revealed", "kind": "SERVICE", "role": "SERVICE", "purpose": "contact",
			"actor": stored.AuditEvent.Actor.String(), "subject": id, "outcome": "OK", "requestId": stored.RequestID,
			"consent": vaultID("Consent", stored.AuditEvent.Subject.String()+"."+stored.AuditEvent.Consent.String()),
		} {
			equal(t, field, str(e, field), want)
		}
		same(t, "fields", strs(e, "fields"), []string{"phone"})
		read := w.eventsOf(a)
		if len(read) != 1 || read[0].AuditEvent.Action != vault.AuditRead || read[0].Role != vault.Auditor {
			t.Errorf("reading the log left %v", read)
		}
	})
}
