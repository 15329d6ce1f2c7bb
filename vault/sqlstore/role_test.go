package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

// exec sends over the connection behind a store what the program
// never does.
func exec(t *testing.T, s *Store, sql string) (int64, error) {
	t.Helper()
	p, ok := s.db.(*postgres)
	if !ok {
		t.Fatal("this is no PostgreSQL")
	}
	tag, err := p.pool.Exec(t.Context(), sql)
	return tag.RowsAffected(), err
}

func must(t *testing.T, s *Store, statements ...string) {
	t.Helper()
	for _, sql := range statements {
		if _, err := exec(t, s, sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

const (
	aVersion = "00000000-0000-7000-8000-000000000001"
	aDraft   = "00000000-0000-7000-8000-000000000002"
	aUser    = "00000000-0000-7000-8000-000000000003"
)

// record puts in a row of each kind, as the role that serves.
func record(t *testing.T, s *Store) {
	t.Helper()
	must(t, s, "INSERT INTO apps (code, id, config, published) VALUES ('a', '"+aUser+"', '', 0)",
		"INSERT INTO users (id, status, revision, consent_seq, locale, created_at) VALUES ('"+aUser+"', 'ACTIVE', 1, 0, 'kk', 1)")
	for _, id := range []string{aVersion, aDraft} {
		must(t, s, "INSERT INTO policy_versions (id, app, label, status, revision, created_at, updated_at, authoritative, facts) VALUES ('"+
			id+"', 'a', '1', 'DRAFT', 1, 1, 1, 'ru', '')",
			"INSERT INTO policy_documents (version_id, locale, position, canonical, hash, text_hash) VALUES ('"+id+"', 'ru', 0, '', 'h', 'h')")
	}
	must(t, s, "UPDATE policy_versions SET status = 'PUBLISHED' WHERE id = '"+aVersion+"'",
		"INSERT INTO consent_acts (user_id, id, digest, received_at, key_name, key_version, network_context) VALUES ('"+
			aUser+"', '"+aUser+"', 'd', 1, 'k', 1, 'c')",
		"INSERT INTO consent_events (user_id, seq, id, act_id, consent_id, type, app, item, version_id, locale, document, operators, method, given_by,"+
			" received_at, app_build, canonical) SELECT '"+aUser+"', 1, '"+aUser+"', '"+aUser+"', '"+aUser+"', 'GIVEN', 'a', 'i', '"+aVersion+
			"', 'ru', 'h', '[]', 'm', 'g', 1, '', ''",
		"INSERT INTO audit_events (id, at, kind, role, action, app, fields, purpose, reason, reference, object, outcome, request_id, canonical)"+
			" VALUES ('"+aUser+"', 1, 'SYSTEM', '', 'x', '', '[]', '', '', '', '', 'OK', '', '')")
}

// TestTheRoleThatServesCannotRewriteTheRecord sends what somebody would who has
// the server's login to the database. Each is refused by PostgreSQL itself.
func TestTheRoleThatServesCannotRewriteTheRecord(t *testing.T) {
	owner, serving := entitled(t, Options{})
	record(t, serving)
	for _, sql := range []string{
		"UPDATE audit_events SET outcome = 'DENIED'",
		"DELETE FROM audit_events",
		"TRUNCATE audit_events",
		"UPDATE consent_events SET type = 'WITHDRAWN'",
		"DELETE FROM consent_events",
		"TRUNCATE consent_events",
		"UPDATE consent_acts SET digest = 'other'",
		"UPDATE consent_acts SET received_at = 2",
		"DELETE FROM consent_acts",
		"DELETE FROM policy_versions WHERE id = '" + aVersion + "'",
		"TRUNCATE policy_versions CASCADE",
		"UPDATE policy_documents SET canonical = 'other'",
		"TRUNCATE policy_documents CASCADE",
		"INSERT INTO policy_documents (version_id, locale, position, canonical, hash, text_hash) VALUES ('" + aVersion + "', 'kk', 1, '', 'h', 'h')",
		"INSERT INTO policy_versions (id, app, label, status, revision, created_at, updated_at, authoritative, facts) VALUES (gen_random_uuid(), 'a', '2', 'PUBLISHED', 1, 1, 1, 'ru', '')",
		"DELETE FROM users", "DELETE FROM meta", "DELETE FROM apps", "UPDATE user_subjects SET user_id = '" + aUser + "'",
		"DELETE FROM erasures", "UPDATE erasures SET canonical = ''", "DELETE FROM obstacles", "UPDATE obstacles SET ground = ''",
		"UPDATE actors SET digest = ''",
		"UPDATE copies SET expired_at = 1", "UPDATE copies SET until = 1", "UPDATE copies SET versions = '[]'", "DELETE FROM copies", "TRUNCATE copies",
		"INSERT INTO copies (id, kind, label, taken_at, declared_at, versions) VALUES ('" + aUser + "', 'DATABASE', '', 1, 1, '[]')" +
			" ON CONFLICT (id) DO UPDATE SET versions = '[]'",
		"UPDATE users SET created_at = 1", "UPDATE users SET id = gen_random_uuid()", "UPDATE meta SET name = 'other'", "UPDATE apps SET code = 'b'",
		"UPDATE daily_counts SET user_id = '" + aUser + "'",
		"ALTER TABLE policy_versions DISABLE ROW LEVEL SECURITY",
		"ALTER TABLE audit_events ADD COLUMN more text",
		"DROP TABLE audit_events",
		"CREATE TRIGGER t BEFORE INSERT ON audit_events FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
		"CREATE TABLE mine (x int)",
		"INSERT INTO schema_version (version_id, is_applied) VALUES (99, true)",
		"SET ROLE kelisim",
	} {
		_, err := exec(t, serving, sql)
		var refused *pgconn.PgError
		if !errors.As(err, &refused) || refused.Code != "42501" { // insufficient_privilege
			t.Errorf("%s: %v", sql, err)
		}
	}
	for _, sql := range []string{ // rows of published versions are not there for these
		"UPDATE policy_versions SET facts = 'other' WHERE id = '" + aVersion + "'",
		"UPDATE policy_versions SET status = 'DRAFT' WHERE status = 'PUBLISHED'",
		"DELETE FROM policy_documents WHERE version_id = '" + aVersion + "'",
	} {
		if n, err := exec(t, serving, sql); err != nil || n != 0 {
			t.Errorf("%s: changed %d rows (%v)", sql, n, err)
		}
	}
	for _, sql := range []string{ // what serving takes, and what the owner could
		"UPDATE policy_versions SET label = '2' WHERE id = '" + aDraft + "'",
		"DELETE FROM policy_documents WHERE version_id = '" + aDraft + "'",
		"UPDATE consent_acts SET key_version = 2, network_context = 'other'",
	} {
		if n, err := exec(t, serving, sql); err != nil || n != 1 {
			t.Errorf("%s: changed %d rows (%v)", sql, n, err)
		}
	}
	if n, err := exec(t, owner, "UPDATE policy_versions SET label = '3' WHERE id = '"+aVersion+"'"); err != nil || n != 1 {
		t.Errorf("the owner changed %d rows (%v): the refusals above prove nothing", n, err)
	}
}

// TestEveryTableIsEntitled finds a table that a migration made and roles.sql
// does not know.
func TestEveryTableIsEntitled(t *testing.T) {
	owner, serving := entitled(t, Options{})
	names := func(s *Store, sql string) []string {
		t.Helper()
		found, err := list(t.Context(), s, sql, nil, func(r row) (name string, err error) {
			err = r.Scan(&name)
			return name, err
		})
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	all := names(owner, "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema() AND tablename <> 'schema_lease' ORDER BY 1")
	for _, table := range all {
		if !strings.Contains(roleScript, table+",") && !strings.Contains(roleScript, table+"\nFROM") {
			t.Errorf("roles.sql does not take back what there is on %s", table)
		}
	}
	if read := names(serving, "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()"+
		" AND has_table_privilege(schemaname || '.' || tablename, 'SELECT') ORDER BY 1"); !slices.Equal(read, all) {
		t.Errorf("the role that serves reads %v of %v", read, all)
	}
}

func excess(t *testing.T, s *Store) string {
	t.Helper()
	_, found, err := s.Excess(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(found)
}

// TestWhatARoleMayBeyondServingIsFound gives the role one thing too much at a
// time, and does what the finding says.
func TestWhatARoleMayBeyondServingIsFound(t *testing.T) {
	owner, serving := entitled(t, Options{})
	if got := excess(t, serving); got != "[]" {
		t.Fatalf("an entitled role: %s", got)
	}
	if got := excess(t, owner); got != "[{it owns the tables }]" {
		t.Errorf("the owner: %s", got)
	}
	super := opened(t, strings.Replace(daemon.AsOwner(t, location(t, owner)), "kelisim:", "postgres:", 1), Options{})
	if got := excess(t, super); got != "[{it is a superuser }]" {
		t.Errorf("a superuser: %s", got)
	}
	for _, c := range []struct{ give, what, undo string }{
		{"GRANT UPDATE, DELETE ON audit_events TO kelisim_runtime", "it may DELETE, UPDATE audit_events", "REVOKE DELETE, UPDATE ON \"audit_events\" FROM \"kelisim_runtime\""},
		{"GRANT TRUNCATE ON consent_events TO PUBLIC", "it may TRUNCATE consent_events", ""},
		{"GRANT UPDATE (type) ON consent_events TO kelisim_runtime", "it may UPDATE type of consent_events", "REVOKE UPDATE (type) ON \"consent_events\" FROM \"kelisim_runtime\""},
		{"GRANT UPDATE (digest) ON consent_acts TO kelisim_runtime", "it may UPDATE digest of consent_acts", "REVOKE UPDATE (digest) ON \"consent_acts\" FROM \"kelisim_runtime\""},
		{"GRANT UPDATE (expired_at) ON copies TO kelisim_runtime", "it may UPDATE expired_at of copies", "REVOKE UPDATE (expired_at) ON \"copies\" FROM \"kelisim_runtime\""},
		{"GRANT DELETE ON policy_versions TO kelisim_runtime", "it may DELETE policy_versions", "REVOKE DELETE ON \"policy_versions\" FROM \"kelisim_runtime\""},
		{"GRANT TRIGGER ON audit_events TO kelisim_runtime", "it may TRIGGER audit_events", "REVOKE TRIGGER ON \"audit_events\" FROM \"kelisim_runtime\""},
		{"ALTER TABLE policy_documents DISABLE ROW LEVEL SECURITY", "row security is off on policy_documents", "ALTER TABLE \"policy_documents\" ENABLE ROW LEVEL SECURITY"},
	} {
		must(t, owner, c.give)
		got := excess(t, serving)
		if !strings.HasPrefix(got, "[{"+c.what+" ") || c.undo != "" && got != "[{"+c.what+" "+c.undo+"}]" {
			t.Errorf("after %s: %s", c.give, got)
		}
		if c.undo == "" {
			c.undo = "REVOKE TRUNCATE ON consent_events FROM PUBLIC"
		}
		must(t, owner, c.undo)
		if got := excess(t, serving); got != "[]" {
			t.Errorf("after %s: %s", c.undo, got)
		}
	}
	must(t, super, "ALTER ROLE kelisim_runtime BYPASSRLS")
	got := excess(t, serving)
	must(t, super, `ALTER ROLE "kelisim_runtime" NOBYPASSRLS`)
	if got != `[{row security does not bind kelisim_runtime ALTER ROLE "kelisim_runtime" NOBYPASSRLS}]` {
		t.Errorf("a role that bypasses: %s", got)
	}
	must(t, super, "GRANT kelisim TO kelisim_runtime")
	got = excess(t, serving)
	must(t, super, `REVOKE "kelisim" FROM "kelisim_runtime"`)
	if got != `[{it may become kelisim, who owns the tables REVOKE "kelisim" FROM "kelisim_runtime"}]` {
		t.Errorf("a member of the owner: %s", got)
	}
}

// location is where a store is.
func location(t *testing.T, s *Store) string {
	t.Helper()
	p, ok := s.db.(*postgres)
	if !ok {
		t.Fatal("this is no PostgreSQL")
	}
	return p.pool.Config().ConnString()
}

// TestMigratingEntitlesAgain: a grant that was lost, or is too much, is put right
// for the roles that were entitled, without naming them; others get nothing.
func TestMigratingEntitlesAgain(t *testing.T) {
	owner, serving := entitled(t, Options{})
	must(t, owner, "REVOKE ALL ON users, meta FROM kelisim_runtime", "GRANT ALL ON audit_events TO kelisim_runtime",
		"GRANT INSERT ON audit_events TO PUBLIC")
	roles, err := owner.Entitle(t.Context(), "")
	if err != nil || !slices.Equal(roles, []string{daemon.Runtime}) {
		t.Fatalf("entitled again: %v (%v)", roles, err)
	}
	must(t, serving, "SELECT 1 FROM users, meta")
	if _, err := exec(t, serving, "DELETE FROM audit_events"); err == nil {
		t.Error("a grant that was too much is left")
	}
}

func TestARoleThatNoGrantBindsIsNotEntitled(t *testing.T) {
	owner, serving := entitled(t, Options{})
	for role, why := range map[string]string{
		"kelisim":  `"kelisim" is the owner, acts for it, or is a superuser`,
		"postgres": `is the owner, acts for it, or is a superuser`,
		`no"body`:  `there is no role "no\"body": make it first, CREATE ROLE "no""body" LOGIN`,
	} {
		if _, err := owner.Entitle(t.Context(), role); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", role, err)
		}
	}
	if _, err := serving.Entitle(t.Context(), daemon.Runtime); err == nil {
		t.Error("the role that serves entitled itself")
	}
	file := opened(t, filepath.Join(t.TempDir(), "vault.db"), Options{})
	if _, err := file.Entitle(t.Context(), "somebody"); err == nil {
		t.Error("SQLite has roles now")
	}
	if roles, err := file.Entitle(t.Context(), ""); err != nil || len(roles) != 0 || excess(t, file) != "[]" {
		t.Errorf("on SQLite: %v (%v)", roles, err)
	}
}

func TestTheDatabaseSaysHowItIsReached(t *testing.T) {
	owner, _ := entitled(t, Options{})
	if got, err := owner.Transport(context.Background()); err != nil || got != (Transport{Remote: true}) {
		t.Errorf("PostgreSQL without TLS: %+v (%v)", got, err)
	}
	file := opened(t, filepath.Join(t.TempDir(), "vault.db"), Options{})
	if got, err := file.Transport(context.Background()); err != nil || got != (Transport{}) {
		t.Errorf("SQLite: %+v (%v)", got, err)
	}
}
