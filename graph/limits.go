package graph

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/99designs/gqlgen/complexity"
	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/kelisim/kelisim/vault"
)

// Limits is how much one request may ask for. Counts follow fragments: a
// fragment spread twice counts twice.
type Limits struct {
	BodyBytes          int64         // of a request's body
	Tokens             int           // of a document, counted while it is read
	Depth              int           // fields within fields, a leaf counted
	IntrospectionDepth int           // the same below __schema and __type
	Aliases            int           // fields under another name
	RootFields         int           // fields of one operation's outermost level
	Directives         int           // on anything in the document
	Selections         int           // fields, spreads and inline fragments
	Complexity         int           // what an operation may cost; lists count by their size
	Page               int           // rows of one page of a list
	Errors             int           // in one answer; what is over is left out
	Documents          int           // kept in memory after they were found valid
	Timeout            time.Duration // of an operation whose body was read
}

// DefaultLimits leaves room for every document of our own clients and for the
// introspection of the usual tools. The slowest document they let through takes
// less than a tenth of a second to validate.
func DefaultLimits() Limits {
	return Limits{
		BodyBytes:          256 << 10,
		Tokens:             1000,
		Depth:              10,
		IntrospectionDepth: 15,
		Aliases:            30,
		RootFields:         10,
		Directives:         30,
		Selections:         500,
		Complexity:         5000,
		Page:               100,
		Errors:             20,
		Documents:          1000,
		Timeout:            10 * time.Second,
	}
}

// Check reports limits that cannot hold. None can be turned off.
func (l Limits) Check() error {
	smallest := min(l.Tokens, l.Depth, l.IntrospectionDepth, l.Aliases, l.RootFields, l.Directives,
		l.Selections, l.Complexity, l.Page, l.Errors, l.Documents)
	if smallest <= 0 || l.BodyBytes <= 0 || l.Timeout <= 0 {
		return errors.New("every limit has to be positive")
	}
	if l.Page < usualPage {
		return fmt.Errorf("a page has to hold the %d rows that are answered where nobody says how many", usualPage)
	}
	return nil
}

// Apply makes a server answer through Transport and hold to the limits, once
// they pass Check. trusted may be nil.
func (l Limits) Apply(srv *handler.Server, trusted *Documents) error {
	if err := l.Check(); err != nil {
		return fmt.Errorf("graph: %w", err)
	}
	srv.AddTransport(NewTransport(l, trusted))
	srv.SetParserTokenLimit(l.Tokens)
	srv.SetDisableSuggestion(true) // without it the executor puts two rules with suggestions back
	srv.SetValidationRulesFn(l.rules)
	srv.SetQueryCache(documents{lru.New[*ast.QueryDocument](l.Documents)})
	srv.Use(&costLimit{max: l.Complexity})
	return nil
}

// limitsRule sorts before the name of every rule of gqlparser, and rules run in
// the order of their names: what is refused here costs no further check.
const limitsRule = "DocumentLimits"

// rules are gqlparser's, without suggestions of what the schema has, and ours.
func (l Limits) rules() *rules.Rules {
	set := rules.NewDefaultRules()
	for loud, quiet := range map[string]core.Rule{
		rules.KnownArgumentNamesRule.Name:  rules.KnownArgumentNamesRuleWithoutSuggestions,
		rules.KnownTypeNamesRule.Name:      rules.KnownTypeNamesRuleWithoutSuggestions,
		rules.ValuesOfCorrectTypeRule.Name: rules.ValuesOfCorrectTypeRuleWithoutSuggestions,
	} {
		set.RemoveRule(loud)
		set.AddRule(quiet.Name, quiet.RuleFunc)
	}
	set.AddRule(limitsRule, l.rule)
	set.AddRule("NumbersInRange", numbersInRange)
	return set
}

// rule measures the document at the first thing the walker meets, and ends the
// validation if a limit is exceeded: the check for overlapping fields takes
// seconds for a document made to slow it down.
func (l Limits) rule(observers *core.Events, addError core.AddErrFunc) {
	measured := false
	check := func(walker *core.Walker) {
		if measured {
			return
		}
		measured = true
		if own := l.exceeded(walker.Document); own != nil {
			addError(func(err *gqlerror.Error) { err.Err, err.Message = own, own.Message })
			*walker.Observers = core.Events{}
		}
	}
	observers.OnVariable(func(w *core.Walker, _ *ast.VariableDefinition) { check(w) })
	observers.OnValue(func(w *core.Walker, _ *ast.Value) { check(w) })
	observers.OnDirective(func(w *core.Walker, _ *ast.Directive) { check(w) })
	observers.OnDirectiveList(func(w *core.Walker, _ []*ast.Directive) { check(w) })
	observers.OnField(func(w *core.Walker, _ *ast.Field) { check(w) })
	observers.OnFragmentSpread(func(w *core.Walker, _ *ast.FragmentSpread) { check(w) })
	observers.OnInlineFragment(func(w *core.Walker, _ *ast.InlineFragment) { check(w) })
}

