package daemon

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"
)

// VaultServer is a transit mount on a real Vault, as a deployment has it: the
// keys kelisim-pii and kelisim-index, and a login each for encrypting,
// decrypting, rewrapping and reindexing, under the policies of deploy/vault.
type VaultServer struct {
	Addr         string // http://host:port, as VAULT_ADDR
	CACert       string // file of who signed its certificate, as VAULT_CACERT; empty on plain HTTP
	Mount        string // path of the transit mount, without slashes
	Token        string // root's
	EncryptToken string // encrypts, computes HMACs, reads the keys' versions
	DecryptToken string // decrypts
	RewrapToken  string // rewraps, reads the versions of kelisim-pii
	ReindexToken string // decrypts, computes HMACs, reads the versions of kelisim-index
	AuditLog     string // file of the server's own audit device, one JSON object a line

	t testing.TB
}

// Vault returns a mount of its own on the Vault that the process shares.
func Vault(t testing.TB) *VaultServer {
	t.Helper()
	s, err := shared.vault()
	if err != nil {
		t.Fatalf("daemon: Vault: %v", err)
	}
	mount := "transit-" + strconv.FormatInt(s.count.Add(1), 10)
	v := s.mount(t, mount)
	t.Cleanup(func() {
		if err := s.operator.Sys().Unmount(mount); err != nil {
			t.Errorf("daemon: unmounting %s: %v", mount, err)
		}
	})
	return v
}

// KubernetesPlugin is the path of Vault's own program for logins by Kubernetes,
// which the small server that the tests build leaves out.
func KubernetesPlugin(t testing.TB) string {
	t.Helper()
	p, err := shared.programs()
	if err == nil && p.kubernetes == "" {
		err = errNotInstalled
	}
	if err != nil {
		t.Fatalf("daemon: Vault's plugin for Kubernetes: %v", err)
	}
	return p.kubernetes
}

// FreeAddr is a host:port of loopback that nobody listens at.
func FreeAddr(t testing.TB) string {
	t.Helper()
	addr, err := freeAddr()
	if err != nil {
		t.Fatalf("daemon: %v", err)
	}
	return addr
}

// Client returns a client of the API that logs in with a token.
func (v *VaultServer) Client(token string) *api.Client {
	v.t.Helper()
	client, err := newClient(v.Addr, v.CACert, token)
	if err != nil {
		v.t.Fatalf("daemon: Vault client: %v", err)
	}
	return client
}

// Rotate gives a key its next version.
func (v *VaultServer) Rotate(key string) {
	v.t.Helper()
	v.Write("keys/"+key+"/rotate", nil)
}

// Write sends data to a path below the mount, as root.
func (v *VaultServer) Write(path string, data map[string]any) {
	v.t.Helper()
	if _, err := v.Client(v.Token).Logical().WriteWithContext(context.Background(), v.Mount+"/"+path, data); err != nil {
		v.t.Fatalf("daemon: writing %s: %v", path, err)
	}
}

// PrivateVaultServer is a Vault of the test's own, to be sealed and stopped.
// Its storage is on disk: started again, it has its keys.
type PrivateVaultServer struct {
	*VaultServer
	server *Server
	v      *vaultDaemon
}

// PrivateVault starts a Vault for this test alone, with its mount at transit.
// More is HCL for its configuration, as a second listener.
func PrivateVault(t testing.TB, more ...string) *PrivateVaultServer {
	t.Helper()
	return privateVault(t, func(p programs) (*vaultDaemon, error) { return startPrivateVault(p, more...) })
}

// SecureVault is PrivateVault with TLS, whose certificate can be replaced.
func SecureVault(t testing.TB) *PrivateVaultServer {
	t.Helper()
	return privateVault(t, func(p programs) (*vaultDaemon, error) { return startVault(p, shape{storage: "raft", tls: true}) })
}

func privateVault(t testing.TB, start func(programs) (*vaultDaemon, error)) *PrivateVaultServer {
	t.Helper()
	v, err := private(start)
	if err != nil {
		t.Fatalf("daemon: Vault: %v", err)
	}
	server := own(t, v.daemon, v.url())
	return &PrivateVaultServer{VaultServer: v.mount(t, "transit"), server: server, v: v}
}

