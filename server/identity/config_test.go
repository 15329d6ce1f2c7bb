package identity

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kelisim/kelisim/vault"
)

const goodConfig = `issuers:
  - issuer: https://id.example.kz/customers
    kind: CUSTOMERS
    audiences: [dala-mobile]
    algorithms: [ES256, RS256]
  - issuer: https://sso.example.kz/staff
    kind: STAFF
    audiences: [kelisim]
    algorithms: [RS256]
    rolesClaim: realm_access.roles
    roles: {kelisim-support: SUPPORT, kelisim-service: SERVICE}
services:
  - issuer: https://sso.example.kz/staff
    subject: crm
    apps: [dala]
    purposes: [contact, improve]
access:
  supportNeverReveals: [birthDate]
`

func load(t *testing.T, text string, development bool) (Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "oidc.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(path, development)
}

func TestConfigurationIsReadWhole(t *testing.T) {
	c, err := load(t, goodConfig, false)
	if err != nil {
		t.Fatal(err)
	}
	if c.Issuers[1].Roles["kelisim-support"] != vault.Support || c.Services[0].Purposes[1] != "improve" {
		t.Errorf("got %+v", c)
	}
	if access := c.Grants(); access.SupportNeverReveals[0] != "birthDate" {
		t.Errorf("got %+v", access)
	}
}

func TestExampleConfigurationIsValid(t *testing.T) {
	if _, err := Load("../../deploy/oidc.yaml", false); err != nil {
		t.Error(err)
	}
}

