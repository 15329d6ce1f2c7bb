package main

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/graph"
	"github.com/kelisim/kelisim/vault"
)

// sharing puts a policy in force under which data is shown, passed on and used
// to reach people.
func (w *world) sharing() {
	w.t.Helper()
	w.publish(w.draft(w.policy("sharing", shares)), nil)
}

// shares changes a policy's facts to that.
func shares(facts input) {
	of := func(code, kind string, fields ...string) input {
		return with(item(code, false, fields...), input{"kind": kind})
	}
	facts["thirdParties"], facts["crossBorder"], facts["publicSources"] = true, true, true
	itemOf(facts, 1)["channels"] = []string{"SMS", "EMAIL"}
	addItem(facts, with(of("jel", "THIRD_PARTIES", "phone", "familyName"), input{"recipients": []input{
		{"name": words("ru", "Jel", "kk", "Жел"), "country": "KZ"}, {"name": words("ru", "Veter"), "country": "RU"},
	}}))
	addItem(facts, of("border", "CROSS_BORDER", "phone"))
	addItem(facts, of("card", "PUBLICATION", "familyName", "clubNumber"))
	addItem(facts, of("page", "PUBLICATION", "givenName"))
}

// member registers somebody under the policy of sharing, who gives more items.
func (w *world) member(sub string, items ...string) (token, id string) {
	w.t.Helper()
	token = w.subject(sub)
	id = w.register(token, input{
		"familyName": "Сағынтаева", "givenName": "Әйгерім", "phone": "+77019264831",
		"fields": []input{{"code": "clubNumber", "value": "КЛУБ-77"}},
	})
	for _, item := range items {
		w.record(token, w.shown("ru").decided(item, "GIVEN")).ok()
	}
	return token, id
}

// public is what anybody sees of a person: values by code, and the whole answer.
func (w *world) public(token, id string) (map[string]string, answer) {
	w.t.Helper()
	a := w.ask(token, `query($id: ID!) { publicProfile(id: $id) { fields { code value } } }`, input{"id": id})
	out := map[string]string{}
	list, _ := at(a.must(), "publicProfile", "fields").([]any)
	for i := range list {
		out[str(list, i, "code")] = str(list, i, "value")
	}
	return out, a
}

func (w *world) visible(token, to string, fields ...string) outcome {
	w.t.Helper()
	return w.mutate(token, "setFieldVisibility", input{"fields": fields, "visibility": to}, `user { id revision profile { familyName { visibility } } } copiesGoneBy`)
}

func TestClause32NothingIsPublicUntilThePersonPublishesIt(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.sharing()
		me, id := w.member("publishes")
		_, nobody := w.public("", graph.UserID(uuid.New()))
		_, private := w.public("", id)
		_, nonsense := w.public("", "nonsense")
		equal(t, "somebody private, and nobody", string(private.raw), string(nobody.raw))
		equal(t, "no id at all", string(nonsense.raw), string(nobody.raw))

		refused := w.visible(me, "PUBLIC", "familyName", "phone", "nonsense")
		refused.refused("CONSENT_NOT_GIVEN@fields.0", "FIELD_NOT_PUBLISHABLE@fields.1", "FIELD_NOT_COLLECTED@fields.2")
		equal(t, "the item to ask for", refused.parameter("item"), "card")
		w.record(me, w.shown("ru").decided("card", "GIVEN")).ok()
		got, _ := w.public("", id)
		equal(t, "a consent alone publishes nothing", len(got), 0)
		w.visible(me, "PUBLIC", "givenName").refused("CONSENT_NOT_GIVEN@fields.0") // that is for another item
		equal(t, "who sees it", str(w.visible(me, "PUBLIC", "familyName").ok().payload, "user", "profile", "familyName", "visibility"), "PUBLIC")

		got, a := w.public("", id)
		equal(t, "what is public", len(got) == 1 && got["familyName"] == "Сағынтаева", true)
		events := w.eventsOf(a)
		equal(t, "a reading is on record", len(events) == 1 && events[0].Action == vault.ProfileRevealed && events[0].Kind == vault.Anonymous &&
			events[0].Purpose == "card" && events[0].Consent != uuid.Nil, true)
		_, a = w.public(w.subject("stranger"), id)
		equal(t, "whose it is", w.eventsOf(a)[0].Subject, w.userUUID(id))

		w.update(me, input{"familyName": "Ысқақова"}).ok()
		got, _ = w.public("", id)
		equal(t, "a published field stays public when it changes", got["familyName"], "Ысқақова")
		w.update(me, input{"familyName": nil}).ok()
		w.update(me, input{"familyName": "Сағынтаева"}).ok()
		got, _ = w.public("", id)
		equal(t, "one that was cleared is private again", len(got), 0)
		w.visible(me, "PUBLIC", "familyName").ok()
		w.turns(id, vault.StatusBlocked)
		_, blocked := w.public("", id)
		equal(t, "blocked is as nobody", string(blocked.raw), string(nobody.raw))
	})
}

