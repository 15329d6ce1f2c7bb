package setup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/hashicorp/vault/api"
)

// ErrForbidden is the cause when the token may not do what setting up takes.
var ErrForbidden = errors.New("the token lacks the permission, or has expired or was revoked: it has to be an administrator's")

// server is a Vault, under the token of who sets it up.
type server struct{ client *api.Client }

// write is one change: what the API is sent, and what `vault write` is given.
type write struct {
	path   string
	fields []string // name=value
}

func (w write) shell() string { return "vault write " + w.path + " " + strings.Join(w.fields, " ") }

// send makes the change and answers what Vault says to it.
func (v server) send(ctx context.Context, w write) (*api.Secret, error) {
	body := map[string]any{}
	for _, field := range w.fields {
		name, value, _ := strings.Cut(field, "=")
		body[name] = value // Vault reads numbers and booleans out of text
	}
	answer, err := v.client.Logical().WriteWithContext(ctx, w.path, body)
	return answer, explain("write", w.path, err)
}

func (v server) put(ctx context.Context, w write) error {
	_, err := v.send(ctx, w)
	return err
}

// read decodes what is at a path, and reports whether anything is.
func (v server) read(ctx context.Context, path string, into any) (bool, error) {
	answer, err := v.client.Logical().ReadWithContext(ctx, path)
	if err != nil {
		return false, explain("read", path, err)
	}
	if answer == nil || answer.Data == nil {
		return false, nil
	}
	raw, err := json.Marshal(answer.Data)
	if err == nil {
		err = json.Unmarshal(raw, into)
	}
	if err != nil {
		return false, fmt.Errorf("setup: %s: the answer is none of a Vault: %w", path, err)
	}
	return true, nil
}

// explain words an error of the API in one line, with the path that it is about.
func explain(verb, path string, err error) error {
	var refused *api.ResponseError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused) && refused.StatusCode == http.StatusForbidden:
		return fmt.Errorf("setup: Vault answers 403 to %s %s: %w", verb, path, ErrForbidden)
	case errors.As(err, &refused):
		return fmt.Errorf("setup: Vault answers %d to %s %s: %s", refused.StatusCode, verb, path,
			strings.Join(strings.Fields(strings.Join(refused.Errors, "; ")), " "))
	}
	return fmt.Errorf("setup: %s %s: Vault cannot be reached: %w", verb, path, err)
}
