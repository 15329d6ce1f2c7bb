package main

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/kelisim/kelisim/server/identity/idptest"
)

const (
	asStaff  = `{ users { nodes { id } } }`
	asPerson = `{ me { id } }`
	asAnyone = `{ policyInForce(app: "shop") { id } }`
)

func TestTokensOfARealProviderAreBelievedForWhatTheyProve(t *testing.T) {
	p := newProvided(t)
	p.serve()
	colleague := p.signIn(p.staff, staffClient(), "asel")
	p.expect("a role at a nested claim", colleague, asStaff, 200, "")
	p.expect("a colleague is nobody's person", colleague, asPerson, 200, "FORBIDDEN")
	p.expect("a colleague without a role", p.signIn(p.staff, staffClient(), "newcomer"), asStaff, 200, "FORBIDDEN")
	p.expect("a person", p.signIn(p.people, appClient(), "ayan"), asPerson, 200, "")

	sly := p.signIn(p.people, appClient(), "sly")
	p.expect("a person who claims a role", sly, asStaff, 200, "FORBIDDEN")
	p.expect("stays a person", sly, asPerson, 200, "")

	first, err := p.staff.SignIn(t.Context(), staffClient(), "asel")
	if err != nil {
		t.Fatal(err)
	}
	second, err := p.staff.Renew(t.Context(), staffClient(), first)
	if err != nil || second.AccessToken == first.AccessToken {
		t.Fatalf("renewing: %v", err)
	}
	p.expect("a renewed token", second.AccessToken, asStaff, 200, "")
	if p.staff.Asked("/.well-known/openid-configuration") == 0 {
		t.Error("nobody asked the provider for its configuration")
	}
	for name, change := range map[string]struct {
		edit   func(*idptest.Client)
		status int
	}{
		"for another audience":           {func(c *idptest.Client) { c.Audiences = []string{"payroll"} }, 401},
		"for the people's audience":      {func(c *idptest.Client) { c.Audiences = []string{"shop-mobile"} }, 401},
		"for one audience among others":  {func(c *idptest.Client) { c.Audiences = []string{"payroll", "kelisim"} }, 200},
		"that is over":                   {func(c *idptest.Client) { c.Lifetime = 0 }, 401},
		"of a clock half a minute ahead": {func(c *idptest.Client) { c.Ahead = 30 * time.Second }, 200},
		"of a clock two minutes ahead":   {func(c *idptest.Client) { c.Ahead = 2 * time.Minute }, 401},
		"of a clock four minutes behind": {func(c *idptest.Client) { c.Ahead = -4 * time.Minute }, 200},
		"of a clock six minutes behind":  {func(c *idptest.Client) { c.Ahead = -6 * time.Minute }, 401}, // over, by ours
	} {
		c := staffClient()
		c.ID = name
		change.edit(&c)
		p.staff.Add(nil, c)
		p.expect("a token "+name, p.signIn(p.staff, c, "asel"), asStaff, change.status, map[int]string{401: "UNAUTHENTICATED"}[change.status])
	}
	for name, token := range forged(t, p.staff, colleague) {
		p.expect(name, token, asStaff, 401, "UNAUTHENTICATED")
	}
	p.expect("the real one still", colleague, asStaff, 200, "")
}

// forged are tokens that say what a real one says, without its signature.
func forged(t *testing.T, provider *idptest.Provider, token string) map[string]string {
	t.Helper()
	parts := strings.Split(token, ".")
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	other := strings.Replace(string(claims), "asel", "aset", 1)
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + parts[1] + "."
	out := map[string]string{
		"alg none": none, "alg none with the signature left": none + parts[2], "the signature cut off": parts[0] + "." + parts[1] + ".",
		"other claims under the signature": parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(other)) + "." + parts[2],
	}
	der, err := x509.MarshalPKIXPublicKey(provider.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	jwk, err := json.Marshal(jose.JSONWebKey{Key: provider.PublicKey()})
	if err != nil {
		t.Fatal(err)
	}
	var header struct {
		Kid string `json:"kid"`
	}
	if text, err := base64.RawURLEncoding.DecodeString(parts[0]); err != nil || json.Unmarshal(text, &header) != nil || header.Kid == "" {
		t.Fatalf("the provider's tokens name no key: %v", err)
	}
	for name, secret := range map[string][]byte{
		"PEM": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), "DER": der, "JWK": jwk,
		"PKCS1": x509.MarshalPKCS1PublicKey(provider.PublicKey()),
	} {
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: secret}, (&jose.SignerOptions{}).WithHeader("kid", header.Kid).WithType("JWT"))
		if err != nil {
			t.Fatal(err)
		}
		signed, err := signer.Sign(claims)
		if err != nil {
			t.Fatal(err)
		}
		if out["HS256 with the public key as "+name], err = signed.CompactSerialize(); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestARealProviderRotatesItsKeysWhileServing(t *testing.T) {
	p := newProvided(t)
	p.serve()
	before := p.signIn(p.staff, staffClient(), "asel")
	unseen := p.signIn(p.staff, staffClient(), "asel")
	p.expect("before", before, asStaff, 200, "")
	if err := p.staff.Rotate(); err != nil {
		t.Fatal(err)
	}
	p.becomes("signed by the new key", p.signIn(p.staff, staffClient(), "asel"), asStaff)
	p.expect("signed by the old key", unseen, asStaff, 401, "UNAUTHENTICATED")
	p.expect("a person, whose provider kept its key", p.signIn(p.people, appClient(), "ayan"), asPerson, 200, "")
}

func TestARealProviderThatIsAwayIsWaitedForByNobody(t *testing.T) {
	p := newProvided(t)
	colleague, late := p.signIn(p.staff, staffClient(), "asel"), p.signIn(p.staff, staffClient(), "asel")
	person := p.signIn(p.people, appClient(), "ayan")
	p.staff.Down()
	p.serve() // it starts all the same
	p.expect("without a token", "", asAnyone, 200, "")
	p.expect("of the provider that is there", person, asPerson, 200, "")
	p.expect("of the one that is away", colleague, asStaff, 503, "UNAVAILABLE")
	p.expect("a forged one is no more than that", colleague[:len(colleague)-4]+"AAAA", asStaff, 503, "UNAVAILABLE")
	if err := p.staff.Up(); err != nil {
		t.Fatal(err)
	}
	p.becomes("once it is back", colleague, asStaff)

	p.staff.Down() // while serving
	p.expect("signed by a key that is known", late, asStaff, 200, "")
	p.expect("without a token", "", asAnyone, 200, "")
	if err := p.staff.Rotate(); err != nil {
		t.Fatal(err)
	}
	if err := p.staff.Up(); err != nil {
		t.Fatal(err)
	}
	rotated := p.signIn(p.staff, staffClient(), "asel")
	p.staff.Down()
	p.expect("signed by a key that cannot be fetched", rotated, asStaff, 503, "UNAVAILABLE")
	p.expect("of the provider that is there", person, asPerson, 200, "")
	if err := p.staff.Up(); err != nil {
		t.Fatal(err)
	}
	p.becomes("once it is back again", rotated, asStaff)
}
