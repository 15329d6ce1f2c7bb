package sqlstore

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// trace is where a vault.Trace stands. A table with something of people gets
// its line in traces, or in kept with the reason why it stays: a test reads the
// schema and asks for one of the two.
type trace struct {
	of    vault.Trace
	table string
	whose string // which rows; $1 is the person
	blank string // what is overwritten where the row itself stays; empty: it goes
}

// traces are in the order in which they go. Fields go before indexes, as all
// who change both do. What hangs on the login goes before the login.
func traces() []trace {
	const theirs = "user_id = $1"
	return []trace{
		{vault.TraceFields, "personal_fields", theirs, ""},
		{vault.TraceIndexes, "blind_index", theirs, ""},
		{vault.TraceObjects, "object_values", theirs, ""},
		{vault.TraceContexts, "consent_acts", theirs + " AND network_context <> ''", "key_name = '', key_version = 0, network_context = ''"},
		{vault.TraceTechnical, "technical_data", theirs, ""},
		{vault.TraceCounts, "daily_counts", theirs, ""},
		{vault.TraceRepeats, "idempotency", "principal IN (SELECT digest FROM user_subjects WHERE " + theirs + ")", ""},
		{vault.TraceClaims, "login_claims", theirs, ""},
		{vault.TraceLogins, "user_subjects", theirs, ""},
	}
}

// stay is a table that refers to people and stays as it is, why, and as what a
// certificate names it.
type stay struct {
	as  vault.KeptKind
	why string
}

// kept are the tables that stay.
func kept() map[string]stay {
	return map[string]stay{
		"users":    {vault.KeptCertificate, "the opaque id; EraseUser takes away the language, and until when somebody decides for them"},
		"erasures": {vault.KeptCertificate, "the certificate"},

		"consent_events":  {vault.KeptConsents, "the proof of consent, without anything personal"},
		"channel_choices": {vault.KeptConsents, "the proof of what was refused: codes of channels"},

		"audit_events":    {vault.KeptAudit, "the record of who did what, without anything personal"},
		"retention_marks": {vault.KeptAudit, "when somebody was warned of what is due, without anything personal"},
		"expiry_marks":    {vault.KeptAudit, "when recipients were told that consents ended, without anything personal"},

		"disclosures":       {vault.KeptDisclosures, "the proof of what was passed on to whom, without anything personal"},
		"disclosure_marks":  {vault.KeptDisclosures, "that the person was told, without anything personal"},
		"recipient_notices": {vault.KeptDisclosures, "recipients have to be told of the erasure, too"},

		"subject_requests": {vault.KeptRequests, "what was asked and answered, in codes; names and words are object_values"},
		"exports":          {vault.KeptRequests, "that a copy was fetched"},

		"obstacles":     {vault.KeptHolds, "why somebody was refused, without anything personal"},
		"breach_people": {vault.KeptBreaches, "whom a breach touched, by the opaque id"},
	}
}

// but narrows a trace to what is no evidence. It is false where all of it is.
func (t trace) but(evidence vault.Evidence) (trace, bool) {
	switch {
	case t.of == vault.TraceContexts:
		return t, !evidence.Contexts
	case t.of == vault.TraceFields && len(evidence.Fields) > 0:
		quoted := make([]string, len(evidence.Fields))
		for i, code := range evidence.Fields {
			quoted[i] = "'" + strings.ReplaceAll(code, "'", "''") + "'"
		}
		t.whose += " AND code NOT IN (" + strings.Join(quoted, ", ") + ")"
	}
	return t, true
}

// remove is the statement that takes it away.
func (t trace) remove() string {
	if t.blank != "" {
		return "UPDATE " + t.table + " SET " + t.blank + " WHERE " + t.whose
	}
	return "DELETE FROM " + t.table + " WHERE " + t.whose
}

// User implements vault.ErasureReader.
func (s *Store) User(ctx context.Context, id uuid.UUID) (vault.User, error) {
	return one(ctx, s, "SELECT "+userColumns+" FROM users u WHERE u.id = $1", []any{id}, func(r row) (u vault.User, err error) {
		err = r.Scan(userInto(&u)...)
		return u, err
	})
}

