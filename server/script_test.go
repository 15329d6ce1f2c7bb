package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	"github.com/kelisim/kelisim/vault/keyring"
	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

// suite runs the tests, and stops the servers that they shared. Nothing may go
// on when all is closed.
type suite struct{ *testing.M }

func (s suite) Run() int {
	status := daemon.Main(s.M)
	http.DefaultClient.CloseIdleConnections() // the tests' own
	if err := goleak.Find(); err != nil && status == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return status
}

// TestScripts runs the process as operators do: testdata/*.txtar are what they
// type. Besides testscript's own commands they know those of script.commands.
func TestScripts(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Fatal("the lines that `make run` prints are tested with curl, which is not on this machine: apt-get install curl")
	}
	shop, err := filepath.Abs("testdata/shop")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                "testdata",
		Cmds:               scriptCommands(),
		RequireUniqueNames: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("SHOP", shop)
			e.Setenv("KELISIM_ADDR", "127.0.0.1:0")
			tb, ok := e.T().(testing.TB)
			if !ok {
				return errors.New("the script runs outside a test")
			}
			e.Values["script"] = &script{t: tb, secrets: []string{"s3cr3t"}, running: map[string]*running{}}
			return nil
		},
	})
}

// script is what the commands of one script share.
type script struct {
	t       testing.TB
	secrets []string // what nothing may print
	running map[string]*running
	issuer  *issuer
	vaults  *daemon.VaultServer // the last one
	pending net.Conn            // a request under way
}

// running is a server that a script started. It writes NAME.out and NAME.err.
type running struct {
	*exec.Cmd
	done chan error
	told bool // to stop; told twice, it would not wait for requests under way
}

func scriptCommands() map[string]func(*testscript.TestScript, bool, []string) {
	out := map[string]func(*testscript.TestScript, bool, []string){}
	for name, c := range map[string]struct {
		args int // at least
		run  func(*script, *testscript.TestScript, []string)
	}{
		"exits":         {1, (*script).exits},   // STATUS ARGS…: runs kelisim, which ends with the status and prints no secret
		"start":         {2, (*script).start},   // NAME ARGS…: starts kelisim and waits until it serves; $NAME and $NAME_INTERNAL are its addresses
		"end":           {1, (*script).end},     // NAME: SIGTERM, and it ends well
		"crash":         {1, (*script).crash},   // NAME: SIGKILL
		"await":         {1, (*script).await},   // FILE: until it is there
		"ask":           {3, (*script).ask},     // ADDR TOKENFILE|- QUERY: GraphQL; the answer is stdout
		"get":           {1, (*script).get},     // URL: the status and the body are stdout
		"keep":          {1, (*script).keep},    // NAME [path.in.json]: sets $NAME from stdout
		"key":           {1, (*script).key},     // FILE: a key for a keyring
		"private":       {1, (*script).private}, // DIR [N]: nobody but the owner may read what is in it, N files and folders at least
		"silent":        {1, (*script).silent},  // FILE…: no secret in them
		"underway":      {1, (*script).underway},
		"answered":      {1, (*script).answered},
		"postgres":      {1, (*script).postgres}, // NAME: $NAME is a new database, for its owner; $NAME_RUNTIME for the role kelisim_runtime
		"vault":         {0, (*script).vault},    // VAULT_ADDR and what belongs to it are a new mount; the root token is the login
		"redis":         {0, (*script).redis},
		"rotate":        {1, (*script).rotate},        // KEY: a new version of the mount's key
		"person":        {0, (*script).person},        // VAULT_TOKEN is somebody's own, who may do everything
		"retire":        {2, (*script).retire},        // KEY N: nothing under an older version decrypts any more
		"administrator": {0, (*script).administrator}, // VAULT_ADDR and VAULT_TOKEN are a Vault, and leave to do everything
		"administer":    {1, (*script).administer},    // PATH NAME=VALUE…: as `vault write`
		"withdraw":      {1, (*script).withdraw},      // PATH: as `vault delete`
		"withheld":      {1, (*script).withheld},      // PATH…: `vault read` fails
		"issuer":        {0, (*script).serveIssuer},   // KELISIM_OIDC_FILE names an issuer of this test
		"token":         {3, (*script).token},         // FILE ROLE SUBJECT: a token of the issuer
	} {
		out[name] = func(ts *testscript.TestScript, neg bool, args []string) {
			s, ok := ts.Value("script").(*script)
			if !ok || neg || len(args) < c.args {
				ts.Fatalf("%s: called wrongly", name)
			}
			c.run(s, ts, args)
		}
	}
	return out
}

