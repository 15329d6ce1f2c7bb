package daemon

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// PostgreSQL returns the URL of a new, empty database, owned by the role that
// the URL logs in as, which is no superuser. The database is dropped when the
// test ends; the server is shared by the tests of the process.
func PostgreSQL(t testing.TB) string {
	t.Helper()
	p, err := shared.postgres()
	if err != nil {
		t.Fatalf("daemon: PostgreSQL: %v", err)
	}
	name, err := p.createDatabase(context.Background())
	if err != nil {
		t.Fatalf("daemon: creating a database: %v", err)
	}
	t.Cleanup(func() {
		if err := p.admin(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("daemon: dropping the database: %v", err)
		}
	})
	return p.url(owner, name)
}

// PostgreSQLServer starts a PostgreSQL for this test alone, to be stopped and
// crashed. Its URL names an empty database.
func PostgreSQLServer(t testing.TB) *Server {
	t.Helper()
	p, err := private(startPostgres)
	if err != nil {
		t.Fatalf("daemon: PostgreSQL: %v", err)
	}
	s := own(t, p.daemon, "")
	name, err := p.createDatabase(context.Background())
	if err != nil {
		t.Fatalf("daemon: creating a database: %v", err)
	}
	s.URL = p.url(owner, name)
	return s
}

// SecurePostgreSQL starts a PostgreSQL for this test alone that lets nobody in
// without TLS. It answers the URL of an empty database, by sslmode=require, and the
// file of who signed the server's certificate.
func SecurePostgreSQL(t testing.TB) (database, ca string) {
	t.Helper()
	p, err := private(startSecurePostgres)
	if err != nil {
		t.Fatalf("daemon: PostgreSQL: %v", err)
	}
	own(t, p.daemon, "")
	name, err := p.createDatabase(context.Background())
	if err != nil {
		t.Fatalf("daemon: creating a database: %v", err)
	}
	return p.url(owner, name), p.authority.ca()
}

// Dump returns everything in a database as pg_dump writes it, in SQL, whoever
// the URL logs in as. Text
// stands in it as it is, bytea in hexadecimal: a search looks for both.
func Dump(t testing.TB, database string) []byte {
	t.Helper()
	return pgTool(t, nil, "pg_dump", "--dbname", AsOwner(t, database))
}

// Runtime is the role that serves where another one migrates. It has no more
// rights in a new database than anybody.
const Runtime = "kelisim_runtime"

// AsOwner is the URL of the same database for the role that owns it.
func AsOwner(t testing.TB, database string) string { t.Helper(); return as(t, owner, database) }

// AsRuntime is the URL of the same database for the role Runtime.
func AsRuntime(t testing.TB, database string) string { t.Helper(); return as(t, Runtime, database) }

// as changes who logs in: all roles have one password.
func as(t testing.TB, role, database string) string {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal("daemon: this is no URL of a database")
	}
	password, _ := u.User.Password()
	u.User = url.UserPassword(role, password)
	return u.String()
}

// owner is the role that owns the databases; superuser is only ours.
const (
	owner     = "kelisim"
	superuser = "postgres"
)

// postgres is a running PostgreSQL with its password.
type postgres struct {
	*daemon
	password  string
	authority *authority // nil: it speaks in clear
	count     atomic.Int64
}

func startPostgres(programs programs) (*postgres, error) { return startPostgresBy(programs, false) }

func startSecurePostgres(programs programs) (*postgres, error) {
	return startPostgresBy(programs, true)
}

func startPostgresBy(programs programs, tls bool) (*postgres, error) {
	if programs.postgres == "" {
		return nil, errNotInstalled
	}
	who, err := unprivileged()
	if err != nil {
		return nil, err
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	folder, err := privateFolder(who)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(folder, "data")
	p := &postgres{password: rand.Text()}
	p.daemon = &daemon{
		name: "PostgreSQL", addr: addr, folder: folder, account: who,
		path: filepath.Join(programs.postgres, "postgres"),
		args: []string{
			"-D", data, "-c", "listen_addresses=" + host, "-c", "port=" + port,
			"-c", "unix_socket_directories=", // a path in a temporary folder may be too long for one
			"-c", "max_connections=200",
		},
		// SIGTERM would wait for clients. SIGQUIT takes the children along,
		// which SIGKILL would leave behind.
		orderly: syscall.SIGINT, sudden: syscall.SIGQUIT,
		ready: func(ctx context.Context) error { return p.admin(ctx, "SELECT 1") },
	}
	err = p.initialise(filepath.Join(programs.postgres, "initdb"), data)
	if err == nil && tls {
		err = p.secure(data)
	}
	if err == nil {
		err = p.start()
	}
	for _, role := range []string{owner, Runtime} {
		if err == nil {
			err = p.admin(context.Background(), "CREATE ROLE "+role+" LOGIN PASSWORD '"+p.password+"'")
		}
	}
	if err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

// initialise makes the data folder. The databases sort by the rules of a
// language, as a production server may: a statement that forgets to compare
// bytes shows itself here.
func (p *postgres) initialise(initdb, data string) error {
	secret := filepath.Join(p.folder, "password")
	if err := os.WriteFile(secret, []byte(p.password), 0o600); err != nil {
		return err
	}
	if p.account != nil {
		if err := os.Chown(secret, p.account.uid, p.account.gid); err != nil {
			return err
		}
	}
	out, err := p.command(initdb, "--pgdata", data, "--username", superuser, "--pwfile", secret,
		"--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C",
		"--locale-provider", "icu", "--icu-locale", "kk-KZ",
		"--no-sync", // an empty folder needs no protection from a power cut; what comes later is synced
	).CombinedOutput()
	if err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	return os.Remove(secret)
}

// secure has the server speak TLS, and nothing else.
func (p *postgres) secure(data string) (err error) {
	if p.authority, err = newAuthority(p.folder); err != nil {
		return err
	}
	const rule = "hostssl all all 127.0.0.1/32 scram-sha-256\n" //nolint:dupword // all databases, all roles
	err = errors.Join(p.authority.issue(time.Now().Add(24*time.Hour)),
		os.WriteFile(filepath.Join(data, "pg_hba.conf"), []byte(rule), 0o600))
	if p.account != nil {
		for _, file := range []string{p.authority.certificate(), p.authority.private()} {
			err = errors.Join(err, os.Chown(file, p.account.uid, p.account.gid))
		}
	}
	p.args = append(p.args, "-c", "ssl=on", "-c", "ssl_cert_file="+p.authority.certificate(), "-c", "ssl_key_file="+p.authority.private())
	return err
}

func (p *postgres) url(role, database string) string {
	mode := "disable"
	if p.authority != nil {
		mode = "require"
	}
	return "postgres://" + role + ":" + p.password + "@" + p.addr + "/" + database + "?sslmode=" + mode
}

// admin runs one statement as superuser.
func (p *postgres) admin(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, p.url(superuser, "postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}

func (p *postgres) createDatabase(ctx context.Context) (string, error) {
	name := "test_" + strconv.FormatInt(p.count.Add(1), 10)
	return name, p.admin(ctx, "CREATE DATABASE "+name+" OWNER "+owner)
}
