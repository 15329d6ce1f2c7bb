package daemon_test

import (
	"encoding/base64"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/hashicorp/vault/api"

	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

const (
	pii   = "kelisim-pii"
	index = "kelisim-index"
)

func TestEachLoginDoesOnlyItsPart(t *testing.T) {
	v := daemon.Vault(t)
	ciphertext := encrypt(t, v, "қыран")
	for _, c := range []struct {
		name    string
		token   string
		path    string
		data    map[string]any
		allowed bool
	}{
		{"the encrypting login encrypts", v.EncryptToken, "encrypt/" + pii, plain("x"), true},
		{"the encrypting login computes indexes", v.EncryptToken, "hmac/" + index, map[string]any{"input": b64("x")}, true},
		{"the encrypting login does not decrypt", v.EncryptToken, "decrypt/" + pii, boxed(ciphertext), false},
		{"the encrypting login makes no key", v.EncryptToken, "encrypt/other", plain("x"), false},
		{"the encrypting login does not rotate", v.EncryptToken, "keys/" + pii + "/rotate", nil, false},
		{"the decrypting login decrypts", v.DecryptToken, "decrypt/" + pii, boxed(ciphertext), true},
		{"the decrypting login does not encrypt", v.DecryptToken, "encrypt/" + pii, plain("x"), false},
		{"the rewrapping login rewraps", v.RewrapToken, "rewrap/" + pii, boxed(ciphertext), true},
		{"the rewrapping login does not encrypt", v.RewrapToken, "encrypt/" + pii, plain("x"), false},
		{"the rewrapping login does not decrypt", v.RewrapToken, "decrypt/" + pii, boxed(ciphertext), false},
		{"the rewrapping login rewraps nothing of another key", v.RewrapToken, "rewrap/" + index, boxed(ciphertext), false},
		{"the rewrapping login makes no key", v.RewrapToken, "rewrap/other", boxed(ciphertext), false},
		{"the rewrapping login computes no index", v.RewrapToken, "hmac/" + index, map[string]any{"input": b64("x")}, false},
		{"the rewrapping login does not rotate", v.RewrapToken, "keys/" + pii + "/rotate", nil, false},
		{"the rewrapping login configures nothing", v.RewrapToken, "keys/" + pii + "/config", map[string]any{"min_decryption_version": 1}, false},
		{"the rewrapping login makes no data key", v.RewrapToken, "datakey/plaintext/" + pii, nil, false},
		{"the encrypting login does not rewrap", v.EncryptToken, "rewrap/" + pii, boxed(ciphertext), false},
		{"the decrypting login does not rewrap", v.DecryptToken, "rewrap/" + pii, boxed(ciphertext), false},
		{"the decrypting login computes no index", v.DecryptToken, "hmac/" + index, map[string]any{"input": b64("x")}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := v.Client(c.token).Logical().WriteWithContext(t.Context(), v.Mount+"/"+c.path, c.data)
			if c.allowed && err != nil {
				t.Fatal(err)
			}
			if !c.allowed && status(err) != http.StatusForbidden {
				t.Errorf("answered %v; want 403", err)
			}
		})
	}
}

func TestRewrappingLoginReadsTheVersionsOfItsKeyOnly(t *testing.T) {
	v := daemon.Vault(t)
	logical := v.Client(v.RewrapToken).Logical()
	answer, err := logical.ReadWithContext(t.Context(), v.Mount+"/keys/"+pii)
	if err != nil || answer == nil || answer.Data["latest_version"] == nil {
		t.Errorf("the versions: %v, %v", answer, err)
	}
	for _, path := range []string{"keys/" + index, "export/encryption-key/" + pii, "backup/" + pii, "config/keys"} {
		if _, err := logical.ReadWithContext(t.Context(), v.Mount+"/"+path); status(err) != http.StatusForbidden {
			t.Errorf("%s answered %v; want 403", path, err)
		}
	}
	if _, err := logical.ListWithContext(t.Context(), v.Mount+"/keys"); status(err) != http.StatusForbidden {
		t.Errorf("the list of keys answered %v; want 403", err)
	}
}

func TestEncryptingUnderAMissingKeyMakesNone(t *testing.T) {
	v := daemon.Vault(t)
	_, err := v.Client(v.Token).Logical().WriteWithContext(t.Context(), v.Mount+"/encrypt/other", plain("x"))
	if err == nil {
		t.Error("root encrypted under a key that nobody made")
	}
}

