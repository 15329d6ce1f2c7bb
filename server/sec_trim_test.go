package main

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/kelisim/kelisim/vault"
)

// TestWhoWritesTheDatabaseHasNothingTrimmedThatIsNeeded: whoever has the server's
// login says in every column that nothing is under the old version, the canary
// and the pepper included. Retiring believes it, and can be undone; trimming does
// not. Rows that name another key stand in its way, too.
func TestWhoWritesTheDatabaseHasNothingTrimmedThatIsNeeded(t *testing.T) {
	i := intruded(t)
	me := i.subject("needed")
	i.register(me, named())
	i.ask(i.staff(vault.Security), allKeys, nil).must() // who has an encrypted name
	i.rotate(pii)
	forge := func(set string) {
		for _, table := range []string{"personal_fields", "consent_acts", "actors"} {
			i.writes("UPDATE " + table + " SET " + set + " WHERE key_name <> ''")
		}
	}
	forge("key_version = 2")
	was := i.ties()
	said := was
	said.KeyVersion, said.Key, said.Pepper = 2, "kelisim-none", &encryptedPepper{2, was.Pepper.Ciphertext}
	lie, err := json.Marshal(said)
	if err != nil {
		t.Fatal(err)
	}
	i.writes("UPDATE meta SET value = $1 WHERE name = 'ties'", string(lie))
	inUse(t, i.retire(pii, 2), "meta (canary): 1 row under version 1", "meta (pepper): 1 row under version 1")
	i.writes("UPDATE meta SET value = $1 WHERE name = 'ties'", was.raw)
	if _, err := changeTies(t.Context(), i.sys.db, func(t ties) (ties, error) {
		job, _ := i.rewrapping(100)
		return t.rewrapped(i.p.ctx, job.Rewrapper)
	}); err != nil {
		t.Fatal(err)
	}
	if err := i.retire(pii, 2); err != nil {
		t.Fatalf("retiring goes by the columns: %v", err)
	}
	refused := func(says ...string) {
		t.Helper()
		err := i.trim(pii)
		if _, ok := errors.AsType[*vault.MislabelledError](err); !ok {
			t.Fatalf("it is trimmed, or refused for another reason: %v", err)
		}
		for _, s := range says {
			if !strings.Contains(err.Error(), s) {
				t.Errorf("%q is not in: %v", s, err)
			}
		}
	}
	refused("personal_fields ", `: says version 2 of "kelisim-pii", and holds version 1`, "then run kelisim rewrap")
	forge("key_version = 1, key_name = 'kelisim-index'")
	refused(`: says version 1 of "kelisim-index", and holds version 1`)
	equal(t, "nothing is destroyed", i.state(pii).MinAvailable, 0)

	forge("key_version = 1, key_name = 'kelisim-pii'")
	if err := i.retire(pii, 1); err != nil {
		t.Fatal(err)
	}
	equal(t, "read", str(i.ask(me, ownProfile, nil).must(), "me", "profile", "familyName", "value"), named()["familyName"])
	i.moved()
	if err := i.retire(pii, 2); err != nil {
		t.Fatal(err)
	}
	if err := i.trim(pii); err != nil {
		t.Errorf("what is right is not trimmed: %v", err)
	}
	equal(t, "read", str(i.ask(me, ownProfile, nil).must(), "me", "profile", "familyName", "value"), named()["familyName"])
}
