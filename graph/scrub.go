package graph

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/kelisim/kelisim/vault"
)

// scrubber makes the errors of gqlparser fit to be answered. Its messages
// print literals, variables and pieces of the document; only what a phrase
// below allows comes through. Errors of our own pass as they are.
type scrubber struct {
	tokens, errors                int
	parsing, validation, coercing phrases
}

func newScrubber(limits Limits) scrubber {
	return scrubber{
		tokens: limits.Tokens, errors: limits.Errors,
		parsing: compile(parsing), validation: compile(validation), coercing: compile(coercing),
	}
}

// list is what is answered for the errors of one document and its variables.
func (s scrubber) list(errs gqlerror.List) gqlerror.List {
	for _, err := range errs {
		if own := limitError(err); own != nil {
			return gqlerror.List{newError(own)} // the validation ended there: the rest says nothing
		}
	}
	errs = errs[:min(len(errs), s.errors)]
	clean := make(gqlerror.List, len(errs))
	for i, err := range errs {
		clean[i] = s.one(err)
	}
	return clean
}

func (s scrubber) one(err *gqlerror.Error) *gqlerror.Error {
	var message string
	switch code := codeOf(err); {
	case code == CodeParseFailed && err.Message == fmt.Sprintf("exceeded token limit of %d", s.tokens):
		return newError(overLimit("tokens", s.tokens, 0))
	case code == CodeParseFailed:
		message = s.parsing.answer(err.Message, "the document is not GraphQL")
	case code != CodeValidationFailed:
		return err // it is no error of gqlparser
	case len(err.Path) > 0:
		return s.coercion(err)
	default:
		message = s.validation.answer(err.Message, "the document does not fit the schema")
	}
	clean := newError(vault.NewError(codeOf(err), message))
	clean.Locations = err.Locations
	return clean
}

// coercion is the error of a variable that does not fit its type. The path
// tells where: the variable and the names of the schema's input fields.
func (s scrubber) coercion(err *gqlerror.Error) *gqlerror.Error {
	path := err.Path
	if err.Message == "unknown field" {
		path = path[:len(path)-1] // the client's own key
	}
	message := s.coercing.answer(err.Message, "the value does not fit the type")
	clean := newError(vault.NewError(CodeValidationFailed, path.String()+": "+message))
	clean.Path = append(ast.Path(nil), path...)
	return clean
}

// limitError is the exceeded limit inside an error, nil if there is none.
func limitError(err *gqlerror.Error) *vault.Error {
	var own *vault.Error
	if err.Rule == limitsRule && errors.As(err, &own) {
		return own
	}
	return nil
}

// longest is how long the message of one error may be, in bytes.
const longest = 400

// phrases are messages of gqlparser and what is answered for them. The groups
// of a pattern match GraphQL names and types only; they are put into the answer.
type phrases []struct {
	pattern *regexp.Regexp
	answer  string
}

// answer is what the first pattern that matches a message whole says, unless
// somebody makes it long by a name of thousands of letters.
func (list phrases) answer(message, otherwise string) string {
	for _, phrase := range list {
		if at := phrase.pattern.FindStringSubmatchIndex(message); at != nil {
			if text := phrase.pattern.ExpandString(nil, phrase.answer, message, at); len(text) <= longest {
				return string(text)
			}
			return otherwise
		}
	}
	return otherwise
}

// compile reads a table of message and answer. In a message % is a name or a
// type such as [Name!]!, # is punctuation, and * is anything, and is dropped. In
// an answer each % or # is the next of them; an empty answer is the message
// itself.
func compile(table [][2]string) phrases {
	list := make(phrases, len(table))
	for i, row := range table {
		message, answer := row[0], row[1]
		if answer == "" {
			answer = message
		}
		pattern := strings.NewReplacer(
			"%", `([\[\]!_A-Za-z0-9]+)`, "#", `(\.\.\.|[!$&():=@\[\]{|}])`, `\*`, `(?s:.*)`,
		).Replace(regexp.QuoteMeta(message))
		answer = strings.ReplaceAll(answer, "$", "$$")
		for n := 1; strings.ContainsAny(answer, "%#"); n++ {
			at := strings.IndexAny(answer, "%#")
			answer = fmt.Sprintf("%s${%d}%s", answer[:at], n, answer[at+1:])
		}
		list[i].pattern, list[i].answer = regexp.MustCompile(`\A`+pattern+`\z`), answer
	}
	return list
}

