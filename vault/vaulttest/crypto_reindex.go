package vaulttest

import (
	"errors"
	"testing"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// reindexed holds a login of its own against those of the server: what it
// decrypts and computes is the same, and no less is refused.
func reindexed(t *testing.T, e Engine) {
	newest := func(want int) {
		t.Helper()
		if key, version, err := e.Reindexer.NewestIndex(t.Context()); err != nil || key != e.IndexKey || version != want {
			t.Fatalf("the newest is version %d of %q, %v; want %d of %q", version, key, err, want, e.IndexKey)
		}
	}
	newest(1)
	at, value := place("email"), "a@example.kz"
	c := e.encrypt(t, at, value)
	e.Rotate(e.IndexKey)
	e.Rotate(e.DataKey)
	newest(2)
	answers, err := e.Reindexer.Decrypt(t.Context(), []vault.DecryptItem{
		{Place: at, Ciphertext: c, Reference: uuid.New()}, {Place: place("email"), Ciphertext: c},
	})
	if err != nil || answers[0].Err != nil || answers[0].Value.Reveal() != value || !errors.Is(answers[1].Err, vault.ErrUndecryptable) {
		t.Fatalf("%v, %v", answers, err)
	}
	for version := 1; version <= 2; version++ {
		digests, err := e.Reindexer.Index(t.Context(), version, []vault.IndexItem{{Field: "email", Normalised: answers[0].Value, Reference: uuid.New()}})
		if err != nil || digests[0].Err != nil || digests[0].Digest != e.index(t, version, "email", value) {
			t.Errorf("under version %d: %v, %v", version, digests, err)
		}
	}
	if digests, err := e.Reindexer.Index(t.Context(), 3, []vault.IndexItem{{Field: "email", Normalised: answers[0].Value}}); err == nil && digests[0].Err == nil {
		t.Error("a version that is not there has a digest")
	}
}
