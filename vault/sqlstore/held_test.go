package sqlstore

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

// The statistics say that nearly all is under the old version, which is how
// they are after a job has moved it: that must not make PostgreSQL look for the
// few that are left by walking through everything.
func TestFewUnderAnOldVersionAreFoundByTheirIndex(t *testing.T) {
	url := daemon.PostgreSQL(t)
	onPostgreSQL, r := opened(t, url, Options{}), newRival(t, url)
	all := crowd + `;
UPDATE actors SET key_name = 'k', key_version = 1; UPDATE consent_acts SET key_name = 'k', key_version = 1; ANALYZE;
UPDATE personal_fields SET key_version = 2; UPDATE object_values SET key_version = 2; UPDATE technical_data SET key_version = 2; UPDATE actors SET key_version = 2; UPDATE consent_acts SET key_version = 2`
	if _, err := r.Exec(t.Context(), all, pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatal(err)
	}
	onSQLite := opened(t, filepath.Join(t.TempDir(), "vault.db"), Options{})
	for _, in := range vault.Holdings() {
		index := string(in) + "_held"
		asked := func(s *Store) []*statement {
			heard := &listener{database: s.db}
			listening := &Store{db: heard, timeout: s.timeout}
			for _, after := range []vault.HeldRow{{}, {Owner: uuid.New(), Field: "email", Act: uuid.New()}} {
				if _, err := listening.Held(t.Context(), in, "k", 1, after, 500); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := listening.CountHeld(t.Context(), in); err != nil {
				t.Fatal(err)
			}
			return heard.heard
		}
		for _, statement := range asked(onSQLite) {
			if plan := sqlitePlan(t, onSQLite, statement); !strings.Contains(plan, index+" (") || strings.Contains(plan, "TEMP B-TREE") {
				t.Errorf("SQLite does not search by %s:\n%s\n%s", index, statement.sql, plan)
			}
		}
		for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
			r.run("SET plan_cache_mode = " + mode)
			for _, statement := range asked(onPostgreSQL) {
				plan := r.explain(statement)
				if !strings.Contains(plan, index) || strings.Contains(plan, "Sort") || !strings.Contains(plan, "Index Cond") {
					t.Errorf("%s does not go by %s:\n%s\n%s", mode, index, statement.sql, plan)
				}
			}
		}
	}
}

func TestMoreThanOneStatementCountsAreCounted(t *testing.T) {
	url := daemon.PostgreSQL(t)
	s, r := opened(t, url, Options{}), newRival(t, url)
	for n, version := range map[int]int{countedAtOnce - 1: 1, countedAtOnce: 2, 2*countedAtOnce + 7: 3} {
		_, err := r.Exec(t.Context(), fmt.Sprintf(`INSERT INTO actors SELECT gen_random_uuid(), 'i', %[1]d, 'd' || n, 'k', %[1]d, '', 1
			FROM generate_series(1, %[2]d) n`, version, n), pgx.QueryExecModeSimpleProtocol)
		if err != nil {
			t.Fatal(err)
		}
	}
	counts, err := s.CountHeld(t.Context(), vault.HoldingActors)
	if err != nil || len(counts) != 3 {
		t.Fatal(counts, err)
	}
	for i, want := range []int64{countedAtOnce - 1, countedAtOnce, 2*countedAtOnce + 7} {
		if counts[i].Rows != want {
			t.Errorf("version %d: %d rows, want %d", i+1, counts[i].Rows, want)
		}
	}
}
