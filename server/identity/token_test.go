package identity

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/kelisim/kelisim/vault"
)

const secret = "secret-person"

// notRepeated fails when a message holds a part of the token or its claims.
func notRepeated(t *testing.T, message, authorization string) {
	t.Helper()
	parts := strings.FieldsFunc(authorization, func(r rune) bool { return r == ' ' || r == '.' || r == ',' })
	for _, part := range append(parts, secret) {
		if len(part) > 7 && strings.Contains(message, part) {
			t.Errorf("the message repeats the token: %s", message)
		}
	}
}

func TestHeadersThatAreNoBearerTokenAreRefused(t *testing.T) {
	w := newWorld(t)
	good := w.token(w.customers, nil)
	raw := strings.TrimPrefix(good, "Bearer ")
	for name, headers := range map[string][]string{
		"two headers":      {good, good},
		"an empty second":  {good, ""},
		"joined headers":   {good + ", " + good},
		"no scheme":        {raw},
		"another scheme":   {"Basic " + raw},
		"no token":         {"Bearer "},
		"scheme alone":     {"Bearer"},
		"tab":              {"Bearer\t" + raw},
		"trailing space":   {good + " "},
		"two parts":        {"Bearer " + raw[:strings.LastIndex(raw, ".")]},
		"five parts":       {good + ".a.b"},
		"JSON":             {`Bearer {"payload":"` + secret + `"}`},
		"no base64":        {"Bearer a.b.c"},
		"no JSON":          {"Bearer " + encode(secret) + "." + encode(secret) + ".c"},
		"longer than 8 Ki": {"Bearer " + raw + strings.Repeat("A", MaxToken)},
	} {
		t.Run(name, func(t *testing.T) {
			notRepeated(t, w.refused(vault.CodeUnauthenticated, headers...), strings.Join(headers, " "))
		})
	}
}

func TestSchemeIsCaseInsensitive(t *testing.T) {
	w := newWorld(t)
	raw := strings.TrimPrefix(w.token(w.customers, nil), "Bearer ")
	for _, scheme := range []string{"bearer ", "BEARER ", "Bearer   "} {
		w.caller(scheme + raw)
	}
}

func TestTokensThatProveNothingAreRefusedWithTheReason(t *testing.T) {
	w := newWorld(t)
	now := w.clock.now().Unix()
	for name, test := range map[string]struct {
		with map[string]any
		why  string
	}{
		"expired":               {map[string]any{"exp": now - 1}, "expired"},
		"expiring now":          {map[string]any{"exp": now}, "expired"},
		"no expiry":             {map[string]any{"exp": nil}, "expired"},
		"expiry is text":        {map[string]any{"exp": secret}, "not a JWT that an OpenID"},
		"not yet valid":         {map[string]any{"nbf": now + 61}, "not valid yet"},
		"issued in the future":  {map[string]any{"iat": now + 61}, "not valid yet"},
		"unknown issuer":        {map[string]any{"iss": "https://" + secret + ".example"}, "issuer is not configured"},
		"issuer with a slash":   {map[string]any{"iss": w.customers.URL + "/"}, "issuer is not configured"},
		"no issuer":             {map[string]any{"iss": nil}, "issuer is not configured"},
		"development issuer":    {map[string]any{"iss": devCustomers}, "issuer is not configured"},
		"no subject":            {map[string]any{"sub": nil}, "no subject"},
		"long subject":          {map[string]any{"sub": strings.Repeat(secret, 20)}, "no subject"},
		"wrong audience":        {map[string]any{"aud": secret}, "audience (aud) is not accepted"},
		"two wrong audiences":   {map[string]any{"aud": []string{secret, "kelisim"}}, "audience (aud) is not accepted"},
		"no audience":           {map[string]any{"aud": nil}, "audience (aud) is not accepted"},
		"an audience is a list": {map[string]any{"aud": []any{[]string{"dala-mobile"}}}, "not a JWT that an OpenID"},
		"subject is a number":   {map[string]any{"sub": 5551234567}, "not a JWT that an OpenID"},
	} {
		t.Run(name, func(t *testing.T) {
			token := w.token(w.customers, test.with)
			message := w.refused(vault.CodeUnauthenticated, token)
			if !strings.Contains(message, test.why) {
				t.Errorf("got %q, want %q", message, test.why)
			}
			notRepeated(t, message, token)
		})
	}
}

func TestIssuersClockMayBeAMinuteAhead(t *testing.T) {
	w := newWorld(t)
	at := w.clock.now().Add(Skew).Unix()
	w.caller(w.token(w.customers, map[string]any{"nbf": at, "iat": at}))
}

