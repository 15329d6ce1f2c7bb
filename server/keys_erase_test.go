package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

// copied declares a copy that was taken just now.
func (w *world) copied(kind vault.CopyKind) vault.Copy {
	w.t.Helper()
	c, err := w.backups().Declare(w.t.Context(), w.p.systemActor(), vault.Copy{Kind: kind, Label: "before"})
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// destroyed says that copies of a kind exist no more.
func (w *world) destroyed(kind vault.CopyKind) {
	w.t.Helper()
	gone, err := w.backups().Expire(w.t.Context(), w.p.systemActor(), vault.CopyFilter{Kind: kind})
	if err != nil || len(gone) != 1 {
		w.t.Fatalf("expired %v, %v", gone, err)
	}
}

func (w *world) backups() vault.Backups {
	w.t.Helper()
	return vault.Backups{Keys: w.sys.keys(w.custodian()), NewID: w.p.newID}
}

// TestWhoWasErasedIsNotReadFromACopyOnceTheVersionIsTrimmed is the drill: a dump
// of the database and a snapshot of Vault are taken, a person is erased, keys
// are rotated, values moved, the old version retired and trimmed. Then the
// person is not in the dump any more either.
//
// Nothing erases a person as a whole yet: theirs is cleared field by field.
func TestWhoWasErasedIsNotReadFromACopyOnceTheVersionIsTrimmed(t *testing.T) {
	v := daemon.PrivateVault(t)
	w := newWorld(t, "real servers", settingsFor(t, daemon.PostgreSQL(t), v.VaultServer, daemon.Redis(t)))
	w.vault = v.VaultServer
	gone, stays := w.subject("erased"), w.subject("stays")
	erased := w.register(gone, input{"familyName": "Бұрынбекова", "phone": "+77019264837"})
	w.register(stays, input{"familyName": "Сағынтаева", "phone": "+77019264838"})
	value := w.fields(erased)["familyName"]
	dump, snapshot := daemon.Backup(t, w.s.DatabaseURL), v.Snapshot()
	database := w.copied(vault.CopyOfDatabase)
	w.copied(vault.CopyOfVault)

	w.update(gone, input{"familyName": nil, "phone": nil}).ok()
	w.rotate(pii)
	w.moved()
	inUse(t, w.retire(pii, 2), database.ID.String())
	w.destroyed(vault.CopyOfDatabase)
	if err := w.retire(pii, 2); err != nil {
		t.Fatal(err)
	}
	inUse(t, w.trim(pii), " vault-snapshot before of ", "holds version 1 and newer")
	w.destroyed(vault.CopyOfVault)
	if err := w.trim(pii); err != nil {
		t.Fatal(err)
	}
	equal(t, "who stays", str(w.ask(stays, ownProfile, nil).must(), "me", "profile", "familyName", "value"), "Сағынтаева")

	// The dump comes back, and nobody in it can be read. The service says why.
	old := *w
	old.s.DatabaseURL = daemon.Restore(t, dump)
	_, err := old.p.openSystem(old.s, mode{}, vault.Access{})
	if err == nil || !strings.Contains(err.Error(), "kelisim-pii: versions below 2 were trimmed, and version 1 is needed (meta (canary): 1 row)") ||
		!strings.Contains(err.Error(), "vault operator raft snapshot restore") {
		t.Errorf("starting on the dump: %v", err)
	}
	err = w.decrypts(w.userUUID(erased), value)
	if !errors.Is(err, vault.ErrUndecryptable) || !strings.Contains(err.Error(), "min_decryption_version of kelisim-pii is above version 1") {
		t.Errorf("decrypting what was erased: %v", err)
	}

	// What the gate stood against: with the snapshot it all comes back.
	v.Restore(snapshot)
	if err := w.decrypts(w.userUUID(erased), value); err != nil {
		t.Errorf("with the snapshot restored: %v", err)
	}
	old.start()
	equal(t, "with both copies", str(old.ask(gone, ownProfile, nil).must(), "me", "profile", "familyName", "value"), "Бұрынбекова")
}

// decrypts tries a stored field as the service would.
func (w *world) decrypts(user uuid.UUID, f vault.StoredField) error {
	w.t.Helper()
	answers, err := w.sys.engine.decrypter.Decrypt(w.t.Context(), []vault.DecryptItem{
		{Place: vault.Place{User: user, Field: f.Code}, Ciphertext: f.Ciphertext, Reference: uuid.New()},
	})
	if err != nil {
		return err
	}
	return answers[0].Err
}

// A label has no room for a person, and a copy that is gone by itself stands
// against nothing.
func TestACopyThatWasToBeDestroyedStandsAgainstNothing(t *testing.T) {
	w := embedded(t)
	w.rotate(pii)
	_, err := w.backups().Declare(t.Context(), w.p.systemActor(), vault.Copy{Kind: vault.CopyOfReplica, Until: w.clock.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	w.moved()
	inUse(t, w.retire(pii, 2), " replica of ")
	w.clock.advance(time.Hour)
	if err := w.retire(pii, 2); err != nil {
		t.Error(err)
	}
}

// What was moved between the copy and its declaration cannot be told any more:
// every version that there is counts.
func TestACopyDeclaredLateNeedsEveryVersion(t *testing.T) {
	w := embedded(t)
	w.rotate(pii)
	w.moved()
	soon, err := w.backups().Declare(t.Context(), w.p.systemActor(), vault.Copy{Kind: vault.CopyOfDatabase})
	if err != nil {
		t.Fatal(err)
	}
	late, err := w.backups().Declare(t.Context(), w.p.systemActor(), vault.Copy{Kind: vault.CopyOfDatabase, TakenAt: w.clock.Now().Add(-time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "declared at once", soon.Versions[0], vault.KeyRange{Key: pii, From: 2, To: 2})
	equal(t, "declared late", late.Versions[0], vault.KeyRange{Key: pii, From: 1, To: 2})
	err = w.retire(pii, 2)
	inUse(t, err, late.ID.String())
	if strings.Contains(err.Error(), soon.ID.String()) {
		t.Errorf("what needs nothing old is named: %v", err)
	}
}
