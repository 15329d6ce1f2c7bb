package setup_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/vault/api"

	"github.com/kelisim/kelisim/vault/transit/setup"
	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

// allowed is all that each role may do with the mount, in the names of operations.
func allowed() map[string][]string {
	return map[string][]string{
		"encrypt": {"encrypt pii", "hmac index", "hmac index at version 1", "read pii", "read index", "read receipt"},
		"decrypt": {"decrypt pii"},
		"rewrap":  {"rewrap pii", "read pii"},
		"reindex": {"decrypt pii", "hmac index", "hmac index at version 1", "read index"},
		"observe": {"read pii", "read index", "read receipt", "read the mount's setting"},
	}
}

// own is what every role may do with its own token.
func own() []string { return []string{"look up itself", "renew itself", "ask what it may do"} }

// operation is something that a login tries.
type operation struct {
	method string // of the API
	path   string
	data   map[string]any
}

func (o operation) try(t *testing.T, client *api.Client) error {
	t.Helper()
	var err error
	switch o.method {
	case "read":
		_, err = client.Logical().ReadWithContext(t.Context(), o.path)
	case "list":
		_, err = client.Logical().ListWithContext(t.Context(), o.path)
	case "delete":
		_, err = client.Logical().DeleteWithContext(t.Context(), o.path)
	default:
		_, err = client.Logical().WriteWithContext(t.Context(), o.path, o.data)
	}
	return err
}

// TestEachPolicyDoesItsJobAndNothingElse logs in by each AppRole and tries
// everything that there is to try: each operation on each key, by a wrong name
// and on another mount, and what a token could do with Vault itself.
func TestEachPolicyDoesItsJobAndNothingElse(t *testing.T) {
	v, root, c := fresh(t)
	p := plan(t, c)
	apply(t, p, root)
	place := base64.StdEncoding.EncodeToString([]byte("kelisim/1/user/field"))
	boxed, _ := write(t, root, c.Mount+"/encrypt/"+c.Prefix+"-pii", map[string]any{"plaintext": "eA==", "context": place}).Data["ciphertext"].(string)
	for _, key := range []string{"pii", "index"} { // so that version 1 is an older one
		write(t, root, c.Mount+"/keys/"+c.Prefix+"-"+key+"/rotate", nil)
	}
	operations := everything(v, c, p, map[string]any{"plaintext": "eA==", "context": place}, map[string]any{"ciphertext": boxed, "context": place})
	before := keys(t, root, c)
	for _, role := range setup.Roles() {
		t.Run(role, func(t *testing.T) {
			client := v.Client(enter(t, v, root, p, role))
			may := append(own(), allowed()[role]...)
			for _, name := range may {
				if _, there := operations[name]; !there {
					t.Errorf("%q is no operation", name)
				}
			}
			for _, name := range slices.Sorted(maps.Keys(operations)) {
				o := operations[name]
				err := o.try(t, client)
				switch {
				case slices.Contains(may, name) && err != nil:
					t.Errorf("it may not %s: %v", name, err)
				case !slices.Contains(may, name) && status(err) != http.StatusForbidden:
					t.Errorf("it may %s (%s %s): %v", name, o.method, o.path, err)
				}
			}
		})
	}
	if after := keys(t, root, c); !maps.Equal(before, after) {
		t.Errorf("the keys were %v and are %v", before, after)
	}
}

// enter logs in by the AppRole of a role, and holds the token to one policy.
func enter(t *testing.T, v *daemon.VaultServer, root *api.Client, p *setup.Plan, role string) string {
	t.Helper()
	at := "auth/approle/role/" + p.Policy(role)
	id, err := root.Logical().ReadWithContext(t.Context(), at+"/role-id")
	if err != nil {
		t.Fatal(err)
	}
	roleID, _ := id.Data["role_id"].(string)
	secretID, _ := write(t, root, at+"/secret-id", nil).Data["secret_id"].(string)
	if _, err := v.Client("").Logical().Write("auth/approle/login", map[string]any{"role_id": roleID}); err == nil {
		t.Error("it logs in without a secret id")
	}
	auth := login(t, v.Client(""), roleID, secretID)
	if !slices.Equal(auth.Policies, []string{p.Policy(role)}) || len(auth.IdentityPolicies) > 0 || !auth.Renewable || auth.LeaseDuration != 24*3600 {
		t.Errorf("its token carries %q and %q, for %d seconds", auth.Policies, auth.IdentityPolicies, auth.LeaseDuration)
	}
	return auth.ClientToken
}

