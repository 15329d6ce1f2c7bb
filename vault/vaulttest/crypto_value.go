package vaulttest

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

func roundTrip(t *testing.T, e Engine) {
	for _, value := range []string{
		"", " ", "Айгерім", "Әлия Қайратқызы", "+77011234567", "a", strings.Repeat("x", 30), strings.Repeat("x", 31),
		"\x00", "line\nbreak\ttab", "Zürich 🏔️ \u202eright to left", "\u0080\x00", `{"json":"<&>"}`, "vault:v1:AAAA",
	} {
		at := place("givenName")
		if got := e.decrypt(t, at, e.encrypt(t, at, value)); got != value {
			t.Errorf("%q came back as %q", value, got)
		}
	}
}

func nothingAsked(t *testing.T, e Engine) {
	encrypted, err := e.Encrypter.Encrypt(t.Context(), nil)
	if err != nil || len(encrypted) != 0 {
		t.Errorf("encrypting nothing: %v, %v", encrypted, err)
	}
	decrypted, err := e.Decrypter.Decrypt(t.Context(), nil)
	if err != nil || len(decrypted) != 0 {
		t.Errorf("decrypting nothing: %v, %v", decrypted, err)
	}
	indexed, err := e.Indexer.Index(t.Context(), 1, nil)
	if err != nil || len(indexed) != 0 {
		t.Errorf("indexing nothing: %v, %v", indexed, err)
	}
}

func largestValue(t *testing.T, e Engine) {
	at := place("note")
	largest := strings.Repeat("ж", vault.MaxPlaintext/2)
	if got := e.decrypt(t, at, e.encrypt(t, at, largest)); got != largest {
		t.Errorf("64 KiB came back as %d bytes", len(got))
	}
	if answer := e.tryEncrypt(t, at, largest+"a"); !errors.Is(answer.Err, vault.ErrTooLarge) {
		t.Errorf("encrypting one byte more answered %v", answer.Err)
	}
	if digest := e.index(t, 1, "note", largest); len(digest) != 64 {
		t.Errorf("digest %q", digest)
	}
	if err := e.indexError(t.Context(), 1, largest+"a"); !errors.Is(err, vault.ErrTooLarge) {
		t.Errorf("indexing one byte more answered %v", err)
	}
}

func invalidText(t *testing.T, e Engine) {
	if answer := e.tryEncrypt(t, place("givenName"), "a\xff"); vault.CodeOf(answer.Err) != vault.CodeInvalidValue {
		t.Errorf("answered %v", answer.Err)
	}
}

func differentCiphertexts(t *testing.T, e Engine) {
	at := place("email")
	seen := map[string]bool{}
	for range 20 {
		seen[e.encrypt(t, at, "same@example.kz").Text] = true
	}
	if len(seen) != 20 {
		t.Errorf("20 encryptions of one value gave %d ciphertexts", len(seen))
	}
}

func namedKey(t *testing.T, e Engine) {
	c := e.encrypt(t, place("email"), "a@example.kz")
	if c.Key != e.DataKey || c.Version != 1 || !strings.HasPrefix(c.Text, "vault:v1:") {
		t.Fatalf("%+v", c)
	}
	body, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(c.Text, "vault:v1:"))
	if want := 12 + 32 + 16; err != nil || len(body) != want { // nonce, one padded block, tag
		t.Errorf("%d bytes, want %d; %v", len(body), want, err)
	}
}

func hiddenLength(t *testing.T, e Engine) {
	length := func(n int) int { return len(e.encrypt(t, place("givenName"), strings.Repeat("a", n)).Text) }
	for n := range 31 {
		if length(n) != length(0) {
			t.Errorf("%d bytes are told from none", n)
		}
	}
	if length(31) == length(0) || length(31) != length(62) {
		t.Errorf("lengths %d, %d, %d", length(0), length(31), length(62))
	}
}

