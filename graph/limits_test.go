package graph_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"

	"github.com/kelisim/kelisim/graph"
	"github.com/kelisim/kelisim/graph/edgetest"
	"github.com/kelisim/kelisim/vault"
)

// prompt is how soon a refusal has to be there. The documents below took up to
// 2.5 s without limits; a refusal takes a few milliseconds, here with room for
// a busy machine and the race detector.
const prompt = time.Second

// numbered joins n copies of a text whose %d is their number.
func numbered(n int, format string) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, format, i)
	}
	return out.String()
}

// doubling is n fragments of which each spreads the next one twice.
func doubling(n int) string {
	var out strings.Builder
	out.WriteString("{me{...f0}}")
	for i := range n {
		fmt.Fprintf(&out, " fragment f%d on User{...f%d ...f%d}", i, i+1, i+1)
	}
	fmt.Fprintf(&out, " fragment f%d on User{id}", n)
	return out.String()
}

func nested(levels int) string {
	return "{me" + strings.Repeat("{friend", levels-2) + "{id}" + strings.Repeat("}", levels-2) + "}"
}

func TestHostileDocumentsAreRefusedPromptly(t *testing.T) {
	const bad, invalid = string(vault.CodeBadRequest), string(graph.CodeValidationFailed)
	tests := map[string]struct {
		document, code, says string
	}{
		"one field 5000 times":          {"{" + strings.Repeat("__typename ", 5000) + "}", bad, `"tokens": at most 1000`},
		"one object 2000 times":         {"{" + strings.Repeat("me{id name}", 2000) + "}", bad, `"tokens"`},
		"one field 990 times":           {"{" + strings.Repeat("__typename ", 990) + "}", bad, `"rootFields": at most 10, it has 990`},
		"one field 980 times below":     {"{me{" + strings.Repeat("id ", 980) + "}}", bad, `"selections": at most 500, it has 981`},
		"in a fragment never used":      {"{me{id}} fragment f on User{" + strings.Repeat("id ", 980) + "}", bad, `"selections"`},
		"5000 aliases":                  {"{" + numbered(5000, "a%d:__typename ") + "}", bad, `"tokens"`},
		"101 aliases":                   {"{" + numbered(101, "a%d:__typename ") + "}", bad, `"rootFields": at most 10, it has 101`},
		"31 aliases below":              {"{me{" + numbered(31, "a%d:id ") + "}}", bad, `"aliases": at most 30, it has 31`},
		"aliases by fragments":          {"{me{...f ...f ...f ...f}} fragment f on User{" + numbered(8, "a%d:id ") + "}", bad, `"aliases": at most 30, it has 32`},
		"11 root fields by a fragment":  {"{...f __typename} fragment f on Query{" + strings.Repeat("__typename ", 10) + "}", bad, `"rootFields": at most 10, it has 11`},
		"5000 directives":               {"{__typename" + strings.Repeat("@aa", 5000) + "}", bad, `"tokens"`},
		"31 directives":                 {"{__typename" + strings.Repeat("@aa", 31) + "}", bad, `"directives": at most 30, it has 31`},
		"10 unknown directives":         {"{__typename" + strings.Repeat("@aa", 10) + "}", invalid, `Unknown directive "@aa".`},
		"directives on an operation":    {"query" + strings.Repeat("@aa", 31) + "{__typename}", bad, `"directives"`},
		"directives on a variable":      {"query($a:Int" + strings.Repeat("@aa", 31) + "){__typename}", bad, `"directives"`},
		"directives on a fragment":      {"{me{...f}} fragment f on User" + strings.Repeat("@aa", 31) + "{id}", bad, `"directives"`},
		"directives on inline fragment": {"{..." + strings.Repeat("@aa", 31) + "{__typename}}", bad, `"directives"`},
		"11 levels":                     {nested(11), bad, `"depth": at most 10, it has 11`},
		"300 levels":                    {nested(300), bad, `"depth"`},
		"levels by fragments":           {"{me{...f}} fragment f on User{friend{friend{friend{friend{...g}}}}} fragment g on User{friend{friend{friend{friend{friend{id}}}}}}", bad, `"depth": at most 10, it has 11`},
		"fragments that double":         {doubling(90), bad, `"selections"`},
		"fragments that double 7 times": {doubling(9), bad, `"selections"`},
		"a fragment within itself":      {"{me{...f}} fragment f on User{friend{...f}}", invalid, `Cannot spread fragment "f" within itself.`},
		"two fragments in a circle":     {"{me{...f}} fragment f on User{...g} fragment g on User{...f}", invalid, `Cannot spread fragment`},
		"a dense circle":                {"{me{...f0}}" + numbered(40, " fragment f%d on User{...f0 ...f1 ...f2 ...f3 ...f4}"), invalid, "Cannot spread fragment"},
		"a spread of nothing":           {"{me{...nothing}}", invalid, `Unknown fragment "nothing".`},
		"circular introspection":        {"{__schema{types{fields{type{fields{type{fields{name}}}}}}}}", invalid, "Maximum introspection depth exceeded"},
		"deep introspection":            {"{__schema{types{" + strings.Repeat("ofType{", 14) + "name" + strings.Repeat("}", 14) + "}}}", bad, `"introspectionDepth": at most 15, it has 17`},
		"long lists":                    {"{users(first:1000){friends(first:100){id}}}", string(vault.CodeComplexity), `"complexity": at most 5000, it has 101001`},
		"deferring":                     {"{me{id ...@defer{name}}}", bad, "@defer is not supported"},
		"deferring in a fragment":       {"{me{...f}} fragment f on User{...@defer(if:false){name}}", bad, "@defer is not supported"},
		"streaming":                     {"{users@stream(initialCount:1){id}}", bad, "@stream is not supported"},
		"deep lists":                    {"{users(extra:" + strings.Repeat("[", 2000) + strings.Repeat("]", 2000) + "){id}}", bad, `"tokens"`},
		"a long list of literals":       {"{users(extra:[" + strings.Repeat("1,", 5000) + "]){id}}", bad, `"tokens"`},
		"a huge integer":                {"{users(extra:" + strings.Repeat("9", 1000) + "){id}}", invalid, "The number is out of range."},
		"a huge float":                  {"{users(extra:1e999999){id}}", invalid, "The number is out of range."},
		"a huge number by default":      {"query($x:Anything=[99999999999999999999]){users(extra:$x){id}}", invalid, "The number is out of range."},
		"comments":                      {strings.Repeat("#\n", 5000) + "{__typename}", bad, `"tokens"`},
		"an endless string":             {`{call(name:"` + strings.Repeat("x", 100_000), string(graph.CodeParseFailed), "is not well formed"},
		"many operations":               {numbered(70, "query q%d{me{id name phone}}"), invalid, `"operationName" has to name one operation`},
		"suggestions of fields":         {"{mee{id}}", invalid, `Cannot query field "mee" on type "Query".`},
		"a subscription":                {"subscription{me{id}}", invalid, "Schema does not support operation type"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			srv := usual(t)
			start := time.Now()
			got := do(t, srv, request("POST", query(test.document), "Accept", "application/graphql-response+json"))
			if took := time.Since(start); took > prompt {
				t.Errorf("took %v", took)
			}
			if got.status != 400 || got.code() != test.code || got.Data != nil || !strings.Contains(got.Errors[0].Message, test.says) {
				t.Errorf("got %d %.500s", got.status, got.text)
			}
			if strings.Contains(got.text, "Did you mean") {
				t.Errorf("the schema is suggested: %s", got.text)
			}
			if len(got.text) > 8<<10 {
				t.Errorf("the answer has %d bytes", len(got.text))
			}
		})
	}
}

