package main

import (
	"strings"
	"testing"

	"github.com/kelisim/kelisim/vault"
)

// A login that is gone counts nothing, instead of nothing being told of it.
func TestALoginThatIsGoneHasNoTimeLeft(t *testing.T) {
	w := onServers(t)
	w.looksAtKeys()
	if err := w.vault.Client(w.vault.DecryptToken).Auth().Token().RevokeSelfWithContext(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	logged := len(w.log.String())
	w.looksAtKeys()
	w.looksAtKeys()
	metrics := string(w.get("/metrics").raw)
	if !strings.Contains(metrics, `kelisim_vault_login_seconds_left{login="decrypt"} 0`+"\n") || !strings.Contains(metrics, `kelisim_vault_login_seconds_left{login="encrypt"} 8`) {
		t.Errorf("the metrics do not say which login is gone:\n%s", metrics)
	}
	equal(t, "logged", strings.Count(w.log.String()[logged:], "a login to Vault is lost"), 1)
}

// TestAnotherKeyOfTheSameNameIsFoundOut: each key is deleted and made anew, and
// its versions are as before.
func TestAnotherKeyOfTheSameNameIsFoundOut(t *testing.T) {
	for key, kind := range map[string]map[string]any{
		pii:      {"type": "aes256-gcm96", "derived": true},
		indexKey: {"type": "hmac", "key_size": 32},
	} {
		t.Run(key, func(t *testing.T) {
			w := onServers(t)
			w.register(w.subject("tied"), named())
			if told := w.looksAtKeys().Troubles(); len(told) > 0 {
				t.Fatalf("the troubles are %v", told)
			}
			w.vault.Write("keys/"+key+"/config", map[string]any{"deletion_allowed": true})
			if _, err := w.vault.Client(w.vault.Token).Logical().DeleteWithContext(t.Context(), w.vault.Mount+"/keys/"+key); err != nil {
				t.Fatal(err)
			}
			w.vault.Write("keys/"+key, kind)
			logged := len(w.log.String())
			for range 2 {
				told := w.looksAtKeys().Troubles()
				if len(told) != 1 || told[0].Key != key || told[0].Kind != vault.KeyForeign || !told[0].Blocking() ||
					!strings.HasSuffix(told[0].Undo, "the key that was there before, with version 1") {
					t.Fatalf("the troubles are %v", told)
				}
			}
			equal(t, "logged", strings.Count(w.log.String()[logged:], "trouble=foreign"), 1)
			equal(t, "readiness", w.readiness(), key+" foreign")
			if !strings.Contains(string(w.get("/metrics").raw), `kelisim_key_trouble{key="`+key+`",trouble="foreign"} 1`+"\n") {
				t.Error("it is not in the metrics")
			}
			data := w.ask(w.staff(vault.Security), `{ encryptionKeys { keys { troubles { kind blocking } } } }`, nil).must()
			i := map[string]int{pii: 0, indexKey: 1}[key]
			equal(t, "to SECURITY", str(data, "encryptionKeys", "keys", i, "troubles", 0, "kind"), "FOREIGN")
		})
	}
}