// The messages of gqlparser 2.5. One that is missing here, or changes, is
// answered by a general sentence: never by itself.
var parsing = [][2]string{
	{"Unexpected Name*", "a name is not expected here"},
	{"Unexpected Int*", "a number is not expected here"},
	{"Unexpected Float*", "a number is not expected here"},
	{"Unexpected String*", "a string is not expected here"},
	{"Unexpected BlockString*", "a string is not expected here"},
	{"Unexpected <EOF>*", "the document ends too early"},
	{"Unexpected <Invalid>*", "a character, a number or a string is not well formed here"},
	{"Unexpected #*", "# is not expected here"},
	{"Expected *, found <EOF>*", "the document ends too early"},
	{"Expected Name, found *", "a name is expected here"},
	{"Expected #, found *", "# is expected here"},
	{"Unterminated string.", ""},
	{"Invalid number, *", "the number is not well formed"},
	{"Invalid character *", "the string holds a character or an escape that is not allowed"},
	{"Unexpected single quote *", "a string stands between double quotes, not single ones"},
	{"Cannot parse the unexpected character *", "a character is not expected here"},
	{"exceeded maximum nesting depth of %", "the document is nested deeper than % levels"},
}

var validation = [][2]string{
	{"operation * not found", `"operationName" has to name one operation of the document`},
	{"no operation provided", "the document has no operation"},
	{`Cannot query field "%" on type "%".`, ""},
	{`Field "%" must not have a selection since type "%" has no subfields.`, ""},
	{`Field "%" of type "%" must have a selection of subfields.`, ""},
	{`Unknown argument "%" on field "%.%".`, ""},
	{`Unknown argument "%" on directive "@%".`, ""},
	{`Field "%" argument "%" of type "%" is required, but it was not provided.`, ""},
	{`Directive "@%" argument "%" of type "%" is required, but it was not provided.`, ""},
	{`There can be only one argument named "%".`, ""},
	{`Unknown type "%".`, ""},
	{`Unknown directive "@%".`, ""},
	{`Directive "@%" may not be used on %.`, ""},
	{`The directive "@%" can only be used once at this location.`, ""},
	{`Unknown fragment "%".`, ""},
	{`Fragment "%" is never used.`, ""},
	{`There can be only one fragment named "%".`, ""},
	{`Fragment "%" cannot condition on non composite type "%".`, ""},
	{`Fragment cannot condition on non composite type "%".`, ""},
	{`Fragment cannot be spread here as objects of type "%" can never be of type "%".`, ""},
	{`Fragment "%" cannot be spread here as objects of type "%" can never be of type "%".`, ""},
	{`Cannot spread fragment "%" within itself*.`, `Cannot spread fragment "%" within itself.`},
	{`Fields "%" conflict because *`, `Fields "%" conflict. Use different aliases on the fields to fetch both if this was intentional.`},
	{`Variable "$%" is never used*.`, `Variable "$%" is never used.`},
	{`Variable "$%" is not defined*.`, `Variable "$%" is not defined.`},
	{`There can be only one variable named "$%".`, ""},
	{`Variable "$%" cannot be non-input type "%".`, ""},
	{`Variable "$%" of type "%" used in position expecting type "%".`, ""},
	{`Variable "$%" is of type "%" but must be non-nullable to be used for OneOf Input Object "%".`, ""},
	{`This anonymous operation must be the only defined operation.`, ""},
	{`There can be only one operation named "*".`, "The names of operations have to differ."},
	{`Schema does not support operation type "%"`, ""},
	{`Maximum introspection depth exceeded`, ""},
	{`There can be only one input field named "*".`, "An input object has two fields of one name."},
	{`Field "%.%" of required type "%" was not provided.`, ""},
	{`OneOf Input Object "%" must specify exactly one key.`, ""},
	{`Field "%.%" must be non-null.`, ""},
	{`Field "*" is not defined by type "%".`, `The input has a field that type "%" does not define.`},
	{`Enum "%" cannot represent non-enum value: *`, `The value is none of enum "%".`},
	{`Value "*" does not exist in "%" enum.`, `The value is none of enum "%".`},
	{`Expected value of type "%", found *`, `Expected value of type "%".`},
	{`Int cannot represent non 32-bit signed integer value: *`, "Int cannot represent a value of more than 32 bits."},
	{`number out of range`, "The number is out of range."},
	{`% cannot represent *`, `Expected value of type "%".`},
}

var coercing = [][2]string{
	{"must an input type", "has to be of an input type"},
	{"must be defined", ""},
	{"cannot be null", ""},
	{"unknown field", "has a field that its type does not define"},
	{"enums must be ints or strings", "has to be the name of an enum value"},
	{"* is not a valid %", `is none of enum "%"`},
	{"cannot use value * as %", `expected a value of type "%"`},
	{"cannot use * as ID*", `expected a value of type "ID"`},
	{"cannot use * as %", `expected a value of type "%"`},
	{"must be a %, not a *", `expected an object of type "%"`},
}
