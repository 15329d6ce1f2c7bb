package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// Copies implements vault.CopyReader.
func (s *Store) Copies(ctx context.Context) ([]vault.Copy, error) {
	return list(ctx, s, `SELECT id, kind, label, taken_at, until, declared_at, expired_at, versions
		FROM copies ORDER BY taken_at, id`, nil, func(r row) (c vault.Copy, err error) {
		var versions []byte
		err = r.Scan(&c.ID, &c.Kind, &c.Label, moment{&c.TakenAt}, moment{&c.Until}, moment{&c.DeclaredAt}, moment{&c.ExpiredAt}, &versions)
		if err == nil {
			err = json.Unmarshal(versions, &c.Versions)
		}
		return c, err
	})
}

// InsertCopy implements vault.CopyTx.
func (t *tx) InsertCopy(c vault.Copy) {
	versions, err := json.Marshal(c.Versions)
	if err != nil {
		t.fail(fmt.Errorf("sqlstore: the versions of a copy: %w", err))
		return
	}
	t.queue(`INSERT INTO copies (id, kind, label, taken_at, until, declared_at, versions) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		c.ID, c.Kind, c.Label, c.TakenAt.UnixMilli(), millisOrNull(c.Until), c.DeclaredAt.UnixMilli(), string(versions)).orTaken(vault.ErrTaken)
}

// ExpireCopy implements vault.CopyTx.
func (t *tx) ExpireCopy(id uuid.UUID, at time.Time) {
	t.queue(`UPDATE copies SET expired_at = $2 WHERE id = $1 AND expired_at IS NULL`, id, at.UnixMilli()).
		orOwners(vault.ErrOwners).orMissed(vault.ErrStale)
}
