package sqlstore

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// Fields implements vault.FieldReader.
func (s *Store) Fields(ctx context.Context, users []uuid.UUID) ([]vault.StoredField, error) {
	b := &builder{}
	b.add("SELECT user_id, code, key_name, key_version, ciphertext, visibility, verified, updated_at, source, written_by" +
		" FROM personal_fields WHERE user_id IN ")
	b.in(users)
	return list(ctx, s, b.String(), b.args, func(r row) (f vault.StoredField, err error) {
		c := &f.Ciphertext
		err = r.Scan(&f.User, &f.Code, &c.Key, &c.Version, &c.Text, &f.Visibility, &f.Verified, moment{&f.UpdatedAt},
			&f.Source, &f.WrittenBy)
		return f, err
	})
}

// Indexes implements vault.FieldReader.
func (s *Store) Indexes(ctx context.Context, user uuid.UUID) ([]vault.BlindIndex, error) {
	return list(ctx, s, `SELECT field, key_version, digest, user_id, verified, norm_version
		FROM blind_index WHERE user_id = $1`, []any{user}, func(r row) (i vault.BlindIndex, err error) {
		err = r.Scan(&i.Field, &i.KeyVersion, &i.Digest, &i.User, &i.Verified, &i.NormVersion)
		return i, err
	})
}

// PutField implements vault.FieldTx.
func (t *tx) PutField(f vault.StoredField) {
	t.queue(`INSERT INTO personal_fields
		(user_id, code, key_name, key_version, ciphertext, visibility, verified, updated_at, source, written_by)
		VALUES ($1, $2, $3, $4, $5, COALESCE(NULLIF($6, ''), 'PRIVATE'), $7, $8, $9, $10)
		ON CONFLICT (user_id, code) DO UPDATE SET
			key_name = excluded.key_name, key_version = excluded.key_version, ciphertext = excluded.ciphertext,
			visibility = CASE WHEN $6 = '' THEN personal_fields.visibility ELSE excluded.visibility END,
			verified = excluded.verified, updated_at = excluded.updated_at, source = excluded.source, written_by = excluded.written_by`,
		f.User, key(f.Code), f.Ciphertext.Key, f.Ciphertext.Version, f.Ciphertext.Text,
		f.Visibility, f.Verified, f.UpdatedAt.UnixMilli(), f.Source, f.WrittenBy)
}

// SetVisibility implements vault.FieldTx.
func (t *tx) SetVisibility(user uuid.UUID, codes []string, to vault.Visibility) {
	for _, code := range codes {
		s := t.queue(`UPDATE personal_fields SET visibility = $3 WHERE user_id = $1 AND code = $2`, user, key(code), to)
		if to == vault.Public {
			s.orMissed(vault.ErrStale)
		}
	}
}

// ClearField implements vault.FieldTx.
func (t *tx) ClearField(user uuid.UUID, code string) {
	t.queue(`DELETE FROM personal_fields WHERE user_id = $1 AND code = $2`, user, key(code))
	t.clearIndexes(user, code)
}

func (t *tx) clearIndexes(user uuid.UUID, field string) {
	t.queue(`DELETE FROM blind_index WHERE user_id = $1 AND field = $2`, user, key(field))
}

// proved: another person has proved the value.
func proved(field string) error { return vault.ErrTaken.With("field", field) }

// SetVerified implements vault.FieldTx.
func (t *tx) SetVerified(user uuid.UUID, field string, writtenAt time.Time, verified bool) {
	t.queue(`UPDATE personal_fields SET verified = $4 WHERE user_id = $1 AND code = $2 AND updated_at = $3`,
		user, key(field), writtenAt.UnixMilli(), verified).orMissed(vault.ErrStale)
	t.queue(`UPDATE blind_index SET verified = $3 WHERE user_id = $1 AND field = $2`,
		user, key(field), verified).orTaken(proved(field))
}

// Count implements vault.FieldTx.
func (t *tx) Count(user uuid.UUID, what vault.Counted, day string, limit int) {
	if limit < 1 {
		t.fail(vault.ErrLimited)
		return
	}
	t.queue(`INSERT INTO daily_counts (user_id, what, day, n) VALUES ($1, $2, $3, 1)
		ON CONFLICT (user_id, what, day) DO UPDATE SET n = daily_counts.n + 1
		WHERE daily_counts.n < $4`,
		user, key(what), key(day), limit).orMissed(vault.ErrLimited.With("what", string(what)))
}
