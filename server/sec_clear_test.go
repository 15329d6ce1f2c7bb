package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// leaving enters personal values by every operation, and keeps what strangers
// to them were answered.
type leaving struct {
	*world
	secrets  []secret
	answered bytes.Buffer // headers of every answer, bodies of those not entitled
}

// value notes a personal value that is about to be entered.
func (l *leaving) value(name, value string) string {
	l.secrets = append(l.secrets, secret{name, value})
	return value
}

// profile is a whole profile of distinctive values, typed and own. Truth values
// are left out: there is nothing in them to search for.
func (l *leaving) profile(set, name, birth, serial, phone string) map[string]any {
	v := func(field, value string) string { return l.value(set+" "+field, value) }
	return map[string]any{
		"familyName": v("familyName", name+"бекова"), "givenName": v("givenName", name+"жан"), "patronymic": v("patronymic", name+"қызы"),
		"birthDate":     v("birthDate", "19"+birth[:2]+"-"+birth[2:4]+"-"+birth[4:]),
		"iin":           v("iin", iinOf(l.t, birth, '4', serial)),
		"email":         v("email", "Qarlygash."+serial+"@Pochta"+serial+".example"),
		"phone":         v("phone", phone),
		"postalAddress": v("postalAddress", name+" көшесі, "+serial+"-үй <a&b>"),
		"fields": []map[string]any{
			{"code": "loyaltyCard", "value": v("loyaltyCard", "DALA-"+serial+"-XQ7")},
			{"code": "favouriteGoods", "value": v("favouriteGoods", name+" қымызы\n\""+serial+"\"")},
			{"code": "householdSize", "value": v("householdSize", "90817263"+serial)},
			{"code": "deliveryNote", "value": v("deliveryNote", "Код "+serial+"-"+name)},
			{"code": "deviceModel", "value": v("deviceModel", "Aruana Phone "+serial)},
		},
	}
}

// hear keeps what an answer said to somebody who is not entitled to values.
func (l *leaving) hear(a answer, entitled bool) answer {
	fmt.Fprintln(&l.answered, a.header)
	if !entitled {
		l.answered.Write(a.raw)
	}
	return a
}

func (l *leaving) tell(entitled bool, token, query string, variables map[string]any) answer {
	l.t.Helper()
	return l.hear(l.ask(token, query, variables), entitled)
}

// TestNothingPersonalStandsInClear enters values everywhere, lets everybody
// read, and then searches everything that is kept or shown.
func TestNothingPersonalStandsInClear(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		l := &leaving{world: w}
		sub := l.value("subject of a token", "subject-qyzgaldaq-58213")
		me := w.verified(sub, l.value("proved phone", "+77019264837"))
		id := l.write(me)
		l.fail(me, id)
		l.oddPlaces(me, id)
		l.read(me, sub, id)
		places := w.places()
		places["answers to those not entitled"] = l.answered.Bytes()
		for place, content := range places {
			for _, leak := range search(place, content, l.secrets) {
				t.Errorf("%s: %s stands there as %s: …%q…", leak.place, leak.secret, leak.form, leak.around)
			}
		}
		if len(l.secrets) < 60 {
			t.Errorf("only %d values were entered", len(l.secrets))
		}
	})
}

const readAll = `familyName { value } givenName { value } patronymic { value } birthDate { value } iin { value } email { value }
	phone { value } postalAddress { value } fields { code value state }`

