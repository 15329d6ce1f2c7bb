package main

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/vaulttest"
)

// profileOf is a case about a value of one's own profile.
func profileOf(code vault.Code, path string, params []string, echo string, profile input) refusal {
	return refusal{code: code, mutation: "updateMyProfile", path: path, params: params, prepare: func(_ *world, me, _ string) attempt {
		return change(me, "updateMyProfile", echo, input{"profile": profile})
	}}
}

// screenOf is a case about a screen of decisions.
func screenOf(code vault.Code, path string, params []string, echo string, spoil func(w *world, me string, consent input)) refusal {
	return refusal{code: code, mutation: "recordConsent", path: path, params: params, prepare: func(w *world, me, _ string) attempt {
		consent := w.shown("ru").decided("marketing", "GIVEN")
		spoil(w, me, consent)
		return change(me, "recordConsent", echo, input{"consent": consent})
	}}
}

// query is a case answered in `errors`.
func query(code vault.Code, params []string, echo string, prepare func(w *world, me, id string) (token, text string)) refusal {
	return refusal{code: code, params: params, prepare: func(w *world, me, id string) attempt {
		token, text := prepare(w, me, id)
		return attempt{token, text, nil, echo}
	}}
}

// answered is the case with another status than 200.
func (r refusal) answered(status int) refusal {
	r.status = status
	return r
}

// refusals are the cases, in an order in which the later may publish policies.
func refusals() []refusal {
	return slices.Concat(profileRefusals(), consentRefusals(), obstacleRefusals(), requestRefusals(), askRefusals(), disclosureRefusals(), policyRefusals())
}

