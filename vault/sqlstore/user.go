package sqlstore

import (
	"context"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

const userColumns = "u.id, u.status, u.revision, u.consent_seq, u.locale, u.created_at"

// userInto are the places for userColumns, which may be NULL.
func userInto(u *vault.User) []any {
	return []any{
		orZero(&u.ID), orZero(&u.Status), orZero(&u.Revision),
		orZero(&u.ConsentSeq), orZero(&u.Locale),
		moment{&u.CreatedAt},
	}
}

// Users implements vault.UserReader.
func (s *Store) Users(ctx context.Context, filter vault.UserFilter, page vault.Page) ([]vault.User, error) {
	b := &builder{}
	b.add("SELECT "+userColumns+" FROM users u WHERE u.id > ?", page.After)
	if filter.Status != "" {
		b.add(" AND u.status = ?", filter.Status)
	}
	b.add(" ORDER BY u.id LIMIT ?", page.Limit)
	return list(ctx, s, b.String(), b.args, func(r row) (u vault.User, err error) {
		err = r.Scan(userInto(&u)...)
		return u, err
	})
}

// CountUsers implements vault.UserReader.
func (s *Store) CountUsers(ctx context.Context, filter vault.UserFilter) (int64, error) {
	b := &builder{}
	b.add("SELECT COUNT(*) FROM users")
	if filter.Status != "" {
		b.add(" WHERE status = ?", filter.Status)
	}
	return one(ctx, s, b.String(), b.args, func(r row) (n int64, err error) {
		err = r.Scan(&n)
		return n, err
	})
}

// FindUsers implements vault.UserReader. A login counts as verified.
func (s *Store) FindUsers(ctx context.Context, by []vault.BlindIndex, logins []vault.SubjectKey, limit int) ([]vault.Match, error) {
	if len(by)+len(logins) == 0 {
		return []vault.Match{}, nil
	}
	b := &builder{}
	b.add("SELECT " + userColumns + ", m.proved FROM (SELECT user_id, MAX(proved) AS proved FROM (")
	union := ""
	for _, i := range by {
		b.add(union+"SELECT user_id, CASE WHEN verified THEN 1 ELSE 0 END AS proved FROM blind_index"+
			" WHERE field = ? AND key_version = ? AND digest = ?", key(i.Field), i.KeyVersion, key(i.Digest))
		union = " UNION ALL "
	}
	for _, l := range logins {
		b.add(union+"SELECT user_id, 1 AS proved FROM user_subjects"+
			" WHERE issuer = ? AND pepper = ? AND digest = ?", key(l.Issuer), l.KeyVersion, key(l.Digest))
		union = " UNION ALL "
	}
	b.add(") f GROUP BY user_id) m JOIN users u ON u.id = m.user_id ORDER BY m.proved DESC, u.id LIMIT ?", limit)
	return list(ctx, s, b.String(), b.args, func(r row) (m vault.Match, err error) {
		err = r.Scan(append(userInto(&m.User), orZero(&m.Verified))...)
		return m, err
	})
}

// InsertUser implements vault.UserTx.
func (t *tx) InsertUser(u vault.User, login vault.SubjectKey) {
	t.queue(`INSERT INTO users (id, status, revision, consent_seq, locale, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		u.ID, u.Status, u.Revision, u.ConsentSeq, u.Locale, u.CreatedAt.UnixMilli()).orTaken(vault.ErrTaken)
	t.queue(`INSERT INTO user_subjects (issuer, pepper, digest, user_id) VALUES ($1, $2, $3, $4)`,
		key(login.Issuer), login.KeyVersion, key(login.Digest), u.ID).orTaken(vault.ErrTaken.With("what", "login"))
}

// ReviseUser implements vault.UserTx.
func (t *tx) ReviseUser(id uuid.UUID, expected int64, locale *string) {
	var chosen any
	if locale != nil {
		chosen = *locale
	}
	t.queue(`UPDATE users SET revision = revision + 1, locale = COALESCE($3, locale) WHERE id = $1 AND revision = $2`,
		id, expected, chosen).orMissed(vault.ErrStale)
}

// SetStatus implements vault.UserTx.
func (t *tx) SetStatus(id uuid.UUID, expected int64, status vault.Status) {
	t.queue(`UPDATE users SET revision = revision + 1, status = $3 WHERE id = $1 AND revision = $2`,
		id, expected, status).orMissed(vault.ErrStale)
}
