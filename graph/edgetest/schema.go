// Package edgetest is a small GraphQL schema, executed without generated code,
// for tests of the HTTP edge. Its types are shaped like the product's; its
// values mean nothing.
package edgetest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

const source = `
	scalar Anything
	enum Kind { STAFF SUBJECT }
	input Profile { phone: String! age: Int kind: Kind tags: [String!] nested: Profile extra: Anything }
	input By @oneOf { phone: String email: String }
	interface Node { id: ID! }
	type User implements Node { id: ID! name: String phone: String friend: User friends(first: Int): [User!] }
	type Query {
		me: User
		node(id: ID!): Node
		user(id: ID!): User!
		users(first: Int, kind: Kind, ratio: Float, active: Boolean, extra: Anything): [User!]
		find(by: By!): [User!]
		call(name: String): String
		must(name: String): String!
	}
	type Mutation { register(profile: Profile!): User }
`

// Schema implements graphql.ExecutableSchema. Every field of an object type is
// one object, every list holds one item, every leaf is "text", but call and
// must are what Call answers.
type Schema struct {
	Call   func(ctx context.Context, name string) (string, error)
	parsed *ast.Schema
}

var _ graphql.ExecutableSchema = (*Schema)(nil)

// New makes a schema whose fields call and must answer what call does.
func New(call func(ctx context.Context, name string) (string, error)) *Schema {
	return &Schema{Call: call, parsed: gqlparser.MustLoadSchema(&ast.Source{Name: "edgetest", Input: source})}
}

// Schema implements graphql.ExecutableSchema.
func (s *Schema) Schema() *ast.Schema { return s.parsed }

// Complexity implements graphql.ExecutableSchema: a list costs first times
// what one item costs.
func (s *Schema) Complexity(_ context.Context, _, _ string, child int, args map[string]any) (int, bool) {
	switch first := args["first"].(type) {
	case int64:
		return 1 + int(first)*child, true
	case json.Number:
		n, err := first.Int64()
		return 1 + int(n)*child, err == nil
	}
	return 0, false
}

// Exec implements graphql.ExecutableSchema.
func (s *Schema) Exec(ctx context.Context) graphql.ResponseHandler {
	op := graphql.GetOperationContext(ctx)
	root := s.parsed.Query
	if op.Operation.Operation == ast.Mutation {
		root = s.parsed.Mutation
	}
	done := false
	return func(ctx context.Context) *graphql.Response {
		if done {
			return nil
		}
		done = true
		var out strings.Builder
		if !s.object(ctx, &out, root, op.Operation.SelectionSet) {
			return &graphql.Response{Data: json.RawMessage("null")}
		}
		return &graphql.Response{Data: json.RawMessage(out.String())}
	}
}

// object writes an object; false is a null that goes up to the parent.
func (s *Schema) object(ctx context.Context, out *strings.Builder, def *ast.Definition, set ast.SelectionSet) bool {
	satisfies := append([]string{def.Name}, def.Interfaces...)
	out.WriteByte('{')
	for i, field := range graphql.CollectFields(graphql.GetOperationContext(ctx), set, satisfies) {
		if i > 0 {
			out.WriteByte(',')
		}
		fmt.Fprintf(out, "%q:", field.Alias)
		if !s.field(ctx, out, def, field) {
			return false
		}
	}
	out.WriteByte('}')
	return true
}

func (s *Schema) field(ctx context.Context, out *strings.Builder, def *ast.Definition, field graphql.CollectedField) bool {
	switch field.Name {
	case "__typename":
		fmt.Fprintf(out, "%q", def.Name)
		return true
	case "__schema", "__type":
		out.WriteString("null")
		return true
	case "call", "must":
		return s.call(ctx, out, field)
	}
	list := field.Definition.Type.Elem != nil
	if list {
		out.WriteByte('[')
	}
	inner := s.parsed.Types[field.Definition.Type.Name()]
	switch {
	case inner.IsLeafType():
		out.WriteString(`"text"`)
	case !s.object(ctx, out, s.parsed.GetPossibleTypes(inner)[0], field.Selections):
		return false
	}
	if list {
		out.WriteByte(']')
	}
	return true
}

func (s *Schema) call(ctx context.Context, out *strings.Builder, field graphql.CollectedField) bool {
	name, _ := field.ArgumentMap(graphql.GetOperationContext(ctx).Variables)["name"].(string)
	text, err := s.Call(ctx, name)
	if err == nil {
		fmt.Fprintf(out, "%q", text)
		return true
	}
	graphql.AddError(ctx, gqlerror.WrapPath(ast.Path{ast.PathName(field.Alias)}, err))
	out.WriteString("null")
	return field.Name == "call"
}
