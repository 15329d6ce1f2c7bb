package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/rediscache"
	"github.com/kelisim/kelisim/vault/sqlstore"
	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

// well is an installation on real servers in which there is nothing to find but
// that the servers are on this machine.
func well(t *testing.T) (*patient, *daemon.VaultServer, *daemon.RedisServer) {
	t.Helper()
	v, cache := daemon.Vault(t), daemon.Redis(t)
	s := settingsFor(t, daemon.PostgreSQL(t), v, cache)
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	s.Addr, s.InternalAddr, s.Data, s.KeyPrefix, s.LogLevel, s.AuditFile = "127.0.0.1:8080", "127.0.0.1:9090", dir, "kelisim", "info", filepath.Join(dir, "audit.jsonl")
	s.OIDCFile, s.ErasureLedger, s.StorageRegion = filepath.Join(dir, "oidc.yaml"), t.TempDir(), "KZ"
	writeFile(t, s.OIDCFile, issuersAt("https://sso.example/staff"))
	writeFile(t, s.AuditFile, "")
	client := redis.NewClient(&redis.Options{Addr: cache.Addr})
	defer func() { _ = client.Close() }()
	args := []any{"ACL", "SETUSER", "kelisim", "on", ">s3cr3t"}
	for rule := range strings.FieldsSeq(rediscache.Rules) {
		args = append(args, rule)
	}
	if err := client.Do(context.Background(), args...).Err(); err != nil {
		t.Fatal(err)
	}
	s.RedisURL = "redis://kelisim:s3cr3t@" + cache.Addr + "/0"
	s.RedisURLFile, s.DatabaseURLFile = filepath.Join(dir, "redis.url"), filepath.Join(dir, "database.url")
	writeFile(t, s.RedisURLFile, s.RedisURL)
	writeFile(t, s.DatabaseURLFile, s.DatabaseURL)
	p := &process{ctx: t.Context(), environment: systemEnvironment(), out: io.Discard, err: io.Discard}
	return &patient{process: p, settings: s}, v, cache
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func issuersAt(url string) string {
	return "issuers:\n  - {issuer: " + url + ", kind: CUSTOMERS, audiences: [shop], algorithms: [ES256]}\n"
}

func chmod(t *testing.T, path string, to os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, to); err != nil {
		t.Fatal(err)
	}
}

// sickness is one thing that is wrong, and what has to be said of it.
type sickness struct {
	check string
	how   severity
	said  string
	with  func(t *testing.T, on *patient)
}

// set makes a sickness of a setting.
func set(check string, how severity, said string, change func(*settings)) sickness {
	return sickness{check, how, said, func(_ *testing.T, on *patient) { change(&on.settings) }}
}

func proxies(list string) func(*settings) {
	return func(s *settings) {
		read, err := environment{variables: map[string]string{"KELISIM_TRUSTED_PROXIES": list}}.settings()
		if err != nil {
			panic(err)
		}
		s.proxies = read.proxies
	}
}

// listens is a server that listens there, and trusts these proxies.
func listens(how severity, found, addr, trusted string) sickness {
	return set("listener", how, found, func(s *settings) { proxies(trusted)(s); s.Addr = addr })
}

// A server on loopback, or at a private address behind a proxy of one's own, is as
// it should be.
func TestAProxyInFrontCoversAPrivateListenerOnly(t *testing.T) {
	for addr, trusted := range map[string]string{"127.0.0.1:8080": "10.0.0.0/24", "10.1.2.3:8080": "10.1.2.0/24", "[fd00::2]:8080": "fd00::/64"} {
		s := settings{Addr: addr}
		proxies(trusted)(&s)
		if found := checkListener(&patient{settings: s}); len(found) > 0 {
			t.Errorf("%s behind %s: %v", addr, trusted, found)
		}
	}
}

