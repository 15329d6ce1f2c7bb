package main

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

// ruleFile is a file of rules, as Prometheus reads it.
type ruleFile struct {
	Groups []struct {
		Name  string `yaml:"name"`
		Rules []rule `yaml:"rules"`
	} `yaml:"groups"`
}

type rule struct {
	Alert       string            `yaml:"alert"`
	Record      string            `yaml:"record"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

func rules(t *testing.T) (out []rule) {
	t.Helper()
	file, err := os.Open("../deploy/prometheus/kelisim.rules.yaml")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	var read ruleFile
	decoder := yaml.NewDecoder(file)
	decoder.KnownFields(true)
	if err := decoder.Decode(&read); err != nil {
		t.Fatal(err)
	}
	for _, g := range read.Groups {
		out = append(out, g.Rules...)
	}
	return out
}

// panels are the expressions of the dashboard, by the panels' titles.
func panels(t *testing.T) map[string][]string {
	t.Helper()
	var board struct {
		Panels []struct {
			Title   string `json:"title"`
			Targets []struct {
				Expr string `json:"expr"`
			} `json:"targets"`
		} `json:"panels"`
	}
	if err := json.Unmarshal([]byte(read(t, "../deploy/grafana/kelisim.json")), &board); err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for _, p := range board.Panels {
		for _, target := range p.Targets {
			out[p.Title] = append(out[p.Title], target.Expr)
		}
	}
	return out
}

// exported are the metrics with their labels, as docs/operations.md lists them;
// TestEveryMetricIsInTheOperationsManual holds that against the program. The
// figures of keys and logins come as a whole: they are known in advance as long
// as there is none of them.
func exported(t *testing.T) map[string]string {
	t.Helper()
	told := manual(t, "## Metrics", regexp.MustCompile("(?m)^\\| `(kelisim_[a-z_]+)` \\| ([a-z` ]*?) ?\\| \\S.* \\|$"))
	coming := map[string]string{
		"kelisim_key_rows": "`key` `version`", "kelisim_key_latest_version": "`key`", "kelisim_key_oldest_needed_version": "`key`",
		"kelisim_key_newest_version_age_seconds": "`key`", "kelisim_key_trouble": "`key` `trouble`", "kelisim_vault_login_seconds_left": "`login`",
		"kelisim_declared_copies": "`kind`",
	}
	for name := range coming {
		if _, there := told[name]; there {
			return told
		}
	}
	maps.Copy(told, coming)
	return told
}

var (
	metricName = regexp.MustCompile(`\bkelisim_[a-z_]+`)
	selector   = regexp.MustCompile(`\b(kelisim_[a-z_]+)\{([^}]*)\}`)
	matcher    = regexp.MustCompile(`([a-z_]+)(?:=~|!~|!=|=)"`)
	grouping   = regexp.MustCompile(`\b(?:by|on|without) \(([a-z_, ]*)\)`)
)

// examineExpression says what is wrong with an expression of PromQL, as far as
// names and brackets go.
func examineExpression(expr string, metrics map[string]string) (wrong []string) {
	series := func(name string) (string, bool) {
		for _, suffix := range []string{"", "_bucket", "_count", "_sum"} {
			base, cut := strings.CutSuffix(name, suffix)
			if labels, there := metrics[base]; cut && there {
				return labels + " `le`", true
			}
		}
		return "", false
	}
	known := []string{"`le`"}
	for _, name := range metricName.FindAllString(expr, -1) {
		labels, there := series(name)
		if !there {
			wrong = append(wrong, "no metric "+name)
		}
		known = append(known, labels)
	}
	for _, s := range selector.FindAllStringSubmatch(expr, -1) {
		labels, _ := series(s[1])
		for _, m := range matcher.FindAllStringSubmatch(s[2], -1) {
			if !strings.Contains(labels, "`"+m[1]+"`") {
				wrong = append(wrong, s[1]+" has no label "+m[1])
			}
		}
	}
	for _, g := range grouping.FindAllStringSubmatch(expr, -1) {
		for label := range strings.SplitSeq(g[1], ", ") {
			if !strings.Contains(strings.Join(known, " "), "`"+label+"`") {
				wrong = append(wrong, "no label "+label)
			}
		}
	}
	for _, pair := range []string{"()", "{}", "[]"} {
		if strings.Count(expr, pair[:1]) != strings.Count(expr, pair[1:]) {
			wrong = append(wrong, "unbalanced "+pair)
		}
	}
	if strings.Count(expr, `"`)%2 != 0 {
		wrong = append(wrong, "unbalanced quotes")
	}
	return wrong
}

