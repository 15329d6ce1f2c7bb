package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/kelisim/kelisim/vault"
)

// ahead reads at once what the fields of a page of people are going to ask for
// one by one: the people in every app that is meant, what is missing of them,
// and their profiles under all aliases and on all grounds. gqlgen starts those
// fields row by row, and one list only after the other, so neither a timer nor
// a count can tell that nobody else will ask. The selection can, and it is
// known before the first row; the fields find their answers prepared, errors
// among them, so that each fails in its own place.
func (r *Resolver) ahead(ctx context.Context, page []vault.User) {
	if len(page) == 0 {
		return
	}
	req := from(ctx)
	apps := map[string][]*vault.Person{}
	var reveals []*vault.RevealRequest
	var missing []*vault.Person
	for _, field := range ofPeople(ctx) {
		app, needsPerson := field.Args["app"].(*string)
		if !needsPerson {
			continue
		}
		code, err := req.appOr(app)
		if err != nil {
			continue
		}
		if apps[code] == nil {
			apps[code] = req.prepare(ctx, code, page)
		}
		switch field.Field.Name {
		case "missingFields":
			missing = append(missing, apps[code]...)
		case "profile":
			for _, p := range apps[code] {
				if ask, err := r.revealRequest(ctx, field, p); err == nil {
					reveals = append(reveals, ask)
				}
			}
		}
	}
	req.missing.prepare(ctx, missing)
	req.reveals.prepare(ctx, reveals)
}

// prepare reads people as they stand in an app, and answers those there are.
func (req *request) prepare(ctx context.Context, app string, page []vault.User) []*vault.Person {
	keys := make([]personKey, len(page))
	for i, u := range page {
		keys[i] = personKey{app, u.ID}
	}
	req.people.prepare(ctx, keys)
	out := make([]*vault.Person, 0, len(page))
	for _, key := range keys {
		if p, err := req.people.get(ctx, key); err == nil {
			out = append(out, p)
		}
	}
	return out
}

// ofPeople are the fields selected of the people below the current field,
// through edges, nodes and fragments, with their arguments. One whose
// arguments cannot be read is left out: that is reported when it is resolved.
func ofPeople(ctx context.Context) []*graphql.FieldContext {
	op := graphql.GetOperationContext(ctx)
	quiet := graphql.WithResponseContext(ctx, func(context.Context, error) *gqlerror.Error { return nil }, op.Recover)
	var out []*graphql.FieldContext
	var below func(at *graphql.FieldContext)
	below = func(at *graphql.FieldContext) {
		of := at.Field.Definition.Type.Name()
		for _, f := range graphql.CollectFields(op, at.Field.Selections, []string{of, "Node"}) {
			child, err := at.Child(quiet, f)
			switch {
			case err != nil:
			case of == typeUser:
				out = append(out, child)
			default:
				below(child)
			}
		}
	}
	below(graphql.GetFieldContext(ctx))
	return out
}
