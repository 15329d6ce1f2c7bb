package sqlstore

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"text/template"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

//go:embed roles.sql
var roleScript string

// Excess is something that the role of this connection may do and serving does
// not take.
type Excess struct {
	What string // as "it may UPDATE audit_events"
	Undo string // SQL for the owner; empty: only another role helps
}

// roles is what a database does about who logs in to it.
type roles interface {
	entitle(ctx context.Context, role string) ([]string, error)
	excess(ctx context.Context) (string, []Excess, error)
	transport(ctx context.Context) (Transport, error)
}

// Entitle gives a role what serving takes, and takes away what it has beyond
// that: it cannot change or delete audit events, consent events, declared copies and
// published versions. Roles that were entitled before get what this schema has new; with
// an empty name nobody else does. It answers all of them. Only the owner of the
// tables may call it, on PostgreSQL.
func (s *Store) Entitle(ctx context.Context, role string) ([]string, error) {
	entitled, err := s.db.entitle(ctx, role)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: entitling the runtime role: %w", err)
	}
	return entitled, nil
}

// Excess answers the role that this store logs in as, and what it may do beyond
// serving. On SQLite there are no roles, so that there is no excess.
func (s *Store) Excess(ctx context.Context) (role string, found []Excess, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	role, found, err = s.db.excess(ctx)
	return role, found, unavailable(ctx, err)
}

func (d *sqliteFile) entitle(_ context.Context, role string) ([]string, error) {
	if role != "" {
		return nil, errors.New("SQLite has no roles: whoever may write the file may do everything")
	}
	return []string{}, nil
}

func (d *sqliteFile) excess(context.Context) (string, []Excess, error) { return "", []Excess{}, nil }

func (p *postgres) entitle(ctx context.Context, role string) (_ []string, err error) {
	db, _, err := p.migrating()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.migrated(db)) }()
	list, err := p.entitled(ctx, role)
	if err != nil {
		return nil, err
	}
	script, err := template.New("roles.sql").Parse(roleScript)
	if err != nil {
		return nil, err
	}
	for _, one := range list {
		var text strings.Builder
		if err := script.Execute(&text, map[string]string{"Role": pgx.Identifier{one}.Sanitize()}); err != nil {
			return nil, err
		}
		if _, err := db.ExecContext(ctx, text.String()); err != nil { // a script is a transaction
			return nil, ofOwner(p.explain(err), err)
		}
	}
	return list, nil
}

// ofOwner adds to an explained error what it means here.
func ofOwner(explained, err error) error {
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok && refused.Code == "42501" { // insufficient_privilege
		return fmt.Errorf("only the owner of the tables may do that: %w", explained)
	}
	return explained
}

// entitled are the roles that have what this package once gave them, and the
// one that is to be.
func (p *postgres) entitled(ctx context.Context, role string) ([]string, error) {
	list := []string{}
	scan := func(r row) error {
		var name string
		err := r.Scan(&name)
		list = append(list, name)
		return err
	}
	if role != "" {
		var bound bool
		err := p.pool.QueryRow(ctx, `SELECT NOT (rolsuper OR rolbypassrls OR pg_has_role(rolname, current_user, 'MEMBER'))
			FROM pg_roles WHERE rolname = $1`, role).Scan(&bound)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return nil, fmt.Errorf("there is no role %q: make it first, CREATE ROLE %s LOGIN PASSWORD '…'", role, pgx.Identifier{role}.Sanitize())
		case err != nil:
			return nil, p.explain(err)
		case !bound:
			return nil, fmt.Errorf("%q is the owner, acts for it, or is a superuser: no grant binds it; name another role", role)
		}
		list = append(list, role)
	}
	err := p.query(ctx, `SELECT r.rolname FROM pg_roles r WHERE r.rolname <> $1 AND 3 = (
		SELECT count(*) FROM pg_class c, aclexplode(c.relacl) a WHERE a.grantee = r.oid AND a.grantee <> c.relowner
		AND (c.oid, a.privilege_type) IN ((to_regclass('audit_events'), 'INSERT'),
			(to_regclass('personal_fields'), 'DELETE'), (to_regclass('schema_version'), 'SELECT')))
		ORDER BY r.rolname`, []any{role}, scan)
	return list, err
}

