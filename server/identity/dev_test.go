package identity

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kelisim/kelisim/vault"
)

func dala(_ context.Context, audience string) (string, bool, error) {
	return "dala", audience == "dala-mobile", nil
}

func fuzzDev(t testing.TB) (*Dev, func() time.Time) {
	clock := &fakeClock{}
	clock.ms.Store(1_790_000_000_000)
	dev, err := NewDev(t.TempDir(), clock.now)
	if err != nil {
		t.Fatal(err)
	}
	return dev, clock.now
}

func devWorld(t *testing.T, dir string) (*Dev, *world) {
	clock := &fakeClock{}
	clock.ms.Store(1_790_000_000_000)
	dev, err := NewDev(dir, clock.now)
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(Options{Dev: dev, Clock: clock.now, AppOf: dala})
	if err != nil {
		t.Fatal(err)
	}
	return dev, &world{t: t, clock: clock, Provider: p}
}

func devToken(t *testing.T, dev *Dev, role vault.Role, claims map[string]any) string {
	t.Helper()
	token, err := dev.Token(role, "somebody", time.Hour, claims)
	if err != nil {
		t.Fatal(err)
	}
	return "Bearer " + token
}

func TestDevelopmentTokensOfEachRoleAreWritten(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data", "dev")
	dev, w := devWorld(t, dir)
	for range 2 { // the second start replaces them
		if err := dev.WriteTokens(dir); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "tokens.json"))
	if err != nil {
		t.Fatal(err)
	}
	var tokens map[string]string
	if err := json.Unmarshal(text, &tokens); err != nil {
		t.Fatal(err)
	}
	want := []string{"auditor", "compliance", "security", "service", "subject", "support"}
	if got := slices.Sorted(maps.Keys(tokens)); !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	for name, token := range tokens {
		alone, err := os.ReadFile(filepath.Join(dir, name+".token"))
		if err != nil || string(alone) != token {
			t.Errorf("%s.token is another one: %v", name, err)
		}
		a := w.caller("Bearer " + token).Actor
		if !slices.Equal(a.Roles, []vault.Role{devFiles[name]}) {
			t.Errorf("%s has the roles %v", name, a.Roles)
		}
		switch name {
		case "subject":
			if a.Subject != "me" || a.App != "dala" || !a.Phone.Empty() || !a.Email.Empty() {
				t.Errorf("got %+v", a)
			}
		case "service":
			if !slices.Equal(a.Apps, []string{"dala"}) || !slices.Contains(a.Purposes, "contact") {
				t.Errorf("got %+v", a)
			}
		}
	}
	onlyForTheOwner(t, dir)
	w.clock.advance(DevTTL)
	w.refused(vault.CodeUnauthenticated, "Bearer "+tokens["subject"])
}

// onlyForTheOwner checks every file of a folder, and the folder.
func onlyForTheOwner(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 9 {
		t.Errorf("%d files, %v", len(entries), err)
	}
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder is %v, %v", info.Mode(), err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s is %v, %v", e.Name(), info.Mode(), err)
		}
	}
}

func TestDevelopmentTokensOutliveARestart(t *testing.T) {
	dir := t.TempDir()
	dev, _ := devWorld(t, dir)
	_, restarted := devWorld(t, dir)
	restarted.caller(devToken(t, dev, vault.Support, nil))
}

func TestDevelopmentTokenProvesIdentifiersWhenAsked(t *testing.T) {
	dev, w := devWorld(t, t.TempDir())
	a := w.caller(devToken(t, dev, vault.Subject, map[string]any{"phone_number": "+77010000001", "phone_number_verified": true})).Actor
	if a.Phone.Reveal() != "+77010000001" || a.Subject != "somebody" {
		t.Errorf("got %+v", a)
	}
}

func TestDevelopmentTokensAreUnknownElsewhere(t *testing.T) {
	dev, _ := devWorld(t, t.TempDir())
	token := devToken(t, dev, vault.Support, nil)
	if message := newWorld(t).refused(vault.CodeUnauthenticated, token); !strings.Contains(message, "not configured") {
		t.Errorf("got %s", message)
	}
	_, other := devWorld(t, t.TempDir()) // keys of its own
	other.refused(vault.CodeUnauthenticated, token)
	if _, err := New(Options{Config: dev.Config()}); err == nil {
		t.Error("development issuers can be configured")
	}
}

func TestDevelopmentCustomersIssuerNeverMakesStaff(t *testing.T) {
	dev, w := devWorld(t, t.TempDir())
	a := w.caller(devToken(t, dev, vault.Subject, map[string]any{"roles": []string{"support"}})).Actor
	if !slices.Equal(a.Roles, []vault.Role{vault.Subject}) {
		t.Errorf("got %v", a.Roles)
	}
	w.refused(vault.CodeUnauthenticated, devToken(t, dev, vault.Subject, map[string]any{"iss": devStaff, "roles": []string{"support"}, "aud": devAudience}))
}

func TestDevelopmentTokensAreMadeForWhoeverATokenCanMake(t *testing.T) {
	dev, _ := devWorld(t, t.TempDir())
	for _, role := range []vault.Role{vault.System, vault.Anonymous, "support", ""} {
		if _, err := dev.Token(role, "x", time.Hour, nil); err == nil {
			t.Errorf("a token makes %s", role)
		}
	}
	if _, err := dev.Token(vault.Subject, "", time.Hour, nil); err == nil {
		t.Error("a token without a subject")
	}
	if _, err := dev.Token(vault.Subject, "x", 0, nil); err == nil {
		t.Error("a token for no time")
	}
}

func TestDevelopmentKeyThatOthersReadIsRefused(t *testing.T) {
	dir := t.TempDir()
	devWorld(t, dir)
	for name, spoil := range map[string]func(path string) error{
		"chmod":  func(path string) error { return os.Chmod(path, 0o644) },
		"delete": func(path string) error { return os.WriteFile(path, []byte("nothing"), 0o600) },
	} {
		path := filepath.Join(dir, "staff.key")
		if err := os.Chmod(path, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := spoil(path); err != nil {
			t.Fatal(err)
		}
		if _, err := NewDev(dir, time.Now); err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
