package vault

import (
	"slices"
	"time"
)

// Calendar says which days are worked, and in which zone a day begins.
type Calendar struct {
	Zone    *time.Location
	Weekend []time.Weekday
	// Holidays are days of every year, MM-DD.
	Holidays []string
	// Years are those that are known day by day: holidays that have no fixed date,
	// and days that were moved. In any other year only weekends and Holidays are
	// off: fewer than there will be, so that a deadline comes early, never late.
	Years map[int]Year
	// NextDay: counting begins with the day after. Without it the day itself is the first.
	NextDay bool
}

// Year is what differs in one year; days are YYYY-MM-DD.
type Year struct {
	Off    []string // worked otherwise
	Worked []string // off otherwise
}

// Works reports whether a day, as it is in the calendar's zone at the moment,
// is worked.
func (c Calendar) Works(at time.Time) bool {
	day := at.In(c.Zone)
	date, year := day.Format(time.DateOnly), c.Years[day.Year()]
	switch {
	case slices.Contains(year.Worked, date):
		return true
	case slices.Contains(year.Off, date):
		return false
	}
	return !slices.Contains(c.Weekend, day.Weekday()) && !slices.Contains(c.Holidays, day.Format("01-02"))
}

// Known reports whether the year of the moment is known day by day.
func (c Calendar) Known(at time.Time) bool {
	_, ok := c.Years[at.In(c.Zone).Year()]
	return ok
}

// End is the last moment, to the millisecond, of a deadline that begins at a
// moment. Days end at midnight in the calendar's zone; hours run by the clock.
// A deadline in days or months that would end on a day off ends with the next
// day that is worked.
func (c Calendar) End(from time.Time, d Deadline) time.Time {
	if d.Unit == ClockHours {
		return from.Add(time.Duration(d.Count) * time.Hour)
	}
	day := c.dayOf(from)
	if !c.NextDay {
		day = day.AddDate(0, 0, -1)
	}
	switch d.Unit {
	case WorkingDays:
		for left := d.Count; left > 0; {
			day = day.AddDate(0, 0, 1)
			if c.Works(day) {
				left--
			}
		}
	case Months:
		day = addMonths(day, d.Count)
	default:
		day = day.AddDate(0, 0, d.Count)
	}
	for d.Unit != WorkingDays && !c.Works(day) {
		day = day.AddDate(0, 0, 1)
	}
	return day.AddDate(0, 0, 1).Add(-time.Millisecond).UTC()
}

// between counts the worked days after the day of one moment, up to and with that
// of a later one.
func (c Calendar) between(from, to time.Time) (n int) {
	last := c.dayOf(to)
	for day := c.dayOf(from).AddDate(0, 0, 1); !day.After(last); day = day.AddDate(0, 0, 1) {
		if c.Works(day) {
			n++
		}
	}
	return n
}

// dayOf is the beginning of the moment's day in the calendar's zone.
func (c Calendar) dayOf(at time.Time) time.Time {
	y, m, d := at.In(c.Zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, c.Zone)
}

// addMonths adds months by the calendar; a month that has no such day ends with
// its last one.
func addMonths(day time.Time, n int) time.Time {
	first := day.AddDate(0, 0, 1-day.Day()).AddDate(0, n, 0)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(day.Day(), last)-1)
}
