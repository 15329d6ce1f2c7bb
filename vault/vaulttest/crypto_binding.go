package vaulttest

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// refused checks that a ciphertext does not decrypt at a place.
func (e Engine) refused(t *testing.T, at vault.Place, c vault.Ciphertext, why string) {
	t.Helper()
	if answer := e.tryDecrypt(t, at, c); !errors.Is(answer.Err, vault.ErrUndecryptable) {
		t.Errorf("%s: answered %v, want ErrUndecryptable", why, answer.Err)
	}
}

func boundToPlace(t *testing.T, e Engine) {
	home := place("phone")
	c := e.encrypt(t, home, "+77011234567")
	e.refused(t, vault.Place{User: uuid.New(), Field: home.Field}, c, "another user")
	e.refused(t, vault.Place{User: home.User, Field: "email"}, c, "another field")
	e.refused(t, vault.Place{User: home.User, Field: "Phone"}, c, "a field in other case")
	e.refused(t, vault.Place{User: uuid.Nil}, c, "no place")
	if got := e.decrypt(t, home, c); got != "+77011234567" {
		t.Errorf("at home it is %q", got)
	}
}

func swapped(t *testing.T, e Engine) {
	a, b := place("email"), place("email")
	ca, cb := e.encrypt(t, a, "a@example.kz"), e.encrypt(t, b, "b@example.kz")
	e.refused(t, a, cb, "b's at a")
	e.refused(t, b, ca, "a's at b")
}

func tampered(t *testing.T, e Engine) {
	at := place("iin")
	c := e.encrypt(t, at, "900101300017")
	head, encoded := c.Text[:len("vault:v1:")], c.Text[len("vault:v1:"):]
	body, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	altered := func(body []byte) vault.Ciphertext {
		return vault.Ciphertext{Key: c.Key, Version: 1, Text: head + base64.StdEncoding.EncodeToString(body)}
	}
	for i := range body {
		body[i] ^= 1
		e.refused(t, at, altered(body), fmt.Sprintf("byte %d", i))
		body[i] ^= 1
	}
	e.refused(t, at, altered(body[:len(body)-1]), "cut at the end")
	e.refused(t, at, altered(body[1:]), "cut at the start")
	e.refused(t, at, altered(append(body, 0)), "longer")
	for name, text := range map[string]string{
		"respelled version":   strings.Replace(c.Text, ":v1:", ":v01:", 1),
		"version zero":        strings.Replace(c.Text, ":v1:", ":v0:", 1),
		"a line break inside": c.Text[:20] + "\n" + c.Text[20:],
		"a blank after":       c.Text + " ",
	} {
		e.refused(t, at, vault.Ciphertext{Key: c.Key, Version: 1, Text: text}, name)
	}
}

func garbage(t *testing.T, e Engine) {
	at := place("email")
	for _, text := range []string{
		"", "vault:", "vault:v", "vault:v1", "vault:v1:", "vault:v1:AAAA", "vault:v1:!!!!", "vault:v-1:AAAA",
		"vault:v99999999999999999999:AAAA", "garbage", "\x00\xff", "null", `{"a":1}`,
		"vault:v1:" + strings.Repeat("A", 60), "vault:v1:" + strings.Repeat("A", 2<<20),
	} {
		e.refused(t, at, vault.Ciphertext{Key: e.DataKey, Version: 1, Text: text}, fmt.Sprintf("%.20q", text))
	}
}

func unknownKey(t *testing.T, e Engine) {
	at := place("email")
	c := e.encrypt(t, at, "a@example.kz")
	newer := vault.Ciphertext{Key: c.Key, Version: 99, Text: strings.Replace(c.Text, ":v1:", ":v99:", 1)}
	if answer := e.tryDecrypt(t, at, newer); !toCome(answer.Err) {
		t.Errorf("a version to come: answered %v, want ErrUnavailable because of ErrKeyBehind", answer.Err)
	}
	for _, key := range []string{"", "other", e.IndexKey, "../" + c.Key, c.Key + "/../" + c.Key} {
		e.refused(t, at, vault.Ciphertext{Key: key, Version: 1, Text: c.Text}, fmt.Sprintf("key %q", key))
	}
	e.refused(t, at, vault.Ciphertext{Key: c.Key, Version: 2, Text: c.Text}, "another version beside it")
}

// toCome reports whether a version was refused that there is not yet.
func toCome(err error) bool {
	return errors.Is(err, vault.ErrUnavailable) && errors.Is(err, vault.ErrKeyBehind)
}

