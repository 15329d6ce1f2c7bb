package main

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

const phoneApp = "Dala/4.2.0 (Android 15; Үйтелефон 7) kk-KZ"

// from sends a mutation with the headers of the person's own device.
func (w *world) from(header http.Header, token, name string, in input) outcome {
	w.t.Helper()
	all := bearing(token)
	maps.Copy(all, header)
	query := "mutation($input: " + strings.ToUpper(name[:1]) + name[1:] + "Input!) { " + name + "(input: $input) { user { id } userErrors { code path } } }"
	a := w.send(http.MethodPost, "/graphql", encode(w.t, query, input{"input": in}), all)
	return outcome{a, at(a.Data, name)}
}

// actOf is a person's act as it is stored.
func (w *world) actOf(user string, eventID any) vault.Act {
	w.t.Helper()
	id, _ := eventID.(string)
	act, err := w.sys.db.Act(context.Background(), w.userUUID(user), uuid.MustParse(id))
	if err != nil {
		w.t.Fatal(err)
	}
	return act
}

// connection is what is kept of the connection that an act came by.
func (w *world) connection(act vault.Act) string {
	w.t.Helper()
	if strings.Contains(act.Context.Text, phoneApp) || !strings.HasPrefix(act.Context.Text, "vault:v") {
		w.t.Fatalf("the context is kept as %q", act.Context.Text)
	}
	items := []vault.DecryptItem{
		{Place: vault.Place{User: act.User, Field: vault.FieldConsentContext}, Ciphertext: act.Context},
		{Place: vault.Place{User: uuid.New(), Field: vault.FieldConsentContext}, Ciphertext: act.Context},
	}
	got, err := w.sys.engine.decrypter.Decrypt(context.Background(), items)
	if err != nil || got[0].Err != nil {
		w.t.Fatal(err, got)
	}
	if !errors.Is(got[1].Err, vault.ErrUndecryptable) {
		w.t.Errorf("as somebody else's it is %v", got[1].Err)
	}
	var said map[string]string
	if err := json.Unmarshal([]byte(got[0].Value.Reveal()), &said); err != nil {
		w.t.Fatal(err)
	}
	equal(w.t, "what is kept", len(said), 2)
	return said["ip"] + " by " + said["userAgent"]
}

func TestTheConnectionIsKeptEncryptedWithEachAct(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("connected")
		own := http.Header{"User-Agent": {phoneApp}, "X-Forwarded-For": {"198.51.100.7, 203.0.113.9"}}
		entered, decided, left := w.shown("ru").consent(required()), w.shown("ru").decided("marketing", "GIVEN", "improve", "REFUSED"), uuid.NewString()
		id := str(w.from(own, me, "registerMe", input{"profile": named(), "consent": entered}).ok().payload, "user", "id")
		equal(t, "registering", w.connection(w.actOf(id, entered["eventId"])), "127.0.0.1 by "+phoneApp) // not what the caller claims

		w.trust("127.0.0.0/8")
		w.from(own, me, "recordConsent", input{"consent": decided}).ok()
		w.from(own, me, "withdrawConsent", input{"eventId": left, "items": []string{"marketing"}}).ok()
		equal(t, "deciding", w.connection(w.actOf(id, decided["eventId"])), "203.0.113.9 by "+phoneApp)
		equal(t, "withdrawing", w.connection(w.actOf(id, left)), "203.0.113.9 by "+phoneApp)

		other := http.Header{"User-Agent": {"another device"}}
		w.from(other, me, "recordConsent", input{"consent": decided}).ok()
		equal(t, "after a retry from elsewhere", w.connection(w.actOf(id, decided["eventId"])), "203.0.113.9 by "+phoneApp)

		for what, agent := range map[string][2]string{
			"without a name": {"", ""}, "longer than anybody's": {strings.Repeat("w", 400), strings.Repeat("w", 300)}, "cut within a letter": {"x" + strings.Repeat("ж", 200), "x" + strings.Repeat("ж", 149)},
		} {
			next := w.shown("kk").decided("improve", "REFUSED")
			w.from(http.Header{"User-Agent": {agent[0]}}, me, "recordConsent", input{"consent": next}).ok()
			equal(t, what, w.connection(w.actOf(id, next["eventId"])), "127.0.0.1 by "+agent[1])
		}
	})
}

