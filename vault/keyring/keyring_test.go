package keyring_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/keyring"
	"github.com/kelisim/kelisim/vault/vaulttest"
	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

func TestMain(m *testing.M) { os.Exit(daemon.Main(m)) }

// files gives the paths of a keyring to be, with its key file made.
func files(t testing.TB) (path, keyFile string) {
	t.Helper()
	keyFile = filepath.Join(t.TempDir(), "keyring.key")
	if err := keyring.NewKeyFile(keyFile); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(t.TempDir(), "keyring.age"), keyFile
}

func open(t testing.TB, path, keyFile string, create bool) *keyring.Keyring {
	t.Helper()
	k, err := keyring.Open(path, keyFile, "kelisim", keyring.Options{Create: create})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func engine(t testing.TB, k *keyring.Keyring) vaulttest.Engine {
	return vaulttest.Engine{
		Encrypter: k.Encrypter(), Decrypter: k.Decrypter(), Indexer: k.Encrypter(), Rewrapper: k.Rewrapper(), Reindexer: k.Reindexer(), Custodian: k,
		DataKey: k.DataKey(), IndexKey: k.IndexKey(),
		Rotate: func(key string) {
			t.Helper()
			if err := k.Rotate(t.Context(), key); err != nil {
				t.Fatal(err)
			}
		},
	}
}

func TestEmbeddedEngine(t *testing.T) {
	daemon.Ran(t, "embedded engine")
	vaulttest.Crypto(t, func(t *testing.T) vaulttest.Engine {
		path, keyFile := files(t)
		return engine(t, open(t, path, keyFile, true))
	})
}

func FuzzDecrypt(f *testing.F) {
	path, keyFile := files(f)
	k := open(f, path, keyFile, true)
	vaulttest.FuzzDecrypt(f, engine(f, k))
}

// The golden file holds two versions of each key. What they made once must be
// read, found and peppered the same for ever.
func TestGoldenKeyringIsReadForEver(t *testing.T) {
	k := open(t, filepath.Join("testdata", "golden.age"), filepath.Join("testdata", "golden.key"), false)
	user := uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8057")
	for version, text := range map[int]string{
		1: goldenCiphertext1,
		2: goldenCiphertext2,
	} {
		answers, err := k.Decrypter().Decrypt(t.Context(), []vault.DecryptItem{{
			Place:      vault.Place{User: user, Field: "givenName"},
			Ciphertext: vault.Ciphertext{Key: "kelisim-pii", Version: version, Text: text},
		}})
		if err != nil || answers[0].Err != nil || answers[0].Value.Reveal() != "Айгерім" {
			t.Errorf("version %d: %v, %v", version, answers, err)
		}
	}
	for version, want := range map[int]string{1: goldenDigest1, 2: goldenDigest2} {
		answers, err := k.Encrypter().Index(t.Context(), version, []vault.IndexItem{
			{Field: "phone", Normalised: vault.NewPlain("+77011234567")},
		})
		if err != nil || answers[0].Digest != want {
			t.Errorf("version %d: digest %+v, %v", version, answers, err)
		}
	}
	pepper, err := k.Pepper(t.Context(), 1)
	if got := hex.EncodeToString(pepper); err != nil || got != goldenPepper {
		t.Errorf("pepper %s, %v", got, err)
	}
}

func TestReopenedKeyringDecryptsAndIndexesAsBefore(t *testing.T) {
	path, keyFile := files(t)
	first := open(t, path, keyFile, true)
	at := vault.Place{User: uuid.New(), Field: "email"}
	encrypted, err := first.Encrypter().Encrypt(t.Context(), []vault.EncryptItem{{Place: at, Value: vault.NewPlain("a@example.kz")}})
	if err != nil {
		t.Fatal(err)
	}
	pepper, err := first.Pepper(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, create := range []bool{false, true} {
		again := open(t, path, keyFile, create)
		decrypted, err := again.Decrypter().Decrypt(t.Context(), []vault.DecryptItem{{Place: at, Ciphertext: encrypted[0].Ciphertext}})
		if err != nil || decrypted[0].Value.Reveal() != "a@example.kz" {
			t.Errorf("reopened with create=%v: %v, %v", create, decrypted, err)
		}
		if same, err := again.Pepper(t.Context(), 1); err != nil || !bytes.Equal(same, pepper) {
			t.Errorf("reopened with create=%v the pepper changed, or %v", create, err)
		}
	}
}

func TestRotationIsOnDiskBeforeItIsUsed(t *testing.T) {
	path, keyFile := files(t)
	k := open(t, path, keyFile, true)
	if err := k.Rotate(t.Context(), k.DataKey()); err != nil {
		t.Fatal(err)
	}
	for _, opened := range []*keyring.Keyring{k, open(t, path, keyFile, false)} {
		for key, want := range map[string]int{"kelisim-pii": 2, "kelisim-index": 1} {
			if got, err := opened.LatestVersion(t.Context(), key); err != nil || got != want {
				t.Errorf("%s has version %d, %v", key, got, err)
			}
		}
	}
}

func TestRotationThatCannotBeWrittenChangesNothing(t *testing.T) {
	path, keyFile := files(t)
	k := open(t, path, keyFile, true)
	if err := os.WriteFile(path, []byte("not a keyring"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := k.Rotate(t.Context(), k.DataKey()); !errors.Is(err, keyring.ErrDamaged) {
		t.Fatalf("rotated on a damaged file: %v", err)
	}
	if version, err := k.LatestVersion(t.Context(), k.DataKey()); err != nil || version != 1 {
		t.Fatalf("version %d, %v", version, err)
	}
}

func TestTwoProcessesThatRotateLoseNoVersion(t *testing.T) {
	path, keyFile := files(t)
	open(t, path, keyFile, true)
	var all sync.WaitGroup
	for range 4 {
		k := open(t, path, keyFile, false)
		all.Go(func() {
			for range 3 {
				if err := k.Rotate(t.Context(), k.DataKey()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if version, err := open(t, path, keyFile, false).LatestVersion(t.Context(), "kelisim-pii"); err != nil || version != 13 {
		t.Fatalf("after 12 rotations the version is %d, %v", version, err)
	}
}

func TestUnknownKeyIsNeitherRotatedNorVersioned(t *testing.T) {
	path, keyFile := files(t)
	k := open(t, path, keyFile, true)
	if err := k.Rotate(t.Context(), "other"); !errors.Is(err, keyring.ErrNoKey) {
		t.Errorf("rotating: %v", err)
	}
	if _, err := k.LatestVersion(t.Context(), "other"); !errors.Is(err, keyring.ErrNoKey) {
		t.Errorf("version: %v", err)
	}
}

func TestMissingKeyringIsMadeOnlyWhenAsked(t *testing.T) {
	path, keyFile := files(t)
	if _, err := keyring.Open(path, keyFile, "kelisim", keyring.Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("got %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("a keyring was made: %v", err)
	}
	if _, err := keyring.Open(path, keyFile+".missing", "kelisim", keyring.Options{Create: true}); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("without a key file: %v", err)
	}
}

func TestWrongKeyStopsTheStart(t *testing.T) {
	path, keyFile := files(t)
	open(t, path, keyFile, true)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, other := files(t)
	for _, create := range []bool{false, true} {
		if _, err := keyring.Open(path, other, "kelisim", keyring.Options{Create: create}); !errors.Is(err, keyring.ErrWrongKey) {
			t.Errorf("create=%v: %v", create, err)
		}
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the keyring was touched: %v", err)
	}
}

func TestDamagedKeyringStopsTheStart(t *testing.T) {
	path, keyFile := files(t)
	open(t, path, keyFile, true)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(whole)
	flipped[len(flipped)-1] ^= 1
	for name, data := range map[string][]byte{
		"empty": nil, "cut": whole[:len(whole)-10], "altered": flipped, "other": []byte("not a keyring"),
	} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, create := range []bool{false, true} {
			if _, err := keyring.Open(path, keyFile, "kelisim", keyring.Options{Create: create}); !errors.Is(err, keyring.ErrDamaged) {
				t.Errorf("%s, create=%v: %v", name, create, err)
			}
		}
	}
}

func TestAnotherPrefixHasKeysOfItsOwn(t *testing.T) {
	path, keyFile := files(t)
	open(t, path, keyFile, true)
	if _, err := keyring.Open(path, keyFile, "other", keyring.Options{}); !errors.Is(err, keyring.ErrNoKey) {
		t.Fatalf("got %v", err)
	}
	other, err := keyring.Open(path, keyFile, "other", keyring.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	if other.DataKey() != "other-pii" || other.IndexKey() != "other-index" {
		t.Fatalf("keys %s and %s", other.DataKey(), other.IndexKey())
	}
	open(t, path, keyFile, false) // the first prefix's keys are still there
}

func TestFilesAreTheOwnersOnlyAndShowNoKey(t *testing.T) {
	path, keyFile := files(t)
	open(t, path, keyFile, true)
	for _, name := range []string{path, path + ".lock", keyFile} {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", filepath.Base(name), info.Mode(), err)
		}
	}
	data, err := os.ReadFile(path)
	if err != nil || !bytes.HasPrefix(data, []byte("age-encryption.org/v1\n")) || bytes.Contains(data, []byte("kelisim")) {
		t.Errorf("the keyring is not encrypted: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*.tmp"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestKeyFileIsNeverOverwritten(t *testing.T) {
	_, keyFile := files(t)
	before, err := os.ReadFile(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := keyring.NewKeyFile(keyFile); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v", err)
	}
	if after, err := os.ReadFile(keyFile); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the key file changed: %v", err)
	}
}

func TestUnusableKeyFileIsRefusedWithoutQuotingIt(t *testing.T) {
	path, keyFile := files(t)
	good, err := os.ReadFile(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"empty":    "",
		"broken":   strings.Replace(string(good), "AGE-SECRET-KEY-1", "AGE-SECRET-KEY-2", 1),
		"two keys": string(good) + string(good),
	} {
		if err := os.WriteFile(keyFile, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := keyring.Open(path, keyFile, "kelisim", keyring.Options{Create: true})
		if err == nil || strings.Contains(err.Error(), "AGE-SECRET") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
