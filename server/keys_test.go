package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/keyring"
	"github.com/kelisim/kelisim/vault/transit"
)

const indexKey = "kelisim-index"

// custodian is what a person may do with the world's keys.
func (w *world) custodian() vault.KeyCustodian {
	w.t.Helper()
	if k, ok := w.sys.engine.state.(*keyring.Keyring); ok {
		return k
	}
	config := w.s.transit()
	config.ObserveLogin = transit.Token(w.vault.Token)
	c, err := transit.NewCustodian(config)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// retirement is the use case; waiting ends at once, and is counted.
func (w *world) retirement() (r vault.Retirement, waits *int) {
	w.t.Helper()
	waits, c := new(int), w.custodian()
	return vault.Retirement{
		Keys: w.sys.keys(c), Custodian: c, Labels: w.sys.db, NewID: w.p.newID, Compared: func(vault.Progress) {},
		Wait: func(context.Context, time.Duration) error { *waits++; return nil },
	}, waits
}

// retire retires, or tells why not.
func (w *world) retire(key string, below int) error {
	w.t.Helper()
	r, _ := w.retirement()
	_, err := r.Retire(w.t.Context(), w.p.systemActor(), key, below)
	return err
}

func (w *world) trim(key string) error {
	w.t.Helper()
	r, _ := w.retirement()
	_, err := r.Trim(w.t.Context(), w.p.systemActor(), key)
	return err
}

// moved has everything under the newest version of the key of data, the canary
// included.
func (w *world) moved() {
	w.t.Helper()
	job, _ := w.rewrapping(100)
	job.Kept = keptTies(w.sys.db, job.Rewrapper)
	if err := (rewrapCommand{}).move(w.p, job, newProgressLine(w.log, w.p.clock)); err != nil {
		w.t.Fatal(err)
	}
}

// state is how a key stands, as it is counted now.
func (w *world) state(key string) vault.KeyState {
	w.t.Helper()
	r, _ := w.retirement()
	states, err := r.State(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	found, ok := states.Key(key)
	if !ok {
		w.t.Fatalf("there is no %s", key)
	}
	return found
}

// inUse holds an error against what it has to name.
func inUse(t testing.TB, err error, names ...string) {
	t.Helper()
	if _, refused := errors.AsType[*vault.InUseError](err); !refused {
		t.Fatalf("it is not refused: %v", err)
	}
	for _, name := range names {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%q is not named in: %v", name, err)
		}
	}
}

const allKeys = `{ encryptionKeys { asOf
	keys { name use missing latestVersion minDecryptionVersion minEncryptionVersion minAvailableVersion exportable plaintextBackupAllowed deletionAllowed
		autoRotateSeconds oldestNeededVersion rows rowsOnLatest versions { version madeAt seenAt rows } needs { by version rows } troubles { kind blocking what undo } }
	copies { id kind label takenAt until declaredAt versions { key from to } }
	logins { server name method accessor policies expiresAt seenAt known trouble } } }`

func TestAllWindowsShowTheSameFigures(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("seen")
		w.register(me, looks())
		w.rotate(pii)
		w.rotate(indexKey)
		w.update(me, input{"familyName": "Сағынтаева"}).ok()
		declared, err := vault.Backups{Keys: w.sys.keys(w.custodian()), NewID: w.p.newID}.
			Declare(t.Context(), w.p.systemActor(), vault.Copy{Kind: vault.CopyOfDatabase, Label: "nightly"})
		if err != nil {
			t.Fatal(err)
		}

		a := w.ask(w.staff(vault.Security), allKeys, nil)
		data := at(a.must(), "encryptionKeys")
		states, _ := w.sys.watch.Last()
		raw, err := json.Marshal(viewKeys(states))
		if err != nil {
			t.Fatal(err)
		}
		var view any
		if err := json.Unmarshal(raw, &view); err != nil {
			t.Fatal(err)
		}
		for i := range 2 {
			for _, name := range []string{"name", "use", "latestVersion", "oldestNeededVersion", "rows", "rowsOnLatest", "needs", "troubles", "minDecryptionVersion", "exportable"} {
				equal(t, name, fmt.Sprint(at(data, "keys", i, name)), fmt.Sprint(at(view, "keys", i, name)))
			}
			for n := range 2 {
				equal(t, "rows of a version", at(data, "keys", i, "versions", n, "rows"), at(view, "keys", i, "versions", n, "rows"))
				dates := []any{at(data, "keys", i, "versions", n, "madeAt"), at(data, "keys", i, "versions", n, "seenAt")}
				if (dates[0] == nil) == (dates[1] == nil) {
					t.Errorf("version %d of key %d has the dates %v", n+1, i, dates)
				}
			}
		}
		equal(t, "the copy", str(data, "copies", 0, "id"), declared.ID.String())
		equal(t, "what it needs", fmt.Sprint(at(data, "copies", 0, "versions", 0)), "map[from:1 key:kelisim-pii to:2]")

		metrics := string(w.get("/metrics").raw)
		data0, index := states.Keys[0], states.Keys[1]
		for _, line := range []string{
			fmt.Sprintf(`kelisim_key_rows{key="kelisim-pii",version="1"} %d`, data0.RowsUnder(1)), fmt.Sprintf(`kelisim_key_rows{key="kelisim-pii",version="2"} %d`, data0.RowsUnder(2)),
			fmt.Sprintf(`kelisim_key_rows{key="kelisim-index",version="1"} %d`, index.Rows()), `kelisim_key_rows{key="kelisim-index",version="2"} 0`,
			`kelisim_key_latest_version{key="kelisim-pii"} 2`, `kelisim_key_oldest_needed_version{key="kelisim-index"} 1`,
			`kelisim_key_min_version{key="kelisim-pii",minimum="decryption"} 1`, `kelisim_key_flag{flag="exportable",key="kelisim-pii"} 0`,
			`kelisim_declared_copies{kind="database"} 1`, `kelisim_declared_copies{kind="vault-snapshot"} 0`,
		} {
			if !strings.Contains(metrics, line+"\n") {
				t.Errorf("the metrics do not say %s", line)
			}
		}
		for _, name := range []string{"kelisim_keys_as_of_timestamp_seconds", `kelisim_key_newest_version_age_seconds{key="kelisim-index"}`, `kelisim_key_newest_version_age_seconds{key="kelisim-pii"}`} {
			if !strings.Contains(metrics, "\n"+name+" ") {
				t.Errorf("the metrics do not say %s", name)
			}
		}
		if w.vault != nil {
			equal(t, "logins", fmt.Sprint(at(data, "logins", 0, "name"), " ", at(data, "logins", 1, "name")), "encrypt decrypt")
			if !strings.Contains(metrics, `kelisim_vault_login_seconds_left{login="encrypt"} 8`) { // some 86,400
				t.Errorf("the metrics do not say how long the logins last:\n%s", metrics)
			}
			for _, token := range []string{w.vault.EncryptToken, w.vault.DecryptToken} {
				if strings.Contains(string(a.raw)+metrics, token) {
					t.Error("a token is shown")
				}
			}
		}
		events := w.eventsOf(a)
		if len(events) != 1 || events[0].AuditEvent.Action != vault.KeysRead || events[0].Role != vault.Security {
			t.Errorf("the events are %v", events)
		}
	})
}

