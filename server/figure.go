package main

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kelisim/kelisim/vault"
)

const (
	figuresEvery = time.Minute
	// peopleEvery is how old the number of people may be: counting reads the whole
	// table.
	peopleEvery = 10 * time.Minute
)

// figures are what the law wants somebody to notice: how many people there are,
// and whom one has to tell of breaches.
type figures struct {
	vault *vault.Service
	clock func() time.Time
	log   *slog.Logger

	mu           sync.Mutex
	operator     vault.OperatorFigures
	counted      time.Time // zero: not yet
	due, overdue map[vault.Audience]int
	looked       time.Time

	people, threshold, warning, asOf, notices *prometheus.Desc
}

func newFigures(sys *system, clock func() time.Time) *figures {
	gauge := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	f := &figures{
		vault: sys.vault, clock: clock, log: sys.log,
		people:    gauge("kelisim_unique_subjects", "People whose data is here."),
		threshold: gauge("kelisim_operator_threshold", "Up to how many people an operator is of a size, by the rule pack.", "size"),
		warning:   gauge("kelisim_operator_warning_ratio", "The part of a threshold at which to warn."),
		asOf:      gauge("kelisim_unique_subjects_as_of_timestamp_seconds", "When people were counted."),
		notices:   gauge("kelisim_breach_notices", "Notices of breaches that are not given yet.", "audience", "state"),
	}
	return f
}

// Describe implements prometheus.Collector.
func (f *figures) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{f.people, f.threshold, f.warning, f.asOf, f.notices} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (f *figures) Collect(to chan<- prometheus.Metric) {
	f.mu.Lock()
	defer f.mu.Unlock()
	show := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	if !f.counted.IsZero() {
		show(f.people, float64(f.operator.People))
		for size, rule := range map[string]vault.Rule{"small": f.operator.Small, "medium": f.operator.Medium} {
			if rule.Number > 0 { // a threshold of nobody would be passed by everybody
				show(f.threshold, float64(rule.Number), size)
			}
		}
		show(f.warning, float64(f.operator.Warning)/100)
		show(f.asOf, float64(f.counted.UnixMilli())/1000)
	}
	if f.looked.IsZero() {
		return
	}
	for _, a := range vault.Audiences() {
		show(f.notices, float64(f.due[a]), string(a), "due")
		show(f.notices, float64(f.overdue[a]), string(a), "overdue")
	}
}

// look finds the figures out; people are counted when that is a while ago.
func (f *figures) look(ctx context.Context) error {
	due, overdue, err := f.vault.OverdueBreaches(ctx)
	now := f.clock()
	f.mu.Lock()
	if err == nil {
		f.due, f.overdue, f.looked = due, overdue, now
	}
	fresh := !f.counted.IsZero() && now.Sub(f.counted) < peopleEvery
	f.mu.Unlock()
	if fresh {
		return err
	}
	operator, counting := f.vault.Operator(ctx) // takes its time, and keeps no scrape waiting
	if counting == nil {
		f.mu.Lock()
		f.operator, f.counted = operator, now
		f.mu.Unlock()
	}
	return errors.Join(err, counting)
}

// run looks again and again until the context ends.
func (f *figures) run(ctx context.Context) {
	for {
		if err := f.look(ctx); err != nil && ctx.Err() == nil {
			f.log.LogAttrs(ctx, slog.LevelWarn, "people and breaches could not be counted; it is tried again", slog.Any("error", err))
		}
		pause := time.NewTimer(figuresEvery)
		select {
		case <-ctx.Done():
			pause.Stop()
			return
		case <-pause.C:
		}
	}
}
