package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/keyring"
	"github.com/kelisim/kelisim/vault/transit"
)

const ownTechnical = `{ me { technicalData { nodes { id expiresAt events { at ip cookieId userAgent page } } } } }`

// collecting publishes a version that collects what devices send: time, network
// and page because one has to, the browser because one agrees to it.
func (w *world) collecting(codes ...string) string {
	w.t.Helper()
	return w.publish(w.draft(w.policy("technical", func(facts input) {
		addItem(facts, with(item("watch", true, append([]string{"accessTime", "pageUrl"}, codes...)...), input{"retention": "P10D"}))
		addItem(facts, with(item("improve", false, "accessTime", "userAgent"), input{"retention": "P60D"}))
	})), nil)
}

// came is an event that a device sent.
func (w *world) came(more input) input {
	return with(input{"at": w.clock.Now().UTC().Format(time.RFC3339Nano)}, more)
}

func TestClause112TechnicalDataIsCutToWhatIsCollectedAndAgreed(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("browsing")
		id := w.register(me, named())
		w.mutate(me, "recordTechnicalData", input{"events": []input{w.came(input{"page": "https://dala.example/"})}}, "kept").
			refused("FIELD_NOT_COLLECTED@events.0.at", "FIELD_NOT_COLLECTED@events.0.page")
		version := w.collecting("ipNetwork")
		w.record(me, w.of(version, "ru").decided("identify", "GIVEN", "contact", "GIVEN", "watch", "GIVEN", "improve", "REFUSED")).ok()

		sent := w.came(input{"userAgent": phoneApp, "page": "https://dala.example/goods/7?query=secret#part"})
		done := w.mutate(me, "recordTechnicalData", input{"events": []input{sent}, "fromConnection": true}, "kept dropped expiresAt").ok()
		equal(t, "kept", fmt.Sprint(at(done.payload, "kept")), "[accessTime ipNetwork pageUrl]")
		equal(t, "dropped", fmt.Sprint(at(done.payload, "dropped")), "[userAgent]")

		seen := w.ask(me, ownTechnical, nil).must()
		event := at(seen, "me", "technicalData", "nodes", 0, "events", 0)
		equal(t, "the address", str(event, "ip"), "127.0.0.0/24")
		equal(t, "the page", str(event, "page"), "https://dala.example/goods/7")
		equal(t, "the browser", at(event, "userAgent"), nil)

		w.mutate(me, "recordTechnicalData", input{"events": []input{w.came(input{"ip": "203.0.113.9"})}}, "kept").refused("INVALID_VALUE@events.0.ip")
		w.mutate(me, "recordTechnicalData", input{"events": []input{{"at": w.clock.Now().Add(time.Hour).UTC().Format(time.RFC3339)}}}, "kept").refused("INVALID_VALUE@events.0.at")

		service := w.token(vault.Machine, "gateway", nil)
		by := w.mutate(service, "recordTechnicalData", input{"user": id, "app": "dala", "events": []input{w.came(input{"ip": "2001:db8:7:8::1"}), w.came(input{"ip": "203.0.113.9"})}}, "kept")
		by.ok()
		seen = w.ask(me, ownTechnical, nil).must()
		equal(t, "a network of IPv6", str(seen, "me", "technicalData", "nodes", 0, "events", 0, "ip"), "2001:db8:7::/48")
		equal(t, "a network of IPv4", str(seen, "me", "technicalData", "nodes", 0, "events", 1, "ip"), "203.0.113.0/24")
		for _, h := range w.heldTechnical() {
			if h.Key != "kelisim-technical" {
				t.Errorf("it is under %s", h.Key)
			}
		}
	})
}

// TestClause112WhatIsLeftOutIsNamedWhereNothingIsKept: the time of an event is
// agreed to apart, and without it nothing is kept. Kept and dropped together are
// what was sent.
func TestClause112WhatIsLeftOutIsNamedWhereNothingIsKept(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		version := w.publish(w.draft(w.policy("technical", func(facts input) {
			addItem(facts, with(item("watch", true, "pageUrl", "ipNetwork"), input{"retention": "P10D"}))
			addItem(facts, with(item("improve", false, "accessTime", "userAgent"), input{"retention": "P60D"}))
		})), nil)
		me := w.subject("without time")
		shown := w.of(version, "ru").decided("identify", "GIVEN", "contact", "GIVEN", "watch", "GIVEN", "improve", "REFUSED")
		w.mutate(me, "registerMe", input{"profile": named(), "consent": shown}, "").ok()
		sent := []input{w.came(input{"page": "https://dala.example/"}), w.came(input{"userAgent": phoneApp})}
		send := func(key string) outcome {
			t.Helper()
			return w.mutate(me, "recordTechnicalData", input{"events": sent, "fromConnection": true, "idempotencyKey": key}, "kept dropped expiresAt").ok()
		}
		none := send("k1")
		equal(t, "kept", fmt.Sprint(strs(none.payload, "kept")), "[]")
		equal(t, "dropped", fmt.Sprint(strs(none.payload, "dropped")), "[accessTime ipNetwork pageUrl userAgent]")
		equal(t, "until", at(none.payload, "expiresAt"), nil)
		equal(t, "rows", len(w.heldTechnical()), 0)

		w.record(me, w.of(version, "ru").decided("improve", "GIVEN")).ok()
		some := send("k2")
		equal(t, "kept then", fmt.Sprint(strs(some.payload, "kept")), "[accessTime ipNetwork pageUrl userAgent]")
		equal(t, "dropped then", fmt.Sprint(strs(some.payload, "dropped")), "[]")
		equal(t, "sent again", fmt.Sprint(send("k2").payload), fmt.Sprint(some.payload))
	})
}

