package identifier_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/kelisim/kelisim/vault"
)

// fixedMessages matches the messages that stand in the source of this
// package. A message that matches whole can hold nothing of a value.
func fixedMessages(t testing.TB) *regexp.Regexp {
	t.Helper()
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var patterns []string
	for _, source := range sources {
		if strings.HasSuffix(source, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), source, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			literal, ok := n.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(text, "; ") || strings.Contains(text, ": ") {
				patterns = append(patterns, strings.ReplaceAll(regexp.QuoteMeta(text), "%d", `\d+`))
			}
			return true
		})
	}
	if len(patterns) == 0 {
		t.Fatal(fs.ErrNotExist)
	}
	return regexp.MustCompile(`^(?:` + strings.Join(patterns, "|") + `)$`)
}

// wantRefusal checks that err has one of the codes and tells nothing of the value.
func wantRefusal(t testing.TB, messages *regexp.Regexp, err error, codes ...vault.Code) {
	t.Helper()
	var refusal *vault.Error
	if !errors.As(err, &refusal) {
		t.Fatalf("the error is a %T, want *vault.Error", err)
	}
	found := false
	for _, code := range codes {
		found = found || refusal.Code == code
	}
	if !found {
		t.Errorf("the code is %s, want one of %v", refusal.Code, codes)
	}
	if !messages.MatchString(refusal.Message) {
		t.Errorf("the message is no fixed text: %q", refusal.Message)
	}
	if refusal.Unwrap() != nil {
		t.Errorf("the error carries a cause, which may quote the value: %v", refusal.Unwrap())
	}
}

// wantForms checks that every input gives its canonical form, and that a
// canonical form stays as it is.
func wantForms(t *testing.T, parse func(string) (string, error), forms map[string]string) {
	t.Helper()
	for input, want := range forms {
		for _, s := range []string{input, want} {
			if got, err := parse(s); err != nil || got != want {
				t.Errorf("%q gives %q, %v; want %q", s, got, err, want)
			}
		}
	}
}

// wantRefused checks that every input is refused with the code, with no value
// beside the error, and for the reason whose words are given.
func wantRefused(t *testing.T, parse func(string) (string, error), code vault.Code, reasons map[string]string) {
	t.Helper()
	messages := fixedMessages(t)
	for input, reason := range reasons {
		got, err := parse(input)
		if err == nil || got != "" {
			t.Errorf("%q gives %q, %v; want a refusal", input, got, err)
			continue
		}
		wantRefusal(t, messages, err, code)
		if !strings.Contains(err.Error(), reason) {
			t.Errorf("%q is refused with %q, which does not say %q", input, err, reason)
		}
	}
}