// excessQuery lists what this role, or a role that it may become, can do to the
// record. A superuser can do everything, and is asked no more.
const excessQuery = `WITH me AS (SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user),
	mine AS (SELECT r.oid, r.rolname, r.rolsuper, r.rolbypassrls FROM pg_roles r WHERE pg_has_role(current_user, r.oid, 'MEMBER')),
	record AS (SELECT c.oid, c.relname, c.relowner, c.relrowsecurity, c.relname IN ('policy_versions', 'policy_documents') AS drafts
		FROM pg_class c WHERE c.oid IN (to_regclass('audit_events'), to_regclass('consent_events'), to_regclass('consent_acts'), to_regclass('copies'),
			to_regclass('policy_versions'), to_regclass('policy_documents'))),
	may AS (SELECT DISTINCT t.relname, p.name FROM record t, mine m,
		(VALUES (1, 'UPDATE'), (2, 'DELETE'), (3, 'TRUNCATE'), (4, 'TRIGGER')) AS p (place, name)
		WHERE has_table_privilege(m.oid, t.oid, p.name)
		AND NOT (t.relname = 'policy_versions' AND p.name = 'UPDATE') AND NOT (t.relname = 'policy_documents' AND p.name = 'DELETE'))
SELECT 'superuser', '', '' FROM me WHERE rolsuper
UNION ALL SELECT 'becomes', m.rolname, '' FROM mine m, me WHERE NOT me.rolsuper AND m.rolsuper
UNION ALL SELECT 'bypass', m.rolname, '' FROM mine m, me WHERE NOT me.rolsuper AND m.rolbypassrls
UNION ALL SELECT 'owner', o.rolname, '' FROM (SELECT DISTINCT relowner FROM record) t JOIN mine o ON o.oid = t.relowner, me WHERE NOT me.rolsuper
UNION ALL SELECT 'may', relname, string_agg(name, ', ' ORDER BY name) FROM may, me
	WHERE NOT me.rolsuper AND NOT EXISTS (SELECT 1 FROM record t JOIN mine o ON o.oid = t.relowner) GROUP BY relname
UNION ALL SELECT 'columns', t.relname, string_agg(a.attname, ', ' ORDER BY a.attname) FROM record t, me, pg_attribute a
	WHERE NOT me.rolsuper AND NOT t.drafts AND a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
	AND has_column_privilege(t.oid, a.attnum, 'UPDATE') AND NOT has_table_privilege(t.oid, 'UPDATE')
	AND NOT (t.relname = 'consent_acts' AND a.attname IN ('key_name', 'key_version', 'network_context')) GROUP BY t.relname
UNION ALL SELECT 'open', t.relname, '' FROM record t, me WHERE NOT me.rolsuper AND t.drafts AND NOT t.relrowsecurity
ORDER BY 1, 2`

func (p *postgres) excess(ctx context.Context) (string, []Excess, error) {
	var role string
	if err := p.pool.QueryRow(ctx, "SELECT current_user").Scan(&role); err != nil {
		return "", nil, p.explain(err)
	}
	found := []Excess{}
	err := p.query(ctx, excessQuery, nil, func(r row) error {
		var kind, name, privileges string
		err := r.Scan(&kind, &name, &privileges)
		found = append(found, excessOf(kind, name, privileges, role))
		return err
	})
	return role, found, err
}

func excessOf(kind, name, privileges, role string) Excess {
	user, object := pgx.Identifier{role}.Sanitize(), pgx.Identifier{name}.Sanitize()
	switch kind {
	case "superuser":
		return Excess{What: "it is a superuser"}
	case "becomes":
		return Excess{"it may become the superuser " + name, "REVOKE " + object + " FROM " + user}
	case "bypass":
		return Excess{"row security does not bind " + name, "ALTER ROLE " + object + " NOBYPASSRLS"}
	case "owner":
		if name == role {
			return Excess{What: "it owns the tables"}
		}
		return Excess{"it may become " + name + ", who owns the tables", "REVOKE " + object + " FROM " + user}
	case "columns":
		return Excess{"it may UPDATE " + privileges + " of " + name, "REVOKE UPDATE (" + privileges + ") ON " + object + " FROM " + user}
	case "open":
		return Excess{"row security is off on " + name, "ALTER TABLE " + object + " ENABLE ROW LEVEL SECURITY"}
	}
	return Excess{"it may " + privileges + " " + name, "REVOKE " + privileges + " ON " + object + " FROM " + user}
}
