package sqlstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

const versionColumns = "v.id, v.app, v.label, v.status, v.revision, v.created_at, v.updated_at," +
	" v.published_at, v.effective_at, v.authoritative, v.operators, v.facts, v.source," +
	" v.rule_pack, v.acknowledged"

// versions reads versions, a row for each document, and puts them together.
func (s *Store) versions(ctx context.Context, sql string, args []any) ([]*vault.Version, error) {
	type versionRow struct {
		version  vault.Version
		document vault.DocumentRef
	}
	rows, err := list(ctx, s, sql, args, func(r row) (out versionRow, err error) {
		v, facts, acknowledged := &out.version, []byte(nil), []byte(nil)
		err = r.Scan(&v.ID, &v.App, &v.Label, &v.Status, &v.Revision, moment{&v.CreatedAt}, moment{&v.UpdatedAt},
			moment{&v.PublishedAt}, moment{&v.EffectiveAt}, &v.Authoritative, texts{&v.Operators}, &facts, &v.Source,
			orZero(&v.RulePack), &acknowledged,
			orZero(&out.document.Locale), orZero(&out.document.Hash), orZero(&out.document.TextHash))
		if err == nil && json.Unmarshal(facts, &v.Facts) != nil {
			err = fmt.Errorf("%w: a version's facts", errColumn)
		}
		if err == nil && acknowledged != nil && json.Unmarshal(acknowledged, &v.Acknowledged) != nil {
			err = fmt.Errorf("%w: a version's acknowledged warnings", errColumn)
		}
		return out, err
	})
	if err != nil {
		return nil, err
	}
	out := []*vault.Version{}
	for _, r := range rows {
		if len(out) == 0 || out[len(out)-1].ID != r.version.ID {
			out = append(out, &r.version)
		}
		if last := out[len(out)-1]; r.document.Locale != "" {
			last.Documents = append(last.Documents, r.document)
		}
	}
	return out, nil
}

// Version implements vault.PolicyReader.
func (s *Store) Version(ctx context.Context, id uuid.UUID) (*vault.Version, error) {
	found, err := s.versions(ctx, "SELECT "+versionColumns+", d.locale, d.hash, d.text_hash FROM policy_versions v"+
		" LEFT JOIN policy_documents d ON d.version_id = v.id WHERE v.id = $1 ORDER BY d.position", []any{id})
	if err == nil && len(found) == 0 {
		err = vault.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// Versions implements vault.PolicyReader.
func (s *Store) Versions(ctx context.Context, app string, drafts bool, page vault.Page) ([]*vault.Version, error) {
	b := &builder{}
	b.add("SELECT "+versionColumns+", d.locale, d.hash, d.text_hash FROM (SELECT "+versionColumns+" FROM policy_versions v WHERE v.app = ?", key(app))
	if !drafts {
		b.add(" AND v.status = 'PUBLISHED'")
	}
	if page.After != uuid.Nil {
		b.add(" AND (v.created_at, v.id) < ((SELECT created_at FROM policy_versions WHERE id = ?), ?)", page.After, page.After)
	}
	b.add(" ORDER BY v.created_at DESC, v.id DESC LIMIT ?) v LEFT JOIN policy_documents d ON d.version_id = v.id"+
		" ORDER BY v.created_at DESC, v.id DESC, d.position", page.Limit)
	return s.versions(ctx, b.String(), b.args)
}

// Document implements vault.PolicyReader.
func (s *Store) Document(ctx context.Context, version uuid.UUID, locale string) (vault.StoredDocument, error) {
	return one(ctx, s, `SELECT version_id, locale, canonical, hash, text_hash FROM policy_documents
		WHERE version_id = $1 AND locale = $2`, []any{version, key(locale)},
		func(r row) (d vault.StoredDocument, err error) {
			err = r.Scan(&d.Version, &d.Locale, &d.Canonical, &d.Hash, &d.TextHash)
			return d, err
		})
}

// InsertVersion implements vault.PolicyTx.
func (t *tx) InsertVersion(v *vault.Version, documents []vault.StoredDocument) {
	facts, err := vault.Canonical(v.Facts)
	if err != nil {
		t.fail(fmt.Errorf("sqlstore: version: %w", err))
		return
	}
	if v.Status != vault.Draft {
		t.fail(errors.New("sqlstore: a version begins as a draft"))
		return
	}
	t.queue(`INSERT INTO policy_versions
		(id, app, label, status, revision, created_at, updated_at, effective_at, authoritative, facts, source)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		v.ID, key(v.App), v.Label, v.Status, v.Revision, v.CreatedAt.UnixMilli(), v.UpdatedAt.UnixMilli(),
		millisOrNull(v.EffectiveAt), v.Authoritative, facts, v.Source).orTaken(vault.ErrTaken)
	t.insertDocuments(v.ID, documents)
}

// UpdateVersion implements vault.PolicyTx.
func (t *tx) UpdateVersion(v *vault.Version, expected int64, documents []vault.StoredDocument) {
	if v.Status != vault.Draft {
		t.fail(errors.New("sqlstore: a draft becomes a published version by being published"))
		return
	}
	t.replaceVersion(v, expected, documents)
}

// PublishVersion implements vault.PolicyTx. The app's row is changed first: it
// orders whoever publishes at the same time.
func (t *tx) PublishVersion(v *vault.Version, expected int64, published int, documents []vault.StoredDocument) {
	t.queue(`UPDATE apps SET published = published + 1 WHERE code = $1 AND published = $2`,
		key(v.App), published).orMissed(vault.ErrStale)
	t.replaceVersion(v, expected, documents)
	acknowledged, err := vault.Canonical(v.Acknowledged)
	t.fail(err)
	t.queue(`UPDATE policy_versions SET status = 'PUBLISHED', rule_pack = $2, acknowledged = $3
		WHERE id = $1 AND status = 'DRAFT'`, v.ID, v.RulePack, acknowledged).orMissed(vault.ErrStale)
}

// replaceVersion changes a draft, which it stays: row security lets nobody
// change the documents of a published version. The revision becomes the one
// after the expected.
func (t *tx) replaceVersion(v *vault.Version, expected int64, documents []vault.StoredDocument) {
	facts, err := vault.Canonical(v.Facts)
	if err != nil {
		t.fail(fmt.Errorf("sqlstore: version: %w", err))
		return
	}
	t.queue(`UPDATE policy_versions SET label = $3, revision = revision + 1, updated_at = $4,
		published_at = $5, effective_at = $6, authoritative = $7, operators = $8, facts = $9, source = $10
		WHERE id = $1 AND revision = $2 AND status = 'DRAFT'`,
		v.ID, expected, v.Label, v.UpdatedAt.UnixMilli(),
		millisOrNull(v.PublishedAt), millisOrNull(v.EffectiveAt), v.Authoritative, t.texts(v.Operators), facts, v.Source).
		orMissed(vault.ErrStale)
	t.queue(`DELETE FROM policy_documents WHERE version_id = $1`, v.ID)
	t.insertDocuments(v.ID, documents)
}

func (t *tx) insertDocuments(version uuid.UUID, documents []vault.StoredDocument) {
	rows := make([][]any, len(documents))
	for i, d := range documents {
		rows[i] = []any{version, key(d.Locale), i, d.Canonical, d.Hash, d.TextHash}
	}
	t.insert("policy_documents", []string{"version_id", "locale", "position", "canonical", "hash", "text_hash"},
		rows, vault.ErrTaken)
}
