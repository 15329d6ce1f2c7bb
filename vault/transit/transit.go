// Package transit encrypts, decrypts and indexes with HashiCorp Vault's transit
// engine, over its API. The keys never leave Vault.
//
// The number of calls is the cost, not the number of items: the items of
// concurrent callers are gathered into few calls, each caller with its own
// deadline and each item with its own error. Encrypting and decrypting are
// different types under different logins.
package transit

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/gather"
)

const (
	defaultTimeout = 3 * time.Second
	defaultQueue   = 10_000

	// Vault's listener refuses more than 500,000 JSON tokens or a string over
	// 1 MiB, and a batch gains nothing beyond this.
	batchItems = 1_000
	batchBytes = 1<<20 - envelope
	envelope   = 512 // what surrounds the items of a batch

	defaultInFlight = 2

	// pepperLabel is what the subject index's pepper is an HMAC of; never changed.
	pepperLabel = "kelisim/1/subject-pepper"
)

// Config says where Vault is and how to log in.
type Config struct {
	Address   string // as VAULT_ADDR
	Namespace string // as VAULT_NAMESPACE; usually empty
	TLS       TLS
	Mount     string // path of the transit mount; "transit" when empty
	Prefix    string // of the keys' names; "kelisim" when empty

	EncryptLogin Login // encrypts, computes HMACs and reads the keys' versions
	DecryptLogin Login // decrypts; may be the same
	RewrapLogin  Login // of NewRewrapper, which needs no other
	ReindexLogin Login // of NewReindexer, which needs no other
	ObserveLogin Login // of NewObserver and NewCustodian, which need no other

	Timeout  time.Duration // of one call and of one caller's wait; 3 s when zero
	Queue    int           // values waiting for a call, per operation; 10,000 when zero
	InFlight int           // calls under way per operation, while further callers gather for the next; 2 when zero

	// OnCall, if set, is told of every call: the operation (encrypt, decrypt,
	// hmac, rewrap or read), its items, and how it ended. It needs Now.
	OnCall func(operation string, items int, took time.Duration, err error)
	Now    func() time.Time
}

func (c Config) checked() (Config, error) {
	switch {
	case c.Address == "":
		return c, errors.New("transit: no address of Vault")
	case c.OnCall != nil && c.Now == nil:
		return c, errors.New("transit: OnCall needs a clock")
	case c.OnCall == nil:
		c.OnCall = func(string, int, time.Duration, error) {}
		c.Now = func() time.Time { return time.Time{} }
	}
	c.Mount = orElse(c.Mount, "transit")
	c.Prefix = orElse(c.Prefix, "kelisim")
	c.Timeout = orElse(c.Timeout, defaultTimeout)
	c.Queue = orElse(c.Queue, defaultQueue)
	c.InFlight = orElse(c.InFlight, defaultInFlight)
	return c, nil
}

func (c Config) dataKey() string    { return c.Prefix + "-pii" }
func (c Config) indexKey() string   { return c.Prefix + "-index" }
func (c Config) receiptKey() string { return c.Prefix + "-receipt" }

func (c Config) technicalKey() string { return c.Prefix + "-technical" }

// keyOf is the key of a place's values.
func (c Config) keyOf(use vault.KeyUse) string {
	if use == vault.KeyOfTechnical {
		return c.technicalKey()
	}
	return c.dataKey()
}

func orElse[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}

// Engine is the transit mount of one Vault. It is safe for concurrent use.
type Engine struct {
	config    Config
	encrypter *Encrypter
	decrypter *Decrypter
}

// String implements fmt.Stringer: who prints it prints no token with it.
func (*Engine) String() string { return "transit engine" }