func TestTheAlertsAreOfMetricsThatTheServerShows(t *testing.T) {
	metrics := exported(t)
	var alerts []string
	for _, r := range rules(t) {
		if wrong := examineExpression(r.Expr, metrics); r.Expr == "" || len(wrong) > 0 {
			t.Errorf("%s%s: %v", r.Alert, r.Record, wrong)
		}
		if r.Record != "" {
			continue
		}
		alerts = append(alerts, r.Alert)
		if !slices.Contains([]string{"page", "ticket"}, r.Labels["severity"]) || r.Annotations["summary"] == "" {
			t.Errorf("%s: %v %v", r.Alert, r.Labels, r.Annotations)
		}
		file, anchor, _ := strings.Cut(r.Annotations["runbook"], "#")
		if !slices.Contains(anchors(t, "../"+file), anchor) {
			t.Errorf("%s: there is no %s", r.Alert, r.Annotations["runbook"])
		}
	}
	slices.Sort(alerts)
	want := []string{
		"KelisimBreachNoticeDue", "KelisimKeyFlagsWeakened", "KelisimKeyMadeUnusable", "KelisimKeyRotationOverdue", "KelisimOldKeyVersionStillNeeded",
		"KelisimOperatorThresholdNear", "KelisimOperatorThresholdPassed", "KelisimRequestOverdue", "KelisimRevealBurst", "KelisimRewrapStalled",
		"KelisimVaultLoginExpiring",
	}
	if got := slices.Compact(alerts); !slices.Equal(got, want) {
		t.Errorf("the alerts are %v, want %v", got, want)
	}
}

// Prometheus' own engine evaluates each alert, on series on which it fires and on
// series on which it must not; a rule without either fails, too.
func TestEveryAlertFiresWhenItHasToAndNotOtherwise(t *testing.T) {
	program := daemon.AlertCheck(t)
	out, err := exec.CommandContext(t.Context(), program, "../deploy/prometheus/kelisim.rules.test.yaml").CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "12 alerting rules, ") {
		t.Errorf("%v: %s", err, out)
	}
	// A limit that is wrong is found.
	folder := t.TempDir()
	wrong := strings.Replace(read(t, "../deploy/prometheus/kelisim.rules.yaml"), "seconds_left) < 3600", "seconds_left) < 0", 1)
	writeFile(t, filepath.Join(folder, "kelisim.rules.yaml"), wrong)
	writeFile(t, filepath.Join(folder, "cases.yaml"), read(t, "../deploy/prometheus/kelisim.rules.test.yaml"))
	out, err = exec.CommandContext(t.Context(), program, filepath.Join(folder, "cases.yaml")).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "KelisimVaultLoginExpiring fires for []") {
		t.Errorf("a wrong limit: %v: %s", err, out)
	}
}

func TestTheDashboardShowsMetricsThatTheServerHas(t *testing.T) {
	metrics, shown := exported(t), panels(t)
	for title, expressions := range shown {
		for _, expr := range expressions {
			if wrong := examineExpression(expr, metrics); len(wrong) > 0 {
				t.Errorf("%s: %v", title, wrong)
			}
		}
	}
	if len(shown) == 0 {
		t.Error("the dashboard shows nothing")
	}
}

func TestAWrongExpressionIsFound(t *testing.T) {
	metrics := map[string]string{"kelisim_key_rows": "`key` `version`"}
	for expr, want := range map[string]string{
		"sum(kelisim_rows)":                        "no metric kelisim_rows",
		`kelisim_key_rows{verson="1"}`:             "kelisim_key_rows has no label verson",
		"sum by (keys) (kelisim_key_rows)":         "no label keys",
		"sum by (key) (kelisim_key_rows":           "unbalanced ()",
		`kelisim_key_rows{key="a}`:                 "unbalanced quotes",
		`max by (key, version) (kelisim_key_rows)`: "",
	} {
		if got := strings.Join(examineExpression(expr, metrics), ""); got != want {
			t.Errorf("%s: %q, want %q", expr, got, want)
		}
	}
}

// anchors are what links may name in a guide: its headings, as GitHub does it.
func anchors(t *testing.T, file string) (out []string) {
	t.Helper()
	for _, m := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(read(t, file), -1) {
		out = append(out, regexp.MustCompile(`[^a-z0-9-]`).ReplaceAllString(strings.ReplaceAll(strings.ToLower(m[1]), " ", "-"), ""))
	}
	return out
}
