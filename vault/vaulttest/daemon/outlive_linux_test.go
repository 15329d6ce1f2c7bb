package daemon_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

// roleplay makes this test binary play a test process that starts each server,
// names their processes, and ends as the variable says.
const roleplay = "DAEMON_TEST_ROLEPLAY"

func TestNoServerOutlivesItsTestProcess(t *testing.T) {
	for _, end := range []string{"return", "panic", "kill"} {
		t.Run(end, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestRoleplay$", "-test.v")
			cmd.Env = append(os.Environ(), roleplay+"="+end, "TEST_BACKENDS=")
			out, err := cmd.CombinedOutput()
			if (err == nil) != (end == "return") {
				t.Fatalf("the process ended with %v:\n%s", err, out)
			}
			pids := pidsIn(string(out))
			if len(pids) < 8 { // three servers, and five helpers of PostgreSQL
				t.Fatalf("the process had %d descendants:\n%s", len(pids), out)
			}
			for _, pid := range pids {
				awaitEnd(t, pid)
			}
			folders, err := filepath.Glob(fmt.Sprintf("%s/kelisim-test-%d-*", os.TempDir(), cmd.Process.Pid))
			if err != nil {
				t.Fatal(err)
			}
			if end == "return" && len(folders) > 0 {
				t.Errorf("left behind: %q", folders)
			}
			for _, folder := range folders { // who is killed cannot clean up
				if err := os.RemoveAll(folder); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// TestRoleplay is the other process of TestNoServerOutlivesItsTestProcess.
func TestRoleplay(t *testing.T) {
	end := os.Getenv(roleplay)
	if end == "" {
		return // an ordinary run: nothing to play
	}
	daemon.PostgreSQL(t)
	daemon.Vault(t)
	daemon.Redis(t)
	printDescendants(t)
	switch end {
	case "panic":
		panic("as asked")
	case "kill":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		<-t.Context().Done()
	}
}

// stat is the state and the parent of a process; ok is false when it is gone.
func stat(pid string) (state, parent string, ok bool) {
	text, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return "", "", false
	}
	// "pid (name) state parent …", and a name may hold anything.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	return fields[0], fields[1], true
}

func printDescendants(t *testing.T) {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	children := map[string][]string{}
	for _, path := range all {
		pid := filepath.Base(path)
		if _, parent, ok := stat(pid); ok {
			children[parent] = append(children[parent], pid)
		}
	}
	var descend func(pid string)
	descend = func(pid string) {
		for _, child := range children[pid] {
			fmt.Println("descendant", child)
			descend(child)
		}
	}
	descend(strconv.Itoa(os.Getpid()))
}

func pidsIn(out string) []string {
	var pids []string
	for line := range strings.Lines(out) {
		if pid, ok := strings.CutPrefix(strings.TrimSpace(line), "descendant "); ok {
			pids = append(pids, pid)
		}
	}
	return pids
}

// awaitEnd waits until a process runs no more; one that nobody has collected
// yet (Z) has ended.
func awaitEnd(t *testing.T, pid string) {
	t.Helper()
	poll, late := time.NewTicker(10*time.Millisecond), time.After(30*time.Second)
	defer poll.Stop()
	for {
		state, _, ok := stat(pid)
		if !ok || state == "Z" {
			return
		}
		select {
		case <-poll.C:
		case <-late:
			t.Fatalf("process %s is still there, in state %s", pid, state)
		}
	}
}
