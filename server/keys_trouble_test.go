package main

import (
	"strings"
	"testing"

	"github.com/kelisim/kelisim/vault"
)

// TestWhatPeopleDoToKeysIsNamedWithTheCommandThatUndoesIt, on a real Vault: in
// the log, once, in the metrics, in the readiness, to SECURITY. Each command is
// carried out as it is told, and all is well again.
func TestWhatPeopleDoToKeysIsNamedWithTheCommandThatUndoesIt(t *testing.T) {
	w := onServers(t)
	me := w.verified("harmed", "+77019264837")
	id := w.register(me, input{"familyName": "Бұрынбекова", "phone": "+77019264837"})
	for _, key := range []string{pii, indexKey} {
		w.rotate(key)
		w.rotate(key)
	}
	find := `{ findUsers(by: {phone: "+77019264837"}) { id } }`
	read := `{ me { profile { familyName { state value } } } }`
	works := func(when string) {
		t.Helper()
		same(t, when+": found", pluck(w.ask(w.staff(vault.Support), find, nil).must(), "id", "findUsers"), []string{id})
		equal(t, when+": read", str(w.ask(me, read, nil).must(), "me", "profile", "familyName", "state"), "PLAIN")
		equal(t, when+": readiness", w.readiness(), "ok")
	}
	w.looksAtKeys()
	works("at first")
	for _, c := range []struct {
		key   string
		set   map[string]any
		kind  vault.TroubleKind
		says  string
		fails string // the operation that does
		start bool   // no server starts
	}{
		{pii, map[string]any{"min_decryption_version": 2}, vault.KeyMinDecryption, "min_decryption_version is 2, and version 1 is needed", "read", true},
		{indexKey, map[string]any{"min_encryption_version": 2}, vault.KeyMinEncryption, "min_encryption_version is 2, and version 1 is needed", "find", true},
		{indexKey, map[string]any{"min_encryption_version": 2, "min_decryption_version": 2}, vault.KeyMinDecryption, "min_decryption_version is 2, and version 1 is needed", "find", true},
		{indexKey, map[string]any{"auto_rotate_period": "24h"}, vault.KeyAutoRotates, "versions come that no index uses", "", false},
		{pii, map[string]any{"deletion_allowed": true}, vault.KeyDeletionAllowed, "one call may destroy", "", false},
	} {
		what := c.key + " " + c.kind.Word()
		w.vault.Write("keys/"+c.key+"/config", c.set)
		logged := len(w.log.String())
		switch c.fails {
		case "read":
			equal(t, what, str(w.ask(me, read, nil).must(), "me", "profile", "familyName", "state"), "UNAVAILABLE")
		case "find":
			equal(t, what, w.ask(w.staff(vault.Support), find, nil).code(), "UNAVAILABLE")
		}
		if failed := w.log.String()[logged:]; c.fails != "" && !strings.Contains(failed, "config min_encryption_version=1 min_decryption_version=1") {
			t.Errorf("%s: the failed request is logged without its cure: %s", what, failed)
		}
		states := w.looksAtKeys()
		w.looksAtKeys()
		troubles := states.Troubles()
		if len(troubles) != 1 || troubles[0].Kind != c.kind || troubles[0].Key != c.key || !strings.Contains(troubles[0].What, c.says) {
			t.Fatalf("%s: the troubles are %v", what, troubles)
		}
		told := w.log.String()[logged:]
		equal(t, what+" is logged once", strings.Count(told, "level=ERROR msg=\"somebody changed a key so that it does harm\""), 1)
		if !strings.Contains(string(w.get("/metrics").raw), `kelisim_key_trouble{key="`+c.key+`",trouble="`+c.kind.Word()+`"} 1`+"\n") {
			t.Errorf("%s is not in the metrics", what)
		}
		equal(t, what+": readiness", w.readiness(), what)
		data := w.ask(w.staff(vault.Security), allKeys, nil).must()
		i := map[string]int{pii: 0, indexKey: 1}[c.key]
		equal(t, what+" to SECURITY", str(data, "encryptionKeys", "keys", i, "troubles", 0, "undo"), troubles[0].Undo)
		sys, err := w.p.openSystem(w.s, mode{}, vault.Access{})
		if c.start != (err != nil) {
			t.Errorf("%s: starting: %v", what, err)
		}
		if err == nil {
			err = sys.close()
		} else if !strings.Contains(err.Error(), troubles[0].Undo) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: the start says %v", what, err)
		} else {
			err = nil
		}
		if err != nil {
			t.Error(err)
		}
		w.undoes(troubles[0].Undo)
		w.looksAtKeys()
		works("after " + what)
	}
}

// What Vault never takes back, and a key that is gone, have no command.
func TestWhatNoCommandUndoesIsNamed(t *testing.T) {
	w := onServers(t)
	me := w.subject("harmed")
	w.register(me, named())
	w.vault.Write("keys/"+indexKey+"/config", map[string]any{"exportable": true, "allow_plaintext_backup": true})
	if told := w.looksAtKeys().Troubles(); len(told) != 2 || !strings.Contains(told[0].String()+told[1].String(), "move to another key") {
		t.Errorf("the troubles are %v", told)
	}
	w.vault.Write("keys/"+pii+"/config", map[string]any{"deletion_allowed": true})
	if _, err := w.vault.Client(w.vault.Token).Logical().DeleteWithContext(t.Context(), w.vault.Mount+"/keys/"+pii); err != nil {
		t.Fatal(err)
	}
	logged := len(w.log.String())
	equal(t, "read", str(w.ask(me, `{ me { profile { familyName { state value } } } }`, nil).must(), "me", "profile", "familyName", "state"), "UNAVAILABLE")
	if failed := w.log.String()[logged:]; !strings.Contains(failed, "the key kelisim-pii was deleted") {
		t.Errorf("the failed request is logged as %s", failed)
	}
	states := w.looksAtKeys()
	if told := states.Keys[0].Troubles; !states.Keys[0].Missing || len(told) != 1 || told[0].Kind != vault.KeyMissing || !strings.Contains(told[0].Undo, "snapshot restore") {
		t.Errorf("the troubles are %v", told)
	}
	logged = len(w.log.String())
	w.ask(me, `mutation { updateMyProfile(input: {profile: {patronymic: "Сейітқызы"}}) { user { id } } }`, nil)
	if failed := w.log.String()[logged:]; !strings.Contains(failed, "the key kelisim-pii was deleted") || strings.Contains(failed, "policy lacks") {
		t.Errorf("the write that failed is logged as %s", failed)
	}
	equal(t, "readiness", w.readiness(), "kelisim-pii missing, kelisim-index exportable, kelisim-index allow_plaintext_backup")
	_, err := w.p.openSystem(w.s, mode{}, vault.Access{})
	if err == nil || !strings.Contains(err.Error(), "kelisim-pii: there is no such key any more") {
		t.Errorf("the start says %v", err)
	}
}
