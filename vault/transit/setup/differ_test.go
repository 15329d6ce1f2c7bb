package setup_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/kelisim/kelisim/vault/transit/setup"
)

func TestAWeakenedFlagIsWarnedOf(t *testing.T) {
	_, root, c := fresh(t)
	p := plan(t, c)
	apply(t, p, root)
	for _, key := range []string{"pii", "index", "receipt"} {
		path := fmt.Sprintf("%s/keys/%s-%s", c.Mount, c.Prefix, key)
		for _, flag := range []struct {
			name, weak, undo string // undo: empty where Vault has no way back
			warned           bool
		}{
			{"auto_rotate_period", "24h", "0", key == "index"},
			{"deletion_allowed", "true", "false", true},
			{"exportable", "true", "", true},
			{"allow_plaintext_backup", "true", "", true},
		} {
			before := of(t, check(t, p, root), path)
			write(t, root, path+"/config", map[string]any{flag.name: flag.weak})
			r := of(t, check(t, p, root), path)
			said := len(r.Warnings) == len(before.Warnings)+1 &&
				slices.ContainsFunc(r.Warnings, func(w string) bool { return strings.HasPrefix(w, flag.name+" is ") && strings.Contains(w, path) })
			if said != flag.warned || r.State != setup.Right {
				t.Errorf("%s of %s: %+v", flag.name, key, r)
			}
			if found, there, err := p.ReadKey(t.Context(), root, key); err != nil || !there || !slices.Equal(found.Weaknesses(), r.Warnings) {
				t.Errorf("%s, read alone: %v, %t, %v", key, found.Weaknesses(), there, err)
			}
			if flag.undo == "" {
				continue
			}
			undo := "vault write " + path + "/config " + flag.name + "=" + flag.undo
			if said && !strings.HasSuffix(r.Warnings[len(r.Warnings)-1], undo) {
				t.Errorf("%q does not say %q", r.Warnings, undo)
			}
			write(t, root, path+"/config", map[string]any{flag.name: flag.undo})
			if after := of(t, check(t, p, root), path); len(after.Warnings) != len(before.Warnings) {
				t.Errorf("undone, it still warns: %q", after.Warnings)
			}
		}
	}
	if _, there, err := plan(t, setup.Config{Mount: c.Mount, Prefix: "none"}).ReadKey(t.Context(), root, "pii"); there || err != nil {
		t.Errorf("a key that is not there: %t, %v", there, err)
	}
}

func TestWhatIsWrongIsRefusedAndNothingIsChanged(t *testing.T) {
	for name, wrong := range map[string]struct {
		key    string
		make   map[string]any
		reason string
	}{
		"data key of another type":    {"pii", map[string]any{"type": "hmac", "key_size": 32}, "it is of type hmac and has to be aes256-gcm96, it is not derived"},
		"data key that is not bound":  {"pii", map[string]any{"type": "aes256-gcm96"}, "it is not derived and has to be"},
		"data key that is convergent": {"pii", map[string]any{"type": "aes256-gcm96", "derived": true, "convergent_encryption": true}, "its encryption is convergent"},
		"index key of another type":   {"index", map[string]any{"type": "aes256-gcm96"}, "it is of type aes256-gcm96 and has to be hmac"},
		"receipt key of another type": {"receipt", map[string]any{"type": "ecdsa-p256"}, "it is of type ecdsa-p256 and has to be ed25519"},
		"mount of another engine":     {"", nil, "there is an engine of type cubbyhole, and it has to be transit"},
	} {
		t.Run(name, func(t *testing.T) {
			v, root, c := fresh(t)
			if wrong.key == "" {
				c.Mount = "cubbyhole"
			} else {
				write(t, root, "sys/mounts/"+c.Mount, map[string]any{"type": "transit"})
				write(t, root, c.Mount+"/keys/"+c.Prefix+"-"+wrong.key, wrong.make)
			}
			var err error
			changed := changes(t, v.AuditLog, func() {
				err = plan(t, c).Apply(t.Context(), root, func(r setup.Result) { t.Errorf("it told %v", r) })
			})
			if err == nil || !strings.Contains(err.Error(), wrong.reason) || !strings.HasSuffix(err.Error(), "nothing was changed") || len(changed) > 0 {
				t.Errorf("it answered %v and changed %q", err, changed)
			}
		})
	}
}

