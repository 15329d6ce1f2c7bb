package graph

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
)

// maxNesting is how deep the objects and lists of a body may nest, the body
// itself counted. No input of the schema comes near it.
const maxNesting = 64

// decode reads a request's body. It is stricter than encoding/json: names
// match exactly, two members of one name are refused at every depth (two
// readers of one body must not see two requests), and nothing follows the
// object. Unknown members of the outermost object are ignored, as the
// specification of GraphQL over HTTP asks.
func decode(body []byte) (*graphql.RawParams, refusal) {
	if json.Valid(body) && body[bytes.IndexAny(body, "{[\"tfn-0123456789")] == '[' {
		return nil, refuseBatch
	}
	value, refused := decodeJSON(body)
	if refused != accepted {
		return nil, refused
	}
	members, ok := value.(map[string]any)
	if !ok {
		return nil, refuseSyntax
	}
	return paramsOf(members)
}

// decodeJSON reads one JSON value.
func decodeJSON(text []byte) (any, refusal) {
	if !utf8.Valid(text) || !json.Valid(text) {
		return nil, refuseSyntax
	}
	reader := strictReader{json.NewDecoder(bytes.NewReader(text))}
	reader.UseNumber()
	return reader.value(maxNesting)
}

// paramsOf checks the shape of the members GraphQL knows.
func paramsOf(members map[string]any) (*graphql.RawParams, refusal) {
	variables, ok := optional[map[string]any](members, "variables")
	if !ok {
		return nil, refuseVariables
	}
	extensions, ok := optional[map[string]any](members, "extensions")
	if !ok {
		return nil, refuseExtensions
	}
	operation, ok := optional[string](members, "operationName")
	if !ok {
		return nil, refuseName
	}
	query, ok := optional[string](members, "query")
	// A client that knows a document's hash sends no query.
	if !ok || query == "" && extensions["persistedQuery"] == nil {
		return nil, refuseQuery
	}
	return &graphql.RawParams{Query: query, OperationName: operation, Variables: variables, Extensions: extensions}, accepted
}

// optional is a member of type T, or the zero T when it is absent or null.
func optional[T any](members map[string]any, name string) (T, bool) {
	var zero T
	if members[name] == nil {
		return zero, true
	}
	value, ok := members[name].(T)
	return value, ok
}

// strictReader builds values from the tokens of valid JSON.
type strictReader struct{ *json.Decoder }

func (r strictReader) value(depth int) (any, refusal) {
	token, err := r.Token()
	if err != nil {
		return nil, refuseSyntax
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return token, accepted
	}
	if depth == 0 {
		return nil, refuseNesting
	}
	if delim == '{' {
		return r.object(depth - 1)
	}
	return r.list(depth - 1)
}

func (r strictReader) object(depth int) (any, refusal) {
	members := map[string]any{}
	for r.More() {
		name, err := r.Token()
		if err != nil {
			return nil, refuseSyntax
		}
		key, _ := name.(string)
		if _, twice := members[key]; twice {
			return nil, refuseDuplicate
		}
		value, refused := r.value(depth)
		if refused != accepted {
			return nil, refused
		}
		members[key] = value
	}
	return members, r.end()
}

func (r strictReader) list(depth int) (any, refusal) {
	items := []any{}
	for r.More() {
		item, refused := r.value(depth)
		if refused != accepted {
			return nil, refused
		}
		items = append(items, item)
	}
	return items, r.end()
}

// end reads the closing bracket.
func (r strictReader) end() refusal {
	if _, err := r.Token(); err != nil {
		return refuseSyntax
	}
	return accepted
}
