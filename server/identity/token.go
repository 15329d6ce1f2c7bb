package identity

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/kelisim/kelisim/vault"
)

// A signed JWT in its compact form. The signature may be empty, so that a
// token without one is told its algorithm is refused.
var tokenForm = regexp.MustCompile(`^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$`)

// Types of tokens that say who somebody is. A provider signs others with the
// same key, such as the notice that somebody logged out.
var tokenTypes = []string{"", "jwt", "at+jwt"}

// bearer answers the token of the Authorization headers, or "" without any.
func bearer(authorization []string) (string, error) {
	if len(authorization) == 0 || len(authorization) == 1 && authorization[0] == "" {
		return "", nil
	}
	if len(authorization) > 1 {
		return "", refuse("there are several Authorization headers; send one")
	}
	scheme, token, _ := strings.Cut(authorization[0], " ")
	token = strings.TrimLeft(token, " ")
	switch {
	case !strings.EqualFold(scheme, "Bearer") || token == "":
		return "", refuse("the Authorization header is not of the form `Bearer <token>`")
	case len(token) > MaxToken:
		return "", refuse("the token is longer than 8 KiB")
	}
	return token, nil
}

// header is the part of a token's header that decides whether it is read.
type header struct {
	Algorithm string `json:"alg"`
	Type      string `json:"typ"`
}

// unverified is what a token claims of itself before its signature counts.
type unverified struct {
	header
	issuer string
	texts  [2][]byte // of header and claims, each of them valid JSON
}

// peek reads header and issuer of a token that nobody has verified.
func peek(raw string) (unverified, error) {
	if !tokenForm.MatchString(raw) {
		return unverified{}, refuse("the bearer token is not a signed JWT")
	}
	var u unverified
	var body struct {
		Issuer string `json:"iss"`
	}
	parts := strings.Split(raw, ".")
	for i, into := range []any{&u.header, &body} {
		text, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err == nil {
			err = json.Unmarshal(text, into)
		}
		if err != nil { // its text may hold a part of the token
			return unverified{}, refuse("the bearer token is not a signed JWT")
		}
		u.texts[i] = text
	}
	u.issuer = body.Issuer
	return u, nil
}

// issuer is a configured issuer with the keys that it signs with.
type issuer struct {
	Issuer
	keys oidc.KeySet
}

// accepts refuses a token by what it claims of itself. Only one that everybody
// reads in the same way goes on to the verifier.
func (is *issuer) accepts(u unverified) error {
	if !unmistakable(u.texts[0], headerNames) || !unmistakable(u.texts[1], is.claimNames()) {
		return refuse("the token can be read in two ways: a name stands in it twice, or is that of a known claim but for upper and lower case")
	}
	if !slices.Contains(is.Algorithms, u.Algorithm) {
		return refuse("the token's signature algorithm is not accepted from its issuer")
	}
	kind := strings.TrimPrefix(strings.ToLower(u.Type), "application/")
	if !slices.Contains(tokenTypes, kind) {
		return refuse("the token's type is neither an access token nor an identity token")
	}
	return nil
}

// verify checks signature, issuer, times, subject and audience.
func (is *issuer) verify(ctx context.Context, raw string, now time.Time) (claims, error) {
	keys := &observed{KeySet: is.keys}
	verifier := oidc.NewVerifier(is.URL, keys, &oidc.Config{
		SupportedSigningAlgs: is.Algorithms,
		// Below: there are several audiences, and go-oidc forgives a token
		// five minutes of "not before".
		SkipClientIDCheck: true,
		SkipExpiryCheck:   true,
	})
	token, err := verifier.Verify(ctx, raw)
	switch {
	case keys.unreachable != nil:
		return claims{}, vault.NewError(vault.CodeUnavailable,
			"the keys of the token's issuer cannot be fetched at the moment; try again").Because(keys.unreachable)
	case keys.refused:
		return claims{}, refuse("no key of the token's issuer verifies its signature")
	case err != nil: // its text may hold a part of the token
		return claims{}, refuse("the bearer token is not a JWT that an OpenID Connect provider issues")
	}
	c := claims{issuer: token.Issuer, subject: token.Subject, expiry: token.Expiry}
	if err := token.Claims(&c.all); err != nil {
		return claims{}, refuse("the token's claims cannot be read")
	}
	if err := c.timely(now); err != nil {
		return claims{}, err
	}
	if c.subject == "" || len(c.subject) > 255 {
		return claims{}, refuse("the token has no subject (sub) of at most 255 bytes")
	}
	for _, a := range token.Audience {
		if slices.Contains(is.Audiences, a) && !slices.Contains(c.audiences, a) {
			c.audiences = append(c.audiences, a)
		}
	}
	if len(c.audiences) == 0 {
		return claims{}, refuse("the token's audience (aud) is not accepted from its issuer")
	}
	return c, nil
}

// timely refuses a token before its time and from its expiry on. A clock of
// the issuer that is a little ahead of ours is forgiven; nothing else is.
func (c claims) timely(now time.Time) error {
	if !now.Before(c.expiry) { // also when it has none
		return refuse("the token has expired (exp); ask for a new one")
	}
	latest := float64(now.Add(Skew).Unix())
	for _, name := range []string{"nbf", "iat"} {
		claim, ok := c.all[name]
		if !ok {
			continue
		}
		if at, ok := claim.(float64); !ok || at > latest {
			return refuse("the token is not valid yet (nbf, iat); compare the clocks")
		}
	}
	return nil
}
