package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/kelisim/kelisim/vault/sqlstore"
	"github.com/kelisim/kelisim/vault/transit"
	"github.com/kelisim/kelisim/vault/transit/setup"
)

// patient is an installation that is looked at. What it is asked over a network
// is asked once.
type patient struct {
	*process
	settings settings
	keyring  bool

	db    *sqlstore.Store
	dbErr error
}

// askWithin bounds what one check asks over a network.
const askWithin = 10 * time.Second

func (on *patient) within() (context.Context, context.CancelFunc) {
	return context.WithTimeout(on.ctx, askWithin)
}

// database opens the database at the first call, without touching its schema.
func (on *patient) database() (*sqlstore.Store, error) {
	if on.db != nil || on.dbErr != nil {
		return on.db, on.dbErr
	}
	if on.dbErr = on.settings.prepareData(false); on.dbErr != nil {
		return nil, on.dbErr
	}
	ctx, cancel := on.within()
	defer cancel()
	// The pool outlives this call.
	db, err := sqlstore.Open(context.WithoutCancel(ctx), on.settings.database(), sqlstore.Options{Log: slog.New(slog.DiscardHandler)})
	if err == nil {
		err = db.Ping(ctx)
	}
	if err != nil {
		if db != nil {
			err = errors.Join(readable(err), db.Close())
		}
		on.dbErr = err
		return nil, err
	}
	on.db = db
	return db, nil
}

// discharge closes what looking opened.
func (on *patient) discharge() {
	if on.db != nil {
		_ = on.db.Close() // nothing was written
	}
}

// vaultLogin is one of the logins to Vault, and what it is for.
type vaultLogin struct {
	name  string // the setting
	roles []string
	login transit.Login
}

// logins are those that this installation has.
func (on *patient) logins() []vaultLogin {
	s := on.settings
	all := []vaultLogin{{s.EncryptLogin.setting("VAULT_"), []string{"encrypt"}, s.encryptLogin()}}
	if s.VaultToken != "" {
		all[0].name = "VAULT_TOKEN"
	}
	for _, job := range []struct {
		prefix, role string
		login        login
	}{
		{"KELISIM_DECRYPT_", "decrypt", s.DecryptLogin},
		{"KELISIM_REWRAP_", "rewrap", s.RewrapLogin},
		{"KELISIM_REINDEX_", "reindex", s.ReindexLogin},
		{"KELISIM_OBSERVE_", "observe", s.ObserveLogin},
	} {
		all = append(all, vaultLogin{job.login.setting(job.prefix), []string{job.role}, s.login(job.login)})
	}
	if !s.DecryptLogin.given() {
		all[0].roles = append(all[0].roles, "decrypt")
	}
	return slices.DeleteFunc(all, func(l vaultLogin) bool { return l.login == nil })
}

// visit logs in to Vault, and has somebody look. The plan names the keys.
func (on *patient) visit(l vaultLogin, look func(context.Context, *setup.Plan, *api.Client) []finding) (found []finding) {
	plan, err := setup.New(setup.Config{Mount: on.settings.TransitMount, Prefix: on.settings.KeyPrefix})
	if err != nil {
		return notChecked(l.name, err)
	}
	ctx, cancel := on.within()
	defer cancel()
	config := on.settings.transit()
	config.Timeout = askWithin
	client, giveBack, err := transit.Visit(ctx, config, l.login)
	if err != nil {
		return notChecked(l.name, err)
	}
	defer func() {
		if err := giveBack(ctx); err != nil {
			found = append(found, finding{
				Severity: note, Subject: l.name, Found: "the token that was made for this look was not given back", Do: "nothing: it ends by itself",
			})
		}
	}()
	return look(ctx, plan, client)
}

// nearby reports whether an address of a server stays on this machine: a socket,
// or loopback.
func nearby(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	host := u.Hostname()
	if host == "" || host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// everywhere reports whether an address to listen at is on all interfaces.
func everywhere(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "" || err == nil && ip.IsUnspecified()
}

// public reports whether an address to listen at is one of the Internet. Of a name
// nobody knows.
func public(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsGlobalUnicast() && !ip.IsPrivate()
}

// notChecked is the finding of a check that could not look.
func notChecked(subject string, because error) []finding {
	return []finding{{
		Severity: unchecked, Subject: subject, Found: "not checked, because " + because.Error(),
		Do: "put that right, or run this where the server runs",
	}}
}
