package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

const (
	connectWithin   = 3 * time.Second
	statementWithin = 2 * time.Second
	// finishWithin bounds COMMIT and ROLLBACK, which are not given up when the
	// caller is: the answer would be unknown.
	finishWithin = 3 * time.Second
	// maxConns is how many connections a store has where nobody says.
	maxConns = 20
)

// postgres is the database over pgx.
type postgres struct{ pool *pgxpool.Pool }

func openPostgres(ctx context.Context, url string, o Options) (*postgres, error) {
	config, err := poolConfig(url, o.MaxConns)
	if err != nil {
		return nil, err
	}
	config.ConnConfig.ConnectTimeout = connectWithin
	parameters := config.ConnConfig.RuntimeParams
	if parameters["application_name"] == "" {
		parameters["application_name"] = "kelisim"
	}
	milliseconds := func(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
	parameters["statement_timeout"] = milliseconds(statementWithin)
	parameters["idle_in_transaction_session_timeout"] = milliseconds(2 * finishWithin)
	if o.Serializable {
		parameters["default_transaction_isolation"] = "serializable"
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: %w", brief(err))
	}
	return &postgres{pool}, nil
}

// poolConfig reads a URL. The pool has wanted connections, or for 0 as many as
// the URL says.
func poolConfig(url string, wanted int) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(url)
	said, again := pgx.ParseConfig(url) // which keeps whether the URL said it
	if err != nil || again != nil {     // their texts may hold a part of the URL
		return nil, errors.New("sqlstore: this is no URL of a PostgreSQL database, or a parameter in it is wrong")
	}
	if _, ok := said.RuntimeParams["pool_max_conns"]; !ok && wanted == 0 {
		wanted = maxConns
	}
	if wanted != 0 {
		config.MaxConns = int32(min(wanted, 10_000))
	}
	return config, nil
}

func (p *postgres) usage() Pool {
	now := p.pool.Stat()
	return Pool{Acquired: int(now.AcquiredConns()), Idle: int(now.IdleConns()), Max: int(now.MaxConns())}
}

func (p *postgres) close() error { p.pool.Close(); return nil }

func (p *postgres) ping(ctx context.Context) error { return p.explain(p.pool.Ping(ctx)) }

func (p *postgres) query(ctx context.Context, sql string, args []any, each func(row) error) error {
	rows, err := p.pool.Query(ctx, sql, args...)
	if err != nil {
		return p.explain(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			return p.explain(err)
		}
	}
	return p.explain(rows.Err())
}

// write sends BEGIN and all statements in one round trip, and COMMIT in the
// second, once every answer is as expected.
func (p *postgres) write(ctx context.Context, list []*statement) error {
	conn, err := p.pool.Acquire(ctx)
	if err != nil {
		return p.explain(err)
	}
	defer conn.Release() // ends a connection that is still in a transaction

	// One statement that cannot be disappointed is a transaction by itself.
	alone := len(list) == 1 && list[0].missed == nil
	if err := p.send(ctx, conn, list, !alone); err != nil {
		if !alone {
			p.rollback(ctx, conn)
		}
		return err
	}
	if alone {
		return nil
	}
	if ctx.Err() != nil {
		p.rollback(ctx, conn)
		return ctx.Err()
	}
	return p.finish(ctx, conn)
}

// send answers the first statement's trouble; what the ones after it met
// follows from it.
func (p *postgres) send(ctx context.Context, conn *pgxpool.Conn, list []*statement, begin bool) (err error) {
	batch := &pgx.Batch{}
	if begin {
		batch.Queue("BEGIN")
	}
	for _, s := range list {
		batch.Queue(s.sql, s.args...)
	}
	results := conn.SendBatch(ctx, batch)
	defer func() {
		if closed := results.Close(); err == nil {
			err = p.explain(closed)
		}
	}()
	if begin {
		if _, err := results.Exec(); err != nil {
			return p.explain(err)
		}
	}
	for _, s := range list {
		tag, err := results.Exec()
		if err := s.outcome(tag.RowsAffected(), p.explain(err)); err != nil {
			return err
		}
	}
	return nil
}

// forget does nothing: rows that were deleted are out of reach, and vacuumed by
// PostgreSQL itself.
func (p *postgres) forget(context.Context) error { return nil }

func (p *postgres) finish(ctx context.Context, conn *pgxpool.Conn) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishWithin)
	defer cancel()
	tag, err := conn.Exec(ctx, "COMMIT")
	if err == nil && tag.String() != "COMMIT" {
		err = errors.New("the database rolled back")
	}
	return p.explain(err)
}

func (p *postgres) rollback(ctx context.Context, conn *pgxpool.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishWithin)
	defer cancel()
	// If it fails, the connection is still in the transaction, and is ended.
	_, _ = conn.Exec(ctx, "ROLLBACK")
}

// explain sorts an error and cuts it down to what may be told.
func (p *postgres) explain(err error) error {
	if err == nil {
		return nil
	}
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		// Not tried again, even if the driver calls that safe: it says so of a
		// connection that was lost after COMMIT had been sent, too.
		return brief(err)
	}
	cause := fmt.Errorf("SQLSTATE %s", e.Code)
	switch e.Code {
	case "40001", "40P01": // serialization failure, deadlock
		return &conflict{cause}
	case "42501": // insufficient privilege
		return &forbidden{cause}
	case "23505":
		return &duplicate{fmt.Errorf("%w: %s", cause, e.ConstraintName)}
	case "23503":
		return &orphan{fmt.Errorf("%w: %s", cause, e.ConstraintName)}
	}
	return cause
}

func (p *postgres) dialect() dialect {
	return dialect{
		UUID: "uuid", Text: `text COLLATE "C"`, Integer: "bigint", Boolean: "boolean", Bytes: "bytea",
		RowSecurity: true,

		goose:  goose.DialectPostgres,
		exists: "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = $1",
		newID:  "gen_random_uuid()",
		locks: locks{
			followed:  "SELECT 1 FROM index_plan WHERE epoch = $1 AND epoch = " + inForce + " FOR SHARE",
			untouched: " FOR UPDATE SKIP LOCKED",
			alive:     "SELECT 1 FROM users WHERE id = $1 AND status <> 'ERASED' FOR SHARE",
		},
	}
}

// migrating opens a connection of its own: migrations may take longer than a
// request, and come as scripts. The lock is a row with a lease.
func (p *postgres) migrating() (*sql.DB, []goose.ProviderOption, error) {
	config := p.pool.Config().ConnConfig.Copy()
	delete(config.RuntimeParams, "statement_timeout")
	delete(config.RuntimeParams, "idle_in_transaction_session_timeout")
	delete(config.RuntimeParams, "default_transaction_isolation")
	config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	lease, err := lock.NewPostgresTableLocker(lock.WithTableName("schema_lease"),
		lock.WithTableLeaseDuration(30*time.Second), lock.WithTableHeartbeatInterval(10*time.Second),
		lock.WithTableLockTimeout(500*time.Millisecond, 240))
	if err != nil {
		return nil, nil, err
	}
	return stdlib.OpenDB(*config), []goose.ProviderOption{goose.WithLocker(lease)}, nil
}

func (p *postgres) migrated(db *sql.DB) error { return db.Close() }
