package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kelisim/kelisim/vault"
)

func TestThePacksThatComeWithTheProgramSayWhatTheyRestOn(t *testing.T) {
	packs, err := loadRules("")
	if err != nil {
		t.Fatal(err)
	}
	for code, p := range packs {
		if code == "" || len(p.Law) != len(vault.Languages) {
			t.Errorf("%q lacks its code or the law's title", code)
		}
		for _, r := range p.Rules {
			if len(r.Says) != len(vault.Languages) {
				t.Errorf("%s: %s is not said in every language", code, r.ID)
			}
		}
	}
	home, err := packs.Of("")
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range vault.RuleIDs() {
		if id != vault.RuleRequestExtension && home.Rule(id).Mark == "" {
			t.Errorf("the home pack has no rule %s", id)
		}
	}
	if _, err := packs.Of("XX"); err == nil {
		t.Error("a jurisdiction that nobody knows has rules")
	}
}

func TestWorkingDaysAreCountedOverNewYearAndNauryz(t *testing.T) {
	packs, err := loadRules("")
	if err != nil {
		t.Fatal(err)
	}
	home := packs["KZ"]
	for _, c := range []struct {
		from string
		id   vault.RuleID
		want string // the last day
	}{
		{"2026-12-31T10:00:00+05:00", vault.RuleCorrection, "2027-01-05"},    // 1 and 2 January are off, and 2 January, a Saturday, is made up for on Monday
		{"2026-12-31T23:30:00+05:00", vault.RuleRequestAnswer, "2027-01-08"}, // 5, 6, 8: the 7th is off
		{"2026-12-31T19:30:00Z", vault.RuleCorrection, "2027-01-05"},         // the 1st in Almaty
		{"2026-03-20T18:00:00+05:00", vault.RuleCorrection, "2026-03-26"},    // Saturday to Monday, and two days made up
		{"2026-03-19T09:00:00+05:00", vault.RuleRequestAnswer, "2026-03-27"}, // 20, 26, 27
		{"2026-11-23T09:00:00+05:00", vault.RuleErasure, "2026-12-08"},       // fifteen days of the calendar
		{"2026-11-28T09:00:00+05:00", vault.RuleErasure, "2026-12-14"},       // the 13th is a Sunday
		{"2026-12-16T09:00:00+05:00", vault.RuleWithdrawalStop, "2027-01-11"},
	} {
		from, err := time.Parse(time.RFC3339, c.from)
		if err != nil {
			t.Fatal(err)
		}
		due, ok := home.Due(c.id, from)
		want := c.want + "T23:59:59.999+05:00"
		if got := due.In(home.Zone).Format("2006-01-02T15:04:05.000-07:00"); !ok || got != want {
			t.Errorf("%s from %s is due at %s, want %s", c.id, c.from, got, want)
		}
	}
	hours, _ := packs["GDPR"].Due(vault.RuleBreachAuthority, time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC))
	if want := time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC); !hours.Equal(want) {
		t.Errorf("72 hours end at %s, want %s", hours, want)
	}
	if _, ok := home.Due(vault.RuleRequestExtension, time.Now()); ok {
		t.Error("an extension that the pack does not know has an end")
	}
}

func TestAnOperatorsPackTakesThePlaceOfOurs(t *testing.T) {
	dir := t.TempDir()
	raw, err := rulePacks.ReadFile("rules/kz.yaml")
	if err != nil {
		t.Fatal(err)
	}
	edited := strings.Replace(string(raw), `"2026-10-26"]`, `"2026-10-26", "2026-11-24"]`, 1)
	file := filepath.Join(dir, "own.yaml")
	if err := os.WriteFile(file, []byte(edited), 0o600); err != nil {
		t.Fatal(err)
	}
	packs, err := loadRules(dir)
	if err != nil {
		t.Fatal(err)
	}
	monday := time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)
	if due, _ := packs["KZ"].Due(vault.RuleCorrection, monday); due.In(packs["KZ"].Zone).Day() != 25 {
		t.Errorf("due %s", due)
	}
	for wrong, says := range map[string]string{
		strings.Replace(edited, "deadline: 15 DAYS", "deadline: soon", 1):      "write a number and a unit",
		strings.Replace(edited, "id: erasure.answer", "id: erasure.hope", 1):   "knows no rule",
		strings.Replace(edited, "mark: FOUND", "mark: SURE", 1):                "one of FOUND",
		strings.Replace(edited, "zone: Asia/Almaty", "zone: Asia/Atlantis", 1): "not a time zone",
		strings.Replace(edited, `"2026-03-09"`, `"2027-03-09"`, 1):             "not of the year 2026",
		strings.Replace(edited, "weekend:", "weekends:", 1):                    "is not known here",
	} {
		if err := os.WriteFile(file, []byte(wrong), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := loadRules(dir); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v, want %q", err, says)
		}
	}
	if _, err := loadRules(t.TempDir()); err == nil {
		t.Error("an empty folder is taken for packs")
	}
}
