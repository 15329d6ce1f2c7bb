package transit_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/transit"
	"github.com/kelisim/kelisim/vault/transit/setup"
	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

// roles are the AppRoles of a mount, at an auth path of their own, so that its
// logins can be counted.
type roles struct {
	t    *testing.T
	v    *daemon.VaultServer
	root *api.Client
	plan *setup.Plan
	at   string // path of the auth method
	dir  string
}

func newRoles(t *testing.T, v *daemon.VaultServer) *roles {
	t.Helper()
	r := &roles{t: t, v: v, root: v.Client(v.Token), at: "approle-" + v.Mount, dir: t.TempDir()}
	var err error
	if r.plan, err = setup.New(setup.Config{Mount: v.Mount, Suffix: "-" + v.Mount, AppRole: r.at}); err != nil {
		t.Fatal(err)
	}
	if err := r.plan.Apply(t.Context(), r.root, func(setup.Result) {}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.root.Sys().DisableAuth(r.at); err != nil {
			t.Error(err)
		}
	})
	return r
}

// hand writes the files of both logins, wrapped if asked for.
func (r *roles) hand(wrap time.Duration) {
	r.t.Helper()
	if err := r.plan.WriteAppRoles(r.t.Context(), r.root, r.dir, []string{"encrypt", "decrypt"}, wrap, func(setup.Result) {}); err != nil {
		r.t.Fatal(err)
	}
}

func (r *roles) file(name string) string { return filepath.Join(r.dir, name) }

func (r *roles) login(role string) transit.AppRole {
	return transit.AppRole{Mount: r.at, RoleIDFile: r.file(role + ".role-id"), SecretIDFile: r.file(role + ".secret-id")}
}

func (r *roles) wrapped(role string) transit.AppRole {
	login := r.login(role)
	login.SecretIDFile, login.Wrapped = r.file(role+".wrapped-secret-id"), true
	return login
}

// config logs both in by AppRole.
func (r *roles) config() transit.Config {
	c := config(r.v)
	c.EncryptLogin, c.DecryptLogin = r.login("encrypt"), r.login("decrypt")
	return c
}

// path is a role's.
func (r *roles) path(role string) string { return "auth/" + r.at + "/role/" + r.plan.Policy(role) }

func (r *roles) write(path string, data map[string]any) *api.Secret {
	r.t.Helper()
	answer, err := r.root.Logical().WriteWithContext(r.t.Context(), path, data)
	if err != nil {
		r.t.Fatal(err)
	}
	return answer
}

// refused counts the calls that were answered 403.
func (r *roles) refused() int {
	r.t.Helper()
	return r.audited(`"path":"`+r.v.Mount+"/", "permission denied")
}

// audited counts the answers in Vault's audit log that a line's parts tell of.
func (r *roles) audited(parts ...string) int {
	r.t.Helper()
	raw, err := os.ReadFile(r.v.AuditLog)
	if err != nil {
		r.t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(raw)) {
		if strings.Contains(line, `"type":"response"`) && !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(line, part) }) {
			n++
		}
	}
	return n
}

func (r *roles) loginsMade() int {
	r.t.Helper()
	return r.audited(`"path":"auth/` + r.at + `/login"`)
}

// states are how the logins of an engine stand.
func states(t *testing.T, e *transit.Engine) []vault.LoginState {
	t.Helper()
	all := e.Logins(t.Context())
	for _, s := range all {
		if s.Lost() {
			t.Fatalf("the login to %s: %v", s.Name, s.Trouble)
		}
	}
	return all
}

// alive reports whether Vault knows a token by its accessor.
func alive(t *testing.T, root *api.Client, accessor string) bool {
	t.Helper()
	_, err := root.Auth().Token().LookupAccessorWithContext(t.Context(), accessor)
	if answer := (*api.ResponseError)(nil); err != nil && !errors.As(err, &answer) {
		t.Fatal(err)
	}
	return err == nil
}

