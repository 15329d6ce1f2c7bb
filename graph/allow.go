package graph

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/kelisim/kelisim/vault"
)

// allow is the @allow directive: who may call a root field. What they may see
// there is decided in the vault. A refusal of somebody with a token is an
// event; of somebody without, it is counted.
func (r *Resolver) allow(ctx context.Context, _ any, next graphql.Resolver, roles []vault.Role) (any, error) {
	actor := from(ctx).actor
	if len(actor.Roles) == 0 {
		actor.Roles = []vault.Role{vault.Anonymous}
	}
	if _, ok := actor.Allowed(roles...); ok {
		return next(ctx)
	}
	field := graphql.GetFieldContext(ctx)
	operation := field.Object + "." + field.Field.Name
	return nil, r.refusal(ctx, operation)
}

// refusal notes that the caller may not call an operation, and words it.
func (r *Resolver) refusal(ctx context.Context, operation string) error {
	actor := from(ctx).actor
	r.refused(ctx, actor, operation)
	if !actor.Authenticated() {
		return vault.NewError(vault.CodeUnauthenticated, "this needs a token: send it as Authorization: Bearer …")
	}
	return vault.NewError(vault.CodeForbidden, "the token's role may not call this").With("operation", operation)
}

// refused notes a refusal: as an event, or in the count of those without a token.
func (r *Resolver) refused(ctx context.Context, actor vault.Actor, operation string) {
	if !actor.Authenticated() {
		r.Denied(operation)
		return
	}
	if err := r.Vault.Deny(ctx, actor, operation); err != nil {
		r.Log.LogAttrs(ctx, slog.LevelError, "a refusal could not be recorded", slog.String("operation", operation),
			slog.String("requestId", actor.RequestID), slog.Any("error", err))
	}
}

// CheckAllowed refuses a schema in which a root field does not say who may
// call it.
func CheckAllowed(schema *ast.Schema) error {
	var bare []string
	for _, root := range []*ast.Definition{schema.Query, schema.Mutation, schema.Subscription} {
		if root == nil {
			continue
		}
		for _, f := range root.Fields {
			allow := f.Directives.ForName("allow")
			if !strings.HasPrefix(f.Name, "__") && (allow == nil || len(allow.Arguments) != 1 || len(allow.Arguments[0].Value.Children) == 0) {
				bare = append(bare, root.Name+"."+f.Name)
			}
		}
	}
	if len(bare) > 0 {
		slices.Sort(bare)
		return fmt.Errorf("schema: these fields do not say who may call them (@allow): %s", strings.Join(bare, ", "))
	}
	return nil
}

// profileType is the object whose fields are the typed personal fields.
const profileType = "Profile"

// Catalogue reads the typed fields out of the schema's @personal directives:
// the schema is the catalogue of what the product can hold. The labels and
// what helps to fill them in are the product's own words.
func Catalogue(schema *ast.Schema, labels, helps map[string]vault.Words) (vault.Catalogue, error) {
	var out vault.Catalogue
	for _, f := range schema.Types[profileType].Fields {
		d := f.Directives.ForName("personal")
		if d == nil {
			continue
		}
		values := d.ArgumentMap(nil)
		text := func(name string) string { s, _ := values[name].(string); return s }
		field := vault.Field{
			Code: text("code"), Class: vault.FieldClass(text("class")), Kind: vault.FieldKind(text("kind")),
			Mask: vault.FieldMask(text("mask")), Index: vault.FieldIndex(text("index")), Label: labels[f.Name], Help: helps[f.Name],
		}
		switch {
		case field.Code != f.Name:
			return nil, fmt.Errorf("schema: field Profile.%s has the code %q; the two are one", f.Name, field.Code)
		case len(field.Label) == 0:
			return nil, fmt.Errorf("schema: field Profile.%s has no labels", f.Name)
		case len(field.Help) == 0:
			return nil, fmt.Errorf("schema: field Profile.%s has nothing that helps to fill it in", f.Name)
		}
		out = append(out, field)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("schema: type %s has no personal fields", profileType)
	}
	return out, nil
}
