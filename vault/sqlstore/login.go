package sqlstore

import (
	"context"
	"time"

	"github.com/kelisim/kelisim/vault"
)

// Logins implements vault.LoginReader.
func (s *Store) Logins(ctx context.Context, since time.Time) ([]vault.LoginState, error) {
	return list(ctx, s, `SELECT server, name, method, accessor, policies, expires_at, renewable, seen_at, trouble
		FROM vault_logins WHERE seen_at >= $1 ORDER BY server, name`, []any{millis(since)}, func(r row) (l vault.LoginState, err error) {
		err = r.Scan(&l.Server, &l.Name, &l.Method, &l.Accessor, texts{&l.Policies}, moment{&l.Expires}, &l.Renewable, moment{&l.SeenAt}, &l.Trouble)
		return l, err
	})
}

// PutLogin implements vault.LoginTx.
func (t *tx) PutLogin(l vault.LoginState) {
	t.queue(`INSERT INTO vault_logins (server, name, method, accessor, policies, expires_at, renewable, seen_at, trouble)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (server, name) DO UPDATE SET method = excluded.method, accessor = excluded.accessor, policies = excluded.policies,
			expires_at = excluded.expires_at, renewable = excluded.renewable, seen_at = excluded.seen_at, trouble = excluded.trouble`,
		key(l.Server), key(l.Name), l.Method, l.Accessor, t.texts(l.Policies), millisOrNull(l.Expires), l.Renewable, l.SeenAt.UnixMilli(), l.Trouble)
}

// ForgetLogins implements vault.LoginTx.
func (t *tx) ForgetLogins(before time.Time) {
	t.queue(`DELETE FROM vault_logins WHERE seen_at < $1`, millis(before))
}
