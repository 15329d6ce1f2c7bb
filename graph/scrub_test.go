package graph_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/kelisim/kelisim/graph"
)

// secret stands for a personal value. It is a GraphQL name too, so that it can
// stand where only names may.
const secret = "zqAigerimqz"

// told reports whether any of an answer gives the secret away.
func told(got reply) bool {
	for name, values := range got.header {
		if strings.Contains(strings.ToLower(name+strings.Join(values, "")), strings.ToLower(secret)) {
			return true
		}
	}
	return strings.Contains(strings.ToLower(got.text), strings.ToLower(secret))
}

func TestNoValueOfARequestComesBackInAnError(t *testing.T) {
	const register = "mutation($p: Profile!) { register(profile: $p) { id } }"
	bodies := map[string]string{
		// Literals where the type wants another.
		"a string for an Int":            query(`{ users(first: "SECRET") { id } }`),
		"a string for a Float":           query(`{ users(ratio: "SECRET") { id } }`),
		"a string for a Boolean":         query(`{ users(active: "SECRET") { id } }`),
		"a string for an enum":           query(`{ users(kind: "SECRET") { id } }`),
		"a string for an object":         query(`{ find(by: "SECRET") { id } }`),
		"a list for a String":            query(`{ call(name: ["SECRET"]) }`),
		"an object for a String":         query(`{ call(name: {SECRET: "SECRET"}) }`),
		"a list for an ID":               query(`{ user(id: ["SECRET"]) { id } }`),
		"a name for a String":            query(`{ call(name: SECRET) }`),
		"a name for an enum":             query(`{ users(kind: SECRET) { id } }`),
		"a name for an Int":              query(`{ users(first: SECRET) { id } }`),
		"a name in a list":               query(`mutation { register(profile: {phone: "1", tags: [SECRET]}) { id } }`),
		"a block string for an Int":      query(`{ users(first: """SECRET""") { id } }`),
		"a block string for an enum":     query(`{ users(kind: """SECRET""") { id } }`),
		"an unknown input field":         query(`mutation { register(profile: {phone: "1", SECRET: 1}) { id } }`),
		"an input field twice":           query(`mutation { register(profile: {phone: "1", SECRET: 1, SECRET: 2}) { id } }`),
		"null beside a secret":           query(`mutation { register(profile: {phone: null, tags: ["SECRET"]}) { id } }`),
		"two keys of one":                query(`{ find(by: {phone: "SECRET", email: "SECRET"}) { id } }`),
		"a default of the wrong type":    query(`query($n: Int = "SECRET") { users(first: $n) { id } }`),
		"a default of an unknown field":  query(`mutation($p: Profile = {phone: "1", SECRET: "SECRET"}) { register(profile: $p) { id } }`),
		"arguments that conflict":        query(`{ call(name: "SECRET") call(name: "other") }`),
		"arguments that conflict, below": query(`{ me { friends(first: 1) { id } } me { friends(first: 2) { id } } call(name: "SECRET") }`),
		// Directives.
		"a directive's argument":          query(`{ me @include(if: "SECRET") { id } }`),
		"a name in a directive":           query(`{ me @include(if: SECRET) { id } }`),
		"an unknown directive's argument": query(`{ me @nothing(x: "SECRET") { id } }`),
		"a misplaced directive":           query(`{ me @deprecated(reason: "SECRET") { id } }`),
		// Names of operations.
		"an operation twice":             query(`query SECRET { me { id } } query SECRET { me { id } }`),
		"an unused variable":             query(`query SECRET($x: Int) { me { id } }`),
		"an undefined variable":          query(`query SECRET { users(first: $x) { id } }`),
		"an operation that is not there": `{"query":"query A { me { id } }","operationName":"SECRET"}`,
		"an operation with a quote":      `{"query":"query A { me { id } }","operationName":"\" not found SECRET"}`,
		"a subscription":                 query(`subscription SECRET { me { id } }`),
		// Variables.
		"text for an object":          query(register, map[string]any{"p": "SECRET"}),
		"text for an Int":             query("query($n: Int) { users(first: $n) { id } }", map[string]any{"n": "SECRET"}),
		"text for a Float":            query("query($n: Float) { users(ratio: $n) { id } }", map[string]any{"n": "SECRET"}),
		"text for a Boolean":          query("query($n: Boolean) { users(active: $n) { id } }", map[string]any{"n": "SECRET"}),
		"text for an enum":            query("query($k: Kind) { users(kind: $k) { id } }", map[string]any{"k": "SECRET"}),
		"text made like a message":    query("query($k: Kind) { users(kind: $k) { id } }", map[string]any{"k": "must be a SECRET, not a SECRET"}),
		"text made like another":      query("query($k: Kind) { users(kind: $k) { id } }", map[string]any{"k": "cannot use SECRET as SECRET"}),
		"a list for an enum":          query("query($k: Kind) { users(kind: $k) { id } }", map[string]any{"k": []string{"SECRET"}}),
		"an unknown key":              query(register, map[string]any{"p": map[string]any{"phone": "1", "SECRET": "SECRET"}}),
		"an unknown key below":        query(register, map[string]any{"p": map[string]any{"phone": "1", "nested": map[string]any{"phone": "SECRET", "SECRET": 1}}}),
		"a missing field beside":      query(register, map[string]any{"p": map[string]any{"tags": []string{"SECRET"}}}),
		"null for a field beside":     query(register, map[string]any{"p": map[string]any{"phone": nil, "tags": []string{"SECRET"}}}),
		"an object for a text":        query(register, map[string]any{"p": map[string]any{"phone": map[string]any{"SECRET": "SECRET"}}}),
		"an object in a list":         query(register, map[string]any{"p": map[string]any{"phone": "1", "tags": []any{"SECRET", map[string]any{"SECRET": 1}}}}),
		"a text where an Int is due":  query(register, map[string]any{"p": map[string]any{"phone": "1", "age": "SECRET"}}),
		"a variable of another type":  query("query($n: Int) { call(name: $n) }", map[string]any{"n": "SECRET"}),
		"a variable of unknown type":  query("query($n: Nothing) { call(name: $n) }", map[string]any{"n": "SECRET"}),
		"a variable of no input type": query("query($n: User) { call(name: $n) }", map[string]any{"n": "SECRET"}),
		// Malformed GraphQL.
		"an unterminated string":     query(`{ call(name: "SECRET) }`),
		"an unterminated block":      query(`{ call(name: """SECRET) }`),
		"an unknown escape":          query(`{ call(name: "\q SECRET") } # SECRET`),
		"half of a Unicode escape":   query(`{ call(name: "\u12 SECRET") }`),
		"a wrong Unicode escape":     query(`{ call(name: "\u{110000} SECRET") }`),
		"single quotes":              query(`{ call(name: 'SECRET') }`),
		"a control character":        query("{ call(name: \"\x01SECRET\") }"),
		"a number with letters":      query(`{ users(first: 12SECRET) { id } }`),
		"a string for a name":        query(`{ "SECRET" }`),
		"a block for a name":         query(`{ """SECRET""" }`),
		"a word for an operation":    query(`SECRET { me { id } }`),
		"a string for a document":    query(`"SECRET"`),
		"a word for on":              query(`fragment F SECRET User { id }`),
		"a string for a fragment":    query(`fragment "SECRET" on User { id }`),
		"no colon":                   query(`{ call(name SECRET) }`),
		"a variable without a type":  query(`query($SECRET) { me { id } }`),
		"a literal among selections": query(`{ me { id } SECRET: }`),
		// Malformed requests.
		"malformed JSON":             `{"query":"{ call }","variables":{"p":"SECRET"`,
		"JSON with a comment":        `{"query":"{ call }" /* SECRET */}`,
		"JSON of single quotes":      `{'query':'SECRET'}`,
		"no JSON":                    `SECRET`,
		"a string":                   `"SECRET"`,
		"a list":                     `["SECRET"]`,
		"a key twice":                `{"SECRET":1,"SECRET":2}`,
		"variables of text":          `{"query":"{ me { id } }","variables":"SECRET"}`,
		"a list for a name":          `{"query":"{ me { id } }","operationName":["SECRET"]}`,
		"extensions of text":         `{"query":"{ me { id } }","extensions":"SECRET"}`,
		"a list for a query":         `{"query":["SECRET"]}`,
		"a persisted query":          `{"extensions":{"persistedQuery":{"sha256Hash":"SECRET"}}}`,
		"a secret and no UTF-8":      "{\"query\":\"{ call(name: \\\"SECRET\xff\\\") }\"}",
		"a limit":                    query(`{ ` + strings.Repeat(`me { id } `, 11) + ` call(name: "SECRET") }`),
		"too many tokens":            query(`{ ` + strings.Repeat(`call(name: "SECRET") `, 300) + ` }`),
		"a cost":                     query(`{ users(first: 100000, extra: "SECRET") { id } }`),
		"a deferred secret":          query(`{ ... @defer(label: "SECRET") { call(name: "x") } }`),
		"a number out of range":      query(`{ users(first: 9999999999999999999999, extra: "SECRET") { id } }`),
		"a number as a variable":     `{"query":"query($n: Int) { users(first: $n) { id } }","variables":{"n":99999999999999999999,"x":"SECRET"}}`,
		"a fraction as a variable":   `{"query":"query($n: Int) { users(first: $n) { id } }","variables":{"n":1.5,"x":"SECRET"}}`,
		"a fragment of no composite": query(`{ me { ... on Kind { id } } call(name: "SECRET") }`),
	}
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			got := do(t, usual(t), request("POST", strings.ReplaceAll(body, "SECRET", secret)))
			if len(got.Errors) == 0 || got.status >= http.StatusInternalServerError {
				t.Errorf("not refused: %d %s", got.status, got.text)
			}
			if told(got) {
				t.Errorf("the secret comes back: %s", got.text)
			}
		})
	}
}