func oneBadItem(t *testing.T, e Engine) {
	const bad = 41
	values := make([]vault.EncryptItem, 100)
	for i := range values {
		values[i] = vault.EncryptItem{Place: place("email"), Value: vault.NewPlain(fmt.Sprintf("user%d@example.kz", i))}
	}
	values[bad].Value = vault.NewPlain(strings.Repeat("a", vault.MaxPlaintext+1))
	encrypted, err := e.Encrypter.Encrypt(t.Context(), values)
	if err != nil || len(encrypted) != len(values) {
		t.Fatalf("%d answers, %v", len(encrypted), err)
	}
	if !errors.Is(encrypted[bad].Err, vault.ErrTooLarge) {
		t.Errorf("the bad value answered %v", encrypted[bad].Err)
	}
	sent := make([]vault.DecryptItem, len(values))
	for i, answer := range encrypted {
		if answer.Err != nil && i != bad {
			t.Fatalf("good value %d answered %v", i, answer.Err)
		}
		sent[i] = vault.DecryptItem{Place: values[i].Place, Ciphertext: answer.Ciphertext}
	}
	// Well formed, so that only the engine itself can find it out.
	sent[bad].Ciphertext = encrypted[bad+1].Ciphertext
	decrypted, err := e.Decrypter.Decrypt(t.Context(), sent)
	if err != nil || len(decrypted) != len(sent) {
		t.Fatalf("%d answers, %v", len(decrypted), err)
	}
	for i, answer := range decrypted {
		switch {
		case i == bad && !errors.Is(answer.Err, vault.ErrUndecryptable):
			t.Errorf("the bad ciphertext answered %v", answer.Err)
		case i != bad && (answer.Err != nil || answer.Value.Reveal() != values[i].Value.Reveal()):
			t.Errorf("good ciphertext %d answered %v", i, answer.Err)
		}
	}
}

func rotatedData(t *testing.T, e Engine) {
	at := place("email")
	before := e.encrypt(t, at, "before@example.kz")
	e.Rotate(e.DataKey)
	after := e.encrypt(t, at, "after@example.kz")
	if before.Version != 1 || after.Version != 2 || !strings.HasPrefix(after.Text, "vault:v2:") {
		t.Fatalf("versions %d and %d", before.Version, after.Version)
	}
	if got := e.decrypt(t, at, before); got != "before@example.kz" {
		t.Errorf("the old ciphertext decrypts to %q", got)
	}
	if got := e.decrypt(t, at, after); got != "after@example.kz" {
		t.Errorf("the new ciphertext decrypts to %q", got)
	}
	relabelled := vault.Ciphertext{Key: after.Key, Version: 1, Text: strings.Replace(after.Text, ":v2:", ":v1:", 1)}
	e.refused(t, at, relabelled, "a ciphertext under another version's number")
}

func keyedIndex(t *testing.T, e Engine) {
	digest := e.index(t, 1, "phone", "+77011234567")
	if len(digest) != 64 || strings.Trim(digest, "0123456789abcdef") != "" {
		t.Fatalf("digest %q is not lower-case hex of 32 bytes", digest)
	}
	if again := e.index(t, 1, "phone", "+77011234567"); again != digest {
		t.Error("one value has two digests")
	}
	if e.index(t, 1, "email", "+77011234567") == digest {
		t.Error("two fields share a digest")
	}
	if e.index(t, 1, "phone", "+77011234568") == digest {
		t.Error("two values share a digest")
	}
	items := make([]vault.IndexItem, 100)
	for i := range items {
		items[i] = vault.IndexItem{Field: "phone", Normalised: vault.NewPlain(fmt.Sprintf("+770112345%02d", i))}
	}
	answers, err := e.Indexer.Index(t.Context(), 1, items)
	if err != nil || answers[67].Digest != digest {
		t.Errorf("among a hundred it has another digest, or %v", err)
	}
}

func rotatedIndex(t *testing.T, e Engine) {
	before := e.index(t, 1, "phone", "+77011234567")
	e.Rotate(e.IndexKey)
	if e.index(t, 1, "phone", "+77011234567") != before {
		t.Error("the digest under version 1 changed with the rotation")
	}
	if e.index(t, 2, "phone", "+77011234567") == before {
		t.Error("the digest under version 2 is that of version 1")
	}
}

func unknownIndexVersion(t *testing.T, e Engine) {
	for _, version := range []int{-1, 0, 2, 99} {
		if err := e.indexError(t.Context(), version, "a"); !errors.Is(err, vault.ErrUnavailable) {
			t.Errorf("version %d answered %v", version, err)
		}
	}
}
