package main

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/graph"
	"github.com/kelisim/kelisim/vault"
)

// refusal is one case of the code table: a request that is answered with a
// code, made in a world that the case prepares.
type refusal struct {
	code     vault.Code
	mutation string   // whose userErrors; empty: in `errors`
	path     string   // dotted place in the input
	params   []string // names of the parameters, or of the extensions beside code and requestId
	status   int      // 200 unless set
	prepare  func(w *world, me, id string) attempt
}

// attempt is the request of a case, and what of it must not come back.
type attempt struct {
	token, query string
	variables    input
	echo         string
}

// change is the attempt of a mutation.
func change(token, name, echo string, in input) attempt {
	return attempt{token, `mutation($input: ` + strings.ToUpper(name[:1]) + name[1:] + `Input!) { ` + name +
		`(input: $input) { userErrors { code message path parameters { name value } } } }`, input{"input": in}, echo}
}

// excused are the codes that no request is answered with, and why.
var excused = map[vault.Code]string{
	vault.CodeRateLimited:        "TestPublicProfilesAreReadSoOftenASecond",
	vault.CodeTimeout:            "TestABodyThatTricklesInIsRefused",
	vault.CodeInternal:           "no mistake of a caller ends in it; TestAPanicIsMasked shows how it is answered",
	vault.CodeUndecryptable:      "inside only: the field is UNAVAILABLE",
	vault.CodeIdempotencyRunning: "TestAnActThatIsStillUnderWaySaysSo",
	vault.CodeStale:              "inside only: use cases read again",
	vault.CodeTaken:              "inside only: use cases say what is taken",
}

// declaredCodes are the codes of package vault, read from its source.
func declaredCodes(t *testing.T) []vault.Code {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../vault/code.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []vault.Code
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if of, ok := spec.Type.(*ast.Ident); ok && of.Name == "Code" {
			for _, value := range spec.Values {
				if literal, ok := value.(*ast.BasicLit); ok {
					text, err := strconv.Unquote(literal.Value)
					if err != nil {
						t.Fatal(err)
					}
					out = append(out, vault.Code(text))
				}
			}
		}
		return true
	})
	return out
}

// TestEveryCodeHasACase holds the table of codes, the schema's enum and the
// cases below together.
func TestEveryCodeHasACase(t *testing.T) {
	declared := declaredCodes(t)
	if len(declared) < 40 {
		t.Fatalf("only %d codes were read from the source", len(declared))
	}
	enum := graph.Schema().Types["ErrorCode"].EnumValues
	for _, code := range declared {
		has := slices.ContainsFunc(refusals(), func(r refusal) bool { return r.code == code })
		if _, ok := excused[code]; ok == has {
			t.Errorf("%s needs a case or an excuse, and one only", code)
		}
		if code.OfPayload() != (enum.ForName(string(code)) != nil) {
			t.Errorf("%s: the schema's ErrorCode and the table of codes differ", code)
		}
	}
	for _, value := range enum {
		if !slices.Contains(declared, vault.Code(value.Name)) {
			t.Errorf("the schema's ErrorCode %s is not in the table", value.Name)
		}
	}
}

// kept is everything that a request may change: the events of changes, people,
// and one person's fields and decisions.
func (w *world) kept(id string) [4]int64 {
	w.t.Helper()
	ctx := context.Background()
	people, err := w.sys.db.CountUsers(ctx, vault.UserFilter{})
	if err != nil {
		w.t.Fatal(err)
	}
	decided, err := w.sys.db.Decided(ctx, w.userUUID(id))
	if err != nil {
		w.t.Fatal(err)
	}
	looks := []vault.Action{vault.AccessDenied, vault.ProfileRevealed, vault.UserSearched, vault.AuditRead}
	changes := slices.DeleteFunc(w.events(vault.AuditFilter{}), func(e vault.StoredEvent) bool { return slices.Contains(looks, e.Action) })
	return [4]int64{people, int64(len(changes)), int64(w.stored(id)), int64(len(decided))}
}

// TestEveryCodeIsAnsweredInItsPlace makes each mistake over HTTP: the code, its
// path and parameters are right, nothing is stored, and nothing comes back.
func TestEveryCodeIsAnsweredInItsPlace(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		for _, r := range refusals() {
			t.Run(string(r.code), func(t *testing.T) {
				w.t = t
				me := w.subject("code-" + string(r.code))
				id := w.register(me, input{"familyName": "Ысқақова", "givenName": "Күнсұлу"})
				a := r.prepare(w, me, id)
				before := w.kept(id)
				got := w.ask(a.token, a.query, a.variables)
				r.holds(t, got)
				if after := w.kept(id); after != before {
					t.Errorf("something was stored: people, changes, fields, decisions were %v and are %v", before, after)
				}
				for _, leak := range search("the answer", got.raw, []secret{{"input", a.echo}}) {
					t.Errorf("the input comes back as %s: %s", leak.form, got.raw)
				}
			})
		}
	})
}

// holds compares an answer with what the case wants.
func (r refusal) holds(t *testing.T, got answer) {
	t.Helper()
	status := r.status
	if status == 0 {
		status = 200
	}
	equal(t, "status", got.status, status)
	var code, path string
	var params []string
	switch {
	case r.mutation != "" && len(got.Errors) == 0:
		first := at(got.Data, r.mutation, "userErrors", 0)
		code, path, params = str(first, "code"), strings.Join(strs(first, "path"), "."), pluck(first, "name", "parameters")
		if str(first, "message") == "" || len(userErrorsOf(got.Data, r.mutation)) != 1 {
			t.Errorf("one error with a message is wanted: %s", got.raw)
		}
	case r.mutation == "" && len(got.Errors) == 1:
		code, path = got.code(), strings.Join(strs(got.Errors[0].Extensions, "input"), ".")
		for name := range got.Errors[0].Extensions {
			if !slices.Contains([]string{"code", "requestId", "input"}, name) {
				params = append(params, name)
			}
		}
		if _, err := uuid.Parse(str(got.Errors[0].Extensions, "requestId")); err != nil {
			t.Errorf("no requestId: %s", got.raw)
		}
	}
	slices.Sort(params)
	want := slices.Sorted(slices.Values(r.params))
	if code != string(r.code) || path != r.path || !slices.Equal(params, want) {
		t.Errorf("want %s at %q with %v, got %s at %q with %v: %s", r.code, r.path, want, code, path, params, got.raw)
	}
}