func TestASecretInAHeaderDoesNotComeBack(t *testing.T) {
	for _, name := range []string{"Content-Type", "Accept", "Content-Encoding", "Authorization", "Accept-Language", "Origin"} {
		got := do(t, usual(t), request("POST", query("{ me { id } }"), name, secret))
		if told(got) {
			t.Errorf("%s: %v %s", name, got.header, got.text)
		}
	}
}

func TestErrorsAreOfUseToADeveloper(t *testing.T) {
	for _, test := range []struct{ document, message string }{
		{"{ me { nme } }", `Cannot query field "nme" on type "User".`},
		{"{ me }", `Field "me" of type "User" must have a selection of subfields.`},
		{"{ me { id { x } } }", `Field "id" must not have a selection since type "ID" has no subfields.`},
		{"{ user { id } }", `Field "user" argument "id" of type "ID!" is required, but it was not provided.`},
		{"{ me(x: 1) { id } }", `Unknown argument "x" on field "Query.me".`},
		{"{ me @include { id } }", `Directive "@include" argument "if" of type "Boolean!" is required, but it was not provided.`},
		{"{ me @include(unless: true, if: true) { id } }", `Unknown argument "unless" on directive "@include".`},
		{"{ me @skip(if: true) @skip(if: true) { id } }", `The directive "@skip" can only be used once at this location.`},
		{"query @skip(if: true) { me { id } }", `Directive "@skip" may not be used on QUERY.`},
		{"{ user(id: 1, id: 2) { id } }", `There can be only one argument named "id".`},
		{"{ me { ... on Nobody { id } } }", `Unknown type "Nobody".`},
		{"{ me { ...F } } fragment F on Nobody { id }", `Unknown type "Nobody".`},
		{"{ me { id } } fragment F on User { id }", `Fragment "F" is never used.`},
		{"{ me { ...F } } fragment F on User { id } fragment F on User { id }", `There can be only one fragment named "F".`},
		{"{ me { ...F } } fragment F on Kind { id }", `Fragment "F" cannot condition on non composite type "Kind".`},
		{"{ me { ... on Query { __typename } } }", `Fragment cannot be spread here as objects of type "User" can never be of type "Query".`},
		{"{ me { x: id x: name } }", `Fields "x" conflict. Use different aliases on the fields to fetch both if this was intentional.`},
		{"query Q($x: Int) { me { id } }", `Variable "$x" is never used.`},
		{"query Q { users(first: $x) { id } }", `Variable "$x" is not defined.`},
		{"query($x: String) { users(first: $x) { id } }", `Variable "$x" of type "String" used in position expecting type "Int".`},
		{"query($x: Int, $x: Int) { users(first: $x) { id } }", `There can be only one variable named "$x".`},
		{"query($x: User) { me { id } call(name: $x) }", `Variable "$x" cannot be non-input type "User".`},
		{"query($x: String) { find(by: {phone: $x}) { id } }", `Variable "$x" is of type "String" but must be non-nullable to be used for OneOf Input Object "By".`},
		{"{ me { id } } { me { id } }", `This anonymous operation must be the only defined operation.`},
		{"mutation { register(profile: {age: 1}) { id } }", `Field "Profile.phone" of required type "String!" was not provided.`},
		{`mutation { register(profile: {phone: "1", fone: 1}) { id } }`, `The input has a field that type "Profile" does not define.`},
		{"{ users(kind: OWNER) { id } }", `The value is none of enum "Kind".`},
		{"{ users(first: 3000000000000) { id } }", ""},
		{"{ call(name: 1) }", `Expected value of type "String".`},
		{"{ find(by: 1) { id } }", `Expected value of type "By!".`},
		{"{ find(by: {}) { id } }", `OneOf Input Object "By" must specify exactly one key.`},
		{"{ " + strings.Repeat("x", 10_000) + " }", "the document does not fit the schema"},
		{"{ me { id }", "the document ends too early"},
		{"{ me { id } } }", "} is not expected here"},
		{"{ me(x 1) { id } }", ": is expected here"},
		{"{ me { ... on 1 { id } } }", "a name is expected here"},
		{"{ 1 }", "a name is expected here"},
	} {
		got := do(t, usual(t), request("POST", query(test.document)))
		found := test.message == "" // no message is promised, only an answer
		for _, err := range got.Errors {
			found = found || err.Message == test.message && len(err.Locations) > 0
		}
		if !found {
			t.Errorf("%s: got %s, want %q with its place", test.document, got.text, test.message)
		}
	}
}