func TestWhatDiffersIsPutRightAndSaidSo(t *testing.T) {
	_, root, c := fresh(t)
	p := plan(t, c)
	apply(t, p, root)
	policy, role := p.Policy("decrypt"), "auth/approle/role/"+p.Policy("encrypt")
	write(t, root, "sys/policies/acl/"+policy, map[string]any{"policy": `path "*" { capabilities = ["sudo"] }`})
	write(t, root, c.Mount+"/config/keys", map[string]any{"disable_upsert": false})
	write(t, root, role, map[string]any{
		"token_policies": "root-like," + p.Policy("encrypt"), "token_no_default_policy": false, "bind_secret_id": false,
		"token_bound_cidrs": "10.0.0.0/8", "token_period": "1h",
	})
	done := apply(t, p, root)
	for end, detail := range map[string]string{
		policy:                   "its rules were others",
		c.Mount + "/config/keys": "Vault made a key for any name",
		role:                     `["root-like" "` + p.Policy("encrypt") + `"], its tokens had the policy "default" too, it asked for no secret id`,
	} {
		if r := of(t, done, end); r.State != setup.Updated || !strings.Contains(r.Detail, detail) {
			t.Errorf("%+v", r)
		}
	}
	if is := states(done); is[setup.Updated] != 3 || is[setup.Right] != objects-3 {
		t.Errorf("%v", done)
	}
	now, err := root.Logical().ReadWithContext(t.Context(), role)
	if err != nil {
		t.Fatal(err)
	}
	if cidrs, period := fmt.Sprint(now.Data["token_bound_cidrs"]), fmt.Sprint(now.Data["token_period"]); cidrs != "[10.0.0.0/8]" || period != "3600" {
		t.Errorf("the operator's own settings became %s and %s", cidrs, period)
	}
}

func TestAHeaderThatTheOperatorHidesStaysHidden(t *testing.T) {
	v, root := bare(t)
	p := plan(t, setup.Config{})
	write(t, root, "sys/config/auditing/request-headers/x-request-id", map[string]any{"hmac": true})
	r := of(t, apply(t, p, root), "X-Request-Id")
	if r.State != setup.Kept || !strings.HasSuffix(r.Detail, "vault write sys/config/auditing/request-headers/X-Request-Id hmac=false") {
		t.Errorf("%+v", r)
	}
	shell(t, v.VaultServer, p.Script())
	if r := of(t, check(t, p, root), "X-Request-Id"); r.State != setup.Kept {
		t.Errorf("after the script: %+v", r)
	}
}

func TestLoginsAreWrittenForTheirOwnerAloneAndKeptWhileTheyWork(t *testing.T) {
	v, root, c := fresh(t)
	p := plan(t, c)
	apply(t, p, root)
	dir := filepath.Join(t.TempDir(), "logins")
	issue := func() (out []setup.State) {
		t.Helper()
		tell := func(r setup.Result) { out = append(out, r.State) }
		roles := []string{"encrypt", "observe"}
		if err := p.WriteTokens(t.Context(), root, dir, roles, tell); err != nil {
			t.Fatal(err)
		}
		if err := p.WriteAppRoles(t.Context(), root, dir, roles, 0, tell); err != nil {
			t.Fatal(err)
		}
		return out
	}
	all := func(s setup.State) []setup.State { return slices.Repeat([]setup.State{s}, 6) }
	if got := issue(); !slices.Equal(got, all(setup.Created)) {
		t.Errorf("first: %v", got)
	}
	if got := issue(); !slices.Equal(got, all(setup.Right)) {
		t.Errorf("second: %v", got)
	}
	token, secretID := file(t, dir, "encrypt"), file(t, dir, "encrypt.secret-id")
	own := v.Client(token)
	self, err := own.Auth().Token().LookupSelf()
	if err != nil {
		t.Fatal(err)
	}
	if policies, _ := self.TokenPolicies(); !slices.Equal(policies, []string{p.Policy("encrypt")}) || self.Data["orphan"] != true || fmt.Sprint(self.Data["period"]) != "86400" {
		t.Errorf("the token is %v", self.Data)
	}
	login(t, v.Client(""), file(t, dir, "observe.role-id"), file(t, dir, "observe.secret-id"))

	// A token that was given back and a secret id that was destroyed are replaced, alone.
	if err := own.Auth().Token().RevokeSelf(""); err != nil {
		t.Fatal(err)
	}
	write(t, root, "auth/approle/role/"+p.Policy("encrypt")+"/secret-id/destroy", map[string]any{"secret_id": secretID})
	want := all(setup.Right)
	want[0], want[3] = setup.Updated, setup.Updated
	if got := issue(); !slices.Equal(got, want) {
		t.Errorf("third: %v, want %v", got, want)
	}
	if file(t, dir, "encrypt") == token || file(t, dir, "encrypt.secret-id") == secretID {
		t.Error("the old ones are still there")
	}
}

