package sqlstore

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

const requestColumns = `id, user_id, kind, state, channel, app, fields, locale, revision, received_at, recorded_at, due_at, extended_at,
	closed_at, pack, assignee, proof, outcome, ground, reference, joined_to, erasure_id, refuse_by, extension`

func scanRequest(r row) (q vault.SubjectRequest, err error) {
	err = r.Scan(&q.ID, orZero(&q.User), &q.Kind, &q.State, &q.Channel, &q.App, texts{&q.Fields}, &q.Locale, &q.Revision,
		moment{&q.ReceivedAt}, moment{&q.RecordedAt}, moment{&q.DueAt}, moment{&q.ExtendedAt}, moment{&q.ClosedAt}, &q.Pack,
		orZero(&q.Assignee), &q.Proof, &q.Outcome, &q.Ground, &q.Reference, orZero(&q.JoinedTo), orZero(&q.Erasure),
		moment{&q.RefuseBy}, &q.Extension)
	return q, err
}

func (t *tx) requestRow(q vault.SubjectRequest) []any {
	return []any{
		q.ID, idOrNull(q.User), q.Kind, q.State, q.Channel, q.App, t.texts(q.Fields), q.Locale, q.Revision,
		q.ReceivedAt.UnixMilli(), q.RecordedAt.UnixMilli(), q.DueAt.UnixMilli(), millisOrNull(q.ExtendedAt), millisOrNull(q.ClosedAt),
		q.Pack, idOrNull(q.Assignee), q.Proof, q.Outcome, q.Ground, q.Reference, idOrNull(q.JoinedTo), idOrNull(q.Erasure),
		q.RefuseBy.UnixMilli(), q.Extension,
	}
}

// SubjectRequest implements vault.RequestReader.
func (s *Store) SubjectRequest(ctx context.Context, id uuid.UUID) (vault.SubjectRequest, error) {
	return one(ctx, s, "SELECT "+requestColumns+" FROM subject_requests WHERE id = $1", []any{id}, scanRequest)
}

// SubjectRequests implements vault.RequestReader.
func (s *Store) SubjectRequests(ctx context.Context, f vault.RequestFilter, by vault.RequestOrder, page vault.Page) ([]vault.SubjectRequest, error) {
	b := &builder{}
	b.add("SELECT " + requestColumns + " FROM subject_requests WHERE 1 = 1")
	for _, exact := range []struct {
		column string
		id     uuid.UUID
	}{{"assignee", f.Assignee}, {"user_id", f.User}, {"joined_to", f.JoinedTo}} {
		if exact.id != uuid.Nil {
			b.add(" AND "+exact.column+" = ?", exact.id)
		}
	}
	if f.State != "" {
		b.add(" AND state = ?", f.State)
	}
	if f.Kind != "" {
		b.add(" AND kind = ?", f.Kind)
	}
	if f.Own {
		b.add(" AND proof <> ?", vault.ReportsViolation)
	}
	if f.Open || !f.DueBefore.IsZero() {
		b.add(" AND closed_at IS NULL")
	}
	if !f.DueBefore.IsZero() {
		b.add(" AND due_at < ?", millis(f.DueBefore))
	}
	column := map[vault.RequestOrder]string{vault.ByReceived: "received_at", vault.ByRefusal: "refuse_by"}[by]
	if column == "" {
		column = "due_at"
	}
	if page.After != uuid.Nil {
		b.add(" AND ("+column+", id) > ((SELECT "+column+" FROM subject_requests WHERE id = ?), ?)", page.After, page.After)
	}
	b.add(" ORDER BY "+column+", id LIMIT ?", page.Limit)
	return list(ctx, s, b.String(), b.args, scanRequest)
}

// RequestDocument implements vault.RequestReader.
func (s *Store) RequestDocument(ctx context.Context, request uuid.UUID, locale string) (vault.StoredDocument, error) {
	return one(ctx, s, `SELECT locale, canonical, hash FROM request_documents WHERE request_id = $1 AND locale = $2`, []any{request, locale},
		func(r row) (d vault.StoredDocument, err error) {
			err = r.Scan(&d.Locale, &d.Canonical, &d.Hash)
			return d, err
		})
}

