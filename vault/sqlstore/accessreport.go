package sqlstore

import (
	"context"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// others narrows events to what colleagues, services and jobs did in a time.
func others(b *builder, filter vault.AccessFilter) {
	b.add(" FROM audit_events WHERE at >= ? AND at < ? AND kind <> 'SUBJECT'", millis(filter.From), millis(filter.To))
	if filter.App != "" {
		b.add(" AND app = ?", key(filter.App))
	}
}

// AccessCounts implements vault.AccessReader.
func (s *Store) AccessCounts(ctx context.Context, filter vault.AccessFilter, limit int) ([]vault.AccessCount, error) {
	b := &builder{}
	b.add("SELECT actor, role, action, outcome, fields, purpose, reason, CASE WHEN outcome = 'DENIED' THEN object ELSE '' END AS refused, COUNT(*) AS times")
	others(b, filter)
	b.add(" GROUP BY actor, role, action, outcome, fields, purpose, reason, refused ORDER BY times DESC, actor, action, fields LIMIT ?", limit)
	return list(ctx, s, b.String(), b.args, func(r row) (c vault.AccessCount, err error) {
		err = r.Scan(orZero(&c.Actor), &c.Role, &c.Action, &c.Outcome, texts{&c.Fields}, &c.Purpose, &c.Reason, &c.Object, &c.Times)
		return c, err
	})
}

// AccessTouched implements vault.AccessReader.
func (s *Store) AccessTouched(ctx context.Context, filter vault.AccessFilter) (map[uuid.UUID]int64, error) {
	b := &builder{}
	b.add("SELECT actor, COUNT(DISTINCT subject)")
	others(b, filter)
	b.add(" GROUP BY actor")
	type touched struct {
		actor  uuid.UUID
		people int64
	}
	rows, err := list(ctx, s, b.String(), b.args, func(r row) (t touched, err error) {
		err = r.Scan(orZero(&t.actor), &t.people)
		return t, err
	})
	out := make(map[uuid.UUID]int64, len(rows))
	for _, t := range rows {
		out[t.actor] = t.people
	}
	return out, err
}
