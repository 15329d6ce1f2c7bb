package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/google/uuid"

	"github.com/kelisim/kelisim/graph"
)

// settings are the whole configuration. Each comes from the environment; a
// secret may be given as the path of a file that holds it, by the same name
// with _FILE behind it. docs/operations.md explains each.
type settings struct {
	Addr         string `env:"KELISIM_ADDR" envDefault:"127.0.0.1:8080"`
	InternalAddr string `env:"KELISIM_INTERNAL_ADDR"`
	Data         string `env:"KELISIM_DATA" envDefault:"./data"`

	KeyringKeyFile   string        `env:"KELISIM_KEYRING_KEY_FILE"`
	TransitMount     string        `env:"KELISIM_TRANSIT_MOUNT" envDefault:"transit"`
	KeyPrefix        string        `env:"KELISIM_KEY_PREFIX" envDefault:"kelisim"`
	OIDCFile         string        `env:"KELISIM_OIDC_FILE"`
	TrustedProxies   []string      `env:"KELISIM_TRUSTED_PROXIES"`
	TrustedDocuments string        `env:"KELISIM_TRUSTED_DOCUMENTS"`
	AuditFile        string        `env:"KELISIM_AUDIT_FILE"`
	Rules            string        `env:"KELISIM_RULES"`
	SavedQueries     string        `env:"KELISIM_CONSOLE_EXAMPLES"`
	ErasureLedger    string        `env:"KELISIM_ERASURE_LEDGER"`
	RetentionEvery   time.Duration `env:"KELISIM_RETENTION_EVERY" envDefault:"24h"`
	StorageRegion    string        `env:"KELISIM_STORAGE_REGION"`
	CORSOrigins      []string      `env:"KELISIM_CORS_ORIGINS"`
	TrustMobile      string        `env:"KELISIM_TRUST_MOBILE" envDefault:"off"`
	TrustServices    string        `env:"KELISIM_TRUST_SERVICES" envDefault:"off"`
	Limits           limits        `envPrefix:"KELISIM_LIMIT_"`
	LogLevel         string        `env:"KELISIM_LOG_LEVEL" envDefault:"info"`
	LogFormat        string        `env:"KELISIM_LOG_FORMAT" envDefault:"text"`

	DatabaseURL     string `env:"DATABASE_URL"`
	DatabaseURLFile string `env:"DATABASE_URL_FILE"`
	OwnerServes     bool   `env:"KELISIM_DATABASE_OWNER_SERVES"`
	RedisURL        string `env:"REDIS_URL"`
	RedisURLFile    string `env:"REDIS_URL_FILE"`

	VaultAddr           string `env:"VAULT_ADDR"`
	VaultNamespace      string `env:"VAULT_NAMESPACE"`
	VaultCACert         string `env:"VAULT_CACERT"`
	VaultCAPath         string `env:"VAULT_CAPATH"`
	VaultClientCert     string `env:"VAULT_CLIENT_CERT"`
	VaultClientKey      string `env:"VAULT_CLIENT_KEY"`
	VaultTLSServerName  string `env:"VAULT_TLS_SERVER_NAME"`
	VaultToken          string `env:"VAULT_TOKEN"`
	EncryptLogin        login  `envPrefix:"VAULT_"`
	DecryptLogin        login  `envPrefix:"KELISIM_DECRYPT_"`
	RewrapLogin         login  `envPrefix:"KELISIM_REWRAP_"`
	ReindexLogin        login  `envPrefix:"KELISIM_REINDEX_"`
	ObserveLogin        login  `envPrefix:"KELISIM_OBSERVE_"`
	AppRoleMount        string `env:"KELISIM_APPROLE_MOUNT" envDefault:"approle"`
	KubernetesMount     string `env:"KELISIM_KUBERNETES_MOUNT" envDefault:"kubernetes"`
	KubernetesTokenFile string `env:"KELISIM_KUBERNETES_TOKEN_FILE" envDefault:"/var/run/secrets/kubernetes.io/serviceaccount/token"`

	proxies []netip.Prefix
}

// environment is what only the process itself may ask for: its variables, its
// name, the clock, new ids.
type environment struct {
	variables map[string]string
	name      string // of the process, among those that use one database
	clock     func() time.Time
	newID     func() uuid.UUID
}

func systemEnvironment() environment {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	return environment{
		variables: env.ToMap(os.Environ()),
		name:      fmt.Sprintf("%s/%d", host, os.Getpid()),
		clock:     time.Now,
		newID:     func() uuid.UUID { return uuid.Must(uuid.NewV7()) },
	}
}

