package graph

import (
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/core"
)

func TestTheLimitsAreCheckedBeforeEveryOtherRule(t *testing.T) {
	for name := range DefaultLimits().rules().GetInner() {
		if name < limitsRule {
			t.Errorf("%s runs before %s", name, limitsRule)
		}
	}
}

func TestNoRuleRunsTwiceWithAndWithoutSuggestions(t *testing.T) {
	set := DefaultLimits().rules().GetInner()
	for name := range set {
		loud, quiet := strings.CutSuffix(name, "WithoutSuggestions")
		if quiet && set[loud] != nil {
			t.Errorf("%s runs beside %s", loud, name)
		}
	}
}

func TestAnExceededLimitEndsTheValidation(t *testing.T) {
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: "type Query { me: Query id: ID }"})
	seen := func(document string, refused bool) int {
		parsed, err := parser.ParseQuery(&ast.Source{Input: document})
		if err != nil {
			t.Fatal(err)
		}
		fields := 0
		rules := DefaultLimits().rules()
		rules.AddRule("Spy", func(observers *core.Events, _ core.AddErrFunc) {
			observers.OnField(func(*core.Walker, *ast.Field) { fields++ })
		})
		if errs := validator.ValidateWithRules(schema, parsed, rules); (len(errs) > 0) != refused {
			t.Errorf("%d errors: %v", len(errs), errs)
		}
		return fields
	}
	if n := seen("{ me { "+strings.Repeat("id ", 499)+"} }", false); n != 500 {
		t.Errorf("within the limits %d fields were validated, want 500", n)
	}
	if n := seen("{ me { "+strings.Repeat("id ", 500)+"} }", true); n > 1 {
		t.Errorf("over the limit %d fields were validated, want the first at most", n)
	}
}
