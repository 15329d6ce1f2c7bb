package sqlstore

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

const breachColumns = `id, revision, app, kind, state, detected_at, recorded_at, rules, authority_due, people_due,
	authority_told, people_told, closed_at, fields, measures, criterion`

func readBreach(r row) (b vault.Breach, err error) {
	var measures, criterion []byte
	err = r.Scan(&b.ID, &b.Revision, &b.App, &b.Kind, &b.State, moment{&b.DetectedAt}, moment{&b.RecordedAt}, &b.Rules,
		moment{&b.AuthorityDue}, moment{&b.PeopleDue}, moment{&b.AuthorityTold}, moment{&b.PeopleTold}, moment{&b.ClosedAt},
		texts{&b.Fields}, &measures, &criterion)
	if err == nil {
		err = json.Unmarshal(measures, &b.Measures)
	}
	if err == nil {
		err = json.Unmarshal(criterion, &b.Criterion)
	}
	return b, err
}

// Breach implements vault.BreachReader.
func (s *Store) Breach(ctx context.Context, id uuid.UUID) (vault.Breach, error) {
	return one(ctx, s, `SELECT `+breachColumns+` FROM breaches WHERE id = $1`, []any{id}, readBreach)
}

// Breaches implements vault.BreachReader.
func (s *Store) Breaches(ctx context.Context, open bool, page vault.Page) ([]vault.Breach, error) {
	b := &builder{}
	b.add("SELECT " + breachColumns + " FROM breaches WHERE 1 = 1")
	if open {
		b.add(" AND state <> 'CLOSED'")
	}
	if page.After != uuid.Nil {
		b.add(" AND (detected_at, id) < ((SELECT detected_at FROM breaches WHERE id = ?), ?)", page.After, page.After)
	}
	b.add(" ORDER BY detected_at DESC, id DESC LIMIT ?", page.Limit)
	return list(ctx, s, b.String(), b.args, readBreach)
}

// touched is a question about those whom a breach touches, after one: people
// who have decided something in its app and are not erased, by its criterion.
func touched(columns string, b vault.Breach, after uuid.UUID) *builder {
	q, c := &builder{}, b.Criterion
	q.add("SELECT "+columns+" FROM users u WHERE u.id > ? AND u.status <> ?", after, vault.StatusErased)
	q.add(" AND EXISTS (SELECT 1 FROM consent_events e WHERE e.user_id = u.id AND e.app = ?", key(b.App))
	if c.App != "" {
		q.add(" AND e.received_at <= ?", b.DetectedAt.UnixMilli())
	}
	q.add(")")
	switch {
	case c.App != "":
	case !c.CreatedFrom.IsZero() || !c.CreatedTo.IsZero():
		if !c.CreatedFrom.IsZero() {
			q.add(" AND u.created_at >= ?", millis(c.CreatedFrom))
		}
		if !c.CreatedTo.IsZero() {
			q.add(" AND u.created_at < ?", millis(c.CreatedTo))
		}
	case c.RevealedTo != uuid.Nil:
		q.add(" AND u.id IN (SELECT subject FROM audit_events WHERE actor = ? AND action IN ('profile.revealed', 'technical.revealed') AND outcome = 'OK'", c.RevealedTo)
		if !c.RevealedFrom.IsZero() {
			q.add(" AND at >= ?", millis(c.RevealedFrom))
		}
		if !c.RevealedUntil.IsZero() {
			q.add(" AND at < ?", millis(c.RevealedUntil))
		}
		if c.Field != "" {
			q.add(" AND fields LIKE ?", `%"`+c.Field+`"%`)
		}
		q.add(")")
	default:
		q.add(" AND u.id IN (SELECT user_id FROM breach_people WHERE breach_id = ?)", b.ID)
	}
	return q
}

// BreachPeople implements vault.BreachReader.
func (s *Store) BreachPeople(ctx context.Context, b vault.Breach, after uuid.UUID, limit int) ([]uuid.UUID, error) {
	q := touched("u.id", b, after)
	q.add(" ORDER BY u.id LIMIT ?", limit)
	return list(ctx, s, q.String(), q.args, func(r row) (id uuid.UUID, err error) {
		err = r.Scan(&id)
		return id, err
	})
}

