package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

const disclosureSelect = "SELECT d.canonical, s.at, r.at, r.due_at FROM disclosures d" +
	" LEFT JOIN disclosure_marks s ON s.user_id = d.user_id AND s.disclosure_id = d.id AND s.what = 'SEEN'" +
	" LEFT JOIN disclosure_marks r ON r.user_id = d.user_id AND r.disclosure_id = d.id AND r.what = 'RELEASED'"

func scanDisclosure(r row) (vault.Disclosure, error) {
	var (
		raw     []byte
		d, then vault.Disclosure
	)
	if err := r.Scan(&raw, moment{&then.Seen}, moment{&then.Released}, moment{&then.TellBy}); err != nil {
		return d, err
	}
	d, err := vault.ReadDisclosure(raw)
	d.Seen, d.Released = then.Seen, then.Released
	if !then.TellBy.IsZero() {
		d.TellBy = then.TellBy
	}
	return d, err
}

// Disclosures implements vault.DisclosureReader.
func (s *Store) Disclosures(ctx context.Context, user uuid.UUID, barred bool, page vault.Page) ([]vault.Disclosure, error) {
	b := &builder{}
	b.add(disclosureSelect+" WHERE d.user_id = ?", user)
	if !barred {
		b.add(" AND (d.withheld = '' OR r.at IS NOT NULL)")
	}
	if page.After != uuid.Nil {
		b.add(" AND (d.at, d.id) < ((SELECT at FROM disclosures WHERE user_id = ? AND id = ?), ?)", user, page.After, page.After)
	}
	b.add(" ORDER BY d.at DESC, d.id DESC LIMIT ?", page.Limit)
	return list(ctx, s, b.String(), b.args, scanDisclosure)
}

// Disclosure implements vault.DisclosureReader.
func (s *Store) Disclosure(ctx context.Context, user, id uuid.UUID) (vault.Disclosure, error) {
	return one(ctx, s, disclosureSelect+" WHERE d.user_id = $1 AND d.id = $2", []any{user, id}, scanDisclosure)
}

// DisclosedIn implements vault.DisclosureReader.
func (s *Store) DisclosedIn(ctx context.Context, act uuid.UUID) ([]vault.Disclosure, error) {
	return list(ctx, s, disclosureSelect+" WHERE d.act_id = $1 ORDER BY d.user_id", []any{act}, scanDisclosure)
}

// Disclose implements vault.DisclosureTx. The person's row is taken first,
// though nothing of it changes: it orders disclosures and what ends consents.
func (t *tx) Disclose(d vault.Disclosure, seq int64, status vault.Status) {
	canonical, err := d.Bytes()
	if err != nil {
		t.fail(fmt.Errorf("sqlstore: disclosure: %w", err))
		return
	}
	t.queue(`UPDATE users SET consent_seq = consent_seq WHERE id = $1 AND consent_seq = $2 AND status = $3`, d.User, seq, status).
		orMissed(vault.ErrStale)
	t.queue(`INSERT INTO disclosures (user_id, id, act_id, app, recipient, ground, items, fields, withheld, at, canonical)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		d.User, d.ID, d.Act, d.App, t.canonical(d.Recipient), d.Ground, t.texts(d.Items), t.texts(d.Fields), d.Withheld, d.At.UnixMilli(), canonical).
		orTaken(vault.ErrTaken)
}

// MarkDisclosure implements vault.DisclosureTx.
func (t *tx) MarkDisclosure(user, id uuid.UUID, what vault.DisclosureMark, at, tellBy time.Time) {
	t.queue(`INSERT INTO disclosure_marks (user_id, disclosure_id, what, at, due_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (user_id, disclosure_id, what) DO NOTHING`, user, id, what, at.UnixMilli(), millisOrNull(tellBy))
}

// canonical is a value as text that is the same for the same value.
func (t *tx) canonical(v any) string {
	raw, err := vault.Canonical(v)
	t.fail(err)
	return string(raw)
}

// quoted is a code as it stands in a list of codes.
func (t *tx) quoted(code string) string {
	raw, err := json.Marshal(code)
	t.fail(err)
	return string(raw)
}