func (s *script) exits(ts *testscript.TestScript, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec("kelisim", args[1:]...); err != nil {
		var status *exec.ExitError
		if !errors.As(err, &status) {
			ts.Fatalf("%v", err)
		}
		got = status.ExitCode()
	}
	if got != want {
		ts.Fatalf("status %d, want %d", got, want)
	}
	s.silent(ts, []string{"stdout", "stderr"})
}

func (s *script) silent(ts *testscript.TestScript, files []string) {
	for _, file := range files {
		for _, secret := range s.secrets {
			if strings.Contains(ts.ReadFile(file), secret) {
				ts.Fatalf("%s tells a secret", file)
			}
		}
	}
}

// environ is what a server is given: every setting, and what any process has.
func environ(ts *testscript.TestScript) []string {
	fields, err := env.GetFieldParams(&settings{})
	ts.Check(err)
	var out []string
	names := []string{"PATH", "HOME", "TMPDIR", "SSL_CERT_FILE"}
	for _, f := range fields {
		names = append(names, f.Key)
	}
	for _, name := range names {
		if value := ts.Getenv(name); value != "" {
			out = append(out, name+"="+value)
		}
	}
	return out
}

// readyWithin is generous: two seconds are what a quiet machine is held to.
const readyWithin = 15 * time.Second

var servesAt = regexp.MustCompile(`Console +http://(\S+)/console/()|msg=serving .*address=(\S+) internal=(\S+)`)

func (s *script) start(ts *testscript.TestScript, args []string) {
	name := args[0]
	files := [2]*os.File{}
	for i, kind := range []string{".out", ".err"} {
		file, err := os.Create(ts.MkAbs(name + kind))
		ts.Check(err)
		defer func() { ts.Check(file.Close()) }() // the server has its own
		files[i] = file
	}
	path, err := exec.LookPath("kelisim")
	ts.Check(err)
	r := &running{Cmd: exec.Command(path, args[1:]...), done: make(chan error, 1)}
	r.Dir, r.Env, r.Stdout, r.Stderr = ts.MkAbs("."), environ(ts), files[0], files[1]
	began := time.Now()
	ts.Check(r.Start())
	go func() { r.done <- r.Wait() }()
	s.t.Cleanup(func() { _ = r.Process.Kill() }) // it has ended, if the test went well
	s.running[name] = r
	said := ""
	poll(ts, func() bool {
		select {
		case err := <-r.done:
			ts.Fatalf("%s ended: %v\n%s", name, err, ts.ReadFile(name+".err"))
		default:
		}
		said = ts.ReadFile(name+".out") + ts.ReadFile(name+".err")
		return servesAt.MatchString(said)
	})
	found := servesAt.FindStringSubmatch(said)
	ts.Setenv(name, found[1]+found[3])
	ts.Setenv(name+"_INTERNAL", strings.Trim(found[2]+found[4], `"`))
	ts.Logf("%s is ready after %v", name, time.Since(began).Round(time.Millisecond))
}

// poll waits until something is so.
func poll(ts *testscript.TestScript, so func() bool) {
	ctx, cancel := context.WithTimeout(context.Background(), readyWithin)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-ctx.Done():
			ts.Fatalf("not within %v", readyWithin)
		case <-tick.C:
		}
	}
}

func (s *script) end(ts *testscript.TestScript, args []string) {
	r := s.running[args[0]]
	r.tell(ts)
	select {
	case err := <-r.done:
		if err != nil {
			ts.Fatalf("%s: %v\n%s", args[0], err, ts.ReadFile(args[0]+".err"))
		}
	case <-time.After(drain + readyWithin):
		ts.Fatalf("%s does not end", args[0])
	}
}

func (s *script) crash(ts *testscript.TestScript, args []string) {
	r := s.running[args[0]]
	ts.Check(r.Process.Kill())
	if err := <-r.done; err == nil {
		ts.Fatalf("%s ended well", args[0])
	}
}

