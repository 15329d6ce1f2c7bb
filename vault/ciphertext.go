package vault

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// ciphertextPrefix is how every ciphertext and HMAC of a transit engine begins.
const ciphertextPrefix = "vault:v"

// MaxCiphertext bounds the text of a ciphertext: the largest value padded,
// with nonce and tag, in base64, behind a version of up to ten digits.
const MaxCiphertext = len(ciphertextPrefix) + 10 + 1 + (MaxPlaintext+64+12+16+2)/3*4

// NewCiphertext reads the text of a ciphertext made under the named key. Only
// the one spelling that an engine writes is taken; anything else answers
// ErrUndecryptable: "v01", "v0" for the first version, line breaks inside the
// base64 or loose bits at its end would all decrypt, and a ciphertext that can
// be respelled is one that can be told apart or duplicated by whoever writes rows.
func NewCiphertext(key, text string) (Ciphertext, error) {
	version, _, err := SplitTransit(text)
	if err != nil || len(text) > MaxCiphertext {
		return Ciphertext{}, ErrUndecryptable
	}
	return Ciphertext{Key: key, Version: version, Text: text}, nil
}

// Check holds a ciphertext read from a store against its own text: the
// spelling, and the version beside it. It answers ErrUndecryptable.
func (c Ciphertext) Check() error {
	read, err := NewCiphertext(c.Key, c.Text)
	if err != nil {
		return err
	}
	if read != c {
		return ErrUndecryptable
	}
	return nil
}

// SplitTransit takes "vault:v<version>:<base64>" apart, the form of everything
// that a transit engine answers. Anything else answers ErrUndecryptable.
func SplitTransit(text string) (version int, body []byte, err error) {
	tail, found := strings.CutPrefix(text, ciphertextPrefix)
	digits, encoded, parted := strings.Cut(tail, ":")
	if !found || !parted {
		return 0, nil, ErrUndecryptable
	}
	version, err = strconv.Atoi(digits)
	if err != nil || version < 1 || version > 1<<31-1 || strconv.Itoa(version) != digits {
		return 0, nil, ErrUndecryptable
	}
	body, err = base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || strings.ContainsAny(encoded, "\r\n") {
		return 0, nil, ErrUndecryptable
	}
	return version, body, nil
}
