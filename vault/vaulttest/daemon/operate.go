package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/hashicorp/vault/api"
)

// vaultDaemon is a running Vault with what its operator holds.
type vaultDaemon struct {
	*daemon
	checkout string // where the policies are
	operator *api.Client
	unlock   string // the one unseal key
}

// startVault starts, initialises and unseals a server on a storage: "inmem",
// or "raft", which is on disk.
func startVault(programs programs, storage string) (*vaultDaemon, error) {
	if programs.vault == "" {
		return nil, errNotInstalled
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	operator, err := newClient("http://"+addr, "")
	if err != nil {
		return nil, err
	}
	folder, err := privateFolder(nil)
	if err != nil {
		return nil, err
	}
	v := &vaultDaemon{checkout: programs.root, operator: operator}
	v.daemon = &daemon{
		name: "Vault", addr: addr, folder: folder, path: programs.vault,
		args:    []string{"server", "-config", filepath.Join(folder, "vault.hcl")},
		orderly: syscall.SIGTERM, sudden: syscall.SIGKILL,
		ready: func(ctx context.Context) error {
			_, err := operator.Sys().HealthWithContext(ctx) // "sealed" is an answer too
			return err
		},
	}
	err = v.configure(storage)
	if err == nil {
		err = v.start()
	}
	if err == nil {
		err = v.initialise()
	}
	if err != nil {
		return nil, errors.Join(err, v.close())
	}
	return v, nil
}

func (v *vaultDaemon) configure(storage string) error {
	cluster, err := freeAddr()
	if err != nil {
		return err
	}
	parameters := ""
	if storage == "raft" {
		parameters = fmt.Sprintf("path = %q\n  node_id = \"test\"\n  performance_multiplier = 1", v.folder)
	}
	config := fmt.Sprintf(`disable_mlock = true
api_addr      = "http://%[1]s"
cluster_addr  = "http://%[2]s"
storage %[3]q {
  %[4]s
}
listener "tcp" {
  address         = %[1]q
  cluster_address = %[2]q
  tls_disable     = true
}
`, v.addr, cluster, storage, parameters)
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
	return v.write("sys/config/auditing/request-headers/X-Request-Id", map[string]any{"hmac": false})
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

// prepare mounts transit as deploy/vault/setup.sh does.
func (v *vaultDaemon) prepare(mount string) error {
	if err := v.operator.Sys().Mount(mount, &api.MountInput{Type: "transit"}); err != nil {
		return fmt.Errorf("mounting transit: %w", err)
	}
	return errors.Join(
		v.write(mount+"/config/keys", map[string]any{"disable_upsert": true}),
		v.write(mount+"/keys/kelisim-pii", map[string]any{"type": "aes256-gcm96", "derived": true}),
		v.write(mount+"/keys/kelisim-index", map[string]any{"type": "hmac", "key_size": 32}),
	)
}

// login makes a token under one of the policies that a deployment uses, so
// that every test on Vault tests them too.
func (v *vaultDaemon) login(mount, policy string) (string, error) {
	rules, err := os.ReadFile(filepath.Join(v.checkout, "deploy", "vault", policy+".hcl"))
	if err != nil {
		return "", err
	}
	name := policy + "-" + mount
	err = v.operator.Sys().PutPolicy(name, strings.ReplaceAll(string(rules), `"transit/`, `"`+mount+"/"))
	if err != nil {
		return "", fmt.Errorf("policy %s: %w", policy, err)
	}
	login, err := v.operator.Auth().Token().CreateOrphan(&api.TokenCreateRequest{Policies: []string{name}, Period: "24h"})
	if err != nil {
		return "", fmt.Errorf("a token for %s: %w", policy, err)
	}
	return login.Auth.ClientToken, nil
}

func (v *vaultDaemon) write(path string, data map[string]any) error {
	if _, err := v.operator.Logical().Write(path, data); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

func (v *vaultDaemon) url() string      { return "http://" + v.addr }
func (v *vaultDaemon) auditLog() string { return filepath.Join(v.folder, "audit.log") }
