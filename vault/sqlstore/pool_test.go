package sqlstore

import (
	"context"
	"errors"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

func TestTheURLSaysHowManyConnectionsUnlessTheOptionsDo(t *testing.T) {
	database := daemon.PostgreSQL(t)
	for _, c := range []struct {
		parameter string
		option    int
		want      int
	}{
		{"", 0, maxConns},
		{"7", 0, 7},
		{"30", 0, 30},
		{"7", 3, 3},
		{"", 3, 3},
	} {
		s := opened(t, withParameter(t, database, "pool_max_conns", c.parameter), Options{MaxConns: c.option})
		if got := s.Pool().Max; got != c.want {
			t.Errorf("pool_max_conns=%s and MaxConns %d make %d connections, want %d", c.parameter, c.option, got, c.want)
		}
	}
	for _, wrong := range []string{"0", "-1", "many"} {
		s, err := Open(t.Context(), withParameter(t, database, "pool_max_conns", wrong), Options{})
		if err == nil {
			t.Errorf("pool_max_conns=%s is taken: %v", wrong, s.Close())
		}
	}
}

func withParameter(t *testing.T, address, name, value string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	if value != "" {
		query.Set(name, value)
	}
	u.RawQuery = query.Encode()
	return u.String()
}

func TestPoolShowsWhoHoldsAConnection(t *testing.T) {
	t.Run("PostgreSQL", func(t *testing.T) {
		s := opened(t, daemon.PostgreSQL(t), Options{MaxConns: 2})
		p, ok := s.db.(*postgres)
		if !ok {
			t.Fatalf("opened %T", s.db)
		}
		conn, err := p.pool.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Pool(); got.Acquired != 1 || got.Max != 2 {
			t.Errorf("with one in use: %+v", got)
		}
		conn.Release()
		if err := s.Ping(t.Context()); err != nil { // returns after the release
			t.Fatal(err)
		}
		if got := s.Pool(); got.Acquired != 0 || got.Idle < 1 {
			t.Errorf("with none in use: %+v", got)
		}
	})
	t.Run("SQLite", func(t *testing.T) {
		s := opened(t, filepath.Join(t.TempDir(), "vault.db"), Options{})
		d, ok := s.db.(*sqliteFile)
		if !ok {
			t.Fatalf("opened %T", s.db)
		}
		conn, err := d.reader.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Pool(); got.Acquired != 1 || got.Max != readers+1 {
			t.Errorf("with one in use: %+v", got)
		}
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
		if got := s.Pool(); got.Acquired != 0 || got.Idle < 1 {
			t.Errorf("with none in use: %+v", got)
		}
	})
}

func TestCausesHoldNoAddresses(t *testing.T) {
	for _, err := range []error{
		&net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 7), Port: 5432}, Err: errors.New("connection refused")},
		&net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "db.example", Server: "192.0.2.53:53", IsNotFound: true}},
		&net.DNSError{Err: "read udp 192.0.2.7:40000->192.0.2.53:53: i/o timeout", Name: "db.example", Server: "192.0.2.53:53", IsTimeout: true},
		&net.OpError{Op: "dial", Net: "tcp", Err: &net.AddrError{Err: "missing port in address", Addr: "db.example"}},
	} {
		if told := brief(err).Error(); strings.Contains(told, "192.0.2") || strings.Contains(told, "db.example") {
			t.Errorf("the cause tells an address: %s", told)
		}
	}
	s, err := Open(t.Context(), "postgres://u:p@db.invalid:5432/x?sslmode=disable", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	err = s.Ping(context.WithoutCancel(t.Context()))
	if err == nil || strings.Contains(err.Error(), "db.invalid") {
		t.Errorf("got %v", err)
	}
}
