package setup

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/vault/api"

	"github.com/kelisim/kelisim/deploy"
)

// Login is what a token may do, as Vault says it of the token itself.
type Login struct {
	Policies []string
	Forever  bool     // it has no end
	Excess   []string // what it may do beyond its roles, as "update transit/decrypt/kelisim-pii"
}

// Inspect asks what a client's token may do beyond what some of the Roles take.
// It asks sys/capabilities-self about the paths that matter, and uses none.
func (p *Plan) Inspect(ctx context.Context, client *api.Client, roles ...string) (Login, error) {
	v := server{client}
	var self struct {
		Policies []string `json:"policies"`
		Expires  *string  `json:"expire_time"`
	}
	if _, err := v.read(ctx, "auth/token/lookup-self", &self); err != nil {
		return Login{}, err
	}
	login := Login{Policies: self.Policies, Forever: self.Expires == nil}
	allowed, err := p.allowed(roles)
	if err != nil {
		return Login{}, err
	}
	paths := p.telling()
	const ask = "sys/capabilities-self"
	answer, err := client.Logical().WriteWithContext(ctx, ask, map[string]any{"paths": paths})
	if err != nil {
		return Login{}, explain("write", ask, err)
	}
	for _, path := range paths {
		may, _ := answer.Data[path].([]any)
		if slices.Contains(may, any("root")) {
			login.Excess = []string{"everything: it is root"}
			return login, nil
		}
		var beyond []string
		for _, one := range may {
			if name, _ := one.(string); name != "deny" && !slices.Contains(allowed[path], name) {
				beyond = append(beyond, name)
			}
		}
		if len(beyond) > 0 {
			slices.Sort(beyond)
			login.Excess = append(login.Excess, strings.Join(beyond, ", ")+" "+path)
		}
	}
	return login, nil
}

var (
	granted = regexp.MustCompile(`path "([^"]+)" \{\s*capabilities = \[([^\]]*)\]`)
	quoted  = regexp.MustCompile(`"([^"]+)"`)
)

// allowed are the capabilities that the policies of roles give, by path.
func (p *Plan) allowed(roles []string) (map[string][]string, error) {
	out := map[string][]string{}
	for _, role := range roles {
		rules, err := deploy.Policy(role, p.config.Mount, p.config.Prefix)
		if err != nil {
			return nil, fmt.Errorf("setup: %w", err)
		}
		for _, grant := range granted.FindAllStringSubmatch(rules, -1) {
			for _, capability := range quoted.FindAllStringSubmatch(grant[2], -1) {
				out[grant[1]] = append(out[grant[1]], capability[1])
			}
		}
	}
	return out, nil
}

// telling are the paths at which it shows that a token may do too much.
func (p *Plan) telling() []string {
	var out []string
	for _, path := range []string{
		"encrypt/%s-pii", "decrypt/%s-pii", "rewrap/%s-pii", "datakey/plaintext/%s-pii", "hmac/%s-index", "hmac/%s-pii", "sign/%s-receipt",
		"encrypt/%s-technical", "decrypt/%s-technical", "rewrap/%s-technical", "keys/%s-technical", "keys/%s-technical/config",
		"encrypt/%s-no-such-key", "decrypt/%s-no-such-key", // any name: one that is wrong makes a key
		"keys/%s-pii", "keys/%s-index", "keys/%s-receipt", "keys/%s-no-such-key",
		"keys/%s-pii/config", "keys/%s-index/config", "keys/%s-pii/rotate", "keys/%s-index/rotate", "keys/%s-pii/trim", "keys/%s-index/trim",
		"export/encryption-key/%s-pii", "export/hmac-key/%s-index", "backup/%s-pii", "backup/%s-index", "restore/%s-pii",
	} {
		out = append(out, p.config.Mount+"/"+fmt.Sprintf(path, p.config.Prefix))
	}
	out = append(out, p.config.Mount+"/keys", p.config.Mount+"/config/keys", p.config.Mount+"/restore",
		"sys/mounts/"+p.config.Mount, "sys/policies/acl/"+p.Policy("decrypt"), "sys/auth/"+p.config.AppRole,
		"auth/"+p.config.AppRole+"/role/"+p.Policy("decrypt")+"/secret-id", "auth/token/create", "auth/token/create-orphan",
		"sys/audit/file", "sys/audit-hash/file", "sys/raw/any", "sys/seal", "sys/storage/raft/snapshot", "identity/entity")
	return out
}
