package graph

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/kelisim/kelisim/graph/generated"
	"github.com/kelisim/kelisim/vault"
)

// Present words an error for the client, once. What the vault says is passed
// on with its code and parameters; everything else is INTERNAL with the
// request id, and its cause goes to the log.
func (r *Resolver) Present(ctx context.Context, err error) *gqlerror.Error {
	var given *gqlerror.Error
	errors.As(err, &given)
	out := &gqlerror.Error{Path: graphql.GetPath(ctx)}
	if given != nil {
		out.Locations = given.Locations
		if given.Path != nil {
			out.Path = given.Path
		}
	}
	var known *vault.Error
	if vault.CodeOf(err) == vault.CodeUnavailable && ctx.Err() != nil {
		err = ctx.Err() // the back end had no time left; nothing is wrong with it
	}
	switch {
	case errors.As(err, &known):
		r.presentKnown(ctx, out, known, err)
	case errors.Is(err, context.DeadlineExceeded):
		r.extend(ctx, out, vault.CodeTimeout, "the operation took too long; ask for less, or try again")
	case errors.Is(err, context.Canceled):
		r.extend(ctx, out, vault.CodeTimeout, "nobody waits for this answer any more")
	case given != nil && given.Extensions["code"] != nil: // gqlparser's, scrubbed by the transport
		return given
	case given != nil && argumentError(ctx):
		r.extend(ctx, out, vault.CodeBadRequest, "an argument or input value is not of its type; path says which")
	default:
		r.internal(ctx, out, err)
	}
	return out
}

// argumentError reports whether gqlgen failed to read an argument: then the
// field has none, where its definition has some. The text may hold the value,
// so it is not passed on.
func argumentError(ctx context.Context) bool {
	field := graphql.GetFieldContext(ctx)
	return field != nil && field.Args == nil && field.Field.Definition != nil && len(field.Field.Definition.Arguments) > 0
}

func (r *Resolver) presentKnown(ctx context.Context, out *gqlerror.Error, known *vault.Error, cause error) {
	code := known.Code
	switch {
	case slices.Contains(edgeCodes, code):
	case code == vault.CodeInternal || !code.OfRequest() && !code.OfPayload():
		r.internal(ctx, out, cause)
		return
	case code == vault.CodeUnavailable:
		MetaFrom(ctx).Refuse(http.StatusServiceUnavailable, 0) // and when to come back, if nothing else is answered
		r.Log.LogAttrs(ctx, slog.LevelError, "a back end is not available", slog.String("requestId", from(ctx).actor.RequestID),
			slog.String("path", out.Path.String()), slog.Any("error", cause))
	case code.OfPayload(): // of an argument of a query, where there is no payload
		code = vault.CodeBadRequest
	}
	r.extend(ctx, out, code, known.Message)
	if len(known.Path) > 0 {
		out.Extensions["input"] = known.Path
	}
	for name, values := range parameters(known) {
		if len(values) == 1 && name != "missing" {
			out.Extensions[name] = values[0]
		} else {
			out.Extensions[name] = values
		}
	}
}

func (r *Resolver) internal(ctx context.Context, out *gqlerror.Error, cause error) {
	r.Log.LogAttrs(ctx, slog.LevelError, "an operation failed", slog.String("requestId", from(ctx).actor.RequestID),
		slog.String("path", out.Path.String()), slog.Any("error", cause))
	r.extend(ctx, out, vault.CodeInternal, "something went wrong on our side; try again, and give support the requestId if it stays")
}

func (r *Resolver) extend(ctx context.Context, out *gqlerror.Error, code vault.Code, message string) {
	out.Message = message
	out.Extensions = map[string]any{"code": string(code)}
	if id := from(ctx).actor.RequestID; id != "" {
		out.Extensions["requestId"] = id
	}
}

// Recover turns a panic into an error that is masked like any other.
func (r *Resolver) Recover(ctx context.Context, _ any) error {
	// What was panicked with may hold a value; the stack holds none.
	r.Log.LogAttrs(ctx, slog.LevelError, "a resolver panicked", slog.String("requestId", from(ctx).actor.RequestID),
		slog.String("stack", string(debug.Stack())))
	return vault.NewError(vault.CodeInternal, "a resolver panicked")
}

// parameters are an error's figures by name, with ids as clients know them.
func parameters(e *vault.Error) map[string][]string {
	out := map[string][]string{}
	for _, p := range e.Params {
		out[p.Name] = append(out[p.Name], paramValue(p))
	}
	return out
}

func paramValue(p vault.Param) string {
	if p.Name == "policyVersionId" {
		if id, err := uuid.Parse(p.Value); err == nil {
			return ID(typeVersion, id)
		}
	}
	return p.Value
}

// maxUserErrors is how many mistakes of one input are answered.
const maxUserErrors = 50

// userErrors are an error as a payload's userErrors, each placed under the
// input's field it came from. An error that is not the person's to put right
// is returned as it is.
func userErrors(err error) ([]generated.UserError, error) {
	if err == nil {
		return []generated.UserError{}, nil
	}
	var all vault.Errors
	if !errors.As(err, &all) {
		var one *vault.Error
		if !errors.As(err, &one) {
			return nil, err
		}
		all = vault.Errors{one}
	}
	all = all[:min(len(all), maxUserErrors)]
	out := make([]generated.UserError, len(all))
	for i, e := range all {
		if !e.Code.OfPayload() {
			return nil, err
		}
		out[i] = generated.UserError{Code: e.Code, Message: e.Message, Path: e.Path, Parameters: []generated.ErrorParameter{}}
		if out[i].Path == nil {
			out[i].Path = []string{}
		}
		for _, p := range e.Params {
			out[i].Parameters = append(out[i].Parameters, generated.ErrorParameter{Name: p.Name, Value: paramValue(p)})
		}
	}
	return out, nil
}

// notFoundAs words ErrNotFound about an input's id.
func notFoundAs(err error, path ...string) error {
	if errors.Is(err, vault.ErrNotFound) {
		return vault.ErrNotFound.At(path...)
	}
	return err
}
