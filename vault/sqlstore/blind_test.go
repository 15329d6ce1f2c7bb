package sqlstore

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

func TestBlindIndexesAreCountedByTheirKey(t *testing.T) {
	url := daemon.PostgreSQL(t)
	onPostgreSQL, r := opened(t, url, Options{}), newRival(t, url)
	all := crowd + `; INSERT INTO blind_index SELECT field, 2, digest, user_id, verified, 1 FROM blind_index LIMIT 100; ANALYZE`
	if _, err := r.Exec(t.Context(), all, pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatal(err)
	}
	asked := func(s *Store) []*statement {
		heard := &listener{database: s.db}
		if _, err := (&Store{db: heard, timeout: s.timeout}).CountIndexes(t.Context()); err != nil {
			t.Fatal(err)
		}
		return heard.heard
	}
	onSQLite := opened(t, filepath.Join(t.TempDir(), "vault.db"), Options{})
	for _, statement := range append(asked(onSQLite), asked(onPostgreSQL)...) {
		if plan := sqlitePlan(t, onSQLite, statement); !strings.Contains(plan, "autoindex_blind_index_1 (") || strings.Contains(plan, "TEMP B-TREE") {
			t.Errorf("SQLite does not search by the key:\n%s\n%s", statement.sql, plan)
		}
	}
	for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
		r.run("SET plan_cache_mode = " + mode)
		for _, statement := range asked(onPostgreSQL) {
			if parts := len(statement.args); parts > 2 {
				statement.args[parts-1] = 500 // a part is small beside a table that is counted in parts
			}
			plan := r.explain(statement)
			if !strings.Contains(plan, "blind_index_pkey") || strings.Contains(plan, "Sort") || strings.Contains(plan, "Bitmap") || !strings.Contains(plan, "Index Cond") {
				t.Errorf("%s does not go by the key:\n%s\n%s", mode, statement.sql, plan)
			}
		}
	}
	counts, err := onPostgreSQL.CountIndexes(t.Context())
	var rows []int64
	for _, c := range counts { // email under 1 and 2, then phone
		rows = append(rows, c.Rows)
	}
	if err != nil || !slices.Equal(rows, []int64{20_000, 50, 20_000, 50}) {
		t.Errorf("%v, %v", counts, err)
	}
}
