package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"
)

// readers is how many connections read at a time.
const readers = 8

// sqliteFile is the database in a file: one connection writes, several read.
type sqliteFile struct{ writer, reader *sql.DB }

func openSQLite(ctx context.Context, path string, o Options) (*sqliteFile, error) {
	if path == "" {
		return nil, errors.New("sqlstore: sqlite: needs the path of a file")
	}
	// Made here and not by SQLite, so that nobody else may read it; its
	// journal and index take over the same permissions.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("sqlstore: %w", err)
	}
	d := &sqliteFile{}
	if d.writer, err = sql.Open("sqlite", address(path, o)); err != nil {
		return nil, fmt.Errorf("sqlstore: %w", brief(err))
	}
	if d.reader, err = sql.Open("sqlite", address(path, o, "query_only(1)")); err != nil {
		return nil, errors.Join(fmt.Errorf("sqlstore: %w", brief(err)), d.writer.Close())
	}
	d.writer.SetMaxOpenConns(1)
	d.reader.SetMaxOpenConns(readers)
	d.reader.SetMaxIdleConns(readers)
	if err := d.ping(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("sqlstore: %s is no database that can be opened: %w", path, err), d.close())
	}
	return d, nil
}

// address is the file with its settings. A commit is on disk when it is
// answered (synchronous=FULL), and what is deleted is overwritten.
func address(path string, o Options, more ...string) string {
	settings := url.Values{"_pragma": append([]string{
		"busy_timeout(" + strconv.FormatInt(o.BusyTimeout.Milliseconds(), 10) + ")",
		"journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "secure_delete(ON)", "trusted_schema(0)",
	}, more...)}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + settings.Encode()
}

func (d *sqliteFile) close() error { return errors.Join(d.reader.Close(), d.writer.Close()) }

func (d *sqliteFile) usage() Pool {
	var p Pool
	for _, db := range []*sql.DB{d.writer, d.reader} {
		now := db.Stats()
		p.Acquired, p.Idle, p.Max = p.Acquired+now.InUse, p.Idle+now.Idle, p.Max+now.MaxOpenConnections
	}
	return p
}

func (d *sqliteFile) ping(ctx context.Context) error {
	// Asks the file, and not only the handle; on the writer first, which turns
	// on the journal that lets others read meanwhile.
	for _, db := range []*sql.DB{d.writer, d.reader} {
		var n int
		if err := db.QueryRowContext(ctx, "SELECT COUNT(*) FROM sqlite_master").Scan(&n); err != nil {
			return d.explain(err)
		}
	}
	return nil
}

// numbered turns "$1" into "?1". SQLite takes both, but looks for the first
// kind as for a name: through all of them, for each of them.
func numbered(sql string) string { return strings.ReplaceAll(sql, "$", "?") }

func (d *sqliteFile) query(ctx context.Context, sql string, args []any, each func(row) error) error {
	rows, err := d.reader.QueryContext(ctx, numbered(sql), args...)
	if err != nil {
		return d.explain(err)
	}
	defer func() { _ = rows.Close() }() // what there was to say, Err says
	for rows.Next() {
		if err := each(rows); err != nil {
			return d.explain(err)
		}
	}
	return d.explain(rows.Err())
}

func (d *sqliteFile) write(ctx context.Context, list []*statement) error {
	conn, err := d.writer.Conn(ctx)
	if err != nil {
		return d.explain(err)
	}
	defer func() { _ = conn.Close() }() // hands it back; what was committed stays so
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return d.explain(err)
	}
	err = d.run(ctx, conn, list)
	if err == nil {
		err = ctx.Err()
	}
	// These two are not given up when the caller is: the answer would be unknown.
	if finish := context.WithoutCancel(ctx); err == nil {
		_, err = conn.ExecContext(finish, "COMMIT")
		err = d.explain(err)
	}
	if err != nil {
		d.rollback(ctx, conn)
	}
	return err
}

func (d *sqliteFile) run(ctx context.Context, conn *sql.Conn, list []*statement) error {
	for _, s := range list {
		var rows int64
		result, err := conn.ExecContext(ctx, numbered(s.sql), s.args...)
		if err == nil {
			rows, err = result.RowsAffected()
		}
		if err := s.outcome(rows, d.explain(err)); err != nil {
			return err
		}
	}
	return nil
}

// forget takes what was overwritten out of the journal, too: it holds pages as
// they were until it is written into the file. Readers that are at work keep it
// from being emptied; then the next one does it.
func (d *sqliteFile) forget(ctx context.Context) error {
	_, err := d.writer.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	return d.explain(err)
}

// rollback leaves the connection without a transaction, or ends it.
func (d *sqliteFile) rollback(ctx context.Context, conn *sql.Conn) {
	if _, err := conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK"); err != nil {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	}
}

// explain sorts an error and cuts it down to what may be told.
func (d *sqliteFile) explain(err error) error {
	if err == nil {
		return nil
	}
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return brief(err)
	}
	cause := fmt.Errorf("SQLite result %d", e.Code())
	switch e.Code() {
	case codes.SQLITE_CONSTRAINT_UNIQUE, codes.SQLITE_CONSTRAINT_PRIMARYKEY:
		return &duplicate{cause}
	case codes.SQLITE_CONSTRAINT_FOREIGNKEY:
		return &orphan{cause}
	}
	if primary := e.Code() & 0xff; primary == codes.SQLITE_BUSY || primary == codes.SQLITE_LOCKED {
		return &conflict{cause}
	}
	return cause
}

func (d *sqliteFile) dialect() dialect {
	return dialect{
		UUID: "TEXT", Text: "TEXT", Integer: "INTEGER", Boolean: "INTEGER", Bytes: "BLOB", End: " STRICT",
		goose:  goose.DialectSQLite3,
		exists: "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = $1",
		newID: "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-8' ||" +
			" substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))",
		locks: locks{
			followed: "UPDATE index_plan SET epoch = epoch WHERE epoch = $1 AND epoch = " + inForce,
			alive:    "UPDATE users SET id = id WHERE id = $1 AND status <> 'ERASED'",
		},
	}
}

// migrating needs no lock: a migration is one transaction, and there is one
// writer. Of two processes the second finds the work done.
func (d *sqliteFile) migrating() (*sql.DB, []goose.ProviderOption, error) {
	return d.writer, nil, nil
}

func (d *sqliteFile) migrated(*sql.DB) error { return nil }
