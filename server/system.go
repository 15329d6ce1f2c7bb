package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/kelisim/kelisim/graph"
	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/memcache"
	"github.com/kelisim/kelisim/vault/rediscache"
	"github.com/kelisim/kelisim/vault/sqlstore"
)

// system is the vault with its back ends open.
type system struct {
	settings settings
	name     string // of the process
	log      *slog.Logger
	metrics  *metrics
	db       *sqlstore.Store
	engine   *engine // nil for commands that encrypt nothing
	vault    *vault.Service
	watch    *vault.KeyWatch // nil for commands that serve nobody
	figures  *figures        // likewise
	audit    *auditFile
	checks   []check
	closers  []func() error
}

// close closes what is open, last opened first.
func (sys *system) close() error {
	var errs []error
	for _, one := range slices.Backward(sys.closers) {
		errs = append(errs, one())
	}
	return errors.Join(errs...)
}

// logger writes the service's log: no addresses, no values, only what the
// code says.
func (s settings) logger(to io.Writer) *slog.Logger {
	level, err := s.level()
	if err != nil {
		level = slog.LevelInfo // settings() refused it already
	}
	options := &slog.HandlerOptions{Level: level}
	if s.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(to, options))
	}
	return slog.New(slog.NewTextHandler(to, options))
}

