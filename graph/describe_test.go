package graph_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/kelisim/kelisim/graph"
)

func TestEverythingInTheSchemaIsDescribed(t *testing.T) {
	for _, name := range undescribed(graph.Schema()) {
		t.Errorf("%s has no description", name)
	}
}

func TestNothingWithoutADescriptionIsOverlooked(t *testing.T) {
	got := undescribed(gqlparser.MustLoadSchema(&ast.Source{Input: `
		directive @mark(as: String) on FIELD_DEFINITION
		scalar Day
		enum Colour { RED }
		input Filter { colour: Colour }
		interface Named { name: String }
		type Person implements Named { name: String bornOn(zone: String): Day }
		union Anybody = Person
		"" type Query { people(filter: Filter): [Anybody] @mark }
		"Described." type Other { "Described." name("Described." of: String): String }
	`}))
	want := []string{
		"@mark", "@mark.as", "Anybody", "Colour", "Colour.RED", "Day", "Filter", "Filter.colour", "Named", "Named.name",
		"Person", "Person.bornOn", "Person.bornOn.zone", "Person.name", "Query", "Query.people", "Query.people.filter",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// undescribed names what of the schema has no description, sorted. What
// GraphQL itself brings along is left out.
func undescribed(schema *ast.Schema) (missing []string) {
	look := func(description string, names ...string) {
		if strings.TrimSpace(description) == "" {
			missing = append(missing, strings.Join(names, "."))
		}
	}
	arguments := func(list ast.ArgumentDefinitionList, names ...string) {
		for _, argument := range list {
			look(argument.Description, append(slices.Clone(names), argument.Name)...)
		}
	}
	for _, directive := range schema.Directives {
		if directive.Position.Src.BuiltIn {
			continue
		}
		look(directive.Description, "@"+directive.Name)
		arguments(directive.Arguments, "@"+directive.Name)
	}
	for _, definition := range schema.Types {
		if definition.BuiltIn {
			continue
		}
		look(definition.Description, definition.Name)
		for _, value := range definition.EnumValues {
			look(value.Description, definition.Name, value.Name)
		}
		for _, field := range definition.Fields {
			if strings.HasPrefix(field.Name, "__") { // of GraphQL: __schema, __type
				continue
			}
			look(field.Description, definition.Name, field.Name)
			arguments(field.Arguments, definition.Name, field.Name)
		}
	}
	slices.Sort(missing)
	return missing
}
