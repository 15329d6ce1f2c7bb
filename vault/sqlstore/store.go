package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/kelisim/kelisim/vault"
)

// Options of a Store. Zero values mean the default.
type Options struct {
	MaxConns     int           // PostgreSQL connections at a time; default: the URL's pool_max_conns, or 20
	Timeout      time.Duration // for one attempt at a read or a write; default 5 s
	BusyTimeout  time.Duration // SQLite: how long to wait for another process; default 2 s
	Serializable bool          // PostgreSQL: the strictest isolation; the vault needs READ COMMITTED only
	Log          *slog.Logger  // of migrations; nil: none
}

// Store implements vault.Reader and vault.Writer. It is safe for concurrent use.
type Store struct {
	db      database
	timeout time.Duration
	log     *slog.Logger
}

// Store is all ports in one.
var _ interface {
	vault.Reader
	vault.KeyedReader
	vault.CopyReader
	vault.LoginReader
	vault.LabelReader
	vault.IndexReader
	vault.Writer
} = (*Store)(nil)

// database is what differs between the two.
type database interface {
	// query runs one reading statement. Errors are explain's.
	query(ctx context.Context, sql string, args []any, each func(row) error) error
	// write commits all statements or none. Errors are a statement's own, or
	// explain's.
	write(ctx context.Context, list []*statement) error
	// forget removes what is left of deleted rows beside the tables.
	forget(ctx context.Context) error
	ping(ctx context.Context) error
	usage() Pool
	schema
	roles
	close() error
}

// row is a row of an answer.
type row interface{ Scan(dest ...any) error }

// ErrUnrecorded: a write came without an audit event, and was refused.
var ErrUnrecorded = errors.New("sqlstore: refused to write without an audit event")

// Open prepares a store for a URL: postgres://… for PostgreSQL, sqlite:<path>
// or a bare path for SQLite, whose file is made if it is missing. PostgreSQL is
// connected to at first use. The error never holds the URL, which may carry a
// password.
func Open(ctx context.Context, url string, o Options) (*Store, error) {
	if o.Timeout == 0 {
		o.Timeout = 5 * time.Second
	}
	if o.BusyTimeout == 0 {
		o.BusyTimeout = 2 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	db, err := open(ctx, url, o)
	if err != nil {
		return nil, err
	}
	return &Store{db: db, timeout: o.Timeout, log: o.Log}, nil
}

func open(ctx context.Context, url string, o Options) (database, error) {
	scheme, rest, found := strings.Cut(url, ":")
	switch {
	case url == "":
		return nil, errors.New("sqlstore: no database is named")
	case found && (scheme == "postgres" || scheme == "postgresql"):
		return openPostgres(ctx, url, o)
	case found && scheme == "sqlite":
		return openSQLite(ctx, strings.TrimPrefix(rest, "//"), o)
	case strings.Contains(url, "://"):
		return nil, fmt.Errorf("sqlstore: %q is no database that is supported: use postgres:// or the path of a file", scheme)
	}
	return openSQLite(ctx, url, o)
}

// Close ends all connections, after the calls under way.
func (s *Store) Close() error { return s.db.close() }

// Ping asks whether the database answers. ErrUnavailable: it does not.
func (s *Store) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	return unavailable(ctx, s.db.ping(ctx))
}

// Pool is how the connections to the database are used at a moment.
type Pool struct {
	Acquired int // by requests
	Idle     int
	Max      int // so many at a time
}

// Pool answers the state of the store's connections.
func (s *Store) Pool() Pool { return s.db.usage() }

// Write implements vault.Writer. A queued change that refers to what is not
// there (fields of an unknown person, a consent to an unknown document)
// answers ErrNotFound; text that no database keeps alike (a NUL, broken UTF-8)
// answers CodeBadRequest; no event at all answers ErrUnrecorded.
func (s *Store) Write(ctx context.Context, queue func(vault.Tx) error) error {
	return s.commit(ctx, func(t *tx) error {
		err := queue(t)
		if err == nil && t.events == 0 {
			err = ErrUnrecorded
		}
		return err
	})
}

// Maintain implements vault.Writer.
func (s *Store) Maintain(ctx context.Context, queue func(vault.KeepingTx) error) error {
	return s.commit(ctx, func(t *tx) error {
		return queue(struct{ vault.KeepingTx }{t}) // the other methods are out of reach
	})
}

func (s *Store) commit(ctx context.Context, queue func(*tx) error) error {
	var refused error // by the function itself: not the database's doing
	var done []*statement
	err := s.attempt(ctx, func(ctx context.Context) error {
		t := &tx{dialect: s.db.dialect()}
		if refused = t.fill(queue); refused == nil && len(t.list) > 0 {
			done = t.list
			if err := s.db.write(ctx, t.list); err != nil || !t.erases {
				return err
			}
			if err := s.db.forget(ctx); err != nil { // it is committed all the same
				s.log.LogAttrs(ctx, slog.LevelWarn, "what was erased may still stand in the database's journal", slog.Any("error", err))
			}
		}
		return nil
	})
	if refused != nil {
		return refused
	}
	if err == nil {
		told(done)
	}
	return err
}

// attempts is how often a statement or transaction is tried when the database
// asks for it.
const attempts = 15

// attempt calls do until the database has no conflict to report.
func (s *Store) attempt(ctx context.Context, do func(context.Context) error) error {
	once := func() error {
		limited, cancel := context.WithTimeout(ctx, s.timeout)
		defer cancel()
		return do(limited)
	}
	for i := 1; ; i++ {
		err := once()
		var again *conflict
		if !errors.As(err, &again) {
			return unavailable(ctx, err)
		}
		if i == attempts {
			return vault.ErrUnavailable.Because(fmt.Errorf("gave up after %d attempts: %w", attempts, again))
		}
		wait := rand.N(time.Duration(i*i) * time.Millisecond) //nolint:gosec // no secret: it keeps rivals apart
		pause := time.NewTimer(wait)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return unavailable(ctx, ctx.Err())
		}
	}
}

// list reads rows.
func list[T any](ctx context.Context, s *Store, sql string, args []any, scan func(row) (T, error)) ([]T, error) {
	args, err := plain(args)
	if err != nil {
		return nil, err
	}
	var out []T
	err = s.attempt(ctx, func(ctx context.Context) error {
		out = []T{}
		return s.db.query(ctx, sql, args, func(r row) error {
			v, err := scan(r)
			out = append(out, v)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// one reads the first row. ErrNotFound: there is none.
func one[T any](ctx context.Context, s *Store, sql string, args []any, scan func(row) (T, error)) (T, error) {
	found, err := list(ctx, s, sql, args, scan)
	if err == nil && len(found) == 0 {
		err = vault.ErrNotFound
	}
	if err != nil {
		var none T
		return none, err
	}
	return found[0], nil
}