func (w *world) heldTechnical() []vault.HeldCount {
	w.t.Helper()
	counts, err := w.sys.db.CountHeld(w.t.Context(), vault.HoldingTechnical)
	if err != nil {
		w.t.Fatal(err)
	}
	return counts
}

func TestClause112TheWholeAddressIsKeptWhereAPurposeNeedsIt(t *testing.T) {
	w := embedded(t)
	me := w.subject("whole")
	w.register(me, named())
	w.record(me, w.of(w.collecting("ipAddress"), "ru").decided("identify", "GIVEN", "contact", "GIVEN", "watch", "GIVEN")).ok()
	w.mutate(me, "recordTechnicalData", input{"events": []input{w.came(nil)}, "fromConnection": true}, "kept").ok()
	equal(t, "the address", str(w.ask(me, ownTechnical, nil).must(), "me", "technicalData", "nodes", 0, "events", 0, "ip"), "127.0.0.1")
	w.update(me, ownValue("ipAddress", "10.0.0.1")).refused("FIELD_NOT_COLLECTED@profile.fields.0.value")
}

func TestClause112TechnicalDataIsSeenOnAGroundAndGoesInTime(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("watched")
		id := w.register(me, named())
		w.record(me, w.of(w.collecting("ipNetwork"), "ru").decided("identify", "GIVEN", "contact", "GIVEN", "watch", "GIVEN", "improve", "GIVEN")).ok()
		var events []input
		for i := range vault.MaxTechnical {
			events = append(events, w.came(input{"userAgent": phoneApp, "page": fmt.Sprintf("https://dala.example/goods/%d", i)}))
		}
		w.mutate(me, "recordTechnicalData", input{"events": append(events, events[0])}, "kept").refused("INVALID_VALUE@events")
		w.mutate(me, "recordTechnicalData", input{"events": events, "fromConnection": true, "idempotencyKey": "b1"}, "kept").ok()
		w.mutate(me, "recordTechnicalData", input{"events": events, "fromConnection": true, "idempotencyKey": "b1"}, "kept").ok()
		equal(t, "batches", w.heldTechnical()[0].Rows, int64(1))

		const by = `query($u: ID!, $b: BasisInput) { user(id: $u) { technicalData(basis: $b) { nodes { events { userAgent } } } } }`
		request := input{"request": input{"reason": "FRAUD", "ticket": "SUP-9"}}
		for role, want := range map[vault.Role]string{vault.Support: "FORBIDDEN", vault.Auditor: "FORBIDDEN", vault.Machine: "FORBIDDEN", vault.Compliance: ""} {
			equal(t, string(role), w.ask(w.staff(role), by, map[string]any{"u": id, "b": request}).code(), want)
		}
		equal(t, "without a ground", w.ask(w.staff(vault.Compliance), by, map[string]any{"u": id}).code(), "FORBIDDEN")
		shown := slices.DeleteFunc(w.events(vault.AuditFilter{Action: string(vault.TechnicalRevealed)}), func(e vault.StoredEvent) bool { return e.Role != vault.Compliance })
		equal(t, "on record", len(shown), 1)
		equal(t, "the ground", shown[0].AuditEvent.Reason+" "+shown[0].AuditEvent.Reference, "FRAUD SUP-9")

		h := housekeeper{w.sys.db, w.clock.Now, w.sys.log, w.edge.forgetTechnical}
		keep := func(d time.Duration, want int) {
			t.Helper()
			w.clock.advance(d)
			if err := h.forgetTechnical(t.Context()); err != nil {
				t.Fatal(err)
			}
			equal(t, "kept after "+d.String(), len(w.heldTechnical()), want)
		}
		keep(11*24*time.Hour, 1) // the other purpose needs it for longer
		keep(80*24*time.Hour, 0)
		equal(t, "its end is on record", w.events(vault.AuditFilter{Action: string(vault.TechnicalForgotten)})[0].AuditEvent.Object, "TechnicalData:rows=1")
	})
}

func TestTechnicalDataFollowsARotationOfItsOwnKey(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("rotated")
		w.register(me, named())
		w.record(me, w.of(w.collecting("ipNetwork"), "ru").decided("identify", "GIVEN", "contact", "GIVEN", "watch", "GIVEN")).ok()
		send := func() { w.mutate(me, "recordTechnicalData", input{"events": []input{w.came(nil)}}, "kept").ok() }
		send()
		w.rotate("kelisim-technical")
		send()
		job, _ := w.rewrapping(10)
		job.Use = vault.KeyOfTechnical
		job.Rewrapper = ofTechnical(t, job.Rewrapper)
		done, err := job.Run(t.Context(), w.p.systemActor())
		if err != nil || done.Moved != 1 || done.Key != "kelisim-technical" || done.Version != 2 {
			t.Fatalf("%+v, %v", done, err)
		}
		counts := w.heldTechnical()
		equal(t, "versions", fmt.Sprint(len(counts), counts[0].Version, counts[0].Rows), "1 2 2")
		nodes, _ := at(w.ask(me, ownTechnical, nil).must(), "me", "technicalData", "nodes").([]any)
		equal(t, "both are read", len(nodes), 2)
		if strings.Contains(w.log.String(), "127.0.0.1") {
			t.Error("an address is in the log")
		}
	})
}

// ofTechnical is a rewrapper with the key of technical data.
func ofTechnical(t *testing.T, r vault.Rewrapper) vault.Rewrapper {
	t.Helper()
	switch of := r.(type) {
	case *keyring.Rewrapper:
		return of.Of(vault.KeyOfTechnical)
	case *transit.Rewrapper:
		return of.Of(vault.KeyOfTechnical)
	}
	t.Fatalf("it is a %T", r)
	return nil
}
