package daemon

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// programs is where the servers of this machine are.
type programs struct {
	postgres string // folder of PostgreSQL's programs
	redis    string
	vault    string
	// kubernetes is the plugin for logins to Vault by Kubernetes.
	kubernetes string
	alertcheck string // evaluates alerting rules
	chromium   string
}

// AlertCheck is the path of the program that evaluates alerting rules on the cases
// of a file: Prometheus' own engine (tools/alertcheck).
func AlertCheck(t testing.TB) string {
	t.Helper()
	p, err := shared.programs()
	if err == nil && p.alertcheck == "" {
		err = errNotInstalled
	}
	if err != nil {
		t.Fatalf("daemon: what evaluates alerts: %v", err)
	}
	return p.alertcheck
}

var errNotInstalled = errors.New("is not on this machine; run `make servers`")

// findPrograms asks tools/servers, the one place that knows where they can be.
func findPrograms() (programs, error) {
	root, err := checkout()
	if err != nil {
		return programs{}, err
	}
	script := filepath.Join(root, "tools", "servers")
	out, err := exec.Command(script, "env").Output()
	if err != nil {
		return programs{}, fmt.Errorf("asking %s for the servers: %w", script, err)
	}
	p := programs{}
	for line := range strings.Lines(string(out)) {
		name, path, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch name {
		case "POSTGRES_BIN":
			p.postgres = path
		case "REDIS_SERVER":
			p.redis = path
		case "VAULT_SERVER":
			p.vault = path
		case "VAULT_KUBERNETES":
			p.kubernetes = path
		case "ALERTCHECK":
			p.alertcheck = path
		case "CHROMIUM":
			p.chromium = path
		}
	}
	return p, nil
}

// Chromium is the path of a browser that runs without a screen. The test starts
// it and sees to its end.
func Chromium(t testing.TB) string {
	t.Helper()
	p, err := findPrograms()
	if err == nil && p.chromium == "" {
		err = errNotInstalled
	}
	if err != nil {
		t.Fatalf("daemon: Chromium: %v", err)
	}
	return p.chromium
}

// checkout is the nearest folder above the test's own that has tools/servers.
func checkout() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "tools", "servers")); err == nil {
			return folder, nil
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			return "", errors.New("tools/servers is in no folder above the test's")
		}
		folder = parent
	}
}
