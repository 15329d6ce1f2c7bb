package main

import (
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/kelisim/kelisim/graph"
	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

// intruder has the login of the server to the database, and tokens of a
// customer. What it writes there is believed as far as the server believes rows.
type intruder struct {
	*world
	conn *pgx.Conn
}

func intruded(t *testing.T) intruder {
	t.Helper()
	w := onServers(t)
	conn, err := pgx.Connect(t.Context(), daemon.AsRuntime(t, w.s.DatabaseURL))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	daemon.Ran(t, "PostgreSQL")
	daemon.Ran(t, "HashiCorp Vault")
	return intruder{w, conn}
}

// writes runs a statement that PostgreSQL lets the role run.
func (i intruder) writes(sql string, args ...any) {
	i.t.Helper()
	done, err := i.conn.Exec(i.t.Context(), sql, args...)
	if err != nil || done.RowsAffected() == 0 {
		i.t.Fatalf("%s: %s, %v", sql, done, err)
	}
}

// published is an honest version with the field clubNumber of the app's own.
func (i intruder) published() uuid.UUID {
	i.t.Helper()
	id, err := graph.ParseVersionID(i.publish(i.draft(i.policy("2.0")), nil))
	if err != nil {
		i.t.Fatal(err)
	}
	return id
}

// forges publishes the n-th version after an honest one past every check, with
// another code for the field, and answers its id.
func (i intruder) forges(honest uuid.UUID, n int, code string) string {
	i.t.Helper()
	id := uuid.New()
	i.writes(`INSERT INTO policy_versions (id, app, label, status, revision, created_at, updated_at, authoritative, operators, facts)
		SELECT $1, app, $3::text, 'DRAFT', revision, created_at, updated_at, authoritative, operators,
			convert_to(replace(convert_from(facts, 'UTF8'), 'clubNumber', $3::text), 'UTF8') FROM policy_versions WHERE id = $2`, id, honest, code)
	i.writes(`INSERT INTO policy_documents SELECT $1, locale, position, canonical, hash, text_hash FROM policy_documents WHERE version_id = $2`, id, honest)
	i.writes(`UPDATE policy_versions v SET status = 'PUBLISHED', published_at = o.published_at + $3, effective_at = o.effective_at + $3
		FROM policy_versions o WHERE v.id = $1 AND o.id = $2`, id, honest, n)
	return versionID(id)
}

// ties are as the database has them.
func (i intruder) ties() ties {
	i.t.Helper()
	t, err := readTies(i.t.Context(), i.sys.db)
	if err != nil {
		i.t.Fatal(err)
	}
	return t
}

func TestWhoWritesTheDatabaseHasNothingEncryptedAsThePepper(t *testing.T) {
	i := intruded(t)
	mallory := i.subject("mallory")
	id := i.userUUID(i.register(mallory, nil))
	i.mutate(i.staff(vault.Compliance), "createPolicyDraft", i.policy("honest", func(facts input) {
		facts["fields"] = []input{declared(vault.FieldPepper, "TEXT", "HIDDEN")}
		itemOf(facts, 2)["fields"] = uses(vault.FieldPepper)
	}), `policyVersion { id }`).refused("INVALID_VALUE@facts.fields.0.code")
	chosen := "1 " + strings.Repeat("00", 32)
	honest, takes := i.published(), func(version string) {
		i.record(mallory, i.of(version, "ru").decided("identify", "GIVEN", "contact", "GIVEN", "club", "GIVEN")).ok()
	}
	for n, code := range []string{vault.FieldPepper, vault.FieldCanary, vault.FieldDisplayName, vault.FieldConsentContext} {
		takes(i.forges(honest, n+1, code))
		i.update(mallory, ownValue(code, chosen)).refused("FIELD_NOT_COLLECTED@profile.fields.0.value")
	}

	// What they can have encrypted, in a field of their own, ties nothing.
	takes(i.forges(honest, 9, "clubNumber"))
	for _, value := range []string{chosen, canaryContent} {
		i.update(mallory, ownValue("clubNumber", value)).ok()
		i.writes(`UPDATE meta SET value = jsonb_set(jsonb_set(value::jsonb, '{instance}', to_jsonb($1::text)), $2::text[],
			to_jsonb((SELECT ciphertext FROM personal_fields WHERE user_id = $3 AND code = 'clubNumber')))::text WHERE name = 'ties'`,
			id.String(), map[string][]string{chosen: {"pepper", "ciphertext"}, canaryContent: {"ciphertext"}}[value], id)
		if _, err := i.p.openSystem(i.s, mode{dev: true}, vault.Access{}); !errors.Is(err, errOtherKeys) {
			t.Errorf("a server starts with %q in the ties: %v", value, err)
		}
	}
}

func TestNoFieldRevealsOrMovesThePepper(t *testing.T) {
	i := intruded(t)
	ties, pepper := i.ties(), hex.EncodeToString(i.sys.vault.Pepper.Key)
	i.forges(i.published(), 1, vault.FieldPepper)
	i.writes(`INSERT INTO users (id, status, revision, consent_seq, locale, created_at) VALUES ($1, 'ACTIVE', 1, 0, 'ru', 1)`, ties.Instance)
	i.writes(`INSERT INTO personal_fields (user_id, code, key_name, key_version, ciphertext, visibility, verified, updated_at)
		VALUES ($1, 'pepper', $2, $3, $4, 'PRIVATE', false, 1)`, ties.Instance, ties.Key, ties.Pepper.KeyVersion, ties.Pepper.Ciphertext)
	nobody := vaultID("User", ties.Instance.String())
	got := i.ask(i.staff(vault.Compliance), byLaw, input{"u": nobody})
	equal(t, "by law", fieldShown(at(got.must(), "user", "profile"), vault.FieldPepper), " FORBIDDEN")
	revealed := i.ask(i.staff(vault.Support), revealing, input{"u": nobody, "c": []string{vault.FieldPepper}})
	equal(t, "support", fieldShown(at(revealed.must(), "user", "profile"), vault.FieldPepper), " FORBIDDEN")
	for _, a := range []answer{got, revealed} {
		if strings.Contains(string(a.raw), pepper) {
			t.Errorf("the pepper is answered: %s", a.raw)
		}
		refusals := slices.DeleteFunc(i.eventsOf(a), func(e vault.StoredEvent) bool { return e.Outcome != vault.OutcomeDenied })
		if len(refusals) != 1 || !slices.Contains(refusals[0].Fields, vault.FieldPepper) {
			t.Errorf("the attempt left %v", refusals)
		}
	}

	log := i.log.String()
	if strings.Count(log, `level=ERROR msg="a caller does without" app=dala what="a field is not shown: the published policy names it by a code of the service's own`) != 2 ||
		strings.Contains(log, pepper) || strings.Contains(log, ties.Pepper.Ciphertext) {
		t.Errorf("the log says %s", log)
	}

	i.writes(`INSERT INTO blind_index (field, key_version, digest, user_id, verified, norm_version) VALUES ('pepper', 1, 'd', $1, false, 1)`, ties.Instance)
	row := vault.HeldRow{Owner: ties.Instance, Field: vault.FieldPepper}
	i.rotate(pii)
	rewrap, left := i.rewrapping(10)
	i.runs(rewrap)
	equal(t, "not rewrapped", vault.CodeOf(left[row]), vault.CodeFieldNotCollected)
	i.rotate(indexKey)
	reindex, left := i.reindexing(10)
	i.reindex(reindex)
	equal(t, "not reindexed", vault.CodeOf(left[row]), vault.CodeFieldNotCollected)
}

func TestThePeppersVersionIsNotTheDatabasesToSay(t *testing.T) {
	i := intruded(t)
	victim := i.register(i.subject("victim"), input{"phone": "+77019264837"})
	mallory := i.subject("mallory")
	own := i.register(mallory, nil)
	i.writes(`UPDATE meta SET value = jsonb_set(value::jsonb, '{pepper,version}', '7')::text WHERE name = 'ties'`)
	i.writes(`INSERT INTO user_subjects (issuer, pepper, digest, user_id) SELECT issuer, 7, digest, $1 FROM user_subjects WHERE user_id = $2`,
		i.userUUID(victim), i.userUUID(own))
	again := i.replica()
	equal(t, "the version", again.sys.vault.Pepper.Version, 1)
	equal(t, "who calls", str(again.ask(mallory, `{ me { id } }`, nil).must(), "me", "id"), own)

	// As development versions wrote it, and what is no pepper at all.
	for text, want := range map[string]error{strings.Repeat("ab", 32): errUnversioned, "7 ab": nil, "0 " + strings.Repeat("ab", 32): nil, "1 " + strings.Repeat("AB", 32): nil, "1 " + strings.Repeat("ab", 32) + "00": nil} {
		if _, err := readPepper(text); err == nil || want != nil && !errors.Is(err, want) {
			t.Errorf("%q is read: %v", text, err)
		}
	}
}

// A job that is under way when the plan is deleted says what happened, and what to
// do; that done, it goes on.
func TestAPlanDeletedWhileReindexingIsNamed(t *testing.T) {
	i := intruded(t)
	id := i.register(i.subject("found"), input{"phone": "+77019264837"})
	i.rotate(indexKey)
	job, _ := i.reindexing(10)
	job.Stepped = func(vault.IndexPlan) { i.writes(`DELETE FROM index_plan`); job.Stepped = func(vault.IndexPlan) {} }
	line := newProgressLine(i.log, i.p.clock)
	err := (reindexCommand{}).move(i.p, i.sys, job, line)
	if !errors.Is(err, errUnplanned) || !strings.Contains(err.Error(), "Start a server, which makes the first plan anew, then run this again") {
		t.Errorf("it ends with %v", err)
	}
	again := i.replica()
	job, _ = i.reindexing(10)
	if err := (reindexCommand{}).move(i.p, i.sys, job, line); err != nil {
		t.Error(err)
	}
	same(t, "found", again.found(input{"phone": "+77019264837"}), []string{id})
}

func TestADeletedIndexPlanIsAnOutageAndNotThatThereIsNobody(t *testing.T) {
	i := intruded(t)
	id := i.register(i.subject("found"), input{"phone": "+77019264837"})
	i.writes(`DELETE FROM index_plan`)
	find := i.ask(i.staff(vault.Support), `{ findUsers(by: {phone: "+77019264837"}) { id } }`, nil)
	equal(t, "findUsers", find.code(), "UNAVAILABLE")
	entered := i.ask(i.subject("newcomer"), registerMutation, input{"input": input{
		"profile": input{"phone": "+77019264838"}, "consent": i.shown("ru").consent(required()),
	}})
	equal(t, "registerMe", entered.code(), "UNAVAILABLE")
	if log := i.log.String(); !strings.Contains(log, "level=ERROR msg=\"the index plan is gone from the database") {
		t.Error("nothing is logged")
	}
	for _, args := range [][]string{{"reindex"}, {"reindex", "--dry-run"}, {"keys", "retire", "--key", indexKey, "--below", "2"}} {
		if status, said := i.operates(args...); status != 1 || !strings.Contains(said, "the table index_plan is empty") || strings.Contains(said, "version 0") {
			t.Errorf("%v: %d, %s", args, status, said)
		}
	}
	again := i.replica() // which makes a plan
	for _, server := range []*world{again, i.world} {
		same(t, "found", server.found(input{"phone": "+77019264837"}), []string{id})
	}
}
