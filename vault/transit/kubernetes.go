package transit

import (
	"context"
	"errors"

	"github.com/hashicorp/vault/api"
)

// serviceAccount is where Kubernetes puts a pod's own token.
const serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount/token"

// Kubernetes logs in with the token of the pod's service account. Its file is
// read for each login, because Kubernetes replaces it.
type Kubernetes struct {
	Mount     string // path of the auth method; "kubernetes" when empty
	Role      string // the role's name in Vault
	TokenFile string // where Kubernetes puts it when empty
}

// String implements fmt.Stringer.
func (Kubernetes) String() string { return "Kubernetes" }

func (k Kubernetes) open() (source, error) {
	if k.Role == "" {
		return nil, errors.New("transit: the login by Kubernetes has no role")
	}
	k.Mount, k.TokenFile = orElse(k.Mount, "kubernetes"), orElse(k.TokenFile, serviceAccount)
	_, err := readSecret(k.TokenFile)
	return k, err
}

func (k Kubernetes) token(ctx context.Context, client *api.Client) (string, error) {
	jwt, err := readSecret(k.TokenFile)
	if err != nil {
		return "", err
	}
	return logIn(ctx, client, k.Mount, map[string]any{"role": k.Role, "jwt": jwt})
}

func (Kubernetes) own() bool { return true }
