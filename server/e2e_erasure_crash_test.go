package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/vaulttest"
	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

// broken is a ledger that fails, before or after it buries.
type broken struct {
	vault.Ledger
	before, after error
}

func (b *broken) Bury(ctx context.Context, stones ...vault.Tombstone) error {
	if b.before != nil {
		return b.before
	}
	return errors.Join(b.Ledger.Bury(ctx, stones...), b.after)
}

// buried are the people whose tombstones are in the world's ledger.
func (w *world) buried() []uuid.UUID {
	w.t.Helper()
	stones, err := w.sys.vault.Ledger.Tombstones(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	out := []uuid.UUID{}
	for _, s := range stones {
		out = append(out, s.User)
	}
	return out
}

// stops is a step of an erasure at which a server stops, and what is so then.
type stops struct {
	name         string
	at           func(w *world)
	gone, buried bool
}

// TestAServerThatStopsAnywhereInAnErasureHasAcknowledgedNothing stops it before,
// between and after its steps, and starts another one.
func TestAServerThatStopsAnywhereInAnErasureHasAcknowledgedNothing(t *testing.T) {
	stop := vault.ErrUnavailable.Because(errors.New("stopped"))
	writes := func(before, after error, n int) func(*world) {
		only := func(err error) func(int) error {
			return func(i int) error {
				if i == n {
					return err
				}
				return nil
			}
		}
		return func(w *world) {
			w.sys.vault.Writer = &vaulttest.FaultyWriter{Writer: w.sys.vault.Writer, Before: only(before), After: only(after)}
		}
	}
	buries := func(b broken) func(*world) {
		return func(w *world) { b.Ledger = w.sys.vault.Ledger; w.sys.vault.Ledger = &b }
	}
	onBoth(t, func(t *testing.T, w *world) {
		for _, s := range []stops{
			{"before the database has it", writes(stop, nil, 1), false, false},
			{"when the database has it", writes(nil, stop, 1), true, false},
			{"before the ledger has it", buries(broken{before: stop}), true, false},
			{"when the ledger has it", buries(broken{after: stop}), true, true},
		} {
			t.Run(s.name, func(t *testing.T) {
				w.t = t
				w.stopped(s)
			})
		}
	})
}

func (w *world) stopped(s stops) {
	w.t.Helper()
	me := w.subject(s.name)
	id := w.register(me, input{"familyName": "Бұрынбекова"})
	user, compliance := w.userUUID(id), w.staff(vault.Compliance)
	known := len(w.buried())

	dying := w.replica()
	s.at(dying)
	a := dying.mutate(compliance, "eraseUser", erases(id), `certificate { id }`)
	if a.code() != "UNAVAILABLE" || str(a.payload, "certificate", "id") != "" {
		w.t.Errorf("an erasure that stopped is answered %s", a.raw)
	}
	at, err := w.sys.db.User(w.t.Context(), user)
	if err != nil || (at.Status == vault.StatusErased) != s.gone {
		w.t.Errorf("the person is %s, %v", at.Status, err)
	}
	buried := 0
	if s.buried {
		buried = 1
	}
	equal(w.t, "tombstones", len(w.buried()), known+buried)

	next := w.replica()
	if s.gone && len(next.buried()) <= known {
		w.t.Error("the next server does not bring the ledger up to date")
	}
	c := next.erased(id)
	equal(w.t, "erased", gone(c, "FIELDS"), 1)
	if list := next.buried(); len(list) == 0 || list[len(list)-1] != user {
		w.t.Errorf("acknowledged, and not in the ledger: %v", list)
	}
	left, err := w.sys.vault.Bury(w.t.Context())
	if err != nil || left != 0 {
		w.t.Errorf("%d are missing in the ledger, %v", left, err)
	}
}

// TestALedgerThatLostTombstonesGetsThemBackAtTheStart from the database, whether
// its file is cut off at a line, within one, or gone.
func TestALedgerThatLostTombstonesGetsThemBackAtTheStart(t *testing.T) {
	w := embedded(t)
	var erased []uuid.UUID
	for i := range 3 {
		id := w.register(w.subject(fmt.Sprint("goes ", i)), nil)
		w.erased(id)
		erased = append(erased, w.userUUID(id))
	}
	files, err := filepath.Glob(filepath.Join(w.s.Data, "erasures", "*.jsonl"))
	if err != nil || len(files) != 1 {
		t.Fatalf("files: %v, %v", files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, left := range []int{bytes.IndexByte(text, '\n') + 1, len(text) / 2, 0} {
		if err := os.WriteFile(files[0], text[:left], 0o600); err != nil {
			t.Fatal(err)
		}
		if len(w.buried()) == len(erased) {
			t.Fatal("nothing is lost: the test would prove nothing")
		}
		next := w.replica()
		got := next.buried()
		for _, user := range erased {
			if !slices.Contains(got, user) {
				t.Errorf("cut to %d bytes, the ledger lacks %s", left, user)
			}
		}
		tells(t, "the log", errors.New(w.log.String()), "lacked tombstones")
		other, err := filepath.Glob(filepath.Join(w.s.Data, "erasures", "*.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range other {
			if name != files[0] {
				if err := os.Remove(name); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// TestARestoredDatabaseIsNotServedBeforeTheErasuresAreCarriedOutAgain restores a
// dump of before, with somebody who is erased since, somebody who came and was
// erased since, and somebody whom nothing happened to.
func TestARestoredDatabaseIsNotServedBeforeTheErasuresAreCarriedOutAgain(t *testing.T) {
	w := onServers(t)
	stays := w.subject("stays")
	w.register(stays, input{"familyName": "Сағынтаева"})
	me := w.subject("goes")
	id := w.register(me, input{"phone": "+77019264837"})
	w.mutate(w.staff(vault.Compliance), "placeLegalHold", input{"user": id, "ground": "COURT", "reference": "COURT-1"}, `obstacle { id }`).ok()
	dump := daemon.Backup(t, w.s.DatabaseURL)
	held := str(w.ask(w.staff(vault.Compliance), `query($u: ID!) { user(id: $u) { obstacles { id } } }`, input{"u": id}).must(), "user", "obstacles", 0, "id")
	w.mutate(w.staff(vault.Compliance), "liftLegalHold", input{"id": held, "reference": "COURT-2"}, `obstacle { id }`).ok()
	c := w.erased(id)
	late := w.register(w.subject("came late"), input{"phone": "+77019264838"})
	w.erased(late)

	old := *w
	old.s.DatabaseURL = daemon.Restore(t, dump)
	_, err := old.p.openSystem(old.s, mode{}, vault.Access{})
	tells(t, "starting on the dump", err, "people who were erased: 2", "kelisim erase replay")
	old.command("erase", "replay")
	old.start()
	equal(t, "who was erased", old.ask(me, `{ me { id } }`, nil).must()["me"], nil)
	same(t, "by phone", old.found(input{"phone": "+77019264837"}), []string{})
	equal(t, "who stays", str(old.ask(stays, ownProfile, nil).must(), "me", "profile", "familyName", "value"), "Сағынтаева")
	data := old.ask(old.staff(vault.Compliance), `query($c: ID!, $u: ID!) { erasureCertificate(id: $c) { erasedAt replayedAt gone { trace rows } } user(id: $u) { status } }`,
		input{"c": str(c, "id"), "u": id}).must()
	equal(t, "status", str(data, "user", "status"), "ERASED")
	equal(t, "erased at", str(data, "erasureCertificate", "erasedAt"), str(c, "erasedAt"))
	equal(t, "fields", gone(data["erasureCertificate"], "FIELDS"), 1)
	events := old.events(vault.AuditFilter{Action: string(vault.ErasureReplayed)})
	equal(t, "events", len(events), 2)
	equal(t, "a second replay", old.command("erase", "replay"), "erased again: 0")
}
