package sqlstore

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// Events implements vault.AuditReader.
func (s *Store) Events(ctx context.Context, filter vault.AuditFilter, page vault.Page) ([]vault.StoredEvent, error) {
	b := &builder{}
	b.add(`SELECT id, at, actor, kind, role, action, subject, app, fields, purpose, reason, reference,
		consent, object, outcome, request_id, canonical FROM audit_events WHERE 1 = 1`)
	narrow(b, filter)
	if page.After != uuid.Nil {
		b.add(" AND (at, id) < ((SELECT at FROM audit_events WHERE id = ?), ?)", page.After, page.After)
	}
	b.add(" ORDER BY at DESC, id DESC LIMIT ?", page.Limit)
	return list(ctx, s, b.String(), b.args, func(r row) (e vault.StoredEvent, err error) {
		err = r.Scan(&e.ID, moment{&e.At}, orZero(&e.Actor), &e.Kind, &e.Role, &e.Action, orZero(&e.Subject),
			&e.App, texts{&e.Fields}, &e.Purpose, &e.Reason, &e.Reference,
			orZero(&e.Consent), &e.Object, &e.Outcome, &e.RequestID, &e.Canonical)
		return e, err
	})
}

func narrow(b *builder, f vault.AuditFilter) {
	if f.ID != uuid.Nil {
		b.add(" AND id = ?", f.ID)
	}
	if f.Actor != uuid.Nil {
		b.add(" AND actor = ?", f.Actor)
	}
	if f.Subject != uuid.Nil {
		b.add(" AND subject = ?", f.Subject)
	}
	if f.Consent != uuid.Nil {
		b.add(" AND consent = ?", f.Consent)
	}
	for i, action := range f.Actions {
		b.add([]string{" AND (action = ?", " OR action = ?"}[min(i, 1)], key(string(action)))
	}
	if len(f.Actions) > 0 {
		b.add(")")
	}
	for _, exact := range []struct{ column, text string }{
		{"action", f.Action}, {"outcome", string(f.Outcome)}, {"purpose", f.Purpose}, {"request_id", f.RequestID},
	} {
		if exact.text != "" {
			b.add(" AND "+exact.column+" = ?", key(exact.text))
		}
	}
	// What lets a partial index in, whatever the arguments turn out to be.
	if f.RequestID != "" {
		b.add(" AND request_id <> ''")
	}
	if f.Purpose != "" {
		b.add(" AND purpose <> ''")
	}
	if f.Outcome != "" && f.Outcome != vault.OutcomeOK {
		b.add(" AND outcome <> 'OK'")
	}
	if !f.From.IsZero() {
		b.add(" AND at >= ?", millis(f.From))
	}
	if !f.To.IsZero() {
		b.add(" AND at < ?", millis(f.To))
	}
}

// Record implements vault.AuditTx.
func (t *tx) Record(events ...vault.AuditEvent) {
	rows := make([][]any, len(events))
	for i, e := range events {
		canonical, err := e.Bytes()
		if err != nil {
			t.fail(fmt.Errorf("sqlstore: audit event: %w", err))
			return
		}
		rows[i] = []any{
			e.ID, e.At.UnixMilli(), idOrNull(e.Actor), e.Kind, e.Role, e.Action, idOrNull(e.Subject),
			e.App, t.texts(e.Fields), e.Purpose, e.Reason, e.Reference,
			idOrNull(e.Consent), e.Object, e.Outcome, key(e.RequestID), canonical,
		}
	}
	t.events += len(events)
	t.insert("audit_events", []string{
		"id", "at", "actor", "kind", "role", "action", "subject",
		"app", "fields", "purpose", "reason", "reference",
		"consent", "object", "outcome", "request_id", "canonical",
	}, rows, vault.ErrTaken)
}
