package main

import (
	"fmt"
	"maps"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

var everyRole = []vault.Role{vault.Anonymous, vault.Subject, vault.Machine, vault.Support, vault.Compliance, vault.Security, vault.Auditor}

// calls is an operation for each root field, right but for who calls it.
func (w *world) calls(user, consent string) map[string]string {
	w.t.Helper()
	version, screen := w.shown("ru").version, `{eventId: "`+uuid.NewString()+`", version: "x", locale: "ru", documentHash: "x", decisions: []}`
	request := `basis: {reason: PERSON_ASKED, ticket: "SUP-1"}`
	receipt := `receipt: {method: WRITTEN, reference: "DOC-1", signedAt: "2026-01-01T00:00:00Z"}`
	paper := strings.TrimSuffix(screen, "}") + ", " + receipt + "}"
	out := map[string]string{
		"Query.node": `node(id: "` + version + `") { id }`, "Query.me": `me { id }`, "Query.user": `user(id: "` + user + `") { id }`, "Query.users": `users { nodes { id } }`,
		"Query.findUsers": `findUsers(by: {phone: "+77019264837"}) { id }`, "Query.app": `app(code: "dala") { code }`, "Query.policyInForce": `policyInForce { id }`,
		"Query.policyVersion": `policyVersion(id: "` + version + `") { id }`, "Query.policyVersions": `policyVersions { nodes { id } }`, "Query.consent": `consent(id: "` + consent + `") { id }`,
		"Query.consentCheck": `consentCheck(user: "` + user + `", purpose: "contact") { allowed }`, "Query.consentChecks": `consentChecks(users: ["` + user + `"], purpose: "contact") { allowed }`,
		"Query.auditEvents": `auditEvents { nodes { id } }`, "Query.encryptionKeys": `encryptionKeys { asOf }`, "Query.consentStatistics": `consentStatistics(version: "` + version + `") { people }`, "Mutation.registerMe": `registerMe(input: {consent: ` + screen + `}) { created }`,
		"Mutation.updateMyProfile": `updateMyProfile(input: {}) { user { id } }`, "Mutation.recordConsent": `recordConsent(input: {consent: ` + screen + `}) { user { id } }`,
		"Mutation.withdrawConsent":   `withdrawConsent(input: {eventId: "` + uuid.NewString() + `", items: ["improve"]}) { user { id } }`,
		"Mutation.verifyIdentifier":  `verifyIdentifier(input: {user: "` + user + `", field: PHONE, ` + request + `}) { user { id } }`,
		"Mutation.releaseIdentifier": `releaseIdentifier(input: {user: "` + user + `", field: PHONE, ` + request + `}) { user { id } }`,
		"Mutation.createPolicyDraft": `createPolicyDraft(input: {app: "none", label: "x", facts: {lawTitle: [], items: [], fields: [], withdrawal: []}, texts: []}) { policyVersion { id } }`,
		"Query.erasureCertificate":   `erasureCertificate(id: "` + uuid.NewString() + `") { id }`,
		"Mutation.eraseUser":         `eraseUser(input: {user: "` + user + `", ground: LAW, reference: "ART-18", dryRun: true}) { plan { kept { kind } } }`,
		"Mutation.placeLegalHold":    `placeLegalHold(input: {user: "` + user + `", ground: COURT, reference: "x"}) { obstacle { id } }`, "Mutation.liftLegalHold": `liftLegalHold(input: {id: "x", reference: "ART-18"}) { obstacle { id } }`,
		"Mutation.recordObligation": `recordObligation(input: {user: "` + user + `", ground: PAYMENT, reference: "x"}) { obstacle { id } }`, "Mutation.settleObligation": `settleObligation(input: {id: "x", reference: "ART-18"}) { obstacle { id } }`,
		"Query.profileForm": `profileForm { fields { code } }`, "Query.representative": `representative(consent: "` + consent + `", ` + request + `) { ground }`,
		"Query.networkContext":        `networkContext(consent: "` + consent + `", basis: {legal: {reference: "ART-8.4"}}) { ip }`,
		"Mutation.recordConsentFor":   `recordConsentFor(input: {user: "` + user + `", consent: ` + paper + `}) { user { id } }`,
		"Mutation.withdrawConsentFor": `withdrawConsentFor(input: {user: "` + user + `", eventId: "` + uuid.NewString() + `", items: ["improve"], ` + receipt + `}) { user { id } }`,
		"Mutation.invalidateConsent":  `invalidateConsent(input: {eventId: "` + uuid.NewString() + `", consent: "` + consent + `", reason: FRAUD, reference: "x"}) { user { id } }`,
		"Mutation.createUser":         `createUser(input: {consent: ` + paper + `, source: DOCUMENT, ` + request + `}) { user { id } }`,
		"Mutation.updateUser":         `updateUser(input: {user: "` + user + `", source: DOCUMENT, ` + request + `}) { user { id } }`,
		"Mutation.confirmMyData":      `confirmMyData(input: {expectedRevision: 77}) { user { id } }`,
		"Mutation.updatePolicyDraft":  `updatePolicyDraft(input: {id: "` + version + `", expectedRevision: 9}) { policyVersion { id } }`, "Mutation.publishPolicyVersion": `publishPolicyVersion(input: {id: "` + version + `"}) { policyVersion { id } }`,
		"Query.publicProfile": `publicProfile(id: "` + user + `") { fields { code } }`, "Query.recipientNotices": `recipientNotices { nodes { id } }`,
		"Mutation.setFieldVisibility":    `setFieldVisibility(input: {fields: [], visibility: PRIVATE}) { user { id } }`,
		"Mutation.setChannelPreferences": `setChannelPreferences(input: {item: "contact", channels: []}) { user { id } }`,
		"Mutation.recordDisclosure":      `recordDisclosure(input: {users: [], fields: [], purpose: "contact", ground: CONSENT, recipient: {name: "x", country: "KZ"}}) { disclosures { id } }`,
		"Mutation.approveDisclosure":     `approveDisclosure(input: {users: [], fields: [], ground: LAW, recipient: {name: "x", country: "KZ"}}) { approved }`,
		"Mutation.markDisclosuresSeen":   `markDisclosuresSeen(input: {disclosures: []}) { disclosures { id } }`,
		"Mutation.releaseDisclosure":     `releaseDisclosure(input: {disclosure: "x"}) { disclosure { id } }`,
		"Mutation.updateRecipientNotice": `updateRecipientNotice(input: {id: "x", state: TOLD, expectedRevision: 1}) { recipientNotice { id } }`,
		"Query.accessReport":             `accessReport(from: "2026-01-01T00:00:00Z", to: "2026-02-01T00:00:00Z") { asOf }`, "Query.breach": `breach(id: "none") { id }`, "Query.breaches": `breaches { id }`,
		"Mutation.issueClaimCode":      `issueClaimCode(input: {user: "none", ` + request + `}) { code }`,
		"Mutation.claimUser":           `claimUser(input: {code: "x", idempotencyKey: "` + strings.Repeat("k", 129) + `"}) { user { id } }`, // a wrong code is a refusal
		"Mutation.recordTechnicalData": `recordTechnicalData(input: {user: "` + user + `", app: "dala", events: []}) { kept }`,
		"Mutation.recordBreach":        `recordBreach(input: {app: "none", kind: LOSS, detectedAt: "2026-01-01T00:00:00Z", fields: ["phone"], people: {app: "dala"}}) { breach { id } }`,
		"Mutation.updateBreach":        `updateBreach(input: {id: "none", expectedRevision: 1}) { breach { id } }`,
		"Mutation.closeBreach":         `closeBreach(input: {id: "none", expectedRevision: 1}) { breach { id } }`, "Mutation.issueBreachNotice": `issueBreachNotice(input: {id: "none", for: AUTHORITY}) { breach { id } }`,
	}
	maps.Copy(out, requestCalls())
	return out
}

// refusedWithoutToken is the metric of an operation's anonymous refusals.
func (w *world) refusedWithoutToken(operation string) string {
	w.t.Helper()
	line := regexp.MustCompile(`(?m)^kelisim_anonymous_denied_total\{operation="` + operation + `"\} (\d+)$`).FindSubmatch(w.get("/metrics").raw)
	if line == nil {
		return "0"
	}
	return string(line[1])
}

// TestEveryRoleCallsEveryRootField holds docs/access.md against the running
// server: what it says no to is refused, and leaves its trace.
func TestEveryRoleCallsEveryRootField(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("matrix")
		user := w.register(me, input{"phone": "+77019264837"})
		consent := str(w.ask(me, `{ me { consents { nodes { id } } } }`, nil).must(), "me", "consents", "nodes", 0, "id")
		calls := w.calls(user, consent)
		doc := documented(t)
		for operation := range rootFields() {
			call, ok := calls[operation]
			if !ok {
				t.Errorf("%s is in the schema and has no call here", operation)
			}
			root, _, _ := strings.Cut(operation, ".")
			text := strings.ToLower(root) + " { aliased: " + call + " }"
			for _, role := range everyRole {
				token := me
				if role == vault.Anonymous {
					token = ""
				} else if role != vault.Subject {
					token = w.staff(role)
				}
				w.calledBy(role, operation, doc[operation][role], func() answer { return w.ask(token, text, nil) })
			}
		}
	})
}

