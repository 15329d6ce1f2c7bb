package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// TestEveryConsoleExampleRunsForItsRole runs the console's ready examples as
// the console sends them.
func TestEveryConsoleExampleRunsForItsRole(t *testing.T) {
	raw, err := os.ReadFile("console/examples.json")
	if err != nil {
		t.Fatal(err)
	}
	w := embedded(t)
	seen := w.shown("kk")
	filled := strings.NewReplacer(
		`"version": ""`, `"version": "`+seen.version+`"`, `"documentHash": ""`, `"documentHash": "`+seen.hash+`"`,
		"{{language}}", "kk", "{{now}}", w.clock.Now().UTC().Format("2006-01-02T15:04:05.000Z")).Replace(string(raw))
	var examples []struct {
		Role      string            `json:"role"`
		Title     map[string]string `json:"title"`
		Query     string            `json:"query"`
		Variables map[string]any    `json:"variables"`
	}
	if err := json.Unmarshal([]byte(filled), &examples); err != nil {
		t.Fatal(err)
	}
	roles := map[string]vault.Role{
		"subject": vault.Subject, "service": vault.Machine, "support": vault.Support,
		"compliance": vault.Compliance, "security": vault.Security, "auditor": vault.Auditor,
	}
	covered := map[string]bool{}
	for _, e := range examples {
		covered[e.Role] = true
		if len(e.Title) != 3 {
			t.Errorf("%v: a title in kk, ru and en is wanted", e.Title)
		}
		token := ""
		if e.Role != "anonymous" {
			token = w.token(roles[e.Role], "me", nil)
		}
		withUUIDs(e.Variables)
		if a := w.ask(token, e.Query, e.Variables); a.status != 200 || len(a.Errors) > 0 || strings.Contains(string(a.raw), `"code":"`) && strings.Contains(string(a.raw), `"userErrors":[{`) {
			t.Errorf("%s: %s: %d %s", e.Role, e.Title["en"], a.status, a.raw)
		}
	}
	for role := range roles {
		if !covered[role] {
			t.Errorf("role %s has no example", role)
		}
	}
}

// withUUIDs puts a new UUID wherever the console would.
func withUUIDs(v map[string]any) {
	for name, value := range v {
		switch value := value.(type) {
		case string:
			if value == "{{uuid}}" {
				v[name] = uuid.NewString()
			}
		case map[string]any:
			withUUIDs(value)
		}
	}
}
