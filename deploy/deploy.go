// Package deploy holds the files for those who run Kelisim, as far as the
// program needs them itself: the policies of its logins to HashiCorp's Vault.
package deploy

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed vault/kelisim-*.hcl
var policies embed.FS

// Policy is the policy of a role, such as "encrypt", in HCL: the file
// deploy/vault/kelisim-<role>.hcl, written for a transit mount and for keys
// whose names begin with a prefix. It refuses a role that has no file.
func Policy(role, mount, prefix string) (string, error) {
	text, err := policies.ReadFile("vault/kelisim-" + role + ".hcl")
	if err != nil {
		return "", fmt.Errorf("the policy of %q: %w", role, err)
	}
	return strings.NewReplacer(`"transit/`, `"`+mount+`/`, `/kelisim-`, `/`+prefix+`-`).Replace(string(text)), nil
}
