package setup_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/hashicorp/vault/api"
	"golang.org/x/sync/errgroup"

	"github.com/kelisim/kelisim/vault/transit/setup"
	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

func TestMain(m *testing.M) { os.Exit(daemon.Main(m)) }

// deployed is the folder of the files for people, from here.
const deployed = "../../../deploy/vault"

// bare is a Vault that nobody has set up.
func bare(t *testing.T) (*daemon.PrivateVaultServer, *api.Client) {
	t.Helper()
	v := daemon.PrivateVault(t)
	root := v.Client(v.Token)
	for _, err := range []error{
		root.Sys().Unmount("transit"), root.Sys().DisableAuth("approle"), remove(t, root, "sys/config/auditing/request-headers/X-Request-Id"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return v, root
}

// fresh are names that nobody used on the shared Vault.
func fresh(t *testing.T) (*daemon.VaultServer, *api.Client, setup.Config) {
	t.Helper()
	v := daemon.Vault(t)
	name := "t" + uuid.NewString()[:8]
	return v, v.Client(v.Token), setup.Config{Mount: name, Prefix: name}
}

func plan(t *testing.T, c setup.Config) *setup.Plan {
	t.Helper()
	p, err := setup.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func apply(t *testing.T, p *setup.Plan, client *api.Client) []setup.Result {
	t.Helper()
	var out []setup.Result
	if err := p.Apply(t.Context(), client, func(r setup.Result) { out = append(out, r) }); err != nil {
		t.Fatal(err)
	}
	return out
}

func check(t *testing.T, p *setup.Plan, client *api.Client) []setup.Result {
	t.Helper()
	out, err := p.Check(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// states counts the results by state.
func states(results []setup.Result) map[setup.State]int {
	out := map[setup.State]int{}
	for _, r := range results {
		out[r.State]++
	}
	return out
}

// of is the result of the one object whose name ends so.
func of(t *testing.T, results []setup.Result, end string) setup.Result {
	t.Helper()
	i := slices.IndexFunc(results, func(r setup.Result) bool { return strings.HasSuffix(r.Object, end) })
	if i < 0 {
		t.Fatalf("there is no %s in %v", end, results)
	}
	return results[i]
}

// changes runs something and gives the requests other than reads that Vault's
// audit log has of it.
func changes(t *testing.T, log string, during func()) []string {
	t.Helper()
	file, err := os.Open(log)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	if _, err := file.Seek(0, io.SeekEnd); err != nil {
		t.Fatal(err)
	}
	during()
	var out []string
	reads := 0
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var entry struct {
			Type    string `json:"type"`
			Request struct {
				Operation string `json:"operation"`
				Path      string `json:"path"`
			} `json:"request"`
		}
		if err := json.Unmarshal(lines.Bytes(), &entry); err != nil {
			t.Fatal(err)
		}
		switch {
		case entry.Type != "request":
		case entry.Request.Operation == "read":
			reads++
		default:
			out = append(out, entry.Request.Operation+" "+entry.Request.Path)
		}
	}
	if reads == 0 {
		t.Error("the audit log shows no request at all")
	}
	return out
}

func remove(t *testing.T, client *api.Client, path string) error {
	t.Helper()
	_, err := client.Logical().DeleteWithContext(t.Context(), path)
	return err
}

func write(t *testing.T, client *api.Client, path string, data map[string]any) *api.Secret {
	t.Helper()
	answer, err := client.Logical().WriteWithContext(t.Context(), path, data)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// objects is how many things the plan has: two mounts, four keys, the
// setting, the header, five policies and five AppRoles.
const objects = 18

func TestSetUpTwiceChangesNothingTheSecondTime(t *testing.T) {
	v, root := bare(t)
	p := plan(t, setup.Config{Suffix: "-bare"}) // whose policies nobody has written
	first := apply(t, p, root)
	if want := map[setup.State]int{setup.Created: objects}; !maps.Equal(states(first), want) {
		t.Errorf("the first time: %v", first)
	}
	var second []setup.Result
	changed := changes(t, v.AuditLog, func() { second = apply(t, p, root) })
	if want := map[setup.State]int{setup.Right: objects}; !maps.Equal(states(second), want) || len(changed) > 0 {
		t.Errorf("the second time it changed %q: %v", changed, second)
	}
	for i := range second {
		if second[i].Object != first[i].Object || len(second[i].Warnings) > 0 {
			t.Errorf("%+v", second[i])
		}
	}
}

func TestTwoWhoSetUpAtOnceAreNotInEachOthersWay(t *testing.T) {
	_, root, c := fresh(t)
	var both errgroup.Group
	for range 2 {
		p := plan(t, c)
		both.Go(func() error { return p.Apply(t.Context(), root, func(setup.Result) {}) })
	}
	if err := both.Wait(); err != nil {
		t.Error(err)
	}
	if found := check(t, plan(t, c), root); states(found)[setup.Right] != objects {
		t.Errorf("%v", found)
	}
}

func TestCheckingABareVaultChangesNothing(t *testing.T) {
	v, root := bare(t)
	var found []setup.Result
	changed := changes(t, v.AuditLog, func() { found = check(t, plan(t, setup.Config{Suffix: "-bare"}), root) })
	if want := map[setup.State]int{setup.Missing: objects}; !maps.Equal(states(found), want) || len(changed) > 0 {
		t.Errorf("it changed %q: %v", changed, found)
	}
}

func TestTheScriptIsTheFilesForPeople(t *testing.T) {
	script := plan(t, setup.Config{}).Script()
	file, err := os.ReadFile(filepath.Join(deployed, "setup.sh"))
	if err != nil {
		t.Fatal(err)
	}
	if script != string(file) {
		t.Errorf("deploy/vault/setup.sh is not what --dry-run prints; `make generate` writes it:\n%s", cmp.Diff(string(file), script))
	}
	files, err := filepath.Glob(filepath.Join(deployed, "kelisim-*.hcl"))
	if err != nil || len(files) != len(setup.Roles()) {
		t.Fatalf("policies: %v, %v", files, err)
	}
	for _, name := range files {
		rules, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		role := strings.TrimSuffix(filepath.Base(name), ".hcl")
		if !strings.Contains(script, "\nvault policy write "+role+" - <<'HCL'\n"+string(rules)+"HCL\n") {
			t.Errorf("the script does not hold %s as it is", name)
		}
	}
}

func TestTheScriptDoesWhatTheCommandDoes(t *testing.T) {
	v, root := bare(t)
	for name, c := range map[string]setup.Config{
		"the file": {}, "other names": {Mount: "eu/pii", Prefix: "group", AppRole: "services"},
	} {
		t.Run(name, func(t *testing.T) {
			p := plan(t, c)
			for range 2 {
				shell(t, v.VaultServer, p.Script())
				if found := check(t, p, root); states(found)[setup.Right] != objects {
					t.Errorf("after the script: %v", found)
				}
			}
		})
	}
}

// shell runs a script with Vault's command line, as an administrator.
func shell(t *testing.T, v *daemon.VaultServer, script string) {
	t.Helper()
	home := t.TempDir()
	if err := os.Symlink(vaultProgram(t), filepath.Join(home, "vault")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "sh")
	cmd.Stdin = strings.NewReader(script)
	cmd.Env = []string{"PATH=" + home + ":" + os.Getenv("PATH"), "HOME=" + home, "VAULT_ADDR=" + v.Addr, "VAULT_TOKEN=" + v.Token}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("the script: %v\n%s", err, out)
	}
}

// vaultProgram is the server's program, which is the command line too.
func vaultProgram(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "../../../tools/servers", "env").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(out) {
		if path, ok := strings.CutPrefix(strings.TrimSpace(string(line)), "VAULT_SERVER="); ok && path != "" {
			return path
		}
	}
	t.Fatalf("no Vault in %s", out)
	return ""
}

func TestNamesThatMeanSomethingToAShellAreRefused(t *testing.T) {
	for _, c := range []setup.Config{
		{Mount: "a b"},
		{Mount: "a//b"},
		{Mount: "../sys"},
		{Mount: `x" { capabilities`},
		{AppRole: "a;b"},
		{AppRole: "*"},
		{Prefix: "a/b"},
		{Prefix: "a$(id)"},
		{Prefix: "+"},
		{Prefix: "-x"},
		{Suffix: "a\nb"},
	} {
		if _, err := setup.New(c); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
	if _, err := setup.New(setup.Config{Mount: "/eu/pii/"}); err != nil {
		t.Error(err)
	}
}

func TestAVaultThatDoesNotAnswerIsAnError(t *testing.T) {
	v, root := bare(t)
	p := plan(t, setup.Config{})
	v.Seal()
	if _, err := p.Check(t.Context(), root); err == nil || !strings.Contains(err.Error(), "Vault answers 503 to read sys/mounts: Vault is sealed") {
		t.Errorf("sealed: %v", err)
	}
	v.Stop()
	if _, err := p.Check(t.Context(), root); err == nil || !strings.Contains(err.Error(), "cannot be reached") {
		t.Errorf("stopped: %v", err)
	}
	v.Start()
}

func TestATokenWithoutRightsIsToldTheVeryPath(t *testing.T) {
	v, root, c := fresh(t)
	p := plan(t, c)
	tell := func(r setup.Result) { t.Errorf("with the server's login: %v", r) }
	err := p.Apply(t.Context(), v.Client(v.EncryptToken), tell)
	if !errors.Is(err, setup.ErrForbidden) || !strings.Contains(err.Error(), "403 to read sys/mounts:") {
		t.Errorf("with the server's login: %v", err)
	}
	// Who may look at everything and write no policy: what came before it is made and told.
	write(t, root, "sys/policies/acl/half", map[string]any{"policy": `
path "*" { capabilities = ["read", "create", "update", "sudo"] }
path "sys/policies/*" { capabilities = ["read"] }`})
	token, err := root.Auth().Token().Create(&api.TokenCreateRequest{Policies: []string{"half"}})
	if err != nil {
		t.Fatal(err)
	}
	var told []setup.Result
	err = p.Apply(t.Context(), v.Client(token.Auth.ClientToken), func(r setup.Result) { told = append(told, r) })
	if !errors.Is(err, setup.ErrForbidden) || !strings.Contains(err.Error(), "403 to write sys/policies/acl/"+c.Prefix+"-encrypt:") || len(told) != 8 {
		t.Errorf("with half of the rights: %v, %v", err, told)
	}
	if done := states(apply(t, p, root)); done[setup.Created] != 10 || done[setup.Right] != 8 {
		t.Errorf("going on with all rights: %v", done)
	}
}
