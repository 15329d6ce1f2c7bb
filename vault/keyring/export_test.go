package keyring_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/google/uuid"
	"github.com/hashicorp/vault/sdk/helper/jsonutil"
	"github.com/hashicorp/vault/sdk/helper/keysutil"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/keyring"
)

func identity(t *testing.T) *age.X25519Identity {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func exported(t *testing.T, k *keyring.Keyring, to age.Recipient) (keyring.Export, []byte) {
	t.Helper()
	e, err := k.Export(t.Context(), uuid.New())
	if err != nil {
		t.Fatal(err)
	}
	file, err := e.Encrypt(to)
	if err != nil {
		t.Fatal(err)
	}
	return e, file
}

func TestExportedKeysDoWhatTheKeyringDoes(t *testing.T) {
	path, keyFile := files(t)
	k := open(t, path, keyFile, true)
	at := vault.Place{User: uuid.New(), Field: "givenName"}
	var stored []vault.DecryptItem
	for range 2 {
		answers, err := k.Encrypter().Encrypt(t.Context(), []vault.EncryptItem{{Place: at, Value: vault.NewPlain("Айгерім")}})
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, vault.DecryptItem{Place: at, Ciphertext: answers[0].Ciphertext})
		if err := k.Rotate(t.Context(), k.DataKey()); err != nil {
			t.Fatal(err)
		}
	}
	id := identity(t)
	e, file := exported(t, k, id.Recipient())
	read, err := keyring.DecryptExport(bytes.NewReader(file), id)
	if err != nil || read.Database != e.Database || read.Prefix != "kelisim" || read.Keys[0].Version != 3 {
		t.Fatalf("%+v, %v", read.Database, err)
	}
	encrypter, decrypter, err := read.Engine()
	if err != nil {
		t.Fatal(err)
	}
	answers, err := decrypter.Decrypt(t.Context(), stored)
	for i := range answers {
		if err != nil || answers[i].Err != nil || answers[i].Value.Reveal() != "Айгерім" {
			t.Errorf("version %d: %v, %v", i+1, answers[i].Err, err)
		}
	}
	items := []vault.IndexItem{{Field: "phone", Normalised: vault.NewPlain("+77011234567")}}
	here, err := k.Encrypter().Index(t.Context(), 1, items)
	if err != nil {
		t.Fatal(err)
	}
	if there, err := encrypter.Index(t.Context(), 1, items); err != nil || here[0] != there[0] {
		t.Errorf("digests %v and %v, %v", here, there, err)
	}
}

// The flags without which there is no backup are in no backup, nor in the
// keyring that made it.
func TestAnExportLeavesTheKeysUnexportable(t *testing.T) {
	path, keyFile := files(t)
	k := open(t, path, keyFile, true)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		e, file := exported(t, k, identity(t).Recipient())
		if !bytes.HasPrefix(file, []byte("age-encryption.org/v1\n")) || bytes.Contains(file, []byte("kelisim")) {
			t.Error("the file is not encrypted")
		}
		for _, key := range e.Keys {
			raw, err := base64.StdEncoding.DecodeString(key.Backup)
			if err != nil {
				t.Fatal(err)
			}
			var backup struct {
				Policy map[string]any `json:"policy"`
			}
			if err := json.Unmarshal(raw, &backup); err != nil {
				t.Fatal(err)
			}
			for _, flag := range []string{"exportable", "allow_plaintext_backup", "deletion_allowed"} {
				if set, there := backup.Policy[flag]; there && set != false {
					t.Errorf("%s of %s is %v", flag, key.Name, set)
				}
			}
		}
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the keyring was touched: %v", err)
	}
}

