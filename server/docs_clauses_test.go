package main

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kelisim/kelisim/graph"
	"github.com/kelisim/kelisim/vault"
)

// clauses are those of the policy.
var clauses = []string{
	"Preamble 1", "Preamble 2", "Preamble 3", "Preamble 4", "1.1.1", "1.1.2", "1.2", "1.3", "2.1", "2.2.1", "2.2.2", "2.2.3", "2.2.4",
	"3.1", "3.2", "3.3.1", "3.3.2", "3.3.3", "3.4", "4.1", "5", "6.1", "6.2",
}

const clauseGuide = "../docs/policy-clauses.md"

// TestEachClauseHasALineWithItsOperationTestAndArticle also holds that nothing
// is named there that is not there.
func TestEachClauseHasALineWithItsOperationTestAndArticle(t *testing.T) {
	guide, _, _ := strings.Cut(read(t, clauseGuide), "## The law's other lines")
	tests := testNames(t)
	rows := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^\| ([^|]+) \| [^|]+ \| ([^|]+\| [^|]+\| [^|]+) \|$`).FindAllStringSubmatch(guide, -1) {
		rows[m[1]] = m[2]
	}
	for _, clause := range clauses {
		cells := strings.Split(rows[clause], " | ")
		if len(cells) != 3 || !strings.Contains(cells[0], "`") || cells[2] == "" {
			t.Errorf("%s: clause %s has no operation, test and article: %q", clauseGuide, clause, rows[clause])
			continue
		}
		own := "TestClause" + strings.NewReplacer(" ", "", ".", "").Replace(clause)
		if clause == "Preamble 2" {
			own = "TestClausePreambleAGroup"
		} else if clause == "1.1.1" {
			own = "TestClause11A"
		}
		if !strings.Contains(cells[1], own) {
			t.Errorf("%s: clause %s has no test of its name, %s…", clauseGuide, clause, own)
		}
	}
	for _, named := range regexp.MustCompile(`\bTest[A-Z]\w+`).FindAllString(read(t, clauseGuide), -1) {
		if !slices.Contains(tests, named) {
			t.Errorf("%s: there is no test %s", clauseGuide, named)
		}
	}
}

func TestTheOperationsCommandsAndRulesOfTheClausesAreThere(t *testing.T) {
	guide, schema, help := read(t, clauseGuide), graph.Schema(), &bytes.Buffer{}
	if status := run(&process{ctx: t.Context(), out: help, err: help}, []string{"--help"}); status != 0 {
		t.Fatalf("--help: status %d", status)
	}
	pack, err := loadRules("")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, m := range regexp.MustCompile("`([^`]+)`( [A-Z_]+)?").FindAllStringSubmatch(guide, -1) {
		name, mark := m[1], strings.TrimSpace(m[2])
		object, field, dotted := strings.Cut(name, ".")
		command, isCommand := strings.CutPrefix(name, "kelisim ")
		switch of := schema.Types[object]; {
		case field == "x" || command == "x": // of the introduction
		case isCommand:
			seen["command"]++
			if !strings.Contains(help.String(), "\n  "+command+" ") {
				t.Errorf("there is no command %q", name)
			}
		case dotted && of != nil:
			seen["field"]++
			if of.Fields.ForName(field) == nil {
				t.Errorf("the schema has no %s", name)
			}
		case regexp.MustCompile(`^[a-z]+\.[a-zA-Z]+$`).MatchString(name):
			seen["rule"]++
			rule := pack[vault.HomeJurisdiction].Rule(vault.RuleID(name))
			if rule.ID == "" || mark != "" && mark != string(rule.Mark) {
				t.Errorf("the rule %s is %q, and not %s", name, rule.Mark, mark)
			}
		case dotted && !strings.Contains(name, "/"):
			t.Errorf("nobody knows %s", name)
		}
	}
	for _, kind := range []string{"command", "field", "rule"} {
		if seen[kind] < 5 {
			t.Errorf("only %d of %s are named", seen[kind], kind)
		}
	}
}
