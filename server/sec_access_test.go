package main

import (
	"os"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/kelisim/kelisim/graph"
	"github.com/kelisim/kelisim/vault"
)

// tables are the tables of docs/access.md: rows of cells by the first heading
// of each, without code marks.
func tables(t *testing.T) map[string][][]string {
	t.Helper()
	text, err := os.ReadFile("../docs/access.md")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][][]string{}
	current := ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			current = ""
			continue
		}
		cells := strings.Split(strings.Trim(strings.ReplaceAll(line, "`", ""), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if current == "" {
			current = cells[0]
		}
		if cells[0] != "---" {
			out[current] = append(out[current], cells)
		}
	}
	return out
}

// rootFields are the root fields of the schema by name, Query.me.
func rootFields() map[string]*ast.FieldDefinition {
	out := map[string]*ast.FieldDefinition{}
	schema := graph.Schema()
	for _, root := range []*ast.Definition{schema.Query, schema.Mutation} {
		for _, f := range root.Fields {
			if !strings.HasPrefix(f.Name, "__") {
				out[root.Name+"."+f.Name] = f
			}
		}
	}
	return out
}

// documented is docs/access.md's answer: operation and role to yes or no.
func documented(t *testing.T) map[string]map[vault.Role]bool {
	t.Helper()
	rows := tables(t)["operation"]
	out := map[string]map[vault.Role]bool{}
	for _, row := range rows[1:] {
		out[row[0]] = map[vault.Role]bool{}
		for i, cell := range row[1:] {
			if cell != "yes" && cell != "–" {
				t.Fatalf("docs/access.md: %s: %q is neither yes nor –", row[0], cell)
			}
			out[row[0]][vault.Role(rows[0][i+1])] = cell == "yes"
		}
	}
	return out
}

func TestTheDocumentedOperationsAreTheSchemas(t *testing.T) {
	doc := documented(t)
	for name, field := range rootFields() {
		roles := doc[name]
		if len(roles) != 7 {
			t.Errorf("docs/access.md lacks %s, or a role of it", name)
			continue
		}
		allowed := map[vault.Role]bool{}
		for _, child := range field.Directives.ForName("allow").Arguments.ForName("roles").Value.Children {
			allowed[vault.Role(child.Value.Raw)] = true
		}
		for role, yes := range roles {
			if allowed[role] != yes {
				t.Errorf("%s by %s: documented %t, and the schema says %t", name, role, yes, allowed[role])
			}
		}
	}
	if len(doc) != len(rootFields()) {
		t.Errorf("docs/access.md has %d operations, the schema %d", len(doc), len(rootFields()))
	}
}

// said is how docs/access.md writes a sight.
var said = map[vault.Sight]string{
	vault.SeesNothing: "–", vault.SeesMask: "mask", vault.MayReveal: "mask, reveal", vault.SeesValue: "plain",
}

func TestTheDocumentedSightsAreTheVaults(t *testing.T) {
	rows := tables(t)["role"]
	if len(rows) != 8 {
		t.Fatalf("docs/access.md has %d roles", len(rows)-1)
	}
	for _, row := range rows[1:] {
		for i, class := range rows[0][1:5] {
			f := vault.Field{Code: "any", Class: vault.FieldClass(class), Kind: vault.KindText}
			if want := said[(vault.Access{}).Sight(vault.Role(row[0]), f)]; row[i+1] != want {
				t.Errorf("%s, %s: documented %q, and the vault says %q", row[0], class, row[i+1], want)
			}
		}
	}
}

func TestTheDocumentedFieldsAreTheCatalogues(t *testing.T) {
	catalogue, err := graph.Catalogue(graph.Schema(), labels(), helps())
	if err != nil {
		t.Fatal(err)
	}
	rows := tables(t)["field"][1:]
	if len(rows) != len(catalogue) {
		t.Fatalf("docs/access.md has %d fields, the schema %d", len(rows), len(catalogue))
	}
	for i, f := range catalogue {
		want := []string{f.Code, string(f.Class), string(f.Mask), said[(vault.Access{}).Sight(vault.Support, f)]}
		same(t, f.Code, rows[i], want)
	}
}

// TestAccessIsNarrowedAndNeverWidened: what a deployment may configure only
// takes away.
func TestAccessIsNarrowedAndNeverWidened(t *testing.T) {
	catalogue, err := graph.Catalogue(graph.Schema(), labels(), helps())
	if err != nil {
		t.Fatal(err)
	}
	order := map[vault.Sight]int{vault.SeesNothing: 0, vault.SeesMask: 1, vault.MayReveal: 2, vault.SeesValue: 3}
	narrow := vault.Access{SupportNeverReveals: []string{"phone", "email", "iin", "nonsense"}}
	for _, f := range catalogue {
		for _, role := range []vault.Role{vault.Anonymous, vault.Subject, vault.Machine, vault.Support, vault.Compliance, vault.Security, vault.Auditor, vault.System, "NEW"} {
			if order[narrow.Sight(role, f)] > order[(vault.Access{}).Sight(role, f)] {
				t.Errorf("%s sees more of %s than without the setting", role, f.Code)
			}
		}
	}
	f, _ := catalogue.Get("phone")
	equal(t, "support's sight of a phone taken away", narrow.Sight(vault.Support, f), vault.SeesMask)
}
