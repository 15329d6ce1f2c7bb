package vault

import (
	"regexp"
	"strconv"
	"time"
)

var durationForm = regexp.MustCompile(`^P(?:(\d{1,3})Y)?(?:(\d{1,3})M)?(?:(\d{1,4})D)?$`)

// AddDuration adds an ISO 8601 duration of years, months and days (P3Y, P6M,
// P1Y6M, P30D) to a moment, by the calendar. It reports false for anything
// else, the empty duration included.
func AddDuration(t time.Time, iso string) (time.Time, bool) {
	m := durationForm.FindStringSubmatch(iso)
	if m == nil || iso == "P" {
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
	return t.AddDate(n[0], n[1], n[2]), true
}