// exceeded is the first limit a document is over, nil if it is within all.
func (l Limits) exceeded(doc *ast.QueryDocument) *vault.Error {
	m := newMeasure(doc)
	document, widest := m.document()
	for _, limit := range []struct {
		name           string
		actual, figure int
	}{
		{"depth", document.depth, l.Depth},
		{"introspectionDepth", document.introspection, l.IntrospectionDepth},
		{"rootFields", widest, l.RootFields},
		{"aliases", document.aliases, l.Aliases},
		{"directives", document.directives, l.Directives},
		{"selections", document.selections, l.Selections},
	} {
		if limit.actual > limit.figure {
			return overLimit(limit.name, limit.figure, limit.actual)
		}
	}
	if m.streamed != "" {
		return vault.NewError(vault.CodeBadRequest, "@"+m.streamed+" is not supported")
	}
	return nil
}

// overLimit is the error of an exceeded limit. An actual of 0 was not counted
// to the end.
func overLimit(name string, figure, actual int) *vault.Error {
	code, has := vault.CodeBadRequest, "more"
	if name == "complexity" {
		code = vault.CodeComplexity
	}
	if actual > 0 {
		has = strconv.Itoa(actual)
	}
	err := vault.Errorf(code, "the document is over the limit %q: at most %d, it has %s", name, figure, has).
		With("limit", name).With("maximum", strconv.Itoa(figure))
	if actual > 0 {
		err = err.With("actual", has)
	}
	return err
}

// numbersInRange refuses number literals that Go cannot hold. gqlparser checks
// those of the built-in scalars only, and reading another one panics.
func numbersInRange(observers *core.Events, addError core.AddErrFunc) {
	observers.OnValue(func(_ *core.Walker, value *ast.Value) {
		var err error
		switch value.Kind {
		case ast.IntValue:
			_, err = strconv.ParseInt(value.Raw, 10, 64)
		case ast.FloatValue:
			_, err = strconv.ParseFloat(value.Raw, 64)
		default: // no number
		}
		if err != nil {
			addError(core.Message("number out of range"), core.At(value.Position))
		}
	})
}

// documents keeps valid documents. One with a string or a comment is not kept:
// either may hold a personal value, and its text would stay in memory.
type documents struct{ *lru.LRU[*ast.QueryDocument] }

// Add implements graphql.Cache.
func (d documents) Add(ctx context.Context, text string, doc *ast.QueryDocument) {
	if !strings.ContainsAny(text, `"#`) {
		d.LRU.Add(ctx, text, doc)
	}
}

const costExtension = "OperationCost"

// costLimit refuses operations that cost too much.
type costLimit struct {
	max    int
	schema graphql.ExecutableSchema
}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationContextMutator
} = (*costLimit)(nil)

// ExtensionName implements graphql.HandlerExtension.
func (c *costLimit) ExtensionName() string { return costExtension }

// Validate implements graphql.HandlerExtension.
func (c *costLimit) Validate(schema graphql.ExecutableSchema) error {
	if schema == nil {
		return fmt.Errorf("graph: %s needs a schema", costExtension)
	}
	c.schema = schema
	return nil
}

// MutateOperationContext implements graphql.OperationContextMutator.
func (c *costLimit) MutateOperationContext(ctx context.Context, op *graphql.OperationContext) *gqlerror.Error {
	cost := complexity.Calculate(ctx, c.schema, op.Operation, op.Variables)
	op.Stats.SetExtension(costExtension, cost)
	if cost > c.max {
		return newError(overLimit("complexity", c.max, cost))
	}
	return nil
}

// OperationCost is the complexity of the operation under way, 0 before it was
// calculated.
func OperationCost(ctx context.Context) int {
	if !graphql.HasOperationContext(ctx) {
		return 0
	}
	cost, _ := graphql.GetOperationContext(ctx).Stats.GetExtension(costExtension).(int)
	return cost
}
