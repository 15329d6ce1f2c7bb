package sqlstore

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

const consentColumns = "e.id, e.user_id, e.seq, e.act_id, e.consent_id, e.type, e.app, e.item, e.version_id," +
	" e.locale, e.document, e.operators, e.method, e.given_by, e.received_at, e.device_at, e.app_build," +
	" e.reference, e.ground, e.reason, e.signed_at"

// consentInto are the places for consentColumns, which may be NULL.
func consentInto(e *vault.ConsentEvent) []any {
	return []any{
		orZero(&e.ID), orZero(&e.User), orZero(&e.Seq), orZero(&e.Act), orZero(&e.Consent), orZero(&e.Type),
		orZero(&e.App), orZero(&e.Item), orZero(&e.Version), orZero(&e.Locale), orZero(&e.Document),
		texts{&e.Operators},
		orZero(&e.Method), orZero(&e.GivenBy),
		moment{&e.ReceivedAt},
		moment{&e.DeviceAt},
		orZero(&e.AppBuild),
		orZero(&e.Reference), orZero(&e.Ground), orZero(&e.Reason),
		moment{&e.SignedAt},
	}
}

// Decided implements vault.ConsentReader.
func (s *Store) Decided(ctx context.Context, user uuid.UUID) (vault.History, error) {
	return list(ctx, s, "SELECT "+consentColumns+" FROM consent_events e WHERE e.user_id = $1 ORDER BY e.seq",
		[]any{user}, func(r row) (e vault.ConsentEvent, err error) {
			err = r.Scan(consentInto(&e)...)
			return e, err
		})
}

// Act implements vault.ConsentReader.
func (s *Store) Act(ctx context.Context, user, id uuid.UUID) (vault.Act, error) {
	return one(ctx, s, `SELECT user_id, id, digest, received_at, key_name, key_version, network_context
		FROM consent_acts WHERE user_id = $1 AND id = $2`, []any{user, id},
		func(r row) (a vault.Act, err error) {
			c := &a.Context
			err = r.Scan(&a.User, &a.ID, &a.Digest, moment{&a.ReceivedAt}, &c.Key, &c.Version, &c.Text)
			return a, err
		})
}

// Append implements vault.ConsentTx. The person's row is changed first: it
// orders whoever appends at the same time.
func (t *tx) Append(act vault.Act, expected int64, events []vault.ConsentEvent) {
	t.queue(`UPDATE users SET consent_seq = consent_seq + $3 WHERE id = $1 AND consent_seq = $2 AND status <> $4`,
		act.User, expected, int64(len(events)), vault.StatusErased).orMissed(vault.ErrStale)
	t.queue(`INSERT INTO consent_acts (user_id, id, digest, received_at, key_name, key_version, network_context)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		act.User, act.ID, act.Digest, act.ReceivedAt.UnixMilli(), act.Context.Key, act.Context.Version, act.Context.Text).
		orTaken(vault.ErrTaken.With("what", "act"))
	rows := make([][]any, len(events))
	for i, e := range events {
		if e.User != act.User || e.Act != act.ID || e.Seq != expected+int64(i)+1 {
			t.fail(fmt.Errorf("sqlstore: event %d of an act does not follow on it", i))
			return
		}
		canonical, err := e.Bytes()
		if err != nil {
			t.fail(fmt.Errorf("sqlstore: consent event: %w", err))
			return
		}
		rows[i] = []any{
			e.ID, e.User, e.Seq, e.Act, e.Consent, e.Type, e.App, e.Item, e.Version,
			key(e.Locale), e.Document, t.texts(e.Operators), e.Method, e.GivenBy, e.ReceivedAt.UnixMilli(),
			millisOrNull(e.DeviceAt), e.AppBuild, canonical,
			e.Reference, e.Ground, e.Reason, millisOrNull(e.SignedAt),
		}
	}
	t.insert("consent_events", []string{
		"id", "user_id", "seq", "act_id", "consent_id", "type", "app", "item", "version_id",
		"locale", "document", "operators", "method", "given_by", "received_at",
		"device_at", "app_build", "canonical",
		"reference", "ground", "reason", "signed_at",
	}, rows, vault.ErrStale)
}
