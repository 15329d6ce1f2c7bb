package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/kelisim/kelisim/vault"
)

// TestLaw24TheCopyHasWhatDevicesSentAndWhoActed and neither what the
// representative keeps to themselves nor what somebody tried in vain.
func TestLaw24TheCopyHasWhatDevicesSentAndWhoActed(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("collected")
		id := w.register(me, named())
		w.record(me, w.of(w.collecting("ipNetwork"), "ru").decided("identify", "GIVEN", "contact", "GIVEN", "watch", "GIVEN", "improve", "GIVEN")).ok()
		for range 2 {
			w.mutate(me, "recordTechnicalData", input{"events": []input{
				w.came(input{"userAgent": phoneApp, "page": "https://dala.example/goods/1"}), w.came(input{"page": "https://dala.example/goods/2"}),
			}, "fromConnection": true}, "kept").ok()
		}
		w.wrote(id, w.received(0, input{"representative": parent()}), nil, "club", "GIVEN", "improve", "REFUSED").ok()
		officer := w.staff(vault.Compliance)
		w.disclose(officer, passes(nil, id)).refused("UNKNOWN_RECIPIENT@recipient")
		w.ask(w.staff(vault.Auditor), `query($u: ID!) { user(id: $u) { technicalData { nodes { id } } } }`, input{"u": id})
		w.ask(officer, `query($u: ID!) { user(id: $u) { technicalData(basis: {request: {reason: COMPLAINT, ticket: "SUP-31"}}) { nodes { id } } } }`, input{"u": id}).must()

		files := unpacked(t, w.fetched(w.exported(me), me).raw)
		var data map[string]any
		if err := json.Unmarshal([]byte(files["data.json"]), &data); err != nil {
			t.Fatalf("%v: %s", err, files["data.json"])
		}
		described(t, data)
		same(t, "pages", pluck(data, "page", "technicalData"), []string{
			"https://dala.example/goods/2", "https://dala.example/goods/1", "https://dala.example/goods/2", "https://dala.example/goods/1",
		})
		equal(t, "the address, as the person sees it", str(data, "technicalData", 0, "ip"), "127.0.0.0/24")
		equal(t, "the device", str(data, "technicalData", 1, "userAgent"), phoneApp)
		equal(t, "all of it", at(data, "technicalDataComplete") == true && at(data, "accessesComplete") == true, true)

		acted := at(data, "representatives", 0)
		equal(t, "who", str(acted, "name"), "Бибігүл Сағынтаева")
		equal(t, "why", str(acted, "ground"), "PARENT")
		equal(t, "on which paper", str(acted, "reference"), "DOC-2026/118")
		same(t, "what", pluck(acted, "item", "decisions"), []string{"club", "improve"})
		for _, theirs := range []string{"77015550101", "12-7719"} {
			for name, text := range files {
				if strings.Contains(text, theirs) {
					t.Errorf("%s, which is the representative's own, is in %s", theirs, name)
				}
			}
		}
		same(t, "refusals", pluck(data, "outcome", "accesses")[:1], []string{"OK"})
		for name, text := range files {
			if strings.Contains(text, "denied") || strings.Contains(text, "DENIED") {
				t.Errorf("%s tells of what somebody was refused", name)
			}
		}
		for _, want := range []string{"goods/2", "Бибігүл Сағынтаева", "SUP-31", "техникалық деректерді оқыды", "&#43;05"} {
			if !strings.Contains(files["index.html"], want) {
				t.Errorf("the page lacks %q", want)
			}
		}
		own := w.events(vault.AuditFilter{Subject: w.userUUID(id), Action: string(vault.TechnicalRevealed)})
		seen := 0
		for _, e := range own {
			if e.Role == vault.Subject {
				seen++
			}
		}
		equal(t, "one event for all that was decrypted", seen, 1)
	})
}
