package sqlstore

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// DecidedAlike implements vault.ConsentReader. The database writes what a person
// decided as one text and counts equal ones, so that few rows are answered however
// many people there are.
func (s *Store) DecidedAlike(ctx context.Context, app string, spans []vault.Span) ([]vault.Alike, error) {
	const decided = "COALESCE(e.signed_at, e.received_at)"
	b := &builder{}
	b.add("SELECT told, count(*) FROM (SELECT string_agg(said, ',' ORDER BY seq) AS told FROM (" +
		"SELECT e.user_id, e.seq, CAST(e.seq AS text) || ' ' || e.type || ' ' || e.item || ' ' || CASE e.version_id")
	for n, span := range spans {
		b.add(fmt.Sprintf(" WHEN ? THEN '%d'", n), span.Version)
	}
	b.add(" WHEN ? THEN '-1' ELSE '-1' END || ' ' || CAST(CASE e.version_id", uuid.Max)
	for _, span := range spans {
		from, until := span.From.UnixMilli(), span.Until.UnixMilli()
		b.add(" WHEN ? THEN CASE WHEN "+decided+" < ? THEN ? WHEN "+decided+" > ? THEN ? ELSE "+decided+" END",
			span.Version, from, from, until, until)
	}
	// Of a later event it says which decision it is about.
	b.add(" WHEN ? THEN 1 ELSE 0 END AS text) || ' ' || CAST(CASE WHEN e.type IN (?, ?) THEN e.seq ELSE (SELECT min(d.seq)"+
		" FROM consent_events d WHERE d.user_id = e.user_id AND d.consent_id = e.consent_id) END AS text) AS said"+
		" FROM consent_events e JOIN users u ON u.id = e.user_id WHERE e.app = ? AND u.status <> ?"+
		") events GROUP BY user_id) people GROUP BY told", uuid.Max, vault.Given, vault.Refused, key(app), vault.StatusErased)
	return list(ctx, s, b.String(), b.args, func(r row) (vault.Alike, error) {
		var told string
		var out vault.Alike
		if err := r.Scan(&told, &out.People); err != nil {
			return out, err
		}
		for said := range strings.SplitSeq(told, ",") {
			e, err := toldEvent(said, app, spans)
			if err != nil {
				return out, err
			}
			out.History = append(out.History, e)
		}
		return out, nil
	})
}

// toldEvent reads what DecidedAlike's statement says of an event.
func toldEvent(said, app string, spans []vault.Span) (vault.ConsentEvent, error) {
	e := vault.ConsentEvent{App: app, Version: uuid.Max}
	var version int
	var at, about int64
	if _, err := fmt.Sscanf(said, "%d %s %s %d %d %d", &e.Seq, &e.Type, &e.Item, &version, &at, &about); err != nil {
		return e, fmt.Errorf("sqlstore: what was decided, %q: %w", said, err)
	}
	if version >= 0 && version < len(spans) {
		e.Version = spans[version].Version
	}
	e.ReceivedAt = time.UnixMilli(at).UTC()
	binary.BigEndian.PutUint64(e.Consent[8:], uint64(about)) //nolint:gosec // a Seq is positive
	return e, nil
}
