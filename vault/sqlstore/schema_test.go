package sqlstore

import (
	"path/filepath"
	"sync"
	"testing"

	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

// bothDatabases runs a test on each, given the URL of an empty database.
func bothDatabases(t *testing.T, test func(t *testing.T, url string)) {
	t.Run("SQLite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "vault.db")) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, daemon.PostgreSQL(t)) })
}

func TestOnlyThisSchemaAndTheNextAreServed(t *testing.T) {
	bothDatabases(t, func(t *testing.T, url string) {
		s, err := Open(t.Context(), url, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}()
		version := func(want int64) {
			t.Helper()
			if got, err := s.SchemaVersion(t.Context()); err != nil || got != want {
				t.Fatalf("schema version %d, want %d (%v)", got, want, err)
			}
		}
		served := func(want bool) {
			t.Helper()
			if err := s.CheckSchema(t.Context()); (err == nil) != want {
				t.Fatalf("CheckSchema: %v", err)
			}
		}
		version(0)
		served(false)
		for range 2 { // the second finds nothing to do
			if err := s.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		latest, err := Latest()
		if err != nil {
			t.Fatal(err)
		}
		version(latest)
		served(true)
		for next, want := range []bool{true, false} {
			applied := &statement{
				sql:  "INSERT INTO " + versionTable + " (version_id, is_applied) VALUES ($1, $2)",
				args: []any{latest + 1 + int64(next), true},
			}
			if err := s.db.write(t.Context(), []*statement{applied}); err != nil {
				t.Fatal(err)
			}
			version(latest + 1 + int64(next))
			served(want)
		}
	})
}

func TestSeveralProcessesMayMigrateAtOnce(t *testing.T) {
	bothDatabases(t, func(t *testing.T, url string) {
		var all sync.WaitGroup
		for range 4 {
			s, err := Open(t.Context(), url, Options{})
			if err != nil {
				t.Fatal(err)
			}
			all.Go(func() {
				if err := s.Migrate(t.Context()); err != nil {
					t.Error(err)
				}
				if err := s.CheckSchema(t.Context()); err != nil {
					t.Error(err)
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	})
}
