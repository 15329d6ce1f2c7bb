package main

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// marker is in every text that a mutation makes up: it may never come back.
const marker = "Jasyryn8271"

// operation is a valid request, whose variables are mutated.
type operation struct {
	token, query string
	variables    input
}

// operations are one valid request for each root field that takes anything.
func operations(w *world, me, id string) []operation {
	support, compliance, service := w.staff(vault.Support), w.staff(vault.Compliance), w.staff(vault.Machine)
	consent := str(w.ask(me, `{ me { consents { nodes { id } } } }`, nil).must(), "me", "consents", "nodes", 0, "id")
	screen := with(w.shown("ru").decided("marketing", "REFUSED"), input{"knownConsentSeq": 1, "deviceAt": "2026-11-23T08:30:00.000Z", "appBuild": "1.0"})
	profile := input{
		"familyName": "Ысқақова", "iin": "910412400006", "birthDate": "1991-04-12", "email": "a@mail.example",
		"fields": []any{input{"code": "loyaltyCard", "value": "DALA-1"}},
	}
	user, version := input{"id": id}, input{"id": w.shown("ru").version}
	mutation := func(token, name string, in input) operation {
		a := change(token, name, "", in)
		return operation{token, a.query, a.variables}
	}
	request := input{"reason": "PERSON_ASKED", "ticket": "SUP-1"}
	return []operation{
		{me, `query($id: ID!) { node(id: $id) { id } }`, user},
		{me, `query($id: ID!) { user(id: $id) { id } }`, user},
		{support, `query($f: Int, $a: String, $w: UserFilter) { users(first: $f, after: $a, filter: $w) { nodes { id } } }`, input{"f": 5, "a": nil, "w": input{"status": "ACTIVE"}}},
		{support, `query($b: FindUsersInput!) { findUsers(by: $b) { id } }`, input{"b": input{"phone": "+77010000001"}}},
		{"", `query($c: String!) { app(code: $c) { code } }`, input{"c": "dala"}},
		{"", `query($a: String, $t: DateTime, $l: Locale) { policyInForce(app: $a, at: $t) { id document(locale: $l) { hash } } }`, input{"a": "dala", "t": "2027-01-01T00:00:00Z", "l": "kk"}},
		{"", `query($id: ID!) { policyVersion(id: $id) { id } }`, version},
		{compliance, `query($a: String, $f: Int, $c: String) { policyVersions(app: $a, first: $f, after: $c) { nodes { id } } }`, input{"a": "dala", "f": 5, "c": ""}},
		{me, `query($id: ID!) { consent(id: $id) { id } }`, input{"id": consent}},
		{me, `query($f: Int, $c: String, $i: String, $s: ConsentState) { me { consents(first: $f, after: $c, item: $i, state: $s) { nodes { id } } } }`, input{"f": 5, "c": nil, "i": "contact", "s": "GIVEN"}},
		{
			service, `query($u: ID!, $p: String!, $a: String, $o: String, $t: DateTime) { consentCheck(user: $u, purpose: $p, app: $a, operator: $o, at: $t) { allowed } }`,
			input{"u": id, "p": "contact", "a": "dala", "o": "991240000003", "t": "2026-11-23T08:30:00.000Z"},
		},
		{service, `query($u: [ID!]!, $p: String!) { consentChecks(users: $u, purpose: $p) { allowed } }`, input{"u": []any{id, id}, "p": "contact"}},
		{compliance, `query($w: AuditFilter, $f: Int, $c: String) { auditEvents(filter: $w, first: $f, after: $c) { nodes { id } } }`, input{"f": 5, "c": nil, "w": input{
			"actor": uuid.NewString(), "subject": id, "action": "user.registered", "outcome": "OK", "purpose": "contact", "from": "2026-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z", "requestId": "r",
		}}},
		{
			support, `query($u: ID!, $a: String, $b: BasisInput, $r: [String!], $c: [String!]) { user(id: $u) { profile(app: $a, basis: $b, reveal: $r) { phone { state } fields(codes: $c) { state } } } }`,
			input{"u": id, "a": "dala", "b": input{"request": request}, "r": []any{"phone"}, "c": []any{"loyaltyCard"}},
		},
		{compliance, `query($u: ID!, $b: BasisInput) { user(id: $u) { profile(basis: $b) { phone { state } } } }`, input{"u": id, "b": input{"legal": input{"reference": "ART-8"}}}},
		mutation(w.subject("mutated-"+uuid.NewString()), "registerMe", input{"profile": profile, "consent": w.shown("ru").consent(required()), "locale": "ru", "idempotencyKey": "k1"}),
		mutation(me, "updateMyProfile", input{"profile": profile, "locale": "ru", "expectedRevision": 1, "idempotencyKey": "k2"}),
		mutation(me, "recordConsent", input{"consent": screen, "idempotencyKey": "k3"}),
		mutation(me, "withdrawConsent", input{"eventId": uuid.NewString(), "items": []any{"marketing"}, "all": false, "app": "dala", "deviceAt": "2026-11-23T08:30:00Z", "appBuild": "1", "idempotencyKey": "k4"}),
		mutation(support, "verifyIdentifier", input{"user": id, "field": "PHONE", "basis": request, "idempotencyKey": "k5"}),
		mutation(support, "releaseIdentifier", input{"user": id, "field": "EMAIL", "basis": request, "idempotencyKey": "k6"}),
		mutation(compliance, "createPolicyDraft", with(w.policy("mutated"), input{"effectiveAt": "2027-01-01T00:00:00Z", "idempotencyKey": "k7"})),
		mutation(compliance, "updatePolicyDraft", input{"id": w.draft(w.policy("mutated")), "facts": w.policy("mutated")["facts"], "texts": w.policy("mutated")["texts"], "expectedRevision": 1}),
		mutation(compliance, "publishPolicyVersion", input{"id": w.draft(w.policy("mutated")), "effectiveAt": "2037-01-01T00:00:00Z", "textChanges": sameMeaning, "idempotencyKey": "k8"}),
		{"", `query($id: ID!, $a: String) { publicProfile(id: $id, app: $a) { fields { code } } }`, input{"id": id, "a": "dala"}},
		{compliance, `query($w: RecipientNoticeFilter, $f: Int, $c: String) { recipientNotices(filter: $w, first: $f, after: $c) { nodes { id } } }`, input{"f": 5, "c": nil, "w": input{
			"state": "TOLD", "dueBefore": "2027-01-01T00:00:00Z", "user": id,
		}}},
		{me, `query($f: Int, $c: String) { me { disclosures(first: $f, after: $c) { nodes { id } } } }`, input{"f": 5, "c": nil}},
		mutation(me, "setFieldVisibility", input{"fields": []any{"familyName"}, "visibility": "PRIVATE", "idempotencyKey": "k9"}),
		mutation(me, "setChannelPreferences", input{"item": "contact", "channels": []any{input{"channel": "SMS", "allowed": false}}, "idempotencyKey": "k10"}),
		mutation(service, "recordDisclosure", passes(input{"idempotencyKey": "k11"}, id)),
		mutation(compliance, "recordDisclosure", passes(input{"ground": "LAW", "purpose": nil, "reference": "ART-9", "requester": court(), "recipient": court()}, id)),
		mutation(compliance, "approveDisclosure", passes(input{"ground": "LAW", "purpose": nil, "reference": "ART-9", "requester": court(), "recipient": court(), "idempotencyKey": "k12"}, id)),
	}
}

