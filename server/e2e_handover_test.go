package main

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"filippo.io/age"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/keyring"
)

func TestKeysAreExportedOnceHoweverManyTryAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		versions := []vault.KeyRange{{Key: pii, From: 1, To: 1}, {Key: indexKey, From: 1, To: 1}}
		var all sync.WaitGroup
		var done atomic.Int32
		for range 8 {
			all.Go(func() {
				switch _, err := w.sys.vault.RecordExport(t.Context(), w.p.systemActor(), "d1", versions, false); {
				case err == nil:
					done.Add(1)
				case !errors.Is(err, vault.ErrTaken):
					t.Error(err)
				}
			})
		}
		all.Wait()
		equal(t, "exports", int(done.Load()), 1)
		again, err := w.sys.vault.RecordExport(t.Context(), w.p.systemActor(), "d2", versions, true)
		if err != nil {
			t.Error(err)
		}
		declared, err := w.backups().List(t.Context(), vault.CopyFilter{Kind: vault.CopyOfKeys})
		if err != nil || len(declared) != 2 || declared[0].Label != "export-d1" || !slices.Equal(declared[0].Versions, versions) || declared[1].ID != again.ID {
			t.Errorf("declared: %v, %v", declared, err)
		}
		equal(t, "declared, on record", len(w.ended(vault.BackupDeclared)), 2)
		equal(t, "on record", strings.Join(w.ended(vault.KeysExported), " "), "KeyExport:d2 KeyExport:d1")
		for digest, want := range map[string]bool{"d1": true, "d2": true, "d3": false} {
			if ours, err := w.sys.vault.Exported(t.Context(), digest); err != nil || ours != want {
				t.Errorf("%s: %v, %v", digest, ours, err)
			}
		}
	})
}

// An export says whose keys it holds; that it says so is not enough.
func TestAnExportIsHeldAgainstTheDatabase(t *testing.T) {
	w := embedded(t)
	ours, err := readTies(t.Context(), w.sys.db)
	if err != nil {
		t.Fatal(err)
	}
	strange := filepath.Join(t.TempDir(), "key")
	if err := keyring.NewKeyFile(strange); err != nil {
		t.Fatal(err)
	}
	other, err := keyring.Open(filepath.Join(t.TempDir(), "keyring.age"), strange, "kelisim", keyring.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	suits := func(k *keyring.Keyring, recorded bool) error {
		export, err := k.Export(t.Context(), ours.Instance)
		if err != nil {
			t.Fatal(err)
		}
		identity, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		file, err := export.Encrypt(identity.Recipient())
		if err != nil {
			t.Fatal(err)
		}
		if recorded {
			if _, err := w.sys.vault.RecordExport(t.Context(), w.p.systemActor(), digestOf(file), export.Versions(), true); err != nil {
				t.Fatal(err)
			}
		}
		encrypter, decrypter, err := export.Engine()
		if err != nil {
			t.Fatal(err)
		}
		i := importing{settings: w.s, export: export, digest: digestOf(file), local: &engine{encrypter: encrypter, indexer: encrypter, decrypter: decrypter}}
		return i.suits(t.Context(), w.sys)
	}
	if err := suits(w.sys.engine.keyring, false); err == nil || !strings.Contains(err.Error(), "this file is none that was exported from the database") {
		t.Errorf("not on record: %v", err)
	}
	if err := suits(other, true); !errors.Is(err, errOtherKeys) {
		t.Errorf("other keys: %v", err)
	}
	if err := suits(w.sys.engine.keyring, true); err != nil {
		t.Errorf("our own: %v", err)
	}
}