// write registers, updates, clears and proves.
func (l *leaving) write(me string) (id string) {
	l.t.Helper()
	agent := l.value("User-Agent", "AruanaApp/9.81 (Qarlygash)")
	address := l.value("X-Forwarded-For", "203.0.113.217")
	l.trust("127.0.0.0/8")
	register := map[string]any{"input": map[string]any{
		"profile": l.profile("registered", "Шыңғысхан", "570329", "6148", "8 (701) 926-48-37"),
		"consent": l.shown("ru").consent(required()), "idempotencyKey": l.value("idempotencyKey", "Шыңғысхан-кілті-7264"),
	}}
	header := bearing(me)
	header.Set("User-Agent", agent)
	header.Set("X-Forwarded-For", address)
	a := l.hear(l.send(http.MethodPost, "/graphql", encode(l.t, registerMutation, register), header), false)
	if errs := userErrorsOf(a.must(), "registerMe"); len(errs) > 0 {
		l.t.Fatalf("registering: %v", errs)
	}
	id = str(a.Data, "registerMe", "user", "id")
	update := `mutation($p: ProfileInput!) { updateMyProfile(input: {profile: $p}) { user { revision } userErrors { code path } } }`
	for _, p := range []map[string]any{
		l.profile("updated", "Еңлікгүл", "580412", "6251", "+7 (702) 815-37-26"),
		{"email": nil, "phone": nil, "postalAddress": nil, "fields": []map[string]any{{"code": "deliveryNote", "value": nil}}},
		l.profile("again", "Ақбөкенбай", "590523", "6353", "87058153729"),
	} {
		if errs := userErrorsOf(l.tell(false, me, update, map[string]any{"p": p}).must(), "updateMyProfile"); len(errs) > 0 {
			l.t.Fatalf("updating: %v", errs)
		}
	}
	identify := `mutation($u: ID!) { %s(input: {user: $u, field: PHONE, basis: {reason: PERSON_ASKED, ticket: "SUP-11"}}) { user { id } userErrors { code } } }`
	for _, operation := range []string{"verifyIdentifier", "releaseIdentifier"} {
		l.tell(false, l.staff(vault.Support), fmt.Sprintf(identify, operation), map[string]any{"u": id}).must()
	}
	again := l.shown("kk").consent(map[string]string{"marketing": "GIVEN"})
	again["appBuild"] = "9.81"
	l.tell(false, me, `mutation($c: ConsentInput!) { recordConsent(input: {consent: $c}) { userErrors { code } } }`, map[string]any{"c": again}).must()
	l.tell(false, me, `mutation($e: ID!) { withdrawConsent(input: {eventId: $e, items: ["marketing"]}) { userErrors { code } } }`, map[string]any{"e": uuid.NewString()}).must()
	return id
}

// fail enters values that are refused.
func (l *leaving) fail(me, id string) {
	bad := map[string]string{
		"familyName": "5Сырымбетов7", "birthDate": "31.12.1961-қате", "iin": "611231499999", "email": "qate.adres@@pochta.example",
		"phone": "8 701 926 48 3Ж", "postalAddress": "Бозторғай\x01көшесі 77",
	}
	update := `mutation($p: ProfileInput!) { updateMyProfile(input: {profile: $p}) { userErrors { code message path parameters { name value } } } }`
	for field, value := range bad {
		profile := map[string]any{field: l.value("bad "+field, value)}
		if field == "iin" || field == "birthDate" {
			profile = map[string]any{"iin": l.value("bad iin", bad["iin"]), "birthDate": bad["birthDate"]}
		}
		a := l.tell(false, me, update, map[string]any{"p": profile})
		if len(userErrorsOf(a.Data, "updateMyProfile")) == 0 {
			l.t.Errorf("%s %q was taken: %s", field, value, a.raw)
		}
		stranger := l.subject(l.value("subject of a stranger", "stranger-"+field+"-7261"))
		l.tell(false, stranger, registerMutation, map[string]any{"input": map[string]any{
			"profile": profile, "consent": l.shown("ru").consent(required()),
		}})
		for name, wrong := range map[string]any{"list": []any{value}, "object": map[string]any{value: value}, "own": []any{map[string]any{"code": value, "value": value}}} {
			in := map[string]any{field: wrong}
			if name == "own" {
				in = map[string]any{"fields": wrong}
			}
			l.tell(false, me, update, map[string]any{"p": in})
		}
	}
	for by, value := range map[string]string{
		"email": "tabylmady@pochta.example", "phone": "+77019991826", "iin": iinOf(l.t, "620415", '3', "7712"), "subject": "subject-joq-91823",
	} {
		find := func(value string) {
			l.tell(false, l.staff(vault.Support), `query($b: FindUsersInput!) { findUsers(by: $b) { id profile { `+readAll+` } } }`, map[string]any{"b": map[string]any{by: value}})
		}
		find(l.value("searched "+by, value))
		find(l.value("searched badly "+by, "іздеу-"+value+"-қате"))
	}
	ticket := l.value("ticket", "Қарлығаш 8-701-926")
	l.tell(false, l.staff(vault.Support), `query($u: ID!, $t: String!) { user(id: $u) { profile(basis: {request: {reason: FRAUD, ticket: $t}}) { phone { value } } } }`, map[string]any{"u": id, "t": ticket})
	l.tell(false, l.staff(vault.Compliance), `query($u: ID!, $t: String!) { user(id: $u) { profile(basis: {legal: {reference: $t}}) { phone { value } } } }`,
		map[string]any{"u": id, "t": l.value("legal reference", "ЖСН 620415 300 771")})
	l.tell(false, l.staff(vault.Machine), `query($u: ID!, $t: String!) { user(id: $u) { profile(basis: {purpose: $t}) { phone { value } } } }`, map[string]any{"u": id, "t": ticket})
}