func TestAVersionIsRetiredOnlyWhenNothingNeedsItAndTakenIntoUseAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("kept")
		w.register(me, looks())
		w.rotate(pii)
		held := w.state(pii)
		inUse(t, w.retire(pii, 2), "versions of kelisim-pii below 2 are needed, and nothing was changed",
			fmt.Sprintf("personal_fields: %d rows under version 1", needOf(held, "personal_fields")), "consent_acts: ", "meta (canary): 1 row under version 1")
		equal(t, "refused, it is as it was", w.state(pii).MinEncryption, 0)

		declared, err := vault.Backups{Keys: w.sys.keys(w.custodian()), NewID: w.p.newID}.
			Declare(t.Context(), w.p.systemActor(), vault.Copy{Kind: vault.CopyOfDatabase, Label: "nightly"})
		if err != nil {
			t.Fatal(err)
		}
		w.moved()
		inUse(t, w.retire(pii, 2), declared.ID.String()+" database nightly of ", "needs version 1 and newer")
		w.expired(vault.CopyFilter{Kind: vault.CopyOfDatabase})
		if err := w.retire(pii, 2); err != nil {
			t.Fatal(err)
		}
		after := w.state(pii)
		equal(t, "minima", fmt.Sprint(after.MinEncryption, after.MinDecryption), "2 2")
		equal(t, "read", str(w.ask(me, ownProfile, nil).must(), "me", "profile", "familyName", "value"), looks()["familyName"])
		w.update(me, input{"givenName": "Айша"}).ok()
		if err := w.retire(pii, 2); err != nil { // once more changes nothing
			t.Error(err)
		}
		if err := w.retire(pii, 1); err != nil {
			t.Fatal(err)
		}
		after = w.state(pii)
		equal(t, "minima taken back", fmt.Sprint(after.MinEncryption, after.MinDecryption), "1 1")
		for _, wrong := range []int{0, -1, 3} {
			if err := w.retire(pii, wrong); err == nil {
				t.Errorf("retired below %d", wrong)
			}
		}
		if err := w.retire("kelisim-none", 2); err == nil || !strings.Contains(err.Error(), "there are kelisim-pii, kelisim-index") {
			t.Errorf("a key that there is none of: %v", err)
		}
		equal(t, "on record", strings.Join(w.ended(vault.KeysRetired), " "), "KeyVersion:kelisim-pii/1 KeyVersion:kelisim-pii/2")
		equal(t, "on record", len(w.ended(vault.BackupDeclared)), 1)
		equal(t, "on record", w.ended(vault.BackupExpired)[0], "Backup:"+declared.ID.String()+";kind=DATABASE")
	})
}

