package sqlstore

import (
	"path/filepath"
	"testing"

	"github.com/kelisim/kelisim/vault"
)

// TestEveryCiphertextIsComparedHoweverManyThereAre walks over the end of a part,
// on both databases, and names what is wrong behind it.
func TestEveryCiphertextIsComparedHoweverManyThereAre(t *testing.T) {
	postgres, _ := entitled(t, Options{})
	for name, c := range map[string]struct {
		store *Store
		id    string
	}{
		"PostgreSQL": {postgres, "lpad(to_hex(n), 32, '0')::uuid"},
		"SQLite":     {opened(t, filepath.Join(t.TempDir(), "vault.db"), Options{}), "printf('00000000-0000-0000-0000-%012x', n)"},
	} {
		fill := []*statement{
			{sql: "INSERT INTO actors (id, issuer, pepper, digest, key_name, key_version, display_name, created_at)" +
				" WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < 20001)" +
				" SELECT " + c.id + ", 'i', 1, CAST(n AS TEXT), 'k', 2, 'vault:v2:' || CAST(n AS TEXT), 1 FROM up"},
			{sql: "UPDATE actors SET key_version = 3 WHERE digest IN ('1', '10000', '10001', '20001')"},
		}
		if err := c.store.db.write(t.Context(), fill); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		rows, parts, wrong := int64(0), 0, 0
		for part := (vault.Labels{}); !part.Ended; parts++ {
			var err error
			if part, err = c.store.Mislabelled(t.Context(), vault.HoldingActors, "k", part.Last); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			rows, wrong = rows+part.Rows, wrong+len(part.Wrong)
		}
		if rows != 20_001 || parts != 3 || wrong != 4 {
			t.Errorf("%s: %d rows in %d parts, %d wrong", name, rows, parts, wrong)
		}
	}
}
