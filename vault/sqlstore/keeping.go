package sqlstore

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// Meta implements vault.KeepingReader.
func (s *Store) Meta(ctx context.Context, name string) (string, error) {
	return one(ctx, s, `SELECT value FROM meta WHERE name = $1`, []any{key(name)}, func(r row) (v string, err error) {
		err = r.Scan(&v)
		return v, err
	})
}

// Colleague implements vault.KeepingReader.
func (s *Store) Colleague(ctx context.Context, login vault.SubjectKey) (uuid.UUID, error) {
	return one(ctx, s, `SELECT id FROM actors WHERE issuer = $1 AND pepper = $2 AND digest = $3`,
		[]any{key(login.Issuer), login.KeyVersion, key(login.Digest)}, func(r row) (id uuid.UUID, err error) {
			err = r.Scan(&id)
			return id, err
		})
}

// Remembered implements vault.KeepingReader.
func (s *Store) Remembered(ctx context.Context, principal, operation, token string) (vault.Remembered, error) {
	return one(ctx, s, `SELECT principal, operation, token, input, result, at FROM idempotency
		WHERE principal = $1 AND operation = $2 AND token = $3`, []any{key(principal), key(operation), key(token)},
		func(r row) (m vault.Remembered, err error) {
			err = r.Scan(&m.Principal, &m.Operation, &m.Key, &m.Input, &m.Result, moment{&m.At})
			return m, err
		})
}

// InsertMeta implements vault.KeepingTx.
func (t *tx) InsertMeta(name, value string) {
	t.queue(`INSERT INTO meta (name, value) VALUES ($1, $2)`, key(name), value).orTaken(vault.ErrTaken)
}

// ReplaceMeta implements vault.KeepingTx.
func (t *tx) ReplaceMeta(name, from, to string) {
	t.queue(`UPDATE meta SET value = $3 WHERE name = $1 AND value = $2`, key(name), from, to).orMissed(vault.ErrStale)
}

// InsertColleague implements vault.KeepingTx.
func (t *tx) InsertColleague(id uuid.UUID, login vault.SubjectKey, name vault.Ciphertext, at time.Time) {
	t.queue(`INSERT INTO actors (id, issuer, pepper, digest, key_name, key_version, display_name, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		id, key(login.Issuer), login.KeyVersion, key(login.Digest), name.Key, name.Version, name.Text, at.UnixMilli()).
		orTaken(vault.ErrTaken)
}

// Remember implements vault.KeepingTx. A key older than RememberFor is used
// afresh.
func (t *tx) Remember(r vault.Remembered) {
	t.queue(`INSERT INTO idempotency (principal, operation, token, input, result, at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (principal, operation, token) DO UPDATE SET
			input = excluded.input, result = excluded.result, at = excluded.at
		WHERE idempotency.at <= $7`,
		key(r.Principal), key(r.Operation), key(r.Key), r.Input, r.Result, r.At.UnixMilli(),
		r.At.Add(-vault.RememberFor).UnixMilli()).orMissed(vault.ErrTaken.With("what", "idempotencyKey"))
}

// Forget implements vault.KeepingTx. The condition stands there twice: a key
// that is used afresh meanwhile stays.
func (t *tx) Forget(before time.Time, limit int) {
	t.queue(`DELETE FROM idempotency WHERE at < $1 AND (principal, operation, token) IN (
		SELECT principal, operation, token FROM idempotency WHERE at < $1 ORDER BY at LIMIT $2)`,
		millis(before), limit).orMissed(vault.ErrNotFound)
}