// New asks Vault nothing: the first call of each login makes it.
func New(config Config) (*Engine, error) {
	config, err := config.checked()
	if err != nil {
		return nil, err
	}
	if config.EncryptLogin == nil || config.DecryptLogin == nil {
		return nil, errors.New("transit: two logins are needed, one to encrypt and one to decrypt")
	}
	encrypting, err := newLogin(config, "encrypt", config.EncryptLogin)
	if err != nil {
		return nil, err
	}
	decrypting := encrypting
	if config.DecryptLogin == config.EncryptLogin {
		encrypting.name = "encrypt and decrypt"
	} else if decrypting, err = newLogin(config, "decrypt", config.DecryptLogin); err != nil {
		return nil, err
	}
	e := &Engine{config: config}
	e.encrypter = &Encrypter{
		indexer:  indexer{login: encrypting, key: e.IndexKey(), hmacs: map[int]*operation{}},
		encrypts: newValues(encrypting, "encrypt"),
	}
	e.decrypter = newDecrypter(decrypting)
	return e, nil
}

// DataKey is the name of the key that encrypts personal values.
func (e *Engine) DataKey() string { return e.config.dataKey() }

// IndexKey is the name of the key of blind indexes and the pepper.
func (e *Engine) IndexKey() string { return e.config.indexKey() }

// TechnicalKey is the name of the key that encrypts technical data. Set-ups of
// earlier versions have none.
func (e *Engine) TechnicalKey() string { return e.config.technicalKey() }

// logins are the logins, each once.
func (e *Engine) logins() []*login {
	if e.encrypter.login == e.decrypter.login {
		return []*login{e.encrypter.login}
	}
	return []*login{e.encrypter.login, e.decrypter.login}
}

// Encrypter gives the half that encrypts and indexes.
func (e *Engine) Encrypter() *Encrypter { return e.encrypter }

// Decrypter gives the half that decrypts.
func (e *Engine) Decrypter() *Decrypter { return e.decrypter }

// LatestVersion is the version that a key encrypts with now, 1 or more. The
// encrypting login needs leave to read the key; without it the answer is an
// ErrUnavailable that is ErrForbidden too.
func (e *Engine) LatestVersion(ctx context.Context, key string) (int, error) {
	version, err := e.encrypter.login.latestVersion(ctx, key)
	return version, failed(ctx, err)
}

// Pepper is the key of the subject index: an HMAC over a fixed label under the
// given version of the index key, the same for ever.
func (e *Engine) Pepper(ctx context.Context, version int) ([]byte, error) {
	hmacs, err := e.encrypter.operation(version)
	if err != nil {
		return nil, err
	}
	answers, err := hmacs.ask(ctx, []item{{Input: base64.StdEncoding.EncodeToString([]byte(pepperLabel))}})
	if err != nil {
		return nil, err
	}
	return answers[0].digest(version)
}

// Healthy reports whether both logins can do their work now, by a call of each
// that touches no personal value, and whether callers are let through to Vault.
// Otherwise it answers ErrUnavailable.
func (e *Engine) Healthy(ctx context.Context) error {
	label := batch{Items: []item{{Input: base64.StdEncoding.EncodeToString([]byte(pepperLabel))}}}
	if _, err := e.encrypter.login.call(ctx, "hmac", e.IndexKey(), label); err != nil {
		return failed(ctx, err)
	}
	// A ciphertext of nothing: a login that may decrypt is told that it does
	// not decrypt, any other that it may not.
	nothing := batch{Items: []item{{Ciphertext: "vault:v1:", Context: base64.StdEncoding.EncodeToString([]byte("health"))}}}
	if _, err := e.decrypter.login.call(ctx, "decrypt", e.DataKey(), nothing); err != nil {
		return failed(ctx, err)
	}
	return failed(ctx, e.errRests())
}

// failed makes a call's error one of the contract's: the caller's own context
// error, or ErrUnavailable.
func failed(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, gather.ErrFull):
		return vault.ErrUnavailable.Because(fmt.Errorf("transit: too many values wait for Vault: %w", err))
	case errors.Is(err, context.DeadlineExceeded):
		return vault.ErrUnavailable.Because(fmt.Errorf("transit: Vault did not answer in time: %w", err))
	case errors.Is(err, vault.ErrUnavailable):
		return err
	}
	return vault.ErrUnavailable.Because(err)
}

var (
	_ vault.Encrypter = (*Encrypter)(nil)
	_ vault.Indexer   = (*Encrypter)(nil)
	_ vault.Decrypter = (*Decrypter)(nil)
)