func TestIndexOfAPinnedVersionOutlivesRotation(t *testing.T) {
	v := daemon.Vault(t)
	before := hmac(t, v, 1)
	v.Rotate(index)
	if after := hmac(t, v, 1); after != before {
		t.Errorf("version 1 answered %s, and %s after the rotation", before, after)
	}
	if second := hmac(t, v, 2); second[len("vault:v2:"):] == before[len("vault:v1:"):] {
		t.Error("both versions answer the same digest")
	}
}

func TestMountsShareNoKey(t *testing.T) {
	first, second := daemon.Vault(t), daemon.Vault(t)
	if first.Mount == second.Mount {
		t.Fatal("two callers have one mount")
	}
	ciphertext := encrypt(t, first, "қыран")
	_, err := second.Client(second.DecryptToken).Logical().WriteWithContext(t.Context(), second.Mount+"/decrypt/"+pii, boxed(ciphertext))
	if err == nil {
		t.Error("one mount decrypts what another encrypted")
	}
	_, err = first.Client(second.DecryptToken).Logical().WriteWithContext(t.Context(), first.Mount+"/decrypt/"+pii, boxed(ciphertext))
	if status(err) != http.StatusForbidden {
		t.Errorf("another mount's login is answered %v; want 403", err)
	}
}

func TestRequestIDStandsInTheAuditLog(t *testing.T) {
	v := daemon.Vault(t)
	client := v.Client(v.EncryptToken)
	client.AddHeader("X-Request-Id", "request-4711")
	if _, err := client.Logical().WriteWithContext(t.Context(), v.Mount+"/encrypt/"+pii, plain("қыран")); err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(v.AuditLog)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(log), "request-4711") {
		t.Error("the request's id is not in the audit log")
	}
	if strings.Contains(string(log), b64("қыран")) {
		t.Error("the plaintext is in the audit log")
	}
}

func TestVaultSealedOrStoppedHasItsKeysWhenItComesBack(t *testing.T) {
	v := daemon.PrivateVault(t)
	ciphertext := encrypt(t, v.VaultServer, "қыран")
	v.Seal()
	if _, err := decrypt(t, v.VaultServer, ciphertext); status(err) != http.StatusServiceUnavailable {
		t.Errorf("sealed, it answers %v; want 503", err)
	}
	v.Unseal()
	v.Stop()
	if _, err := decrypt(t, v.VaultServer, ciphertext); err == nil {
		t.Error("stopped, it answers")
	}
	v.Start()
	if got, err := decrypt(t, v.VaultServer, ciphertext); err != nil || got != "қыран" {
		t.Errorf("started again, it decrypts to %q, %v", got, err)
	}
}

func encrypt(t *testing.T, v *daemon.VaultServer, text string) string {
	t.Helper()
	answer, err := v.Client(v.EncryptToken).Logical().WriteWithContext(t.Context(), v.Mount+"/encrypt/"+pii, plain(text))
	if err != nil {
		t.Fatal(err)
	}
	ciphertext, _ := answer.Data["ciphertext"].(string)
	return ciphertext
}

func decrypt(t *testing.T, v *daemon.VaultServer, ciphertext string) (string, error) {
	t.Helper()
	answer, err := v.Client(v.DecryptToken).Logical().WriteWithContext(t.Context(), v.Mount+"/decrypt/"+pii, boxed(ciphertext))
	if err != nil {
		return "", err
	}
	encoded, _ := answer.Data["plaintext"].(string)
	text, err := base64.StdEncoding.DecodeString(encoded)
	return string(text), err
}

func hmac(t *testing.T, v *daemon.VaultServer, version int) string {
	t.Helper()
	answer, err := v.Client(v.EncryptToken).Logical().WriteWithContext(t.Context(), v.Mount+"/hmac/"+index,
		map[string]any{"input": b64("x"), "key_version": version})
	if err != nil {
		t.Fatal(err)
	}
	digest, _ := answer.Data["hmac"].(string)
	return digest
}

func plain(text string) map[string]any {
	return map[string]any{"plaintext": b64(text), "context": b64("kelisim/1/user/field")}
}

func boxed(ciphertext string) map[string]any {
	return map[string]any{"ciphertext": ciphertext, "context": b64("kelisim/1/user/field")}
}

func b64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// status is the HTTP status of Vault's refusal, or 0.
func status(err error) int {
	if refused, ok := errors.AsType[*api.ResponseError](err); ok {
		return refused.StatusCode
	}
	return 0
}
