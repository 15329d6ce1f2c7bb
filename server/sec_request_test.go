package main

import (
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/graph"
	"github.com/kelisim/kelisim/vault"
)

// requestCalls is an operation for each root field about requests.
func requestCalls() map[string]string {
	id := graph.ID("SubjectRequest", uuid.Must(uuid.NewV7()))
	step := `{id: "` + id + `", expectedRevision: 1`
	return map[string]string{
		"Query.subjectRequest":          `subjectRequest(id: "` + id + `") { id }`,
		"Query.subjectRequests":         `subjectRequests { nodes { id } }`,
		"Mutation.submitSubjectRequest": `submitSubjectRequest(input: {kind: ACCESS}) { joined }`,
		"Mutation.requestExport":        `requestExport(input: {}) { export { id } }`,
		"Mutation.cancelMyRequest":      `cancelMyRequest(input: ` + step + `}) { request { id } }`,
		"Mutation.recordSubjectRequest": `recordSubjectRequest(input: {kind: ACCESS, channel: PHONE, receivedAt: "2026-11-01T00:00:00Z", name: "Ә"}) { request { id } }`,
		"Mutation.assignSubjectRequest": `assignSubjectRequest(input: ` + step + `}) { request { id } }`,
		"Mutation.verifyRequester":      `verifyRequester(input: ` + step + `, how: DOCUMENT}) { request { id } }`,
		"Mutation.fulfilSubjectRequest": `fulfilSubjectRequest(input: ` + step + `, outcome: GIVEN}) { request { id } }`,
		"Mutation.refuseSubjectRequest": `refuseSubjectRequest(input: ` + step + `, ground: BARRED_BY_LAW}) { request { id } }`,
		"Mutation.extendSubjectRequest": `extendSubjectRequest(input: ` + step + `, reason: COMPLEX}) { request { id } }`,
		"Mutation.retractRequester":     `retractRequester(input: ` + step + `}) { request { id } }`,
	}
}

// askRefusals are the cases about requests.
func askRefusals() []refusal {
	onPaper := func(code vault.Code, mutation, path string, params []string, more input, before func(w *world, r any) any) refusal {
		return refusal{code: code, mutation: mutation, path: path, params: params, prepare: func(w *world, _, id string) attempt {
			r := at(w.letter("CORRECTION", nil).ok().payload, "request")
			if before != nil {
				r = before(w, with(input{"whose": id}, asInput(r)))
			}
			return change(w.staff(vault.Support), mutation, "", with(input{"id": str(r, "id"), "expectedRevision": number(r, "revision")}, more))
		}}
	}
	verified := func(w *world, r any) any {
		in := input{"how": "DOCUMENT", "user": str(r, "whose")}
		return at(w.step(w.staff(vault.Support), "verifyRequester", r, in).ok().payload, "request")
	}
	return []refusal{
		onPaper(vault.CodeRequestUnverified, "fulfilSubjectRequest", "", nil, input{"outcome": "CORRECTED"}, nil),
		onPaper(vault.CodeRequestVerified, "verifyRequester", "", nil, input{"how": "DOCUMENT"}, verified),
		onPaper(vault.CodeRequestOutcome, "fulfilSubjectRequest", "outcome", []string{"outcomes"}, input{"outcome": "ERASED"}, verified),
		onPaper(vault.CodeRequestGround, "refuseSubjectRequest", "ground", []string{"pack", "grounds"}, input{"ground": "LEGAL_HOLD"}, verified),
		onPaper(vault.CodeRequestNotExtendable, "extendSubjectRequest", "", []string{"pack"}, input{"reason": "COMPLEX"}, verified),
		onPaper(vault.CodeRequestClosed, "assignSubjectRequest", "", []string{"state"}, nil, func(w *world, r any) any {
			return at(w.step(w.staff(vault.Support), "refuseSubjectRequest", r, input{"ground": "NOT_IDENTIFIED"}).ok().payload, "request")
		}),
		{code: vault.CodeInvalidDate, mutation: "recordSubjectRequest", path: "receivedAt", prepare: func(w *world, _, _ string) attempt {
			return change(w.staff(vault.Support), "recordSubjectRequest", "Күнсұлу", input{
				"kind": "ACCESS", "channel": "EMAIL", "name": "Күнсұлу", "receivedAt": stamp(w.clock.Now().Add(time.Hour)),
			})
		}},
	}
}

func asInput(v any) input {
	m, _ := v.(map[string]any)
	return m
}
