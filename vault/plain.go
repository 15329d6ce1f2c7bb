package vault

import (
	"encoding/json"
	"fmt"
	"log/slog"
)

// Hidden is what a Plain prints as, whoever prints it.
const Hidden = "[personal]"

// Plain is a personal value in clear. It formats, logs and JSON-encodes as
// "[personal]", so that a value which slips into a log line, an error or a
// dump shows nothing. The only way to the text is Reveal, which is short to
// search for: every call of it is a place where plaintext leaves its wrapper.
//
// The text is behind a pointer because fmt does not ask unexported fields how
// they want to print: a Plain inside another struct shows an address at worst.
// So two Plains are not compared with ==; compare what they Reveal.
type Plain struct{ text *string }

// NewPlain wraps a personal value.
func NewPlain(text string) Plain { return Plain{text: &text} }

// Reveal returns the text itself. Callers: encrypters, the blind index,
// masks, and the one resolver that answers a value.
func (p Plain) Reveal() string {
	if p.text == nil {
		return ""
	}
	return *p.text
}

// Empty reports whether there is no text at all.
func (p Plain) Empty() bool { return p.Len() == 0 }

// Len is the number of bytes of the text.
func (p Plain) Len() int { return len(p.Reveal()) }

// Format implements fmt.Formatter for every verb, %#v and %x included.
func (p Plain) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(Hidden)) }

// String implements fmt.Stringer.
func (p Plain) String() string { return Hidden }

// LogValue implements slog.LogValuer.
func (p Plain) LogValue() slog.Value { return slog.StringValue(Hidden) }

// MarshalJSON implements json.Marshaler.
func (p Plain) MarshalJSON() ([]byte, error) { return json.Marshal(Hidden) }

// MarshalText implements encoding.TextMarshaler (map keys, XML, YAML).
func (p Plain) MarshalText() ([]byte, error) { return []byte(Hidden), nil }