func needOf(k vault.KeyState, by string) int64 {
	for _, n := range k.Needs {
		if n.By == by {
			return n.Rows
		}
	}
	return 0
}

// A value that was encrypted before the rotation arrives between the two
// minima: the retirement finds it, and undoes what it did.
func TestAValueThatArrivesWhileRetiringUndoesIt(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		id := w.register(w.subject("late"), named())
		late := w.fields(id)["familyName"]
		w.rotate(pii)
		w.moved()
		r, waits := w.retirement()
		r.Wait = func(ctx context.Context, d time.Duration) error {
			*waits++
			if d <= 0 || d > 30*time.Second {
				t.Errorf("it waits %v", d)
			}
			equal(t, "between the minima", w.state(pii).MinEncryption, 2)
			return w.sys.db.Write(ctx, func(tx vault.Tx) error {
				tx.PutField(late)
				tx.Record(vault.AuditEvent{ID: w.p.newID(), At: time.Now(), Kind: vault.System, Role: vault.System, Action: vault.UserUpdated, Outcome: vault.OutcomeOK})
				return nil
			})
		}
		_, err := r.Retire(t.Context(), w.p.systemActor(), pii, 2)
		inUse(t, err, "personal_fields: 1 row under version 1")
		equal(t, "waits", *waits, 1)
		after := w.state(pii)
		equal(t, "undone", fmt.Sprint(after.MinEncryption, after.MinDecryption), "0 1")
		equal(t, "read", str(w.ask(w.subject("late"), ownProfile, nil).must(), "me", "profile", "familyName", "value"), named()["familyName"])

		w.clock.advance(time.Minute) // what was under way has arrived
		w.moved()
		if err := w.retire(pii, 2); err != nil {
			t.Fatal(err)
		}
	})
}

