package graph

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// readURL takes an operation out of the URL of a GET. Documents about the
// schema are all that is answered to one: values in a URL end in the logs of
// whatever stands between, so that nothing of a person is asked for there.
func readURL(_ http.ResponseWriter, r *http.Request, media string) (*graphql.RawParams, refusal) {
	asked, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || !asked.Has("query") && !asked.Has("extensions") {
		return nil, refuseMethod
	}
	if media == "" {
		return nil, refuseAccept
	}
	members := map[string]any{}
	for name, values := range asked {
		if len(values) > 1 {
			return nil, refuseDuplicate
		}
		members[name] = values[0]
	}
	for _, name := range []string{"variables", "extensions"} {
		text, ok := members[name].(string)
		if !ok {
			continue
		}
		value, refused := decodeJSON([]byte(text))
		if refused != accepted {
			return nil, refused
		}
		members[name] = value
	}
	return paramsOf(members)
}

// ofSchema reports whether an operation asks about the schema and nothing else.
func ofSchema(op *graphql.OperationContext) bool {
	if op.Operation.Operation != ast.Query {
		return false
	}
	roots := graphql.CollectFields(op, op.Operation.SelectionSet, []string{"Query"})
	return !slices.ContainsFunc(roots, func(f graphql.CollectedField) bool { return !strings.HasPrefix(f.Name, "__") })
}
