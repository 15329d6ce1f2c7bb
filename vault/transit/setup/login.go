package setup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/hashicorp/vault/api"
)

// WriteTokens writes a token for each role into a folder, as the file <role>
// (0600). A file whose token is good already stays. A token is periodic: it
// lives as long as somebody renews it within a day; and an orphan, so that it
// does not end with the token of who made it.
func (p *Plan) WriteTokens(ctx context.Context, client *api.Client, dir string, roles []string, tell func(Result)) error {
	v := server{client}
	for _, role := range roles {
		path, name := filepath.Join(dir, role), p.Policy(role)
		err := p.issue(tell, path, "token",
			func(old string) (bool, error) { return v.carries(ctx, old, name) },
			func() (string, error) { return v.token(ctx, name) })
		if err != nil {
			return err
		}
	}
	return nil
}

// issue writes a secret to its file, unless what is there is good.
func (*Plan) issue(tell func(Result), path, what string, good func(old string) (bool, error), fresh func() (string, error)) error {
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("setup: %w", err)
	}
	r := Result{Object: what + " " + path, State: Created}
	if err == nil {
		r.State = Updated
		if keep, err := good(string(bytes.TrimSpace(old))); err != nil {
			return err
		} else if keep {
			r.State = Right
			tell(r)
			return nil
		}
	}
	secret, err := fresh()
	if err != nil {
		return err
	}
	if err := replace(path, secret); err != nil {
		return fmt.Errorf("setup: %w", err)
	}
	tell(r)
	return nil
}

// replace writes a file that only its owner reads. Who reads it meanwhile finds
// the old one or the new one, whole.
func replace(path, secret string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-") // with 0600
	if err != nil {
		return err
	}
	_, err = file.WriteString(secret + "\n")
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}

// carries reports whether a token is alive and has the one policy.
func (v server) carries(ctx context.Context, token, policy string) (bool, error) {
	answer, err := v.client.Auth().Token().LookupWithContext(ctx, token)
	if refused := (*api.ResponseError)(nil); errors.As(err, &refused) {
		return false, nil // Vault does not know it
	}
	if err != nil {
		return false, explain("write", "auth/token/lookup", err)
	}
	policies, err := answer.TokenPolicies()
	return err == nil && slices.Equal(policies, []string{policy}), nil
}

func (v server) token(ctx context.Context, policy string) (string, error) {
	answer, err := v.client.Auth().Token().CreateOrphanWithContext(ctx, &api.TokenCreateRequest{
		Policies: []string{policy}, NoDefaultPolicy: true, Period: "24h", DisplayName: policy,
	})
	if err != nil {
		return "", explain("write", "auth/token/create-orphan", err)
	}
	if answer == nil || answer.Auth == nil || answer.Auth.ClientToken == "" {
		return "", errors.New("setup: auth/token/create-orphan: Vault answers no token")
	}
	return answer.Auth.ClientToken, nil
}

// text is a field of an answer that has to have it.
func text(answer *api.Secret, field string) (string, error) {
	if answer != nil {
		if value, ok := answer.Data[field].(string); ok && value != "" {
			return value, nil
		}
	}
	return "", fmt.Errorf("setup: Vault's answer has no %s", field)
}