func TestEachWayOfLoggingInEncryptsDecryptsAndTellsHowItStands(t *testing.T) {
	v := daemon.Vault(t)
	r := newRoles(t, v)
	r.hand(0)
	r.hand(time.Minute)
	hold(t, r.file("encrypt.token"), v.EncryptToken)
	hold(t, r.file("decrypt.token"), v.DecryptToken)
	for name, way := range map[string]struct {
		encrypt, decrypt transit.Login
		own              bool
	}{
		"token":           {transit.Token(v.EncryptToken), transit.Token(v.DecryptToken), false},
		"token file":      {transit.TokenFile(r.file("encrypt.token")), transit.TokenFile(r.file("decrypt.token")), false},
		"AppRole":         {r.login("encrypt"), r.login("decrypt"), true},
		"AppRole wrapped": {r.wrapped("encrypt"), r.wrapped("decrypt"), true},
	} {
		t.Run(name, func(t *testing.T) {
			c := config(v)
			c.EncryptLogin, c.DecryptLogin = way.encrypt, way.decrypt
			e := open(t, c)
			newReader(t, e).read(t)
			all := states(t, e)
			for i, role := range []string{"encrypt", "decrypt"} {
				s := all[i]
				if s.Name != role || !strings.HasPrefix(name, s.Method) || !slices.Equal(s.Policies, []string{r.plan.Policy(role)}) ||
					!s.Renewable || time.Until(s.Expires) < 23*time.Hour || !alive(t, r.root, s.Accessor) {
					t.Errorf("%+v", s)
				}
			}
			for _, one := range []any{all, c, e, e.Encrypter(), e.Decrypter(), rewrapper(t, c)} {
				if printed := fmt.Sprintf("%v %+v %s %q", one, one, one, one); strings.Contains(printed, "hvs.") {
					t.Errorf("a token is printed: %s", printed)
				}
			}
			if err := e.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, s := range all {
				if alive(t, r.root, s.Accessor) == way.own {
					t.Errorf("after the end, the token that may %s lives: %t", s.Name, !way.own)
				}
			}
			if _, err := e.LatestVersion(t.Context(), e.DataKey()); way.own && !errors.Is(err, vault.ErrUnavailable) {
				t.Errorf("after the end it logs in again: %v", err)
			}
		})
	}
}

func TestOneLoginThatDoesBothIsMadeOnce(t *testing.T) {
	r := newRoles(t, daemon.Vault(t))
	r.write(r.path("encrypt"), map[string]any{"token_policies": []string{r.plan.Policy("encrypt"), r.plan.Policy("decrypt")}})
	r.hand(time.Minute)
	c := r.config()
	c.EncryptLogin, c.DecryptLogin = r.wrapped("encrypt"), r.wrapped("encrypt")
	e := open(t, c)
	newReader(t, e).read(t)
	if all := states(t, e); len(all) != 1 || all[0].Name != "encrypt and decrypt" || r.loginsMade() != 1 {
		t.Errorf("%d logins, %+v", r.loginsMade(), all)
	}
	if err := e.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestOpenedWrappingTokenIsToldLoudlyUntilThereIsAnother(t *testing.T) {
	r := newRoles(t, daemon.Vault(t))
	r.hand(0)
	r.hand(time.Minute)
	raw, err := os.ReadFile(r.file("decrypt.wrapped-secret-id"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.v.Client("").Logical().Unwrap(strings.TrimSpace(string(raw))); err != nil { // somebody was here
		t.Fatal(err)
	}
	c := r.config()
	c.DecryptLogin = r.wrapped("decrypt")
	e := open(t, c)
	if err := e.Healthy(t.Context()); !errors.Is(err, vault.ErrUnavailable) || !strings.Contains(err.Error(), "somebody else has the secret id") {
		t.Errorf("it answers %v", err)
	}
	r.hand(time.Minute)
	heals(t, func() error { return e.Healthy(t.Context()) })

	// What was in it outlives its file and the token that it was exchanged for.
	if err := os.Remove(r.file("decrypt.wrapped-secret-id")); err != nil {
		t.Fatal(err)
	}
	before := states(t, e)[1].Accessor
	r.revoke(e)
	if err := e.Healthy(t.Context()); err != nil || states(t, e)[1].Accessor == before {
		t.Errorf("after a revocation: %v", err)
	}
}

func TestLoginIsMadeOnceVaultCanMakeOne(t *testing.T) {
	t.Parallel()
	v := daemon.PrivateVault(t)
	r := newRoles(t, v.VaultServer)
	r.hand(time.Minute)
	c := r.config()
	c.EncryptLogin, c.DecryptLogin = r.wrapped("encrypt"), r.wrapped("decrypt")
	e := open(t, c)
	v.Seal()
	if err := e.Healthy(t.Context()); !errors.Is(err, vault.ErrUnavailable) || !strings.Contains(err.Error(), "Vault is sealed") {
		t.Errorf("sealed, it answers %v", err)
	}
	v.Unseal()
	heals(t, func() error { return e.Healthy(t.Context()) })
	v.Stop()
	v.Start()
	heals(t, func() error { return e.Healthy(t.Context()) })
}

func TestWrappingTokenOfSomethingElseStaysUnopened(t *testing.T) {
	r := newRoles(t, daemon.Vault(t))
	r.hand(0)
	r.root.SetWrappingLookupFunc(func(string, string) string { return "1m" })
	forged := r.write("sys/wrapping/wrap", map[string]any{"secret_id": "of somebody else"}).WrapInfo.Token
	r.root.SetWrappingLookupFunc(nil)
	hold(t, r.file("decrypt.wrapped-secret-id"), forged)
	c := r.config()
	c.DecryptLogin = r.wrapped("decrypt")
	if err := open(t, c).Healthy(t.Context()); err == nil || !strings.Contains(err.Error(), "was not opened") || strings.Contains(err.Error(), forged) {
		t.Errorf("it answers %v", err)
	}
	if _, err := r.v.Client("").Logical().Unwrap(forged); err != nil {
		t.Errorf("it was opened: %v", err)
	}
}
