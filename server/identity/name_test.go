package identity

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/kelisim/kelisim/vault"
)

// signed makes a bearer header of claims as they are written.
func signed(t *testing.T, key any, claims string) string {
	t.Helper()
	options := &jose.SignerOptions{ExtraHeaders: map[jose.HeaderKey]any{"kid": "one"}}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, options)
	if err != nil {
		t.Fatal(err)
	}
	object, err := signer.Sign([]byte(claims))
	if err != nil {
		t.Fatal(err)
	}
	token, err := object.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return "Bearer " + token
}

func TestASignedTokenThatCanBeReadInTwoWaysIsRefused(t *testing.T) {
	w := newWorld(t)
	for name, test := range map[string]struct {
		of   *served
		also string // members after those of a good token
	}{
		"sub twice":                  {w.customers, `"sub":"me"`},
		"SUB":                        {w.customers, `"SUB":"me"`},
		"sub with a long s":          {w.customers, `"ſub":"me"`},
		"sub with an escaped long s": {w.customers, `"\u017fub":"me"`},
		"sub twice, one escaped":     {w.customers, `"\u0073ub":"me"`},
		"ISS":                        {w.customers, `"ISS":"` + w.staff.URL + `"`},
		"Aud":                        {w.customers, `"Aud":"egin-mobile"`},
		"EXP":                        {w.customers, `"EXP":99999999999`},
		"Nbf":                        {w.customers, `"Nbf":0`},
		"IAT":                        {w.customers, `"IAT":0`},
		"AZP":                        {w.customers, `"AZP":"egin-mobile"`},
		"Client_ID":                  {w.staff, `"Client_ID":"mailer"`},
		"Nonce":                      {w.customers, `"Nonce":"1"`},
		"AT_HASH":                    {w.customers, `"AT_HASH":"1"`},
		"_Claim_Names":               {w.customers, `"_Claim_Names":{}`},
		"Name":                       {w.staff, `"Name":"Дана"`},
		"Phone_Number":               {w.customers, `"Phone_Number":"+77010000001"`},
		"PHONE_NUMBER_VERIFIED":      {w.customers, `"PHONE_NUMBER_VERIFIED":true`},
		"Email":                      {w.customers, `"Email":"a@dala.example"`},
		"email_Verified":             {w.customers, `"email_Verified":true`},
		"the roles' claim":           {w.staff, `"Realm_Access":{"roles":["k-support"]}`},
		"a name of its own, twice":   {w.customers, `"other":1,"other":2`},
		"roles twice":                {w.staff, `"realm_access":{"roles":[],"roles":["k-support"]}`},
		"twice in a list":            {w.customers, `"other":[1,[{"a":1,"b":2,"a":3}]]`},
		"twice far within":           {w.customers, `"other":{"a":{"a":{"a":{"b":1,"b":1}}}}`},
		"the empty name twice":       {w.customers, `"":1,"":2`},
	} {
		t.Run(name, func(t *testing.T) {
			good, err := json.Marshal(w.claims(test.of, nil))
			if err != nil {
				t.Fatal(err)
			}
			token := signed(t, w.signs[test.of], strings.TrimSuffix(string(good), "}")+","+test.also+"}")
			if message := w.refused(vault.CodeUnauthenticated, token); !strings.Contains(message, "read in two ways") {
				t.Errorf("got %q", message)
			}
		})
	}
}

func TestATokensOtherNamesAreItsOwn(t *testing.T) {
	w := newWorld(t)
	for _, also := range []string{
		`"Roles":["x"],"roles":["y"]`, `"a":{"sub":1,"SUB":2},"b":{"sub":1}`, `"subs":1,"SUBS":2`, `"list":[{"a":1},{"a":1},"a","a"]`,
		`"Realm_Access":{}`, // the staff's, and no claim of customers
	} {
		good, err := json.Marshal(w.claims(w.customers, nil))
		if err != nil {
			t.Fatal(err)
		}
		w.caller(signed(t, w.signs[w.customers], strings.TrimSuffix(string(good), "}")+","+also+"}"))
	}
}

func TestClaimsThatAreNoObjectAreRefused(t *testing.T) {
	w := newWorld(t)
	good, err := json.Marshal(w.claims(w.customers, nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, claims := range []string{
		"null", "[]", "7", `"text"`, "[" + string(good) + "]", string(good) + string(good), string(good) + "]", string(good[1:]), "{}",
	} {
		w.refused(vault.CodeUnauthenticated, signed(t, w.signs[w.customers], claims))
	}
}

// TestAHeaderThatCanBeReadInTwoWaysIsRefused before anybody looks at the
// signature: no library signs such a header.
func TestAHeaderThatCanBeReadInTwoWaysIsRefused(t *testing.T) {
	w := newWorld(t)
	parts := strings.Split(strings.TrimPrefix(w.token(w.customers, nil), "Bearer "), ".")
	original, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, also := range []string{`"ALG":"ES256"`, `"alg":"ES256"`, `"Typ":"JWT"`, `"x":1,"x":1`, `"x":{"y":1,"y":1}`} {
		header := strings.TrimSuffix(string(original), "}") + "," + also + "}"
		message := w.refused(vault.CodeUnauthenticated, "Bearer "+encode(header)+"."+parts[1]+"."+parts[2])
		if !strings.Contains(message, "read in two ways") {
			t.Errorf("%s: got %q", also, message)
		}
	}
}
