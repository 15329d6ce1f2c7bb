package rediscache

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

// user makes a user under ACL rules, and answers the URL to log in with.
func user(t *testing.T, server *daemon.RedisServer, rules string) string {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: server.Addr})
	defer func() { _ = client.Close() }()
	args := []any{"ACL", "SETUSER", "kelisim", "reset", "on", ">s3cr3t"}
	for rule := range strings.FieldsSeq(rules) {
		args = append(args, rule)
	}
	if err := client.Do(context.Background(), args...).Err(); err != nil {
		t.Fatal(err)
	}
	return "redis://kelisim:s3cr3t@" + server.Addr + "/0"
}

// TestTheRulesAreEnoughForTheCacheAndNoMore: the cache works under them, and
// asking finds nothing beyond.
func TestTheRulesAreEnoughForTheCacheAndNoMore(t *testing.T) {
	url := user(t, daemon.Redis(t), Rules)
	c := opened(t, strings.TrimSuffix(url, "0")+"1", "instance")
	if err := c.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.Set(t.Context(), "key", []byte("value"), time.Minute); err != nil {
		t.Fatal(err)
	}
	if got, there, err := c.Get(t.Context(), "key"); err != nil || !there || string(got) != "value" {
		t.Fatalf("%q %t %v", got, there, err)
	}
	a, err := Inspect(t.Context(), url)
	if err != nil || a.User != "kelisim" || a.Open || len(a.Wider) > 0 {
		t.Errorf("%+v (%v)", a, err)
	}
}

func TestWhatARedisUserMayBeyondTheCacheIsFound(t *testing.T) {
	server := daemon.Redis(t)
	for _, c := range []struct {
		more string
		want []string
	}{
		{"+acl|getuser", nil},
		{"+acl|getuser +@read", []string{"it may run @read"}},
		{"+acl|getuser +flushall", []string{"it may run flushall"}},
		{"+acl|getuser ~*", []string{"it reaches the keys ~*"}},
		{"+acl|getuser (+del ~other)", []string{"it has selectors beside its rules"}},
		{"+config", []string{"it may run config"}},
		{"+acl|users", []string{"it may administer users"}},
		{"+info", []string{"it may run info, and what else is dangerous"}},
		{"+scan", []string{"it sees the names of all keys"}},
		{"+eval", []string{"it may run scripts"}},
		{"+del", []string{"it may delete keys"}},
		{"~doc*", []string{"it reaches keys that are not the cache's"}},
	} {
		a, err := Inspect(t.Context(), user(t, server, Rules+" "+c.more))
		if err != nil || a.Open || !slices.Equal(a.Wider, c.want) {
			t.Errorf("%s: %+v (%v)", c.more, a, err)
		}
	}
	a, err := Inspect(t.Context(), server.URL)
	if err != nil || a.User != "default" || !a.Open || !slices.Equal(a.Wider, []string{"it may run @all", "it reaches the keys ~*"}) {
		t.Errorf("the default user: %+v (%v)", a, err)
	}
}

func TestInspectingTellsNoSecret(t *testing.T) {
	server := daemon.Redis(t)
	for _, url := range []string{
		strings.Replace(user(t, server, Rules), "s3cr3t", "0ther", 1),
		"redis://u:0ther@127.0.0.1:1/0", "redis://u:0ther@127.0.0.1:port/0",
	} {
		if _, err := Inspect(t.Context(), url); err == nil || strings.Contains(err.Error(), "0ther") || strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("%v", err)
		}
	}
}
