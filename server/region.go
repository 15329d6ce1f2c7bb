package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"

	"github.com/kelisim/kelisim/vault"
)

var countryForm = regexp.MustCompile(`^[A-Z]{2}$`)

// checkRegion holds where the operator says that the database is against the
// rules of each app, or of home while there is none. A country that the law does
// not allow stops the start; not to say where it stands is warned of, because nothing
// else can tell.
func (sys *system) checkRegion(ctx context.Context, rules vault.RulePacks) error {
	apps, err := sys.db.Apps(ctx)
	if err != nil {
		return err
	}
	codes := []string{}
	for _, app := range apps {
		codes = append(codes, cmp.Or(app.Jurisdiction, vault.HomeJurisdiction))
	}
	if len(codes) == 0 {
		codes = append(codes, vault.HomeJurisdiction)
	}
	slices.Sort(codes)
	for _, code := range slices.Compact(codes) {
		pack, err := rules.Of(code)
		if err == nil {
			err = sys.checkRegionBy(ctx, pack)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (sys *system) checkRegionBy(ctx context.Context, pack *vault.RulePack) error {
	rule, region := pack.Rule(vault.RuleStorageRegion), sys.settings.StorageRegion
	switch {
	case len(rule.List) == 0, slices.Contains(rule.List, region):
		return nil
	case region == "":
		sys.log.LogAttrs(ctx, slog.LevelWarn, "KELISIM_STORAGE_REGION does not say in which country the database is",
			slog.String("rules", pack.Name()), slog.String("allowed", strings.Join(rule.List, " ")))
		return nil
	}
	article := ""
	if rule.Article != "" {
		article = ", article " + rule.Article
	}
	return fmt.Errorf("KELISIM_STORAGE_REGION: the database is in %s, and the rules %s%s allow %s", region, pack.Name(), article, strings.Join(rule.List, ", "))
}

// checkStorageRegion: where the database is.
func checkStorageRegion(on *patient) []finding {
	if on.settings.StorageRegion != "" {
		return nil // the start holds it against the rules
	}
	return []finding{{
		Severity: weak, Subject: "KELISIM_STORAGE_REGION", Found: "nothing says in which country the database is",
		Do: "set it to the country's two letters, KZ; the server holds it against the rule pack",
	}}
}
