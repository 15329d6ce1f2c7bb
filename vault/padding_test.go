package vault_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/kelisim/kelisim/vault"
)

// The golden bytes are a format: a change here makes stored values unreadable.
func TestPaddedFormIsFixed(t *testing.T) {
	zeros := func(n int) string { return strings.Repeat("00", n) }
	cases := []struct{ name, value, padded string }{
		{"empty", "", "0180" + zeros(30)},
		{"one letter", "A", "014180" + zeros(29)},
		{"Kazakh", "Әсем", "01" + "d398d181d0b5d0bc" + "80" + zeros(22)},
		{"one block exactly", strings.Repeat("a", 30), "01" + strings.Repeat("61", 30) + "80"},
		{"one byte into the second block", strings.Repeat("a", 31), "01" + strings.Repeat("61", 31) + "80" + zeros(31)},
		{"ends like padding", "a\x00\u0080\x00", "01" + "6100c28000" + "80" + zeros(25)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			padded, err := vault.Pad(vault.NewPlain(c.value))
			if err != nil {
				t.Fatal(err)
			}
			if got := hex.EncodeToString(padded); got != c.padded {
				t.Fatalf("padded to %s, want %s", got, c.padded)
			}
			value, err := vault.Unpad(padded)
			if err != nil || value.Reveal() != c.value {
				t.Fatalf("unpadded to %q, %v", value.Reveal(), err)
			}
		})
	}
}

func TestLargestValueIsPaddedAndOneByteMoreIsRefused(t *testing.T) {
	largest := strings.Repeat("я", vault.MaxPlaintext/2)
	padded, err := vault.Pad(vault.NewPlain(largest))
	if err != nil {
		t.Fatal(err)
	}
	if value, err := vault.Unpad(padded); err != nil || value.Reveal() != largest {
		t.Fatalf("the largest value came back as %d bytes, %v", value.Len(), err)
	}
	if _, err := vault.Pad(vault.NewPlain(largest + "a")); !errors.Is(err, vault.ErrTooLarge) {
		t.Fatalf("one byte more answered %v, want ErrTooLarge", err)
	}
}

func TestTextThatIsNotUTF8IsRefused(t *testing.T) {
	if _, err := vault.Pad(vault.NewPlain("a\xff")); vault.CodeOf(err) != vault.CodeInvalidValue {
		t.Fatalf("got %v, want %s", err, vault.CodeInvalidValue)
	}
}

func TestMalformedPaddingIsUndecryptable(t *testing.T) {
	block := func(head string) []byte { return append([]byte(head), make([]byte, 32-len(head))...) }
	cases := map[string][]byte{
		"nothing":                   nil,
		"zeros only":                block("\x01"),
		"no mark":                   block("\x01abc"),
		"another version":           block("\x02abc\x80"),
		"not a multiple of a block": []byte("\x01abc\x80"),
		"a block more than needed":  append(block("\x01abc\x80"), make([]byte, 32)...),
		"not UTF-8":                 block("\x01\xff\xfe\x80"),
		"too large":                 append(append([]byte{1}, bytes.Repeat([]byte("a"), vault.MaxPlaintext+1)...), append([]byte{0x80}, make([]byte, 29)...)...),
	}
	for name, padded := range cases {
		t.Run(name, func(t *testing.T) {
			if value, err := vault.Unpad(padded); !errors.Is(err, vault.ErrUndecryptable) || !value.Empty() {
				t.Fatalf("got a value of %d bytes and %v", value.Len(), err)
			}
		})
	}
}

func FuzzPad(f *testing.F) {
	f.Add([]byte("Айгерім"))
	f.Add([]byte("\x01abc\x80"))
	f.Add(append([]byte("\x01\x80"), make([]byte, 30)...))
	f.Fuzz(func(t *testing.T, data []byte) {
		if padded, err := vault.Pad(vault.NewPlain(string(data))); err == nil {
			value, err := vault.Unpad(padded)
			if err != nil || value.Reveal() != string(data) {
				t.Fatalf("a value did not survive its padding: %v", err)
			}
		}
		if value, err := vault.Unpad(data); err == nil {
			again, err := vault.Pad(value)
			if err != nil || !bytes.Equal(again, data) {
				t.Fatalf("two padded forms of one value: %v", err)
			}
		}
	})
}
