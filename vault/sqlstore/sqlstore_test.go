package sqlstore

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/kelisim/kelisim/vault/vaulttest"
	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

func TestMain(m *testing.M) { os.Exit(daemon.Main(m)) }

// opened is a store on a migrated database.
func opened(t *testing.T, url string, o Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStoreOnSQLite(t *testing.T) {
	daemon.Ran(t, "SQLite")
	vaulttest.Store(t, func(t *testing.T) vaulttest.StoreUnderTest {
		return opened(t, filepath.Join(t.TempDir(), "vault.db"), Options{})
	})
}

func TestStoreOnPostgreSQL(t *testing.T) {
	daemon.Ran(t, "PostgreSQL")
	vaulttest.Store(t, emptied(t, Options{}))
}

func TestStoreOnPostgreSQLAtSerializable(t *testing.T) {
	vaulttest.Store(t, emptied(t, Options{Serializable: true}))
}

// emptied hands out one PostgreSQL store again and again: making a database for
// each test takes longer than the test. It logs in as the role that serves, so
// that what that role may do is known to suffice.
func emptied(t *testing.T, o Options) func(t *testing.T) vaulttest.StoreUnderTest {
	t.Helper()
	owner, s := entitled(t, o)
	return func(t *testing.T) vaulttest.StoreUnderTest {
		var wipe []*statement
		for _, table := range []string{ // whoever refers to another goes first
			"exports",
			"request_documents",
			"subject_requests",
			"disclosure_marks", "disclosures", "recipient_notices", "channel_choices",
			"erasures",
			"obstacles",
			"leases",
			"retention_marks", "expiry_marks",
			"vault_logins",
			"consent_events", "consent_acts", "daily_counts", "object_values", "technical_data", "breach_people", "breach_notices", "breaches", "personal_fields", "blind_index", "login_claims", "user_subjects", "users",
			"policy_documents", "policy_versions", "apps", "audit_events", "actors", "idempotency", "meta", "copies", "index_plan",
		} {
			wipe = append(wipe, &statement{sql: "DELETE FROM " + table})
		}
		if err := owner.db.write(t.Context(), wipe); err != nil {
			t.Fatal(err)
		}
		return s
	}
}

// entitled are two stores on one migrated PostgreSQL database: of the owner,
// and of the role that serves.
func entitled(t *testing.T, o Options) (owner, serving *Store) {
	t.Helper()
	url := daemon.PostgreSQL(t)
	owner = opened(t, url, o)
	if _, err := owner.Entitle(t.Context(), daemon.Runtime); err != nil {
		t.Fatal(err)
	}
	return owner, opened(t, daemon.AsRuntime(t, url), o)
}