// oddPlaces puts values where none belong.
func (l *leaving) oddPlaces(me, id string) {
	v := l.value("value in odd places", "Тұрсынбекұлы +77471928364")
	const plain = "Tursynbek471928364" // where the language has names: an error may name those
	word := l.value("word in headers", "Zhumagul582910374")
	staff := l.staff(vault.Compliance)
	for _, query := range []string{
		`{ me { ` + plain + ` } }`, `query ` + plain + ` { ` + plain + ` }`, `{ me(` + plain + `: 1) { id } }`, `{ me { id @` + plain + ` } }`,
		`{ node(id: "` + v + `") { id } }`, `{ user(id: "` + v + `") { id } }`, `{ app(code: "` + v + `") { code } }`,
		`{ policyInForce(app: "` + v + `") { id } }`, `{ policyInForce(at: "` + v + `") { id } }`, `{ policyVersions(app: "` + v + `", after: "` + v + `") { nodes { id } } }`,
		`{ consent(id: "` + v + `") { id } }`, `{ users(after: "` + v + `") { nodes { id } } }`, `{ users(filter: {status: ` + plain + `}) { nodes { id } } }`,
		`{ auditEvents(filter: {action: "` + v + `", purpose: "` + v + `", requestId: "` + v + `"}) { nodes { id } } }`,
		`{ auditEvents(filter: {actor: "` + v + `"}) { nodes { id } } }`, `{ me { profile(app: "` + v + `") { phone { state } } } }`,
		`{ me { profile { fields(codes: ["` + v + `"]) { state } } } }`, `{ me { consents(item: "` + v + `") { nodes { id } } } }`,
		`mutation { withdrawConsent(input: {eventId: "` + v + `", items: ["` + v + `"], appBuild: "` + v + `", app: "` + v + `"}) { userErrors { code message path parameters { value } } } }`,
		`mutation { withdrawConsent(input: {eventId: "` + uuid.NewString() + `", items: ["` + v + `"], app: "` + v + `"}) { userErrors { code message parameters { value } } } }`,
		`mutation { createPolicyDraft(input: {app: "` + v + `", label: "", facts: {lawTitle: [], items: [], fields: [], withdrawal: []}, texts: []}) { userErrors { code message path parameters { value } } } }`,
		`{ "` + v + `" }`, `{ me # ` + v, v, `{ consentCheck(user: "` + v + `", purpose: "` + v + `", app: "` + v + `", operator: "` + v + `") { allowed } }`,
		`{ policyInForce(app: "dala") { document(locale: "` + v + `") { hash } } }`,
		`{ user(id: "` + id + `") { profile(basis: {purpose: "contact"}) { fields(codes: ["` + v + `"]) { value state } } } }`,
		`{ user(id: "` + id + `") { profile(basis: {purpose: "` + v + `"}) { fields(codes: ["` + v + `"]) { value } } } }`,
		`{ user(id: "` + id + `") { profile(reveal: ["` + v + `"], basis: {request: {reason: FRAUD, ticket: "SUP-5"}}) { fields(codes: ["` + v + `"]) { value } } } }`,
		`{ user(id: "` + id + `") { profile(basis: {legal: {reference: "` + v + `"}}) { fields(codes: ["` + v + `"]) { value } } } }`,
	} {
		for _, token := range []string{"", me, staff, l.staff(vault.Machine), l.staff(vault.Support), l.staff(vault.Auditor)} {
			l.tell(false, token, query, nil)
			l.tell(false, token, query, map[string]any{plain: v, v: v})
		}
	}
	quoted := `"` + v + `"`
	for _, body := range []string{
		v, `{"query": ` + quoted, `{"query": "{ me { id } }", ` + quoted + `: ` + quoted + `}`, `[` + quoted + `]`,
		`{"query": "{ me { id } }", "operationName": ` + quoted + `}`, `{"query": "{ me { id } }", "variables": ` + quoted + `}`, `{"query": "{ me { id } }", "extensions": {` + quoted + `: {}}}`,
	} {
		l.hear(l.send(http.MethodPost, "/graphql", body, bearing(me)), false)
	}
	for _, path := range []string{"/graphql?query=", "/graphql/", "/", "/console/", "/healthz?x=", "/schema.graphql?", "/metrics?"} {
		l.hear(l.get(path+url.PathEscape(v)), false)
	}
	for _, name := range []string{"Accept", "Accept-Language", "Content-Encoding", "X-Request-Id", "Origin", "Referer", "Cookie", "Traceparent"} {
		header := bearing(me)
		header.Set(name, word)
		l.hear(l.send(http.MethodPost, "/graphql", `{"query": "{ me { id } }"}`, header), false)
	}
	for _, authorization := range []string{"Bearer " + word, word, "Basic " + word, "Bearer a." + word + ".c"} {
		l.hear(l.send(http.MethodPost, "/graphql", `{"query": "{ me { id } }"}`, http.Header{"Content-Type": {"application/json"}, "Authorization": {authorization}}), false)
	}
	named := l.token(vault.Support, l.value("subject of a colleague", "colleague-saule-81723"), map[string]any{"name": l.value("name of a colleague", "Сәуле Әшімқызы"), "email": l.value("e-mail of a colleague", "saule.ashim@dala.example")})
	l.tell(false, named, `{ users(first: 1) { nodes { id } } }`, nil)
	l.tell(false, named, `{ auditEvents { nodes { id } } }`, nil)
}

