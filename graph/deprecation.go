package graph

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

const deprecatedDirective = "deprecated"

// Deprecated lists what of a schema is to be removed, by schema coordinate:
// User.name, Query.users(filter:), UserFilter.status, Role.SYSTEM.
func Deprecated(schema *ast.Schema) []string {
	found := coordinates{}
	for _, def := range schema.Types {
		for _, field := range def.Fields {
			at := def.Name + "." + field.Name
			found.add(field.Directives, at)
			for _, arg := range field.Arguments {
				found.add(arg.Directives, argumentOf(at, arg.Name))
			}
		}
		for _, value := range def.EnumValues {
			found.add(value.Directives, def.Name+"."+value.Name)
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// countDeprecated tells of each operation what it uses of a schema that is to be
// removed, each coordinate once.
func countDeprecated(schema *ast.Schema, used func(coordinate string)) graphql.OperationMiddleware {
	none := len(Deprecated(schema)) == 0
	return func(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
		if op := graphql.GetOperationContext(ctx); !none {
			for coordinate := range usedOf(schema, op.Operation, op.Variables) {
				used(coordinate)
			}
		}
		return next(ctx)
	}
}

// coordinates are what was found to be deprecated.
type coordinates map[string]struct{}

func (c coordinates) add(directives ast.DirectiveList, coordinate string) {
	if directives.ForName(deprecatedDirective) != nil {
		c[coordinate] = struct{}{}
	}
}

func argumentOf(field, argument string) string { return field + "(" + argument + ":)" }

// usage walks one operation that was found valid.
type usage struct {
	schema    *ast.Schema
	found     coordinates
	fragments map[*ast.FragmentDefinition]bool // that were walked
}

func usedOf(schema *ast.Schema, op *ast.OperationDefinition, variables map[string]any) coordinates {
	u := usage{schema: schema, found: coordinates{}, fragments: map[*ast.FragmentDefinition]bool{}}
	u.set(op.SelectionSet)
	for _, variable := range op.VariableDefinitions {
		u.given(variable.Type, variables[variable.Variable])
	}
	return u.found
}

func (u usage) set(selections ast.SelectionSet) {
	for _, selection := range selections {
		switch s := selection.(type) {
		case *ast.Field:
			u.field(s)
		case *ast.InlineFragment:
			u.set(s.SelectionSet)
		case *ast.FragmentSpread:
			if !u.fragments[s.Definition] {
				u.fragments[s.Definition] = true
				u.set(s.Definition.SelectionSet)
			}
		}
	}
}

func (u usage) field(f *ast.Field) {
	if strings.HasPrefix(f.Name, "__") {
		return
	}
	at := f.ObjectDefinition.Name + "." + f.Name
	u.found.add(f.Definition.Directives, at)
	for _, arg := range f.Arguments {
		if def := f.Definition.Arguments.ForName(arg.Name); def != nil {
			u.found.add(def.Directives, argumentOf(at, arg.Name))
			u.written(arg.Value)
		}
	}
	u.set(f.SelectionSet)
}

// written looks into a value that stands in the document.
func (u usage) written(value *ast.Value) {
	if value.Kind == ast.EnumValue && value.Definition != nil {
		u.enum(value.Definition, value.Raw)
	}
	for _, child := range value.Children { // of a list, or of an object
		if value.Kind == ast.ObjectValue && value.Definition != nil {
			u.member(value.Definition, child.Name)
		}
		u.written(child.Value)
	}
}

// given looks into the value of a variable.
func (u usage) given(of *ast.Type, value any) {
	def := u.schema.Types[of.Name()]
	switch value := value.(type) {
	case []any:
		for _, one := range value {
			u.given(of, one)
		}
	case map[string]any:
		for name, inner := range value {
			if field := u.member(def, name); field != nil {
				u.given(field.Type, inner)
			}
		}
	case string:
		u.enum(def, value)
	}
}

func (u usage) member(of *ast.Definition, name string) *ast.FieldDefinition {
	field := of.Fields.ForName(name)
	if field != nil {
		u.found.add(field.Directives, of.Name+"."+name)
	}
	return field
}

func (u usage) enum(of *ast.Definition, name string) {
	if value := of.EnumValues.ForName(name); value != nil {
		u.found.add(value.Directives, of.Name+"."+name)
	}
}
