package sqlstore

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

const noticeColumns = "n.id, n.user_id, n.app, n.recipient, n.about, n.codes, n.made_at, n.due_at, n.state, n.revision, n.updated_at"

func scanNotice(r row) (n vault.RecipientNotice, err error) {
	var recipient string
	err = r.Scan(&n.ID, &n.User, &n.App, &recipient, &n.About, texts{&n.Codes}, moment{&n.MadeAt}, moment{&n.DueAt},
		&n.State, &n.Revision, moment{&n.UpdatedAt})
	if err == nil {
		err = json.Unmarshal([]byte(recipient), &n.Recipient)
	}
	return n, err
}

// RecipientNotices implements vault.DisclosureReader.
func (s *Store) RecipientNotices(ctx context.Context, filter vault.NoticeFilter, page vault.Page) ([]vault.RecipientNotice, error) {
	b := &builder{}
	b.add("SELECT " + noticeColumns + " FROM recipient_notices n WHERE 1 = 1")
	if filter.User != uuid.Nil {
		b.add(" AND n.user_id = ?", filter.User)
	}
	if filter.State != "" {
		b.add(" AND n.state = ?", filter.State)
	}
	if !filter.DueBefore.IsZero() {
		b.add(" AND n.due_at < ?", millis(filter.DueBefore))
	}
	if page.After != uuid.Nil {
		b.add(" AND (n.due_at, n.id) > ((SELECT due_at FROM recipient_notices WHERE id = ?), ?)", page.After, page.After)
	}
	b.add(" ORDER BY n.due_at, n.id LIMIT ?", page.Limit)
	return list(ctx, s, b.String(), b.args, scanNotice)
}

// RecipientNotice implements vault.DisclosureReader.
func (s *Store) RecipientNotice(ctx context.Context, id uuid.UUID) (vault.RecipientNotice, error) {
	return one(ctx, s, "SELECT "+noticeColumns+" FROM recipient_notices n WHERE n.id = $1", []any{id}, scanNotice)
}

// TellRecipients implements vault.DisclosureTx. It is one statement, so that the
// ledger needs no reading before, and finds nothing of most people.
func (t *tx) TellRecipients(v vault.Telling) {
	codes := append(append([]string{}, v.Items...), v.Fields...)
	list := t.texts(codes)
	b := &builder{}
	// PostgreSQL takes an argument that stands alone in a SELECT for text.
	b.add("INSERT INTO recipient_notices (id, user_id, app, recipient, about, codes, made_at, due_at, state, revision, updated_at)"+
		" SELECT "+t.newID+", x.user_id, x.app, x.recipient, CAST(? AS TEXT), CAST(? AS TEXT),"+
		" CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS TEXT), 1, CAST(? AS BIGINT)",
		v.About, list, v.At.UnixMilli(), v.Due.UnixMilli(), vault.NoticeToTell, v.At.UnixMilli())
	b.add(" FROM (SELECT DISTINCT d.user_id, d.app, d.recipient FROM disclosures d WHERE d.user_id = ?", v.User)
	if v.App != "" {
		b.add(" AND d.app = ?", v.App)
	}
	or := " AND ("
	concerns := func(column string, codes []string) {
		for _, code := range codes { // not LIKE: it has wildcards, and in SQLite knows no case
			b.add(or+"REPLACE(d."+column+", ?, '') <> d."+column, t.quoted(code))
			or = " OR "
		}
	}
	concerns("items", v.Items)
	concerns("fields", v.Fields)
	if len(codes) > 0 {
		b.add(")")
	}
	b.add(") x WHERE NOT EXISTS (SELECT 1 FROM recipient_notices n WHERE n.user_id = x.user_id AND n.app = x.app"+
		" AND n.recipient = x.recipient AND n.about = ? AND n.codes = ? AND n.state = ?)", v.About, list, vault.NoticeToTell)
	t.queue(b.String(), b.args...)
}

// MoveNotice implements vault.DisclosureTx.
func (t *tx) MoveNotice(n vault.RecipientNotice, expected int64) {
	t.queue(`UPDATE recipient_notices SET state = $3, revision = $4, updated_at = $5 WHERE id = $1 AND revision = $2`,
		n.ID, expected, n.State, n.Revision, n.UpdatedAt.UnixMilli()).orMissed(vault.ErrStale)
}