// settings reads and verifies the configuration. A KELISIM_ name that means
// nothing stops the start: it is a typing error, and the setting meant is off.
func (e environment) settings() (settings, error) {
	s := settings{Limits: limits(graph.DefaultLimits())}
	if err := env.ParseWithOptions(&s, env.Options{Environment: e.variables}); err != nil {
		return s, fmt.Errorf("configuration: %w", err)
	}
	errs := []error{e.unknown()}
	errs = append(errs, fromFile("DATABASE_URL", &s.DatabaseURL, s.DatabaseURLFile), fromFile("REDIS_URL", &s.RedisURL, s.RedisURLFile))
	errs = append(errs, s.urls()...)
	errs = append(errs, s.logins(e.variables["VAULT_SKIP_VERIFY"])...)
	for _, text := range s.TrustedProxies {
		prefix, err := netip.ParsePrefix(strings.TrimSpace(text))
		if err != nil {
			errs = append(errs, fmt.Errorf("KELISIM_TRUSTED_PROXIES: %q is not a network like 10.0.0.0/8", text))
		}
		s.proxies = append(s.proxies, prefix)
	}
	if s.StorageRegion != "" && !countryForm.MatchString(s.StorageRegion) {
		errs = append(errs, fmt.Errorf("KELISIM_STORAGE_REGION: %q is not the two letters of a country, like KZ", s.StorageRegion))
	}
	errs = append(errs, s.Limits.check(), s.checkTrust())
	for i, origin := range s.CORSOrigins {
		s.CORSOrigins[i] = strings.TrimSpace(origin)
		errs = append(errs, checkOrigin(s.CORSOrigins[i]))
	}
	if _, err := s.level(); err != nil {
		errs = append(errs, err)
	}
	if !slices.Contains([]string{"text", "json"}, s.LogFormat) {
		errs = append(errs, fmt.Errorf("KELISIM_LOG_FORMAT: %q is not text or json", s.LogFormat))
	}
	if s.RetentionEvery < 0 {
		errs = append(errs, errors.New("KELISIM_RETENTION_EVERY: a duration like 24h, or 0 for never"))
	}
	for _, a := range s.addresses() {
		if _, _, err := net.SplitHostPort(a.addr); a.addr != "" && err != nil {
			errs = append(errs, fmt.Errorf("%s: %q is not host:port, like 127.0.0.1:8080", a.name, a.addr))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return s, fmt.Errorf("configuration: %w", err)
	}
	return s, nil
}

// listening is a setting that says where the server listens.
type listening struct{ name, addr string }

// addresses are where the server listens; the internal one may be empty.
func (s settings) addresses() []listening {
	return []listening{{"KELISIM_ADDR", s.Addr}, {"KELISIM_INTERNAL_ADDR", s.InternalAddr}}
}

// urls refuses addresses of back ends that are none. Two of them may hold a
// password, so that no error repeats an address, or a parser's text of it.
func (s settings) urls() []error {
	var errs []error
	for _, is := range []struct {
		name, url string
		schemes   []string
	}{
		{"DATABASE_URL", s.DatabaseURL, []string{"postgres", "postgresql"}},
		{"REDIS_URL", s.RedisURL, []string{"redis", "rediss", "unix"}},
		{"VAULT_ADDR", s.VaultAddr, []string{"https", "http"}},
	} {
		u, err := url.Parse(is.url)
		switch {
		case is.url == "":
		case err != nil, !slices.Contains(is.schemes, u.Scheme), u.Host+u.Path == "":
			errs = append(errs, fmt.Errorf("%s: not an address that begins with %s://; in a password write /, @, : and %% as %%2F, %%40, %%3A and %%25",
				is.name, strings.Join(is.schemes, ":// or ")))
		case is.name == "VAULT_ADDR" && u.User != nil:
			errs = append(errs, errors.New("VAULT_ADDR: holds a user or a password; give the login by VAULT_TOKEN_FILE"))
		}
	}
	return errs
}

func (e environment) unknown() error {
	fields, err := env.GetFieldParams(&settings{})
	if err != nil {
		return err
	}
	var known, unknown []string
	for _, f := range fields {
		known = append(known, f.Key)
	}
	for name := range e.variables {
		if strings.HasPrefix(name, "KELISIM_") && !slices.Contains(known, name) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	slices.Sort(unknown)
	return fmt.Errorf("%s: no such setting; the settings are listed in docs/operations.md", strings.Join(unknown, ", "))
}

// fromFile fills a secret from the file that holds it.
func fromFile(name string, value *string, path string) error {
	if path == "" {
		return nil
	}
	if *value != "" {
		return fmt.Errorf("give %s or %s_FILE, not both", name, name)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("%s_FILE: %w", name, err)
	}
	*value = string(bytes.TrimSpace(raw))
	return nil
}

func (s settings) level() (slog.Level, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(s.LogLevel)); err != nil {
		return 0, fmt.Errorf("KELISIM_LOG_LEVEL: %q is not debug, info, warn or error", s.LogLevel)
	}
	return level, nil
}

// loopback reports whether an address is reachable from this machine only.
func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// in is a path in the data folder.
func (s settings) in(parts ...string) string {
	return filepath.Join(append([]string{s.Data}, parts...)...)
}

// database is where the state is: PostgreSQL, or SQLite in the data folder.
func (s settings) database() string {
	if s.DatabaseURL != "" {
		return s.DatabaseURL
	}
	return s.in("kelisim.db")
}

func (s settings) postgres() bool { return s.DatabaseURL != "" }

// mode is what a command was told about where keys are.
type mode struct{ dev, keyring bool }

// String is the flag that says it; empty with Vault.
func (m mode) String() string {
	switch {
	case m.dev:
		return "--dev"
	case m.keyring:
		return "--keyring"
	}
	return ""
}

// mistakes are what is wrong with the settings.
type mistakes []error

func (r *mistakes) when(wrong bool, text string) {
	if wrong {
		*r = append(*r, errors.New(text))
	}
}

// suit refuses settings that contradict each other or the mode, and those that
// are missing for serving. Nothing is chosen silently outside development.
func (s settings) suit(m mode) error {
	var r mistakes
	for _, a := range s.addresses() {
		r.when(m.dev && a.addr != "" && !loopback(a.addr), "--dev serves on loopback only, and "+a.name+" is "+a.addr+"; its tokens are no protection")
	}
	r = append(r, s.suitKeys(m)...)
	r.when(m.dev && s.OIDCFile != "", "--dev and KELISIM_OIDC_FILE contradict each other; --dev has an issuer of its own, and believes no other")
	r.when(s.VaultAddr != "" && s.encryptLogin() == nil, "no login for Vault: give VAULT_TOKEN_FILE, VAULT_TOKEN, VAULT_ROLE_ID_FILE or VAULT_KUBERNETES_ROLE")
	r.when(s.OIDCFile == "" && !m.dev, "KELISIM_OIDC_FILE is not set: it says whose tokens are accepted; deploy/oidc.yaml is an example")
	r.when(s.Addr == s.InternalAddr && !strings.HasSuffix(s.Addr, ":0"), "KELISIM_ADDR and KELISIM_INTERNAL_ADDR are the same; the internal one is not for everybody")
	return errors.Join(r...)
}

// suitJob is suit for a job with a login of its own; the prefix is that of its
// settings' names.
func (s settings) suitJob(m mode, prefix string, login login) error {
	r := s.suitKeys(m)
	r.when(s.VaultAddr != "" && s.loginOr(login) == nil,
		"no login for Vault: give "+prefix+"TOKEN_FILE, "+prefix+"ROLE_ID_FILE or "+prefix+"KUBERNETES_ROLE")
	return errors.Join(r...)
}

// suitKeys is what matters to every command that works with keys.
func (s settings) suitKeys(m mode) mistakes {
	var r mistakes
	r.when(m.dev && m.keyring, "--dev and --keyring contradict each other; --dev has a keyring of its own")
	r.when(m.dev && s.KeyringKeyFile != "", "--dev and KELISIM_KEYRING_KEY_FILE contradict each other; --dev has a keyring of its own")
	r.when(s.VaultAddr == "" && !m.keyring && !m.dev,
		"say where the keys are: VAULT_ADDR for HashiCorp Vault, --keyring for the embedded engine, or --dev to try it out")
	r.when(s.VaultAddr != "" && m.keyring, "VAULT_ADDR and --keyring contradict each other; the keys are in one place")
	r.when(s.VaultAddr != "" && s.KeyringKeyFile != "", "VAULT_ADDR and KELISIM_KEYRING_KEY_FILE contradict each other; the keys are in one place")
	r.when(s.VaultAddr == "" && s.postgres() && (m.keyring || m.dev),
		"PostgreSQL with the embedded keyring is refused: several replicas cannot share its file; give VAULT_ADDR")
	if m.keyring {
		if err := s.keyringOutside(); err != nil {
			r = append(r, err)
		}
	}
	return r
}

// keyringOutside refuses a keyring key that lies beside what it protects.
func (s settings) keyringOutside() error {
	if s.KeyringKeyFile == "" {
		return errors.New("--keyring needs KELISIM_KEYRING_KEY_FILE: the path of a file with an age identity, which protects the keyring; `age-keygen` makes one")
	}
	key, err := filepath.EvalSymlinks(s.KeyringKeyFile)
	if err != nil {
		return fmt.Errorf("KELISIM_KEYRING_KEY_FILE: %w; `age-keygen -o FILE` makes one", err)
	}
	data, err := filepath.EvalSymlinks(s.Data)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // nothing lies in it
	}
	if err != nil {
		return fmt.Errorf("KELISIM_DATA: %w", err)
	}
	if data, err = filepath.Abs(data); err != nil {
		return err
	}
	if key, err = filepath.Abs(key); err != nil {
		return err
	}
	if within, err := filepath.Rel(data, key); err == nil && filepath.IsLocal(within) {
		return fmt.Errorf("KELISIM_KEYRING_KEY_FILE %s lies in KELISIM_DATA: whoever takes the folder has both; move the key elsewhere", s.KeyringKeyFile)
	}
	return nil
}