func TestAnExceededLimitIsTheOnlyError(t *testing.T) {
	got := do(t, usual(t), request("POST", query("{"+strings.Repeat("nothing @aa(x: 1) ", 31)+"}")))
	if len(got.Errors) != 1 || got.code() != string(vault.CodeBadRequest) {
		t.Errorf("got %s", got.text)
	}
}

func TestHostileVariablesAreRefusedOrHarmless(t *testing.T) {
	const document = "mutation($p: Profile!) { register(profile: $p) { id } }"
	deep := any("x")
	for range 50 {
		deep = map[string]any{"phone": "1", "nested": deep}
	}
	long := make([]any, 50_000)
	for i := range long {
		long[i] = "x"
	}
	for name, test := range map[string]struct {
		variables any
		status    int
	}{
		"nested":       {map[string]any{"p": deep}, 400},
		"a long list":  {map[string]any{"p": map[string]any{"phone": "1", "tags": long}}, 200},
		"a large text": {map[string]any{"p": map[string]any{"phone": strings.Repeat("x", 200_000)}}, 200},
		"too large":    {map[string]any{"p": map[string]any{"phone": strings.Repeat("x", 300_000)}}, 413},
		"a scalar":     {map[string]any{"p": 1}, 400},
		"a list":       {map[string]any{"p": []any{}}, 400},
		"no value":     {map[string]any{}, 400},
		"many unused":  {map[string]any{"p": map[string]any{"phone": "1"}, "q": long}, 200},
	} {
		start := time.Now()
		got := do(t, usual(t), request("POST", query(document, test.variables), "Accept", "application/graphql-response+json"))
		if took := time.Since(start); got.status != test.status || took > prompt {
			t.Errorf("%s: got %d in %v: %.300s", name, got.status, took, got.text)
		}
	}
}

