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

// Options are how a server answers.
type Options struct {
	Limits Limits
	// Introspect reports whether a caller may ask what the schema looks like.
	Introspect func(vault.Actor) bool
	// Trusted are the documents that apps were released with; nil: none are known.
	Trusted *Documents
}

// NewServer answers GraphQL over HTTP. Requests have to carry what WithRequest
// puts into their context.
func NewServer(r *Resolver, o Options) (*handler.Server, error) {
	r.limits = o.Limits
	srv := handler.New(generated.NewExecutableSchema(r.Config()))
	if err := o.Limits.Apply(srv, o.Trusted); err != nil {
		return nil, err
	}
	srv.SetErrorPresenter(r.Present)
	srv.SetRecoverFunc(r.Recover)
	srv.Use(extension.Introspection{})
	srv.AroundOperations(countDeprecated(Schema(), r.Deprecated))
	srv.AroundOperations(func(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
		op := graphql.GetOperationContext(ctx)
		op.DisableIntrospection = !o.Introspect(from(ctx).actor)
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
	a := answer{w: w, media: negotiate(req.Header.Values("Accept")), meta: meta, limits: r.limits}
	a.head()
	presented := r.Present(ctx, err)
	status := statusOfCode(codeOf(presented))
	if status == 0 {
		status = http.StatusBadRequest
	}
	a.send(status, &graphql.Response{Errors: gqlerror.List{presented}})
}