// calledBy holds one call by one role: let through or refused, with its trace.
func (w *world) calledBy(role vault.Role, operation string, allowed bool, call func() answer) {
	w.t.Helper()
	counted := w.refusedWithoutToken(operation)
	a := call()
	what := fmt.Sprintf("%s by %s", operation, role)
	refusals := []vault.StoredEvent{}
	for _, e := range w.eventsOf(a) {
		if e.Outcome == vault.OutcomeDenied {
			refusals = append(refusals, e)
		}
	}
	more := w.refusedWithoutToken(operation) != counted
	switch {
	case allowed:
		if a.code() == "FORBIDDEN" || a.code() == "UNAUTHENTICATED" || len(refusals) > 0 || more {
			w.t.Errorf("%s is refused: %s", what, a.raw)
		}
	case role == vault.Anonymous:
		if a.code() != "UNAUTHENTICATED" || !more || len(refusals) > 0 {
			w.t.Errorf("%s: counted %t, %d events: %s", what, more, len(refusals), a.raw)
		}
	default:
		if a.code() != "FORBIDDEN" || more || len(refusals) != 1 {
			w.t.Errorf("%s: counted %t, %d events: %s", what, more, len(refusals), a.raw)
			return
		}
		e := refusals[0]
		if e.Action != vault.AccessDenied || e.AuditEvent.Object != operation || e.Kind != role || e.Role != role || e.Actor == uuid.Nil {
			w.t.Errorf("%s: the event says %s", what, e.Canonical)
		}
	}
}
