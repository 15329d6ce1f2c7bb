package setup

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"github.com/hashicorp/vault/api"
)

// WriteAppRoles writes what a service logs in with by AppRole: for each role
// the files <role>.role-id and <role>.secret-id (0600). A secret id that Vault
// still takes stays.
//
// If wrap is not zero, <role>.wrapped-secret-id is written instead: a wrapping
// token, which gives the secret id once, within that time. So nobody but the
// service sees the secret id, and the service notices if somebody else did. One
// that nobody has opened stays.
func (p *Plan) WriteAppRoles(ctx context.Context, client *api.Client, dir string, roles []string, wrap time.Duration, tell func(Result)) error {
	v := server{client}
	for _, name := range roles {
		at := role{p.config.AppRole, p.Policy(name)}.path()
		roleID, err := v.roleID(ctx, at)
		if err != nil {
			return err
		}
		err = p.issue(tell, filepath.Join(dir, name+".role-id"), "role id",
			func(old string) (bool, error) { return old == roleID, nil },
			func() (string, error) { return roleID, nil })
		if err != nil {
			return err
		}
		if wrap != 0 {
			err = p.issue(tell, filepath.Join(dir, name+".wrapped-secret-id"), "wrapped secret id",
				func(old string) (bool, error) { return v.wraps(ctx, old, at+"/secret-id") },
				func() (string, error) { return v.wrapped(ctx, write{path: at + "/secret-id"}, wrap) })
		} else {
			err = p.issue(tell, filepath.Join(dir, name+".secret-id"), "secret id",
				func(old string) (bool, error) { return v.takes(ctx, old, at) },
				func() (string, error) { return v.secretID(ctx, at) })
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (v server) roleID(ctx context.Context, role string) (string, error) {
	answer, err := v.client.Logical().ReadWithContext(ctx, role+"/role-id")
	if err != nil {
		return "", explain("read", role+"/role-id", err)
	}
	if answer == nil {
		return "", fmt.Errorf("setup: there is no AppRole %s", role)
	}
	return text(answer, "role_id")
}

// takes reports whether Vault still takes a secret id.
func (v server) takes(ctx context.Context, secretID, role string) (bool, error) {
	answer, err := v.send(ctx, write{role + "/secret-id/lookup", []string{"secret_id=" + secretID}})
	return answer != nil && len(answer.Data) > 0, err
}

func (v server) secretID(ctx context.Context, role string) (string, error) {
	answer, err := v.send(ctx, write{path: role + "/secret-id"})
	if err != nil {
		return "", err
	}
	return text(answer, "secret_id")
}

// wraps reports whether a wrapping token is unopened, and around an answer of
// that path.
func (v server) wraps(ctx context.Context, wrapping, path string) (bool, error) {
	answer, err := v.client.Logical().WriteWithContext(ctx, "sys/wrapping/lookup", map[string]any{"token": wrapping})
	if refused := (*api.ResponseError)(nil); errors.As(err, &refused) && refused.StatusCode == http.StatusBadRequest {
		return false, nil // it was opened, or has expired
	}
	if err != nil {
		return false, explain("write", "sys/wrapping/lookup", err)
	}
	made, err := text(answer, "creation_path")
	return made == path, err
}

// wrapped has Vault keep its answer, and gives the token that opens it once.
func (v server) wrapped(ctx context.Context, w write, within time.Duration) (string, error) {
	defer v.client.SetWrappingLookupFunc(v.client.CurrentWrappingLookupFunc())
	v.client.SetWrappingLookupFunc(func(string, string) string { return within.String() })
	answer, err := v.send(ctx, w)
	if err != nil {
		return "", err
	}
	if answer == nil || answer.WrapInfo == nil || answer.WrapInfo.Token == "" {
		return "", fmt.Errorf("setup: %s: Vault's answer is not wrapped", w.path)
	}
	return answer.WrapInfo.Token, nil
}