// nested is a value inside n lists.
func nested(n int) any {
	var v any = marker
	for range n {
		v = []any{v}
	}
	return v
}

// mutants are what a value may be replaced by.
func mutants(w *world, r *rand.Rand, was any) any {
	text, _ := was.(string)
	all := []any{
		nil, true, 0, -1, 101, int64(3e9), 1e300, 0.5, "", marker, marker + "\x00", "\x00", strings.Repeat(marker, 9000), "\u202e" + marker,
		"' OR 1=1 --" + marker, "{{" + marker + "}}", "%s%n" + marker,
		[]any{},
		[]any{nil},
		[]any{marker, marker},
		nested(5), nested(60), nested(80),
		input{},
		input{marker: marker},
		[]any{was, was},
		input{"code": was},
		strings.ToLower(text), strings.ToUpper(text), text + marker, "\t" + text, strings.Repeat(text, 3),
		"0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", "2026-11-23T08:30:00+99:99", "10000-01-01T00:00:00Z",
		vaultID("User", uuid.NewString()), vaultID("User", uuid.Nil.String()), vaultID("Consent", uuid.NewString()), vaultID("UserCursor", uuid.NewString()),
		vaultID("Consent", uuid.NewString()+"."+uuid.NewString()), vaultID("User", uuid.NewString()+"."+uuid.NewString()), vaultID("PolicyVersion", uuid.NewString()),
		vaultID("AuditEventCursor", uuid.NewString()), vaultID("AuditEvent", uuid.NewString()), vaultID("PolicyVersionCursor", uuid.NewString()), vaultID("User", marker), uuid.NewString(),
		w.shown("kk").version, "given", "refused", "GIVEN", "WITHDRAWN",
	}
	return all[r.IntN(len(all))]
}

