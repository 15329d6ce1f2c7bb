package main

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/graph"
	"github.com/kelisim/kelisim/vault"
)

// mutation is a case of one: an act that can be carried out now, and what makes
// another act of it.
type mutation struct {
	name, selection string
	act             func(w *world) (token string, in, change input)
}

// mutations are the cases of those that repeatables has none of. The policy in
// force is that of everything.
func mutations() []mutation {
	return slices.Concat(ownMutations(), paperMutations(), requestMutations(), keptMutations(), passedMutations(), breachMutations())
}

// everything publishes a version that shares data, and collects what devices send.
func (w *world) everything() {
	w.t.Helper()
	w.publish(w.draft(w.policy("everything", shares, func(facts input) {
		addItem(facts, with(item("watch", false, "accessTime", "pageUrl"), input{"retention": "P10D"}))
	})), nil)
}

// another is a new person, with a phone that is theirs.
func (w *world) another() (token, id string) {
	w.t.Helper()
	return w.member("person "+uuid.NewString(), "watch")
}

func ownMutations() []mutation {
	return []mutation{
		{"confirmMyData", `user { id dataConfirmedAt }`, func(w *world) (string, input, input) {
			me, _ := w.another()
			return me, input{"expectedRevision": 1}, input{"expectedRevision": 2}
		}},
		{"setFieldVisibility", `user { id revision }`, func(w *world) (string, input, input) {
			me, _ := w.another()
			return me, input{"fields": []string{"familyName"}, "visibility": "PRIVATE"}, input{"fields": []string{"givenName"}}
		}},
		{"setChannelPreferences", `user { id channelPreferences { item channel allowed } }`, func(w *world) (string, input, input) {
			me, _ := w.another()
			return me, input{"item": "contact", "channels": []input{{"channel": "SMS", "allowed": false}}}, input{"channels": []input{{"channel": "EMAIL", "allowed": false}}}
		}},
		{"recordTechnicalData", `kept dropped expiresAt`, func(w *world) (string, input, input) {
			me, _ := w.another()
			return me, input{"events": []input{w.came(input{"page": "https://dala.example/1"})}}, input{"events": []input{w.came(input{"page": "https://dala.example/2"})}}
		}},
		{"requestExport", `export { id path expiresAt } request { id number }`, func(w *world) (string, input, input) {
			me, _ := w.another()
			return me, input{"locale": "kk"}, input{"locale": "ru"}
		}},
		{"cancelMyRequest", `request { id state revision closedAt }`, func(w *world) (string, input, input) {
			me, _ := w.another()
			r := at(w.asks(me, "OBJECTION", input{"text": "Машина шешті"}).ok().payload, "request")
			return me, stepOf(r, nil), input{"expectedRevision": 9}
		}},
		{"claimUser", `user { id revision }`, func(w *world) (string, input, input) {
			code := str(w.issues(w.onPaper(), nil).ok().payload, "code")
			return w.subject("claims " + uuid.NewString()), input{"code": code}, input{"code": "00000-00000-00000-00000"}
		}},
	}
}

