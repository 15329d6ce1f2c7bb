package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caarlos0/env/v11"

	"github.com/kelisim/kelisim/graph"
	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/sqlstore"
	"github.com/kelisim/kelisim/vault/transit"
)

func TestEverySettingIsInTheOperationsManual(t *testing.T) {
	told := manual(t, "## Settings", regexp.MustCompile("(?m)^\\| `([A-Z_]+)` \\| (?:`([^`]*)`)? ?\\| \\S.* \\|$"))
	fields, err := env.GetFieldParams(&settings{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, f := range fields {
		want[f.Key] = f.DefaultValue
	}
	usual := reflect.ValueOf(limits(graph.DefaultLimits()))
	for i := range usual.NumField() {
		want["KELISIM_LIMIT_"+usual.Type().Field(i).Tag.Get("env")] = fmt.Sprint(usual.Field(i))
	}
	if !maps.Equal(told, want) {
		t.Errorf("docs/operations.md tells %v, the program reads %v", told, want)
	}
}

func TestEveryMetricIsInTheOperationsManual(t *testing.T) {
	told := manual(t, "## Metrics", regexp.MustCompile("(?m)^\\| `(kelisim_[a-z_]+)` \\| ([a-z` ]*?) ?\\| \\S.* \\|$"))
	m := newMetrics()
	m.request("GET /readyz", 200, time.Second)
	m.transitCall("encrypt", 1, time.Second, errors.New("no answer"))
	m.deniedAnonymous("me")
	m.usedDeprecated("User.name")
	m.untrustedDocument("mobile", true)
	m.database(func() sqlstore.Pool { return sqlstore.Pool{} })
	m.askedFor(func(context.Context) (vault.RequestCount, error) { return vault.RequestCount{}, nil })
	key := vault.KeyFacts{Name: "kelisim-pii", Latest: 1, Versions: []vault.KeyVersion{{Version: 1, Made: time.Now()}}}
	m.keys(func() (vault.KeyStates, bool) {
		return vault.KeyStates{
			Keys: []vault.KeyState{{
				KeyFacts: key, Needs: []vault.KeyNeed{{Version: 1, Rows: 1}}, Troubles: []vault.KeyTrouble{{Kind: vault.KeyExportable}},
			}},
			Logins: []vault.LoginState{{Name: "encrypt", Expires: time.Now()}},
		}, true
	}, "", time.Now)
	f := newFigures(&system{metrics: m}, time.Now)
	f.counted, f.looked, f.operator.Small.Number = time.Now(), time.Now(), 1
	m.registry.MustRegister(f)
	m.registry.MustRegister(newTransitLoad(func() []transit.Load { return []transit.Load{{Operation: "encrypt"}} }))
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, family := range families {
		if !strings.HasPrefix(family.GetName(), "kelisim_") {
			continue
		}
		var labels []string
		for _, label := range family.GetMetric()[0].GetLabel() {
			labels = append(labels, "`"+label.GetName()+"`")
		}
		slices.Sort(labels)
		want[family.GetName()] = strings.Join(labels, " ")
	}
	if !maps.Equal(told, want) {
		t.Errorf("docs/operations.md tells %v, the program shows %v", told, want)
	}
}

// manual finds the rows of a section's table: the first column to the second.
func manual(t *testing.T, section string, row *regexp.Regexp) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(text), section+"\n")
	if !found {
		t.Fatalf("docs/operations.md has no section %q", section)
	}
	after, _, _ = strings.Cut(after, "\n## ")
	told := map[string]string{}
	for _, found := range row.FindAllStringSubmatch(after, -1) {
		told[found[1]] = found[2]
	}
	if rows := strings.Count(after, "\n| `"); rows != len(told) {
		t.Errorf("%s has %d rows, of which %d can be read", section, rows, len(told))
	}
	return told
}
