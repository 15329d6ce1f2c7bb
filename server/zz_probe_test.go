package main

import (
	"testing"

	"github.com/google/uuid"
)

func TestZZ(t *testing.T) {
	w := embedded(t)
	me := w.subject("probe")
	w.enter(me, named()).ok()
	c := w.shown("ru").decided("marketing", "GIVEN")
	sel := `user { consentSeq } consents { item state }`
	t.Log(string(w.mutate(me, "recordConsent", input{"consent": c, "idempotencyKey": "k"}, sel).raw))
	c = with(c, input{"eventId": uuid.NewString()})
	t.Log(string(w.mutate(me, "recordConsent", input{"consent": c, "idempotencyKey": "k"}, sel).raw))
	t.Log(string(w.mutate(me, "withdrawConsent", input{"eventId": uuid.NewString(), "items": []string{"contact"}, "idempotencyKey": "k"}, sel).raw))
	t.Log(string(w.mutate(me, "withdrawConsent", input{"eventId": uuid.NewString(), "items": []string{"contact"}, "idempotencyKey": "k"}, sel).raw))
}
