package sqlstore

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// Claim implements vault.ClaimReader.
func (s *Store) Claim(ctx context.Context, digest string) (vault.Claim, error) {
	return one(ctx, s, `SELECT id, user_id, digest, expires_at, used_at FROM login_claims WHERE digest = $1`, []any{key(digest)},
		func(r row) (c vault.Claim, err error) {
			err = r.Scan(&c.ID, &c.User, &c.Digest, moment{&c.ExpiresAt}, moment{&c.UsedAt})
			return c, err
		})
}

// HasLogin implements vault.ClaimReader.
func (s *Store) HasLogin(ctx context.Context, user uuid.UUID) (bool, error) {
	return one(ctx, s, `SELECT EXISTS (SELECT 1 FROM user_subjects WHERE user_id = $1)`, []any{user}, func(r row) (has bool, err error) {
		err = r.Scan(&has)
		return has, err
	})
}

// PutClaim implements vault.ClaimTx. Whoever uses a claim at the same time holds
// its row: then it is used, and stays.
func (t *tx) PutClaim(c vault.Claim) {
	t.living(c.User)
	t.queue(`INSERT INTO login_claims (user_id, id, digest, expires_at)
		SELECT id, $2, $3, $4 FROM users WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM user_subjects WHERE user_id = $1)
		ON CONFLICT (user_id) DO UPDATE SET id = $2, digest = $3, expires_at = $4 WHERE login_claims.used_at IS NULL`,
		c.User, c.ID, key(c.Digest), c.ExpiresAt.UnixMilli()).orMissed(vault.ErrStale)
}

// UseClaim implements vault.ClaimTx.
func (t *tx) UseClaim(c vault.Claim, login vault.SubjectKey, at time.Time) {
	t.living(c.User)
	t.queue(`UPDATE login_claims SET used_at = $3 WHERE user_id = $1 AND id = $2 AND used_at IS NULL AND expires_at > $3`,
		c.User, c.ID, at.UnixMilli()).orMissed(vault.ErrStale)
	t.login(c.User, login)
}
