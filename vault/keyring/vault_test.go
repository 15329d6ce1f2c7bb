package keyring_test

import (
	"bytes"
	"encoding/base64"
	"testing"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/keyring"
	"github.com/kelisim/kelisim/vault/transit"
	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

// restored moves the keyring's keys into a real Vault, in place of its own.
func restored(t *testing.T, k *keyring.Keyring) (*daemon.VaultServer, *transit.Engine) {
	t.Helper()
	v := daemon.Vault(t)
	export, err := k.Export(t.Context(), uuid.New())
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range export.Keys {
		v.Write("restore/"+key.Name, map[string]any{"backup": key.Backup, "force": true})
	}
	e, err := transit.New(transit.Config{
		Address: v.Addr, Mount: v.Mount, EncryptLogin: transit.Token(v.EncryptToken), DecryptLogin: transit.Token(v.DecryptToken),
	})
	if err != nil {
		t.Fatal(err)
	}
	return v, e
}

func TestRealVaultWithTheKeyringsKeysReadsWhatTheKeyringWrote(t *testing.T) {
	path, keyFile := files(t)
	k := open(t, path, keyFile, true)
	at := vault.Place{User: uuid.New(), Field: "givenName"}
	var stored []vault.DecryptItem
	for range 3 { // versions 1 to 3 of the key
		answers, err := k.Encrypter().Encrypt(t.Context(), []vault.EncryptItem{{Place: at, Value: vault.NewPlain("Айгерім")}})
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, vault.DecryptItem{Place: at, Ciphertext: answers[0].Ciphertext})
		for _, key := range []string{k.DataKey(), k.IndexKey()} {
			if err := k.Rotate(t.Context(), key); err != nil {
				t.Fatal(err)
			}
		}
	}
	v, e := restored(t, k)

	answers, err := e.Decrypter().Decrypt(t.Context(), stored)
	for i := range answers {
		if err != nil || answers[i].Err != nil || answers[i].Value.Reveal() != "Айгерім" {
			t.Errorf("version %d: %v, %v", i+1, answers[i].Err, err)
		}
	}
	items := []vault.IndexItem{{Field: "phone", Normalised: vault.NewPlain("+77011234567")}}
	for version := 1; version <= 4; version++ {
		here, err := k.Encrypter().Index(t.Context(), version, items)
		if err != nil {
			t.Fatal(err)
		}
		there, err := e.Encrypter().Index(t.Context(), version, items)
		if err != nil || there[0].Digest == "" || here[0] != there[0] {
			t.Errorf("version %d: digests %v and %v, %v", version, here, there, err)
		}
	}
	here, err := k.Pepper(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if there, err := e.Pepper(t.Context(), 1); err != nil || !bytes.Equal(here, there) {
		t.Errorf("the peppers differ, or %v", err)
	}
	for _, path := range []string{"export/encryption-key/" + k.DataKey(), "export/hmac-key/" + k.IndexKey(), "backup/" + k.DataKey(), "backup/" + k.IndexKey()} {
		if secret, err := v.Client(v.Token).Logical().ReadWithContext(t.Context(), v.Mount+"/"+path); err == nil {
			t.Errorf("%s gives the restored key: %d fields", path, len(secret.Data))
		}
	}
}

func TestKeyringReadsWhatARealVaultWithItsKeysWrote(t *testing.T) {
	path, keyFile := files(t)
	k := open(t, path, keyFile, true)
	v, _ := restored(t, k)
	at := vault.Place{User: uuid.New(), Field: "givenName"}
	padded, err := vault.Pad(vault.NewPlain("Айгерім"))
	if err != nil {
		t.Fatal(err)
	}
	// Through Vault's API itself, so that no adapter of ours is between.
	secret, err := v.Client(v.EncryptToken).Logical().WriteWithContext(t.Context(), v.Mount+"/encrypt/"+k.DataKey(), map[string]any{
		"plaintext": base64.StdEncoding.EncodeToString(padded),
		"context":   base64.StdEncoding.EncodeToString([]byte(at.Context())),
	})
	if err != nil {
		t.Fatal(err)
	}
	text, ok := secret.Data["ciphertext"].(string)
	c, err := vault.NewCiphertext(k.DataKey(), text)
	if !ok || err != nil {
		t.Fatalf("Vault's ciphertext: %v", err)
	}
	answers, err := k.Decrypter().Decrypt(t.Context(), []vault.DecryptItem{{Place: at, Ciphertext: c}})
	if err != nil || answers[0].Err != nil || answers[0].Value.Reveal() != "Айгерім" {
		t.Fatalf("%v, %v", answers, err)
	}
}
