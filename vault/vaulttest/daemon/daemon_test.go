package daemon_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

func TestMain(m *testing.M) { os.Exit(daemon.Main(m)) }

func TestEachDatabaseIsNewAndEmptyAndOwnedByNoSuperuser(t *testing.T) {
	first, second := connect(t, daemon.PostgreSQL(t)), connect(t, daemon.PostgreSQL(t))
	run(t, first, "CREATE TABLE notes (text text)")
	run(t, first, "INSERT INTO notes VALUES ('first')")
	run(t, second, "CREATE TABLE notes (text text)") // the name is free: another database
	var super bool
	if err := first.QueryRow(t.Context(), "SELECT rolsuper FROM pg_roles WHERE rolname = current_user").Scan(&super); err != nil {
		t.Fatal(err)
	}
	if super {
		t.Error("the role that tests log in with is a superuser")
	}
}

func TestDatabaseSortsByLanguageUnlessToldOtherwise(t *testing.T) {
	conn := connect(t, daemon.PostgreSQL(t))
	var byLanguage, byBytes bool
	err := conn.QueryRow(t.Context(), `SELECT 'a' < 'B', 'a' COLLATE "C" < 'B'`).Scan(&byLanguage, &byBytes)
	if err != nil {
		t.Fatal(err)
	}
	if !byLanguage || byBytes {
		t.Errorf("a < B is %t by default and %t by bytes; want true and false", byLanguage, byBytes)
	}
}

func TestDumpHoldsWhatWasWritten(t *testing.T) {
	url := daemon.PostgreSQL(t)
	conn := connect(t, url)
	run(t, conn, "CREATE TABLE notes (text text)")
	run(t, conn, "INSERT INTO notes VALUES ('қыран бүркіт')")
	if dump := daemon.Dump(t, url); !bytes.Contains(dump, []byte("қыран бүркіт")) {
		t.Errorf("the dump of %d bytes does not hold the row", len(dump))
	}
}

func TestCrashedPostgreSQLKeepsWhatWasCommitted(t *testing.T) {
	server := daemon.PostgreSQLServer(t)
	conn := connect(t, server.URL)
	run(t, conn, "CREATE TABLE notes (text text)")
	run(t, conn, "INSERT INTO notes VALUES ('kept')")
	server.Crash()
	if _, err := pgx.Connect(t.Context(), server.URL); err == nil {
		t.Fatal("a crashed server takes connections")
	}
	server.Start()
	var text string
	if err := connect(t, server.URL).QueryRow(t.Context(), "SELECT text FROM notes").Scan(&text); err != nil || text != "kept" {
		t.Errorf("after the crash the row is %q, %v", text, err)
	}
	server.Stop()
}

func TestStoppedRedisRefusesAndForgets(t *testing.T) {
	server := daemon.Redis(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr, MaxRetries: -1})
	t.Cleanup(func() { _ = client.Close() })
	if err := client.Set(t.Context(), "key", strings.Repeat("value ", 100), 0).Err(); err != nil {
		t.Fatal(err)
	}
	if dump := server.Dump(); !bytes.Contains(dump, []byte(strings.Repeat("value ", 100))) {
		t.Errorf("the dump of %d bytes does not hold the value", len(dump))
	}
	server.Stop()
	if err := client.Ping(t.Context()).Err(); err == nil {
		t.Fatal("a stopped server answers")
	}
	server.Start()
	if err := client.Get(t.Context(), "key").Err(); !errors.Is(err, redis.Nil) {
		t.Errorf("started again, Redis answers %v; want redis.Nil", err)
	}
}

func TestBackendIsOnRecordOnlyAfterItsTestPassed(t *testing.T) {
	record := filepath.Join(t.TempDir(), "backends")
	t.Setenv("TEST_BACKENDS", record)
	t.Run("a passing test", func(t *testing.T) {
		daemon.Ran(t, "SQLite")
		if _, err := os.Stat(record); err == nil {
			t.Error("on record before the test ended")
		}
	})
	failing := &failed{TB: t}
	daemon.Ran(failing, "Redis")
	failing.end()
	if got, err := os.ReadFile(record); err != nil || string(got) != "SQLite\n" {
		t.Errorf("on record is %q, %v; want SQLite alone", got, err)
	}
}

// failed is a test that has failed, as Ran sees it.
type failed struct {
	testing.TB
	cleanups []func()
}

func (f *failed) Failed() bool      { return true }
func (f *failed) Cleanup(fn func()) { f.cleanups = append(f.cleanups, fn) }
func (f *failed) end() {
	for _, fn := range f.cleanups {
		fn()
	}
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func run(t *testing.T, conn *pgx.Conn, statement string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}
