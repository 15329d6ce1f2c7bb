package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kelisim/kelisim/server/identity/idptest"
	"github.com/kelisim/kelisim/vault/keyring"
)

// provided is a running process of kelisim that believes two real identity
// providers, one of colleagues and one of people. Nothing of it is this
// process': it is built, configured and asked as operators and clients do.
type provided struct {
	*testing.T
	staff, people *idptest.Provider
	dir, url      string
}

func newProvider(t *testing.T) *idptest.Provider {
	t.Helper()
	p, err := idptest.Start(time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Down)
	return p
}

// The clients of the providers.
func staffClient() idptest.Client {
	return idptest.Client{ID: "desk", Audiences: []string{"kelisim"}, Redirect: "http://127.0.0.1:1/callback", Lifetime: 5 * time.Minute}
}

func appClient() idptest.Client {
	return idptest.Client{ID: "shop-app", Audiences: []string{"shop-mobile"}, Redirect: "http://127.0.0.1:1/callback", Lifetime: 5 * time.Minute}
}

// nestedRoles is a claim of roles as Keycloak nests them.
func nestedRoles(roles ...string) map[string]any {
	return map[string]any{"realm_access": map[string]any{"roles": roles}}
}

const believes = `issuers:
  - {issuer: %s, kind: CUSTOMERS, audiences: [shop-mobile], algorithms: [RS256]}
  - issuer: %s
    kind: STAFF
    audiences: [kelisim]
    algorithms: [RS256]
    rolesClaim: realm_access.roles
    roles: {k-support: SUPPORT, k-auditor: AUDITOR}
`

// newProvided sets everything up but does not serve yet.
func newProvided(t *testing.T) *provided {
	t.Helper()
	p := &provided{T: t, staff: newProvider(t), people: newProvider(t), dir: t.TempDir()}
	p.staff.Add([]idptest.User{
		{Subject: "asel", Claims: nestedRoles("offline_access", "k-support")}, {Subject: "newcomer", Claims: nestedRoles("offline_access")},
	}, staffClient())
	p.people.Add([]idptest.User{
		{Subject: "ayan"}, {Subject: "sly", Claims: map[string]any{"realm_access": map[string]any{"roles": []string{"k-support"}}, "roles": []string{"SUPPORT"}}},
	}, appClient())
	p.write("oidc.yaml", fmt.Sprintf(believes, p.people.URL, p.staff.URL))
	p.write("ca.pem", string(p.staff.Certificate())+string(p.people.Certificate()))
	if err := keyring.NewKeyFile(p.file("key")); err != nil {
		t.Fatal(err)
	}
	p.run("migrate")
	p.run("app", "apply", "testdata/shop/app.yaml")
	p.run("policy", "publish", strings.TrimSpace(p.run("policy", "import", "--app", "shop", "testdata/shop/policy")))
	return p
}

func (p *provided) file(name string) string { return filepath.Join(p.dir, name) }

func (p *provided) write(name, text string) {
	p.Helper()
	if err := os.WriteFile(p.file(name), []byte(text), 0o600); err != nil {
		p.Fatal(err)
	}
}

func (p *provided) command(args ...string) *exec.Cmd {
	p.Helper()
	path, err := exec.LookPath("kelisim")
	if err != nil {
		p.Fatal(err)
	}
	c := exec.CommandContext(context.Background(), path, args...)
	c.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + p.dir, "SSL_CERT_FILE=" + p.file("ca.pem"), "KELISIM_ADDR=127.0.0.1:0", "KELISIM_DATA=" + p.file("data"),
		"KELISIM_KEYRING_KEY_FILE=" + p.file("key"), "KELISIM_OIDC_FILE=" + p.file("oidc.yaml"),
	}
	return c
}

func (p *provided) run(args ...string) string {
	p.Helper()
	c := p.command(args...)
	var said, complained strings.Builder
	c.Stdout, c.Stderr = &said, &complained
	if err := c.Run(); err != nil {
		p.Fatalf("kelisim %s: %v\n%s", strings.Join(args, " "), err, complained.String())
	}
	return said.String()
}

// serve starts the server, and ends it with the test.
func (p *provided) serve() {
	p.Helper()
	c := p.command("serve", "--keyring")
	log, err := c.StderrPipe()
	if err != nil {
		p.Fatal(err)
	}
	if err := c.Start(); err != nil {
		p.Fatal(err)
	}
	p.Cleanup(func() {
		if err := c.Process.Signal(syscall.SIGTERM); err != nil {
			p.Error(err)
		}
		if err := c.Wait(); err != nil {
			p.Errorf("it ended with %v", err)
		}
	})
	var found []string
	lines := bufio.NewScanner(log)
	for found == nil && lines.Scan() {
		found = servesAt.FindStringSubmatch(lines.Text())
	}
	if found == nil {
		p.Fatal("it does not say where it serves")
	}
	go func() { _, _ = io.Copy(io.Discard, log) }() // or it would wait for a reader
	p.url = "http://" + found[3]
}

// signIn is an access token as a client gets it.
func (p *provided) signIn(at *idptest.Provider, client idptest.Client, user string) string {
	p.Helper()
	token, err := at.SignIn(p.Context(), client, user)
	if err != nil {
		p.Fatal(err)
	}
	return token.AccessToken
}

// ask answers the status and the first error's code.
func (p *provided) ask(token, query string) (int, string) {
	p.Helper()
	a, err := post(p.url, token, query, nil)
	if err != nil {
		p.Fatal(err)
	}
	return a.status, a.code()
}

// expect asks, and compares.
func (p *provided) expect(what, token, query string, status int, code string) {
	p.Helper()
	if s, c := p.ask(token, query); s != status || c != code {
		p.Errorf("%s: %d %q, want %d %q", what, s, c, status, code)
	}
}

// becomes waits until a token is accepted.
func (p *provided) becomes(what, token, query string) {
	p.Helper()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for range 100 {
		if s, _ := p.ask(token, query); s == 200 {
			return
		}
		<-tick.C
	}
	p.Errorf("%s: not within twenty seconds", what)
}