// openStore opens the database and refuses a schema that is not this
// program's, or brings it up to date where that is allowed.
func (p *process) openStore(s settings, log *slog.Logger, migrate bool) (*sqlstore.Store, error) {
	if err := s.prepareData(migrate); err != nil {
		return nil, err
	}
	db, err := sqlstore.Open(p.ctx, s.database(), sqlstore.Options{Log: log})
	if err != nil {
		return nil, fmt.Errorf("the database: %w", err)
	}
	step := db.CheckSchema
	if migrate {
		step = db.Migrate
	}
	err = db.Ping(p.ctx) // in few words, where a migration would tell all it tried
	if err == nil {
		err = step(p.ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the database: %w", readable(err)), db.Close())
	}
	return db, nil
}

// prepareData makes the folder of the SQLite database where that is wanted. A
// command called in the wrong place leaves nothing behind.
func (s settings) prepareData(create bool) error {
	if s.postgres() {
		return nil
	}
	if create {
		if err := os.MkdirAll(s.Data, 0o700); err != nil {
			return fmt.Errorf("KELISIM_DATA: %w", err)
		}
		return nil
	}
	if _, err := os.Stat(s.database()); err != nil {
		return fmt.Errorf("there is no database at %s: run kelisim migrate, or set KELISIM_DATA or DATABASE_URL to where it is", s.database())
	}
	return nil
}

// openSystem opens everything that serving needs.
func (p *process) openSystem(s settings, m mode, access vault.Access) (_ *system, err error) {
	sys := &system{settings: s, name: p.name, log: s.logger(p.err), metrics: newMetrics()}
	defer func() {
		if err != nil {
			err = errors.Join(err, sys.close())
		}
	}()
	ctx, cancel := context.WithTimeout(p.ctx, startPatience)
	defer cancel()
	if err := p.openDatabase(ctx, sys, m); err != nil {
		return nil, err
	}
	t, err := p.openTied(ctx, sys, m)
	if err != nil {
		return nil, err
	}
	config, err := p.vaultConfig(sys, p.out)
	if err != nil {
		return nil, err
	}
	config.Encrypter, config.Indexer, config.Decrypter = sys.engine.encrypter, sys.engine.indexer, sys.engine.decrypter
	config.Access = access
	if !m.dev { // whose people are invented
		if err := sys.checkRegion(ctx, config.Rules); err != nil {
			return nil, err
		}
	}
	sys.tellMissing(ctx)
	if err := sys.openRedis(t.namespace(), &config); err != nil {
		return nil, err
	}
	if err := sys.openLedger(&config, t.Instance, m.dev); err != nil {
		return nil, err
	}
	if config.Pepper, err = t.pepper(ctx, sys.engine); err != nil {
		return nil, err
	}
	if config.Plan, err = t.indexPlan(ctx, sys.db); err != nil {
		return nil, err
	}
	if err := sys.begin(ctx, config); err != nil {
		return nil, err
	}
	sys.checks = append(sys.checks,
		check{"database", true, sys.db.Ping},
		check{"encryption", false, sys.engine.state.Healthy},
		check{"keys", false, keysSound(sys.watch.Last)})
	return sys, nil
}

// openDatabase opens the database that is served from, with its metrics, as a
// role that may do no more than serve.
func (p *process) openDatabase(ctx context.Context, sys *system, m mode) (err error) {
	if sys.db, err = p.openStore(sys.settings, sys.log, m.dev); err != nil {
		return err
	}
	sys.closers = append(sys.closers, sys.db.Close)
	sys.metrics.database(sys.db.Pool)
	sys.metrics.askedFor(func(ctx context.Context) (vault.RequestCount, error) { return sys.db.CountRequests(ctx, p.clock()) })
	if m.dev {
		return nil
	}
	return sys.checkRole(ctx)
}

// openTied opens the engine, and holds it against the database.
func (p *process) openTied(ctx context.Context, sys *system, m mode) (ties, error) {
	fresh, err := untied(ctx, sys.db)
	if err != nil {
		return ties{}, err
	}
	if sys.engine, err = p.openEngine(sys.settings, m, fresh, sys.metrics, sys.log); err != nil {
		return ties{}, err
	}
	sys.closers = append(sys.closers, func() error { return giveBack(p.ctx, sys.engine.close, sys.log) })
	return tie(ctx, sys.db, sys.engine, p.newID)
}

// begin makes the vault, unless its database has people who were erased.
func (sys *system) begin(ctx context.Context, config vault.Config) error {
	sys.distrust(&config)
	sys.watch = sys.watchKeys(config)
	config.Keys = sys.watch
	sys.vault = vault.New(config)
	sys.figures = newFigures(sys, config.Clock)
	sys.metrics.registry.MustRegister(sys.figures)
	return sys.checkErased(ctx)
}

// vaultConfig is what every command's vault has in common. Whoever writes, and
// by whatever command, the events go to the audit file, of which stdout is the
// one that is called "-".
func (p *process) vaultConfig(sys *system, stdout io.Writer) (vault.Config, error) {
	var err error
	if sys.audit, err = openAuditFile(sys.settings.AuditFile, stdout, sys.log); err != nil {
		return vault.Config{}, err
	}
	sys.closers = append(sys.closers, sys.audit.close)
	schema := graph.Schema()
	if err := graph.CheckAllowed(schema); err != nil {
		return vault.Config{}, err
	}
	catalogue, err := graph.Catalogue(schema, labels(), helps())
	if err != nil {
		return vault.Config{}, err
	}
	cache, err := memcache.New(memcacheSize, p.clock)
	if err != nil {
		return vault.Config{}, err
	}
	rules, err := loadRules(sys.settings.Rules)
	if err != nil {
		return vault.Config{}, err
	}
	catalogue = append(catalogue, vault.TechnicalFields(labels())...)
	return vault.Config{
		Rules: rules, Reader: sys.db, Writer: auditing{sys.db, sys.audit}, Cache: cache, Claims: cache, Normaliser: normaliser{},
		Catalogue: catalogue, Clock: p.clock, NewID: p.newID, Log: sys.log,
	}, nil
}

// openPlain opens the vault for commands that touch nothing personal: without
// an engine, so that `kelisim policy publish` needs no login to Vault. Their
// output is data, so events that go to standard output at the server go to
// standard error here.
func (p *process) openPlain() (*system, error) {
	if p.host != nil {
		return p.host.lend(p), nil
	}
	s, err := p.settings()
	if err != nil {
		return nil, err
	}
	sys := &system{settings: s, log: s.logger(p.err)}
	if sys.db, err = p.openStore(s, sys.log, false); err != nil {
		return nil, err
	}
	sys.closers = append(sys.closers, sys.db.Close)
	config, err := p.vaultConfig(sys, p.err)
	if err != nil {
		return nil, errors.Join(err, sys.close())
	}
	sys.vault = vault.New(config)
	return sys, nil
}

// memcacheSize bounds the in-process cache, in bytes; published versions are few.
const memcacheSize = 64 << 20

// openRedis makes Redis the cache where it is configured.
func (sys *system) openRedis(namespace string, config *vault.Config) error {
	if sys.settings.RedisURL == "" {
		return nil
	}
	rediscache.Quiet()
	cache, err := rediscache.Open(sys.settings.RedisURL, namespace)
	if err != nil {
		return errors.New("REDIS_URL: not an address like redis://host:6379/0") // a parser's error would repeat the password
	}
	sys.closers = append(sys.closers, cache.Close)
	sys.checks = append(sys.checks, check{"cache", false, cache.Ping})
	steady := &steady{cache: cache, clock: config.Clock, log: sys.log}
	config.Cache, config.Claims = steady, steady
	return nil
}

// backEnds names what the vault stands on, for the start's log line.
func (sys *system) backEnds() string {
	names := []string{"SQLite", sys.engine.name, "in-process cache"}
	if sys.settings.postgres() {
		names[0] = "PostgreSQL"
	}
	if sys.settings.RedisURL != "" {
		names[2] = "Redis"
	}
	return strings.Join(names, ", ")
}

// systemActor is the command line.
func (p *process) systemActor() vault.Actor { return vault.SystemActor(p.newID().String()) }