// CountRequests implements vault.RequestReader.
func (s *Store) CountRequests(ctx context.Context, now time.Time) (vault.RequestCount, error) {
	return one(ctx, s, `SELECT COUNT(*), COALESCE(SUM(CASE WHEN due_at < $1 THEN 1 ELSE 0 END), 0),
		COALESCE(SUM(CASE WHEN refuse_by < $1 THEN 1 ELSE 0 END), 0) FROM subject_requests WHERE closed_at IS NULL`,
		[]any{now.UnixMilli()}, func(r row) (n vault.RequestCount, err error) {
			err = r.Scan(&n.Open, &n.Overdue, &n.Unrefusable)
			return n, err
		})
}

const exportColumns = "id, user_id, request_id, made_at, expires_at, used_at"

func scanExport(r row) (e vault.Export, err error) {
	err = r.Scan(&e.ID, &e.User, &e.Request, moment{&e.MadeAt}, moment{&e.ExpiresAt}, moment{&e.UsedAt})
	return e, err
}

// Export implements vault.RequestReader.
func (s *Store) Export(ctx context.Context, id uuid.UUID) (vault.Export, error) {
	return one(ctx, s, "SELECT "+exportColumns+" FROM exports WHERE id = $1", []any{id}, scanExport)
}

// ExportOf implements vault.RequestReader.
func (s *Store) ExportOf(ctx context.Context, request uuid.UUID) (vault.Export, error) {
	return one(ctx, s, "SELECT "+exportColumns+" FROM exports WHERE request_id = $1", []any{request}, scanExport)
}

// InsertRequest implements vault.RequestTx.
func (t *tx) InsertRequest(q vault.SubjectRequest) {
	if q.User != uuid.Nil {
		t.living(q.User)
	}
	b := &builder{}
	b.add("INSERT INTO subject_requests ("+requestColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", t.requestRow(q)...)
	t.queue(b.String(), b.args...).orTaken(vault.ErrTaken.With("what", "request"))
}

// UpdateRequest implements vault.RequestTx. What came with the request stays as
// it is.
func (t *tx) UpdateRequest(q vault.SubjectRequest, expected int64) {
	t.queue(`UPDATE subject_requests SET user_id = $3, state = $4, revision = $5, due_at = $6, extended_at = $7, closed_at = $8, pack = $9,
		assignee = $10, proof = $11, outcome = $12, ground = $13, reference = $14, joined_to = $15, erasure_id = $16, refuse_by = $17, extension = $18
		WHERE id = $1 AND revision = $2`,
		q.ID, expected, idOrNull(q.User), q.State, q.Revision, q.DueAt.UnixMilli(), millisOrNull(q.ExtendedAt), millisOrNull(q.ClosedAt), q.Pack,
		idOrNull(q.Assignee), q.Proof, q.Outcome, q.Ground, q.Reference, idOrNull(q.JoinedTo), idOrNull(q.Erasure),
		q.RefuseBy.UnixMilli(), q.Extension).orMissed(vault.ErrStale)
	t.list[len(t.list)-1].orTaken(vault.ErrTaken.With("what", "request"))
}

// InsertRequestDocuments implements vault.RequestTx.
func (t *tx) InsertRequestDocuments(request uuid.UUID, documents []vault.StoredDocument) {
	rows := make([][]any, len(documents))
	for i, d := range documents {
		rows[i] = []any{request, d.Locale, d.Canonical, d.Hash}
	}
	t.insert("request_documents", []string{"request_id", "locale", "canonical", "hash"}, rows, vault.ErrTaken)
}

// InsertExport implements vault.RequestTx.
func (t *tx) InsertExport(e vault.Export) {
	t.queue(`INSERT INTO exports (`+exportColumns+`) VALUES ($1, $2, $3, $4, $5, $6)`,
		e.ID, e.User, e.Request, e.MadeAt.UnixMilli(), e.ExpiresAt.UnixMilli(), millisOrNull(e.UsedAt)).orTaken(vault.ErrTaken)
}

// UseExport implements vault.RequestTx.
func (t *tx) UseExport(id uuid.UUID, at time.Time) {
	t.queue(`UPDATE exports SET used_at = $2 WHERE id = $1 AND used_at IS NULL`, id, at.UnixMilli()).orMissed(vault.ErrStale)
}
