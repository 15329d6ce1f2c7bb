package folder

import (
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kelisim/kelisim/vault"
)

// Pack reads a rule pack's file.
func Pack(file string) (*vault.RulePack, error) {
	p, name := beside(file)
	return p.pack(name)
}

// PackFS reads a rule pack's file from a file system.
func PackFS(fsys fs.FS, name string) (*vault.RulePack, error) { return place{FS: fsys}.pack(name) }

func (p place) pack(name string) (*vault.RulePack, error) {
	raw, err := p.read(name)
	if err != nil {
		return nil, err
	}
	return decode(p.path(name), raw, pack)
}

func pack(o *object) *vault.RulePack {
	p := &vault.RulePack{Code: o.at("code").text(), Version: o.at("version").date(), Law: o.at("law").words()}
	for _, must := range []struct{ key, said string }{{"code", p.Code}, {"version", p.Version}} {
		if must.said == "" {
			o.at(must.key).faultf("%s is missing; say it", must.key)
		}
	}
	p.Calendar = calendar(o.at("calendar"))
	seen := map[vault.RuleID]bool{}
	p.Rules = each(o.at("rules"), func(v value) vault.Rule {
		r := rule(v)
		if seen[r.ID] {
			v.faultf("the rule %s is here twice; keep one", quote(string(r.ID)))
		}
		seen[r.ID] = true
		return r
	})
	return p
}

func rule(v value) vault.Rule {
	o := v.object()
	defer o.close()
	r := vault.Rule{
		ID: vault.RuleID(o.at("id").text()), Article: o.at("article").text(), Source: o.at("source").text(),
		Mark: oneOf(o.at("mark"), vault.Found, vault.FromMemory, vault.Concluded), Says: o.at("says").words(),
		Deadline: deadline(o.at("deadline")), Period: period(o.at("period")), Number: number(o.at("number")),
		List: codes(o.at("list")), Severity: severity(o.at("severity")),
	}
	switch {
	case !slices.Contains(vault.RuleIDs(), r.ID):
		v.faultf("the program knows no rule %s", quote(string(r.ID)))
	case r.Mark == vault.Found && r.Source == "":
		v.faultf("the rule %s is marked FOUND; say in source where it was read", r.ID)
	case len(r.Says) == 0:
		v.faultf("the rule %s says nothing; say it for people, by language", r.ID)
	}
	return r
}

func severity(v value) vault.Severity {
	if v.none() {
		return ""
	}
	return oneOf(v, vault.Ignore, vault.Warning, vault.Fatal)
}

// codes is a list that may be left out: nil then, and not empty.
func codes(v value) []string {
	if v.none() {
		return nil
	}
	return each(v, value.text)
}

// oneOf is a text out of few.
func oneOf[T ~string](v value, known ...T) T {
	text := T(v.text())
	if !slices.Contains(known, text) {
		names := make([]string, len(known))
		for i, k := range known {
			names[i] = string(k)
		}
		v.faultf("%s: one of %s belongs here", v.name, strings.Join(names, ", "))
	}
	return text
}

func number(v value) int64 {
	if v.none() {
		return 0
	}
	n, err := strconv.ParseInt(v.text(), 10, 64)
	if err != nil || n < 0 {
		v.faultf("%s: a whole number belongs here", v.name)
	}
	return n
}

func period(v value) string {
	text := v.text()
	if _, ok := vault.AddDuration(time.Time{}, text); text != "" && !ok {
		v.faultf("%s: a duration is ISO 8601 in years, months and days: P3Y, P6M, P30D", v.name)
	}
	return text
}

// deadline is a number and a unit: 15 WORKING_DAYS.
func deadline(v value) *vault.Deadline {
	if v.none() {
		return nil
	}
	count, unit, _ := strings.Cut(v.text(), " ")
	n, err := strconv.Atoi(count)
	units := []vault.Unit{vault.WorkingDays, vault.CalendarDays, vault.ClockHours, vault.Months}
	if err != nil || n < 1 || n > 1000 || !slices.Contains(units, vault.Unit(unit)) {
		v.faultf("%s: write a number and a unit: 15 WORKING_DAYS, 15 DAYS, 72 HOURS, 1 MONTHS", v.name)
		return nil
	}
	return &vault.Deadline{Count: n, Unit: vault.Unit(unit)}
}

func calendar(v value) vault.Calendar {
	o := v.object()
	defer o.close()
	zone := o.at("zone")
	c := vault.Calendar{
		Weekend: each(o.at("weekend"), weekday), NextDay: o.at("nextDay").answer(),
		Holidays: each(o.at("holidays"), func(v value) string { return day(v, "01-02") }), Years: map[int]vault.Year{},
	}
	var err error
	if c.Zone, err = time.LoadLocation(zone.text()); err != nil || zone.none() {
		zone.faultf("zone: not a time zone; write it like Asia/Almaty")
	}
	for _, y := range each(o.at("years"), year) {
		c.Years[y.of] = y.Year
	}
	return c
}

type yearOf struct {
	of int
	vault.Year
}

func year(v value) yearOf {
	o := v.object()
	defer o.close()
	y := yearOf{of: int(number(o.at("year")))}
	read := func(v value) string {
		date := day(v, time.DateOnly)
		if date != "" && !strings.HasPrefix(date, strconv.Itoa(y.of)+"-") {
			v.faultf("%s: the day is not of the year %d", v.name, y.of)
		}
		return date
	}
	y.Off, y.Worked = each(o.at("off"), read), each(o.at("worked"), read)
	return y
}

func day(v value, layout string) string {
	text := v.text()
	if _, err := time.Parse(layout, text); err != nil {
		v.faultf("%s: not a day; write it in quotes, like %s", v.name, strings.NewReplacer("2006", "2026", "01", "03", "02", "22").Replace(layout))
	}
	return text
}

func weekday(v value) time.Weekday {
	text := v.text()
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.EqualFold(d.String(), text) {
			return d
		}
	}
	v.faultf("%s: one of MONDAY to SUNDAY belongs here", v.name)
	return time.Sunday
}
