package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"

	"github.com/kelisim/kelisim/graph"
	"github.com/kelisim/kelisim/vault"
)

// The guides are tested like code: their documents are valid, those of a guide
// that says so run in their order, and what they refer to is there.

// block is a fenced block of a guide: ```info, text, ```.
type block struct {
	at   string // file:line
	info string
	text string
}

// blocks are a file's fenced blocks, in order.
func blocks(t testing.TB, file string) []block {
	t.Helper()
	var out []block
	var open *block
	for i, line := range strings.Split(read(t, file), "\n") {
		info, fence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case fence && open == nil:
			open = &block{at: fmt.Sprintf("%s:%d", file, i+1), info: info}
		case fence:
			out, open = append(out, *open), nil
		case open != nil:
			open.text += line + "\n"
		}
	}
	if open != nil {
		t.Fatalf("%s: this block does not end", open.at)
	}
	return out
}

func read(t testing.TB, file string) string {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// guides are the files that people read.
func guides(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, pattern := range []string{"../docs/*.md", "../*.md"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, files...)
	}
	return out
}

// TestDocumentsOfTheGuidesAreValid holds each graphql block against the
// schema, and each block of variables against the document before it.
func TestDocumentsOfTheGuidesAreValid(t *testing.T) {
	schema, seen := graph.Schema(), 0
	for _, file := range guides(t) {
		var doc *ast.QueryDocument
		for _, b := range blocks(t, file) {
			switch b.info {
			case "graphql":
				seen++
				parsed, errs := gqlparser.LoadQueryWithRules(schema, b.text, nil)
				if len(errs) > 0 {
					t.Errorf("%s: %v", b.at, errs)
				}
				doc = parsed
			case "json", "json variables":
				checkJSON(t, schema, b, doc)
			}
		}
	}
	if seen == 0 {
		t.Error("no document was found in the guides")
	}
}

func checkJSON(t *testing.T, schema *ast.Schema, b block, doc *ast.QueryDocument) {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(b.text), &value); err != nil {
		t.Errorf("%s: %v", b.at, err)
		return
	}
	variables, object := value.(map[string]any)
	switch {
	case b.info == "json":
	case doc == nil || !object:
		t.Errorf("%s: variables are an object after the document that they belong to", b.at)
	default:
		if _, err := validator.VariableValues(schema, doc.Operations[0], variables); err != nil {
			t.Errorf("%s: %v", b.at, err)
		}
	}
}

func TestTheMobileGuideRunsAsItIsWritten(t *testing.T) {
	w := embedded(t)
	w.follow("../docs/mobile.md", w.subject("anna"))
}

func TestTheSupportGuideRunsAsItIsWritten(t *testing.T) {
	w := embedded(t)
	w.follow("../docs/support.md", w.staff(vault.Support))
}

// follow runs a guide's documents in their order. A value in angle brackets is
// what an earlier answer said, or a new UUID.
func (w *world) follow(file, token string) {
	w.t.Helper()
	known, ran := map[string]string{}, 0
	var document block
	run := func(variables map[string]any) {
		a := w.ask(token, document.text, variables)
		data := a.must()
		if strings.Contains(string(a.raw), `"userErrors":[{`) {
			w.t.Fatalf("%s: %s", document.at, a.raw)
		}
		learn(known, "", data)
		document, ran = block{}, ran+1
	}
	for _, b := range blocks(w.t, file) {
		if b.info == "graphql" {
			if document.text != "" {
				run(nil)
			}
			document = b
		}
		if b.info == "json variables" {
			var variables map[string]any
			if err := json.Unmarshal([]byte(fill(known, b.text)), &variables); err != nil {
				w.t.Fatalf("%s: %v", b.at, err)
			}
			run(variables)
		}
	}
	if document.text != "" {
		run(nil)
	}
	if ran == 0 {
		w.t.Errorf("%s has no document", file)
	}
}

var placeholder = regexp.MustCompile(`<[A-Za-z. ]+>`)

// fill leaves a placeholder that nothing was learned for: the server refuses it.
func fill(known map[string]string, text string) string {
	return placeholder.ReplaceAllStringFunc(text, func(hit string) string {
		if hit == "<new UUID>" {
			return uuid.NewString()
		}
		if value, ok := known[strings.Trim(hit, "<>")]; ok {
			return value
		}
		return hit
	})
}

// learn notes the strings of an answer by their paths; of a list, its first.
func learn(known map[string]string, path string, v any) {
	switch v := v.(type) {
	case string:
		known[path] = v
	case []any:
		if len(v) > 0 {
			learn(known, path, v[0])
		}
	case map[string]any:
		for name, inner := range v {
			learn(known, strings.TrimPrefix(path+"."+name, "."), inner)
		}
	}
}

