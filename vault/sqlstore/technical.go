package sqlstore

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

const technicalColumns = "user_id, id, app, from_at, to_at, events, expires_at, held_at, key_name, key_version, ciphertext, kept, dropped"

func technicalBatch(r row) (t vault.TechnicalBatch, err error) {
	var kept, dropped string
	c := &t.Ciphertext
	err = r.Scan(&t.User, &t.ID, &t.App, moment{&t.From}, moment{&t.To}, &t.Count, moment{&t.ExpiresAt}, moment{&t.HeldAt}, &c.Key, &c.Version, &c.Text, &kept, &dropped)
	t.Kept, t.Dropped = strings.Fields(kept), strings.Fields(dropped)
	return t, err
}

// TechnicalBatch implements vault.TechnicalReader.
func (s *Store) TechnicalBatch(ctx context.Context, user, id uuid.UUID) (vault.TechnicalBatch, error) {
	return one(ctx, s, "SELECT "+technicalColumns+" FROM technical_data WHERE user_id = $1 AND id = $2", []any{user, id}, technicalBatch)
}

// Technical implements vault.TechnicalReader.
func (s *Store) Technical(ctx context.Context, user uuid.UUID, page vault.Page) ([]vault.TechnicalBatch, error) {
	b := &builder{}
	b.add("SELECT "+technicalColumns+" FROM technical_data WHERE user_id = ?", user)
	if page.After != uuid.Nil {
		b.add(" AND id < ?", page.After)
	}
	b.add(" ORDER BY id DESC LIMIT ?", page.Limit)
	return list(ctx, s, b.String(), b.args, technicalBatch)
}

// held is whether a legal hold keeps what is a person's.
const held = "EXISTS (SELECT 1 FROM obstacles o WHERE o.user_id = technical_data.user_id AND o.kind = 'LEGAL_HOLD' AND o.ended_at IS NULL)"

// TechnicalOver implements vault.TechnicalReader.
func (s *Store) TechnicalOver(ctx context.Context, at time.Time, limit int) ([]vault.HeldRow, error) {
	return s.technicalRows(ctx, "NOT "+held, at, limit)
}

// TechnicalHeld implements vault.TechnicalReader.
func (s *Store) TechnicalHeld(ctx context.Context, at time.Time, limit int) ([]vault.HeldRow, error) {
	return s.technicalRows(ctx, "held_at IS NULL AND "+held, at, limit)
}

func (s *Store) technicalRows(ctx context.Context, which string, at time.Time, limit int) ([]vault.HeldRow, error) {
	return list(ctx, s, `SELECT user_id, id FROM technical_data WHERE expires_at <= $1 AND `+which+` ORDER BY expires_at, id LIMIT $2`,
		[]any{at.UnixMilli(), limit}, func(r row) (h vault.HeldRow, err error) {
			err = r.Scan(&h.Owner, &h.Act)
			return h, err
		})
}

// InsertTechnical implements vault.TechnicalTx.
func (t *tx) InsertTechnical(b vault.TechnicalBatch) {
	t.living(b.User)
	t.queue(`INSERT INTO technical_data (user_id, id, app, from_at, to_at, events, expires_at, key_name, key_version, ciphertext, kept, dropped)
		SELECT id, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12 FROM users WHERE id = $1 AND status = $13`,
		b.User, b.ID, b.App, b.From.UnixMilli(), b.To.UnixMilli(), b.Count, b.ExpiresAt.UnixMilli(),
		b.Ciphertext.Key, b.Ciphertext.Version, b.Ciphertext.Text,
		strings.Join(b.Kept, " "), strings.Join(b.Dropped, " "), vault.StatusActive).orMissed(vault.ErrStale)
}

// DropTechnical implements vault.TechnicalTx.
func (t *tx) DropTechnical(user uuid.UUID) {
	t.queue(`DELETE FROM technical_data WHERE user_id = $1`, user)
}

// DropTechnicalBatches implements vault.TechnicalTx.
func (t *tx) DropTechnicalBatches(rows []vault.HeldRow) {
	for _, r := range rows {
		t.queue(`DELETE FROM technical_data WHERE user_id = $1 AND id = $2 AND NOT `+held, r.Owner, r.Act)
	}
}

// MarkTechnicalHeld implements vault.TechnicalTx.
func (t *tx) MarkTechnicalHeld(rows []vault.HeldRow, at time.Time) {
	for _, r := range rows {
		t.queue(`UPDATE technical_data SET held_at = $3 WHERE user_id = $1 AND id = $2`, r.Owner, r.Act, at.UnixMilli())
	}
}
