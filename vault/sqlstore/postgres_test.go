package sqlstore

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

// rival is a connection that gets in the store's way.
type rival struct {
	*testing.T
	*pgx.Conn
}

func newRival(t *testing.T, url string) rival {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return rival{t, conn}
}

func (r rival) run(sql string, args ...any) {
	r.Helper()
	if _, err := r.Exec(r.Context(), sql, args...); err != nil {
		r.Fatal(err)
	}
}

// waiting answers the process of the database that waits for a lock of ours.
func (r rival) waiting() (pid int) {
	r.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for time.Now().Before(deadline) {
		err := r.QueryRow(r.Context(), `SELECT pid FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&pid)
		if err == nil {
			return pid
		}
		if !errors.Is(err, pgx.ErrNoRows) {
			r.Fatal(err)
		}
	}
	r.Fatal("nobody came to wait")
	return 0
}

func someone(t *testing.T, s *Store) vault.User {
	t.Helper()
	u := vault.User{ID: uuid.Must(uuid.NewV7()), Status: vault.StatusActive, Revision: 1, CreatedAt: time.UnixMilli(0)}
	err := s.Write(t.Context(), func(tx vault.Tx) error {
		tx.InsertUser(u, vault.SubjectKey{Issuer: "i", KeyVersion: 1, Digest: u.ID.String()})
		tx.Record(happening(u))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func happening(u vault.User) vault.AuditEvent {
	return vault.AuditEvent{ID: uuid.Must(uuid.NewV7()), At: time.UnixMilli(1), Subject: u.ID, Action: vault.UserUpdated}
}

func eventsOf(t *testing.T, s *Store, u vault.User) int {
	t.Helper()
	events, err := s.Events(t.Context(), vault.AuditFilter{Subject: u.ID}, vault.Page{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	return len(events)
}

func TestTheFunctionIsCalledAgainWhenTheDatabaseAsksForIt(t *testing.T) {
	daemon.Ran(t, "PostgreSQL")
	url := daemon.PostgreSQL(t)
	s := opened(t, url, Options{Serializable: true})
	u := someone(t, s)
	r := newRival(t, url)
	r.run("BEGIN ISOLATION LEVEL SERIALIZABLE")
	r.run("UPDATE users SET locale = 'ru' WHERE id = $1", u.ID)

	calls, done, event := 0, make(chan error, 1), happening(u)
	go func() {
		done <- s.Write(t.Context(), func(tx vault.Tx) error {
			calls++
			tx.Record(event)
			tx.ReviseUser(u.ID, 1, nil)
			return nil
		})
	}()
	r.waiting()
	r.run("COMMIT") // whoever waited cannot be put in an order with this
	if err := <-done; err != nil || calls != 2 {
		t.Fatalf("%d calls, %v", calls, err)
	}
	if n := eventsOf(t, s, u); n != 2 {
		t.Fatalf("%d events, want 2", n)
	}
}

func TestADeadlockIsTriedAgain(t *testing.T) {
	url := daemon.PostgreSQL(t)
	s := opened(t, url, Options{})
	a, b := someone(t, s), someone(t, s)
	r := newRival(t, url)
	r.run("BEGIN")
	r.run("UPDATE users SET locale = 'ru' WHERE id = $1", b.ID)
	calls, done, event := 0, make(chan error, 1), happening(a)
	go func() {
		done <- s.Write(t.Context(), func(tx vault.Tx) error {
			calls++
			tx.Record(event)
			tx.ReviseUser(a.ID, 1, nil)
			tx.ReviseUser(b.ID, 1, nil)
			return nil
		})
	}()
	r.waiting()
	// Whoever waited longer is sent away: the store, on a machine that is not
	// too busy to let a second pass in between.
	want := 2
	if _, err := r.Exec(t.Context(), "UPDATE users SET locale = 'ru' WHERE id = $1", a.ID); err != nil {
		want = 1
	}
	r.run("COMMIT")
	// It may be sent away more than once: the row that it let go is anybody's.
	if err := <-done; err != nil || calls < want {
		t.Fatalf("%d calls, want %d at least, %v", calls, want, err)
	}
}

func TestAConnectionCutInTheMiddleLeavesNothing(t *testing.T) {
	url := daemon.PostgreSQL(t)
	s := opened(t, url, Options{})
	u := someone(t, s)
	r := newRival(t, url)
	r.run("BEGIN")
	r.run("SELECT id FROM users WHERE id = $1 FOR UPDATE", u.ID)
	done, event := make(chan error, 1), happening(u)
	go func() {
		done <- s.Write(t.Context(), func(tx vault.Tx) error {
			tx.Record(event)
			tx.InsertMeta("before", "value")
			tx.ReviseUser(u.ID, 1, nil)
			tx.InsertMeta("after", "value")
			return nil
		})
	}()
	r.run("SELECT pg_terminate_backend($1)", r.waiting())
	if err := <-done; !errors.Is(err, vault.ErrUnavailable) {
		t.Fatalf("got %v, want %v", err, vault.ErrUnavailable)
	}
	r.run("ROLLBACK")
	for _, name := range []string{"before", "after"} {
		if _, err := s.Meta(t.Context(), name); !errors.Is(err, vault.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := eventsOf(t, s, u); n != 1 {
		t.Errorf("%d events, want 1", n)
	}
	keep(t, s, "later") // the pool has mended itself
}

func TestALostAnswerToCommitIsNoSuccess(t *testing.T) {
	p := newProxy(t, daemon.PostgreSQL(t))
	s := opened(t, p.url, Options{})
	u := someone(t, s)
	event := happening(u)
	write := func(tx vault.Tx) error {
		tx.Record(event)
		tx.ReviseUser(u.ID, 1, nil)
		return nil
	}
	p.lose.Store(true)
	if err := s.Write(t.Context(), write); !errors.Is(err, vault.ErrUnavailable) {
		t.Fatalf("got %v, want %v", err, vault.ErrUnavailable)
	}
	p.lose.Store(false)
	if n := eventsOf(t, s, u); n != 2 {
		t.Fatalf("%d events: the proxy did not let COMMIT through", n)
	}
	if err := s.Write(t.Context(), write); err == nil { // and was not done twice
		t.Fatal("the same event was recorded twice")
	}
}

func TestAWriteIsTwoRoundTrips(t *testing.T) {
	p := newProxy(t, daemon.PostgreSQL(t))
	s := opened(t, p.url, Options{MaxConns: 1})
	u := someone(t, s) // statements are prepared once per connection
	trips := func(want int64, do func()) {
		t.Helper()
		before := p.trips.Load()
		do()
		if got := p.trips.Load() - before; got != want {
			t.Errorf("%d round trips, want %d", got, want)
		}
	}
	trips(2, func() { someone(t, s) })
	event := func() {
		err := s.Write(t.Context(), func(tx vault.Tx) error { tx.Record(happening(u)); return nil })
		if err != nil {
			t.Fatal(err)
		}
	}
	trips(1, event) // an event alone needs no COMMIT of its own
	read := func() {
		if _, err := s.Fields(t.Context(), []uuid.UUID{u.ID}); err != nil {
			t.Fatal(err)
		}
	}
	read()
	trips(1, read)
}

func TestALongWaitForALockIsCutShort(t *testing.T) {
	url := daemon.PostgreSQL(t)
	s := opened(t, url, Options{})
	u := someone(t, s)
	r := newRival(t, url)
	r.run("BEGIN")
	r.run("SELECT id FROM users WHERE id = $1 FOR UPDATE", u.ID)
	err := s.Write(t.Context(), func(tx vault.Tx) error {
		tx.Record(happening(u))
		tx.ReviseUser(u.ID, 1, nil)
		return nil
	})
	if !errors.Is(err, vault.ErrUnavailable) || !strings.Contains(err.Error(), "57014") {
		t.Fatalf("got %v, want the statement's time-out", err)
	}
}

func TestAFullPoolAnswersInTime(t *testing.T) {
	url := daemon.PostgreSQL(t)
	s := opened(t, url, Options{MaxConns: 1, Timeout: 50 * time.Millisecond})
	p, ok := s.db.(*postgres)
	if !ok {
		t.Fatalf("opened %T", s.db)
	}
	conn, err := p.pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.CountUsers(t.Context(), vault.UserFilter{})
	if !errors.Is(err, vault.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v: the deadline was the store's, not the caller's", err)
	}
	conn.Release()
	s.timeout = time.Minute
	keep(t, s, "name")
}

func TestTheStoreComesBackWithItsServer(t *testing.T) {
	server := daemon.PostgreSQLServer(t)
	s := opened(t, server.URL, Options{})
	u := someone(t, s)
	server.Crash()
	for _, call := range []func() error{
		func() error { return s.Ping(t.Context()) },
		func() error { _, err := s.Fields(t.Context(), []uuid.UUID{u.ID}); return err },
		func() error {
			return s.Write(t.Context(), func(tx vault.Tx) error { tx.Record(happening(u)); return nil })
		},
	} {
		if err := call(); !errors.Is(err, vault.ErrUnavailable) {
			t.Errorf("got %v, want %v", err, vault.ErrUnavailable)
		}
	}
	server.Start()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for s.Ping(ctx) != nil {
		if ctx.Err() != nil {
			t.Fatal("the store did not come back")
		}
	}
	if n := eventsOf(t, s, u); n != 1 {
		t.Fatalf("%d events, want 1", n)
	}
}

func TestErrorsHoldNoKeysAndNoPassword(t *testing.T) {
	bothDatabases(t, func(t *testing.T, url string) {
		s := opened(t, url, Options{})
		id := uuid.Must(uuid.NewV7())
		put := func(code string) error {
			return s.Write(t.Context(), func(tx vault.Tx) error {
				tx.PutApp(vault.App{ID: id, Code: code})
				tx.Record(happening(vault.User{ID: id}))
				return nil
			})
		}
		if err := put("first"); err != nil {
			t.Fatal(err)
		}
		stranger := uuid.Must(uuid.NewV7())
		orphaned := s.Write(t.Context(), func(tx vault.Tx) error {
			tx.PutField(vault.StoredField{User: stranger, Code: "telltale"})
			tx.Record(happening(vault.User{ID: id}))
			return nil
		})
		for _, err := range []error{put("telltale"), orphaned} {
			for ; err != nil; err = errors.Unwrap(err) {
				for _, told := range []string{"telltale", id.String(), stranger.String()} {
					if strings.Contains(err.Error(), told) {
						t.Errorf("an error tells %q: %v", told, err)
					}
				}
			}
		}
	})
	for _, url := range []string{
		"postgres://user:telltale@host:port/x", "postgres://user:telltale@[::1/x", "postgres://user:tell tale@/%zz",
		"postgres://user:telltale@127.0.0.1:1/x",
	} {
		s, err := Open(t.Context(), url, Options{})
		if err == nil {
			err = errors.Join(s.Ping(t.Context()), s.Close())
		}
		if err == nil || strings.Contains(err.Error(), "tale") {
			t.Errorf("got %v", err)
		}
	}
}