// Traces implements vault.ErasureReader.
func (s *Store) Traces(ctx context.Context, user uuid.UUID, evidence vault.Evidence) ([]vault.TraceCount, error) {
	var parts []string
	var names []vault.Trace
	for _, all := range traces() {
		if t, some := all.but(evidence); some {
			parts = append(parts, "SELECT "+strconv.Itoa(len(names))+" AS n, COUNT(*) FROM "+t.table+" WHERE "+t.whose)
			names = append(names, t.of)
		}
	}
	return list(ctx, s, strings.Join(parts, " UNION ALL ")+" ORDER BY n", []any{user}, func(r row) (c vault.TraceCount, err error) {
		var n int
		if err = r.Scan(&n, &c.Rows); err == nil {
			c.Trace = names[n]
		}
		return c, err
	})
}

// EraseUser implements vault.ErasureTx. The person's row is changed first: who
// writes anything of them holds it, or has it checked (see living), so that
// nothing comes after.
func (t *tx) EraseUser(u vault.User, gone []vault.TraceCount, evidence vault.Evidence) {
	t.erases = true
	t.queue(`UPDATE users SET revision = revision + 1, status = $4, locale = '', represented_until = NULL
		WHERE id = $1 AND revision = $2 AND consent_seq = $3 AND status <> $4`,
		u.ID, u.Revision, u.ConsentSeq, vault.StatusErased).orMissed(vault.ErrStale)
	for _, all := range traces() {
		part, some := all.but(evidence)
		if !some {
			continue
		}
		i := 0
		for i < len(gone) && gone[i].Trace != part.of {
			i++
		}
		if i == len(gone) {
			t.fail(fmt.Errorf("sqlstore: erasing: %s was not counted", part.of))
			return
		}
		t.queue(part.remove(), u.ID).exactly(gone[i].Rows, vault.ErrStale)
	}
}

// living refuses to write about a person who is erased, or being erased. Whoever
// adds something of a person and neither revises them nor appends to their
// consents in the same transaction calls it first.
func (t *tx) living(user uuid.UUID) {
	t.queue(t.alive, user).orMissed(vault.ErrStale)
}

// InsertErasure implements vault.ErasureTx.
func (t *tx) InsertErasure(e vault.Erasure) {
	canonical, err := e.Bytes()
	t.fail(err)
	t.queue(`INSERT INTO erasures (id, user_id, at, actor, canonical, ledgered_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		e.ID, e.User, e.At.UnixMilli(), idOrNull(e.Actor), canonical, millisOrNull(e.LedgeredAt)).
		orTaken(vault.ErrTaken.With("what", "erasure"))
}

// MarkLedgered implements vault.KeepingTx.
func (t *tx) MarkLedgered(erasures []uuid.UUID, at time.Time) {
	b := &builder{}
	b.add("UPDATE erasures SET ledgered_at = ? WHERE ledgered_at IS NULL AND id IN ", at.UnixMilli())
	b.in(erasures)
	t.queue(b.String(), b.args...)
}

// Erasures implements vault.ErasureReader.
func (s *Store) Erasures(ctx context.Context, filter vault.ErasureFilter, limit int) ([]vault.Erasure, error) {
	b := &builder{}
	b.add("SELECT canonical, ledgered_at FROM erasures WHERE 1 = 1")
	if filter.ID != uuid.Nil {
		b.add(" AND id = ?", filter.ID)
	}
	if len(filter.Users) > 0 {
		b.add(" AND user_id IN ")
		b.in(filter.Users)
	}
	if filter.Unledgered {
		b.add(" AND ledgered_at IS NULL")
	}
	b.add(" ORDER BY at, id LIMIT ?", limit)
	return list(ctx, s, b.String(), b.args, func(r row) (e vault.Erasure, err error) {
		var canonical []byte
		var ledgered time.Time
		if err = r.Scan(&canonical, moment{&ledgered}); err == nil {
			e, err = vault.ReadErasure(canonical)
		}
		e.LedgeredAt = ledgered
		return e, err
	})
}