func sicknesses(v *daemon.VaultServer, cache *daemon.RedisServer) []sickness {
	token := func(name, token string) func(*testing.T, *patient) {
		return func(t *testing.T, on *patient) {
			path := filepath.Join(on.settings.Data, name)
			writeFile(t, path, token)
			on.settings.EncryptLogin.TokenFile = path
		}
	}
	return slices.Concat(settingSicknesses(), fileSicknesses(), []sickness{
		set("database-setting", insecure, "sslmode=disable lets", func(s *settings) { s.DatabaseURL = "postgres://db.example/k?sslmode=disable" }),
		set("database-setting", insecure, "sslmode=prefer lets", func(s *settings) { s.DatabaseURL = "postgres://db.example/k" }),
		set("database-setting", weak, "sslmode=require encrypts", func(s *settings) { s.DatabaseURL = "postgres://db.example/k?sslmode=require" }),
		set("database-connection", note, "in clear, and on this machine", func(*settings) {}),
		set("database-connection", insecure, "pg_stat_ssl says", func(s *settings) { s.DatabaseURL = strings.Replace(s.DatabaseURL, "127.0.0.1", "0.0.0.0", 1) }),
		set("database-connection", unchecked, "connection refused", func(s *settings) { s.DatabaseURL = "postgres://u:s3cr3t@127.0.0.1:1/k" }),
		{"database-role", insecure, "it owns the tables", func(t *testing.T, on *patient) {
			on.settings.DatabaseURL = daemon.AsOwner(t, on.settings.DatabaseURL)
		}},
		set("database-role", unchecked, "connection refused", func(s *settings) { s.DatabaseURL = "postgres://u:s3cr3t@127.0.0.1:1/k" }),
		{"demo", insecure, "filled it with its demo", demoed},
		set("demo", unchecked, "connection refused", func(s *settings) { s.DatabaseURL = "postgres://u:s3cr3t@127.0.0.1:1/k" }),
		set("redis-setting", insecure, "redis:// is in clear: ", func(s *settings) { s.RedisURL = "redis://cache.example:6379/0" }),
		set("redis-setting", note, "on this machine", func(*settings) {}),
		set("redis-user", insecure, "the user default needs no password", func(s *settings) { s.RedisURL = cache.URL }),
		set("redis-user", weak, "may do more than a cache needs: it may run @all", func(s *settings) { s.RedisURL = cache.URL }),
		set("redis-user", unchecked, "connection refused", func(s *settings) { s.RedisURL = "redis://u:s3cr3t@127.0.0.1:1/0" }),
		set("vault-address", insecure, "in clear: tokens", func(s *settings) { s.VaultAddr = "http://vault.example:8200" }),
		set("vault-address", note, "on this machine", func(*settings) {}),
		set("vault-split", weak, "one login encrypts and decrypts", func(s *settings) { s.DecryptLogin.TokenFile = "" }),
		{"vault-logins", insecure, "more than its work: update " + v.Mount + "/decrypt/kelisim-pii", token("both", v.DecryptToken)},
		{"vault-logins", insecure, "more than its work: everything: it is root", token("root", v.Token)},
		{"vault-logins", weak, "the login never ends", token("root", v.Token)},
		{"vault-logins", unchecked, "answers 403", token("none", "s3cr3t")},
		set("vault-logins", unchecked, "no such file", func(s *settings) { s.EncryptLogin.TokenFile = "nowhere" }),
		set("vault-logins", unchecked, "there is no login", func(s *settings) {
			s.EncryptLogin, s.DecryptLogin, s.RewrapLogin, s.ReindexLogin = login{}, login{}, login{}, login{}
		}),
		{"vault-keys", unchecked, "answers 403", token("none", "s3cr3t")},
	})
}

