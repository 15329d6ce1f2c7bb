package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/keyring"
	"github.com/kelisim/kelisim/vault/transit"
)

// engine is the cryptography behind the vault: HashiCorp Vault's transit
// engine, or the same engine in process.
type engine struct {
	name      string // as operators know it
	encrypter vault.Encrypter
	indexer   vault.Indexer
	decrypter vault.Decrypter
	state     engineState
	renew     func(ctx context.Context)                    // runs beside the server; nil: nothing to renew
	logins    func(ctx context.Context) []vault.LoginState // nil: there are none
	close     func(ctx context.Context) error              // nil: nothing to give back
	keys      vault.KeyReader
	keyring   *keyring.Keyring // nil with HashiCorp Vault
}

// engineState is what the start and the readiness check ask an engine.
type engineState interface {
	Pepper(ctx context.Context, version int) ([]byte, error)
	LatestVersion(ctx context.Context, key string) (int, error)
	IndexKey() string
	TechnicalKey() string
	Healthy(ctx context.Context) error
}

// openEngine opens the engine that the settings name; settings.suit checked
// that they name one. Beside a fresh database the embedded engine may make its
// keyring; beside any other, a new one could decrypt nothing.
func (p *process) openEngine(s settings, m mode, fresh bool, metrics *metrics, log *slog.Logger) (*engine, error) {
	switch {
	case s.VaultAddr != "":
		return p.openTransit(s, metrics, log)
	case m.dev:
		return openDevKeyring(s, fresh)
	}
	return openKeyring(s, s.KeyringKeyFile, fresh)
}

// transit is which Vault, and nobody's login.
func (s settings) transit() transit.Config {
	return transit.Config{
		Address: s.VaultAddr, Namespace: s.VaultNamespace,
		TLS: transit.TLS{
			CACert: s.VaultCACert, CAPath: s.VaultCAPath, ServerName: s.VaultTLSServerName,
			ClientCert: s.VaultClientCert, ClientKey: s.VaultClientKey,
		},
		Mount: s.TransitMount, Prefix: s.KeyPrefix,
	}
}

func (p *process) openTransit(s settings, metrics *metrics, log *slog.Logger) (*engine, error) {
	config := s.transit()
	config.EncryptLogin, config.DecryptLogin = s.encryptLogin(), s.loginOr(s.DecryptLogin)
	config.OnCall, config.Now = metrics.transitCall, p.clock
	e, err := transit.New(config)
	if err != nil {
		return nil, err
	}
	metrics.registry.MustRegister(newTransitLoad(e.Loads))
	return &engine{
		name: "HashiCorp Vault", encrypter: e.Encrypter(), indexer: e.Encrypter(), decrypter: e.Decrypter(), state: e,
		renew: func(ctx context.Context) {
			e.Renew(ctx, func(err error) {
				log.LogAttrs(ctx, slog.LevelWarn, "a login to Vault was not renewed", slog.Any("error", err))
			})
		},
		logins: e.Logins, close: e.Close, keys: e.Observer(),
	}, nil
}

func openKeyring(s settings, keyFile string, fresh bool) (*engine, error) {
	k, err := readKeyring(s, keyFile, fresh)
	if err != nil {
		return nil, err
	}
	return engineOf(k), nil
}

func engineOf(k *keyring.Keyring) *engine {
	return &engine{name: "embedded engine", encrypter: k.Encrypter(), indexer: k.Encrypter(), decrypter: k.Decrypter(), state: k, keys: k, keyring: k}
}

func readKeyring(s settings, keyFile string, fresh bool) (*keyring.Keyring, error) {
	path := s.in("keyring.age")
	_, err := os.Stat(path)
	missing := errors.Is(err, fs.ErrNotExist)
	if missing && !fresh {
		return nil, fmt.Errorf("the embedded keyring %s is missing, and the database beside it was written with it: bring it back from a backup", path)
	}
	k, err := keyring.Open(path, keyFile, s.KeyPrefix, keyring.Options{Create: missing})
	if err != nil {
		return nil, fmt.Errorf("the embedded keyring: %w", err)
	}
	return k, nil
}

// devKey is where development keeps the key that protects the keyring.
func (s settings) devKey() string { return s.in("dev", "keyring.key") }

// openDevKeyring makes the key that protects the keyring when there is none.
// It lies in the data folder, which only development allows.
func openDevKeyring(s settings, fresh bool) (*engine, error) {
	file := s.devKey()
	if err := os.MkdirAll(s.in("dev"), 0o700); err != nil {
		return nil, err
	}
	if _, err := os.Stat(file); fresh && errors.Is(err, fs.ErrNotExist) {
		if err := keyring.NewKeyFile(file); err != nil {
			return nil, err
		}
	}
	return openKeyring(s, file, fresh)
}

// startPatience bounds what the start asks of the back ends.
const startPatience = 20 * time.Second

// tellMissing says what a set-up of an earlier version lacks. Everything else is
// served.
func (sys *system) tellMissing(ctx context.Context) {
	key := sys.engine.state.TechnicalKey()
	if _, err := sys.engine.state.LatestVersion(ctx, key); err != nil {
		do := "kelisim vault setup makes it, and puts the policies right"
		if sys.engine.keyring != nil {
			do = "kelisim keys rotate --key " + key + " makes it"
		}
		sys.log.LogAttrs(ctx, slog.LevelWarn, "technical data cannot be recorded: the key for it cannot be used; all else is served",
			slog.String("key", key), slog.String("do", do), slog.Any("error", err))
	}
}