func profileRefusals() []refusal {
	long := strings.Repeat("Ұзақ мекенжай ", 100)
	return []refusal{
		{code: vault.CodeRequired, mutation: "updateMyProfile", path: "profile", prepare: func(_ *world, me, _ string) attempt {
			return change(me, "updateMyProfile", "", input{"profile": input{}})
		}},
		profileOf(vault.CodeInvalidPhone, "profile.phone", nil, "8 701 926 48 3Ж", input{"phone": "8 701 926 48 3Ж"}),
		profileOf(vault.CodeInvalidEmail, "profile.email", nil, "kunsulu@@mail.example", input{"email": "kunsulu@@mail.example"}),
		profileOf(vault.CodeInvalidIIN, "profile.iin", nil, "910412400009", input{"iin": "910412400009", "birthDate": "1991-04-12"}),
		profileOf(vault.CodeInvalidDate, "profile.birthDate", nil, "1991-13-12", input{"iin": "910412400006", "birthDate": "1991-13-12"}),
		profileOf(vault.CodeInvalidName, "profile.familyName", nil, "Kunsulu777", input{"familyName": "Kunsulu777"}),
		profileOf(vault.CodeInvalidValue, "profile.fields.0.value", nil, "тоғыз адам", input{"fields": []input{{"code": "householdSize", "value": "тоғыз адам"}}}),
		profileOf(vault.CodeValueTooLong, "profile.postalAddress", []string{"max"}, long, input{"postalAddress": long}),
		profileOf(vault.CodeIINBirthDate, "profile.iin", nil, "1991-04-13", input{"iin": "910412400006", "birthDate": "1991-04-13"}),
		profileOf(vault.CodeSendTogether, "profile.iin", []string{"missing"}, "910412400006", input{"iin": "910412400006"}),
		profileOf(vault.CodeFieldNotCollected, "profile.fields.0.value", nil, "shoeSizeOfKunsulu", input{"fields": []input{{"code": "shoeSizeOfKunsulu", "value": "37-ші"}}}),
		profileOf(vault.CodeDuplicateInput, "profile.fields.1.value", nil, "DALA-7261", input{"fields": []input{
			{"code": "loyaltyCard", "value": "DALA-7261"}, {"code": "loyaltyCard", "value": "DALA-7261"},
		}}),
		{code: vault.CodeInvalidLocale, mutation: "updateMyProfile", path: "locale", params: []string{"languages"}, prepare: func(_ *world, me, _ string) attempt {
			return change(me, "updateMyProfile", "qazaqsha", input{"locale": "qazaqsha"})
		}},
		{code: vault.CodeIdentifierTaken, mutation: "updateMyProfile", path: "profile.phone", params: []string{"field"}, prepare: func(w *world, me, _ string) attempt {
			w.register(w.verified("code-holder", "+77019264837"), input{"phone": "+77019264837"})
			later := w.verified("code-"+string(vault.CodeIdentifierTaken), "+77019264837")
			return change(later, "updateMyProfile", "+77019264837", input{"profile": input{"phone": "8 701 926 48 37"}})
		}},
		{code: vault.CodeTooManyChanges, mutation: "updateMyProfile", params: []string{"limit"}, prepare: func(w *world, me, _ string) attempt {
			for _, last := range "12345" {
				w.update(me, input{"phone": "+7701926483" + string(last)}).ok()
			}
			return change(me, "updateMyProfile", "+77019264836", input{"profile": input{"phone": "+77019264836"}})
		}},
		{code: vault.CodeRevisionConflict, mutation: "updateMyProfile", path: "expectedRevision", params: []string{"revision"}, prepare: func(_ *world, me, _ string) attempt {
			return change(me, "updateMyProfile", "Жаңабекова", input{"expectedRevision": 7, "profile": input{"familyName": "Жаңабекова"}})
		}},
		{code: vault.CodeNotRegistered, mutation: "updateMyProfile", prepare: func(w *world, _, _ string) attempt {
			return change(w.subject("nobody-at-all-yet"), "updateMyProfile", "Жаңабекова", input{"profile": input{"familyName": "Жаңабекова"}})
		}},
		{code: vault.CodeUserBlocked, mutation: "updateMyProfile", prepare: func(w *world, me, id string) attempt {
			w.becomes(id, vault.StatusBlocked)
			return change(me, "updateMyProfile", "Жаңабекова", input{"profile": input{"familyName": "Жаңабекова"}})
		}},
		{code: vault.CodeInvalidReason, mutation: "verifyIdentifier", path: "basis", prepare: func(w *world, me, id string) attempt {
			w.update(me, input{"phone": "+77019264831"}).ok()
			return change(w.staff(vault.Support), "verifyIdentifier", "+77019264831",
				input{"user": id, "field": "PHONE", "basis": input{"reason": "PERSON_ASKED", "ticket": "+77019264831"}})
		}},
		{code: vault.CodeRepresentativeNeeded, mutation: "updateMyProfile", path: "profile.iin", params: []string{"years"}, prepare: func(w *world, me, _ string) attempt {
			born := w.clock.Now().AddDate(-9, 0, 0)
			iin := iinOf(w.t, born.Format("060102"), '5', "0001")
			return change(me, "updateMyProfile", iin, input{"profile": input{"iin": iin, "birthDate": nil}})
		}},
		{code: vault.CodeIdempotencyMismatch, mutation: "updateMyProfile", path: "idempotencyKey", prepare: func(w *world, me, _ string) attempt {
			w.mutate(me, "updateMyProfile", input{"idempotencyKey": "Күнсұлу-кілті", "profile": input{"familyName": "Бұрынбекова"}}, "").ok()
			return change(me, "updateMyProfile", "Күнсұлу-кілті", input{"idempotencyKey": "Күнсұлу-кілті", "profile": input{"familyName": "Жаңабекова"}})
		}},
	}
}

func consentRefusals() []refusal {
	return []refusal{
		screenOf(vault.CodeHashMismatch, "consent.documentHash", []string{"documentHash", "locale"}, "77019264837", func(_ *world, _ string, c input) { c["documentHash"] = "77019264837" }),
		screenOf(vault.CodeUnknownItem, "consent.decisions.0.item", nil, "Күнсұлу", func(_ *world, _ string, c input) {
			c["decisions"] = []input{{"item": "Күнсұлу", "decision": "GIVEN"}}
		}),
		screenOf(vault.CodeUnknownLocale, "consent.locale", []string{"locales"}, "Күнсұлу", func(_ *world, _ string, c input) { c["locale"] = "Күнсұлу" }),
		screenOf(vault.CodeVersionNotPublished, "consent.version", []string{"policyVersionId"}, "", func(w *world, _ string, c input) {
			c["version"] = w.draft(w.policy("never published"))
		}),
		screenOf(vault.CodeEventIDReused, "consent.eventId", nil, "", func(w *world, me string, c input) {
			was := w.shown("ru").decided("improve", "REFUSED")
			w.record(me, was).ok()
			c["eventId"] = was["eventId"]
		}),
		screenOf(vault.CodeWithdrawnSince, "consent.decisions.0.item", []string{"consentSeq"}, "", func(w *world, me string, _ input) {
			w.record(me, w.shown("ru").decided("marketing", "GIVEN")).ok()
			w.withdraw(me, "marketing").ok()
		}),
		{code: vault.CodeNotGiven, mutation: "withdrawConsent", path: "items.0", prepare: func(_ *world, me, _ string) attempt {
			return change(me, "withdrawConsent", "Күнсұлу", input{"eventId": uuid.NewString(), "items": []string{"Күнсұлу"}})
		}},
		{code: vault.CodeAlreadyWithdrawn, mutation: "withdrawConsent", path: "items.0", prepare: func(w *world, me, _ string) attempt {
			w.withdraw(me, "contact").ok()
			return change(me, "withdrawConsent", "", input{"eventId": uuid.NewString(), "items": []string{"contact"}})
		}},
	}
}

