package vault

import (
	"regexp"
	"strconv"
	"time"
)

var durationForm = regexp.MustCompile(`^P(?:(\d{1,3})Y)?(?:(\d{1,3})M)?(?:(\d{1,4})D)?$`)

// AddDuration adds an ISO 8601 duration of years, months and days (P3Y, P6M,
// P1Y6M, P30D) to a moment, by the calendar. A month that has no such day ends
// the term with its last day, as civil law counts: P1M from 31 January is the
// end of February. It reports false for anything else, and for a duration of
// nothing.
func AddDuration(t time.Time, iso string) (time.Time, bool) {
	m := durationForm.FindStringSubmatch(iso)
	if m == nil {
		return time.Time{}, false
	}
	var n [3]int
	for i := range n {
		if m[i+1] == "" {
			continue
		}
		v, err := strconv.Atoi(m[i+1])
		if err != nil {
			return time.Time{}, false
		}
		n[i] = v
	}
	if n == [3]int{} {
		return time.Time{}, false
	}
	month := t.AddDate(0, 0, 1-t.Day()).AddDate(n[0], n[1], 0) // its first day
	last := month.AddDate(0, 1, -1).Day()
	return month.AddDate(0, 0, min(t.Day(), last)-1+n[2]), true
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