// tools is the introspection that GraphiQL and the code generators send, by
// its shape: nine wrapping types, and three uses of them per field.
func tools() string {
	wrapped := "kind name" + strings.Repeat(" ofType{kind name", 9) + strings.Repeat("}", 9)
	return `query IntrospectionQuery{__schema{description queryType{name kind}mutationType{name kind}subscriptionType{name kind}
		types{...Full}directives{name description isRepeatable locations args(includeDeprecated:true){...Input}}}}
		fragment Full on __Type{kind name description specifiedByURL isOneOf
			fields(includeDeprecated:true){name description args(includeDeprecated:true){...Input}type{...Wrapped}isDeprecated deprecationReason}
			inputFields(includeDeprecated:true){...Input}interfaces{...Wrapped}
			enumValues(includeDeprecated:true){name description isDeprecated deprecationReason}possibleTypes{...Wrapped}}
		fragment Input on __InputValue{name description type{...Wrapped}defaultValue isDeprecated deprecationReason}
		fragment Wrapped on __Type{` + wrapped + `}`
}

func TestDocumentsWithinTheLimitsAreAnswered(t *testing.T) {
	for name, document := range map[string]string{
		"introspection of the tools": tools(),
		"ten levels":                 nested(10),
		"ten root fields":            "{" + strings.Repeat("__typename ", 10) + "}",
		"thirty aliases":             "{me{" + numbered(30, "a%d:id ") + "}}",
		"thirty directives":          "{me{" + strings.Repeat("id @include(if:true) ", 30) + "}}",
		"500 selections":             "{me{" + strings.Repeat("id ", 499) + "}}",
		"330 inline fragments":       "{" + strings.Repeat("...{", 330) + "__typename" + strings.Repeat("}", 330) + "}",
		"a page in a page":           "{users(first:100){friends(first:20){id}}}",
	} {
		start := time.Now()
		got := do(t, usual(t), request("POST", query(document)))
		if took := time.Since(start); got.status != 200 || len(got.Errors) != 0 || took > prompt {
			t.Errorf("%s: got %d in %v: %.300s", name, got.status, took, got.text)
		}
	}
}

func TestTheCostOfAnOperationIsKnownToResolvers(t *testing.T) {
	cost := 0
	srv := edge(t, graph.DefaultLimits(), func(ctx context.Context, _ string) (string, error) {
		cost = graph.OperationCost(ctx)
		return "", nil
	})
	do(t, srv, request("POST", query("{ call users(first: 40) { id } }")))
	if cost != 42 {
		t.Errorf("got %d, want 1 for call and 1 + 40 × 1 for users", cost)
	}
	if graph.OperationCost(t.Context()) != 0 {
		t.Error("a cost outside an operation")
	}
}

func TestNoLimitCanBeTurnedOff(t *testing.T) {
	for name, remove := range map[string]func(*graph.Limits){
		"BodyBytes":          func(l *graph.Limits) { l.BodyBytes = 0 },
		"Tokens":             func(l *graph.Limits) { l.Tokens = 0 },
		"Depth":              func(l *graph.Limits) { l.Depth = -1 },
		"IntrospectionDepth": func(l *graph.Limits) { l.IntrospectionDepth = 0 },
		"Aliases":            func(l *graph.Limits) { l.Aliases = 0 },
		"RootFields":         func(l *graph.Limits) { l.RootFields = 0 },
		"Directives":         func(l *graph.Limits) { l.Directives = 0 },
		"Selections":         func(l *graph.Limits) { l.Selections = 0 },
		"Complexity":         func(l *graph.Limits) { l.Complexity = 0 },
		"Errors":             func(l *graph.Limits) { l.Errors = 0 },
		"Documents":          func(l *graph.Limits) { l.Documents = 0 },
		"Timeout":            func(l *graph.Limits) { l.Timeout = 0 },
	} {
		limits := graph.DefaultLimits()
		remove(&limits)
		if err := limits.Apply(handler.New(edgetest.New(echo)), nil); err == nil {
			t.Errorf("%s is off", name)
		}
	}
}

func TestOnlyDocumentsWithoutTextAreKept(t *testing.T) {
	srv := usual(t)
	var seen []*graphql.OperationContext
	srv.AroundOperations(func(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
		seen = append(seen, graphql.GetOperationContext(ctx))
		return next(ctx)
	})
	for document, kept := range map[string]bool{
		"query($n: String) { call(name: $n) }":       true,
		"{ me { id } }":                              true,
		`{ call(name: "Aigerim") }`:                  false,
		`{ call(name: """Aigerim""") }`:              false,
		`query($n: String = "A") { call(name: $n) }`: false,
		"{ me { id } } # Aigerim":                    false,
	} {
		seen = nil
		do(t, srv, request("POST", query(document)))
		do(t, srv, request("POST", query(document)))
		if same := seen[0].Doc == seen[1].Doc; same != kept {
			t.Errorf("%s: kept %v", document, same)
		}
	}
}
