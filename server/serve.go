package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/kelisim/kelisim/graph"
	"github.com/kelisim/kelisim/server/identity"
)

type serveCommand struct {
	Dev     bool `help:"Try it out: embedded defaults, demo data, a local token issuer. Loopback only."`
	Keyring bool `help:"Keep the keys in the embedded engine; needs KELISIM_KEYRING_KEY_FILE."`
}

const (
	// drain is how long requests under way may take once the server is told to stop.
	drain = 20 * time.Second
	// cutWithin is how long they have after that to notice that they were cut off.
	cutWithin = 2 * time.Second
)

// errCutOff: an end that was not orderly.
var errCutOff = errors.New("requests that were still under way were cut off")

// Run serves until it is told to stop.
func (c serveCommand) Run(p *process) (err error) {
	s, err := p.settings()
	if err != nil {
		return err
	}
	m := mode{dev: c.Dev, keyring: c.Keyring}
	if err := s.suit(m); err != nil {
		return err
	}
	listeners, err := s.listen(p.ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, listeners.close()) }()
	unlock, err := s.lockServer(m)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	who, err := c.identity(p, s)
	if err != nil {
		return err
	}
	sys, err := p.openSystem(s, m, who.config.Grants())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sys.close()) }()
	if c.Dev {
		if err := p.fillDemo(sys, who.dev); err != nil {
			return fmt.Errorf("the demo data: %w", err)
		}
	}
	provider, err := who.provider(p, sys)
	if err != nil {
		return err
	}
	e, err := newEdge(p, sys, provider, who.dev, graph.SchemaText())
	if err != nil {
		return err
	}
	if err := e.takeJobs(p, m); err != nil {
		return err
	}
	if c.Dev {
		if err := p.greet(e, listeners.public.Addr().String()); err != nil {
			return err
		}
	} else {
		sys.log.LogAttrs(p.ctx, slog.LevelInfo, "serving", slog.String("version", version), slog.String("address", listeners.public.Addr().String()),
			slog.String("internal", address(listeners.internal)), slog.String("backEnds", sys.backEnds()))
	}
	return e.serve(p.ctx, listeners, drain)
}

// listeners are bound before anything is opened, so that a busy port is named
// at once.
type listeners struct{ public, internal net.Listener }

func (s settings) listen(ctx context.Context) (listeners, error) {
	var l listeners
	var err error
	if l.public, err = listen(ctx, "KELISIM_ADDR", s.Addr); err != nil {
		return l, err
	}
	if s.InternalAddr == "" {
		return l, nil
	}
	if l.internal, err = listen(ctx, "KELISIM_INTERNAL_ADDR", s.InternalAddr); err != nil {
		return l, errors.Join(err, l.close())
	}
	return l, nil
}

func listen(ctx context.Context, setting, addr string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s is in use by another program; stop it, or set %s to another address: %s=127.0.0.1:8090", addr, setting, setting)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", setting, err)
	}
	return l, nil
}

// address is where a listener is reached; empty for none.
func address(l net.Listener) string {
	if l == nil {
		return ""
	}
	return l.Addr().String()
}

// close closes what a server did not close already.
func (l listeners) close() error {
	var errs []error
	for _, one := range []net.Listener{l.public, l.internal} {
		if one == nil {
			continue
		}
		if err := one.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// serve answers until the context ends, then lets requests under way finish as
// long as the patience lasts. It ends in any case.
func (e *edge) serve(ctx context.Context, l listeners, patience time.Duration) error {
	servers := map[*http.Server]net.Listener{e.server(e.public()): l.public}
	if l.internal != nil {
		servers[e.server(e.internal())] = l.internal
	}
	requests, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	beside, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	if e.engine.renew != nil {
		running.Go(func() { e.engine.renew(beside) })
	}
	if e.control != nil {
		running.Go(func() { e.control.serve(beside) })
	}
	running.Go(func() { e.watch.Run(beside) })
	running.Go(func() { e.figures.run(beside) })
	running.Go(func() { e.keepLedger(beside) })
	running.Go(func() { e.manifests.watch(beside) })
	running.Go(func() { retainer{e.system}.run(beside) })
	running.Go(func() { housekeeper{e.db, e.clock, e.log, e.forgetTechnical}.run(beside) })
	failed := make(chan error, len(servers))
	for srv, on := range servers {
		srv.BaseContext = func(net.Listener) context.Context { return requests }
		running.Go(func() {
			if err := srv.Serve(on); !errors.Is(err, http.ErrServerClosed) {
				failed <- err
			}
		})
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	stop()
	ended := make(chan error, len(servers))
	for srv := range servers {
		go func() { ended <- shut(requests, srv, patience, cut) }()
	}
	for range servers {
		err = errors.Join(err, <-ended)
	}
	running.Wait()
	return err
}

// shut stops a server. Requests that outlast the patience lose their context,
// and a little later their connection.
func shut(ctx context.Context, srv *http.Server, patience time.Duration, cut func()) error {
	wait := func(most time.Duration) error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), most)
		defer cancel()
		return srv.Shutdown(ctx)
	}
	err := wait(patience)
	if !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	cut()
	_ = wait(cutWithin) // whoever is left has had the time
	return errors.Join(errCutOff, srv.Close())
}

// callers is where the configuration of who calls comes from.
type callers struct {
	config identity.Config
	dev    *identity.Dev
}

func (c serveCommand) identity(p *process, s settings) (callers, error) {
	if c.Dev {
		dev, err := openDev(p, s)
		return callers{dev: dev}, err
	}
	config, err := identity.Load(s.OIDCFile, false) // suit() refused that it is missing
	if err != nil {
		return callers{}, fmt.Errorf("KELISIM_OIDC_FILE: %w", err)
	}
	return callers{config: config}, nil
}

func (c callers) provider(p *process, sys *system) (*identity.Provider, error) {
	return identity.New(identity.Options{Config: c.config, Clock: p.clock, AppOf: sys.appOf, Dev: c.dev})
}

// appOf finds the app that a token's audience stands for.
func (sys *system) appOf(ctx context.Context, audience string) (string, bool, error) {
	apps, err := sys.db.Apps(ctx)
	if err != nil {
		return "", false, err
	}
	for _, app := range apps {
		if slices.Contains(app.Audiences, audience) {
			return app.Code, true, nil
		}
	}
	return "", false, nil
}