func paperMutations() []mutation {
	onPaper := func(w *world, pairs ...string) input {
		return with(w.shown("ru").decided(pairs...), input{"receipt": w.received(0, nil)})
	}
	const decided = `user { id consentSeq } consents { id item state events { seq type eventId } }`
	return []mutation{
		{"issueClaimCode", `code expiresAt user { id }`, func(w *world) (string, input, input) {
			return w.staff(vault.Support), input{"user": w.onPaper(), "basis": ground("SUP-7")}, input{"basis": ground("SUP-8")}
		}},
		{"recordConsentFor", decided, func(w *world) (string, input, input) {
			_, id := w.another()
			return w.staff(vault.Support), input{"user": id, "consent": onPaper(w, "card", "GIVEN")}, input{"consent": onPaper(w, "card", "REFUSED")}
		}},
		{"withdrawConsentFor", decided, func(w *world) (string, input, input) {
			_, id := w.another()
			in := input{"user": id, "eventId": uuid.NewString(), "items": []string{"contact"}, "receipt": w.received(0, nil)}
			return w.staff(vault.Support), in, input{"items": []string{"identify"}}
		}},
		{"invalidateConsent", `user { id } consent { id state }`, func(w *world) (string, input, input) {
			me, _ := w.another()
			consent := str(w.ask(me, `{ me { consents(item: "contact") { nodes { id } } } }`, nil).must(), "me", "consents", "nodes", 0, "id")
			in := input{"eventId": uuid.NewString(), "consent": consent, "reason": "FRAUD", "reference": "ACT-2026/7"}
			return w.staff(vault.Compliance), in, input{"reference": "ACT-2026/8"}
		}},
		{"createUser", `user { id revision createdAt }`, func(w *world) (string, input, input) {
			consent := with(w.shown("ru").consent(required()), input{"receipt": w.received(0, nil)})
			in := input{"profile": named(), "consent": consent, "source": "DOCUMENT", "basis": ground("SUP-77"), "locale": "kk"}
			return w.staff(vault.Support), in, input{"locale": "ru"}
		}},
		{"updateUser", `user { id revision }`, func(w *world) (string, input, input) {
			_, id := w.another()
			return w.staff(vault.Support), input{"user": id, "profile": input{"familyName": "Жаңа"}, "source": "DOCUMENT", "basis": ground("SUP-5")}, input{"source": "PERSON_ASKED"}
		}},
		{"verifyIdentifier", `user { id revision }`, func(w *world) (string, input, input) {
			me, id := w.another()
			w.update(me, input{"phone": fmt.Sprintf("+7702%07d", len(w.events(vault.AuditFilter{}))%10_000_000)}).ok() // nobody else's
			return w.staff(vault.Support), input{"user": id, "field": "PHONE", "basis": ground("SUP-6")}, input{"basis": ground("SUP-7")}
		}},
		{"releaseIdentifier", `user { id revision }`, func(w *world) (string, input, input) {
			id := w.register(w.verified("proved "+uuid.NewString(), "+77019264899"), input{"phone": "+77019264899"})
			return w.staff(vault.Support), input{"user": id, "field": "PHONE", "basis": ground("SUP-6")}, input{"basis": ground("SUP-7")}
		}},
	}
}

// stepOf is a step with a request that was answered last.
func stepOf(request any, more input) input {
	return with(input{"id": str(request, "id"), "expectedRevision": number(request, "revision")}, more)
}

func requestMutations() []mutation {
	const selection = `request { id state revision outcome ground dueAt }`
	proved := func(w *world) any {
		_, id := w.another()
		r := at(w.letter("OBJECTION", nil).ok().payload, "request")
		return at(w.step(w.staff(vault.Support), "verifyRequester", r, input{"how": "DOCUMENT", "user": id}).ok().payload, "request")
	}
	return []mutation{
		{"assignSubjectRequest", selection, func(w *world) (string, input, input) {
			r := at(w.letter("ACCESS", nil).ok().payload, "request")
			return w.staff(vault.Support), stepOf(r, nil), input{"expectedRevision": 9}
		}},
		{"verifyRequester", selection, func(w *world) (string, input, input) {
			_, id := w.another()
			r := at(w.letter("ACCESS", nil).ok().payload, "request")
			return w.staff(vault.Support), stepOf(r, input{"how": "DOCUMENT", "user": id}), input{"expectedRevision": 9}
		}},
		{"fulfilSubjectRequest", selection, func(w *world) (string, input, input) {
			return w.staff(vault.Support), stepOf(proved(w), input{"outcome": "DECISION_EXPLAINED", "reference": "SUP-7"}), input{"reference": "SUP-8"}
		}},
		{"refuseSubjectRequest", selection, func(w *world) (string, input, input) {
			return w.staff(vault.Support), stepOf(proved(w), input{"ground": "NOT_AUTOMATED", "reference": "SUP-7"}), input{"reference": "SUP-8"}
		}},
		{"extendSubjectRequest", selection, func(w *world) (string, input, input) {
			home := w.sys.vault.Rules[vault.HomeJurisdiction]
			w.sys.vault.Rules[vault.HomeJurisdiction] = w.sys.vault.Rules["GDPR"] // which has a longer term
			w.t.Cleanup(func() { w.sys.vault.Rules[vault.HomeJurisdiction] = home })
			r := at(w.letter("ACCESS", nil).ok().payload, "request")
			return w.staff(vault.Support), stepOf(r, input{"reason": "COMPLEX"}), input{"reason": "MANY_REQUESTS"}
		}},
		{"retractRequester", selection, func(w *world) (string, input, input) {
			return w.staff(vault.Support), stepOf(proved(w), nil), input{"expectedRevision": 9}
		}},
	}
}