// Stop ends the server and returns when it has ended.
func (s *PrivateVaultServer) Stop() { s.t.Helper(); s.server.Stop() }

// Crash ends the server at once.
func (s *PrivateVaultServer) Crash() { s.t.Helper(); s.server.Crash() }

// Start starts a stopped server at its old address and unseals it.
func (s *PrivateVaultServer) Start() {
	s.t.Helper()
	s.server.Start()
	s.Unseal()
}

// Restart ends the server at once and starts it, sealed as a Vault starts.
func (s *PrivateVaultServer) Restart() { s.t.Helper(); s.server.Crash(); s.server.Start() }

// Seal makes the server forget its root key: from now on it answers 503.
func (s *PrivateVaultServer) Seal() {
	s.t.Helper()
	if err := s.v.operator.Sys().Seal(); err != nil {
		s.t.Fatalf("daemon: sealing Vault: %v", err)
	}
}

// Unseal returns when the server serves again.
func (s *PrivateVaultServer) Unseal() {
	s.t.Helper()
	if err := s.v.unseal(); err != nil {
		s.t.Fatalf("daemon: unsealing Vault: %v", err)
	}
}

// Certify gives a server with TLS another certificate, valid until then. What
// is connected stays connected.
func (s *PrivateVaultServer) Certify(until time.Time) {
	s.t.Helper()
	if err := errors.Join(s.v.authority.issue(until), syscall.Kill(s.v.running.pid, syscall.SIGHUP)); err != nil {
		s.t.Fatalf("daemon: another certificate: %v", err)
	}
}

// Freeze stops a server as it stands: it accepts connections, and answers
// nothing until Thaw.
func (s *PrivateVaultServer) Freeze() { s.signal(syscall.SIGSTOP) }

// Thaw lets a frozen server go on.
func (s *PrivateVaultServer) Thaw() { s.signal(syscall.SIGCONT) }

func (s *PrivateVaultServer) signal(signal syscall.Signal) {
	s.t.Helper()
	if err := syscall.Kill(s.v.running.pid, signal); err != nil {
		s.t.Fatalf("daemon: sending %v to Vault: %v", signal, err)
	}
}

// startPrivateVault keeps its storage on disk, to be stopped and started.
func startPrivateVault(programs programs, more ...string) (*vaultDaemon, error) {
	return startVault(programs, shape{storage: "raft", more: more})
}

// sharedVault is the one Vault of a test process. In memory, since nobody can
// stop it.
type sharedVault struct {
	*vaultDaemon
	count atomic.Int64
}

func startSharedVault(programs programs) (*sharedVault, error) {
	v, err := startVault(programs, shape{storage: "inmem"})
	if err != nil {
		return nil, err
	}
	return &sharedVault{vaultDaemon: v}, nil
}

// mount prepares transit at a path, or fails the test.
func (v *vaultDaemon) mount(t testing.TB, path string) *VaultServer {
	t.Helper()
	s := &VaultServer{Addr: v.url(), CACert: v.ca(), Mount: path, Token: v.operator.Token(), AuditLog: v.auditLog(), t: t}
	err := v.prepare(path)
	for policy, token := range map[string]*string{
		"kelisim-encrypt": &s.EncryptToken, "kelisim-decrypt": &s.DecryptToken, "kelisim-rewrap": &s.RewrapToken,
		"kelisim-reindex": &s.ReindexToken,
	} {
		if err == nil {
			*token, err = v.login(path, policy)
		}
	}
	if err != nil {
		t.Fatalf("daemon: preparing Vault: %v", err)
	}
	return s
}

func newClient(addr, ca, token string) (*api.Client, error) {
	config := api.DefaultConfig()
	if config.Error != nil {
		return nil, fmt.Errorf("a VAULT_ variable of this machine: %w", config.Error)
	}
	config.Address, config.MaxRetries = addr, 0
	if err := config.ConfigureTLS(&api.TLSConfig{CACert: ca}); err != nil {
		return nil, fmt.Errorf("the authority of %s: %w", addr, err)
	}
	client, err := api.NewClient(config)
	if err != nil {
		return nil, fmt.Errorf("a client for %s: %w", addr, err)
	}
	client.SetToken(token)
	client.ClearNamespace()
	return client, nil
}
