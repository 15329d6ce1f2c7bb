package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/kelisim/kelisim/vault"
)

// vaultEntry is a line of Vault's audit log, as far as it is looked at.
type vaultEntry struct {
	Type string `json:"type"`
	Auth struct {
		Policies []string `json:"policies"`
	} `json:"auth"`
	Request struct {
		Path string `json:"path"`
		Data struct {
			Batch []map[string]any `json:"batch_input"`
		} `json:"data"`
	} `json:"request"`
}

// hashed is what stands for a text in Vault's audit log, as `vault write
// sys/audit-hash/file` answers it.
func (w *world) hashed(text string) string {
	w.t.Helper()
	answer, err := w.vault.Client(w.vault.Token).Logical().WriteWithContext(w.t.Context(), "sys/audit-hash/file", map[string]any{"input": text})
	if err != nil {
		w.t.Fatal(err)
	}
	hash, _ := answer.Data["hash"].(string)
	if !strings.HasPrefix(hash, "hmac-sha256:") {
		w.t.Fatalf("sys/audit-hash answers %q", hash)
	}
	return hash
}

// vaultLog are the entries of Vault's audit log that hold a text, without those
// of asking for it.
func (w *world) vaultLog(text string) (out []vaultEntry) {
	w.t.Helper()
	for line := range strings.Lines(read(w.t, w.vault.AuditLog)) {
		if !strings.Contains(line, text) {
			continue
		}
		var entry vaultEntry
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			w.t.Fatal(err)
		}
		if entry.Request.Path != "sys/audit-hash/file" { // asking for a hash is logged with it
			out = append(out, entry)
		}
	}
	return out
}

// TestARevealIsFoundInVaultsAuditLogByTheIDOfItsEvent goes the way that
// docs/encryption.md describes: from a line of our audit log to Vault's.
func TestARevealIsFoundInVaultsAuditLogByTheIDOfItsEvent(t *testing.T) {
	w := onServers(t)
	id := w.register(w.subject("somebody"), looks())
	revealed := w.ask(w.staff(vault.Support), `query($u: ID!) { user(id: $u) { profile(basis: {request: {reason: PERSON_ASKED, ticket: "SUP-7"}}, reveal: ["phone"]) { phone { value state } } } }`,
		map[string]any{"u": id})
	if got := str(revealed.must(), "user", "profile", "phone", "state"); got != "PLAIN" {
		t.Fatalf("nothing was revealed: %s", revealed.raw)
	}
	file, err := os.ReadFile(w.audit)
	if err != nil {
		t.Fatal(err)
	}
	var event struct {
		ID     string `json:"id"`
		Action string `json:"action"`
	}
	for line := range strings.Lines(string(file)) { // the last one that names the ticket
		if strings.Contains(line, `"SUP-7"`) {
			if err := json.Unmarshal([]byte(line), &event); err != nil {
				t.Fatal(err)
			}
		}
	}
	if event.Action != string(vault.ProfileRevealed) {
		t.Fatalf("our audit log has no reveal for the ticket: %+v", event)
	}
	hash := w.hashed(event.ID)
	entries := w.vaultLog(hash)
	if len(entries) != 2 || entries[0].Type != "request" || entries[1].Type != "response" {
		t.Fatalf("Vault's log has %d entries of the event: %+v", len(entries), entries)
	}
	asked := entries[0]
	if asked.Request.Path != w.vault.Mount+"/decrypt/kelisim-pii" || len(asked.Auth.Policies) != 1 ||
		!strings.HasPrefix(asked.Auth.Policies[0], "kelisim-decrypt-") {
		t.Errorf("the entry is of %s under %v", asked.Request.Path, asked.Auth.Policies)
	}
	items := asked.Request.Data.Batch
	if len(items) != 1 || items[0]["reference"] != hash {
		t.Errorf("the entry's items are %v", items)
	}
	if len(w.vaultLog(event.ID)) > 0 || len(w.vaultLog(str(revealed.Data, "user", "profile", "phone", "value"))) > 0 {
		t.Error("Vault's log holds the id or the value in clear")
	}
}