func (r *running) tell(ts *testscript.TestScript) {
	if !r.told {
		r.told = true
		ts.Check(r.Process.Signal(syscall.SIGTERM))
	}
}

// underway begins a request of the server NAME, which reads its body: the
// server says "continue" when it does.
func (s *script) underway(ts *testscript.TestScript, args []string) {
	conn, err := net.Dial("tcp", ts.Getenv(args[0]))
	ts.Check(err)
	s.t.Cleanup(func() { _ = conn.Close() })
	s.pending = conn
	_, err = fmt.Fprintf(conn, "POST /graphql HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n",
		ts.Getenv(args[0]), len(tiny))
	ts.Check(err)
	line, err := bufio.NewReader(conn).ReadString('\n')
	ts.Check(err)
	if !strings.Contains(line, "100 Continue") {
		ts.Fatalf("the server says %q", line)
	}
}

const tiny = `{"query":"{ __typename }"}`

// answered tells the server NAME to stop, waits until it takes no more
// requests, and ends the one under way: its answer is stdout.
func (s *script) answered(ts *testscript.TestScript, args []string) {
	s.running[args[0]].tell(ts)
	poll(ts, func() bool {
		conn, err := net.Dial("tcp", ts.Getenv(args[0]))
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	})
	_, err := io.WriteString(s.pending, tiny)
	ts.Check(err)
	answer, err := io.ReadAll(s.pending) // the server closes the connection
	ts.Check(err)
	_, err = ts.Stdout().Write(answer)
	ts.Check(err)
}

func (*script) ask(ts *testscript.TestScript, args []string) {
	token := ""
	if args[1] != "-" {
		token = strings.TrimSpace(ts.ReadFile(args[1]))
	}
	a, err := post("http://"+args[0], token, strings.Join(args[2:], " "), nil)
	ts.Check(err)
	_, err = ts.Stdout().Write(a.raw)
	ts.Check(err)
}

func (*script) await(ts *testscript.TestScript, args []string) {
	poll(ts, func() bool { _, err := os.Stat(ts.MkAbs(args[0])); return err == nil })
}

func (*script) get(ts *testscript.TestScript, args []string) {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, args[0], nil)
	ts.Check(err)
	answer, err := http.DefaultTransport.RoundTrip(r) // follows nothing
	ts.Check(err)
	body, err := io.ReadAll(answer.Body)
	ts.Check(errors.Join(err, answer.Body.Close()))
	_, err = fmt.Fprintf(ts.Stdout(), "%s\n%s", answer.Status, body)
	ts.Check(err)
}

func (*script) keep(ts *testscript.TestScript, args []string) {
	text := strings.TrimSpace(ts.ReadFile("stdout"))
	if len(args) > 1 {
		var decoded any
		ts.Check(json.NewDecoder(bytes.NewBufferString(text)).Decode(&decoded))
		var path []any
		for step := range strings.SplitSeq(args[1], ".") {
			if i, err := strconv.Atoi(step); err == nil {
				path = append(path, i)
			} else {
				path = append(path, step)
			}
		}
		found, ok := at(decoded, path...).(string)
		if !ok {
			ts.Fatalf("%s is no text in %s", args[1], text)
		}
		text = found
	}
	ts.Setenv(args[0], text)
}

func (s *script) key(ts *testscript.TestScript, args []string) {
	path := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o700))
	ts.Check(keyring.NewKeyFile(path))
	for line := range strings.Lines(ts.ReadFile(path)) {
		if !strings.HasPrefix(line, "#") {
			s.secrets = append(s.secrets, strings.TrimSpace(line))
		}
	}
}

func (*script) private(ts *testscript.TestScript, args []string) {
	found := 0
	ts.Check(filepath.WalkDir(ts.MkAbs(args[0]), func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if entry.IsDir() {
			want = 0o700
		}
		if info.Mode().Perm() != want {
			return fmt.Errorf("%s has mode %o, want %o", path, info.Mode().Perm(), want)
		}
		found++
		return nil
	}))
	least := 10
	if len(args) > 1 {
		n, err := strconv.Atoi(args[1])
		ts.Check(err)
		least = n
	}
	if found < least {
		ts.Fatalf("only %d files in %s", found, args[0])
	}
}