func TestAVariableThatDoesNotFitIsNamedByItsPath(t *testing.T) {
	const document = "mutation($p: Profile!) { register(profile: $p) { id } }"
	for _, test := range []struct {
		variables any
		message   string
	}{
		{nil, "variable.p: must be defined"},
		{map[string]any{"p": nil}, "variable.p: cannot be null"},
		{map[string]any{"p": 1}, `variable.p: expected an object of type "Profile"`},
		{map[string]any{"p": map[string]any{}}, "variable.p.phone: must be defined"},
		{map[string]any{"p": map[string]any{"phone": true}}, `variable.p.phone: expected a value of type "String"`},
		{map[string]any{"p": map[string]any{"phone": "1", "age": "x"}}, `variable.p.age: expected a value of type "Int"`},
		{map[string]any{"p": map[string]any{"phone": "1", "kind": "x"}}, `variable.p.kind: is none of enum "Kind"`},
		{map[string]any{"p": map[string]any{"phone": "1", "tags": []any{"a", nil}}}, "variable.p.tags[1]: cannot be null"},
		{map[string]any{"p": map[string]any{"phone": "1", "nested": map[string]any{"phone": "1", "x": 1}}}, "variable.p.nested: has a field that its type does not define"},
	} {
		got := do(t, usual(t), request("POST", query(document, test.variables)))
		if len(got.Errors) != 1 || got.Errors[0].Message != test.message || got.code() != string(graph.CodeValidationFailed) || len(got.Errors[0].Path) < 2 {
			t.Errorf("%v: got %s, want %q", test.variables, got.text, test.message)
		}
	}
}