func keptMutations() []mutation {
	const obstacle = `obstacle { id ground reference endedAt endReference }`
	places := func(name, ground string, role vault.Role) mutation {
		return mutation{name, obstacle, func(w *world) (string, input, input) {
			_, id := w.another()
			return w.staff(role), input{"user": id, "ground": ground, "reference": "ORDER-4711"}, input{"reference": "ORDER-4712"}
		}}
	}
	ends := func(name string, placed mutation) mutation {
		return mutation{name, obstacle, func(w *world) (string, input, input) {
			token, in, _ := placed.act(w)
			id := str(w.mutate(token, placed.name, in, obstacle).ok().payload, "obstacle", "id")
			return token, input{"id": id, "reference": "ORDER-4713"}, input{"reference": "ORDER-4714"}
		}}
	}
	hold, debt := places("placeLegalHold", "COURT", vault.Compliance), places("recordObligation", "DELIVERY", vault.Machine)
	return []mutation{
		hold, debt, ends("liftLegalHold", hold), ends("settleObligation", debt),
		{"eraseUser", `certificate { id } plan { gone { trace rows } }`, func(w *world) (string, input, input) {
			_, id := w.another()
			return w.staff(vault.Compliance), input{"user": id, "ground": "LAW", "reference": "ART-18"}, input{"reference": "ART-19"}
		}},
		{"updatePolicyDraft", `policyVersion { id label revision }`, func(w *world) (string, input, input) {
			in := input{"id": w.draft(w.policy("to change")), "expectedRevision": 1, "label": "changed"}
			return w.staff(vault.Compliance), in, input{"label": "changed otherwise"}
		}},
	}
}

func passedMutations() []mutation {
	law := func(id string, more input) input {
		return passes(with(input{
			"ground": "LAW", "purpose": nil, "reference": "COURT-7599-26-00-2/1234", "recipient": court(), "requester": court(),
		}, more), id)
	}
	passed := func(w *world, id string, more input) string {
		w.approved(law(id, more))
		return str(w.disclose(w.staff(vault.Compliance), law(id, more)).ok().payload, "disclosures", 0, "id")
	}
	return []mutation{
		{"recordDisclosure", `disclosures { id seenAt }`, func(w *world) (string, input, input) {
			_, id := w.another()
			w.approved(law(id, nil))
			return w.staff(vault.Compliance), law(id, nil), input{"reference": "COURT-7599-26-00-2/1235"}
		}},
		{"approveDisclosure", `approved`, func(w *world) (string, input, input) {
			_, id := w.another()
			return w.staff(vault.Compliance), law(id, nil), input{"reference": "COURT-7599-26-00-2/1235"}
		}},
		{"markDisclosuresSeen", `disclosures { id seenAt }`, func(w *world) (string, input, input) {
			me, id := w.another()
			return me, input{"disclosures": []string{passed(w, id, nil)}}, input{"disclosures": []string{passed(w, id, nil)}}
		}},
		{"releaseDisclosure", `disclosure { id releasedAt tellBy }`, func(w *world) (string, input, input) {
			_, id := w.another()
			barred := input{"withholdFromPerson": input{"reference": "ART-9.1"}}
			return w.staff(vault.Compliance), input{"disclosure": passed(w, id, barred)}, input{"disclosure": passed(w, id, barred)}
		}},
		{"updateRecipientNotice", `recipientNotice { id state revision }`, func(w *world) (string, input, input) {
			me, id := w.another()
			passed(w, id, nil)
			w.update(me, input{"phone": "+77019264832"}).ok()
			return w.staff(vault.Compliance), input{"id": str(w.notices(id, ""), 0, "id"), "state": "TOLD", "expectedRevision": 1}, input{"expectedRevision": 2}
		}},
	}
}

