package identity

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/kelisim/kelisim/vault"
)

// DevTTL is how long the tokens of WriteTokens are valid: thirty days, counted
// anew at each start. They are for a developer's convenience, on loopback only.
const DevTTL = 30 * 24 * time.Hour

// DevSubject is the person of the subject's token.
const DevSubject = "me"

// devFiles are the tokens that WriteTokens writes, by name.
var devFiles = map[string]vault.Role{
	"subject": vault.Subject, "service": vault.Machine, "support": vault.Support,
	"compliance": vault.Compliance, "security": vault.Security, "auditor": vault.Auditor,
}

// Token signs a token of a role for a subject. Claims are added, and replace
// those of the same name: {"phone_number": "…", "phone_number_verified": true}
// makes a proven phone, {"aud": "…"} chooses another app of Audiences.
func (d *Dev) Token(role vault.Role, sub string, ttl time.Duration, claims map[string]any) (string, error) {
	if sub == "" {
		return "", errors.New("a token has a subject: name one")
	}
	if ttl <= 0 {
		return "", errors.New("a token is valid for some time: give a positive duration")
	}
	now := d.clock()
	all := map[string]any{"sub": sub, "iat": now.Unix(), "exp": now.Add(ttl).Unix()}
	kind := Staff
	switch {
	case role == vault.Subject:
		kind = Customers
		all["iss"], all["aud"] = devCustomers, d.Audiences[0]
	case role.IsStaff():
		all["iss"], all["aud"] = devStaff, devAudience
		all[devRoles] = []string{devName(role)}
		all["name"] = "Development " + devName(role)
		if role == vault.Machine {
			all["azp"] = devClient
		}
	default:
		return "", errors.New("tokens are made for SUBJECT SERVICE SUPPORT COMPLIANCE SECURITY AUDITOR")
	}
	maps.Copy(all, claims)
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.ES256, Key: d.keys[kind]},
		(&jose.SignerOptions{}).WithType("JWT"),
	)
	if err != nil {
		return "", fmt.Errorf("signing a development token: %w", err)
	}
	token, err := jwt.Signed(signer).Claims(all).Serialize()
	if err != nil {
		return "", fmt.Errorf("signing a development token: %w", err)
	}
	return token, nil
}

// devName is what the development issuer calls a role.
func devName(role vault.Role) string { return strings.ToLower(string(role)) }

// WriteTokens writes a token of each role into a folder (0700): together as
// tokens.json, and alone as <role>.token without a line break, both 0600. They
// are valid for DevTTL. The subject's has no phone and no e-mail.
func (d *Dev) WriteTokens(dir string) error {
	if err := own(dir); err != nil {
		return err
	}
	tokens := map[string]string{}
	for name, role := range devFiles {
		sub := name
		if role == vault.Subject {
			sub = DevSubject
		}
		token, err := d.Token(role, sub, DevTTL, nil)
		if err != nil {
			return err
		}
		tokens[name] = token
		if err := keep(filepath.Join(dir, name+".token"), []byte(token), os.Rename); err != nil {
			return err
		}
	}
	text, err := json.MarshalIndent(tokens, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the development tokens: %w", err)
	}
	return keep(filepath.Join(dir, "tokens.json"), append(text, '\n'), os.Rename)
}