func TestTheMobileGuideStatesTheLimits(t *testing.T) {
	guide, l := read(t, "../docs/mobile.md"), graph.DefaultLimits()
	for what, figure := range map[string]any{
		"body": fmt.Sprint(l.BodyBytes, " bytes"), "tokens": l.Tokens, "depth of fields": l.Depth,
		"depth below": l.IntrospectionDepth, "aliases": l.Aliases, "fields at the root": l.RootFields,
		"directives": l.Directives, "selections": l.Selections, "complexity": l.Complexity,
		"errors in one answer": l.Errors, "time": l.Timeout,
	} {
		row := regexp.MustCompile(`(?m)^\| ` + what + `[^|]*\| ` + fmt.Sprint(figure) + ` \|$`)
		if !row.MatchString(guide) {
			t.Errorf("docs/mobile.md does not say that the limit of %s is %v", what, figure)
		}
	}
}

// TestTheMobileGuideSaysWhatEachErrorMeans: a row for each code that an app
// meets at the top, and for each status beside 200.
func TestTheMobileGuideSaysWhatEachErrorMeans(t *testing.T) {
	guide := read(t, "../docs/mobile.md")
	for _, code := range []vault.Code{
		vault.CodeUnauthenticated, vault.CodeForbidden, vault.CodePolicyNotAccepted, vault.CodeNotFound, vault.CodeBadRequest,
		vault.CodeComplexity, vault.CodeTimeout, vault.CodeUnavailable, vault.CodeInternal,
		graph.CodeParseFailed, graph.CodeValidationFailed, graph.CodePersistedUnsupported,
		vault.CodeTooManyChanges, // of the queue
	} {
		if !regexp.MustCompile("(?m)^\\|[^|]*`" + string(code) + "`").MatchString(guide) {
			t.Errorf("docs/mobile.md has no row for %s", code)
		}
	}
	for _, status := range []int{400, 401, 404, 405, 406, 408, 413, 415, 431, 500, 503} {
		if !regexp.MustCompile(fmt.Sprintf(`(?m)^\|[0-9, ]*\b%d\b`, status)).MatchString(guide) {
			t.Errorf("docs/mobile.md has no row for the status %d", status)
		}
	}
}

// TestTheEncryptionGuideStatesTheFormats holds what the security team checks
// with Vault's own commands against what the program does.
func TestTheEncryptionGuideStatesTheFormats(t *testing.T) {
	guide, user := read(t, "../docs/encryption.md"), uuid.New()
	context := func(who, field string) string {
		return strings.Replace(vault.Place{User: user, Field: field}.Context(), user.String(), "<"+who+" uuid>", 1)
	}
	index := vault.IndexItem{Field: "<field code>", Normalised: vault.NewPlain("normalised value")}
	for _, stated := range []string{
		context("user", "<field code>"), context("user", vault.FieldConsentContext), context("actor", "displayName"),
		context("instance", vault.FieldCanary), context("instance", vault.FieldPepper), canaryContent, metaTies, fmt.Sprint(vault.MaxPlaintext, " bytes"),
		strings.Replace(string(index.Input()), "\x00", " | 0x00 | ", 1),
	} {
		if !strings.Contains(guide, stated) {
			t.Errorf("docs/encryption.md does not say %q", stated)
		}
	}
	refusal, _, _ := strings.Cut(errOtherKeys.Error(), ", VAULT_ADDR")
	if !strings.Contains(guide, refusal) {
		t.Errorf("docs/encryption.md does not quote %q", refusal)
	}
}

// TestWhatTheGuidesNameIsThere follows links and paths to files, and looks for
// the tests that are named as proof.
func TestWhatTheGuidesNameIsThere(t *testing.T) {
	tests := testNames(t)
	link := regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)
	path := regexp.MustCompile("`((?:deploy|docs|graph|server|tools|vault)/[a-z0-9_./*-]+)`")
	name := regexp.MustCompile(`\bTest[A-Z]\w+`)
	for _, file := range guides(t) {
		text := read(t, file)
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), m[1])); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
		for _, m := range path.FindAllStringSubmatch(text, -1) {
			// A walk through the code names its files without their ending.
			found, err := filepath.Glob("../" + strings.TrimSuffix(m[1], "/"))
			source, sourceErr := filepath.Glob("../" + m[1] + ".go")
			if err != nil || sourceErr != nil || len(found)+len(source) == 0 {
				t.Errorf("%s: there is no %s", file, m[1])
			}
		}
		for _, named := range name.FindAllString(text, -1) {
			if !slices.ContainsFunc(tests, func(test string) bool { return strings.HasPrefix(test, named) }) {
				t.Errorf("%s: there is no test %s", file, named)
			}
		}
	}
}

// testNames are the names of all tests of the module.
func testNames(t *testing.T) []string {
	t.Helper()
	declared := regexp.MustCompile(`(?m)^func (Test[A-Z]\w+)\(`)
	var out []string
	err := filepath.WalkDir("..", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		for _, m := range declared.FindAllStringSubmatch(read(t, path), -1) {
			out = append(out, m[1])
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