// read lets every role read everything that it may, and more.
func (l *leaving) read(me, sub, id string) {
	entitled := l.tell(true, me, `{ me { profile { `+readAll+` } } }`, nil)
	if got := at(entitled.must(), "me", "profile", "familyName", "value"); got != "Ақбөкенбайбекова" {
		l.t.Errorf("the person reads back %v", got)
	}
	for role, ground := range map[vault.Role]string{
		vault.Machine: `(basis: {purpose: "contact"})`, vault.Support: `(basis: {request: {reason: PERSON_ASKED, ticket: "SUP-1"}}, reveal: ["phone", "iin", "familyName"])`,
		vault.Compliance: `(basis: {legal: {reference: "ART-8.4"}})`, vault.Auditor: "", vault.Security: "", vault.Anonymous: "",
	} {
		token := ""
		if role != vault.Anonymous {
			token = l.staff(role)
		}
		u := map[string]any{"u": id}
		sees := slices.Contains([]vault.Role{vault.Machine, vault.Support, vault.Compliance}, role)
		l.tell(sees, token, `query($u: ID!) { user(id: $u) { profile`+ground+` { `+readAll+` } consents { nodes { id events { eventId appBuild } } } } }`, u)
		l.tell(false, token, `query($u: ID!) { user(id: $u) { profile { `+readAll+` } } node(id: $u) { ... on User { id profile { `+readAll+` } } } }`, u)
		l.tell(false, token, `{ users(first: 100) { totalCount nodes { id profile { phone { value } iin { value } } } } }`, nil)
		l.tell(false, token, `{ auditEvents(first: 100) { nodes { canonical actor reference fields } } }`, nil)
		for by, value := range map[string]string{"phone": "87058153729", "subject": sub} {
			l.tell(false, token, `query($b: FindUsersInput!) { findUsers(by: $b) { id profile { `+readAll+` } } }`, map[string]any{"b": map[string]any{by: value}})
		}
	}
}
