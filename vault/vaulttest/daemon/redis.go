package daemon

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"
)

// RedisServer is a Redis of the test's own. It keeps nothing on disk: stopped,
// it forgets.
type RedisServer struct{ *Server }

// Redis starts a Redis for this test alone; that takes milliseconds.
func Redis(t testing.TB) *RedisServer {
	t.Helper()
	d, err := private(startRedis)
	if err != nil {
		t.Fatalf("daemon: Redis: %v", err)
	}
	return &RedisServer{own(t, d, "redis://"+d.addr+"/0")}
}

// Dump saves the whole content of the server and returns the file's bytes.
// Strings stand in it as they are: compression is off.
func (s *RedisServer) Dump() []byte {
	s.t.Helper()
	client := redis.NewClient(&redis.Options{Addr: s.Addr})
	err := errors.Join(client.Save(context.Background()).Err(), client.Close())
	if err != nil {
		s.t.Fatalf("daemon: saving Redis: %v", err)
	}
	file := filepath.Join(s.d.folder, "dump.rdb")
	dump, err := os.ReadFile(file)
	// Removed, so that the next start does not read it back.
	if err := errors.Join(err, os.Remove(file)); err != nil {
		s.t.Fatalf("daemon: reading the dump of Redis: %v", err)
	}
	return dump
}

func startRedis(programs programs) (*daemon, error) {
	if programs.redis == "" {
		return nil, errNotInstalled
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	folder, err := privateFolder(nil)
	if err != nil {
		return nil, err
	}
	d := &daemon{
		name: "Redis", addr: addr, folder: folder, path: programs.redis,
		args: []string{
			"--bind", host, "--port", port, "--dir", folder, "--save", "", "--appendonly", "no",
			"--rdbcompression", "no", // a search of the dump must see what is in it
		},
		orderly: syscall.SIGTERM, sudden: syscall.SIGKILL,
		ready: func(ctx context.Context) error {
			client := redis.NewClient(&redis.Options{Addr: addr, MaxRetries: -1})
			return errors.Join(client.Ping(ctx).Err(), client.Close())
		},
	}
	if err := d.start(); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}
