//go:build bench

package main

import (
	"io"
	"net"
	"net/url"
	"sync/atomic"
	"testing"
)

// countTrips stands between a server and its database, and counts each time
// that the server speaks after it was answered.
func countTrips(t *testing.T, database string, trips *atomic.Int64) string {
	t.Helper()
	target, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	postgres := target.Host
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() }) // the connections end with the server's pool
	target.Host = listener.Addr().String()
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", postgres)
			if err != nil {
				_ = near.Close()
				return
			}
			var answered atomic.Bool
			go relay(far, near, func() {
				if answered.Swap(false) {
					trips.Add(1)
				}
			})
			go relay(near, far, func() { answered.Store(true) })
		}
	}()
	return target.String()
}

// relay copies until either side ends, and tells of each piece on its way.
func relay(to, from net.Conn, passing tell) {
	_, _ = io.Copy(to, io.TeeReader(from, passing)) // how a connection ends is the store's affair
	_, _ = to.Close(), from.Close()
}

type tell func()

// Write implements io.Writer.
func (f tell) Write(piece []byte) (int, error) {
	f()
	return len(piece), nil
}
