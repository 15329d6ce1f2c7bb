package vault

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// everyCode reads the constants of code.go, so that a new one is not forgotten.
func everyCode(t *testing.T) []Code {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "code.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []Code
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, named := spec.Type.(*ast.Ident); !named || kind.Name != "Code" {
			return true
		}
		for _, v := range spec.Values {
			lit, ok := v.(*ast.BasicLit)
			if !ok {
				t.Fatalf("%s is not a plain text", spec.Names[0])
			}
			text, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, Code(text))
		}
		return true
	})
	return out
}

func TestEveryCodeHasExactlyOnePlace(t *testing.T) {
	internal := []Code{CodeUndecryptable, CodeStale, CodeTaken}
	all := everyCode(t)
	if len(all) < 40 {
		t.Fatalf("read only %d codes", len(all))
	}
	for i, c := range all {
		places := 0
		for _, in := range []bool{c.OfRequest(), c.OfPayload(), slices.Contains(internal, c)} {
			if in {
				places++
			}
		}
		if places != 1 {
			t.Errorf("%s is in %d places", c, places)
		}
		if slices.Contains(all[:i], c) {
			t.Errorf("%s stands twice", c)
		}
	}
	for _, c := range slices.Concat(requestCodes, payloadCodes) {
		if !slices.Contains(all, c) {
			t.Errorf("%s is listed and not declared", c)
		}
	}
}

func TestTheSchemaListsThePayloadsCodes(t *testing.T) {
	schema, err := os.ReadFile("../schema.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(schema), "enum ErrorCode {")
	body, _, found := strings.Cut(rest, "}")
	if !found {
		t.Fatal("the schema has no enum ErrorCode")
	}
	var listed []Code
	for line := range strings.Lines(body) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, `"`) {
			listed = append(listed, Code(line))
		}
	}
	if !slices.Equal(listed, payloadCodes) {
		t.Errorf("the schema lists %v, the vault answers %v", listed, payloadCodes)
	}
}

func TestWhatCallersMustNeverSeeIsOfNoPlace(t *testing.T) {
	for _, c := range []Code{CodeUndecryptable, CodeStale, CodeTaken, "NOT_A_CODE"} {
		if c.OfPayload() || c.OfRequest() {
			t.Errorf("%s is shown to callers", c)
		}
	}
	for _, c := range []Code{CodePolicyNotAccepted, CodeInternal, CodeUnavailable, CodeForbidden} {
		if !c.OfRequest() {
			t.Errorf("%s is not of the request", c)
		}
	}
}

func TestErrorsAreComparedByCode(t *testing.T) {
	cause := errors.New("connection reset")
	err := fmt.Errorf("reading a person: %w", NewError(CodeNotFound, "no such person").At("id").Because(cause))
	switch {
	case !errors.Is(err, ErrNotFound):
		t.Error("not ErrNotFound")
	case errors.Is(err, ErrUnavailable):
		t.Error("another code")
	case !errors.Is(err, cause):
		t.Error("the cause is lost")
	case CodeOf(err) != CodeNotFound:
		t.Error(CodeOf(err))
	}
	if CodeOf(cause) != CodeInternal || CodeOf(context.Canceled) != CodeInternal {
		t.Error("an error without a code is internal")
	}
}

func TestASentinelIsNeverChanged(t *testing.T) {
	_ = ErrNotFound.At("id").With("a", "b").Because(errors.New("x"))
	if ErrNotFound.Path != nil || ErrNotFound.Params != nil || ErrNotFound.Unwrap() != nil {
		t.Errorf("%+v", ErrNotFound)
	}
	base := NewError(CodeBadRequest, "x", Param{"a", "1"})
	one, two := base.With("b", "2"), base.With("c", "3")
	if len(base.Params) != 1 || one.Param("b") != "2" || one.Param("c") != "" || two.Param("c") != "3" || two.Param("a") != "1" {
		t.Errorf("%v %v %v", base.Params, one.Params, two.Params)
	}
}

func TestSeveralErrorsAreOneThatHoldsEach(t *testing.T) {
	if err := (Errors{}).orNil(); err != nil {
		t.Errorf("no errors are %v", err)
	}
	err := fmt.Errorf("the form: %w", Errors{NewError(CodeInvalidPhone, "a"), NewError(CodeRequired, "b").At("email")}.orNil())
	var all Errors
	if !errors.As(err, &all) || len(all) != 2 || all[1].Path[0] != "email" {
		t.Errorf("%v", err)
	}
	if !errors.Is(err, NewError(CodeRequired, "")) || CodeOf(err) != CodeInvalidPhone {
		t.Errorf("%v", err)
	}
	if got, want := all.Error(), "INVALID_PHONE: a; REQUIRED: b"; got != want {
		t.Errorf("%q", got)
	}
}
