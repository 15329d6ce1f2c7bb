package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/transit"
)

type keysCommand struct {
	Show   keysShowCommand   `cmd:"" default:"withargs" help:"Show how the keys stand: versions, what needs them, minima, flags, logins."`
	Retire keysRetireCommand `cmd:"" help:"Let nothing be decrypted any more that is under an older version. Can be undone."`
	Trim   keysTrimCommand   `cmd:"" help:"Destroy the retired versions of a key. Cannot be undone."`
	Rotate keysRotateCommand `cmd:"" help:"Make a new version of a key of the embedded engine."`
	Export keysExportCommand `cmd:"" help:"Write the embedded engine's keys to an encrypted file, to move them to HashiCorp Vault. Once."`
	Import keysImportCommand `cmd:"" help:"Put exported keys into HashiCorp Vault. Needs an administrator's token."`
}

// pins are what the process keeps for itself that needs versions of keys.
func pins(db vault.Reader, prefix string) vault.Pins {
	dataKey, indexKey := prefix+"-pii", prefix+"-index"
	return func(ctx context.Context) ([]vault.KeyNeed, error) {
		t, err := readTies(ctx, db)
		if errors.Is(err, vault.ErrNotFound) {
			return []vault.KeyNeed{}, nil // nothing was encrypted yet
		}
		if err != nil {
			return nil, err
		}
		needs := t.needs(dataKey, indexKey) // whatever key the row names
		plan, err := db.IndexPlan(ctx)
		if errors.Is(err, vault.ErrNotFound) && t.Pepper == nil {
			return needs, nil // no server of this version was started yet
		}
		if errors.Is(err, vault.ErrNotFound) {
			return nil, errUnplanned // what it named may be needed
		}
		if err != nil {
			return nil, err
		}
		for _, version := range plan.Write { // also where nobody is indexed yet
			needs = append(needs, vault.KeyNeed{Key: indexKey, Version: version, By: "index_plan", Rows: 1})
		}
		return needs, nil
	}
}

// needs are the versions without which the database is not served from.
func (t ties) needs(dataKey, indexKey string) []vault.KeyNeed {
	var needs []vault.KeyNeed
	for _, n := range t.held() {
		needs = append(needs, vault.KeyNeed{Key: dataKey, Version: n.Version, By: string(n.Holding), Rows: n.Rows})
	}
	by := "meta (canary)"
	if t.Pepper == nil {
		by = "meta (canary, pepper)" // which is computed at each start
	}
	return append(needs, vault.KeyNeed{Key: indexKey, Version: t.IndexVersion, By: by, Rows: 1})
}

// keys is the use case on the system's database, for a command.
func (sys *system) keys(engine vault.KeyReader) vault.Keys {
	return sys.keysOf(sys.vault.Config, engine)
}

func (sys *system) keysOf(c vault.Config, engine vault.KeyReader) vault.Keys {
	return vault.Keys{
		Engine: engine, IndexKey: sys.settings.KeyPrefix + "-index", Rows: sys.db, Copies: sys.db, Events: sys.db, Pins: pins(sys.db, sys.settings.KeyPrefix),
		Clock: c.Clock, Notes: sys.db, Writer: c.Writer, Told: sys.db,
	}
}

// watchKeys makes the server's watch, and shows what it finds.
func (sys *system) watchKeys(c vault.Config) *vault.KeyWatch {
	keys := sys.keysOf(c, sys.engine.keys)
	keys.Server, keys.Logins, keys.Foreign = sys.name, sys.engine.logins, (&trial{db: sys.db, engine: sys.engine}).foreign
	watch := vault.NewKeyWatch(keys, sys.log)
	sys.metrics.keys(watch.Last, sys.name, c.Clock)
	return watch
}

// observer is what reads about keys for a command.
type observer struct {
	vault.KeyReader
	login func(ctx context.Context) vault.LoginState // that it is read with; nil with the embedded engine
	close func(ctx context.Context) error            // nil: nothing to give back
}

