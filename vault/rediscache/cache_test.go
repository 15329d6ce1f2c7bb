package rediscache

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/vaulttest"
	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

func TestMain(m *testing.M) { os.Exit(daemon.Main(m)) }

func opened(t *testing.T, url, instance string) *Cache {
	t.Helper()
	c, err := Open(url, instance)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func TestCache(t *testing.T) {
	daemon.Ran(t, "Redis")
	url := daemon.Redis(t).URL
	vaulttest.Cache(t, func(t *testing.T) vault.Cache {
		return opened(t, url, uuid.NewString())
	})
}

func TestClaims(t *testing.T) { vaulttest.Claims(t, opened(t, daemon.Redis(t).URL, uuid.NewString())) }

func TestDatabasesDoNotSeeEachOthersKeys(t *testing.T) {
	server := daemon.Redis(t)
	a, b := opened(t, server.URL, "a"), opened(t, server.URL, "b")
	if err := a.Set(t.Context(), "k", []byte("v"), 0); err != nil {
		t.Fatal(err)
	}
	if _, hit, err := b.Get(t.Context(), "k"); hit || err != nil {
		t.Fatalf("%t, %v", hit, err)
	}
	if !bytes.Contains(server.Dump(), []byte("kelisim:a:k")) {
		t.Fatal("the key does not begin with the instance")
	}
}

func TestAStoppedRedisIsAnErrorAtOnceAndNoLoss(t *testing.T) {
	server := daemon.Redis(t)
	c := opened(t, server.URL, "a")
	if err := c.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	server.Stop()
	for name, call := range map[string]func() error{
		"Get":  func() error { _, _, err := c.Get(t.Context(), "k"); return err },
		"Set":  func() error { return c.Set(t.Context(), "k", []byte("v"), 0) },
		"Ping": func() error { return c.Ping(t.Context()) },
	} {
		begin := time.Now()
		if err := call(); err == nil {
			t.Errorf("%s: no error", name)
		}
		if took := time.Since(begin); took > time.Second {
			t.Errorf("%s took %v", name, took)
		}
	}
	server.Start()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for c.Set(ctx, "k", []byte("v"), 0) != nil {
		if ctx.Err() != nil {
			t.Fatal("it did not come back")
		}
	}
	if value, hit, err := c.Get(ctx, "k"); !hit || err != nil || string(value) != "v" {
		t.Fatalf("%q, %t, %v", value, hit, err)
	}
}

func TestOpenRefusesWhatIsNoRedisAndTellsNoPassword(t *testing.T) {
	for _, url := range []string{
		"", "http://localhost", "localhost:6379", "redis://user:telltale@[::1", "redis://user:telltale@localhost/x",
		"redis://localhost,,redis://localhost",
	} {
		c, err := Open(url, "a")
		if err == nil {
			t.Errorf("%q was opened: %v", url, c.Close())
		} else if strings.Contains(err.Error(), "telltale") {
			t.Errorf("an error tells the password: %v", err)
		}
	}
	if c, err := Open("redis://localhost", ""); err == nil {
		t.Errorf("opened without an instance: %v", c.Close())
	}
}

func TestSecureAddressesAreSpokenToSecurely(t *testing.T) {
	server := daemon.Redis(t) // it speaks no TLS
	c := opened(t, strings.Replace(server.URL, "redis://", "rediss://", 1), "a")
	if err := c.Ping(t.Context()); err == nil {
		t.Fatal("rediss:// was answered in clear")
	}
}
