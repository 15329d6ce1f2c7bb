package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/kelisim/kelisim/vault/transit/setup"
)

// vaultDaemon is a running Vault with what its operator holds.
type vaultDaemon struct {
	*daemon
	operator  *api.Client
	unlock    string     // the one unseal key
	authority *authority // nil: it speaks plain HTTP
}

// shape is how a server is configured.
type shape struct {
	storage string       // "inmem", or "raft", which is on disk
	tls     bool         // under a certificate of an authority of its own
	leader  *vaultDaemon // a node whose cluster it joins; nil: it is initialised
	more    []string     // HCL besides, as a second listener
}

// startVault starts and unseals a server.
func startVault(programs programs, shape shape) (*vaultDaemon, error) {
	if programs.vault == "" {
		return nil, errNotInstalled
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	folder, err := privateFolder(nil)
	if err != nil {
		return nil, err
	}
	v := &vaultDaemon{}
	v.daemon = &daemon{
		name: "Vault", addr: addr, folder: folder, path: programs.vault,
		args:    []string{"server", "-config", filepath.Join(folder, "vault.hcl")},
		orderly: syscall.SIGTERM, sudden: syscall.SIGKILL,
		ready: func(ctx context.Context) error {
			_, err := v.operator.Sys().HealthWithContext(ctx) // "sealed" is an answer too
			return err
		},
	}
	err = v.secure(shape.tls)
	if err == nil {
		err = v.configure(shape)
	}
	if err == nil {
		v.operator, err = newClient(v.url(), v.ca(), "")
	}
	if err == nil {
		err = v.start()
	}
	switch {
	case err != nil:
	case shape.leader != nil:
		v.unlock = shape.leader.unlock
		v.operator.SetToken(shape.leader.operator.Token())
		err = v.join()
	default:
		err = v.initialise()
	}
	if err != nil {
		return nil, errors.Join(err, v.close())
	}
	return v, nil
}

// secure gives the server an authority and a certificate, where it wants them.
func (v *vaultDaemon) secure(wanted bool) error {
	if !wanted {
		return nil
	}
	var err error
	if v.authority, err = newAuthority(v.folder); err != nil {
		return err
	}
	return v.authority.issue(time.Now().Add(time.Hour))
}

func (v *vaultDaemon) configure(shape shape) error {
	cluster, err := freeAddr()
	if err != nil {
		return err
	}
	parameters := ""
	if shape.storage == "raft" {
		parameters = fmt.Sprintf("path = %q\n  node_id = %q\n  performance_multiplier = 1%s", v.folder, v.addr, joining(shape.leader))
	}
	tls := "tls_disable     = true"
	if v.authority != nil {
		tls = fmt.Sprintf("tls_cert_file   = %q\n  tls_key_file    = %q", v.authority.certificate(), v.authority.private())
	}
	config := fmt.Sprintf(`disable_mlock = true
api_addr      = %[5]q
cluster_addr  = "http://%[2]s"
storage %[3]q {
  %[4]s
}
listener "tcp" {
  address         = %[1]q
  cluster_address = %[2]q
  %[6]s
}
`, v.addr, cluster, shape.storage, parameters, v.url(), tls) + strings.Join(shape.more, "\n")
	return os.WriteFile(filepath.Join(v.folder, "vault.hcl"), []byte(config), 0o600)
}

// initialise makes the root token and the unseal key, and turns auditing on.
func (v *vaultDaemon) initialise() error {
	made, err := v.operator.Sys().Init(&api.InitRequest{SecretShares: 1, SecretThreshold: 1})
	if err != nil {
		return fmt.Errorf("initialising: %w", err)
	}
	v.unlock = made.Keys[0]
	v.operator.SetToken(made.RootToken)
	if err := v.unseal(); err != nil {
		return err
	}
	err = v.operator.Sys().EnableAuditWithOptions("file", &api.EnableAuditOptions{
		Type: "file", Options: map[string]string{"file_path": v.auditLog()},
	})
	if err != nil {
		return fmt.Errorf("turning auditing on: %w", err)
	}
	return nil
}

// unseal returns when the server is active: on raft, it elects itself first.
func (v *vaultDaemon) unseal() error {
	if _, err := v.operator.Sys().Unseal(v.unlock); err != nil {
		return fmt.Errorf("unsealing: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), readyWithin)
	defer cancel()
	return v.running.await(ctx, func(ctx context.Context) error {
		health, err := v.operator.Sys().HealthWithContext(ctx)
		if err == nil && (health.Sealed || health.Standby) {
			err = fmt.Errorf("sealed %t, standby %t", health.Sealed, health.Standby)
		}
		return err
	})
}

// prepare sets a mount up as `kelisim vault setup` does. The mounts of one
// server have keys of the same names, and each its own policies.
func (v *vaultDaemon) prepare(mount string) error {
	plan, err := setup.New(setup.Config{Mount: mount, Suffix: "-" + mount})
	if err != nil {
		return err
	}
	return plan.Apply(context.Background(), v.operator, func(setup.Result) {})
}

// login makes a token under one of the policies that a deployment uses, so
// that every test on Vault tests them too.
func (v *vaultDaemon) login(mount, policy string) (string, error) {
	login, err := v.operator.Auth().Token().CreateOrphan(&api.TokenCreateRequest{
		Policies: []string{policy + "-" + mount}, NoDefaultPolicy: true, Period: "24h",
	})
	if err != nil {
		return "", fmt.Errorf("a token for %s: %w", policy, err)
	}
	return login.Auth.ClientToken, nil
}

func (v *vaultDaemon) url() string {
	if v.authority != nil {
		return "https://" + v.addr
	}
	return "http://" + v.addr
}

// ca is who signed the server's certificate; empty on plain HTTP.
func (v *vaultDaemon) ca() string {
	if v.authority == nil {
		return ""
	}
	return v.authority.ca()
}

func (v *vaultDaemon) auditLog() string { return filepath.Join(v.folder, "audit.log") }
