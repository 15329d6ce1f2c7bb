package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/sqlstore"
	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

// copied declares a copy that was taken just now.
func (w *world) copied(kind vault.CopyKind) vault.Copy {
	w.t.Helper()
	c, err := w.backups().Declare(w.t.Context(), w.p.systemActor(), vault.Copy{Kind: kind, Label: "before"})
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// destroyed says that copies of a kind exist no more.
func (w *world) destroyed(kind vault.CopyKind) {
	w.t.Helper()
	equal(w.t, "expired", len(w.expired(vault.CopyFilter{Kind: kind})), 1)
}

// expired says that copies exist no more, with the owner's login to the database:
// that of the server may not.
func (w *world) expired(filter vault.CopyFilter) []vault.Copy {
	w.t.Helper()
	b := w.backups()
	if w.vault != nil {
		if _, err := b.Expire(w.t.Context(), w.p.systemActor(), filter); !errors.Is(err, vault.ErrOwners) {
			w.t.Errorf("the server's login says that copies are gone: %v", err)
		}
		owner, err := sqlstore.Open(w.t.Context(), daemon.AsOwner(w.t, w.s.DatabaseURL), sqlstore.Options{})
		if err != nil {
			w.t.Fatal(err)
		}
		defer func() {
			if err := owner.Close(); err != nil {
				w.t.Error(err)
			}
		}()
		b.Writer = auditing{owner, w.sys.audit}
	}
	gone, err := b.Expire(w.t.Context(), w.p.systemActor(), filter)
	if err != nil {
		w.t.Fatal(err)
	}
	return gone
}

func (w *world) backups() vault.Backups {
	w.t.Helper()
	return vault.Backups{Keys: w.sys.keys(w.custodian()), NewID: w.p.newID}
}

// TestWhoWasErasedIsNotReadFromACopyOnceTheVersionIsTrimmed is the drill: a dump
// of the database and a snapshot of Vault are taken, a person is erased, both
// keys are rotated, what is stored follows, the old versions are retired and
// trimmed. Then the person is not in the dump any more either: not their values,
// nor who has a phone, nor who logs in. And should somebody bring the keys back,
// too, the ledger still knows: nobody starts on the dump before the person is
// erased from it as well.
func TestWhoWasErasedIsNotReadFromACopyOnceTheVersionIsTrimmed(t *testing.T) {
	v := daemon.PrivateVault(t)
	w := newWorld(t, "real servers", settingsFor(t, daemon.PostgreSQL(t), v.VaultServer, daemon.Redis(t)))
	w.vault = v.VaultServer
	gone, stays := w.subject("erased"), w.subject("stays")
	erased := w.register(gone, input{"familyName": "Бұрынбекова", "phone": "+77019264837"})
	neighbour := w.register(stays, input{"familyName": "Сағынтаева", "phone": "+77019264838"})
	value := w.fields(erased)["familyName"]
	dump, snapshot := daemon.Backup(t, w.s.DatabaseURL), v.Snapshot()
	database := w.copied(vault.CopyOfDatabase)
	w.copied(vault.CopyOfVault)

	user, certificate := w.userUUID(erased), w.erased(erased)
	w.turned(database)
	same(t, "who is erased", w.found(input{"phone": "+77019264837"}), []string{})
	equal(t, "who stays", str(w.ask(stays, ownProfile, nil).must(), "me", "profile", "familyName", "value"), "Сағынтаева")
	same(t, "who stays", w.found(input{"phone": "+77019264838"}), []string{neighbour})

	// The dump comes back, and nobody in it can be read. The service says why.
	old := *w
	old.s.DatabaseURL = daemon.Restore(t, dump)
	_, err := old.p.openSystem(old.s, mode{}, vault.Access{})
	tells(t, "starting on the dump", err, "vault operator raft snapshot restore",
		"kelisim-pii: versions below 2 were trimmed, and version 1 is needed (meta (canary): 1 row)",
		"kelisim-index: versions below 2 were trimmed, and version 1 is needed (meta (canary): 1 row)")
	err = w.decrypts(user, value)
	if !errors.Is(err, vault.ErrUndecryptable) {
		t.Errorf("decrypting what was erased: %v", err)
	}
	tells(t, "decrypting what was erased", err, "min_decryption_version of kelisim-pii is above version 1")
	tells(t, "looking up by what was erased", w.indexes(1), "of kelisim-index is above version 1")
	old.sys = w.opened(old.s)
	equal(t, "the plan of the dump", old.plan(), "[1] 1")
	was := old.pepper(1)
	tells(t, "the dump's pepper, as it is stored", was, "min_decryption_version of kelisim-pii is above version 1")
	tells(t, "the dump's pepper, computed once more", was, "of kelisim-index is above version 1")

	// What the gate stood against: with the snapshot it all comes back.
	v.Restore(snapshot)
	if err := errors.Join(w.decrypts(user, value), w.indexes(1), old.pepper(1)); err != nil {
		t.Errorf("with the snapshot restored: %v", err)
	}
	_, err = old.p.openSystem(old.s, mode{}, vault.Access{})
	tells(t, "starting with both copies", err, "people who were erased: 1", "kelisim erase replay")
	equal(t, "a look", old.command("erase", "replay", "--dry-run"), user.String()+"  erased "+str(certificate, "erasedAt")[:19]+"Z, PERSON_ASKED\nto erase again: 1")
	for _, did := range []string{user.String() + "  erased ", ""} { // the second time nothing is left to do
		if said := old.command("erase", "replay"); !strings.HasPrefix(said, did) {
			t.Errorf("replaying says %s", said)
		}
	}
	old.start()
	equal(t, "who was erased", old.ask(gone, ownProfile, nil).must()["me"], nil)
	same(t, "who was erased", old.found(input{"phone": "+77019264837"}), []string{})
	equal(t, "who stays", str(old.ask(stays, ownProfile, nil).must(), "me", "profile", "familyName", "value"), "Сағынтаева")
	again := old.ask(old.staff(vault.Compliance), `query($c: ID!) { erasureCertificate(id: $c) { `+certificateFields+` } }`,
		input{"c": str(certificate, "id")}).must()
	if str(again, "erasureCertificate", "replayedAt") == "" || str(again, "erasureCertificate", "erasedAt") != str(certificate, "erasedAt") {
		t.Errorf("the certificate after the replay: %v", again)
	}
}

// turned gives both keys another version, and destroys the first as soon as the
// gate lets it: not while a copy is declared that needs it, or holds it.
func (w *world) turned(database vault.Copy) {
	w.t.Helper()
	both := []string{pii, indexKey}
	for _, key := range both {
		w.rotate(key)
		inUse(w.t, w.retire(key, 2), database.ID.String(), "under version 1")
	}
	w.command("rewrap")
	w.command("reindex")
	for _, key := range both {
		inUse(w.t, w.retire(key, 2), database.ID.String())
	}
	w.destroyed(vault.CopyOfDatabase)
	for _, key := range both {
		if err := w.retire(key, 2); err != nil {
			w.t.Fatal(err)
		}
	}
	for _, key := range both {
		inUse(w.t, w.trim(key), "versions of "+key+" below 2", " vault-snapshot before of ", "holds version 1 and newer")
	}
	w.destroyed(vault.CopyOfVault)
	for _, key := range both {
		if err := w.trim(key); err != nil {
			w.t.Fatal(err)
		}
	}
}

// tells holds that an error says all this.
func tells(t *testing.T, what string, err error, all ...string) {
	t.Helper()
	for _, one := range all {
		if err == nil || !strings.Contains(err.Error(), one) {
			t.Errorf("%s: %v does not say %q", what, err, one)
		}
	}
}

// opened is a system of which only the database is looked at, without a start.
func (w *world) opened(s settings) *system {
	w.t.Helper()
	db, err := w.p.openStore(s, w.sys.log, false)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if err := db.Close(); err != nil {
			w.t.Error(err)
		}
	})
	sys := *w.sys
	sys.db = db
	return &sys
}

