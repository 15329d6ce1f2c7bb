package identity

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// encoding/json, by which go-oidc reads a token and we its header, takes "SUB"
// and "ſub" for "sub", and the last of several for the one that counts. Whoever
// lets a person add a claim of their own would let them be somebody else.
var (
	headerNames = []string{"alg", "typ"}
	claimNames  = []string{
		"iss", "sub", "aud", "exp", "nbf", "iat", "azp", "client_id", "nonce", "at_hash", "_claim_names", "_claim_sources",
		"name", "phone_number", "phone_number_verified", "email", "email_verified",
	}
)

// claimNames are the claims that are read in a token of the issuer.
func (is *issuer) claimNames() []string {
	first, _, _ := strings.Cut(is.RolesClaim, ".")
	return slices.Concat(claimNames, []string{is.RolesClaim, first})
}

// unmistakable reports whether valid JSON is an object in which no object names
// a member twice, and whose own members have none of the names that are read in
// another spelling of upper and lower case.
func unmistakable(text []byte, read []string) bool {
	names, ok := distinct(json.NewDecoder(bytes.NewReader(text)))
	if !ok || names == nil {
		return false
	}
	for name := range names {
		if slices.ContainsFunc(read, func(known string) bool { return name != known && strings.EqualFold(name, known) }) {
			return false
		}
	}
	return true
}

// distinct reads one value, and reports whether no object in it names a member
// twice. If the value is an object itself, it answers its members' names.
func distinct(tokens *json.Decoder) (names map[string]bool, ok bool) {
	opening, err := tokens.Token()
	if err != nil {
		return nil, false
	}
	switch opening {
	case json.Delim('{'):
		names = map[string]bool{}
	case json.Delim('['):
	default:
		return nil, true
	}
	for tokens.More() {
		if names != nil {
			token, err := tokens.Token()
			name, isName := token.(string)
			if err != nil || !isName || names[name] {
				return nil, false
			}
			names[name] = true
		}
		if _, ok := distinct(tokens); !ok {
			return nil, false
		}
	}
	_, err = tokens.Token() // the closing bracket
	return names, err == nil
}
