package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"strings"
	"text/template"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var scripts embed.FS

// versionTable is where goose writes down what it has done.
const versionTable = "schema_version"

// dialect is how types are called, and how the rest of a script differs.
type dialect struct {
	UUID, Text, Integer, Boolean, Bytes string
	End                                 string // after a table's bracket
	RowSecurity                         bool   // rows can be kept from a role

	goose  goose.Dialect
	exists string // counts the tables of a name
	newID  string // makes an id, another one for each row
	locks
}

// locks are statements, and their ends, that keep rows as they are until the
// transaction ends. SQLite has no need of them: one transaction writes at a time.
type locks struct {
	followed  string // holds the plan in force, if it is of an epoch
	untouched string // takes rows that nobody else has taken
	alive     string // holds a person as they are, if they are not erased
}

// schema is what a database does for migrations.
type schema interface {
	dialect() dialect
	// migrating opens what migrations run on; the caller closes it with
	// migrated.
	migrating() (*sql.DB, []goose.ProviderOption, error)
	migrated(db *sql.DB) error
}

// Latest is the version of the schema that this program is written for.
func Latest() (latest int64, err error) {
	entries, err := scripts.ReadDir("migrations")
	if err != nil {
		return 0, fmt.Errorf("sqlstore: %w", err)
	}
	for _, script := range entries {
		version, err := goose.NumericComponent(script.Name())
		if err != nil {
			return 0, fmt.Errorf("sqlstore: migrations: %w", err)
		}
		latest = max(latest, version)
	}
	return latest, nil
}

// SchemaVersion is the version of the schema in the database; 0: none.
func (s *Store) SchemaVersion(ctx context.Context) (int64, error) {
	count := func(r row) (n int64, err error) {
		err = r.Scan(&n)
		return n, err
	}
	tables, err := one(ctx, s, s.db.dialect().exists, []any{versionTable}, count)
	if err != nil || tables == 0 {
		return 0, err
	}
	return one(ctx, s, "SELECT COALESCE(MAX(version_id), 0) FROM "+versionTable, nil, count)
}

// CheckSchema refuses a database whose schema is neither this program's nor
// the next: a program must go on while its successor is being rolled out.
func (s *Store) CheckSchema(ctx context.Context) error {
	latest, err := Latest()
	if err != nil {
		return err
	}
	found, err := s.SchemaVersion(ctx)
	switch {
	case err != nil:
		return err
	case found < latest:
		return fmt.Errorf("sqlstore: the database's schema is version %d, this program needs %d: run kelisim migrate", found, latest)
	case found > latest+1:
		return fmt.Errorf("sqlstore: the database's schema is version %d, this program knows %d and the next: run a newer one", found, latest)
	}
	return nil
}

// Migrate brings the schema to this program's version. Several processes may
// call it at a time. On PostgreSQL it takes the owner of the tables, unless
// there is nothing to do.
func (s *Store) Migrate(ctx context.Context) (err error) {
	latest, err := Latest()
	if err != nil {
		return err
	}
	if found, err := s.SchemaVersion(ctx); err == nil && found == latest {
		return nil // of an error, migrating has more time to find out
	}
	db, options, err := s.db.migrating()
	if err != nil {
		return fmt.Errorf("sqlstore: migrating: %w", err)
	}
	defer func() { err = errors.Join(err, s.db.migrated(db)) }()
	migrations, err := s.migrations()
	if err != nil {
		return err
	}
	options = append(options, goose.WithTableName(versionTable), goose.WithSlog(s.log),
		goose.WithDisableGlobalRegistry(true), goose.WithGoMigrations(migrations...))
	provider, err := goose.NewProvider(s.db.dialect().goose, db, nil, options...)
	if err != nil {
		return fmt.Errorf("sqlstore: migrating: %w", err)
	}
	for range 3 {
		if _, err = provider.Up(ctx); err == nil {
			return nil
		}
		// Another process may have been faster: look again.
	}
	return fmt.Errorf("sqlstore: migrating: %w", err)
}

// migrations are the scripts in this database's words.
func (s *Store) migrations() ([]*goose.Migration, error) {
	all, err := template.ParseFS(scripts, "migrations/*.sql")
	if err != nil {
		return nil, fmt.Errorf("sqlstore: migrations: %w", err)
	}
	var out []*goose.Migration
	for _, script := range all.Templates() {
		version, err := goose.NumericComponent(script.Name())
		if err != nil {
			return nil, fmt.Errorf("sqlstore: migrations: %w", err)
		}
		var text strings.Builder
		if err := script.Execute(&text, s.db.dialect()); err != nil {
			return nil, fmt.Errorf("sqlstore: migrations: %w", err)
		}
		out = append(out, goose.NewGoMigration(version, &goose.GoFunc{
			RunTx: func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, text.String())
				return err
			},
		}, nil))
	}
	return out, nil
}
