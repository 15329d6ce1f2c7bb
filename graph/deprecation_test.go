package graph

import (
	"context"
	"slices"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// ageing is a schema in which one thing of each sort is to be removed.
const ageing = `
	enum Kind { NEW OLD @deprecated(reason: "Use NEW. Removed after 2027-04-01.") }
	input Filter { kind: Kind and: [Filter!] name: String @deprecated(reason: "Use kind. Removed after 2027-04-01.") }
	type User { id: ID! friend: User name: String @deprecated(reason: "Use id. Removed after 2027-04-01.") }
	type Query {
		user(id: ID): User
		users(filter: Filter, kinds: [Kind!], after: ID @deprecated(reason: "Use filter. Removed after 2027-04-01.")): [User!]!
	}`

func TestWhatIsToBeRemovedIsCountedWhereItIsUsed(t *testing.T) {
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: ageing})
	all := []string{"Filter.name", "Kind.OLD", "Query.users(after:)", "User.name"}
	if got := Deprecated(schema); !slices.Equal(got, all) {
		t.Errorf("to be removed: %v, not %v", got, all)
	}
	for document, c := range map[string]struct {
		variables map[string]any
		want      []string
	}{
		`{ user { id friend { id __typename } } users(filter: {kind: NEW}) { id } }`: {},
		`{ user { friend { name friend { name } } } }`:                               {want: []string{"User.name"}},
		`{ user { ...a friend { ...a } } } fragment a on User { ... { name } }`:      {want: []string{"User.name"}},
		`{ users(after: "x") { id } }`:                                               {want: []string{"Query.users(after:)"}},
		`{ users(filter: {and: [{name: "Anna"}]}, kinds: [NEW, OLD]) { id } }`:       {want: []string{"Filter.name", "Kind.OLD"}},
		`query($f: Filter) { users(filter: $f) { id } }`: {
			variables: map[string]any{"f": map[string]any{"and": []any{map[string]any{"kind": "OLD", "name": "Anna"}}}},
			want:      []string{"Filter.name", "Kind.OLD"},
		},
		`query($k: [Kind!], $i: ID) { users(kinds: $k) { id } user(id: $i) { id } }`: {
			variables: map[string]any{"k": []any{"NEW"}, "i": "OLD"},
		},
		`query A { user { id } } query B { user { name } }`: {},
	} {
		doc, errs := gqlparser.LoadQueryWithRules(schema, document, nil)
		if errs != nil {
			t.Fatalf("%s: %v", document, errs)
		}
		var got []string
		count := countDeprecated(schema, func(coordinate string) { got = append(got, coordinate) })
		ctx := graphql.WithOperationContext(t.Context(), &graphql.OperationContext{Operation: doc.Operations[0], Variables: c.variables})
		count(ctx, func(context.Context) graphql.ResponseHandler { return nil })
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, not %v", document, got, c.want)
		}
	}
}