// pepper is why nobody has the pepper of login digests: neither by decrypting
// what the database has, nor by computing it as it was made.
func (w *world) pepper(version int) error {
	w.t.Helper()
	t, err := readTies(w.t.Context(), w.sys.db)
	if err != nil {
		w.t.Fatal(err)
	}
	_, stored := t.pepper(w.t.Context(), w.sys.engine)
	_, computed := w.sys.engine.state.Pepper(w.t.Context(), version)
	if (stored == nil) != (computed == nil) {
		w.t.Errorf("there is one way to the pepper, not both: %v, %v", stored, computed)
	}
	return errors.Join(stored, computed)
}

// indexes tries to compute an index as a look-up would.
func (w *world) indexes(version int) error {
	w.t.Helper()
	answers, err := w.sys.engine.indexer.Index(w.t.Context(), version, []vault.IndexItem{
		{Field: "phone", Normalised: vault.NewPlain("+77019264837"), Reference: uuid.New()},
	})
	if err != nil {
		return err
	}
	return answers[0].Err
}

// decrypts tries a stored field as the service would.
func (w *world) decrypts(user uuid.UUID, f vault.StoredField) error {
	w.t.Helper()
	answers, err := w.sys.engine.decrypter.Decrypt(w.t.Context(), []vault.DecryptItem{
		{Place: vault.Place{User: user, Field: f.Code}, Ciphertext: f.Ciphertext, Reference: uuid.New()},
	})
	if err != nil {
		return err
	}
	return answers[0].Err
}

