package setup_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/vault/api"

	"github.com/kelisim/kelisim/vault/transit/setup"
	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

// TestALoginHasNoMoreThanItsPolicy asks under each token of a deployment, and
// then holds it against another's work.
func TestALoginHasNoMoreThanItsPolicy(t *testing.T) {
	v := daemon.Vault(t)
	plan, err := setup.New(setup.Config{Mount: v.Mount})
	if err != nil {
		t.Fatal(err)
	}
	inspect := func(token string, roles ...string) setup.Login {
		t.Helper()
		login, err := plan.Inspect(t.Context(), v.Client(token), roles...)
		if err != nil {
			t.Fatal(err)
		}
		return login
	}
	for role, token := range map[string]string{"encrypt": v.EncryptToken, "decrypt": v.DecryptToken, "rewrap": v.RewrapToken} {
		if got := inspect(token, role); len(got.Excess) > 0 || got.Forever || slices.Contains(got.Policies, "default") {
			t.Errorf("%s: %+v", role, got)
		}
	}
	if got := inspect(v.DecryptToken, "encrypt").Excess; !slices.Equal(got, []string{"update " + v.Mount + "/decrypt/kelisim-pii", "update " + v.Mount + "/decrypt/kelisim-technical"}) {
		t.Errorf("the login that decrypts, as one that encrypts: %v", got)
	}
	if got := inspect(v.DecryptToken, "encrypt", "decrypt"); len(got.Excess) > 0 {
		t.Errorf("one login for both: %v", got.Excess)
	}
	if got := inspect(v.Token, "encrypt"); !slices.Equal(got.Excess, []string{"everything: it is root"}) || !got.Forever {
		t.Errorf("root: %+v", got)
	}
	if _, err := plan.Inspect(t.Context(), v.Client("nobody"), "encrypt"); err == nil {
		t.Error("a token that Vault does not know was inspected")
	}
}

// TestEachPowerTooManyIsFound: one policy too wide at a time.
func TestEachPowerTooManyIsFound(t *testing.T) {
	v := daemon.Vault(t)
	plan, err := setup.New(setup.Config{Mount: v.Mount})
	if err != nil {
		t.Fatal(err)
	}
	for path, capabilities := range map[string]string{
		v.Mount + "/decrypt/*":                        "update",
		v.Mount + "/encrypt/*":                        "create",
		v.Mount + "/keys/*":                           "create, delete",
		v.Mount + "/keys/kelisim-index/config":        "update",
		v.Mount + "/keys/kelisim-pii/trim":            "update",
		v.Mount + "/keys/kelisim-pii/rotate":          "update",
		v.Mount + "/export/encryption-key/*":          "read",
		v.Mount + "/backup/kelisim-pii":               "read",
		v.Mount + "/keys":                             "list",
		"sys/policies/acl/*":                          "sudo, update",
		"auth/token/create":                           "update",
		"auth/approle/role/kelisim-decrypt/secret-id": "update",
		"sys/audit-hash/file":                         "update",
	} {
		name := "wide-" + v.Mount
		rules := `path "` + path + `" { capabilities = ["` + strings.ReplaceAll(capabilities, ", ", `", "`) + `"] }`
		if err := v.Client(v.Token).Sys().PutPolicyWithContext(context.Background(), name, rules); err != nil {
			t.Fatal(err)
		}
		made, err := v.Client(v.Token).Auth().Token().CreateOrphan(&api.TokenCreateRequest{
			Policies: []string{"kelisim-encrypt-" + v.Mount, name}, NoDefaultPolicy: true, Period: "1h",
		})
		if err != nil {
			t.Fatal(err)
		}
		login, err := plan.Inspect(t.Context(), v.Client(made.Auth.ClientToken), "encrypt")
		if err != nil {
			t.Fatal(err)
		}
		begin := capabilities + " " + strings.TrimSuffix(path, "*")
		if !slices.ContainsFunc(login.Excess, func(e string) bool { return strings.HasPrefix(e, begin) }) {
			t.Errorf("%s %s: found only %q", capabilities, path, login.Excess)
		}
	}
}
