package main

import (
	"bytes"
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
	renew     func(ctx context.Context) // runs beside the server; nil: nothing to renew
}

// engineState is what the start and the readiness check ask an engine.
type engineState interface {
	Pepper(ctx context.Context, version int) ([]byte, error)
	LatestVersion(ctx context.Context, key string) (int, error)
	IndexKey() string
	Healthy(ctx context.Context) error
}

// mode is what `serve` was told about where keys are.
type mode struct{ dev, keyring bool }

// openEngine opens the engine that the settings name. Nothing is chosen
// silently outside development: without VAULT_ADDR the start needs --keyring.
func (p *process) openEngine(s settings, m mode, metrics *metrics, log *slog.Logger) (*engine, error) {
	switch {
	case s.VaultAddr != "" && m.keyring:
		return nil, errors.New("VAULT_ADDR and --keyring contradict each other; the keys are in one place")
	case s.VaultAddr != "":
		return p.openTransit(s, metrics, log)
	case s.postgres() && (m.keyring || m.dev):
		return nil, errors.New("PostgreSQL with the embedded keyring is refused: several replicas cannot share its file; give VAULT_ADDR")
	case m.keyring:
		if err := s.keyringOutside(); err != nil {
			return nil, err
		}
		return openKeyring(s, s.KeyringKeyFile)
	case m.dev:
		return openDevKeyring(s)
	}
	return nil, errors.New("say where the keys are: VAULT_ADDR for HashiCorp Vault, --keyring for the embedded engine, or --dev to try it out")
}

func (p *process) openTransit(s settings, metrics *metrics, log *slog.Logger) (*engine, error) {
	encrypt := tokenOf(s.VaultToken, s.VaultTokenFile)
	decrypt := encrypt
	if s.DecryptTokenFile != "" {
		decrypt = tokenOf("", s.DecryptTokenFile)
	}
	e, err := transit.New(transit.Config{
		Address: s.VaultAddr, Namespace: s.VaultNamespace, CACert: s.VaultCACert,
		Mount: s.TransitMount, Prefix: s.KeyPrefix,
		EncryptToken: encrypt, DecryptToken: decrypt,
		OnCall: metrics.transitCall, Now: p.clock,
	})
	if err != nil {
		return nil, err
	}
	return &engine{
		name: "HashiCorp Vault", encrypter: e.Encrypter(), indexer: e.Encrypter(), decrypter: e.Decrypter(), state: e,
		renew: func(ctx context.Context) {
			e.Renew(ctx, func(err error) {
				log.LogAttrs(ctx, slog.LevelWarn, "a login to Vault was not renewed", slog.Any("error", err))
			})
		},
	}, nil
}

// tokenOf answers a login's token: as given, or read anew from its file each
// time, so that whatever writes the file may replace it.
func tokenOf(token, file string) transit.Token {
	return func() (string, error) {
		if file == "" {
			if token == "" {
				return "", errors.New("no login for Vault: give VAULT_TOKEN_FILE or VAULT_TOKEN")
			}
			return token, nil
		}
		raw, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("the file of a Vault token: %w", err)
		}
		return string(bytes.TrimSpace(raw)), nil
	}
}

func openKeyring(s settings, keyFile string) (*engine, error) {
	path := s.in("keyring.age")
	_, err := os.Stat(path)
	_, stored := os.Stat(s.in("kelisim.db"))
	// A new keyring beside an old database could decrypt nothing in it.
	create := errors.Is(err, fs.ErrNotExist) && errors.Is(stored, fs.ErrNotExist)
	k, err := keyring.Open(path, keyFile, s.KeyPrefix, keyring.Options{Create: create})
	if err != nil {
		return nil, fmt.Errorf("the embedded keyring %s: %w", path, err)
	}
	return &engine{name: "embedded engine", encrypter: k.Encrypter(), indexer: k.Encrypter(), decrypter: k.Decrypter(), state: k}, nil
}

// openDevKeyring makes the key that protects the keyring when there is none.
// It lies in the data folder, which only development allows.
func openDevKeyring(s settings) (*engine, error) {
	file := s.KeyringKeyFile
	if file == "" {
		file = s.in("dev", "keyring.key")
		if err := os.MkdirAll(s.in("dev"), 0o700); err != nil {
			return nil, err
		}
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			if err := keyring.NewKeyFile(file); err != nil {
				return nil, err
			}
		}
	}
	return openKeyring(s, file)
}

// startPatience bounds what the start asks of the back ends.
const startPatience = 20 * time.Second
