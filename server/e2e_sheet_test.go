package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kelisim/kelisim/vault"
)

func TestAPrintedPaperSaysWhatItRestsOnAndNotWhoSigned(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		id := w.register(w.subject("sheet"), nil)
		w.clock.advance(48 * time.Hour)
		receipt := w.received(time.Hour, input{"representative": parent()})
		first := w.wrote(id, receipt, nil, "marketing", "GIVEN").ok()
		sheet := func(consent string) paged {
			p := w.visit("GET", "/consents/"+consent+"?locale=en", "Authorization", "Bearer "+w.staff(vault.Auditor))
			equal(t, "status", p.status, http.StatusOK)
			return p
		}
		consent := str(first.payload, "consents", 0, "id")
		w.leaveGroup()
		p := sheet(consent)
		p.says(t, "a paper", "in writing", "DOC-2026/118", "<dt>Signed</dt>", "<dd>parent</dd>", "Valid until", "Dala Delivery LLP, BIN/IIN "+binDelivery)
		for _, value := range []string{"Бибігүл", "77015550101", "7719"} {
			if strings.Contains(p.body, value) {
				t.Error("the sheet names the representative")
			}
		}
		w.wrote(id, w.received(0, nil), nil, "marketing", "REFUSED").ok()
		p = sheet(consent)
		p.says(t, "what became of it", "replaced by a later decision")
		if strings.Contains(p.body, "Valid until") {
			t.Error("what does not hold any more is valid until a time")
		}
	})
}