// file reads a secret that nobody but its owner may read.
func file(t *testing.T, dir, name string) string {
	t.Helper()
	info, err := os.Stat(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("%s has mode %o", name, info.Mode().Perm())
	}
	raw, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(raw))
}

// login logs in by AppRole.
func login(t *testing.T, client *api.Client, roleID, secretID string) *api.SecretAuth {
	t.Helper()
	return write(t, client, "auth/approle/login", map[string]any{"role_id": roleID, "secret_id": secretID}).Auth
}

func TestAWrappedSecretIDIsSeenOnceAndReplacedOnceItWasOpened(t *testing.T) {
	v, root, c := fresh(t)
	p := plan(t, c)
	apply(t, p, root)
	dir := t.TempDir()
	issue := func() (out []setup.State) {
		t.Helper()
		err := p.WriteAppRoles(t.Context(), root, dir, []string{"encrypt"}, time.Minute, func(r setup.Result) { out = append(out, r.State) })
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if got := issue(); !slices.Equal(got, []setup.State{setup.Created, setup.Created}) {
		t.Errorf("first: %v", got)
	}
	if got := issue(); !slices.Equal(got, []setup.State{setup.Right, setup.Right}) {
		t.Errorf("unopened: %v", got)
	}
	if _, err := os.Stat(filepath.Join(dir, "encrypt.secret-id")); err == nil {
		t.Error("the secret id lies beside it")
	}
	wrapping := file(t, dir, "encrypt.wrapped-secret-id")
	inside, err := v.Client("").Logical().Unwrap(wrapping)
	if err != nil {
		t.Fatal(err)
	}
	secretID, _ := inside.Data["secret_id"].(string)
	login(t, v.Client(""), file(t, dir, "encrypt.role-id"), secretID)
	if _, err := v.Client("").Logical().Unwrap(wrapping); err == nil {
		t.Error("it opens twice")
	}
	if got := issue(); !slices.Equal(got, []setup.State{setup.Right, setup.Updated}) {
		t.Errorf("opened: %v", got)
	}
	if file(t, dir, "encrypt.wrapped-secret-id") == wrapping {
		t.Error("the one that was opened is still there")
	}
}

// TestThePoliciesOfAnotherMountAreLeftAlone: the same prefix at another mount
// would rewrite what a service logs in with.
func TestThePoliciesOfAnotherMountAreLeftAlone(t *testing.T) {
	_, root, c := fresh(t)
	apply(t, plan(t, c), root)
	other := c
	other.Mount += "-moved"
	err := plan(t, other).Apply(t.Context(), root, func(r setup.Result) { t.Errorf("changed: %s", r) })
	if err == nil || !strings.Contains(err.Error(), `-encrypt: its rules are for the mount "`+c.Mount+`", whose service would lose them; choose another KELISIM_KEY_PREFIX`) ||
		!strings.Contains(err.Error(), "nothing was changed") {
		t.Errorf("setting up another mount: %v", err)
	}
	for _, r := range check(t, plan(t, c), root) {
		if r.State != setup.Right {
			t.Errorf("afterwards: %s", r)
		}
	}
	for _, role := range setup.Roles() { // once nobody needs them
		if _, err := root.Logical().DeleteWithContext(t.Context(), "sys/policies/acl/"+plan(t, c).Policy(role)); err != nil {
			t.Fatal(err)
		}
	}
	err = plan(t, other).Apply(t.Context(), root, func(setup.Result) {})
	if err != nil && strings.Contains(err.Error(), "its rules are for the mount") {
		t.Errorf("once the policies are deleted: %v", err)
	}
}