// A label has no room for a person, and a copy that is gone by itself stands
// against nothing.
func TestACopyThatWasToBeDestroyedStandsAgainstNothing(t *testing.T) {
	w := embedded(t)
	w.rotate(pii)
	_, err := w.backups().Declare(t.Context(), w.p.systemActor(), vault.Copy{Kind: vault.CopyOfReplica, Until: w.clock.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	w.moved()
	inUse(t, w.retire(pii, 2), " replica of ")
	w.clock.advance(time.Hour)
	if err := w.retire(pii, 2); err != nil {
		t.Error(err)
	}
}

// What was moved between the copy and its declaration cannot be told any more:
// every version that there is counts.
func TestACopyDeclaredLateNeedsEveryVersion(t *testing.T) {
	w := embedded(t)
	w.rotate(pii)
	w.moved()
	soon, err := w.backups().Declare(t.Context(), w.p.systemActor(), vault.Copy{Kind: vault.CopyOfDatabase})
	if err != nil {
		t.Fatal(err)
	}
	late, err := w.backups().Declare(t.Context(), w.p.systemActor(), vault.Copy{Kind: vault.CopyOfDatabase, TakenAt: w.clock.Now().Add(-time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "declared at once", soon.Versions[0], vault.KeyRange{Key: pii, From: 2, To: 2})
	equal(t, "declared late", late.Versions[0], vault.KeyRange{Key: pii, From: 1, To: 2})
	err = w.retire(pii, 2)
	inUse(t, err, late.ID.String())
	if strings.Contains(err.Error(), soon.ID.String()) {
		t.Errorf("what needs nothing old is named: %v", err)
	}
}

// A dump that was taken before rows were moved and is declared after that needs
// what they were under; and of no copy from before a retirement is believed what it
// was said to need.
func TestACopyFromBeforeTheRowsWereMovedKeepsTheVersion(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.register(w.subject("dumped"), named())
		w.rotate(pii)
		taken := w.p.clock()
		w.moved()
		declare := func(label string, at time.Time) vault.Copy {
			c, err := w.backups().Declare(t.Context(), w.p.systemActor(), vault.Copy{Kind: vault.CopyOfDatabase, Label: label, TakenAt: at})
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		before := declare("before", taken)
		after := declare("after", time.Time{})
		equal(t, "what they need", fmt.Sprint(before.Versions[0].From, after.Versions[0].From), "1 2")
		inUse(t, w.retire(pii, 2), before.String()+": needs version 1 and newer")
		w.expired(vault.CopyFilter{Label: "before"})
		if err := w.retire(pii, 2); err != nil {
			t.Fatal(err)
		}
		later := declare("later", time.Time{})
		err := w.trim(pii)
		inUse(t, err, after.String()+": was taken before they were retired")
		if strings.Contains(err.Error(), later.ID.String()) {
			t.Errorf("a copy of afterwards stands in the way: %v", err)
		}
		w.expired(vault.CopyFilter{Label: "after"})
		if err := w.trim(pii); err != nil {
			t.Fatal(err)
		}
	})
}

// Minima that were raised by hand are on record once the command was run, and only
// then is known which copies are from afterwards.
func TestARetirementByHandIsPutOnRecordBeforeATrim(t *testing.T) {
	w := onServers(t)
	w.register(w.subject("by hand"), named())
	w.rotate(pii)
	w.moved()
	w.vault.Write("keys/"+pii+"/config", map[string]any{"min_decryption_version": 2, "min_encryption_version": 2})
	declare := func() vault.Copy {
		c, err := w.backups().Declare(t.Context(), w.p.systemActor(), vault.Copy{Kind: vault.CopyOfDatabase})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	declare()
	inUse(t, w.trim(pii), "was taken before they were retired")
	w.expired(vault.CopyFilter{})
	for range 2 { // once on record, it is not put there again
		if err := w.retire(pii, 2); err != nil {
			t.Fatal(err)
		}
	}
	equal(t, "on record", strings.Join(w.ended(vault.KeysRetired), " "), "KeyVersion:kelisim-pii/2")
	declare()
	if err := w.trim(pii); err != nil {
		t.Fatal(err)
	}
}