// mutated is a copy of a tree in which one value, chosen by chance, is another.
func mutated(w *world, r *rand.Rand, v any) any {
	if r.IntN(4) > 0 {
		switch v := v.(type) {
		case input:
			out := with(v, nil)
			names := []string{}
			for name := range v {
				names = append(names, name)
			}
			slices.Sort(names)
			if len(names) == 0 {
				break
			}
			name := names[r.IntN(len(names))]
			if r.IntN(12) == 0 {
				delete(out, name)
			} else {
				out[name] = mutated(w, r, v[name])
			}
			return out
		case []any:
			if len(v) > 0 {
				out := slices.Clone(v)
				i := r.IntN(len(v))
				out[i] = mutated(w, r, v[i])
				return out
			}
		}
	}
	return mutants(w, r, v)
}

// plainTree turns lists of objects into lists of anything, to be walked alike.
func plainTree(t testing.TB, v input) (out input) {
	t.Helper()
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestNoMistakeOfACallerIsAFaultOfOurs sends valid operations with one thing
// changed at a time: whatever it is, there is no panic, no 500, no INTERNAL,
// no back end that gives up, and nothing made up comes back.
func TestNoMistakeOfACallerIsAFaultOfOurs(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		r := rand.New(rand.NewPCG(1, 23)) // the same mistakes each time
		me := w.subject("mistaken")
		id := w.register(me, input{"phone": "+77019264837", "email": "a@mail.example"})
		var all strings.Builder
		for _, o := range operations(w, me, id) {
			w.mistakes(r, o, 60)
			all.WriteString(o.query)
		}
		sent := all.String()
		for _, c := range repeatables() {
			if !strings.Contains(sent, c.name+"(") {
				token, in, _ := c.fresh(w, "mistaken "+c.name)
				a := change(token, c.name, "", in)
				w.mistakes(r, operation{token, a.query, a.variables}, 60)
			}
		}
		w.tellsOfNoMistake()
	})
}

// TestNoMistakeInAnyOtherMutationIsAFaultOfOurs is the same for the mutations of
// the schema that stand in mutations.
func TestNoMistakeInAnyOtherMutationIsAFaultOfOurs(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		r := rand.New(rand.NewPCG(2, 23))
		w.everything()
		for _, c := range mutations() {
			token, in, _ := c.act(w)
			a := change(token, c.name, "", in)
			w.mistakes(r, operation{token, a.query, a.variables}, 8)
		}
		w.tellsOfNoMistake()
	})
}

