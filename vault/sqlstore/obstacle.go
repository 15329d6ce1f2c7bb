package sqlstore

import (
	"context"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// Obstacles implements vault.ObstacleReader.
func (s *Store) Obstacles(ctx context.Context, users []uuid.UUID, ended bool) ([]vault.Obstacle, error) {
	b := &builder{}
	b.add(`SELECT id, user_id, kind, ground, reference, items, since, set_by, ended_at, ended_by, end_reference
		FROM obstacles WHERE user_id IN `)
	b.in(users)
	if !ended {
		b.add(" AND ended_at IS NULL")
	}
	b.add(" ORDER BY since, id")
	return list(ctx, s, b.String(), b.args, func(r row) (o vault.Obstacle, err error) {
		err = r.Scan(&o.ID, &o.User, &o.Kind, &o.Ground, &o.Reference, texts{&o.Items}, moment{&o.Since}, orZero(&o.By),
			moment{&o.EndedAt}, orZero(&o.EndedBy), &o.EndReference)
		return o, err
	})
}

// InsertObstacle implements vault.ObstacleTx.
func (t *tx) InsertObstacle(o vault.Obstacle) {
	t.queue(`INSERT INTO obstacles (id, user_id, kind, ground, reference, items, since, set_by, end_reference)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '')`,
		o.ID, o.User, o.Kind, o.Ground, o.Reference, t.texts(o.Items), o.Since.UnixMilli(), idOrNull(o.By)).orTaken(vault.ErrTaken)
}

// EndObstacle implements vault.ObstacleTx.
func (t *tx) EndObstacle(o vault.Obstacle) {
	t.queue(`UPDATE obstacles SET ended_at = $2, ended_by = $3, end_reference = $4 WHERE id = $1 AND ended_at IS NULL`,
		o.ID, o.EndedAt.UnixMilli(), idOrNull(o.EndedBy), o.EndReference).orMissed(vault.ErrStale)
}
