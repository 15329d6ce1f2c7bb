package transit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"

	"github.com/hashicorp/vault/api"
)

// AppRole logs in with a role id and a secret id. Their files are read for each
// login.
type AppRole struct {
	Mount        string // path of the auth method; "approle" when empty
	RoleIDFile   string
	SecretIDFile string
	// Wrapped: SecretIDFile holds a wrapping token instead, which gives the
	// secret id once. It is opened at the first login, and the secret id then
	// kept in memory, until the file holds another one.
	Wrapped bool
}

// String implements fmt.Stringer.
func (AppRole) String() string { return "AppRole" }

func (a AppRole) open() (source, error) {
	a.Mount = orElse(a.Mount, "approle")
	for _, file := range []string{a.RoleIDFile, a.SecretIDFile} {
		if _, err := readSecret(file); err != nil {
			return nil, err
		}
	}
	return &appRole{AppRole: a}, nil
}

// appRole is an AppRole, and what it got out of a wrapping token.
type appRole struct {
	AppRole
	opened   string // the wrapping token
	secretID string
}

func (*appRole) own() bool { return true }

func (a *appRole) token(ctx context.Context, client *api.Client) (string, error) {
	roleID, err := readSecret(a.RoleIDFile)
	if err != nil {
		return "", err
	}
	secretID, err := a.secret(ctx, client)
	if err != nil {
		return "", err
	}
	return logIn(ctx, client, a.Mount, map[string]any{"role_id": roleID, "secret_id": secretID})
}

// secret is the secret id of now. Who opened the wrapping token may remove its
// file: that is no reason to stop.
func (a *appRole) secret(ctx context.Context, client *api.Client) (string, error) {
	secret, err := readSecret(a.SecretIDFile)
	if !a.Wrapped {
		return secret, err
	}
	if errors.Is(err, fs.ErrNotExist) && a.opened != "" {
		secret, err = a.opened, nil
	}
	if err != nil {
		return "", err
	}
	if secret == a.opened {
		return a.secretID, nil
	}
	secretID, err := a.unwrap(ctx, client, secret)
	if err != nil {
		return "", err
	}
	a.opened, a.secretID = secret, secretID
	return secretID, nil
}

// errOpened: it is told loudly, because this is what wrapping is for.
var errOpened = errors.New("transit: the wrapping token of a secret id was opened before, or has expired; " +
	"each start needs a new one; if this program did not open it at an earlier start, somebody else has the secret id: destroy it, and look for it in Vault's audit log")

// unwrap opens a wrapping token, once it is sure that a secret id of this
// auth method is in it: anybody can make one around anything.
func (a *appRole) unwrap(ctx context.Context, client *api.Client, wrapping string) (string, error) {
	about, err := client.Logical().WriteWithContext(ctx, "sys/wrapping/lookup", map[string]any{"token": wrapping})
	if err != nil {
		return "", unopened(err)
	}
	made, _ := field(about, "creation_path")
	if !strings.HasPrefix(made, "auth/"+a.Mount+"/role/") || !strings.HasSuffix(made, "/secret-id") {
		return "", fmt.Errorf("transit: the wrapping token in %s was not made by Vault for a secret id of auth/%s, and was not opened: who wrote it?", a.SecretIDFile, a.Mount)
	}
	client.SetToken(wrapping)
	defer client.ClearToken()
	inside, err := client.Logical().UnwrapWithContext(ctx, wrapping)
	if err != nil {
		return "", unopened(err)
	}
	secretID, found := field(inside, "secret_id")
	if !found {
		return "", fmt.Errorf("%w: no secret id was in the wrapping token", errAnswer)
	}
	return secretID, nil
}

// unopened is why a wrapping token gave nothing.
func unopened(err error) error {
	if answer := (*api.ResponseError)(nil); errors.As(err, &answer) && (answer.StatusCode == http.StatusBadRequest || answer.StatusCode == http.StatusForbidden) {
		return errOpened
	}
	return fmt.Errorf("transit: opening the wrapping token of a secret id: %w", brief(err))
}

// field is a text of an answer.
func field(answer *api.Secret, name string) (text string, found bool) {
	if answer == nil {
		return "", false
	}
	text, found = answer.Data[name].(string)
	return text, found && text != ""
}
