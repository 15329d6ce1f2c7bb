package sqlstore

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

func TestSQLiteFilesAreTheirOwnersOnly(t *testing.T) {
	daemon.Ran(t, "SQLite")
	path := filepath.Join(t.TempDir(), "құпия a?b#c%20.db") // nothing of a path is taken for settings
	s := opened(t, "sqlite:"+path, Options{})
	keep(t, s, "name")
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("%s has mode %o, want 600", filepath.Base(name), mode)
		}
	}
}

func TestSQLiteKeepsWhatWasCommitted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vault.db")
	keep(t, opened(t, path, Options{}), "name")
	// Opened a second time beside the first, as after a crash.
	if _, err := opened(t, path, Options{}).Meta(t.Context(), "name"); err != nil {
		t.Fatal(err)
	}
}

func TestSQLiteCommitsToTheDisk(t *testing.T) {
	s := opened(t, filepath.Join(t.TempDir(), "vault.db"), Options{})
	file, ok := s.db.(*sqliteFile)
	if !ok {
		t.Fatalf("opened %T", s.db)
	}
	for name, db := range map[string]*sql.DB{"writer": file.writer, "reader": file.reader} {
		for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1"} {
			var got string
			if err := db.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
				t.Errorf("%s: %s is %q, want %q (%v)", name, pragma, got, want, err)
			}
		}
	}
	if _, err := file.reader.ExecContext(t.Context(), "DELETE FROM meta"); err == nil {
		t.Error("a reading connection wrote")
	}
}

func TestSQLiteWriteIsTriedAgainWhileAnotherProcessWrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vault.db")
	s := opened(t, path, Options{BusyTimeout: time.Millisecond})
	other := opened(t, path, Options{})
	file, ok := other.db.(*sqliteFile)
	if !ok {
		t.Fatalf("opened %T", other.db)
	}
	conn, err := file.writer.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	run := func(sql string) {
		t.Helper()
		if _, err := conn.ExecContext(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	defer func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}()

	calls := 0
	run("BEGIN IMMEDIATE")
	err = s.Maintain(t.Context(), func(tx vault.KeepingTx) error {
		if calls++; calls == 3 {
			run("COMMIT")
		}
		tx.InsertMeta("name", "value")
		return nil
	})
	if err != nil || calls != 3 {
		t.Fatalf("%d calls, %v", calls, err)
	}

	run("BEGIN IMMEDIATE")
	calls = 0
	err = s.Maintain(t.Context(), func(tx vault.KeepingTx) error {
		calls++
		tx.InsertMeta("another", "value")
		return nil
	})
	if vault.CodeOf(err) != vault.CodeUnavailable || calls != attempts {
		t.Fatalf("%d calls, %v", calls, err)
	}
	run("ROLLBACK")
}

func TestOpenRefusesWhatIsNoDatabase(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("this is a text and no database, whoever says so, and long enough"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{
		"", "sqlite:", text, filepath.Join(t.TempDir(), "missing", "vault.db"), t.TempDir(),
		"mysql://root@localhost/vault",
	} {
		s, err := Open(t.Context(), url, Options{})
		if err == nil {
			t.Errorf("%q was opened: %v", url, s.Close())
		}
	}
}

// keep writes something small.
func keep(t *testing.T, s *Store, name string) {
	t.Helper()
	err := s.Maintain(t.Context(), func(tx vault.KeepingTx) error { tx.InsertMeta(name, "value"); return nil })
	if err != nil {
		t.Fatal(err)
	}
}
