package rediscache

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Rules are what the user of the cache needs in Redis's ACL, and nothing else,
// as `ACL SETUSER kelisim on >PASSWORD …` takes them.
const Rules = "resetchannels ~kelisim:* -@all +ping +get +set +select +client|setname +acl|whoami"

// harmless reports whether a command is one that Rules allows, that a client
// sends by itself, or with which Inspect asks.
func harmless(command string) bool {
	return slices.Contains([]string{
		"ping", "get", "set", "select", "client|setname", "client|setinfo", "hello", "auth", "acl|whoami", "acl|getuser",
		"cluster|slots", "cluster|shards", "cluster|nodes", "readonly", "command", "command|info", "quit",
	}, command)
}

// inspectWithin bounds each step of asking: somebody waits for the answer, and
// nobody's request.
const inspectWithin = 3 * time.Second

// Access is what a login may do in Redis.
type Access struct {
	User  string   // "default" is everybody's
	Open  bool     // anybody gets in as this user, without a password
	Wider []string // what it may do and the cache does not need
}

// Inspect asks the Redis of a URL, or the first of several, what the login in it
// may do. A user who may not read the ACL is judged by trying: by commands that
// change nothing, whatever they answer.
func Inspect(ctx context.Context, urls string) (_ Access, err error) {
	options, err := options(urls)
	if err != nil {
		return Access{}, err
	}
	options.DialTimeout, options.ReadTimeout, options.WriteTimeout, options.PoolTimeout = inspectWithin, inspectWithin, inspectWithin, inspectWithin
	client := redis.NewUniversalClient(options)
	defer func() { err = errors.Join(err, client.Close()) }()
	if err := client.Ping(ctx).Err(); err != nil {
		return Access{}, fmt.Errorf("rediscache: %w", brief(err))
	}
	a := Access{User: options.Username, Open: options.Password == ""}
	if a.User == "" {
		a.User = "default"
	}
	told, err := client.Do(ctx, "ACL", "GETUSER", a.User).Result()
	switch {
	case err == nil:
		return a.read(told), nil
	case !forbidden(err):
		return a, fmt.Errorf("rediscache: %w", brief(err))
	}
	a.Wider, err = try(ctx, client)
	return a, err
}

func forbidden(err error) bool { return strings.HasPrefix(err.Error(), "NOPERM") }

// read understands what ACL GETUSER says.
func (a Access) read(told any) Access {
	rules, _ := told.(map[any]any)
	if flags, ok := rules["flags"].([]any); ok && slices.Contains(flags, any("nopass")) {
		a.Open = true
	}
	commands, _ := rules["commands"].(string)
	for rule := range strings.FieldsSeq(commands) {
		if name, allowed := strings.CutPrefix(rule, "+"); allowed && !harmless(name) {
			a.Wider = append(a.Wider, "it may run "+name)
		}
	}
	keys, _ := rules["keys"].(string)
	for pattern := range strings.FieldsSeq(keys) {
		if !strings.HasPrefix(pattern, "~kelisim:") {
			a.Wider = append(a.Wider, "it reaches the keys "+pattern)
		}
	}
	if selectors, ok := rules["selectors"].([]any); ok && len(selectors) > 0 {
		a.Wider = append(a.Wider, "it has selectors beside its rules")
	}
	return a
}

// try sends what no cache needs: one command for each kind of power.
func try(ctx context.Context, client redis.UniversalClient) ([]string, error) {
	var wider []string
	for _, probe := range []struct {
		command []any
		means   string
	}{
		{[]any{"CONFIG", "GET", "maxmemory"}, "it may run config"},
		{[]any{"ACL", "USERS"}, "it may administer users"},
		{[]any{"INFO", "server"}, "it may run info, and what else is dangerous"},
		{[]any{"SCAN", "0", "COUNT", "1"}, "it sees the names of all keys"},
		{[]any{"EVAL", "return 1", "0"}, "it may run scripts"},
		{[]any{"DEL", "kelisim:doctor"}, "it may delete keys"},
		{[]any{"GET", "doctor"}, "it reaches keys that are not the cache's"},
	} {
		err := client.Do(ctx, probe.command...).Err()
		switch {
		case err == nil || errors.Is(err, redis.Nil):
			wider = append(wider, probe.means)
		case !forbidden(err):
			return wider, fmt.Errorf("rediscache: %w", brief(err))
		}
	}
	return wider, nil
}
