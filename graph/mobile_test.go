package graph

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/complexity"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/lexer"
	"github.com/vektah/gqlparser/v2/validator"

	"github.com/kelisim/kelisim/graph/generated"
)

// The operations of a whole app, in examples/mobile: one to a file, named as it.

// mobileOperations are the documents of the example app, by their names.
func mobileOperations(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../examples/mobile/*.graphql")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d operations, %v", len(files), err)
	}
	out := map[string]string{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		out[strings.TrimSuffix(filepath.Base(file), ".graphql")] = string(raw)
	}
	return out
}

func TestTheAppsOperationsSayWhatTheyAreForAndHoldNoValues(t *testing.T) {
	schema := Schema()
	for name, text := range mobileOperations(t) {
		doc, errs := gqlparser.LoadQueryWithRules(schema, text, nil)
		switch {
		case errs != nil:
			t.Errorf("%s: %v", name, errs)
			continue
		case len(doc.Operations) != 1 || doc.Operations[0].Name != name:
			t.Errorf("%s: a file holds one operation of its name", name)
		case !strings.HasPrefix(text, "# "):
			t.Errorf("%s does not begin with a comment: which screen it is for", name)
		}
		observers := &validator.Events{}
		observers.OnValue(func(_ *validator.Walker, value *ast.Value) {
			if value.Kind != ast.Variable && value.Raw != "20" { // how long a page is
				t.Errorf("%s holds the value %s; take a variable", name, value)
			}
		})
		validator.Walk(schema, doc, observers)
	}
}

// TestTheAppsOperationsLeaveHalfOfEachLimit: an app grows, and limits may be
// made narrower. Depth is another matter: a page of a person's things with words
// takes six levels, and nothing else in the schema takes an app deeper.
func TestTheAppsOperationsLeaveHalfOfEachLimit(t *testing.T) {
	limits, r := DefaultLimits(), &Resolver{}
	schema := generated.NewExecutableSchema(r.Config())
	for name, text := range mobileOperations(t) {
		doc, errs := gqlparser.LoadQueryWithRules(schema.Schema(), text, nil)
		if errs != nil {
			t.Fatal(errs)
		}
		variables, err := validator.VariableValues(schema.Schema(), withoutNeeds(doc.Operations[0]), nil)
		if err != nil {
			t.Fatal(err)
		}
		at, roots := newMeasure(doc).document()
		for _, m := range []struct {
			limit      string
			is, atMost int
		}{
			{"tokens", tokens(t, text), limits.Tokens},
			{"depth", at.depth, limits.Depth},
			{"aliases", at.aliases, limits.Aliases},
			{"root fields", roots, limits.RootFields},
			{"directives", at.directives, limits.Directives},
			{"selections", at.selections, limits.Selections},
			{"complexity", complexity.Calculate(t.Context(), schema, doc.Operations[0], variables), limits.Complexity},
		} {
			t.Logf("%-22s %-12s %4d, %2d %% of %d", name, m.limit, m.is, 100*m.is/m.atMost, m.atMost)
			share := 50
			if m.limit == "depth" {
				share = 60
			}
			if 100*m.is > share*m.atMost {
				t.Errorf("%s has %s %d, which is over %d %% of %d", name, m.limit, m.is, share, m.atMost)
			}
		}
	}
}

// withoutNeeds is an operation whose variables may all be left out.
func withoutNeeds(op *ast.OperationDefinition) *ast.OperationDefinition {
	out := *op
	out.VariableDefinitions = nil
	for _, variable := range op.VariableDefinitions {
		if !variable.Type.NonNull {
			out.VariableDefinitions = append(out.VariableDefinitions, variable)
		}
	}
	return &out
}

func tokens(t *testing.T, text string) int {
	t.Helper()
	lex := lexer.New(&ast.Source{Input: text})
	for n := 0; ; n++ {
		token, err := lex.ReadToken()
		switch {
		case err != nil:
			t.Fatal(err)
		case token.Kind == lexer.EOF:
			return n
		}
	}
}

func TestTheManifestHoldsTheAppsOperations(t *testing.T) {
	raw, err := os.ReadFile("../examples/mobile/manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		Format     string `json:"format"`
		Version    int    `json:"version"`
		Operations []struct {
			ID   string `json:"id"`
			Name string `json:"name"`
			Type string `json:"type"`
			Body string `json:"body"`
		} `json:"operations"`
	}
	if err := json.Unmarshal(raw, &manifest); err != nil {
		t.Fatal(err)
	}
	if manifest.Format != "apollo-persisted-query-manifest" || manifest.Version != 1 {
		t.Errorf("the manifest is a %s %d", manifest.Format, manifest.Version)
	}
	operations, listed := mobileOperations(t), []string{}
	for _, op := range manifest.Operations {
		listed = append(listed, op.Name)
		sum := sha256.Sum256([]byte(op.Body))
		if op.ID != hex.EncodeToString(sum[:]) {
			t.Errorf("%s has another hash than its body", op.Name)
		}
		text, there := operations[op.Name]
		if !there || canonical(t, text) != canonical(t, op.Body) || !strings.HasPrefix(op.Body, op.Type+" ") {
			t.Errorf("%s is not the operation of that file; `make manifest` writes the manifest", op.Name)
		}
	}
	if len(listed) != len(operations) || !slices.IsSorted(listed) {
		t.Errorf("%d of %d operations are listed: %v; `make manifest` writes the manifest", len(listed), len(operations), listed)
	}
}

// canonical is a document however it was laid out.
func canonical(t *testing.T, text string) string {
	t.Helper()
	doc, errs := gqlparser.LoadQueryWithRules(Schema(), text, nil)
	if errs != nil {
		t.Fatal(errs)
	}
	var out strings.Builder
	formatter.NewFormatter(&out, formatter.WithCompacted()).FormatQueryDocument(doc)
	return out.String()
}
