package graph

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"

	"github.com/kelisim/kelisim/vault"
)

// Trust is what becomes of a document that no app was released with.
type Trust string

// How much is asked of documents, from nothing to everything.
const (
	TrustOff     Trust = "off"     // it is answered
	TrustLog     Trust = "log"     // it is answered, and reported
	TrustEnforce Trust = "enforce" // it is refused, and reported
)

// Documents are those that apps were released with. Clients may send the hash
// of one instead of its text, in the way of Apollo's persisted queries; but no
// client adds to them.
type Documents struct {
	// Text answers the document with a SHA-256 in lower-case hex.
	Text func(hash string) (string, bool)
	// Trust is what holds for a caller.
	Trust func(vault.Actor) Trust
	// Unknown is told of a document that no app was released with, and whether it
	// was refused. Of one that was answered it gets the fields at the root.
	Unknown func(ctx context.Context, a vault.Actor, refused bool, roots []string)
}

// CheckDocument reports why a document would be refused to everybody: it does
// not fit the schema, or is over a limit.
func (l Limits) CheckDocument(schema *ast.Schema, text string) error {
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, l.Tokens)
	if err != nil {
		return err
	}
	if errs := validator.ValidateWithRules(schema, doc, l.rules()); len(errs) > 0 {
		return errs
	}
	return nil
}

// admit puts a document in the place of its hash, and refuses what this caller
// may not send. known tells whether an app was released with the document.
func (d *Documents) admit(ctx context.Context, params *graphql.RawParams) (known bool, refused refusal) {
	if d == nil {
		if params.Extensions["persistedQuery"] != nil {
			return false, refusePersisted
		}
		return true, accepted
	}
	hash, persisted, refused := persistedHash(params.Extensions)
	switch {
	case refused != accepted:
		return false, refused
	case params.Query == "":
		if params.Query, known = d.Text(hash); !known {
			return false, refuseUnknownHash
		}
		return true, accepted
	}
	sum := sha256.Sum256([]byte(params.Query))
	actual := hex.EncodeToString(sum[:])
	if persisted && hash != actual {
		return false, refuseHash
	}
	actor := from(ctx).actor
	if _, known = d.Text(actual); !known && d.Trust(actor) == TrustEnforce {
		d.Unknown(ctx, actor, true, nil)
		return false, refuseUntrusted
	}
	return known, accepted
}

// report tells of a document that was let through though no app was released
// with it. Names of fields are the schema's: nothing of the client's is told.
func (d *Documents) report(ctx context.Context, op *graphql.OperationContext) {
	actor := from(ctx).actor
	if d.Trust(actor) != TrustLog {
		return
	}
	var roots []string
	for _, field := range graphql.CollectFields(op, op.Operation.SelectionSet, []string{"Query", "Mutation"}) {
		if !slices.Contains(roots, field.Name) {
			roots = append(roots, field.Name)
		}
	}
	d.Unknown(ctx, actor, false, roots)
}

// persistedHash reads Apollo's extension.
func persistedHash(extensions map[string]any) (hash string, given bool, refused refusal) {
	if extensions["persistedQuery"] == nil {
		return "", false, accepted
	}
	sent, _ := extensions["persistedQuery"].(map[string]any)
	hash, _ = sent["sha256Hash"].(string)
	version, _ := sent["version"].(json.Number)
	if raw, err := hex.DecodeString(hash); err != nil || len(raw) != sha256.Size || version != "1" {
		return "", true, refuseHash
	}
	return hash, true, accepted
}
