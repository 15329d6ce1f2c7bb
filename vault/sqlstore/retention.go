package sqlstore

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// Lease implements vault.LeaseReader.
func (s *Store) Lease(ctx context.Context, name string) (vault.Lease, error) {
	return one(ctx, s, `SELECT name, holder, until, place, ended_at FROM leases WHERE name = $1`, []any{key(name)}, func(r row) (l vault.Lease, err error) {
		err = r.Scan(&l.Name, &l.Holder, moment{&l.Until}, &l.Place, moment{&l.EndedAt})
		return l, err
	})
}

// TakeLease implements vault.LeaseTx.
func (t *tx) TakeLease(l vault.Lease, now time.Time) {
	t.queue(`INSERT INTO leases (name, holder, until, place) VALUES ($1, $2, $3, $4)
		ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until WHERE leases.until <= $5`,
		key(l.Name), l.Holder, l.Until.UnixMilli(), "", now.UnixMilli()).orMissed(vault.ErrTaken)
}

// RenewLease implements vault.LeaseTx.
func (t *tx) RenewLease(l vault.Lease) {
	t.queue(`UPDATE leases SET until = $3, place = $4 WHERE name = $1 AND holder = $2`,
		key(l.Name), l.Holder, l.Until.UnixMilli(), l.Place).orMissed(vault.ErrTaken)
}

// EndLease implements vault.LeaseTx.
func (t *tx) EndLease(name string, holder uuid.UUID, at time.Time) {
	t.queue(`UPDATE leases SET until = 0, place = '', ended_at = $3 WHERE name = $1 AND holder = $2`,
		key(name), holder, at.UnixMilli()).orMissed(vault.ErrStale)
}

// RetentionMarks implements vault.RetentionReader.
func (s *Store) RetentionMarks(ctx context.Context, users []uuid.UUID) ([]vault.RetentionMark, error) {
	b := &builder{}
	b.add("SELECT user_id, field, due_at, warned_at FROM retention_marks WHERE user_id IN ")
	b.in(users)
	return list(ctx, s, b.String(), b.args, func(r row) (m vault.RetentionMark, err error) {
		err = r.Scan(&m.User, &m.Field, moment{&m.DueAt}, moment{&m.WarnedAt})
		return m, err
	})
}

// PutRetentionMark implements vault.RetentionTx.
func (t *tx) PutRetentionMark(m vault.RetentionMark) {
	t.queue(`INSERT INTO retention_marks (user_id, field, due_at, warned_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (user_id, field) DO UPDATE SET due_at = excluded.due_at, warned_at = excluded.warned_at`,
		m.User, m.Field, m.DueAt.UnixMilli(), m.WarnedAt.UnixMilli())
}

// ExpiryMarks implements vault.ExpiryReader.
func (s *Store) ExpiryMarks(ctx context.Context, users []uuid.UUID) ([]vault.ExpiryMark, error) {
	b := &builder{}
	b.add("SELECT user_id, told FROM expiry_marks WHERE user_id IN ")
	b.in(users)
	return list(ctx, s, b.String(), b.args, func(r row) (m vault.ExpiryMark, err error) {
		err = r.Scan(&m.User, moment{&m.Told})
		return m, err
	})
}

// PutExpiryMark implements vault.ExpiryTx.
func (t *tx) PutExpiryMark(m vault.ExpiryMark) {
	t.queue(`INSERT INTO expiry_marks (user_id, told) VALUES ($1, $2)
		ON CONFLICT (user_id) DO UPDATE SET told = excluded.told`, m.User, m.Told.UnixMilli())
}

// ReviseAsRead implements vault.RetentionTx.
func (t *tx) ReviseAsRead(u vault.User) {
	t.queue(`UPDATE users SET revision = revision + 1 WHERE id = $1 AND revision = $2 AND consent_seq = $3 AND status <> $4`,
		u.ID, u.Revision, u.ConsentSeq, vault.StatusErased).orMissed(vault.ErrStale)
}

// ForgetEvidence implements vault.RetentionTx.
func (t *tx) ForgetEvidence(user uuid.UUID, kinds []vault.KeptKind) {
	t.erases = true
	for _, part := range traces() {
		if slices.Contains(kinds, part.of.Evidence()) {
			t.queue(part.remove(), user)
		}
	}
}