// demoed is what serve --dev leaves in a database.
func demoed(t *testing.T, on *patient) {
	t.Helper()
	db, err := sqlstore.Open(t.Context(), on.settings.DatabaseURL, sqlstore.Options{})
	if err == nil {
		err = db.Maintain(t.Context(), func(tx vault.KeepingTx) error { tx.InsertMeta(metaDemoBegun, "true"); return nil })
	}
	if err == nil {
		err = db.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

func settingSicknesses() []sickness {
	issuer := func(text string) func(*testing.T, *patient) {
		return func(t *testing.T, on *patient) { writeFile(t, on.settings.OIDCFile, text) }
	}
	return []sickness{
		set("keys", unchecked, "nothing says where", func(s *settings) { s.VaultAddr = "" }),
		{"keys", unchecked, "contradicts --keyring", func(_ *testing.T, on *patient) { on.keyring = true }},
		{"keys", note, "in the memory of the server", func(_ *testing.T, on *patient) { on.keyring, on.settings.VaultAddr = true, "" }},
		set("listener", insecure, "every interface", func(s *settings) { s.Addr = "0.0.0.0:8080" }),
		set("listener", insecure, "every interface", func(s *settings) { s.Addr = ":8080" }),
		set("listener", weak, "from other machines", func(s *settings) { s.Addr = "10.1.2.3:8080" }),
		listens(weak, "past the proxy", "0.0.0.0:8080", "10.0.0.0/24"),
		listens(weak, "past the proxy", "[::]:8080", "10.0.0.0/24"),
		listens(insecure, "every interface", "0.0.0.0:8080", "0.0.0.0/0"),
		listens(insecure, "every interface", ":8080", "8.0.0.0/8"),
		listens(insecure, "also where a proxy is trusted", "93.184.216.34:8080", "10.0.0.0/24"),
		listens(insecure, "also where a proxy is trusted", "[2606:2800:220:1::1]:8080", "10.0.0.0/24"),
		listens(weak, "from other machines", "10.1.2.3:8080", "::/0"),
		set("internal-listener", weak, "console, metrics", func(s *settings) { s.InternalAddr = "10.1.2.3:9090" }),
		set("trusted-proxies", insecure, "0.0.0.0/0 is everybody", proxies("0.0.0.0/0")),
		set("trusted-proxies", insecure, "::/0 is everybody", proxies("10.0.0.0/8,::/0")),
		set("trusted-proxies", weak, "8.0.0.0/8 has room", proxies("8.0.0.0/8")),
		set("log-level", weak, "debug writes", func(s *settings) { s.LogLevel = "debug" }),
		set("erasure-ledger", weak, "nothing outside the database", func(s *settings) { s.ErasureLedger = "" }),
		set("erasure-ledger", weak, "takes both back", func(s *settings) { s.DatabaseURL, s.DatabaseURLFile, s.ErasureLedger = "", "", s.in("erasures") }),
		set("audit-file", note, "in the database only", func(s *settings) { s.AuditFile = "" }),
		{"issuers", insecure, "asked for its keys in clear", issuer(issuersAt("http://127.0.0.1:5556/dex"))},
		{"issuers", insecure, "https only", issuer(issuersAt("http://sso.example/dex"))},
		{"issuers", weak, "like one for development", issuer(issuersAt("https://localhost/dex"))},
		set("issuers", unchecked, "no such file", func(s *settings) { s.OIDCFile = "nowhere" }),
		set("issuers", unchecked, "it is not set", func(s *settings) { s.OIDCFile = "" }),
		set("environment", note, "in the environment", func(s *settings) { s.VaultToken = "s3cr3t" }),
		set("environment", note, "in the environment", func(s *settings) { s.DatabaseURLFile = "" }),
	}
}

func fileSicknesses() []sickness {
	return []sickness{
		{"development", insecure, "keys and tokens of serve --dev", func(t *testing.T, on *patient) {
			if err := os.Mkdir(on.settings.in("dev"), 0o700); err != nil {
				t.Fatal(err)
			}
		}},
		{"data-folder", insecure, "open to every account", func(t *testing.T, on *patient) { chmod(t, on.settings.Data, 0o705) }},
		{"data-folder", weak, "open to its group", func(t *testing.T, on *patient) { chmod(t, on.settings.Data, 0o750) }},
		{"secret-files", insecure, "open to every account", func(t *testing.T, on *patient) { chmod(t, on.settings.EncryptLogin.TokenFile, 0o604) }},
		{"secret-files", insecure, "open to every account", func(t *testing.T, on *patient) { chmod(t, on.settings.DecryptLogin.TokenFile, 0o644) }},
		set("storage-region", weak, "nothing says in which country", func(s *settings) { s.StorageRegion = "" }),
		{"secret-files", insecure, "written by its group", func(t *testing.T, on *patient) { chmod(t, on.settings.RewrapLogin.TokenFile, 0o620) }},
		{"secret-files", note, "read by its group", func(t *testing.T, on *patient) { chmod(t, on.settings.DatabaseURLFile, 0o640) }},
		set("secret-files", unchecked, "no such file", func(s *settings) { s.KeyringKeyFile = "nowhere" }),
		{"trusted-files", insecure, "written by every account", func(t *testing.T, on *patient) { chmod(t, on.settings.OIDCFile, 0o606) }},
		{"trusted-files", weak, "written by its group", func(t *testing.T, on *patient) { chmod(t, on.settings.OIDCFile, 0o660) }},
		{"folders", insecure, "who replaces the file in it", func(t *testing.T, on *patient) { chmod(t, filepath.Dir(on.settings.OIDCFile), 0o707) }},
		{"audit-file-mode", insecure, "changed by others", func(t *testing.T, on *patient) { chmod(t, on.settings.AuditFile, 0o620) }},
		{"audit-file-mode", weak, "read by every account", func(t *testing.T, on *patient) { chmod(t, on.settings.AuditFile, 0o604) }},
		{"keyring-key", insecure, "lies in KELISIM_DATA", func(t *testing.T, on *patient) {
			on.keyring, on.settings.VaultAddr = true, ""
			on.settings.KeyringKeyFile = on.settings.in("key")
			writeFile(t, on.settings.KeyringKeyFile, "")
		}},
	}
}

// TestEachCheckFindsWhatItIsFor makes a sound installation sick in one way at a
// time. Before that nothing may be found; every check has a case.
func TestEachCheckFindsWhatItIsFor(t *testing.T) {
	on, v, cache := well(t)
	before := examine(on)
	if count := counted(before); count != "" {
		t.Fatalf("a sound installation: %s: %+v", count, before)
	}
	tried := map[string]bool{}
	sound := on.settings
	for _, c := range sicknesses(v, cache) {
		tried[c.check] = true
		sick := &patient{process: on.process, settings: sound}
		sick.settings.Data = t.TempDir()
		chmod(t, sick.settings.Data, 0o700)
		sick.settings = sick.copied(t, sound)
		c.with(t, sick)
		i := slices.IndexFunc(examinations(), func(e examination) bool { return e.name == c.check })
		found := examinations()[i].run(sick)
		sick.discharge()
		if !slices.ContainsFunc(found, func(f finding) bool { return f.Severity == c.how && strings.Contains(f.Found, c.said) }) {
			t.Errorf("%s: %s %q is not found: %+v", c.check, c.how, c.said, found)
		}
		for _, f := range found {
			if f.Subject == "" || f.Do == "" || strings.Contains(f.Found+f.Do, "s3cr3t") {
				t.Errorf("%s: %+v", c.check, f)
			}
		}
	}
	for name, config := range map[string]map[string]any{"deletion_allowed": {"deletion_allowed": true}, "exportable": {"exportable": true}} {
		v.Write("keys/kelisim-index/config", config)
		if found := checkVaultKeys(on); !slices.ContainsFunc(found, func(f finding) bool { return strings.Contains(f.Found, name) && f.Severity == insecure }) {
			t.Errorf("%s is not found: %+v", name, found)
		}
	}
	for _, e := range examinations() {
		if !tried[e.name] {
			t.Errorf("no case of %s fails", e.name)
		}
	}
}

// copied gives a patient files of its own, to be spoilt.
func (on *patient) copied(t *testing.T, sound settings) settings {
	t.Helper()
	s := sound
	s.Data = on.settings.Data
	for _, file := range []*string{
		&s.EncryptLogin.TokenFile, &s.DecryptLogin.TokenFile, &s.RewrapLogin.TokenFile, &s.ReindexLogin.TokenFile, &s.DatabaseURLFile, &s.RedisURLFile, &s.OIDCFile, &s.AuditFile,
	} {
		text, err := os.ReadFile(*file)
		if err != nil {
			t.Fatal(err)
		}
		*file = filepath.Join(s.Data, filepath.Base(*file))
		writeFile(t, *file, string(text))
	}
	return s
}

func TestFindingsAreToldToPeopleAndToPrograms(t *testing.T) {
	found := []finding{
		{Check: "listener", Severity: insecure, Subject: "KELISIM_ADDR", Found: "open", Do: "close it"},
		{Check: "demo", Severity: unchecked, Subject: "the database", Found: "not checked, because it is away", Do: "start it"},
		{Check: "keys", Severity: note, Subject: "--keyring", Found: "here"},
	}
	var text, encoded bytes.Buffer
	if err := tellFindings(&text, found); err != nil {
		t.Fatal(err)
	}
	want := "insecure   listener  KELISIM_ADDR: open\n           close it\n" +
		"unchecked  demo  the database: not checked, because it is away\n           start it\nnote       keys  --keyring: here\n"
	if text.String() != want {
		t.Errorf("people read:\n%s", text.String())
	}
	if err := tellJSON(&encoded, found); err != nil {
		t.Fatal(err)
	}
	var read struct {
		Checks   []string  `json:"checks"`
		Findings []finding `json:"findings"`
	}
	if err := json.Unmarshal(encoded.Bytes(), &read); err != nil || !slices.Equal(read.Findings, found) || len(read.Checks) != len(examinations()) {
		t.Errorf("programs read %+v (%v)", read, err)
	}
	if got := counted(found); got != "1 insecure, 1 unchecked" {
		t.Errorf("counted %q", got)
	}
	found[0].Accepted, found[1].Accepted = true, true
	if got := counted(found); got != "" {
		t.Errorf("accepted findings count: %q", got)
	}
}

func TestEveryCheckOfTheDoctorIsInTheOperationsManual(t *testing.T) {
	told := manual(t, "## Is it set up safely?", regexp.MustCompile("(?m)^\\| `([a-z-]+)` (\\|) \\S.* \\|$"))
	for _, e := range examinations() {
		if told[e.name] == "" {
			t.Errorf("docs/operations.md does not tell of the check %s", e.name)
		}
		delete(told, e.name)
	}
	if len(told) > 0 {
		t.Errorf("docs/operations.md tells of checks that are not there: %v", told)
	}
}