func breachMutations() []mutation {
	const selection = `breach { id state revision fields notice(for: AUTHORITY, locale: "en") { download } }`
	recorded := func(w *world) string {
		_, id := w.another()
		return str(w.mutate(w.staff(vault.Compliance), "recordBreach", w.breach(input{"people": input{"ids": []string{id}}}), `breach { id }`).ok().payload, "breach", "id")
	}
	return []mutation{
		{"recordBreach", selection, func(w *world) (string, input, input) {
			return w.staff(vault.Compliance), w.breach(input{"people": input{"app": "dala"}}), input{"fields": []string{"email"}}
		}},
		{"updateBreach", selection, func(w *world) (string, input, input) {
			return w.staff(vault.Compliance), input{"id": recorded(w), "expectedRevision": 1, "fields": []string{"email"}}, input{"fields": []string{"familyName"}}
		}},
		{"issueBreachNotice", selection, func(w *world) (string, input, input) {
			return w.staff(vault.Compliance), input{"id": recorded(w), "for": "AUTHORITY"}, input{"for": "PEOPLE"}
		}},
		{"closeBreach", selection, func(w *world) (string, input, input) {
			id, now := recorded(w), stamp(w.clock.Now())
			told := []input{{"for": "AUTHORITY", "at": now}, {"for": "PEOPLE", "at": now}}
			w.mutate(w.staff(vault.Compliance), "updateBreach", input{"id": id, "expectedRevision": 1, "told": told}, "").ok()
			return w.staff(vault.Compliance), input{"id": id, "expectedRevision": 2}, input{"expectedRevision": 3}
		}},
	}
}

// TestEveryMutationUnderAKeyHappensOnce walks the mutations of the schema: sent
// again under its key each answers the same and changes nothing, and with another
// input it is refused.
func TestEveryMutationUnderAKeyHappensOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		left := map[string]bool{}
		for _, field := range graph.Schema().Mutation.Fields {
			left[field.Name] = true
		}
		for _, c := range repeatables() { // which TestAnActUnderAnIdempotencyKeyHappensOnce sends
			delete(left, c.name)
		}
		w.everything()
		for _, c := range mutations() {
			if !left[c.name] {
				t.Errorf("%s is no mutation, or has two cases", c.name)
			}
			delete(left, c.name)
			t.Run(c.name, func(t *testing.T) {
				w := w.in(t)
				token, in, change := c.act(w)
				in["idempotencyKey"] = uuid.NewString()
				send := func(in input) outcome { return w.mutate(token, c.name, in, c.selection) }
				first := send(in).ok()
				equal(t, "what a repetition changes", w.effect(func() {
					equal(t, "its answer", fmt.Sprint(send(in).ok().payload), fmt.Sprint(first.payload))
				}), nothing)
				equal(t, "what another input changes", w.effect(func() {
					send(with(in, change)).refused("IDEMPOTENCY_MISMATCH@idempotencyKey")
				}), nothing)
			})
		}
		for name := range left {
			t.Errorf("%s has no case: nothing shows that it happens once under a key", name)
		}
	})
}
