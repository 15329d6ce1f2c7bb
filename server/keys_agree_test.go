package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/kelisim/kelisim/vault"
)

const receiptKey = "kelisim-receipt"

// keysCommand runs `kelisim keys` with the settings of the server.
func (w *world) keysCommand(args ...string) (status int, out, said string) {
	w.t.Helper()
	p, stdout, stderr := *w.p, &bytes.Buffer{}, &bytes.Buffer{}
	p.out, p.err = stdout, stderr
	p.variables = map[string]string{
		"KELISIM_DATA": w.s.Data, "DATABASE_URL": w.s.DatabaseURL, "VAULT_ADDR": w.vault.Addr, "KELISIM_TRANSIT_MOUNT": w.vault.Mount,
		"VAULT_TOKEN_FILE": w.s.EncryptLogin.TokenFile, "KELISIM_DECRYPT_TOKEN_FILE": w.s.DecryptLogin.TokenFile,
		"KELISIM_REWRAP_TOKEN_FILE": w.s.RewrapLogin.TokenFile,
	}
	status = run(&p, append([]string{"keys"}, args...))
	return status, stdout.String(), stderr.String()
}

// decoded is JSON without what differs from one count to the next.
func decoded(t *testing.T, raw []byte) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	delete(out, "asOf")
	return out
}

// TestTheAPITheCommandAndTheMetricsShowOneSetOfKeysAndLogins: two servers, and a
// command with the same settings.
func TestTheAPITheCommandAndTheMetricsShowOneSetOfKeysAndLogins(t *testing.T) {
	w := onServers(t)
	w.register(w.subject("counted"), named())
	w.ask(w.staff(vault.Security), allKeys, nil).must() // who is a row, too, from now on
	w.replica().looksAtKeys()
	w.looksAtKeys()
	w.vault.Write("keys/"+receiptKey+"/config", map[string]any{"exportable": true})

	status, out, said := w.keysCommand("--json")
	if equal(t, "status", status, 0); status != 0 {
		t.Fatal(said)
	}
	fraction := regexp.MustCompile(`\.[0-9]+Z`) // of a second, which the API cuts
	command := decoded(t, []byte(out))
	w.clock.advance(time.Minute)
	shows := at(w.ask(w.staff(vault.Security), allKeys, nil).must(), "encryptionKeys")
	for i, name := range []string{pii, indexKey, receiptKey} {
		equal(t, "the API's key", str(shows, "keys", i, "name"), name)
		equal(t, name, fraction.ReplaceAllString(fmt.Sprint(at(command, "keys", i)), "Z"), fraction.ReplaceAllString(fmt.Sprint(at(shows, "keys", i)), "Z"))
	}
	equal(t, "what is weak", str(shows, "keys", 2, "troubles", 0, "kind"), "EXPORTABLE")
	metrics := string(w.get("/metrics").raw)
	for _, line := range []string{
		`kelisim_key_latest_version{key="kelisim-receipt"} 1`, `kelisim_key_flag{flag="exportable",key="kelisim-receipt"} 1`,
		`kelisim_key_trouble{key="kelisim-receipt",trouble="exportable"} 1`,
	} {
		if !strings.Contains(metrics, line+"\n") {
			t.Errorf("the metrics do not say %s", line)
		}
	}

	told := func(list any) (out []string) {
		all, _ := list.([]any)
		for _, l := range all {
			out = append(out, fmt.Sprint(at(l, "server"), " ", at(l, "name"), " ", at(l, "accessor"), " ", at(l, "policies"), " ", at(l, "known")))
		}
		return out
	}
	servers, shown := told(at(shows, "logins")), told(at(command, "logins"))
	if len(servers) != 4 || len(shown) != 5 {
		t.Fatalf("the API shows the logins %v, the command %v", servers, shown)
	}
	for i, l := range w.sys.engine.logins(t.Context()) {
		want := fmt.Sprint("first/1 ", l.Name, " ", l.Accessor, " ", l.Policies, " true")
		equal(t, "a login of this server", servers[i], want)
		if !strings.Contains(strings.Join(shown, "\n"), want) {
			t.Errorf("the command does not show %s", want)
		}
	}
	if !strings.HasPrefix(servers[2], "second/1 ") || !strings.HasPrefix(shown[4], "this command rewrap ") {
		t.Errorf("the API shows the logins %v, the command %v", servers, shown)
	}
	if left := at(command, "logins", 0, "expiresAt"); left != at(shows, "logins", 0, "expiresAt") && left == nil {
		t.Errorf("the first login ends at %v", left)
	}
	_, out, _ = w.keysCommand()
	if !strings.Contains(out, "  first/1       encrypt  by token file, accessor ") || !strings.Contains(out, "  this command  rewrap   by token file, accessor ") {
		t.Errorf("it prints %s", out)
	}
}