// everything is each operation by its name.
func everything(v *daemon.VaultServer, c setup.Config, p *setup.Plan, plain, boxed map[string]any) map[string]operation {
	input := map[string]any{"input": "eA=="}
	out := map[string]operation{
		"look up itself":      {"read", "auth/token/lookup-self", nil},
		"renew itself":        {"write", "auth/token/renew-self", nil},
		"ask what it may do":  {"write", "sys/capabilities-self", map[string]any{"paths": []string{c.Mount + "/encrypt/" + c.Prefix + "-pii"}}},
		"make a token":        {"write", "auth/token/create", nil},
		"make an orphan":      {"write", "auth/token/create-orphan", nil},
		"look up a token":     {"write", "auth/token/lookup", map[string]any{"token": v.DecryptToken}},
		"revoke a token":      {"write", "auth/token/revoke", map[string]any{"token": v.DecryptToken}},
		"keep something":      {"write", "cubbyhole/x", map[string]any{"x": "y"}},
		"wrap something":      {"write", "sys/wrapping/wrap", map[string]any{"x": "y"}},
		"see the mounts":      {"read", "sys/mounts", nil},
		"mount an engine":     {"write", "sys/mounts/other", map[string]any{"type": "transit"}},
		"remount":             {"write", "sys/remount", map[string]any{"from": c.Mount, "to": "elsewhere"}},
		"see policies":        {"read", "sys/policies/acl/" + p.Policy("encrypt"), nil},
		"widen its policy":    {"write", "sys/policies/acl/" + p.Policy("encrypt"), map[string]any{"policy": `path "*" { capabilities = ["sudo"] }`}},
		"see an AppRole":      {"read", "auth/approle/role/" + p.Policy("decrypt"), nil},
		"take a secret id":    {"write", "auth/approle/role/" + p.Policy("decrypt") + "/secret-id", nil},
		"widen an AppRole":    {"write", "auth/approle/role/" + p.Policy("decrypt"), map[string]any{"token_policies": "root"}},
		"see the audit log":   {"read", "sys/audit", nil},
		"test the audit log":  {"write", "sys/audit-hash/file", map[string]any{"input": "x"}},
		"hide the header":     {"write", "sys/config/auditing/request-headers/X-Request-Id", map[string]any{"hmac": true}},
		"seal Vault":          {"write", "sys/seal", nil},
		"rotate Vault's key":  {"write", "sys/rotate", nil},
		"take a snapshot":     {"read", "sys/storage/raft/snapshot", nil},
		"see an entity":       {"list", "identity/entity/id", nil},
		"list the keys":       {"list", c.Mount + "/keys", nil},
		"ask for randomness":  {"write", c.Mount + "/random/32", nil},
		"change the cache":    {"write", c.Mount + "/cache-config", map[string]any{"size": 10}},
		"allow upserts":       {"write", c.Mount + "/config/keys", map[string]any{"disable_upsert": false}},
		"restore over a key":  {"write", c.Mount + "/restore/" + c.Prefix + "-pii", map[string]any{"backup": "x", "force": true}},
		"restore a key":       {"write", c.Mount + "/restore", map[string]any{"backup": "x"}},
		"import a key":        {"write", c.Mount + "/keys/other/import", map[string]any{"ciphertext": "x"}},
		"encrypt elsewhere":   {"write", v.Mount + "/encrypt/kelisim-pii", plain},
		"decrypt elsewhere":   {"write", v.Mount + "/decrypt/kelisim-pii", boxed},
		"read keys elsewhere": {"read", v.Mount + "/keys/kelisim-pii", nil},

		"hmac index at version 1":  {"write", c.Mount + "/hmac/" + c.Prefix + "-index", map[string]any{"input": "eA==", "key_version": 1}},
		"hmac index by its path":   {"write", c.Mount + "/hmac/" + c.Prefix + "-index/sha2-512", input},
		"read the mount's setting": {"read", c.Mount + "/config/keys", nil},
	}
	for _, key := range []string{"pii", "index", "receipt", "pii2", "other", ""} {
		at := func(format string) string { return c.Mount + "/" + fmt.Sprintf(format, c.Prefix+"-"+key) }
		for name, o := range map[string]operation{
			"encrypt": {"write", at("encrypt/%s"), plain}, "decrypt": {"write", at("decrypt/%s"), boxed}, "rewrap": {"write", at("rewrap/%s"), boxed},
			"hmac": {"write", at("hmac/%s"), input}, "sign": {"write", at("sign/%s"), input}, "verify": {"write", at("verify/%s"), input},
			"take a data key in clear from": {"write", at("datakey/plaintext/%s"), plain}, "take a data key from": {"write", at("datakey/wrapped/%s"), plain},
			"read": {"read", at("keys/%s"), nil}, "make": {"write", at("keys/%s"), map[string]any{"type": "aes256-gcm96"}},
			"rotate": {"write", at("keys/%s/rotate"), nil}, "delete": {"delete", at("keys/%s"), nil},
			"retire":  {"write", at("keys/%s/config"), map[string]any{"min_decryption_version": 2, "min_encryption_version": 2}},
			"weaken":  {"write", at("keys/%s/config"), map[string]any{"deletion_allowed": true, "exportable": true}},
			"trim":    {"write", at("keys/%s/trim"), map[string]any{"min_available_version": 2}},
			"back up": {"read", at("backup/%s"), nil},
			"export":  {"read", at("export/encryption-key/%s"), nil}, "export the hmac of": {"read", at("export/hmac-key/%s"), nil},
			"export the signature of": {"read", at("export/signing-key/%s"), nil}, "export version 1 of": {"read", at("export/encryption-key/%s/1"), nil},
		} {
			out[strings.TrimSpace(name+" "+key)] = o
		}
	}
	return out
}

// keys are the keys of a mount, each as Vault tells it.
func keys(t *testing.T, root *api.Client, c setup.Config) map[string]string {
	t.Helper()
	listed, err := root.Logical().ListWithContext(t.Context(), c.Mount+"/keys")
	if err != nil {
		t.Fatal(err)
	}
	names, _ := listed.Data["keys"].([]any)
	out := map[string]string{}
	for _, name := range names {
		key, err := root.Logical().ReadWithContext(t.Context(), fmt.Sprintf("%s/keys/%s", c.Mount, name))
		if err != nil {
			t.Fatal(err)
		}
		out[fmt.Sprint(name)] = fmt.Sprint(key.Data)
	}
	if len(out) != 3 {
		t.Errorf("the keys are %v", names)
	}
	return out
}

// status is the HTTP status of Vault's refusal, or 0.
func status(err error) int {
	if refused, ok := errors.AsType[*api.ResponseError](err); ok {
		return refused.StatusCode
	}
	return 0
}
