package sqlstore

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

// listener keeps the statements that go to the database.
type listener struct {
	database
	heard []*statement
}

func (l *listener) query(ctx context.Context, sql string, args []any, each func(row) error) error {
	l.heard = append(l.heard, &statement{sql: sql, args: args})
	return l.database.query(ctx, sql, args, each)
}

func (l *listener) write(ctx context.Context, list []*statement) error {
	l.heard = append(l.heard, list...)
	return l.database.write(ctx, list)
}

// crowd fills the tables with 20,000 people and what belongs to them.
//
//nolint:dupword // SQL says things twice
const crowd = `
INSERT INTO apps SELECT 'app' || n, gen_random_uuid(), '{}', 0 FROM generate_series(1, 20) n;
INSERT INTO policy_versions SELECT gen_random_uuid(), 'app' || n % 20 + 1, '1', 'PUBLISHED', 1, n, n, n, n, 'kk', '[]', '{}', '' FROM generate_series(1, 20000) n;
INSERT INTO policy_documents SELECT id, 'kk', 0, '', '', '' FROM policy_versions;
INSERT INTO users SELECT gen_random_uuid(), CASE WHEN n % 500 = 0 THEN 'BLOCKED' ELSE 'ACTIVE' END, 1, 2, 'kk', n FROM generate_series(1, 20000) n;
INSERT INTO user_subjects SELECT 'i', 1, id::text, id FROM users;
INSERT INTO personal_fields SELECT id, code, 'k', 1, 'c', 'PRIVATE', true, 1 FROM users, (VALUES ('email'), ('phone')) f (code);
INSERT INTO object_values SELECT id, 'requesterName', id, 'k', 1, 'c' FROM users;
INSERT INTO technical_data SELECT id, id, 'app1', 1, 2, 1, 3, 'k', 1, 'c' FROM users;
INSERT INTO login_claims SELECT id, id, id::text, 1, NULL FROM users;
INSERT INTO subject_requests SELECT id, id, 'ERASURE', 'RECEIVED', 'APP', 'app1', '[]', 'kk', 1, 1, 1, row_number() OVER (), NULL,
	CASE WHEN row_number() OVER () % 200 = 0 THEN NULL ELSE 5 END, 'KZ', NULL, '', '', '', '', id, NULL FROM users;
INSERT INTO request_documents SELECT id, 'kk', '', '' FROM subject_requests;
INSERT INTO exports SELECT id, id, id, 1, 2, NULL FROM subject_requests;
INSERT INTO blind_index SELECT code, 1, id::text, id, true, 1 FROM users, (VALUES ('email'), ('phone')) f (code);
INSERT INTO index_plan VALUES (1, '[1]', 1);
INSERT INTO disclosures SELECT id, id, id, 'app1', '{}', 'CONSENT', '["x"]', '["phone"]', '', 1, '{"v":1}' FROM users;
INSERT INTO disclosure_marks SELECT id, id, 'SEEN', 1, NULL FROM users;
INSERT INTO recipient_notices SELECT id, id, 'app1', '{}', 'ERASED', '[]', 1, created_at, CASE WHEN created_at % 100 = 0 THEN 'TO_TELL' ELSE 'TOLD' END, 1, 1 FROM users;
INSERT INTO channel_choices SELECT id, 'app1', 'x', 1, '[]', 1 FROM users;
INSERT INTO daily_counts SELECT id, 'identifiers', '2026-11-23', 1 FROM users;
INSERT INTO consent_acts SELECT id, id, '', 1, '', 0, '' FROM users;
INSERT INTO consent_events SELECT u.id, seq, gen_random_uuid(), u.id, gen_random_uuid(), 'GIVEN', v.app, 'x', v.id, 'kk', '', '[]', 'm', 's', 1, NULL, '', ''
	FROM users u, generate_series(1, 2) seq, (SELECT id, app FROM policy_versions LIMIT 1) v;
INSERT INTO audit_events SELECT gen_random_uuid(), n, u.id, 'k', 'r', 'a' || n % 20, u.id, 'app1', '[]',
	CASE WHEN n % 4 = 0 THEN '' ELSE 'p' || n % 20 END, '', '', NULL, '', CASE WHEN n % 100 = 0 THEN 'DENIED' ELSE 'OK' END, u.id::text, ''
	FROM (SELECT row_number() OVER () AS n, id FROM users) u;
INSERT INTO meta SELECT 'name' || n, 'v' FROM generate_series(1, 20000) n;
INSERT INTO actors SELECT gen_random_uuid(), 'i', 1, 'd' || n, '', 0, '', 1 FROM generate_series(1, 20000) n;
INSERT INTO idempotency SELECT 'p' || n, 'o', 'k', '', gen_random_uuid(), n FROM generate_series(1, 20000) n;
ANALYZE`

