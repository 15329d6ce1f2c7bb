package transit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/hashicorp/vault/api"
)

// Login is a way to get a token: Token, TokenFile, AppRole or Kubernetes.
// Equal ones are one login.
type Login interface {
	fmt.Stringer // its name for operators; no secret

	// open reads what the login needs, so that a missing file is told at the
	// start. It asks Vault nothing.
	open() (source, error)
}

// source gives the tokens of a login, one after the other.
type source interface {
	// token gives the token of now, by a client that has none.
	token(ctx context.Context, client *api.Client) (string, error)
	// own reports whether each token is a new one for this process alone: it
	// costs a login, and is given back at the end.
	own() bool
}

// Token is a token that somebody made.
type Token string

// String implements fmt.Stringer, and keeps the token out of whatever prints it.
func (Token) String() string { return "token" }

func (t Token) open() (source, error) {
	if strings.TrimSpace(string(t)) == "" {
		return nil, errors.New("transit: the token is empty")
	}
	return t, nil
}

func (t Token) token(context.Context, *api.Client) (string, error) {
	return strings.TrimSpace(string(t)), nil
}

func (Token) own() bool { return false }

// TokenFile is the path of a file with a token. It is read again before that
// token ends and when Vault refuses it: somebody, as Vault Agent, replaces it.
type TokenFile string

// String implements fmt.Stringer.
func (TokenFile) String() string { return "token file" }

func (f TokenFile) open() (source, error) {
	_, err := readSecret(string(f))
	return f, err
}

func (f TokenFile) token(context.Context, *api.Client) (string, error) { return readSecret(string(f)) }

func (TokenFile) own() bool { return false }

// readSecret reads a file that holds a secret and nothing else.
func readSecret(path string) (string, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("transit: a login's file: %w", err)
	}
	secret := string(bytes.TrimSpace(raw))
	if secret == "" {
		return "", fmt.Errorf("transit: a login's file: %s is empty", path)
	}
	return secret, nil
}

// logIn sends what a login proves itself with, and gives the token for it.
func logIn(ctx context.Context, client *api.Client, mount string, proof map[string]any) (string, error) {
	secret, err := client.Logical().WriteWithContext(ctx, "auth/"+mount+"/login", proof)
	if err != nil {
		return "", fmt.Errorf("transit: logging in at auth/%s: %w", mount, brief(err))
	}
	if secret == nil || secret.Auth == nil || secret.Auth.ClientToken == "" {
		return "", fmt.Errorf("%w: auth/%s gave no token", errAnswer, mount)
	}
	return secret.Auth.ClientToken, nil
}
