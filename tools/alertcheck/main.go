// Command alertcheck evaluates alerting rules with Prometheus' own engine on the
// series of a file in the form of `promtool test rules`, and fails when an alert
// fires that must not, or does not that must. Unlike promtool it asks for both
// cases of each rule. It is a module of its own so that nothing of Prometheus can
// reach the product's requirements.
package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/rules"
	"go.yaml.in/yaml/v2"
)

// file is what is tested: rules, and cases of them.
type file struct {
	Rules    []string       `yaml:"rule_files"`
	Interval model.Duration `yaml:"evaluation_interval"`
	Cases    []testCase     `yaml:"tests"`
}

type testCase struct {
	Name     string         `yaml:"name"`
	Interval model.Duration `yaml:"interval"` // of the samples
	Series   []struct {
		Series string `yaml:"series"`
		Values string `yaml:"values"`
	} `yaml:"input_series"`
	Alerts []struct {
		At     model.Duration `yaml:"eval_time"`
		Name   string         `yaml:"alertname"`
		Firing []struct {
			Labels map[string]string `yaml:"exp_labels"`
		} `yaml:"exp_alerts"`
	} `yaml:"alert_rule_test"`
}

// seen is what was seen of a rule, by its expression: two may have one name.
type seen struct{ fired, silent bool }

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: alertcheck FILE")
		os.Exit(2)
	}
	if err := check(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func check(path string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var f file
	if err := yaml.UnmarshalStrict(raw, &f); err != nil {
		return err
	}
	for i, rule := range f.Rules {
		f.Rules[i] = filepath.Join(filepath.Dir(path), rule)
	}
	all := map[string]seen{}
	var errs []error
	for _, c := range f.Cases {
		if err := c.run(f, all); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", c.Name, err))
		}
	}
	for _, rule := range slices.Sorted(maps.Keys(all)) {
		if !all[rule].fired || !all[rule].silent {
			errs = append(errs, fmt.Errorf("no case in which it fires (%t), or none in which it must not (%t): %s", all[rule].fired, all[rule].silent, rule))
		}
	}
	if len(all) == 0 {
		errs = append(errs, errors.New("there are no alerts"))
	}
	fmt.Printf("%d alerting rules, %d cases\n", len(all), len(f.Cases))
	return errors.Join(errs...)
}

// run evaluates the rules at each interval up to the last moment asked for.
func (c testCase) run(f file, all map[string]seen) (err error) {
	var load strings.Builder
	fmt.Fprintf(&load, "load %s\n", c.Interval)
	for _, s := range c.Series {
		fmt.Fprintf(&load, "  %s %s\n", s.Series, s.Values)
	}
	suite, err := promqltest.NewLazyLoader(load.String(), promqltest.LazyLoaderOpts{EnableAtModifier: true, EnableNegativeOffset: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, suite.Close()) }()
	suite.SubqueryInterval = time.Duration(f.Interval)
	manager := rules.NewManager(&rules.ManagerOptions{
		QueryFunc: rules.EngineQueryFunc(suite.QueryEngine(), suite.Storage()), Appendable: suite.Storage(), Context: context.Background(),
		NotifyFunc: func(context.Context, string, ...*rules.Alert) {}, Logger: promslog.NewNopLogger(), Parser: parser.NewParser(parser.Options{}),
	})
	groups, errs := manager.LoadGroups(time.Duration(f.Interval), labels.EmptyLabels(), "", nil, false, f.Rules...)
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	alerting := alerts(groups)
	for _, rule := range alerting {
		rule.SetRestored(true) // as after a start
		if _, there := all[rule.Query().String()]; !there {
			all[rule.Query().String()] = seen{}
		}
	}
	var last time.Duration
	for _, a := range c.Alerts {
		last = max(last, time.Duration(a.At))
	}
	for now := time.Duration(0); now <= last; now += time.Duration(f.Interval) {
		at := time.Unix(0, 0).UTC().Add(now)
		suite.WithSamplesTill(at, func(loaded error) {
			if err = loaded; err == nil {
				err = evaluate(suite.Context(), groups, at)
			}
		})
		if err != nil {
			return err
		}
		if err := c.compare(now, alerting, all); err != nil {
			return err
		}
	}
	return nil
}

// alerts are the alerting rules of groups, in the groups' order.
func alerts(groups map[string]*rules.Group) (out []*rules.AlertingRule) {
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		for _, r := range groups[name].Rules() {
			if rule, ok := r.(*rules.AlertingRule); ok {
				out = append(out, rule)
			}
		}
	}
	return out
}

func evaluate(ctx context.Context, groups map[string]*rules.Group, at time.Time) error {
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		groups[name].Eval(ctx, at)
		for _, r := range groups[name].Rules() {
			if err := r.LastError(); err != nil {
				return fmt.Errorf("rule %s: %w", r.Name(), err)
			}
		}
	}
	return nil
}

// compare holds what fires at a moment against what has to.
func (c testCase) compare(now time.Duration, alerting []*rules.AlertingRule, all map[string]seen) error {
	for _, a := range c.Alerts {
		if time.Duration(a.At) != now {
			continue
		}
		want := []string{}
		for _, f := range a.Firing {
			want = append(want, labels.FromMap(f.Labels).String())
		}
		got := []string{}
		for _, rule := range alerting {
			if rule.Name() != a.Name {
				continue
			}
			fires := firing(rule)
			was := all[rule.Query().String()]
			was.fired, was.silent = was.fired || len(fires) > 0, was.silent || len(fires) == 0
			all[rule.Query().String()] = was
			got = append(got, fires...)
		}
		slices.Sort(want)
		if slices.Sort(got); !slices.Equal(got, want) {
			return fmt.Errorf("after %s %s fires for %v, and has to for %v", now, a.Name, got, want)
		}
	}
	return nil
}

// firing are the labels of what a rule fires for, without its name.
func firing(rule *rules.AlertingRule) (out []string) {
	for _, a := range rule.ActiveAlerts() {
		if a.State == rules.StateFiring {
			out = append(out, labels.NewBuilder(a.Labels).Del(labels.AlertName).Labels().String())
		}
	}
	return out
}
