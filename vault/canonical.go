package vault

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf16"
)

// Canonical encodes a value as JCS (RFC 8785): one byte sequence per value, so
// that a hash over it means the value. Only strings, integers, booleans,
// arrays, objects and null occur in what the vault stores; anything else, a
// fraction above all, is refused.
func Canonical(v any) ([]byte, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("canonical: %w", err)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var tree any
	if err := dec.Decode(&tree); err != nil {
		return nil, fmt.Errorf("canonical: %w", err)
	}
	return appendCanonical(make([]byte, 0, len(raw)), tree)
}

// Hash is the SHA-256 of the bytes in lower-case hex.
func Hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func appendCanonical(out []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(out, "null"...), nil
	case bool:
		return strconv.AppendBool(out, v), nil
	case string:
		return appendString(out, v), nil
	case json.Number:
		n, err := strconv.ParseInt(v.String(), 10, 64)
		if err != nil || n > 1<<53 || n < -(1<<53) {
			return nil, fmt.Errorf("canonical: %s is not an integer that JSON carries exactly", v)
		}
		return strconv.AppendInt(out, n, 10), nil
	case []any:
		return appendArray(out, v)
	case map[string]any:
		return appendObject(out, v)
	}
	return nil, fmt.Errorf("canonical: %T has no place in stored JSON", v)
}

func appendArray(out []byte, v []any) (_ []byte, err error) {
	out = append(out, '[')
	for i, e := range v {
		if i > 0 {
			out = append(out, ',')
		}
		if out, err = appendCanonical(out, e); err != nil {
			return nil, err
		}
	}
	return append(out, ']'), nil
}

func appendObject(out []byte, v map[string]any) (_ []byte, err error) {
	names := make([]string, 0, len(v))
	for name := range v {
		names = append(names, name)
	}
	// RFC 8785 sorts by UTF-16 code units, which differs from byte order
	// outside the basic plane.
	slices.SortFunc(names, func(a, b string) int {
		return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
	})
	out = append(out, '{')
	for i, name := range names {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(appendString(out, name), ':')
		if out, err = appendCanonical(out, v[name]); err != nil {
			return nil, err
		}
	}
	return append(out, '}'), nil
}

// appendString escapes as ECMAScript's JSON.stringify does, which RFC 8785
// prescribes: encoding/json escapes more than that.
func appendString(out []byte, s string) []byte {
	const hexDigits = "0123456789abcdef"
	out = append(out, '"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\':
			out = append(out, '\\', c)
		case '\b':
			out = append(out, '\\', 'b')
		case '\f':
			out = append(out, '\\', 'f')
		case '\n':
			out = append(out, '\\', 'n')
		case '\r':
			out = append(out, '\\', 'r')
		case '\t':
			out = append(out, '\\', 't')
		default:
			if c < 0x20 {
				out = append(out, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
			} else {
				out = append(out, c)
			}
		}
	}
	return append(out, '"')
}
