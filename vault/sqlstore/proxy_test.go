package sqlstore

import (
	"bytes"
	"net"
	"net/url"
	"sync/atomic"
	"testing"
)

// proxy stands between a store and PostgreSQL. It counts round trips, and can
// take COMMIT to the database and cut the connection instead of answering.
type proxy struct {
	url   string
	trips atomic.Int64
	lose  atomic.Bool
}

func newProxy(t *testing.T, database string) *proxy {
	t.Helper()
	target, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	server := target.Host
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	target.Host = listener.Addr().String()
	p := &proxy{url: target.String()}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			upstream, err := net.Dial("tcp", server)
			if err != nil {
				_ = client.Close()
				return
			}
			p.join(client, upstream)
		}
	}()
	return p
}

func (p *proxy) join(client, server net.Conn) {
	var answered, losing atomic.Bool
	pump := func(from, to net.Conn, pass func([]byte) bool) {
		defer func() { _, _ = client.Close(), server.Close() }()
		for buffer := make([]byte, 64<<10); ; {
			n, err := from.Read(buffer)
			if err != nil || !pass(buffer[:n]) {
				return
			}
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
	}
	go pump(client, server, func(b []byte) bool {
		if answered.Swap(false) {
			p.trips.Add(1)
		}
		if p.lose.Load() && bytes.Contains(b, []byte("COMMIT\x00")) {
			losing.Store(true)
		}
		return true
	})
	go pump(server, client, func([]byte) bool {
		answered.Store(true)
		return !losing.Load()
	})
}
