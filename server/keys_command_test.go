package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// operates runs a command on the world's back ends as its operator does, with a
// token of their own, a minute after all that was done so far. It answers the
// status, and what was said.
func (w *world) operates(args ...string) (status int, said string) {
	w.t.Helper()
	w.clock.advance(time.Minute)
	p, out := *w.p, &bytes.Buffer{}
	p.out, p.err = out, out
	p.variables = map[string]string{"KELISIM_DATA": w.s.Data, "KELISIM_AUDIT_FILE": w.audit}
	if w.vault != nil {
		p.variables["DATABASE_URL"], p.variables["VAULT_ADDR"] = w.s.DatabaseURL, w.vault.Addr
		p.variables["KELISIM_TRANSIT_MOUNT"], p.variables["VAULT_TOKEN"] = w.vault.Mount, w.vault.Token
	} else {
		args = append(args, "--dev")
	}
	return run(&p, args), out.String()
}

func TestRetiringTellsTheCommandThatUndoesItAndTrimmingWhatIsGone(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.register(w.subject("anybody"), named())
		w.rotate(pii)
		w.moved()
		undo := "undo it: kelisim keys retire --dev --key kelisim-pii --below 1\n"
		if w.vault != nil {
			undo = "undo it: vault write " + w.vault.Mount + "/keys/kelisim-pii/config min_encryption_version=0 min_decryption_version=1\n"
		}
		status, said := w.operates("keys", "retire", "--key", pii, "--below", "2")
		equal(t, "retiring", said, "kelisim-pii: versions below 2 are retired\n"+undo)
		equal(t, "retiring", status, 0)

		status, said = w.operates("keys", "trim", "--key", pii)
		equal(t, "trimming where nobody can be asked", said, "kelisim: this cannot be undone, and nobody can be asked here: give --confirm kelisim-pii\n")
		equal(t, "trimming where nobody can be asked", status, 1)
		status, said = w.operates("keys", "trim", "--key", pii, "--confirm", pii)
		equal(t, "trimming", said, "kelisim-pii: versions 1 to 1 are destroyed\n")
		equal(t, "trimming", status, 0)
		if _, said = w.operates("keys"); !strings.Contains(said, "decryption 2, encryption 2, available 2\n") {
			t.Errorf("afterwards: %s", said)
		}
	})
}

// A terminal is asked, and what is typed has to be the name.
func TestTheNameOfTheKeyIsTyped(t *testing.T) {
	for typed, want := range map[string]string{
		"kelisim-pii\n": "", " kelisim-pii ": "", "yes\n": "not the key's name", "kelisim-index\n": "not the key's name", "": "not the key's name",
	} {
		said := &bytes.Buffer{}
		c := keysTrimCommand{Key: pii}
		err := c.asked(said, strings.NewReader(typed))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", typed, err)
		}
		if !strings.HasSuffix(said.String(), "Type the key's name to go on: ") {
			t.Errorf("it asks %q", said)
		}
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "no terminal"))
	if err != nil {
		t.Fatal(err)
	}
	c := keysTrimCommand{Key: pii}
	if err := c.ask(&process{in: file, err: &bytes.Buffer{}}); err == nil || !strings.Contains(err.Error(), "give --confirm kelisim-pii") {
		t.Errorf("a file is asked: %v", err)
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
}
