package graph

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"

	"github.com/kelisim/kelisim/graph/generated"
)

// Schema is the parsed schema.
func Schema() *ast.Schema { return generated.NewExecutableSchema(generated.Config{}).Schema() }

// SchemaText is the schema as clients' tools read it.
func SchemaText() []byte {
	var out strings.Builder
	formatter.NewFormatter(&out, formatter.WithIndent("  ")).FormatSchema(Schema())
	return []byte(out.String())
}
