package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
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
	token transit.Token
}

// logins are those that this installation has.
func (on *patient) logins() []vaultLogin {
	s := on.settings
	var out []vaultLogin
	main := vaultLogin{"VAULT_TOKEN_FILE", []string{"encrypt"}, tokenOf(s.VaultToken, s.VaultTokenFile)}
	if s.VaultTokenFile == "" {
		main.name = "VAULT_TOKEN"
	}
	if s.DecryptTokenFile == "" {
		main.roles = append(main.roles, "decrypt")
	}
	if s.VaultToken != "" || s.VaultTokenFile != "" {
		out = append(out, main)
	}
	if s.DecryptTokenFile != "" {
		out = append(out, vaultLogin{"KELISIM_DECRYPT_TOKEN_FILE", []string{"decrypt"}, tokenOf("", s.DecryptTokenFile)})
	}
	if s.RewrapTokenFile != "" {
		out = append(out, vaultLogin{"KELISIM_REWRAP_TOKEN_FILE", []string{"rewrap"}, tokenOf("", s.RewrapTokenFile)})
	}
	return out
}

// vault is a client under one of the logins, and the plan that names the keys.
func (on *patient) vault(l vaultLogin) (*setup.Plan, *api.Client, error) {
	plan, err := setup.New(setup.Config{Mount: on.settings.TransitMount, Prefix: on.settings.KeyPrefix})
	if err != nil {
		return nil, nil, err
	}
	token, err := l.token()
	if err != nil {
		return nil, nil, err
	}
	config := on.settings.transit()
	config.Timeout = askWithin
	client, err := transit.Operator(config, token)
	return plan, client, err
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

// notChecked is the finding of a check that could not look.
func notChecked(subject string, because error) []finding {
	return []finding{{
		Severity: unchecked, Subject: subject, Found: "not checked, because " + because.Error(),
		Do: "put that right, or run this where the server runs",
	}}
}