// FuzzTransport sends any body, with a secret in the variables, and wants an
// answer that is no fault of ours and does not hold the secret.
func FuzzTransport(f *testing.F) {
	for _, seed := range []string{
		"{ me { id } }", "query($s: String) { call(name: $s) }", "query($s: Int) { users(first: $s) { id } }",
		"mutation($s: Profile!) { register(profile: $s) { id } }", "query($s: Kind = STAFF) { users(kind: $s) { id } }",
		"query($s: [By!]) { find(by: {phone: $s}) { id } }", "{ __schema { types { name } } }", doubling(9), nested(12),
		`{ call(name: """x""") users(extra: {a: [1, 2.5e9, null, true, $s]}) { id } }`, "{ me { ...f } } fragment f on User { ...f }",
		"query($s: Anything) { users(extra: $s) { ... on Node @skip(if: true) { id } } }", "{ \"\\u{D800}\" }", "subscription { me }",
	} {
		f.Add(seed, `"SECRET"`, "")
		f.Add(seed, `{"phone":"SECRET","SECRET":["SECRET"],"nested":{"age":"SECRET"}}`, "Q")
		f.Add(seed, `[{"kind":"SECRET"},null,1e400]`, "SECRET")
	}
	srv := usual(f)
	f.Fuzz(func(t *testing.T, document, variable, operation string) {
		if strings.Contains(strings.ToLower(document+variable+operation), strings.ToLower(secret)) {
			return // the secret is put in below
		}
		variable = strings.ReplaceAll(variable, "SECRET", secret)
		body := strings.TrimSuffix(query(document), "}") + `,"operationName":"` + strings.ReplaceAll(operation, "SECRET", secret) +
			`","variables":{"s":` + variable + `,"` + secret + `":"` + secret + `"}}`
		for _, text := range []string{body, document, variable} {
			got := do(t, srv, request("POST", text, "Accept", "application/graphql-response+json"))
			if got.status >= 500 {
				t.Errorf("%d for %q: %s", got.status, text, got.text)
			}
			// What was asked for and given is no leak: call answers its argument.
			if told(got) && len(got.Errors) > 0 {
				t.Errorf("the secret comes back for %q: %s", text, got.text)
			}
		}
	})
}
