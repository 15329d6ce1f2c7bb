//go:build bench

package main

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// thing is done so many times in a round.
type thing struct {
	times int
	do    func()
}

// rounds does all things once to warm up, then in turn, round after round, and
// gives what each took, once, in each round.
func rounds(things ...thing) [][]time.Duration {
	took := make([][]time.Duration, len(things))
	for round := range benchRounds + 1 {
		for i, one := range things {
			runtime.GC() // one does not clear what another left
			start := time.Now()
			for range one.times {
				one.do()
			}
			if round > 0 {
				took[i] = append(took[i], time.Since(start)/time.Duration(one.times))
			}
		}
	}
	return took
}

// short is the median of times, rounded for reading.
func short(times []time.Duration) time.Duration { return median(times).Round(10 * time.Microsecond) }

func median[T float64 | time.Duration](of []T) T { return slices.Sorted(slices.Values(of))[len(of)/2] }

// table is what is printed, in columns.
type table struct{ *tabwriter.Writer }

// row adds a row. What cannot be written, Flush reports.
func (t table) row(cells ...any) {
	_, _ = fmt.Fprintf(t, strings.TrimSuffix(strings.Repeat("%v\t", len(cells)), "\t")+"\n", cells...)
}

// ratio adds the row of one measure: how many times as long the one thing took
// as the other, round by round.
func (t table) ratio(name string, long, base []time.Duration, expected, round string) {
	ratios := make([]float64, len(long))
	for i := range long {
		ratios[i] = float64(long[i]) / float64(base[i])
	}
	t.row(name, fmt.Sprintf("%.1f\t%.1f\t%.1f", slices.Min(ratios), median(ratios), slices.Max(ratios)), expected, round)
}
