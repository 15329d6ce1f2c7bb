package sqlstore

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// inForce is the epoch of the plan in force.
const inForce = "(SELECT MAX(epoch) FROM index_plan)"

// IndexPlan implements vault.FieldReader.
func (s *Store) IndexPlan(ctx context.Context) (vault.IndexPlan, error) {
	return one(ctx, s, `SELECT epoch, written, found FROM index_plan WHERE epoch = `+inForce, nil, func(r row) (p vault.IndexPlan, err error) {
		var written []byte
		if err = r.Scan(&p.Epoch, &written, &p.Find); err == nil {
			err = json.Unmarshal(written, &p.Write)
		}
		return p, err
	})
}

// CountIndexes implements vault.IndexReader.
func (s *Store) CountIndexes(ctx context.Context) ([]vault.IndexCount, error) {
	out := []vault.IndexCount{}
	for last := (vault.IndexCount{}); ; {
		next, err := one(ctx, s, `SELECT field, key_version FROM blind_index
			WHERE (field, key_version) > ($1, $2) ORDER BY field, key_version LIMIT 1`,
			[]any{key(last.Field), last.Version}, func(r row) (c vault.IndexCount, err error) {
				err = r.Scan(&c.Field, &c.Version)
				return c, err
			})
		if errors.Is(err, vault.ErrNotFound) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		rows := func(columns string, after vault.BlindIndex) *builder {
			return indexes(columns, next.Field, next.Version, after)
		}
		next.Rows, err = counted(ctx, s, "digest, user_id", rows, func(r row) (at vault.BlindIndex, err error) {
			err = r.Scan(&at.Digest, &at.User)
			return at, err
		})
		if err != nil {
			return nil, err
		}
		if next.Rows > 0 { // or all were dropped since
			out = append(out, next)
		}
		last = next
	}
}

// indexes begins a question about a field's indexes under a version, after one.
// It is bounded from both sides by the whole primary key, so that a planner
// reads on in its order, however many it expects.
func indexes(columns, field string, version int, after vault.BlindIndex) *builder {
	const order = "field, key_version, digest, user_id"
	b := &builder{}
	b.add("SELECT "+columns+" FROM blind_index WHERE (field, key_version) <= (?, ?) AND ("+order+") > (?, ?, ?, ?) ORDER BY "+order,
		key(field), version, key(field), version, key(after.Digest), after.User)
	return b
}

// IndexedFields implements vault.IndexReader. What lacks an index is looked for
// within the page only, so that the statement takes no longer where few do.
func (s *Store) IndexedFields(ctx context.Context, field string, version, to int, after vault.BlindIndex, limit int) ([]vault.IndexedField, error) {
	page := indexes("digest, user_id, verified, norm_version", field, version, after)
	b := &builder{args: page.args}
	b.add("SELECT o.digest, o.user_id, o.verified, o.norm_version, f.key_name, f.key_version, f.ciphertext" +
		" FROM (" + page.String() + " LIMIT " + strconv.Itoa(limit) + ") o") // a figure, so that the planner knows these are few
	b.add(" LEFT JOIN blind_index n ON n.user_id = o.user_id AND n.field = ? AND n.key_version = ?"+
		" LEFT JOIN personal_fields f ON n.user_id IS NULL AND f.user_id = o.user_id AND f.code = ?"+
		" ORDER BY o.digest, o.user_id", key(field), to, key(field))
	return list(ctx, s, b.String(), b.args, func(r row) (f vault.IndexedField, err error) {
		f.Field, f.KeyVersion = field, version
		c := &f.Ciphertext
		err = r.Scan(&f.Digest, &f.User, &f.Verified, &f.NormVersion, orZero(&c.Key), orZero(&c.Version), orZero(&c.Text))
		return f, err
	})
}

// PutPlan implements vault.IndexTx.
func (t *tx) PutPlan(p vault.IndexPlan) {
	written, err := json.Marshal(p.Write)
	t.fail(err)
	s := t.queue(`INSERT INTO index_plan (epoch, written, found) SELECT CAST($1 AS bigint), CAST($2 AS text), CAST($3 AS bigint)
		WHERE COALESCE((SELECT MIN(epoch) FROM index_plan), 0) = $4 AND COALESCE(`+inForce+`, 0) = $4`,
		p.Epoch, string(written), p.Find, p.Epoch-1)
	s.orMissed(vault.ErrStale)
	s.orTaken(vault.ErrStale)
}

// SettlePlan implements vault.IndexTx. It waits for the rows that followPlan
// holds. No newcomer joins them, so that it waits for nobody for long.
func (t *tx) SettlePlan(epoch int64) {
	t.queue(`DELETE FROM index_plan WHERE epoch < $1`, epoch)
}

// followPlan holds the plan in force until the transaction ends.
func (t *tx) followPlan(epoch int64) {
	if !slices.Contains(t.follows, epoch) {
		t.queue(t.followed, epoch).orMissed(vault.ErrReplanned)
		t.follows = append(t.follows, epoch)
	}
}

// PutIndexes implements vault.FieldTx.
func (t *tx) PutIndexes(plan int64, user uuid.UUID, field string, rows []vault.BlindIndex) {
	t.followPlan(plan)
	t.clearIndexes(user, field)
	values := make([][]any, len(rows))
	for i, r := range rows {
		values[i] = []any{key(field), r.KeyVersion, key(r.Digest), user, r.Verified, r.NormVersion}
	}
	t.insert("blind_index", []string{"field", "key_version", "digest", "user_id", "verified", "norm_version"},
		values, proved(field))
}

// FillIndexes implements vault.IndexTx. Whoever changes a field, or proves it,
// changes its own row first and its indexes then. So with both rows in hand
// nothing is missed that they do, and what they are at is left to them: nobody
// waits in a ring.
func (t *tx) FillIndexes(rows []vault.Reindexed) {
	for _, r := range rows {
		t.queue(`INSERT INTO blind_index (field, key_version, digest, user_id, verified, norm_version)
			SELECT s.field, CAST($5 AS bigint), CAST($6 AS text), s.user_id, s.verified, CAST($7 AS bigint) FROM (
				SELECT o.field, o.user_id, o.verified
				FROM personal_fields f JOIN blind_index o ON o.user_id = f.user_id AND o.field = f.code
				WHERE f.user_id = $1 AND f.code = $2 AND o.key_version = $3 AND o.digest = $4`+t.untouched+`) s
			WHERE true ON CONFLICT (field, key_version, digest, user_id) DO NOTHING`,
			r.User, key(r.Field), r.KeyVersion, key(r.BlindIndex.Digest), r.To, key(r.Digest), r.NormVersion).
			orTaken(proved(r.Field))
	}
}

// DropIndexes implements vault.IndexTx. The limit is a figure as above.
func (t *tx) DropIndexes(field string, version, limit int) {
	t.queue(`DELETE FROM blind_index WHERE (field, key_version, digest, user_id) IN (
		SELECT field, key_version, digest, user_id FROM blind_index WHERE field = $1 AND key_version = $2
		ORDER BY digest, user_id LIMIT `+strconv.Itoa(limit)+t.untouched+`)`, key(field), version).orMissed(vault.ErrNotFound)
}