// obstacleRefusals are of people whose data is kept for now.
func obstacleRefusals() []refusal {
	withdraws := func(code vault.Code, mutation, ground string) refusal {
		params := []string{"ground", "since", "item"}
		return refusal{code: code, mutation: "withdrawConsent", path: "items.0", params: params, prepare: func(w *world, me, id string) attempt {
			w.mutate(w.staff(vault.Compliance), mutation, input{"user": id, "ground": ground, "reference": "COURT-7599-26-00-2/1234"}, "").ok()
			return change(me, "withdrawConsent", "7599", input{"eventId": uuid.NewString(), "items": []string{"contact"}})
		}}
	}
	return []refusal{
		withdraws(vault.CodeLegalHold, "placeLegalHold", "INVESTIGATION"),
		withdraws(vault.CodeOpenObligation, "recordObligation", "DELIVERY"),
	}
}

func requestRefusals() []refusal {
	return []refusal{
		query(vault.CodeUnauthenticated, nil, "", func(*world, string, string) (string, string) { return "", `{ me { id } }` }),
		query(vault.CodeForbidden, []string{"operation"}, "+77019264837", func(_ *world, me, _ string) (string, string) {
			return me, `{ findUsers(by: {phone: "+77019264837"}) { id } }`
		}),
		query(vault.CodePolicyNotAccepted, []string{"app", "policyVersionId", "missing"}, "Жаңабекова", func(w *world, me, _ string) (string, string) {
			w.withdraw(me, "contact").ok()
			return me, `mutation { updateMyProfile(input: {profile: {familyName: "Жаңабекова"}}) { userErrors { code } } }`
		}),
		query(vault.CodeNotFound, nil, "Күнсұлу", func(_ *world, me, _ string) (string, string) { return me, `{ user(id: "Күнсұлу") { id } }` }),
		query(vault.CodeBadRequest, []string{"limit", "maximum"}, "", func(w *world, _, _ string) (string, string) {
			return w.staff(vault.Support), `{ users(first: 101) { nodes { id } } }`
		}),
		query(vault.CodeUnavailable, nil, "Жаңабекова", func(w *world, me, _ string) (string, string) {
			was := w.sys.vault.Writer
			w.t.Cleanup(func() { w.sys.vault.Writer = was })
			w.sys.vault.Writer = &vaulttest.FaultyWriter{Writer: was, Before: func(int) error { return vault.ErrUnavailable.Because(context.DeadlineExceeded) }}
			return me, `mutation { updateMyProfile(input: {profile: {familyName: "Жаңабекова"}}) { userErrors { code } } }`
		}).answered(http.StatusServiceUnavailable),
		{code: vault.CodeComplexity, params: []string{"limit", "maximum", "actual"}, prepare: func(w *world, _, _ string) attempt {
			return attempt{token: w.staff(vault.Auditor), query: `{ users(first: 100) { nodes { consents(first: 100) { nodes { id } } } } }`}
		}},
	}
}

// disclosureOf is a case about data that is passed on.
func disclosureOf(code vault.Code, path string, params []string, more input) refusal {
	return refusal{code: code, mutation: "recordDisclosure", path: path, params: params, prepare: func(w *world, _, id string) attempt {
		law := input{"ground": "LAW", "purpose": nil, "reference": "ART-9", "requester": court(), "recipient": court()}
		return change(w.staff(vault.Compliance), "recordDisclosure", "Күнсұлу", passes(with(law, more), id))
	}}
}

