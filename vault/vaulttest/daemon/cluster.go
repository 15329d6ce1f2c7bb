package daemon

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/hashicorp/vault/api"
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
	c.VaultServer = c.nodes[0].mount(t, "transit")
	return c
}

// Addrs are the nodes' addresses, as VAULT_ADDR.
func (c *VaultCluster) Addrs() []string {
	out := make([]string, len(c.nodes))
	for i, node := range c.nodes {
		out[i] = node.url()
	}
	return out
}

// Active is the place of the node that is active, or -1 while none is.
func (c *VaultCluster) Active() int {
	for i, node := range c.nodes {
		if node.running == nil {
			continue
		}
		if health, err := node.operator.Sys().Health(); err == nil && !health.Sealed && !health.Standby {
			return i
		}
	}
	return -1
}

// Crash ends a node at once.
func (c *VaultCluster) Crash(node int) {
	c.t.Helper()
	if err := c.nodes[node].stop(c.nodes[node].sudden); err != nil {
		c.t.Fatalf("daemon: crashing a Vault: %v", err)
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

// Operator is a client of one node with root's token.
func (c *VaultCluster) Operator(node int) *api.Client { return c.nodes[node].operator }
