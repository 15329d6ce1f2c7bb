package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/kelisim/kelisim/vault"
)

func TestEvidenceBesideAConsentIsSeenOnAGroundAndOnRecord(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("evident")
		id := str(w.from(http.Header{"User-Agent": {phoneApp}}, me, "registerMe", input{"profile": named(), "consent": w.shown("ru").consent(required())}).ok().payload, "user", "id")
		consent := str(w.ask(me, `{ me { consents { nodes { id } } } }`, nil).must(), "me", "consents", "nodes", 0, "id")
		query := `query($c: ID!, $b: BasisInput!) { networkContext(consent: $c, basis: $b) { ip userAgent } }`
		officer := w.staff(vault.Compliance)
		request, law := input{"request": input{"reason": "COMPLAINT", "ticket": "SUP-7"}}, input{"legal": input{"reference": "ART-8.4"}}
		ask := func(token string, basis input) answer { return w.ask(token, query, input{"c": consent, "b": basis}) }
		revealed := func() []vault.StoredEvent {
			return w.events(vault.AuditFilter{Action: string(vault.ContextRevealed), Subject: w.userUUID(id)})
		}

		equal(t, "for a purpose", ask(officer, input{"purpose": "contact"}).code(), "FORBIDDEN")
		equal(t, "by support", ask(w.staff(vault.Support), request).code(), "FORBIDDEN")
		was := w.sys.vault.Decrypter
		w.sys.vault.Decrypter = away{}
		equal(t, "while Vault is away", ask(officer, request).code(), "UNAVAILABLE")
		w.sys.vault.Decrypter = was
		equal(t, "on record before there is plaintext", len(revealed()), 1)
		seen := ask(officer, request).must()
		equal(t, "address", str(seen, "networkContext", "ip"), "127.0.0.1")
		equal(t, "browser", str(seen, "networkContext", "userAgent"), phoneApp)
		last := revealed()[0]
		equal(t, "the ground", last.Reason+" "+last.Reference, "COMPLAINT SUP-7")

		copied := unpacked(t, w.fetched(w.exported(me), me).raw)["data.json"]
		equal(t, "the copy says that it is kept", strings.Contains(copied, `"networkContexts": 1`), true)
		equal(t, "and who saw it", strings.Contains(copied, `"context.revealed"`), true)

		w.wrote(id, w.received(0, nil), nil, "improve", "GIVEN").ok()
		written := str(w.ask(me, `{ me { consents(item: "improve") { nodes { id } } } }`, nil).must(), "me", "consents", "nodes", 0, "id")
		equal(t, "of a paper nothing is kept", at(w.ask(officer, query, input{"c": written, "b": law}).must(), "networkContext"), nil)

		w.mutate(officer, "eraseUser", erases(id), "").ok()
		equal(t, "of who is erased, for a request", ask(officer, request).code(), "FORBIDDEN")
		equal(t, "by law", str(ask(officer, law).must(), "networkContext", "userAgent"), phoneApp)
	})
}
