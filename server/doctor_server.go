package main

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/hashicorp/vault/api"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/rediscache"
	"github.com/kelisim/kelisim/vault/transit/setup"
)

// What the servers tell.

const databaseTLS = "sslmode=verify-full in DATABASE_URL, and sslrootcert with the authority's certificate"

// checkDatabaseSetting: what DATABASE_URL asks for.
func checkDatabaseSetting(on *patient) []finding {
	s := on.settings
	if !s.postgres() || nearby(s.DatabaseURL) {
		return nil
	}
	f := finding{Severity: insecure, Subject: "DATABASE_URL", Do: databaseTLS}
	switch mode := on.sslmode(); mode {
	case "verify-full":
		return nil
	case "verify-ca", "require":
		f.Severity, f.Found = weak, "sslmode="+mode+" encrypts and does not make sure whom it speaks to"
	default:
		f.Found = "sslmode=" + mode + " lets the connection be in clear: the password, ciphertexts and the record can be read and changed on the way"
	}
	return []finding{f}
}

// sslmode is how the driver will decide about TLS.
func (on *patient) sslmode() string {
	u, err := url.Parse(on.settings.DatabaseURL)
	if err == nil && u.Query().Get("sslmode") != "" {
		return u.Query().Get("sslmode")
	}
	if mode := on.variables["PGSSLMODE"]; mode != "" {
		return mode
	}
	return "prefer"
}

// checkDatabaseConnection: what a connection is really like.
func checkDatabaseConnection(on *patient) []finding {
	if !on.settings.postgres() {
		return nil
	}
	db, err := on.database()
	if err != nil {
		return notChecked("DATABASE_URL", err)
	}
	ctx, cancel := on.within()
	defer cancel()
	is, err := db.Transport(ctx)
	switch {
	case err != nil:
		return notChecked("DATABASE_URL", readable(err))
	case is.TLS != "" || !is.Remote:
		return nil
	case nearby(on.settings.DatabaseURL):
		return []finding{{Severity: note, Subject: "DATABASE_URL", Found: "the connection is in clear, and on this machine", Do: databaseTLS}}
	}
	return []finding{{Severity: insecure, Subject: "DATABASE_URL", Found: "pg_stat_ssl says that the connection is in clear", Do: databaseTLS}}
}

// checkDatabaseRole: two users, of whom the one that serves cannot rewrite.
func checkDatabaseRole(on *patient) []finding {
	if !on.settings.postgres() {
		return nil
	}
	db, err := on.database()
	if err != nil {
		return notChecked("DATABASE_URL", err)
	}
	ctx, cancel := on.within()
	defer cancel()
	role, found, err := db.Excess(ctx)
	if err != nil {
		return notChecked("DATABASE_URL", readable(err))
	}
	var out []finding
	for _, e := range found {
		f := finding{Severity: insecure, Subject: "the database's user " + role, Found: e.What + ": what is on record can be rewritten", Do: e.Undo}
		if f.Do == "" {
			f.Do = "serve as another: kelisim migrate --runtime-role NAME, as the owner"
		}
		out = append(out, f)
	}
	return out
}

// checkDemo: invented people and a policy of nobody.
func checkDemo(on *patient) []finding {
	db, err := on.database()
	if err != nil {
		return notChecked("the database", err)
	}
	ctx, cancel := on.within()
	defer cancel()
	_, err = db.Meta(ctx, metaDemoBegun)
	switch {
	case errors.Is(err, vault.ErrNotFound):
		return nil
	case err != nil:
		return notChecked("the database", readable(err))
	}
	return []finding{{
		Severity: insecure, Subject: "the database", Found: "serve --dev filled it with its demo: its keys may lie in a folder, and its people are invented",
		Do: "begin production with a new database and new keys",
	}}
}

func checkRedisSetting(on *patient) []finding {
	address := on.settings.RedisURL
	if address == "" || strings.HasPrefix(address, "rediss://") || strings.HasPrefix(address, "unix://") {
		return nil
	}
	f := finding{
		Severity: insecure, Subject: "REDIS_URL", Found: "redis:// is in clear: the password can be read on the way",
		Do: "rediss://, with TLS on in Redis",
	}
	if nearby(address) {
		f.Severity, f.Found = note, "redis:// is in clear, and on this machine"
	}
	return []finding{f}
}

