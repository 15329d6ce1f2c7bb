package sqlstore

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

const userColumns = "u.id, u.status, u.revision, u.consent_seq, u.locale, u.created_at, u.confirmed_at, u.represented_until"

// userInto are the places for userColumns, which may be NULL.
func userInto(u *vault.User) []any {
	return []any{
		orZero(&u.ID), orZero(&u.Status), orZero(&u.Revision),
		orZero(&u.ConsentSeq), orZero(&u.Locale),
		moment{&u.CreatedAt},
		moment{&u.ConfirmedAt},
		moment{&u.RepresentedUntil},
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

// FindUsers implements vault.UserReader. A first row says which plan is in force,
// in the same snapshot, whether there is anybody or not.
func (s *Store) FindUsers(ctx context.Context, plan int64, by vault.BlindIndex, limit int) ([]vault.Match, error) {
	b := &builder{}
	b.add("SELECT p.epoch, m.* FROM (SELECT COALESCE("+inForce+", 0) AS epoch) p LEFT JOIN (SELECT "+userColumns+", i.verified"+
		" FROM blind_index i JOIN users u ON u.id = i.user_id WHERE i.field = ? AND i.key_version = ? AND i.digest = ?"+
		" ORDER BY i.verified DESC, u.id LIMIT ?) m ON p.epoch = ? ORDER BY m.verified DESC, m.id", key(by.Field), by.KeyVersion, key(by.Digest), limit, plan)
	type found struct {
		plan int64
		vault.Match
	}
	rows, err := list(ctx, s, b.String(), b.args, func(r row) (f found, err error) {
		err = r.Scan(append(append([]any{&f.plan}, userInto(&f.User)...), orZero(&f.Verified))...)
		return f, err
	})
	out := []vault.Match{}
	for _, f := range rows {
		if f.plan != plan {
			return nil, vault.ErrReplanned
		}
		if f.User.ID != uuid.Nil {
			out = append(out, f.Match)
		}
	}
	return out, err
}

// FindByLogin implements vault.UserReader. A login counts as verified.
func (s *Store) FindByLogin(ctx context.Context, logins []vault.SubjectKey, limit int) ([]vault.Match, error) {
	if len(logins) == 0 {
		return []vault.Match{}, nil
	}
	b := &builder{}
	b.add("SELECT " + userColumns + " FROM users u WHERE u.id IN (")
	union := ""
	for _, l := range logins {
		b.add(union+"SELECT user_id FROM user_subjects WHERE issuer = ? AND pepper = ? AND digest = ?",
			key(l.Issuer), l.KeyVersion, key(l.Digest))
		union = " UNION ALL "
	}
	b.add(") ORDER BY u.id LIMIT ?", limit)
	return list(ctx, s, b.String(), b.args, func(r row) (vault.Match, error) {
		m := vault.Match{Verified: true}
		err := r.Scan(userInto(&m.User)...)
		return m, err
	})
}

// InsertUser implements vault.UserTx.
func (t *tx) InsertUser(u vault.User, login vault.SubjectKey) {
	t.queue(`INSERT INTO users (id, status, revision, consent_seq, locale, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		u.ID, u.Status, u.Revision, u.ConsentSeq, u.Locale, u.CreatedAt.UnixMilli()).orTaken(vault.ErrTaken)
	if login == (vault.SubjectKey{}) {
		return
	}
	t.login(u.ID, login)
}

// login gives a person one.
func (t *tx) login(user uuid.UUID, login vault.SubjectKey) {
	t.queue(`INSERT INTO user_subjects (issuer, pepper, digest, user_id) VALUES ($1, $2, $3, $4)`,
		key(login.Issuer), login.KeyVersion, key(login.Digest), user).orTaken(vault.ErrTaken.With("what", "login"))
}

// ReviseUser implements vault.UserTx.
func (t *tx) ReviseUser(id uuid.UUID, expected int64, locale *string) {
	var chosen any
	if locale != nil {
		chosen = *locale
	}
	t.queue(`UPDATE users SET revision = revision + 1, locale = COALESCE($3, locale) WHERE id = $1 AND revision = $2 AND status <> $4`,
		id, expected, chosen, vault.StatusErased).orMissed(vault.ErrStale)
}

// SetStatus implements vault.UserTx.
func (t *tx) SetStatus(id uuid.UUID, expected int64, status vault.Status) {
	t.queue(`UPDATE users SET revision = revision + 1, status = $3 WHERE id = $1 AND revision = $2 AND status <> $4`,
		id, expected, status, vault.StatusErased).orMissed(vault.ErrStale)
}

// ConfirmUser implements vault.UserTx.
func (t *tx) ConfirmUser(id uuid.UUID, expected int64, at time.Time) {
	t.queue(`UPDATE users SET confirmed_at = $3 WHERE id = $1 AND revision = $2`,
		id, expected, at.UnixMilli()).orMissed(vault.ErrStale)
}

// Represent implements vault.UserTx.
func (t *tx) Represent(id uuid.UUID, seq int64, until time.Time) {
	var end any
	if !until.IsZero() {
		end = until.UnixMilli()
	}
	t.queue(`UPDATE users SET represented_until = $3 WHERE id = $1 AND consent_seq = $2`, id, seq, end).orMissed(vault.ErrStale)
}