func TestForgedSignaturesAreRefused(t *testing.T) {
	w := newWorld(t)
	claims := w.claims(w.customers, nil)
	genuine, stranger := w.signs[w.customers], newKey(t)
	spki, err := x509.MarshalPKIXPublicKey(genuine.Public())
	if err != nil {
		t.Fatal(err)
	}
	published, err := json.Marshal(public(genuine))
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	none := "Bearer " + encode(`{"alg":"none"}`) + "." + encode(string(body)) + "."
	good := w.token(w.customers, nil)
	kid := map[jose.HeaderKey]any{"kid": "one"}
	embedded, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: stranger}, &jose.SignerOptions{EmbedJWK: true})
	if err != nil {
		t.Fatal(err)
	}
	carried, err := embedded.Sign(body)
	if err != nil {
		t.Fatal(err)
	}
	compact, err := carried.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	const algorithm, signature = "signature algorithm is not accepted", "no key of the token's issuer"
	for name, test := range map[string]struct{ token, why string }{
		"alg none":                  {none, algorithm},
		"alg none, a signature":     {none + "c2ln", algorithm},
		"alg None":                  {strings.Replace(none, encode(`{"alg":"none"}`), encode(`{"alg":"None"}`), 1), algorithm},
		"HS256 with the SPKI":       {sign(t, jose.HS256, spki, kid, claims), algorithm},
		"HS256 with the JWK":        {sign(t, jose.HS256, published, kid, claims), algorithm},
		"a stranger's key":          {sign(t, jose.ES256, stranger, kid, claims), signature},
		"an unknown kid":            {sign(t, jose.ES256, genuine, map[jose.HeaderKey]any{"kid": "two"}, claims), signature},
		"a key that it carries":     {"Bearer " + compact, signature},
		"a key of the other issuer": {sign(t, jose.ES256, w.signs[w.staff], kid, claims), signature},
		"no signature":              {good[:strings.LastIndex(good, ".")+1], signature},
		"another body":              {swapBody(good, w.token(w.customers, map[string]any{"sub": secret})), signature},
		"a notice of having left":   {sign(t, jose.ES256, genuine, map[jose.HeaderKey]any{"kid": "one", "typ": "logout+jwt"}, claims), "neither an access token nor"},
		"an extension it must heed": {sign(t, jose.ES256, genuine, map[jose.HeaderKey]any{"kid": "one", "crit": []string{"x"}, "x": 1}, claims), ""},
	} {
		t.Run(name, func(t *testing.T) {
			w.clock.advance(time.Minute)
			message := w.refused(vault.CodeUnauthenticated, test.token)
			if !strings.Contains(message, test.why) {
				t.Errorf("got %q, want %q", message, test.why)
			}
			notRepeated(t, message, test.token)
		})
	}
}

func TestAccessTokensAndIdentityTokensAreRead(t *testing.T) {
	w := newWorld(t)
	for _, typ := range []string{"JWT", "at+jwt", "application/at+JWT"} {
		w.caller(sign(t, jose.ES256, w.signs[w.customers], map[jose.HeaderKey]any{"kid": "one", "typ": typ}, w.claims(w.customers, nil)))
	}
}

func encode(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// swapBody gives one token the claims of another.
func swapBody(token, other string) string {
	parts, others := strings.Split(token, "."), strings.Split(other, ".")
	return parts[0] + "." + others[1] + "." + parts[2]
}

func FuzzAuthenticate(f *testing.F) {
	dev, clock := fuzzDev(f)
	p, err := New(Options{Dev: dev, Clock: clock, AppOf: dala})
	if err != nil {
		f.Fatal(err)
	}
	good, err := dev.Token(vault.Subject, "me", time.Hour, nil)
	if err != nil {
		f.Fatal(err)
	}
	parts := strings.Split(good, ".")
	for _, seed := range []string{
		"", "Bearer", "Bearer  ", "Basic eDp5", "bearer " + good, "Bearer " + good + ", Bearer " + good,
		"Bearer " + encode(`{"alg":"none"}`) + "." + parts[1] + ".", "Bearer " + parts[0] + "." + encode(`{"iss":1}`) + "." + parts[2],
		"Bearer " + encode(`{"alg":"ES256","b64":false,"crit":["b64"]}`) + "." + parts[1] + "." + parts[2], "Bearer ..", "Bearer \x00.\xff.",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		c, err := p.Authenticate(t.Context(), header)
		switch {
		case err != nil:
			if vault.CodeOf(err) != vault.CodeUnauthenticated {
				t.Fatalf("got %v", err)
			}
			notRepeated(t, err.Error(), header)
		case header == "" && len(c.Actor.Roles) == 0:
		case !strings.HasSuffix(header, "."+parts[1]+"."+parts[2]):
			t.Fatal("a forged token is believed")
		}
	})
}