func checkRedisUser(on *patient) []finding {
	if on.settings.RedisURL == "" {
		return nil
	}
	rediscache.Quiet()
	ctx, cancel := on.within()
	defer cancel()
	a, err := rediscache.Inspect(ctx, on.settings.RedisURL)
	if err != nil {
		return notChecked("REDIS_URL", err)
	}
	const do = "ACL SETUSER kelisim on >PASSWORD " + rediscache.Rules + "; then name that user and password in REDIS_URL"
	var out []finding
	if a.Open {
		out = append(out, finding{
			Severity: insecure, Subject: "REDIS_URL",
			Found: "the user " + a.User + " needs no password: anybody who reaches Redis reads and empties the cache", Do: do,
		})
	}
	for _, wider := range a.Wider {
		out = append(out, finding{Severity: weak, Subject: "REDIS_URL", Found: "the user " + a.User + " may do more than a cache needs: " + wider, Do: do})
	}
	return out
}

func checkVaultAddress(on *patient) []finding {
	address := on.settings.VaultAddr
	if address == "" || strings.HasPrefix(address, "https://") {
		return nil
	}
	f := finding{
		Severity: insecure, Subject: "VAULT_ADDR", Found: "http:// is in clear: tokens and values can be read on the way",
		Do: "https://, and VAULT_CACERT where the system does not know the authority",
	}
	if nearby(address) {
		f.Severity, f.Found = note, "http:// is in clear, and on this machine"
	}
	return []finding{f}
}

func checkVaultSplit(on *patient) []finding {
	if on.settings.VaultAddr == "" || on.settings.DecryptLogin.given() {
		return nil
	}
	return []finding{{
		Severity: weak, Subject: "KELISIM_DECRYPT_TOKEN_FILE", Found: "one login encrypts and decrypts: reading cannot be stopped alone, and a mistake in what writes can read",
		Do: "kelisim vault setup --token-dir DIR writes a login for each; name the one that decrypts here",
	}}
}

// checkVaultLogins: each token has its policy and nothing else.
func checkVaultLogins(on *patient) []finding {
	if on.settings.VaultAddr == "" {
		return nil
	}
	logins := on.logins()
	if len(logins) == 0 {
		return notChecked("VAULT_TOKEN_FILE", errors.New("there is no login for Vault in the settings"))
	}
	var out []finding
	for _, l := range logins {
		out = append(out, on.visit(l, l.excess)...)
	}
	return out
}

// excess is what a login may do beyond its work.
func (l vaultLogin) excess(ctx context.Context, plan *setup.Plan, client *api.Client) []finding {
	is, err := plan.Inspect(ctx, client, l.roles...)
	if err != nil {
		return notChecked(l.name, err)
	}
	var policies []string
	for _, role := range l.roles {
		policies = append(policies, plan.Policy(role))
	}
	do := "give it " + strings.Join(policies, " and ") + " and no other policy: kelisim vault setup makes them, and --token-dir a token of each"
	var out []finding
	for _, beyond := range is.Excess {
		out = append(out, finding{Severity: insecure, Subject: l.name, Found: "the login may do more than its work: " + beyond, Do: do})
	}
	for _, policy := range is.Policies {
		if policy == "default" {
			out = append(out, finding{Severity: weak, Subject: l.name, Found: `the login carries the policy "default", which allows more than it seems`, Do: do})
		}
	}
	if is.Forever {
		out = append(out, finding{
			Severity: weak, Subject: l.name, Found: "the login never ends: a copy of it is good for ever",
			Do: "use a token with a period, which the server renews",
		})
	}
	return out
}

// checkVaultKeys: flags that weaken the keys.
func checkVaultKeys(on *patient) []finding {
	logins := on.logins()
	if on.settings.VaultAddr == "" || len(logins) == 0 {
		return nil // the check above says so
	}
	return on.visit(logins[0], func(ctx context.Context, plan *setup.Plan, client *api.Client) []finding {
		var out []finding
		for _, name := range []string{"pii", "index", "technical", "receipt"} {
			key, there, err := plan.ReadKey(ctx, client, name)
			out = append(out, checkVaultKey(key, there, err, on.settings.KeyPrefix+"-"+name)...)
		}
		return out
	})
}

func checkVaultKey(key setup.Key, there bool, err error, name string) []finding {
	switch {
	case err != nil:
		return notChecked("the key "+name, err)
	case !there:
		return notChecked("the key "+name, errors.New("there is none; kelisim vault setup makes it"))
	}
	var out []finding
	for _, weakness := range key.Weaknesses() {
		found, do, _ := strings.Cut(weakness, "; ")
		out = append(out, finding{Severity: insecure, Subject: "the key " + name, Found: found, Do: do})
	}
	return out
}
