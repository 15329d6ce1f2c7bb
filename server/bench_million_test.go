//go:build bench

package main

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

// million fills the tables with a million people, each of whom decided once; one
// of ten somebody was shown.
//
//nolint:dupword // columns that hold the same
const million = `
INSERT INTO users SELECT gen_random_uuid(), 'ACTIVE', 1, 1, 'kk', n FROM generate_series(1, 1000000) n;
INSERT INTO consent_acts (user_id, id, digest, received_at, key_name, key_version, network_context) SELECT id, id, '', 1, '', 0, '' FROM users WHERE created_at <= 1000000;
INSERT INTO consent_events (user_id, seq, id, act_id, consent_id, type, app, item, version_id, locale, document, operators, method, given_by, received_at, app_build, canonical)
	SELECT u.id, 1, u.id, u.id, u.id, 'GIVEN', 'dala', 'contact', v.id, 'kk', '', '[]', 'IN_APP_CONFIRMED', 'SUBJECT', 1, '', ''
	FROM users u, (SELECT id FROM policy_versions WHERE app = 'dala' LIMIT 1) v WHERE u.created_at <= 1000000;
INSERT INTO audit_events (id, at, actor, kind, role, action, subject, app, fields, purpose, reason, reference, consent, object, outcome, request_id, canonical)
	SELECT gen_random_uuid(), 5, '00000000-0000-7000-8000-000000000001', 'SUPPORT', 'SUPPORT', 'profile.revealed', id, 'dala', '["phone"]', '', '', '', NULL, '', 'OK', '', ''
	FROM users WHERE created_at % 10 = 0 AND created_at <= 1000000;
ANALYZE`

// TestRatiosOfAMillionPeople measures what the gauge of unique subjects and
// the criteria of a breach cost on PostgreSQL, in seconds and as multiples of the
// cheapest question there is. A server asks the first once in ten minutes, however
// often its metrics are read.
func TestRatiosOfAMillionPeople(t *testing.T) {
	w := onServers(t)
	owner, err := pgx.Connect(t.Context(), daemon.AsOwner(t, w.s.DatabaseURL))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = owner.Close(t.Context()) }()
	if _, err := owner.Exec(t.Context(), million, pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatal(err)
	}
	timed := func(ask func() (int64, error)) (int64, time.Duration) {
		t.Helper()
		began := time.Now()
		n, err := ask()
		if err != nil {
			t.Fatal(err)
		}
		return n, time.Since(began)
	}
	_, cheapest := timed(func() (int64, error) { _, _, err := w.sys.db.App(t.Context(), "dala"); return 0, err })
	counts := func(c vault.Criterion) func() (int64, error) {
		return func() (int64, error) {
			return w.sys.db.CountBreachPeople(t.Context(), vault.Breach{App: "dala", ID: uuid.New(), DetectedAt: time.Now(), Criterion: c})
		}
	}
	snooper := uuid.MustParse("00000000-0000-7000-8000-000000000001")
	for _, c := range []struct {
		what  string
		least int64
		ask   func() (int64, error)
	}{
		{"unique subjects", 1_000_000, func() (int64, error) { f, err := w.sys.vault.Operator(t.Context()); return f.People, err }},
		{"everybody in an app", 1_000_000, counts(vault.Criterion{App: "dala"})},
		{"everybody registered in a time", 500_000, counts(vault.Criterion{CreatedTo: time.UnixMilli(500_001)})},
		{"everybody who was shown", 100_000, counts(vault.Criterion{RevealedTo: snooper, Field: "phone"})},
	} {
		n, took := timed(c.ask)
		t.Logf("%s: %d in %v, %.0f times the cheapest question", c.what, n, took.Round(time.Millisecond), float64(took)/float64(cheapest))
		if n < c.least || took > 30*time.Second {
			t.Errorf("%s: %d in %v", c.what, n, took)
		}
	}
	began := time.Now()
	if err := w.edge.figures.look(t.Context()); err != nil {
		t.Fatal(err)
	}
	first := time.Since(began)
	began = time.Now()
	w.get("/metrics")
	t.Logf("looking: %v; a scrape afterwards: %v", first.Round(time.Millisecond), time.Since(began).Round(time.Microsecond))
}