// A server that has not told of its logins for long has none.
func TestLoginsOfAServerThatIsGoneAreForgotten(t *testing.T) {
	w := onServers(t)
	w.replica().looksAtKeys()
	equal(t, "logins", len(w.looksAtKeys().Logins), 4)
	w.clock.advance(5 * time.Minute)
	equal(t, "logins five minutes later", len(w.looksAtKeys().Logins), 2)
}

// A Vault that was set up before the key of receipts was wanted is served from,
// with a warning: there is no such key, or the login may not read about it.
func TestAVaultThatWasSetUpEarlierIsServedFromWithAWarning(t *testing.T) {
	w := onServers(t)
	policy := "sys/policies/acl/kelisim-encrypt-" + w.vault.Mount
	for _, c := range []struct {
		kind    vault.TroubleKind
		prepare func(*api.Logical) error
	}{
		{vault.KeyNotSetUp, func(root *api.Logical) error {
			w.vault.Write("keys/"+receiptKey+"/config", map[string]any{"deletion_allowed": true})
			_, err := root.Delete(w.vault.Mount + "/keys/" + receiptKey)
			return err
		}},
		{vault.KeyUnseen, func(root *api.Logical) error {
			found, err := root.Read(policy)
			if err != nil {
				return err
			}
			rules, _ := found.Data["policy"].(string)
			_, err = root.Write(policy, map[string]any{"policy": strings.Replace(rules, receiptKey, "kelisim-none", 1)})
			return err
		}},
	} {
		if err := c.prepare(w.vault.Client(w.vault.Token).Logical()); err != nil {
			t.Fatal(err)
		}
		logged := len(w.log.String())
		troubles := w.looksAtKeys().Troubles()
		if len(troubles) != 1 || troubles[0].Kind != c.kind || troubles[0].Key != receiptKey || troubles[0].Blocking() || troubles[0].Undo != "kelisim vault setup" {
			t.Fatalf("%s: the troubles are %v", c.kind, troubles)
		}
		equal(t, "readiness", w.readiness(), "ok")
		status, _, said := w.keysCommand()
		equal(t, "status", status, 0)
		if !strings.Contains(said, "warning: kelisim-receipt: ") {
			t.Errorf("the command says %s", said)
		}
		sys, err := w.p.openSystem(w.s, mode{}, vault.Access{})
		if err != nil {
			t.Fatalf("%s: a server does not start: %v", c.kind, err)
		}
		if err := sys.close(); err != nil {
			t.Error(err)
		}
		if told := w.log.String()[logged:]; !strings.Contains(told, `level=WARN msg="HashiCorp Vault is set up for an earlier version of Kelisim"`) || strings.Contains(told, "level=ERROR") {
			t.Errorf("%s: it logs %s", c.kind, told)
		}
	}
}

// With a login that may only read about keys, `kelisim keys` says that it did not
// try them; so it does where the server's secret id may be used once.
func TestKeysThatCouldNotBeTriedAreNoted(t *testing.T) {
	w := onServers(t)
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	monitor, err := w.vault.Client(w.vault.Token).Auth().Token().CreateOrphan(&api.TokenCreateRequest{
		Policies: []string{"kelisim-observe-" + w.vault.Mount}, NoDefaultPolicy: true, Period: "1h",
	})
	if err != nil {
		t.Fatal(err)
	}
	observe := file("observe", monitor.Auth.ClientToken)
	for what, login := range map[string]map[string]string{
		"no login of the server":    {},
		"a wrapped secret id":       {"VAULT_ROLE_ID_FILE": observe, "VAULT_WRAPPED_SECRET_ID_FILE": observe},
		"one that decrypts nothing": {"VAULT_TOKEN_FILE": w.s.EncryptLogin.TokenFile},
	} {
		p, out := *w.p, &bytes.Buffer{}
		p.out, p.err = out, out
		p.variables = map[string]string{
			"KELISIM_DATA": w.s.Data, "DATABASE_URL": w.s.DatabaseURL, "VAULT_ADDR": w.vault.Addr, "KELISIM_TRANSIT_MOUNT": w.vault.Mount,
			"KELISIM_OBSERVE_TOKEN_FILE": observe,
		}
		maps.Copy(p.variables, login)
		status := run(&p, []string{"keys"})
		equal(t, what+": status", status, 0)
		why := "that takes the logins of the server, and no wrapped secret id\n"
		if what == "one that decrypts nothing" {
			why = "transit: permission denied"
		}
		if !strings.Contains(out.String(), "warning: whether these are the keys that the database was written with could not be tried: "+why) ||
			!strings.Contains(out.String(), "\nkelisim-receipt  newest version 1;") {
			t.Errorf("%s: it says %s", what, out)
		}
	}
}