func TestNoHotPathScansATable(t *testing.T) {
	url := daemon.PostgreSQL(t)
	s := opened(t, url, Options{})
	r := newRival(t, url)
	if _, err := r.Exec(t.Context(), crowd, pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatal(err)
	}
	var user, version uuid.UUID
	var app string
	err := r.QueryRow(t.Context(), "SELECT user_id, version_id, app FROM consent_events LIMIT 1").Scan(&user, &version, &app)
	if err != nil {
		t.Fatal(err)
	}
	heard := &listener{database: s.db}
	s.db = heard
	everyHotPath(t, s, user, version, app)

	scan := regexp.MustCompile(`Seq Scan on (\w+)`)
	for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
		r.run("SET plan_cache_mode = " + mode)
		for _, statement := range heard.heard {
			plan := r.explain(statement)
			for _, found := range scan.FindAllStringSubmatch(plan, -1) {
				if !slices.Contains([]string{"apps", "index_plan"}, found[1]) { // a few rows, all in one page
					t.Errorf("%s: %s is scanned by\n%s\n%s", mode, found[1], statement.sql, plan)
				}
			}
		}
	}
}

// everyHotPath runs what requests run. Errors do not matter here: the
// statements do.
func everyHotPath(t *testing.T, s *Store, user, version uuid.UUID, app string) {
	t.Helper()
	ctx, page := t.Context(), vault.Page{After: user, Limit: 51}
	login := vault.SubjectKey{Issuer: "i", KeyVersion: 1, Digest: user.String()}
	index := []vault.BlindIndex{
		{Field: "phone", KeyVersion: 1, Digest: user.String()}, {Field: "phone", KeyVersion: 2, Digest: user.String()},
	}
	many := make([]uuid.UUID, 20) // of many more, reading the small tables whole is cheaper
	for i := range many {
		many[i] = uuid.Must(uuid.NewV7())
	}
	for _, read := range []func() error{
		func() error { _, err := s.Standing(ctx, app, login); return err },
		func() error { _, err := s.Standings(ctx, app, []uuid.UUID{user}); return err },
		func() error { _, err := s.Standings(ctx, app, many); return err },
		func() error { _, err := s.Fields(ctx, many); return err },
		func() error { _, err := s.Users(ctx, vault.UserFilter{}, page); return err },
		func() error { _, err := s.Users(ctx, vault.UserFilter{Status: vault.StatusBlocked}, page); return err },
		func() error { _, err := s.FindUsers(ctx, 1, index[0], 11); return err },
		func() error { _, err := s.FindByLogin(ctx, []vault.SubjectKey{login, login}, 11); return err },
		func() error { _, err := s.IndexPlan(ctx); return err },
		func() error { _, err := s.IndexedFields(ctx, "phone", 1, 2, index[0], 10); return err },
		func() error { _, err := s.Decided(ctx, user); return err },
		func() error { _, err := s.Act(ctx, user, user); return err },
		func() error { _, err := s.Disclosures(ctx, user, false, page); return err },
		func() error { _, err := s.Disclosure(ctx, user, user); return err },
		func() error { _, err := s.DisclosedIn(ctx, user); return err },
		func() error { _, err := s.RecipientNotice(ctx, user); return err },
		func() error {
			_, err := s.RecipientNotices(ctx, vault.NoticeFilter{State: vault.NoticeToTell}, page)
			return err
		},
		func() error { _, err := s.RecipientNotices(ctx, vault.NoticeFilter{}, page); return err },
		func() error { _, err := s.RecipientNotices(ctx, vault.NoticeFilter{User: user}, page); return err },
		func() error { _, err := s.ChannelChoices(ctx, app, []uuid.UUID{user}); return err },
		func() error { _, err := s.Version(ctx, version); return err },
		func() error { _, err := s.Document(ctx, version, "kk"); return err },
		func() error { _, err := s.Versions(ctx, app, false, vault.Page{After: version, Limit: 6}); return err },
		func() error { _, _, err := s.App(ctx, app); return err },
		func() error { _, err := s.Meta(ctx, "name7"); return err },
		func() error { _, err := s.Colleague(ctx, login); return err },
		func() error { _, err := s.SubjectRequest(ctx, user); return err },
		func() error { _, err := s.SubjectRequests(ctx, vault.RequestFilter{}, vault.ByDue, page); return err },
		func() error {
			_, err := s.SubjectRequests(ctx, vault.RequestFilter{}, vault.ByReceived, page)
			return err
		},
		func() error {
			_, err := s.SubjectRequests(ctx, vault.RequestFilter{User: user, Kind: vault.AsksErasure, Open: true}, vault.ByReceived, vault.Page{Limit: 2})
			return err
		},
		func() error {
			_, err := s.SubjectRequests(ctx, vault.RequestFilter{JoinedTo: user}, vault.ByReceived, page)
			return err
		},
		func() error { _, err := s.RequestDocument(ctx, user, "kk"); return err },
		func() error { _, err := s.CountRequests(ctx, time.UnixMilli(9)); return err },
		func() error { _, err := s.Export(ctx, user); return err },
		func() error { _, err := s.ExportOf(ctx, user); return err },
	} {
		if err := read(); err != nil && vault.CodeOf(err) != vault.CodeNotFound {
			t.Fatal(err)
		}
	}
	at := time.UnixMilli(10_000)
	for _, filter := range []vault.AuditFilter{
		{},
		{Subject: user},
		{Actor: user},
		{Subject: user, Action: "a", From: at},
		{Subject: user, Actions: []vault.Action{"a", "b"}},
		{Subject: user, Consent: user},
		{From: at, To: at.Add(time.Second)},
		{RequestID: user.String()},
		{ID: user},
		{Actor: user, Outcome: vault.OutcomeOK, To: at},
		{Action: "never.done"},
		{Purpose: "nobodys"},
		{Outcome: vault.OutcomeMasked},
	} {
		for _, page := range []vault.Page{{Limit: 51}, {After: user, Limit: 51}} {
			if _, err := s.Events(ctx, filter, page); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, queue := range []func(vault.Tx){
		func(tx vault.Tx) { tx.ReviseUser(user, 1, nil) },
		func(tx vault.Tx) { tx.SetStatus(user, 2, vault.StatusBlocked) },
		func(tx vault.Tx) { tx.ConfirmUser(user, 2, at) },
		func(tx vault.Tx) { tx.SetVerified(user, "phone", time.UnixMilli(1), true) },
		func(tx vault.Tx) { tx.PutIndexes(1, user, "phone", index) },
		func(tx vault.Tx) { tx.FillIndexes([]vault.Reindexed{{BlindIndex: index[0], To: 2, Digest: "d"}}) },
		func(tx vault.Tx) { tx.DropIndexes("email", 1, 10) },
		func(tx vault.Tx) { tx.ClearField(user, "phone") },
		func(tx vault.Tx) { tx.Count(user, vault.CountIdentifiers, "2026-11-23", 9) },
		func(tx vault.Tx) { tx.Append(vault.Act{User: user, ID: version}, 2, nil) },
		func(tx vault.Tx) { tx.SetVisibility(user, []string{"phone"}, vault.Private) },
		func(tx vault.Tx) { tx.Disclose(vault.Disclosure{User: user, ID: version}, 2, vault.StatusActive) },
		func(tx vault.Tx) { tx.MarkDisclosure(user, user, vault.MarkReleased, at, at) },
		func(tx vault.Tx) {
			tx.TellRecipients(vault.Telling{User: user, App: app, About: vault.AboutWithdrawn, Items: []string{"x"}, At: at, Due: at})
		},
		func(tx vault.Tx) { tx.MoveNotice(vault.RecipientNotice{ID: user}, 1) },
		func(tx vault.Tx) {
			tx.ChooseChannels(vault.ChannelChoice{User: user, App: app, Item: "y", Seq: 1, At: at})
		},
		func(tx vault.Tx) { tx.UpdateVersion(&vault.Version{ID: version, Status: vault.Draft}, 1, nil) },
		func(tx vault.Tx) {
			tx.PublishVersion(&vault.Version{ID: version, App: "wallet", Status: vault.Published}, 1, 0, nil)
		},
		func(tx vault.Tx) { tx.Forget(at, 50) },
		func(tx vault.Tx) { tx.Rewrap(everyHolding(many), nil) },
	} {
		err := s.Write(ctx, func(tx vault.Tx) error {
			queue(tx)
			tx.Record(happening(vault.User{ID: user}))
			return nil
		})
		if err != nil && vault.CodeOf(err) != vault.CodeStale {
			t.Fatal(err)
		}
	}
}

// everyHolding are rows of each.
func everyHolding(owners []uuid.UUID) (rows []vault.Moved) {
	for _, in := range vault.Holdings() {
		for _, owner := range owners {
			was := vault.Held{Holding: in, HeldRow: vault.HeldRow{Owner: owner, Field: "email", Act: owner}, Ciphertext: vault.Ciphertext{Key: "k", Version: 1, Text: owner.String()}}
			rows = append(rows, vault.Moved{Held: was, To: vault.Ciphertext{Key: "k", Version: 2, Text: "new"}})
		}
	}
	return rows
}

// An index that has the order of the list too, so that a question that finds
// little does not walk through all that came since.
func TestEachAuditFilterHasItsIndex(t *testing.T) {
	url := daemon.PostgreSQL(t)
	onPostgreSQL, r := opened(t, url, Options{}), newRival(t, url)
	if _, err := r.Exec(t.Context(), crowd, pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatal(err)
	}
	onSQLite := opened(t, filepath.Join(t.TempDir(), "vault.db"), Options{})
	for index, filter := range map[string]vault.AuditFilter{
		"audit_events_action":  {Action: "never.done"},
		"audit_events_purpose": {Purpose: "nobodys"},
		"audit_events_outcome": {Outcome: vault.OutcomeMasked},
		"audit_events_newest":  {Outcome: vault.OutcomeOK},
	} {
		for _, page := range []vault.Page{{Limit: 51}, {After: uuid.New(), Limit: 51}} {
			asked := func(s *Store) *statement {
				heard := &listener{database: s.db}
				if _, err := (&Store{db: heard, timeout: s.timeout}).Events(t.Context(), filter, page); err != nil {
					t.Fatal(err)
				}
				return heard.heard[0]
			}
			plans := map[string]string{"SQLite": sqlitePlan(t, onSQLite, asked(onSQLite))}
			for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
				r.run("SET plan_cache_mode = " + mode)
				plans[mode] = r.explain(asked(onPostgreSQL))
			}
			for name, plan := range plans {
				if !strings.Contains(plan, index) || strings.Contains(plan, "Sort") || strings.Contains(plan, "TEMP B-TREE") {
					t.Errorf("%s does not go by %s:\n%s", name, index, plan)
				}
			}
		}
	}
}

// sqlitePlan is how SQLite goes about a statement.
func sqlitePlan(t *testing.T, s *Store, of *statement) string {
	t.Helper()
	steps, err := list(t.Context(), s, "EXPLAIN QUERY PLAN "+of.sql, of.args, func(r row) (step string, err error) {
		var ignored int
		err = r.Scan(&ignored, &ignored, &ignored, &step)
		return step, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(steps, "\n")
}

func (r rival) explain(s *statement) string {
	r.Helper()
	literals := make([]string, len(s.args))
	for i, arg := range s.args {
		switch arg := arg.(type) {
		case nil:
			literals[i] = "NULL"
		case []byte:
			literals[i] = fmt.Sprintf(`'\x%x'`, arg)
		default:
			literals[i] = fmt.Sprintf("'%v'", arg)
		}
	}
	arguments := ""
	if len(literals) > 0 {
		arguments = "(" + strings.Join(literals, ", ") + ")"
	}
	r.run("PREPARE hot AS " + s.sql)
	defer r.run("DEALLOCATE hot")
	rows, err := r.Query(r.Context(), "EXPLAIN EXECUTE hot"+arguments, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		r.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		r.Fatal(err)
	}
	return strings.Join(lines, "\n")
}