func TestWhoRegistersWithoutWhatIsRequiredLeavesNoConnection(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		for what, decisions := range map[string][]string{
			"refused": {"identify", "GIVEN", "contact", "REFUSED"}, "left out": {"identify", "GIVEN"}, "all refused": {"identify", "REFUSED", "contact", "REFUSED"},
		} {
			me, own := w.subject("shy-"+what), http.Header{"User-Agent": {phoneApp}}
			consent := w.shown("ru").decided(decisions...)
			id := str(w.from(own, me, "registerMe", input{"consent": consent}).ok().payload, "user", "id")
			equal(t, what+": the connection", w.actOf(id, consent["eventId"]).Context, vault.Ciphertext{})
			equal(t, what+": the fields", w.stored(id), 0)

			agreed := with(w.shown("ru").consent(required()), input{"knownConsentSeq": len(decisions) / 2})
			if what == "left out" { // by a second form
				w.from(own, me, "registerMe", input{"profile": named(), "consent": agreed}).ok()
			} else {
				w.from(own, me, "recordConsent", input{"consent": agreed}).ok()
			}
			equal(t, what+": once it is given", w.connection(w.actOf(id, agreed["eventId"])), "127.0.0.1 by "+phoneApp)
			equal(t, what+": the act before", w.actOf(id, consent["eventId"]).Context, vault.Ciphertext{})
		}
	})
}

func TestAnActReplayedAfterANewVersionCountsOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("replayed")
		entered, decided := w.shown("ru").consent(required()), w.shown("kk").decided("marketing", "GIVEN", "improve", "REFUSED", "courier", "GIVEN")
		left := input{"eventId": uuid.NewString(), "items": []string{"courier"}}
		id := str(w.mutate(me, "registerMe", input{"profile": named(), "consent": entered}, `user { id }`).ok().payload, "user", "id")
		recorded := w.record(me, decided).ok()
		withdrawn := w.mutate(me, "withdrawConsent", left, `user { revision consentSeq } consents { id item events { seq type eventId } }`).ok()

		current := w.publish(w.draft(w.policy("2.0")), nil)
		equal(t, "the version in force", w.inForce(""), "2.0")
		before := w.kept(id)
		again := w.record(me, decided).ok()
		for _, what := range []string{"id", "item"} {
			same(t, "recorded again: "+what, pluck(again.payload, what, "consents"), pluck(recorded.payload, what, "consents"))
		}
		for i := range 3 {
			for _, o := range []outcome{recorded, again} {
				equal(t, "the decision's place", number(o.payload, "consents", i, "events", 0, "seq"), 3+i)
			}
		}
		equal(t, "the gate is shut meanwhile", at(again.payload, "user", "policyStatus", "accepted"), false)
		gone := w.mutate(me, "withdrawConsent", left, `user { revision consentSeq } consents { id item events { seq type eventId } }`).ok()
		equal(t, "withdrawn again", string(gone.raw), string(withdrawn.raw))
		back := w.mutate(me, "registerMe", input{"profile": named(), "consent": entered}, `created user { id }`).ok()
		equal(t, "created again", at(back.payload, "created"), false)
		equal(t, "registered again", str(back.payload, "user", "id"), id)
		w.record(me, entered).ok() // the same act by the other door
		w.record(me, with(decided, input{"deviceAt": "2026-01-02T03:04:05.678Z"})).ok()
		w.record(me, with(decided, input{"documentHash": w.of(current, "kk").hash, "version": current})).refused("EVENT_ID_REUSED@consent.eventId")

		for what, late := range map[string]input{
			"the same decisions": decided, "what was required": entered, "a refusal": w.of(str(entered, "version"), "ru").decided("marketing", "REFUSED"),
		} {
			o := w.record(me, with(late, input{"eventId": uuid.NewString()}))
			o.refused("VERSION_OUTDATED@consent.version")
			equal(t, what+": the current one", o.parameter("policyVersionId"), current)
		}
		stranger := w.mutate(w.subject("comes late"), "registerMe", input{"profile": named(), "consent": with(entered, input{"eventId": uuid.NewString()})}, "")
		stranger.refused("VERSION_OUTDATED@consent.version")
		equal(t, "the current one", stranger.parameter("policyVersionId"), current)
		equal(t, "what is stored", w.kept(id), before)

		w.record(me, w.of(current, "ru").decided("identify", "GIVEN", "contact", "REFUSED")).ok()
		w.record(me, entered).ok() // it said GIVEN, and that was before
		equal(t, "contact", w.reason(id, "contact", ""), "REFUSED")
	})
}