// turns is becomes for a person of any revision.
func (w *world) turns(id string, status vault.Status) {
	w.t.Helper()
	users, err := w.sys.db.Standings(w.t.Context(), "dala", []uuid.UUID{w.userUUID(id)})
	if err == nil {
		event := vault.AuditEvent{
			ID: w.p.newID(), At: w.clock.Now(), Kind: vault.System, Role: vault.System, Action: vault.UserUpdated, Outcome: vault.OutcomeOK,
		}
		err = w.sys.db.Write(w.t.Context(), func(tx vault.Tx) error {
			tx.SetStatus(w.userUUID(id), users[0].User.Revision, status)
			tx.Record(event)
			return nil
		})
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestClause41PrivateAgainHoldsOnEveryReplicaAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.sharing()
		other := w.replica()
		me, id := w.member("private again", "card")
		shows := func(when string, want int) {
			t.Helper()
			for _, replica := range []*world{w, other, w} {
				got, _ := replica.public("", id)
				equal(t, when, len(got), want)
			}
		}
		w.visible(me, "PUBLIC", "familyName", "clubNumber").ok()
		shows("published", 2)
		hidden := other.visible(me, "PRIVATE", "clubNumber").ok()
		shows("private again", 1)
		by, err := time.Parse(time.RFC3339, str(hidden.payload, "copiesGoneBy"))
		equal(t, "the duty to unpublish ends later", err == nil && by.After(w.clock.Now()), true)
		w.withdraw(me, "card").ok()
		shows("withdrawn", 0)
		seq := number(w.ask(me, `{ me { consentSeq } }`, nil).must(), "me", "consentSeq")
		w.record(me, with(w.shown("ru").decided("card", "GIVEN"), input{"knownConsentSeq": seq})).ok()
		shows("given again, and not yet published again", 0)
		w.visible(me, "PUBLIC", "familyName").ok()
		shows("published again", 1)
		w.record(me, w.shown("ru").decided("card", "REFUSED")).ok()
		shows("refused", 0)
		w.visible(me, "PRIVATE", "familyName").ok()
	})
}

func TestPublicProfilesAreReadSoOftenASecond(t *testing.T) {
	w := embedded(t)
	at := w.clock.Now()
	w.sys.vault.Clock = func() time.Time { return at } // within one second
	codes := map[string]int{}
	for range 60 {
		codes[w.ask("", `{ publicProfile(id: "x") { fields { code } } }`, nil).code()]++
	}
	equal(t, "answered and refused", codes[""] == 50 && codes["RATE_LIMITED"] == 10, true)
}

func TestClause223AChannelThatWasRefusedIsNotUsed(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.sharing()
		me, id := w.member("channels")
		choose := func(item, channel string, allowed bool) outcome {
			return w.mutate(me, "setChannelPreferences", input{"item": item, "channels": []input{{"channel": channel, "allowed": allowed}}},
				`user { channelPreferences { item channel allowed } }`)
		}
		by := func(channel, more string) string { return w.reason(id, "contact", `, channel: `+channel+more) }
		equal(t, "all that are declared", by("SMS", "")+by("EMAIL", ""), "GIVENGIVEN")
		equal(t, "one that is not", by("POST", ""), "CHANNEL_NOT_COVERED")
		choose("contact", "SMS", false).ok()
		refused := w.clock.Now()
		w.clock.advance(time.Minute)
		equal(t, "refused", by("SMS", ""), "CHANNEL_REFUSED")
		equal(t, "the other", by("EMAIL", ""), "GIVEN")
		equal(t, "the purpose itself", w.reason(id, "contact", ""), "GIVEN")
		got := choose("contact", "SMS", true).ok()
		equal(t, "allowed again", by("SMS", ""), "GIVEN")
		equal(t, "and shown", at(got.payload, "user", "channelPreferences", 0, "allowed"), true)
		equal(t, "as it was then", by("SMS", `, at: "`+stamp(refused.Add(time.Second))+`"`), "CHANNEL_REFUSED")
		choose("contact", "POST", true).refused("INVALID_VALUE@channels.0.channel")
		choose("nonsense", "SMS", true).refused("UNKNOWN_CONSENT_ITEM@item")
		choose("club", "SMS", true).refused("CONSENT_NOT_GIVEN@item")
		w.withdraw(me, "contact").ok()
		equal(t, "nothing is allowed without the consent", by("EMAIL", ""), "WITHDRAWN")
		equal(t, "each choice is an event", len(w.events(vault.AuditFilter{Action: string(vault.ChannelsChosen), Subject: w.userUUID(id)})), 2)
	})
}