func TestOnlyRetiredVersionsThatNoCopyHoldsAreTrimmed(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("trimmed")
		id := w.register(me, named())
		old := w.fields(id)["familyName"]
		w.rotate(pii)
		w.moved()
		for _, key := range []string{pii, indexKey} {
			if err := w.trim(key); err == nil || !strings.Contains(err.Error(), "no version of "+key+" is retired") {
				t.Fatalf("trimmed what is in use: %v", err)
			}
		}
		backups := vault.Backups{Keys: w.sys.keys(w.custodian()), NewID: w.p.newID}
		for _, kind := range []vault.CopyKind{vault.CopyOfVault, vault.CopyOfKeys} {
			if _, err := backups.Declare(t.Context(), w.p.systemActor(), vault.Copy{Kind: kind}); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.retire(pii, 2); err != nil { // a copy of keys needs none
			t.Fatal(err)
		}
		inUse(t, w.trim(pii), " vault-snapshot of ", " key-export of ", "holds version 1 and newer")
		equal(t, "expired", len(w.expired(vault.CopyFilter{})), 2)
		if err := w.trim(pii); err != nil {
			t.Fatal(err)
		}
		equal(t, "available", fmt.Sprint(w.state(pii).MinAvailable, w.state(indexKey).MinAvailable), "2 0")
		equal(t, "on record", strings.Join(w.ended(vault.KeysTrimmed), " "), "KeyVersion:kelisim-pii/2")
		equal(t, "read", str(w.ask(me, ownProfile, nil).must(), "me", "profile", "familyName", "value"), named()["familyName"])
		if err := w.retire(pii, 1); err == nil || !strings.Contains(err.Error(), "were trimmed") {
			t.Errorf("taken into use again: %v", err)
		}

		// A row that comes back from an old copy is gone, and the trouble says why.
		err := w.sys.db.Write(t.Context(), func(tx vault.Tx) error {
			tx.PutField(old)
			tx.Record(vault.AuditEvent{ID: w.p.newID(), At: time.Now(), Kind: vault.System, Role: vault.System, Action: vault.UserUpdated, Outcome: vault.OutcomeOK})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "a row of an old copy", str(w.ask(me, `{ me { profile { familyName { state value } } } }`, nil).must(), "me", "profile", "familyName", "state"), "UNAVAILABLE")
		trouble := w.state(pii).Troubles
		if len(trouble) != 1 || trouble[0].Kind != vault.KeyTrimmed || !strings.Contains(trouble[0].What, "personal_fields: 1 row") {
			t.Errorf("the trouble is %v", trouble)
		}
	})
}

var shellWrite = regexp.MustCompile(`vault write (\S+) ([a-z_]+=\w+(?: [a-z_]+=\w+)*)`)

// undoes carries out the command that a trouble names, as root.
func (w *world) undoes(text string) {
	w.t.Helper()
	found := shellWrite.FindStringSubmatch(text)
	if found == nil {
		w.t.Fatalf("there is no command in %q", text)
	}
	data := map[string]any{}
	for field := range strings.FieldsSeq(found[2]) {
		name, value, _ := strings.Cut(field, "=")
		data[name] = value
	}
	w.vault.Write(strings.TrimPrefix(found[1], w.vault.Mount+"/"), data)
}

// looksAtKeys looks as the watch does, whatever was counted before.
func (w *world) looksAtKeys() vault.KeyStates {
	w.t.Helper()
	w.clock.advance(time.Minute)
	states, err := w.sys.watch.Look(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return states
}

// readiness is what the internal readiness says of the keys.
func (w *world) readiness() string {
	w.t.Helper()
	recorder := httptest.NewRecorder()
	w.edge.internal().ServeHTTP(recorder, httptest.NewRequestWithContext(w.t.Context(), http.MethodGet, "/readyz", nil))
	var said struct {
		Dependencies map[string]string `json:"dependencies"`
	}
	if err := json.Unmarshal(recorder.Body.Bytes(), &said); err != nil {
		w.t.Fatal(err)
	}
	return said.Dependencies["keys"]
}