// tellsOfNoMistake holds the log against what was sent.
func (w *world) tellsOfNoMistake() {
	w.t.Helper()
	if log := w.log.String(); strings.Contains(log, "panick") || strings.Contains(log, marker) {
		w.t.Errorf("the log tells of a panic or repeats a value: %.2000s", log)
	}
}

// mistakes sends a valid operation, and then so many that have one thing changed.
func (w *world) mistakes(r *rand.Rand, o operation, many int) {
	w.t.Helper()
	o.variables = plainTree(w.t, o.variables)
	if a := w.ask(o.token, o.query, o.variables); len(a.Errors) > 0 && a.code() != "REVISION_CONFLICT" {
		w.t.Errorf("the valid operation is refused: %s: %s", o.query, a.raw)
	}
	for range many {
		vars, _ := mutated(w, r, o.variables).(input)
		body := encode(w.t, o.query, vars)
		switch r.IntN(20) {
		case 0: // invalid UTF-8
			body = strings.Replace(body, marker, "\xff\xfe"+marker, 1)
		case 1: // half a pair of surrogates
			body = strings.Replace(body, marker, `\ud800`+marker, 1)
		}
		w.blameless(w.send(http.MethodPost, "/graphql", body, bearing(o.token)), body)
	}
}

// blameless reports an error unless the answer blames the caller and repeats
// nothing.
func (w *world) blameless(a answer, body string) {
	w.t.Helper()
	bad := a.status >= 500 || bytes.Contains(a.raw, []byte(marker))
	for _, e := range a.Errors {
		bad = bad || slices.Contains([]any{"INTERNAL", "UNAVAILABLE", "TIMEOUT", nil}, e.Extensions["code"])
	}
	if bad {
		w.t.Errorf("%.700s\n is answered %d: %.700s", body, a.status, a.raw)
	}
}

// TestLiteralsOfTheWrongKindAreTheCallersMistake is the same inside documents.
func TestLiteralsOfTheWrongKindAreTheCallersMistake(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("literal")
		id := w.register(me, nil)
		for _, value := range []string{`-1`, `101`, `3000000000`, `99999999999999999999999`, `1e999`, `null`, `true`, `[]`, `[[[1]]]`, `{}`, `given`, `GIVEN`, `"` + marker + `"`, `"""` + marker + `"""`, `"\u0000"`, `$x`, `@x`} {
			for _, document := range []string{
				`{ users(first: %) { nodes { id } } }`, `{ users(after: %) { nodes { id } } }`, `{ node(id: %) { id } }`, `{ auditEvents(filter: %) { nodes { id } } }`,
				`{ auditEvents(filter: {outcome: %}) { nodes { id } } }`, `{ policyInForce(app: "dala", at: %) { id } }`, `{ consentChecks(users: %, purpose: "contact") { allowed } }`,
				`{ user(id: "` + id + `") { profile(reveal: %) { fields(codes: %) { state } } } }`, `{ app(code: %) { code } }`, `{ policyVersions(app: %) { nodes { id } } }`,
				`mutation { recordConsent(input: {consent: {eventId: %, version: %, locale: %, documentHash: %, decisions: %}}) { userErrors { code } } }`,
				`mutation { recordConsent(input: {consent: {eventId: "x", version: "x", locale: "ru", documentHash: "x", decisions: [{item: "contact", decision: %}]}}) { userErrors { code } } }`,
				`mutation { updateMyProfile(input: {expectedRevision: %, profile: %}) { userErrors { code } } }`,
			} {
				text := strings.ReplaceAll(document, "%", value)
				for _, token := range []string{me, w.staff(vault.Compliance)} {
					w.blameless(w.send(http.MethodPost, "/graphql", encode(t, text, nil), bearing(token)), text)
				}
			}
		}
	})
}
