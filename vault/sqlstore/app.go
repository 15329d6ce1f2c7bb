package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// decodeApp reads an app's configuration; its id stands beside it.
func decodeApp(id uuid.UUID, config []byte) (vault.App, error) {
	var a vault.App
	if err := json.Unmarshal(config, &a); err != nil {
		return vault.App{}, fmt.Errorf("%w: an app's configuration", errColumn)
	}
	a.ID = id
	return a, nil
}

// momentInto are the places for a version's id and its two times, which may be NULL.
func momentInto(m *vault.Moment) []any {
	return []any{orZero(&m.Version), moment{&m.PublishedAt}, moment{&m.EffectiveAt}}
}

// App implements vault.AppReader.
func (s *Store) App(ctx context.Context, code string) (vault.App, []vault.Moment, error) {
	type appRow struct {
		app    vault.App
		moment vault.Moment
	}
	rows, err := list(ctx, s, `SELECT a.id, a.config, v.id, v.published_at, v.effective_at
		FROM apps a LEFT JOIN policy_versions v ON v.app = a.code AND v.status = 'PUBLISHED'
		WHERE a.code = $1`, []any{key(code)}, func(r row) (out appRow, err error) {
		var config []byte
		if err = r.Scan(append([]any{&out.app.ID, &config}, momentInto(&out.moment)...)...); err == nil {
			out.app, err = decodeApp(out.app.ID, config)
		}
		return out, err
	})
	if err != nil {
		return vault.App{}, nil, err
	}
	if len(rows) == 0 {
		return vault.App{}, nil, vault.ErrNotFound
	}
	published := []vault.Moment{}
	for _, r := range rows {
		if r.moment.Version != uuid.Nil {
			published = append(published, r.moment)
		}
	}
	return rows[0].app, published, nil
}

// Apps implements vault.AppReader.
func (s *Store) Apps(ctx context.Context) ([]vault.App, error) {
	return list(ctx, s, `SELECT id, config FROM apps ORDER BY code`, nil, func(r row) (vault.App, error) {
		var (
			id     uuid.UUID
			config []byte
		)
		if err := r.Scan(&id, &config); err != nil {
			return vault.App{}, err
		}
		return decodeApp(id, config)
	})
}

// PutApp implements vault.PolicyTx. An app that is there keeps its id.
func (t *tx) PutApp(app vault.App) {
	config, err := vault.Canonical(app)
	if err != nil {
		t.fail(fmt.Errorf("sqlstore: app: %w", err))
		return
	}
	t.queue(`INSERT INTO apps (code, id, config, published) VALUES ($1, $2, $3, 0)
		ON CONFLICT (code) DO UPDATE SET config = excluded.config`, key(app.Code), app.ID, config)
}
