package sqlstore

import (
	"context"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// ObjectValues implements vault.ObjectValueReader.
func (s *Store) ObjectValues(ctx context.Context, objects []uuid.UUID) ([]vault.ObjectValue, error) {
	b := &builder{}
	b.add("SELECT object_id, code, user_id, key_name, key_version, ciphertext FROM object_values WHERE object_id IN ")
	b.in(objects)
	return list(ctx, s, b.String(), b.args, func(r row) (v vault.ObjectValue, err error) {
		c := &v.Ciphertext
		err = r.Scan(&v.Object, &v.Code, orZero(&v.User), &c.Key, &c.Version, &c.Text)
		return v, err
	})
}

// PutObjectValue implements vault.ObjectValueTx.
func (t *tx) PutObjectValue(v vault.ObjectValue) {
	if v.User != uuid.Nil {
		t.living(v.User)
	}
	t.queue(`INSERT INTO object_values (object_id, code, user_id, key_name, key_version, ciphertext) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (object_id, code) DO UPDATE SET
			user_id = excluded.user_id, key_name = excluded.key_name, key_version = excluded.key_version, ciphertext = excluded.ciphertext`,
		v.Object, key(v.Code), idOrNull(v.User), v.Ciphertext.Key, v.Ciphertext.Version, v.Ciphertext.Text)
}

// DropObjectValues implements vault.ObjectValueTx.
func (t *tx) DropObjectValues(object uuid.UUID) {
	t.queue(`DELETE FROM object_values WHERE object_id = $1`, object)
}
