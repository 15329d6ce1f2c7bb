package rediscache

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

// answered is an error that Redis itself answered.
type answered string

func (a answered) Error() string { return string(a) }
func (answered) RedisError()     {}

func TestCausesHoldNoAddresses(t *testing.T) {
	here := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 7), Port: 6379}
	for _, c := range []struct {
		err  error
		want string
	}{
		{&net.OpError{Op: "dial", Net: "tcp", Addr: here, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}, "connect: connection refused"},
		{&net.OpError{Op: "read", Net: "tcp", Source: here, Addr: here, Err: os.ErrDeadlineExceeded}, "no answer in time"},
		{&net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "redis.example", Server: "192.0.2.53:53"}}, "the server's name could not be looked up"},
		{answered("MOVED 3999 192.0.2.7:6379"), "redis answered MOVED"},
		{errors.New("no node of redis.example answers"), "*errors.errorString"},
		{fmt.Errorf("192.0.2.7: %w", redis.ErrPoolTimeout), redis.ErrPoolTimeout.Error()},
		{fmt.Errorf("192.0.2.7: %w", context.Canceled), "context canceled"},
	} {
		if got := brief(c.err).Error(); got != c.want {
			t.Errorf("%v is told as %q, want %q", c.err, got, c.want)
		}
	}
}

func TestNoErrorTellsWhereRedisIs(t *testing.T) {
	server := daemon.Redis(t)
	stopped := opened(t, server.URL, "a")
	server.Stop()
	nameless := opened(t, "redis://redis.invalid:6379", "a")
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []*Cache{stopped, nameless} {
		_, _, get := c.Get(t.Context(), "k")
		for _, err := range []error{c.Ping(t.Context()), get, c.Set(t.Context(), "k", nil, 0)} {
			if err == nil || strings.Contains(err.Error(), "127.0.0.1") || strings.Contains(err.Error(), "invalid") {
				t.Errorf("got %v", err)
			}
		}
		if err := c.Ping(cancelled); !errors.Is(err, context.Canceled) {
			t.Errorf("a caller who left is told %v", err)
		}
	}
}
