package main

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/kelisim/kelisim/vault"
)

func TestClause31ADatabaseInACountryThatTheRulesDoNotAllowStopsTheStart(t *testing.T) {
	rules, err := loadRules("")
	if err != nil {
		t.Fatal(err)
	}
	log := &strings.Builder{}
	sys := &system{log: slog.New(slog.NewTextHandler(log, nil))}
	pack, err := rules.Of(vault.HomeJurisdiction)
	if err != nil {
		t.Fatal(err)
	}
	sys.settings.StorageRegion = "DE"
	if err := sys.checkRegionBy(t.Context(), pack); err == nil || !strings.Contains(err.Error(), "the database is in DE") || !strings.Contains(err.Error(), "allow KZ") {
		t.Errorf("it answers %v", err)
	}
	for region, warns := range map[string]bool{"": true, "KZ": false} {
		log.Reset()
		sys.settings.StorageRegion = region
		if err := sys.checkRegionBy(t.Context(), pack); err != nil || strings.Contains(log.String(), "KELISIM_STORAGE_REGION") != warns {
			t.Errorf("%q: %v, %s", region, err, log)
		}
	}
	w := embedded(t) // serves without the setting
	said, err := w.sys.vault.Operator(t.Context())
	if err != nil || said.Size != vault.SmallOperator || said.People < 20 || said.Near() != 0 {
		t.Errorf("%+v, %v", said, err)
	}
}

func TestTheSizeOfAnOperatorFollowsTheThresholds(t *testing.T) {
	f := vault.OperatorFigures{Small: vault.Rule{Number: 10_000}, Medium: vault.Rule{Number: 500_000}, Warning: 80}
	for people, near := range map[int64]int64{0: 0, 7_999: 0, 8_000: 10_000, 10_000: 10_000, 10_001: 0, 400_000: 500_000, 500_001: 0} {
		f.People = people
		if got := f.Near(); got != near {
			t.Errorf("%d are near %d, want %d", people, got, near)
		}
	}
}