func TestConfigurationErrorsNameLineKeyAndRemedy(t *testing.T) {
	for name, test := range map[string]struct{ from, to, want string }{
		"unknown key":          {"audiences: [dala-mobile]", "audience: [dala-mobile]", "oidc.yaml:4: audience: there is no such key here"},
		"unknown key, top":     {"access:", "acces:", "oidc.yaml:17: acces: there is no such key here"},
		"key twice":            {"kind: CUSTOMERS", "kind: CUSTOMERS\n    kind: STAFF", "oidc.yaml:4: mapping key \"kind\" already defined"},
		"wrong shape":          {"[dala-mobile]", "dala-mobile", "oidc.yaml:4: this is not what the key holds"},
		"two documents":        {"access:", "---\naccess:", "more than one document"},
		"no YAML":              {"[ES256, RS256]", "[ES256", "oidc.yaml:"},
		"http":                 {"https://id", "http://id", "oidc.yaml:2: issuers[0].issuer: an issuer is asked over https only"},
		"http on loopback":     {"https://id.example.kz", "http://127.0.0.1:8081", "issuers[0].issuer: an issuer is asked over https only"},
		"no host":              {"https://id.example.kz/customers", "id.example.kz", "issuers[0].issuer: give the issuer's URL"},
		"query":                {"/customers", "/customers?x=1", "issuers[0].issuer: an issuer's URL has no user"},
		"issuer twice":         {"https://id.example.kz/customers", "https://sso.example.kz/staff", "oidc.yaml:6: issuers[1].issuer: this issuer is configured twice"},
		"unknown kind":         {"kind: CUSTOMERS", "kind: PEOPLE", "oidc.yaml:3: issuers[0].kind: kind is CUSTOMERS"},
		"no kind":              {"    kind: CUSTOMERS\n", "", "oidc.yaml:2: issuers[0].kind: kind is CUSTOMERS"},
		"no audience":          {"[dala-mobile]", "[]", "oidc.yaml:4: issuers[0].audiences: name each audience"},
		"empty audience":       {"[dala-mobile]", "['']", "issuers[0].audiences[0]: this entry is empty"},
		"audience twice":       {"[dala-mobile]", "[a, a]", "issuers[0].audiences[1]: this entry stands here twice"},
		"no algorithm":         {"    algorithms: [ES256, RS256]\n", "", "issuers[0].algorithms: name the algorithms"},
		"none":                 {"[ES256, RS256]", "[ES256, none]", "oidc.yaml:5: issuers[0].algorithms[1]: \"none\" is not accepted"},
		"HS256":                {"[ES256, RS256]", "[HS256]", "oidc.yaml:5: issuers[0].algorithms[0]: \"HS256\" is not accepted"},
		"customers with roles": {"kind: CUSTOMERS", "kind: CUSTOMERS\n    roles: {x: SUPPORT}", "oidc.yaml:4: issuers[0].roles: an issuer of customers grants no roles"},
		"customers with claim": {"kind: CUSTOMERS", "kind: CUSTOMERS\n    rolesClaim: roles", "issuers[0].roles: an issuer of customers grants no roles"},
		"staff without claim":  {"    rolesClaim: realm_access.roles\n", "", "issuers[1].rolesClaim: name the claim"},
		"staff without roles":  {"    roles: {kelisim-support: SUPPORT, kelisim-service: SERVICE}\n", "", "issuers[1].roles: say which roles"},
		"SYSTEM":               {"SUPPORT,", "SYSTEM,", "oidc.yaml:11: issuers[1].roles.kelisim-support: no issuer of staff grants this role"},
		"ANONYMOUS":            {"SUPPORT,", "ANONYMOUS,", "issuers[1].roles.kelisim-support: no issuer of staff grants this role"},
		"SUBJECT":              {"SUPPORT,", "SUBJECT,", "issuers[1].roles.kelisim-support: no issuer of staff grants this role"},
		"role in small":        {"SUPPORT,", "support,", "issuers[1].roles.kelisim-support: no issuer of staff grants this role"},
		"console of customers": {"kind: CUSTOMERS", "kind: CUSTOMERS\n    console: {clientId: x}", "oidc.yaml:4: issuers[0].console: the console is for colleagues"},
		"nameless console":     {"    rolesClaim:", "    console: {}\n    rolesClaim:", "issuers[1].console.clientId: name the client"},
		"console, no openid":   {"    rolesClaim:", "    console: {clientId: x, scopes: [profile]}\n    rolesClaim:", "issuers[1].console.scopes: openid is missing"},
		"console, no scope":    {"    rolesClaim:", "    console: {clientId: x, scopes: [openid, 'a b']}\n    rolesClaim:", "issuers[1].console.scopes[1]: this is not a scope"},
		"console, odd host":    {"https://sso.example.kz/staff\n    kind", "https://sso;x.example.kz/staff\n    console: {clientId: x}\n    kind", "issuers[1].console: the issuer's host is not a name"},
		"service of nobody":    {"- issuer: https://sso.example.kz/staff\n    subject", "- issuer: https://x.example.kz\n    subject", "oidc.yaml:13: services[0].issuer: this issuer is not among"},
		"service of customers": {"- issuer: https://sso.example.kz/staff\n    subject", "- issuer: https://id.example.kz/customers\n    subject", "services[0].issuer: this issuer grants no SERVICE"},
		"no SERVICE granted":   {", kelisim-service: SERVICE", "", "services[0].issuer: this issuer grants no SERVICE"},
		"nameless service":     {"    subject: crm\n", "", "services[0].subject: name the service by one of"},
		"service named twice":  {"subject: crm", "subject: crm\n    clientId: crm", "services[0].subject: name the service by one of"},
		"service without apps": {"[dala]", "[]", "services[0].apps: name the apps"},
		"no app's code":        {"[dala]", "[Dala]", "services[0].apps[0]: this is not an app's code"},
		"no purposes":          {"    purposes: [contact, improve]\n", "", "services[0].purposes: name the purposes"},
		"no purpose's code":    {"[contact, improve]", "[contact, '*']", "services[0].purposes[1]: this is not a purpose's code"},
		"no field's code":      {"[birthDate]", "[birth-date]", "oidc.yaml:18: access.supportNeverReveals[0]: this is not a field's code"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(goodConfig, test.from, test.to, 1)
			if text == goodConfig {
				t.Fatal("the case changes nothing")
			}
			if _, err := load(t, text, false); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func TestAllConfigurationErrorsAreNamedAtOnce(t *testing.T) {
	_, err := load(t, strings.NewReplacer("CUSTOMERS", "PEOPLE", "[kelisim]", "[]", "SUPPORT", "SYSTEM").Replace(goodConfig), false)
	if err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("got %v", err)
	}
}

func TestEmptyConfigurationIsRefusedOutsideDevelopment(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "access: {}\n"} {
		if _, err := load(t, text, false); err == nil || !strings.Contains(err.Error(), "oidc.yaml:1: issuers: name at least one issuer") {
			t.Errorf("got %v", err)
		}
		if _, err := load(t, text, true); err != nil {
			t.Errorf("in development: %v", err)
		}
	}
	if _, err := Load(filepath.Join(t.TempDir(), "absent.yaml"), false); err == nil || !strings.Contains(err.Error(), "absent.yaml") {
		t.Errorf("got %v", err)
	}
}

func TestLoopbackIssuerIsForDevelopment(t *testing.T) {
	for _, url := range []string{"http://127.0.0.1:8081/realm", "http://localhost:8081", "http://[::1]:8081"} {
		text := strings.Replace(goodConfig, "https://id.example.kz/customers", url, 1)
		if _, err := load(t, text, true); err != nil {
			t.Error(err)
		}
	}
	for _, url := range []string{devCustomers, devStaff, "http://localhost.example", "http://10.0.0.1"} {
		text := strings.Replace(goodConfig, "https://id.example.kz/customers", url, 1)
		if _, err := load(t, text, true); err == nil {
			t.Errorf("%s may be configured", url)
		}
	}
}
