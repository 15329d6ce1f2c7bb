package daemon

import (
	"bytes"
	"context"
	"os/exec"
	"path/filepath"
	"testing"
)

// Backup returns a database as pg_dump writes it to be restored, with what each
// role may do.
func Backup(t testing.TB, url string) []byte {
	t.Helper()
	return pgTool(t, nil, "pg_dump", "--format=custom", "--dbname", AsOwner(t, url))
}

// Restore puts a backup into a new database, and returns its URL for the role
// that serves.
func Restore(t testing.TB, backup []byte) string {
	t.Helper()
	url := PostgreSQL(t)
	pgTool(t, backup, "pg_restore", "--exit-on-error", "--no-owner", "--dbname", url)
	return AsRuntime(t, url)
}

func pgTool(t testing.TB, in []byte, name string, args ...string) []byte {
	t.Helper()
	programs, err := shared.programs()
	if err != nil {
		t.Fatalf("daemon: %s: %v", name, err)
	}
	var stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), filepath.Join(programs.postgres, name), args...)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("daemon: %s: %v: %s", name, err, &stderr)
	}
	return out
}

// Snapshot returns the server's storage, with its keys, as
// `vault operator raft snapshot save` does.
func (s *PrivateVaultServer) Snapshot() []byte {
	s.t.Helper()
	var out bytes.Buffer
	if err := s.v.operator.Sys().RaftSnapshotWithContext(context.Background(), &out); err != nil {
		s.t.Fatalf("daemon: a snapshot of Vault: %v", err)
	}
	return out.Bytes()
}

// Restore puts a snapshot of the same server back. It returns when the server
// serves again.
func (s *PrivateVaultServer) Restore(snapshot []byte) {
	s.t.Helper()
	if err := s.v.operator.Sys().RaftSnapshotRestoreWithContext(context.Background(), bytes.NewReader(snapshot), false); err != nil {
		s.t.Fatalf("daemon: restoring Vault: %v", err)
	}
	s.Unseal()
}