func (p *process) openObserver(s settings, m mode) (observer, error) {
	if s.VaultAddr == "" {
		k, err := p.openKeyring(s, m)
		return observer{KeyReader: k}, err
	}
	config := s.transit()
	config.Timeout, config.ObserveLogin = jobTimeout, s.loginOr(s.ObserveLogin)
	o, err := transit.NewObserver(config)
	if err != nil {
		return observer{}, err
	}
	return observer{o, o.Login, o.Close}, nil
}

// suitObserve is suit for commands that read about keys.
func (s settings) suitObserve(m mode) error {
	r := s.suitKeys(m)
	r.when(s.VaultAddr != "" && s.loginOr(s.ObserveLogin) == nil,
		"no login for Vault: give KELISIM_OBSERVE_TOKEN_FILE, or the login that encrypts")
	return errors.Join(r...)
}

// openKeys opens what a command needs that looks at the keys; the system is the
// caller's to close.
func (p *process) openKeys(m mode) (*system, vault.Keys, error) {
	s, err := p.settings()
	if err == nil {
		err = s.suitObserve(m)
	}
	if err != nil {
		return nil, vault.Keys{}, err
	}
	sys, err := p.openPlain()
	if err != nil {
		return nil, vault.Keys{}, err
	}
	o, err := p.openObserver(s, m)
	if err != nil {
		return nil, vault.Keys{}, errors.Join(err, sys.close())
	}
	sys.closers = append(sys.closers, func() error { return giveBack(p.ctx, o.close, sys.log) })
	keys := sys.keys(o)
	if o.login != nil {
		keys.Server = commandsOwn
		keys.Logins = func(ctx context.Context) []vault.LoginState { return append(s.lookUp(ctx), o.login(ctx)) }
	}
	return sys, keys, nil
}

// commandsOwn is in the place of a server's name for the logins that a command
// finds in its settings.
const commandsOwn = "this command"

// serversFirst leaves out what the command has from the same file as a server
// that tells of it, and puts the command's own last.
func serversFirst(all []vault.LoginState) []vault.LoginState {
	var servers, own []vault.LoginState
	for _, l := range all {
		if l.Server != commandsOwn {
			servers = append(servers, l)
		}
	}
	for _, l := range all {
		told := slices.ContainsFunc(slices.Concat(servers, own), func(o vault.LoginState) bool { return o.Accessor != "" && o.Accessor == l.Accessor })
		if l.Server == commandsOwn && !told {
			own = append(own, l)
		}
	}
	return slices.Concat(servers, own)
}

// lookUp tells how the logins of the settings stand that have a token: one that
// makes its own has another one here than in a server, which tells of its own.
func (s settings) lookUp(ctx context.Context) []vault.LoginState {
	var out []vault.LoginState
	config := s.transit()
	config.Timeout = jobTimeout
	for _, one := range []struct {
		name string
		how  transit.Login
	}{
		{"encrypt", s.encryptLogin()},
		{"decrypt", s.login(s.DecryptLogin)},
		{"rewrap", s.login(s.RewrapLogin)},
		{"reindex", s.login(s.ReindexLogin)},
	} {
		if one.how == nil {
			continue
		}
		state, err := transit.LookUp(ctx, config, one.name, one.how)
		switch {
		case errors.Is(err, vault.ErrNotFound):
			continue
		case err != nil:
			state = vault.LoginState{Name: one.name, Method: one.how.String(), Trouble: reason(err).Error()}
		}
		out = append(out, state)
	}
	return out
}

// explain says what somebody did to the keys, where that is why something
// failed that needs these versions.
func explain(ctx context.Context, keys vault.KeyReader, needs []vault.KeyNeed, failed error) error {
	facts, err := keys.Keys(ctx)
	if err != nil {
		return failed // which says what is the matter better
	}
	var why []error
	for _, f := range facts {
		var mine []vault.KeyNeed
		for _, n := range needs {
			if n.Key == f.Name {
				mine = append(mine, n)
			}
		}
		for _, t := range f.Troubles(mine, keys.Remedy) {
			if t.Blocking() && t.Kind != vault.KeyBehind { // which may as well be another database's key
				why = append(why, fmt.Errorf("%s", t))
			}
		}
	}
	if len(why) == 0 {
		return failed
	}
	return errors.Join(why...)
}
