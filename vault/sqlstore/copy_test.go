package sqlstore

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/vaulttest"
)

func TestACopyExpiresOnce(t *testing.T) {
	vaulttest.CopyExpires(t, opened(t, filepath.Join(t.TempDir(), "vault.db"), Options{}))
	owner, _ := entitled(t, Options{})
	vaulttest.CopyExpires(t, owner)
}

// TestOnlyTheOwnerSaysThatACopyIsGone: whoever has the server's login could have
// a version destroyed that a copy needs. Nothing of the transaction is left.
func TestOnlyTheOwnerSaysThatACopyIsGone(t *testing.T) {
	owner, serving := entitled(t, Options{})
	gone := vault.Copy{ID: uuid.New(), Kind: vault.CopyOfDatabase, TakenAt: time.UnixMilli(1), DeclaredAt: time.UnixMilli(1)}
	event := vault.AuditEvent{ID: uuid.New(), At: time.UnixMilli(1), Kind: vault.System, Role: vault.System, Action: vault.BackupExpired, Outcome: vault.OutcomeOK}
	err := serving.Write(t.Context(), func(tx vault.Tx) error { tx.InsertCopy(gone); tx.Record(event); return nil })
	if err != nil {
		t.Fatal(err)
	}
	expire := func(tx vault.Tx) error {
		tx.ExpireCopy(gone.ID, time.UnixMilli(2))
		tx.Record(vault.AuditEvent{ID: uuid.New(), At: event.At, Kind: vault.System, Role: vault.System, Action: vault.BackupExpired, Outcome: vault.OutcomeOK})
		return nil
	}
	if err := serving.Write(t.Context(), expire); !errors.Is(err, vault.ErrOwners) {
		t.Errorf("the role that serves: %v", err)
	}
	events, err := serving.Events(t.Context(), vault.AuditFilter{}, vault.Page{Limit: 10})
	if err != nil || len(events) != 1 {
		t.Errorf("%d events (%v)", len(events), err)
	}
	if err := owner.Write(t.Context(), expire); err != nil {
		t.Errorf("the owner: %v", err)
	}
}
