package graph

import (
	"testing"

	"github.com/99designs/gqlgen/complexity"
	"github.com/vektah/gqlparser/v2"

	"github.com/kelisim/kelisim/graph/generated"
)

func TestACountHasAPriceOfItsOwn(t *testing.T) {
	schema := generated.NewExecutableSchema((&Resolver{limits: DefaultLimits()}).Config())
	cost := func(query string) int {
		doc, err := gqlparser.LoadQueryWithRules(schema.Schema(), query, DefaultLimits().rules())
		if err != nil {
			t.Fatal(err)
		}
		return complexity.Calculate(t.Context(), schema, doc.Operations[0], nil)
	}
	without, with := cost(`{ users(first: 10) { nodes { id } } }`), cost(`{ users(first: 10) { nodes { id } totalCount } }`)
	if with-without != 10*countCost {
		t.Errorf("a page costs %d, and %d with its count", without, with)
	}
	if full := cost(`{ users(first: 100) { nodes { id profile { phone { value state } iin { value state } } } totalCount } }`); full > DefaultLimits().Complexity {
		t.Errorf("a full page with its count costs %d", full)
	}
}
