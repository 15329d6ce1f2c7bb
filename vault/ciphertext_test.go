package vault_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/kelisim/kelisim/vault"
)

func TestCiphertextHasOneSpelling(t *testing.T) {
	got, err := vault.NewCiphertext("kelisim-pii", "vault:v12:AAECAw==")
	if err != nil {
		t.Fatal(err)
	}
	want := vault.Ciphertext{Key: "kelisim-pii", Version: 12, Text: "vault:v12:AAECAw=="}
	if got != want {
		t.Fatalf("read %+v, want %+v", got, want)
	}
	for name, text := range map[string]string{
		"empty":            "",
		"no version":       "vault:AAECAw==",
		"version zero":     "vault:v0:AAECAw==",
		"leading zero":     "vault:v01:AAECAw==",
		"signed":           "vault:v+1:AAECAw==",
		"negative":         "vault:v-1:AAECAw==",
		"huge":             "vault:v99999999999:AAECAw==",
		"line break":       "vault:v1:AAEC\nAw==",
		"loose bits":       "vault:v1:AAECAx==",
		"no padding":       "vault:v1:AAECAw",
		"another alphabet": "vault:v1:_-ECAw==",
		"upper case":       "VAULT:v1:AAECAw==",
		"longer than any":  "vault:v1:" + strings.Repeat("AAAA", vault.MaxCiphertext/4+1),
	} {
		if c, err := vault.NewCiphertext("k", text); !errors.Is(err, vault.ErrUndecryptable) || c != (vault.Ciphertext{}) {
			t.Errorf("%s: read %+v, %v", name, c, err)
		}
	}
}

func TestVersionBesideACiphertextMustBeItsOwn(t *testing.T) {
	c := vault.Ciphertext{Key: "k", Version: 2, Text: "vault:v1:AAECAw=="}
	if err := c.Check(); !errors.Is(err, vault.ErrUndecryptable) {
		t.Fatalf("a version of another ciphertext answered %v", err)
	}
	c.Version = 1
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
}
