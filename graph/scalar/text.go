package scalar

import (
	"github.com/99designs/gqlgen/graphql"

	"github.com/kelisim/kelisim/vault"
)

// MarshalString writes text.
func MarshalString(s string) graphql.Marshaler { return graphql.MarshalString(s) }

// UnmarshalString reads text, and nothing but text. A number would lose the
// zeros that an IIN or a phone begins with. The error does not repeat what was
// sent.
func UnmarshalString(v any) (string, error) {
	text, ok := v.(string)
	if !ok {
		return "", vault.NewError(vault.CodeBadRequest, "a String is text in quotes; numbers and truth values are none")
	}
	return text, nil
}
