//go:build drill

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/jackc/pgx/v5"
	"github.com/rs/zerolog"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

const (
	// answeredWithin is a call's timeout and what a busy machine adds.
	answeredWithin = 4 * time.Second
	// healsWithin is the promise: after Vault serves, so do we.
	healsWithin = 5 * time.Second
)

// rig is a whole server on real back ends, with a real Vault behind TLS and a
// network between the two that can be spoilt.
type rig struct {
	*world
	vault   *daemon.PrivateVaultServer
	network *toxiproxy.Proxy

	me, id  string // a person's token and id
	seen    shown
	backup  any // of the key of personal values
	policy  string
	audit   net.Listener // what listens on Vault's audit device, while that is a socket
	slowest time.Duration
}

const (
	rigPhone = "+77019264837"
	decrypts = "kelisim-decrypt-transit" // a policy
)

func newRig(t *testing.T) *rig {
	t.Helper()
	v := daemon.SecureVault(t)
	r := &rig{vault: v, network: spoilable(t, v.Addr[len("https://"):])}
	s := settingsFor(t, daemon.PostgreSQL(t), v.VaultServer, daemon.Redis(t))
	s.VaultAddr, s.VaultCACert = "https://"+r.network.Listen, v.CACert
	r.world = newWorld(t, "real servers", s)
	r.me, r.seen = r.subject("steady"), r.shown("ru")
	r.id = r.register(r.me, with(named(), input{"phone": rigPhone}))
	v.Write("keys/"+pii+"/config", map[string]any{"deletion_allowed": true, "exportable": true, "allow_plaintext_backup": true})
	secret, err := v.Client(v.Token).Logical().ReadWithContext(t.Context(), "transit/backup/"+pii)
	if err != nil {
		t.Fatal(err)
	}
	r.backup = secret.Data["backup"]
	if r.policy, err = v.Client(v.Token).Sys().GetPolicyWithContext(t.Context(), decrypts); err != nil {
		t.Fatal(err)
	}
	for _, role := range []vault.Role{vault.Support, vault.Compliance, vault.Auditor} {
		r.ask(r.staff(role), `{ me { id } }`, nil) // who calls for the first time leaves a row
	}
	return r
}

// spoilable is a network before a server that passes everything on, until told
// otherwise.
func spoilable(t *testing.T, upstream string) *toxiproxy.Proxy {
	t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	proxy := toxiproxy.NewProxy(server, t.Name(), "127.0.0.1:0", upstream)
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Stop)
	return proxy
}

// spoil does something to all that passes in one direction.
func (r *rig) spoil(kind, direction string, attributes map[string]any) {
	r.t.Helper()
	toxic, err := json.Marshal(map[string]any{"name": kind + direction, "type": kind, "stream": direction, "attributes": attributes})
	if err == nil {
		_, err = r.network.Toxics.AddToxicJson(bytes.NewReader(toxic))
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// clear ends what spoil began.
func (r *rig) clear() { r.network.Toxics.ResetToxics(context.Background()) }

// cut ends the connections there are; new ones are let through.
func (r *rig) cut() {
	r.t.Helper()
	r.network.Stop()
	if err := r.network.Start(); err != nil {
		r.t.Fatal(err)
	}
}

// root is an operator's client, past the network.
func (r *rig) root(path string, data map[string]any) {
	r.t.Helper()
	client := r.vault.Client(r.vault.Token)
	var err error
	if data == nil {
		_, err = client.Logical().DeleteWithContext(r.t.Context(), path)
	} else {
		_, err = client.Logical().WriteWithContext(r.t.Context(), path, data)
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// rows counts what is stored, by table.
func (r *rig) rows() map[string]int {
	r.t.Helper()
	db, err := pgx.Connect(r.t.Context(), daemon.AsOwner(r.t, r.s.DatabaseURL))
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = db.Close(r.t.Context()) }()
	found, err := db.Query(r.t.Context(), `SELECT tablename FROM pg_tables WHERE schemaname = current_schema()`)
	if err != nil {
		r.t.Fatal(err)
	}
	tables, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		r.t.Fatal(err)
	}
	out := map[string]int{}
	for _, table := range tables {
		var n int
		if err := db.QueryRow(r.t.Context(), "SELECT count(*) FROM "+pgx.Identifier{table}.Sanitize()).Scan(&n); err != nil {
			r.t.Fatal(err)
		}
		out[table] = n
	}
	return out
}

// timed holds an answer to its deadline, and remembers the slowest.
func (r *rig) timed(what string, ask func() answer) answer {
	r.t.Helper()
	begin := time.Now()
	got := ask()
	took := time.Since(begin)
	r.slowest = max(r.slowest, took)
	if took > answeredWithin {
		r.t.Errorf("%s took %v", what, took)
	}
	return got
}

// refused holds that the whole request was refused for now.
func (r *rig) refused(what string, got answer) {
	r.t.Helper()
	if got.status != http.StatusServiceUnavailable || got.code() != "UNAVAILABLE" || got.header.Get("Retry-After") == "" {
		r.t.Errorf("%s: status %d, Retry-After %q: %s", what, got.status, got.header.Get("Retry-After"), got.raw)
	}
}

// What needs Vault: a personal field, a write, a look-up.

func (r *rig) read() answer {
	return r.ask(r.me, `{ me { revision profile { phone { state value verified } email { state } } policyStatus { accepted } } }`, nil)
}

func (r *rig) write(newcomer string) answer {
	return r.enter(r.subject(newcomer), with(named(), input{"email": fmt.Sprintf("%d@dala.example", time.Now().UnixNano())})).answer
}

func (r *rig) change() answer { return r.update(r.me, input{"givenName": "Айгерім"}).answer }

func (r *rig) find() answer {
	return r.ask(r.staff(vault.Support), fmt.Sprintf(`{ findUsers(by: {phone: %q}) { id } }`, rigPhone), nil)
}

// served reports whether all of it works.
func (r *rig) served(newcomer string) error {
	for what, got := range map[string]answer{"read": r.read(), "write": r.write(newcomer), "find": r.find()} {
		if len(got.Errors) > 0 || what == "read" && str(got.Data, "me", "profile", "phone", "value") != rigPhone {
			return fmt.Errorf("%s: status %d: %s", what, got.status, got.raw)
		}
	}
	return nil
}

// heals measures how long it takes until all of it works.
func (r *rig) heals(newcomer string) time.Duration {
	r.t.Helper()
	begin := time.Now()
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	for {
		err := r.served(newcomer)
		took := time.Since(begin)
		if err == nil {
			if took > healsWithin {
				r.t.Errorf("it served again after %v", took)
			}
			return took
		}
		if took > 6*healsWithin {
			r.t.Fatalf("it does not heal: %v", err)
		}
		<-poll.C
	}
}

// unchanged holds that no row was added or removed.
func (r *rig) unchanged(before map[string]int) {
	r.t.Helper()
	after := r.rows()
	if maps.Equal(before, after) {
		return
	}
	for _, table := range slices.Sorted(maps.Keys(after)) {
		if before[table] != after[table] {
			r.t.Errorf("%s had %d rows, and has %d", table, before[table], after[table])
		}
	}
}
