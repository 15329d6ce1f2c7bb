package main

import (
	"context"
	"errors"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/transit"
)

// trial tries whether an engine's keys are those that the database was written
// with. One tries at a time.
type trial struct {
	db     vault.KeepingReader
	engine *engine

	data, index bool  // what was found last
	err         error // why that is not of the last time
}

// errNoLogins is why a command tries nothing.
var errNoLogins = errors.New("that takes the logins of the server, and no wrapped secret id")

// foreign are the names of the keys that are others. While that cannot be tried,
// a key is what it was found to be before.
func (t *trial) foreign(ctx context.Context) []string {
	if t.engine == nil {
		t.err = errNoLogins
		return nil
	}
	before, err := readTies(ctx, t.db)
	if errors.Is(err, vault.ErrNotFound) {
		return nil // nothing was encrypted yet
	}
	if t.err = err; err != nil {
		return nil
	}
	data, dataErr := before.foreignData(ctx, t.engine.decrypter)
	index, indexErr := before.foreignIndex(ctx, t.engine.indexer)
	after, err := readTies(ctx, t.db)
	if t.err = errors.Join(dataErr, indexErr, err); err == nil && before.raw == after.raw { // else a job has moved them, and their version may be gone
		if dataErr == nil {
			t.data = data
		}
		if indexErr == nil {
			t.index = index
		}
	}
	var names []string
	if t.data {
		names = append(names, before.Key)
	}
	if t.index {
		names = append(names, t.engine.state.IndexKey())
	}
	return names
}

// foreignData reports whether the canary does not decrypt; an error: nobody
// knows.
func (t ties) foreignData(ctx context.Context, decrypter vault.Decrypter) (bool, error) {
	results, err := decrypter.Decrypt(ctx, []vault.DecryptItem{{Place: t.place(), Ciphertext: t.canary(), Reference: t.Instance}})
	if err == nil {
		err = results[0].Err
	}
	switch {
	case errors.Is(err, vault.ErrKeyBehind):
		return false, err
	case errors.Is(err, vault.ErrUndecryptable):
		return true, nil
	case err != nil:
		return false, err
	}
	return results[0].Value.Reveal() != canaryContent, nil
}

// foreignIndex reports whether the index key gives another digest.
func (t ties) foreignIndex(ctx context.Context, indexer vault.Indexer) (bool, error) {
	digest, err := t.digest(ctx, indexer, t.IndexVersion)
	return err == nil && digest != t.IndexDigest, err
}

// openTrial opens what `kelisim keys` tries the keys with, where the settings
// have the logins that takes. A wrapped secret id is the
// server's: it can be used once.
func (p *process) openTrial(sys *system, m mode) (*trial, error) {
	s := sys.settings
	if s.VaultAddr == "" {
		k, err := p.openKeyring(s, m)
		if err != nil {
			return nil, err
		}
		return &trial{db: sys.db, engine: engineOf(k)}, nil
	}
	config := s.transit()
	config.EncryptLogin, config.DecryptLogin = s.encryptLogin(), s.loginOr(s.DecryptLogin)
	if config.EncryptLogin == nil || s.EncryptLogin.WrappedSecretIDFile+s.DecryptLogin.WrappedSecretIDFile != "" {
		return &trial{}, nil
	}
	e, err := transit.New(config)
	if err != nil {
		return nil, err
	}
	sys.closers = append(sys.closers, func() error { return giveBack(p.ctx, e.Close, sys.log) })
	return &trial{db: sys.db, engine: &engine{encrypter: e.Encrypter(), indexer: e.Encrypter(), decrypter: e.Decrypter(), state: e}}, nil
}
