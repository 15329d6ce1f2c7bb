package daemon

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
)

// VaultCluster is three Vaults of the test's own that share their storage by
// raft, with a mount at transit. One is active, the others are standbys.
type VaultCluster struct {
	*VaultServer // of the first node

	t     testing.TB
	nodes []*vaultDaemon
}

// Cluster starts three Vaults for this test alone; that takes some seconds.
func Cluster(t testing.TB) *VaultCluster {
	t.Helper()
	c := &VaultCluster{t: t}
	t.Cleanup(func() {
		for _, node := range c.nodes {
			if err := node.close(); err != nil {
				t.Errorf("daemon: removing a Vault: %v", err)
			}
		}
	})
	for range 3 {
		node, err := private(func(p programs) (*vaultDaemon, error) {
			if len(c.nodes) == 0 {
				return startPrivateVault(p)
			}
			return startVault(p, shape{storage: "raft", leader: c.nodes[0]})
		})
		if err != nil {
			t.Fatalf("daemon: Vault: %v", err)
		}
		c.nodes = append(c.nodes, node)
	}
	if err := c.nodes[0].elects(len(c.nodes)); err != nil {
		t.Fatalf("daemon: a cluster of Vaults: %v", err)
	}
	c.VaultServer = c.nodes[0].mount(t, "transit")
	return c
}

// elects waits until so many nodes have a vote: a node that has only just
// joined has none, and without a majority nobody succeeds a leader who dies.
func (v *vaultDaemon) elects(voters int) error {
	ctx, cancel := context.WithTimeout(context.Background(), readyWithin)
	defer cancel()
	_, err := v.operator.Logical().WriteWithContext(ctx, "sys/storage/raft/autopilot/configuration", map[string]any{"server_stabilization_time": "1s"})
	if err != nil {
		return fmt.Errorf("the time until a node votes: %w", err)
	}
	return v.running.await(ctx, func(ctx context.Context) error {
		secret, err := v.operator.Logical().ReadWithContext(ctx, "sys/storage/raft/configuration")
		if err != nil {
			return err
		}
		voting := strings.Count(fmt.Sprint(secret.Data["config"]), "voter:true")
		if voting < voters {
			return fmt.Errorf("%d of %d nodes vote", voting, voters)
		}
		return nil
	})
}

// Addrs are the nodes' addresses, as VAULT_ADDR.
func (c *VaultCluster) Addrs() []string {
	out := make([]string, len(c.nodes))
	for i, node := range c.nodes {
		out[i] = node.url()
	}
	return out
}

// Active is the place of the node that is active, or -1 while none is. It is
// safe for use beside everything else.
func (c *VaultCluster) Active(ctx context.Context) int {
	for i, node := range c.nodes {
		if c.isActive(ctx, node) {
			return i
		}
	}
	return -1
}

func (c *VaultCluster) isActive(ctx context.Context, node *vaultDaemon) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	health, err := node.operator.Sys().HealthWithContext(ctx)
	return err == nil && !health.Sealed && !health.Standby
}

// Crash ends a node at once.
func (c *VaultCluster) Crash(node int) {
	c.t.Helper()
	if err := c.nodes[node].stop(c.nodes[node].sudden); err != nil {
		c.t.Fatalf("daemon: crashing a Vault: %v", err)
	}
}

// Freeze stops a node as it stands: it accepts connections, and answers
// nothing. Crash ends it. Not to be thawed: a Vault that stood still while
// another one became active goes on as if it were the active one.
func (c *VaultCluster) Freeze(node int) {
	c.t.Helper()
	if err := syscall.Kill(c.nodes[node].running.pid, syscall.SIGSTOP); err != nil {
		c.t.Fatalf("daemon: freezing a Vault: %v", err)
	}
}

// Start starts a node that was ended, and returns when it is part of the
// cluster again.
func (c *VaultCluster) Start(node int) {
	c.t.Helper()
	n := c.nodes[node]
	err := n.start()
	if err == nil {
		err = n.join()
	}
	if err != nil {
		c.t.Fatalf("daemon: starting a Vault: %v", err)
	}
}

// join unseals a node, and returns when it follows or leads.
func (v *vaultDaemon) join() error {
	ctx, cancel := context.WithTimeout(context.Background(), readyWithin)
	defer cancel()
	return v.running.await(ctx, func(ctx context.Context) error {
		health, err := v.operator.Sys().HealthWithContext(ctx)
		if err == nil && health.Initialized && health.Sealed {
			_, err = v.operator.Sys().UnsealWithContext(ctx, v.unlock)
		}
		if err == nil && (!health.Initialized || health.Sealed) {
			err = errors.New("it has not joined")
		}
		return err
	})
}

// joining is the part of a configuration that names a cluster to join.
func joining(leader *vaultDaemon) string {
	if leader == nil {
		return ""
	}
	return fmt.Sprintf("\n  retry_join {\n    leader_api_addr = %q\n  }", leader.url())
}

// RotateAt gives a key its next version, by way of one node.
func (c *VaultCluster) RotateAt(ctx context.Context, node int, key string) error {
	_, err := c.nodes[node].operator.Logical().WriteWithContext(ctx, "transit/keys/"+key+"/rotate", nil)
	return err
}
