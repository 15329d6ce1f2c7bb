//go:build bench

package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// gathering is what a full batch of technical data costs: time against the
// cheapest request, calls to Vault, and bytes of an event at rest.
func gathering(t *testing.T, w *world, out table) {
	version := w.collecting("ipNetwork")
	me := w.subject("gathered")
	id := w.register(me, named())
	w.record(me, w.of(version, "ru").decided("watch", "GIVEN", "improve", "GIVEN")).ok()
	service := w.staff(vault.Machine)
	events := make([]input, vault.MaxTechnical)
	for i := range events {
		events[i] = w.came(input{"ip": "203.0.113.9", "userAgent": phoneApp, "page": fmt.Sprintf("https://dala.example/goods/%d", i)})
	}
	send := func() {
		w.mutate(service, "recordTechnicalData", input{"user": id, "app": "dala", "events": events}, "kept").ok()
	}
	cheapest := clientCall{
		"{ __typename }", `{ __typename }`, func() (string, map[string]any) { return service, nil },
		func(data map[string]any) bool { return data["__typename"] == "Query" },
	}
	took := rounds(thing{benchRequests, send}, thing{benchRequests, func() { cheapest.send(w) }})
	before, sent := calls(t, w), 5
	for range sent {
		send()
	}
	var made []string
	for operation, n := range calls(t, w) {
		if n -= before[operation]; n > 0 {
			made = append(made, fmt.Sprintf("%.3g %s", float64(n)/float64(sent), operation))
		}
	}
	slices.Sort(made)
	batches, err := w.sys.db.Technical(t.Context(), w.userUUID(id), vault.Page{After: uuid.Max, Limit: 1})
	if err != nil || len(batches) != 1 {
		t.Fatal(batches, err)
	}
	out.ratio(fmt.Sprintf("(d) a batch of %d events / { __typename }", len(events)), took[0], took[1], "-",
		fmt.Sprintf("%v / %v; calls to Vault: %s (expected 1 encrypt); %d bytes of ciphertext an event (expected ≤ 128)",
			short(took[0]), short(took[1]), strings.Join(made, ", "), len(batches[0].Ciphertext.Text)/len(events)))
}
