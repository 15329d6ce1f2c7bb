package vault

import (
	"regexp"
	"strconv"
	"time"
)

var durationForm = regexp.MustCompile(`^P(?:(\d{1,3})Y)?(?:(\d{1,3})M)?(?:(\d{1,4})D)?$`)

// duration is years, months and days.
type duration struct{ years, months, days int }

// parseDuration reads an ISO 8601 duration; false: it is none, or one of nothing.
func parseDuration(iso string) (duration, bool) {
	m := durationForm.FindStringSubmatch(iso)
	if m == nil {
		return duration{}, false
	}
	var n [3]int
	for i := range n {
		if m[i+1] == "" {
			continue
		}
		v, err := strconv.Atoi(m[i+1])
		if err != nil {
			return duration{}, false
		}
		n[i] = v
	}
	return duration{n[0], n[1], n[2]}, n != [3]int{}
}

func (d duration) after(t time.Time) time.Time {
	month := t.AddDate(0, 0, 1-t.Day()).AddDate(d.years, d.months, 0) // its first day
	last := month.AddDate(0, 1, -1).Day()
	return month.AddDate(0, 0, min(t.Day(), last)-1+d.days)
}

// AddDuration adds an ISO 8601 duration of years, months and days (P3Y, P6M,
// P1Y6M, P30D) to a moment, by the calendar. A month that has no such day ends
// the term with its last day, as civil law counts: P1M from 31 January is the
// end of February. It reports false for anything else, and for a duration of
// nothing.
func AddDuration(t time.Time, iso string) (time.Time, bool) {
	d, ok := parseDuration(iso)
	if !ok {
		return time.Time{}, false
	}
	return d.after(t), true
}

// lasting compares two durations; none at all is the longest. Months and years
// have no fixed length, so it counts from each day between two leap days: what
// lasts longer from only one of them, as three months against ninety days, is
// wider.
func lasting(was, now *string) Effect {
	switch {
	case was == nil && now == nil:
		return Corrected
	case now == nil:
		return Widening
	case was == nil:
		return Narrowing
	}
	before, ok := parseDuration(*was)
	after, also := parseDuration(*now)
	if !ok || !also {
		return Widening // publication refuses such a one
	}
	effect := Corrected
	first := time.Date(2024, time.January, 1, 0, 0, 0, 0, time.UTC)
	for day := first; day.Year() < first.Year()+4; day = day.AddDate(0, 0, 1) {
		switch after.after(day).Compare(before.after(day)) {
		case 1:
			return Widening
		case -1:
			effect = Narrowing
		}
	}
	return effect
}

// daysOf bounds in days how long an ISO 8601 duration can be: the shortest and the
// longest months and years. What is no duration is zero.
func daysOf(iso string) (shortest, longest int) {
	m := durationForm.FindStringSubmatch(iso)
	if m == nil {
		return 0, 0
	}
	for i, days := range [][2]int{{365, 366}, {28, 31}, {1, 1}} {
		n, _ := strconv.Atoi(m[i+1]) // nothing is zero
		shortest, longest = shortest+n*days[0], longest+n*days[1]
	}
	return shortest, longest
}
