package graph

import (
	"context"
	"net/http"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/kelisim/kelisim/graph/generated"
	"github.com/kelisim/kelisim/vault"
)

// NewServer answers GraphQL over HTTP within the limits. Requests have to
// carry what WithRequest puts into their context. Only callers for whom
// introspect is true may ask what the schema looks like.
func NewServer(r *Resolver, limits Limits, introspect func(vault.Actor) bool) (*handler.Server, error) {
	srv := handler.New(generated.NewExecutableSchema(r.Config()))
	if err := limits.Apply(srv); err != nil {
		return nil, err
	}
	srv.SetErrorPresenter(r.Present)
	srv.SetRecoverFunc(r.Recover)
	srv.Use(extension.Introspection{})
	srv.AroundOperations(countDeprecated(Schema(), r.Deprecated))
	srv.AroundOperations(func(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
		op := graphql.GetOperationContext(ctx)
		op.DisableIntrospection = !introspect(from(ctx).actor)
		if op.DisableIntrospection && introspects(op) {
			return graphql.OneShot(&graphql.Response{Errors: gqlerror.List{r.Present(ctx, r.refusal(ctx, "introspection"))}})
		}
		return next(ctx)
	})
	return srv, nil
}

// introspects reports whether an operation asks what the schema looks like.
func introspects(op *graphql.OperationContext) bool {
	roots := graphql.CollectFields(op, op.Operation.SelectionSet, []string{"Query", "Mutation"})
	return slices.ContainsFunc(roots, func(f graphql.CollectedField) bool { return f.Name == "__schema" || f.Name == "__type" })
}

// Refuse answers a request that is refused before it is read, as GraphQL
// clients expect it: for a token that is not valid, above all.
func (r *Resolver) Refuse(w http.ResponseWriter, req *http.Request, err error) {
	ctx, meta := WithMeta(req.Context())
	a := answer{w: w, media: negotiate(req.Header.Values("Accept")), meta: meta, maxErrors: 1}
	a.head()
	presented := r.Present(ctx, err)
	status := statusOfCode(codeOf(presented))
	if status == 0 {
		status = http.StatusBadRequest
	}
	a.send(status, &graphql.Response{Errors: gqlerror.List{presented}})
}