func cancelled(t *testing.T, e Engine) {
	at := place("email")
	c := e.encrypt(t, at, "a@example.kz")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Encrypter.Encrypt(ctx, []vault.EncryptItem{{Place: at}}); !errors.Is(err, context.Canceled) {
		t.Errorf("encrypting answered %v", err)
	}
	if _, err := e.Decrypter.Decrypt(ctx, []vault.DecryptItem{{Place: at, Ciphertext: c}}); !errors.Is(err, context.Canceled) {
		t.Errorf("decrypting answered %v", err)
	}
	if err := e.indexError(ctx, 1, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("indexing answered %v", err)
	}
}

// nothingPrinted provokes every error there is and prints all that was handed
// in or out, in every way that a log line might.
func nothingPrinted(t *testing.T, e Engine) {
	const secret = "Құпия-Secret-77011234567"
	at := place("givenName")
	value := vault.NewPlain(secret)
	tooLarge := vault.NewPlain(strings.Repeat(secret, vault.MaxPlaintext/len(secret)+1))
	c := e.encrypt(t, at, secret)
	altered := c
	altered.Text = c.Text[:len(c.Text)-8] + "AAAAAAA="

	var shown []any
	encrypted, err := e.Encrypter.Encrypt(t.Context(), []vault.EncryptItem{
		{Place: at, Value: tooLarge}, {Place: at, Value: vault.NewPlain(secret + "\xff")}, {Place: at, Value: value},
	})
	shown = append(shown, err, encrypted, vault.EncryptItem{Place: at, Value: value})
	items := []vault.DecryptItem{{Place: at, Ciphertext: altered}, {Place: place("email"), Ciphertext: c}, {Place: at, Ciphertext: c}}
	decrypted, err := e.Decrypter.Decrypt(t.Context(), items)
	shown = append(shown, err, decrypted)
	shown = append(shown, e.indexError(t.Context(), 99, secret), e.indexError(t.Context(), 1, tooLarge.Reveal()))
	shown = append(shown, e.Encrypter, e.Decrypter, e.Indexer)

	var out strings.Builder
	logger := slog.New(slog.NewJSONHandler(&out, nil))
	for _, one := range shown {
		fmt.Fprintf(&out, "%v %+v %#v %s %q %x\n", one, one, one, one, one, one)
		logger.Info("shown", "one", one)
	}
	encoded := base64.StdEncoding.EncodeToString([]byte(secret))
	for _, form := range []string{secret, "Secret-77", fmt.Sprintf("%x", secret)[:40], encoded[4:24]} {
		if strings.Contains(out.String(), form) {
			t.Errorf("a value was printed, as %s", form)
		}
	}
	for _, answer := range append(decrypted[:2:2], vault.Decrypted{Err: encrypted[0].Err}) {
		if answer.Err == nil || strings.Contains(answer.Err.Error(), altered.Text[:40]) {
			t.Errorf("an error is missing or quotes a ciphertext: %v", answer.Err)
		}
	}
}

func manyCallers(t *testing.T, e Engine) {
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			items := make([]vault.EncryptItem, 5)
			for i := range items {
				at := place("email")
				items[i] = vault.EncryptItem{Place: at, Value: vault.NewPlain(at.User.String()), Reference: uuid.New()}
			}
			encrypted, err := e.Encrypter.Encrypt(t.Context(), items)
			if err != nil {
				t.Errorf("encrypting: %v", err)
				return
			}
			sent := make([]vault.DecryptItem, len(items))
			for i, item := range items {
				sent[i] = vault.DecryptItem{Place: item.Place, Ciphertext: encrypted[i].Ciphertext}
			}
			decrypted, err := e.Decrypter.Decrypt(t.Context(), sent)
			if err != nil {
				t.Errorf("decrypting: %v", err)
				return
			}
			for i, answer := range decrypted {
				if answer.Err != nil || answer.Value.Reveal() != sent[i].User.String() {
					t.Errorf("another's answer, or %v", answer.Err)
				}
			}
		})
	}
	all.Wait()
}