func disclosureRefusals() []refusal {
	dispute := input{"ground": "DISPUTE", "requester": nil, "reference": "CASE-1", "violation": "DAMAGE_DONE"}
	return []refusal{
		disclosureOf(vault.CodeInvalidBIN, "recipient.registration", nil, input{"recipient": input{"registration": "991240000004", "country": "KZ"}}),
		disclosureOf(vault.CodeUnknownRecipient, "recipient", nil, input{"recipient": input{"name": "Күнсұлу", "country": "KZ"}}),
		disclosureOf(vault.CodeNotCovered, "fields.0", []string{"item"}, input{
			"ground": "CONSENT", "requester": nil, "reference": nil, "purpose": "contact", "fields": []string{"iin"}, "recipient": input{"name": "Jel Courier LLP", "country": "KZ"},
		}),
		disclosureOf(vault.CodeUnacknowledged, "acknowledgeWarning", []string{"rule", "article", "mark", "says"}, dispute),
		{code: vault.CodeDisputeRefused, mutation: "recordDisclosure", path: "ground", params: []string{"rule", "article", "mark", "says"}, prepare: func(w *world, me, id string) attempt {
			was := w.sys.vault.Rules["KZ"]
			w.t.Cleanup(func() { w.sys.vault.Rules["KZ"] = was })
			pack := *was
			pack.Rules = []vault.Rule{{ID: vault.RuleDisputeGround, Severity: vault.Fatal}}
			w.sys.vault.Rules["KZ"] = &pack
			return disclosureOf("", "", nil, dispute).prepare(w, me, id)
		}},
		{code: vault.CodeNotPublishable, mutation: "setFieldVisibility", path: "fields.0", prepare: func(_ *world, me, _ string) attempt {
			return change(me, "setFieldVisibility", "", input{"fields": []string{"familyName"}, "visibility": "PUBLIC"})
		}},
		{code: vault.CodeIllegalMove, mutation: "updateRecipientNotice", path: "state", params: []string{"from", "to"}, prepare: func(w *world, me, id string) attempt {
			w.update(me, input{"phone": "+77019264831"}).ok()
			law := passes(input{"ground": "LAW", "purpose": nil, "reference": "ART-9", "requester": court(), "recipient": court()}, id)
			w.approved(law)
			w.disclose(w.staff(vault.Compliance), law).ok()
			w.update(me, input{"phone": "+77019264832"}).ok()
			return change(w.staff(vault.Compliance), "updateRecipientNotice", "", input{"id": str(w.notices(id, ""), 0, "id"), "state": "CONFIRMED", "expectedRevision": 1})
		}},
	}
}

func policyRefusals() []refusal {
	compliance := func(w *world) string { return w.staff(vault.Compliance) }
	return []refusal{
		{code: vault.CodeUnknownApp, mutation: "createPolicyDraft", path: "app", prepare: func(w *world, _, _ string) attempt {
			return change(compliance(w), "createPolicyDraft", "күнсұлу", with(w.policy("x"), input{"app": "күнсұлу"}))
		}},
		{code: vault.CodeVersionPublished, mutation: "updatePolicyDraft", path: "id", prepare: func(w *world, _, _ string) attempt {
			return change(compliance(w), "updatePolicyDraft", "", input{"id": w.shown("ru").version, "expectedRevision": 1, "label": "y"})
		}},
		{code: vault.CodeVersionIncomplete, mutation: "publishPolicyVersion", path: "facts.withdrawal", params: []string{"rule", "article"}, prepare: func(w *world, _, _ string) attempt {
			draft := w.draft(w.policy("without a way back", func(facts input) { facts["withdrawal"] = []input{} }))
			return change(compliance(w), "publishPolicyVersion", "", input{"id": draft})
		}},
		{code: vault.CodeBreachState, mutation: "closeBreach", path: "id", params: []string{"for"}, prepare: func(w *world, _, _ string) attempt {
			made := w.mutate(compliance(w), "recordBreach", w.breach(input{"people": input{"app": "dala"}}), "breach { id }").ok()
			return change(compliance(w), "closeBreach", "", input{"id": str(made.payload, "breach", "id"), "expectedRevision": 1})
		}},
		{code: vault.CodeWarningUnanswered, mutation: "publishPolicyVersion", path: "texts", params: []string{"rule"}, prepare: func(w *world, _, _ string) attempt {
			in := w.policy("without Kazakh")
			in["texts"] = []input{{"locale": "ru", "text": "# Политика"}, {"locale": "en", "text": "# Policy"}}
			return change(compliance(w), "publishPolicyVersion", "", input{"id": w.draft(in)})
		}},
		screenOf(vault.CodeVersionOutdated, "consent.version", []string{"policyVersionId"}, "", func(w *world, _ string, _ input) {
			w.publish(w.draft(w.policy("newer")), nil)
		}),
	}
}
