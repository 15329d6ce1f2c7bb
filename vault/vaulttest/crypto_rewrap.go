package vaulttest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// rewrap moves ciphertexts, or fails the test.
func (e Engine) rewrap(t *testing.T, items ...vault.RewrapItem) []vault.Rewrapped {
	t.Helper()
	answers, err := e.Rewrapper.Rewrap(t.Context(), items)
	if err != nil || len(answers) != len(items) {
		t.Fatalf("rewrapping %d: %d answers, %v", len(items), len(answers), err)
	}
	for i, answer := range answers {
		if failed := answer.Err != nil; failed != (answer.Ciphertext == vault.Ciphertext{}) {
			t.Fatalf("not exactly one of ciphertext and error: %+v of %+v", answer, items[i])
		}
	}
	return answers
}

func (e Engine) newest(t *testing.T, want int) {
	t.Helper()
	if key, version, err := e.Rewrapper.Newest(t.Context()); err != nil || key != e.DataKey || version != want {
		t.Fatalf("the newest is version %d of %q, %v; want %d of %q", version, key, err, want, e.DataKey)
	}
}

func rewrapped(t *testing.T, e Engine) {
	if answers := e.rewrap(t); len(answers) != 0 {
		t.Fatalf("rewrapping nothing answered %v", answers)
	}
	e.newest(t, 1)
	at, value := place("email"), "before@example.kz"
	c := e.encrypt(t, at, value)
	for want := 2; want <= 3; want++ {
		e.Rotate(e.DataKey)
		e.newest(t, want)
		moved := e.rewrap(t, vault.RewrapItem{Place: at, Ciphertext: c, Reference: uuid.New()})[0]
		if moved.Err != nil || moved.Ciphertext.Key != e.DataKey || moved.Ciphertext.Version != want || moved.Ciphertext.Check() != nil {
			t.Fatalf("%+v", moved)
		}
		if got := e.decrypt(t, at, moved.Ciphertext); got != value {
			t.Errorf("under version %d it is %q", want, got)
		}
		if got := e.decrypt(t, at, c); got != value {
			t.Errorf("the old ciphertext is %q", got)
		}
		c = moved.Ciphertext
	}
	again := e.rewrap(t, vault.RewrapItem{Place: at, Ciphertext: c})[0]
	if again.Err != nil || again.Ciphertext.Version != 3 || e.decrypt(t, at, again.Ciphertext) != value {
		t.Errorf("rewrapping the newest: %v", again.Err)
	}
	largest := strings.Repeat("ж", vault.MaxPlaintext/2)
	big := e.rewrap(t, vault.RewrapItem{Place: at, Ciphertext: e.encrypt(t, at, largest)})[0]
	if big.Err != nil || e.decrypt(t, at, big.Ciphertext) != largest {
		t.Errorf("64 KiB: %v", big.Err)
	}
}

func rewrapBound(t *testing.T, e Engine) {
	at := place("phone")
	c := e.encrypt(t, at, "+77011234567")
	e.Rotate(e.DataKey)
	for why, elsewhere := range map[string]vault.Place{
		"another user": place("phone"), "another field": {User: at.User, Field: "email"}, "no place": {},
	} {
		if moved := e.rewrap(t, vault.RewrapItem{Place: elsewhere, Ciphertext: c})[0]; !errors.Is(moved.Err, vault.ErrUndecryptable) {
			t.Errorf("%s: answered %v, want ErrUndecryptable", why, moved.Err)
		}
	}
	moved := e.rewrap(t, vault.RewrapItem{Place: at, Ciphertext: c})[0].Ciphertext
	e.refused(t, place("phone"), moved, "rewrapped, at another user")
	e.refused(t, vault.Place{User: at.User, Field: "email"}, moved, "rewrapped, in another field")
}

func rewrapOneBad(t *testing.T, e Engine) {
	items := make([]vault.RewrapItem, 100)
	for i := range items {
		at := place("email")
		items[i] = vault.RewrapItem{Place: at, Ciphertext: e.encrypt(t, at, at.User.String()), Reference: uuid.New()}
	}
	e.Rotate(e.DataKey)
	own := items[0].Ciphertext
	head := own.Text[:len("vault:v1:")]
	bad := map[int]vault.Ciphertext{
		3:  {Key: own.Key, Version: 1, Text: items[4].Ciphertext.Text}, // moved
		10: {Key: own.Key, Version: 1, Text: head + "AAAA"},
		20: {Key: own.Key, Version: 1, Text: head},
		30: {Key: own.Key, Version: 1, Text: head + strings.Repeat("A", 60)},
		40: {Key: own.Key, Version: 99, Text: strings.Replace(own.Text, ":v1:", ":v99:", 1)},
		50: {Key: e.IndexKey, Version: 1, Text: own.Text},
		60: {Key: own.Key, Version: 2, Text: own.Text},
		70: {Key: own.Key, Version: 0, Text: ""},
		80: {Key: "../" + own.Key, Version: 1, Text: own.Text},
		99: {Key: own.Key, Version: 1, Text: head + "not base64"},
	}
	for i, c := range bad {
		items[i].Ciphertext = c
	}
	for i, answer := range e.rewrap(t, items...) {
		if _, spoiled := bad[i]; spoiled {
			if !errors.Is(answer.Err, vault.ErrUndecryptable) && (items[i].Ciphertext.Version <= 2 || !toCome(answer.Err)) {
				t.Errorf("bad ciphertext %d answered %v", i, answer.Err)
			}
			if text := items[i].Ciphertext.Text; len(text) > 40 && strings.Contains(fmt.Sprint(answer.Err), text[20:40]) {
				t.Errorf("the error of %d quotes the ciphertext", i)
			}
			continue
		}
		if answer.Err != nil || answer.Ciphertext.Version != 2 || e.decrypt(t, items[i].Place, answer.Ciphertext) != items[i].User.String() {
			t.Errorf("good ciphertext %d answered %v", i, answer.Err)
		}
	}
}

func rewrapCancelled(t *testing.T, e Engine) {
	at := place("email")
	c := e.encrypt(t, at, "a@example.kz")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Rewrapper.Rewrap(ctx, []vault.RewrapItem{{Place: at, Ciphertext: c}}); !errors.Is(err, context.Canceled) {
		t.Errorf("rewrapping answered %v", err)
	}
	if _, _, err := e.Rewrapper.Newest(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("the newest version answered %v", err)
	}
}