func TestAnExportThatIsNotWholeOrNotOursIsRefused(t *testing.T) {
	path, keyFile := files(t)
	id := identity(t)
	e, file := exported(t, open(t, path, keyFile, true), id.Recipient())
	if _, err := keyring.DecryptExport(bytes.NewReader(file), identity(t)); !errors.Is(err, keyring.ErrOtherRecipient) {
		t.Errorf("another's: %v", err)
	}
	altered := bytes.Clone(file)
	altered[len(altered)-1] ^= 1
	own, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"empty": nil, "cut": file[:len(file)-10], "altered": altered, "another file": []byte("not an export")} {
		if _, err := keyring.DecryptExport(bytes.NewReader(data), id); !errors.Is(err, keyring.ErrNoExport) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ring, err := os.Open(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ring.Close() }()
	identities, err := age.ParseIdentities(ring)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keyring.DecryptExport(bytes.NewReader(own), identities...); !errors.Is(err, keyring.ErrNoExport) {
		t.Errorf("a keyring: %v", err)
	}
	for name, spoil := range map[string]func(*keyring.Export){
		"no backup":       func(e *keyring.Export) { e.Keys[0].Backup = "AAAA" },
		"another version": func(e *keyring.Export) { e.Keys[1].Version++ },
		"a key missing":   func(e *keyring.Export) { e.Keys = e.Keys[:1] },
		"another name":    func(e *keyring.Export) { e.Prefix = "else" },
	} {
		spoiled := e
		spoiled.Keys = append([]keyring.ExportedKey(nil), e.Keys...)
		spoil(&spoiled)
		_, _, err := spoiled.Engine()
		if !errors.Is(err, keyring.ErrNoExport) || strings.Contains(err.Error(), e.Keys[0].Backup) {
			t.Errorf("%s: %v", name, err)
		}
	}
	e.Version = 2
	if file, err = e.Encrypt(id.Recipient()); err != nil {
		t.Fatal(err)
	}
	if _, err := keyring.DecryptExport(bytes.NewReader(file), id); err == nil || !strings.Contains(err.Error(), "has version 2; this program reads version 1") {
		t.Errorf("of a later program: %v", err)
	}
}

// What a crash leaves of a rotation is a file beside the keyring.
func TestAKeyringIsReadBesideWhatACrashLeft(t *testing.T) {
	path, keyFile := files(t)
	k := open(t, path, keyFile, true)
	if err := os.WriteFile(path+".123.tmp", []byte("age-encryption.org/v1\n-> X25519"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := open(t, path, keyFile, false).Rotate(t.Context(), k.DataKey()); err != nil {
		t.Fatal(err)
	}
	if version, err := open(t, path, keyFile, false).LatestVersion(t.Context(), k.DataKey()); err != nil || version != 2 {
		t.Errorf("version %d, %v", version, err)
	}
}

// What was trimmed is in the keyring no more, nor in what is made of it.
func TestATrimmedVersionIsInNoExport(t *testing.T) {
	path, keyFile := files(t)
	k := open(t, path, keyFile, true)
	key := k.DataKey()
	if err := errors.Join(k.Rotate(t.Context(), key), k.SetMinima(t.Context(), key, 2, 2), k.Trim(t.Context(), key, 2)); err != nil {
		t.Fatal(err)
	}
	e, err := open(t, path, keyFile, false).Export(t.Context(), uuid.New())
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(e.Versions()); got != "[{kelisim-pii 2 2} {kelisim-index 1 1} {kelisim-technical 1 1}]" {
		t.Errorf("exported: %s", got)
	}
	raw, err := base64.StdEncoding.DecodeString(e.Keys[0].Backup)
	if err != nil {
		t.Fatal(err)
	}
	var data keysutil.KeyData
	if err := jsonutil.DecodeJSON(raw, &data); err != nil {
		t.Fatal(err)
	}
	if _, there := data.Policy.Keys["2"]; !there || len(data.Policy.Keys) != 1 || len(data.ArchivedKeys.Keys) != 1 {
		t.Errorf("%d versions in use and %d kept", len(data.Policy.Keys), len(data.ArchivedKeys.Keys))
	}
	if _, _, err := e.Engine(); err != nil {
		t.Error(err)
	}
}