// CountBreachPeople implements vault.BreachReader.
func (s *Store) CountBreachPeople(ctx context.Context, b vault.Breach) (int64, error) {
	q := touched("COUNT(*)", b, uuid.Nil)
	return one(ctx, s, q.String(), q.args, func(r row) (n int64, err error) {
		err = r.Scan(&n)
		return n, err
	})
}

// BreachNotices implements vault.BreachReader.
func (s *Store) BreachNotices(ctx context.Context, breach uuid.UUID) ([]vault.BreachNotice, error) {
	return list(ctx, s, `SELECT breach_id, audience, issued_at, issued_by, used_at FROM breach_notices
		WHERE breach_id = $1 ORDER BY issued_at DESC`, []any{breach}, func(r row) (n vault.BreachNotice, err error) {
		err = r.Scan(&n.Breach, &n.Audience, moment{&n.IssuedAt}, orZero(&n.IssuedBy), moment{&n.UsedAt})
		return n, err
	})
}

// changing are the columns of a breach that change.
func (t *tx) changing(b vault.Breach) []any {
	measures := b.Measures
	if measures == nil {
		measures = []vault.TakenMeasure{}
	}
	raw, err := json.Marshal(measures)
	t.fail(err)
	return []any{
		b.ID, b.Revision, b.State, millisOrNull(b.AuthorityTold), millisOrNull(b.PeopleTold), millisOrNull(b.ClosedAt),
		t.texts(b.Fields), string(raw),
	}
}

// InsertBreach implements vault.BreachTx.
func (t *tx) InsertBreach(b vault.Breach) {
	criterion, err := json.Marshal(b.Criterion)
	t.fail(err)
	t.queue(`INSERT INTO breaches (id, revision, state, authority_told, people_told, closed_at, fields, measures,
			app, kind, detected_at, recorded_at, rules, authority_due, people_due, criterion)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
		append(t.changing(b), b.App, b.Kind, b.DetectedAt.UnixMilli(), b.RecordedAt.UnixMilli(), b.Rules,
			millisOrNull(b.AuthorityDue), millisOrNull(b.PeopleDue), string(criterion))...)
}

// UpdateBreach implements vault.BreachTx.
func (t *tx) UpdateBreach(b vault.Breach) {
	t.queue(`UPDATE breaches SET revision = $2, state = $3, authority_told = $4, people_told = $5, closed_at = $6, fields = $7, measures = $8
		WHERE id = $1 AND revision = $2 - 1 AND state <> 'CLOSED'`, t.changing(b)...).orMissed(vault.ErrStale)
}

// AddBreachPeople implements vault.BreachTx.
func (t *tx) AddBreachPeople(breach uuid.UUID, users []uuid.UUID) {
	for _, user := range users {
		t.queue(`INSERT INTO breach_people (breach_id, user_id) VALUES ($1, $2) ON CONFLICT (breach_id, user_id) DO NOTHING`, breach, user)
	}
}

// InsertBreachNotice implements vault.BreachTx.
func (t *tx) InsertBreachNotice(n vault.BreachNotice) {
	t.queue(`INSERT INTO breach_notices (breach_id, audience, issued_at, issued_by) VALUES ($1, $2, $3, $4)`,
		n.Breach, n.Audience, n.IssuedAt.UnixMilli(), idOrNull(n.IssuedBy)).orTaken(vault.ErrTaken)
}

// UseBreachNotice implements vault.BreachTx.
func (t *tx) UseBreachNotice(n vault.BreachNotice) {
	t.queue(`UPDATE breach_notices SET used_at = $4 WHERE breach_id = $1 AND audience = $2 AND issued_at = $3 AND used_at IS NULL`,
		n.Breach, n.Audience, n.IssuedAt.UnixMilli(), n.UsedAt.UnixMilli()).orMissed(vault.ErrStale)
}
