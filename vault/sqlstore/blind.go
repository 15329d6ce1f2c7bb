package sqlstore

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// CountIndexes implements vault.KeyedReader. It goes by the primary key, field
// by field.
func (s *Store) CountIndexes(ctx context.Context) ([]vault.IndexCount, error) {
	rows := map[int]int64{}
	type group struct {
		field   string
		version int
	}
	for last := (group{}); ; {
		next, err := one(ctx, s, "SELECT field, key_version FROM blind_index WHERE (field, key_version) > ($1, $2) ORDER BY field, key_version LIMIT 1",
			[]any{key(last.field), last.version}, func(r row) (g group, err error) {
				err = r.Scan(&g.field, &g.version)
				return g, err
			})
		if errors.Is(err, vault.ErrNotFound) {
			break
		}
		if err != nil {
			return nil, err
		}
		n, err := s.countIndexes(ctx, next.field, next.version)
		if err != nil {
			return nil, err
		}
		rows[next.version] += n
		last = next
	}
	out := []vault.IndexCount{}
	for version, n := range rows {
		if n > 0 { // or all were replaced since
			out = append(out, vault.IndexCount{Version: version, Rows: n})
		}
	}
	slices.SortFunc(out, func(a, b vault.IndexCount) int { return cmp.Compare(a.Version, b.Version) })
	return out, nil
}

// countIndexes counts in parts, as countHeld does, and is bounded from both
// sides for the same reason.
func (s *Store) countIndexes(ctx context.Context, field string, version int) (total int64, err error) {
	var digest string
	var user uuid.UUID
	const order = "field, key_version, digest, user_id"
	rows := func(columns, limit string, n int) *builder {
		b := &builder{}
		b.add("SELECT "+columns+" FROM blind_index WHERE (field, key_version) <= (?, ?) AND ("+order+") > (?, ?, ?, ?) ORDER BY "+order+limit,
			key(field), version, key(field), version, key(digest), user, n)
		return b
	}
	for {
		leap := rows("digest, user_id", " LIMIT 1 OFFSET ?", countedAtOnce-1)
		_, err := one(ctx, s, leap.String(), leap.args, func(r row) (none struct{}, err error) {
			err = r.Scan(&digest, &user)
			return none, err
		})
		if err == nil {
			total += countedAtOnce
			continue
		}
		if !errors.Is(err, vault.ErrNotFound) {
			return 0, err
		}
		rest := rows("1", " LIMIT ?", countedAtOnce)
		n, err := one(ctx, s, "SELECT COUNT(*) FROM ("+rest.String()+") AS counted", rest.args, func(r row) (n int64, err error) {
			err = r.Scan(&n)
			return n, err
		})
		return total + n, err
	}
}
