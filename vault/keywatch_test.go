package vault_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kelisim/kelisim/vault"
)

// fewKeys is an engine with two keys, and a database of which counting takes
// so long.
type fewKeys struct {
	vault.KeyedReader
	vault.KeepingReader
	vault.Writer

	takes  time.Duration
	counts int
	data   vault.KeyFacts
	failed error
	logins []vault.LoginState
}

func (f *fewKeys) Keys(context.Context) ([]vault.KeyFacts, error) {
	return []vault.KeyFacts{f.data, {Name: "k-index", Use: vault.KeyOfIndexes, Latest: 1, MinDecryption: 1}}, f.failed
}

func (f *fewKeys) Remedy(t vault.KeyTrouble) string { return "undo " + t.Kind.Word() }

func (f *fewKeys) CountHeld(_ context.Context, of vault.Holding) ([]vault.HeldCount, error) {
	if of != vault.HoldingFields {
		return nil, nil
	}
	f.counts++
	time.Sleep(f.takes)
	return []vault.HeldCount{{Holding: of, Key: "k", Version: 1, Rows: int64(f.counts)}}, nil
}

func (f *fewKeys) CountIndexes(context.Context) ([]vault.IndexCount, error) { return nil, nil }
func (f *fewKeys) Copies(context.Context) ([]vault.Copy, error)             { return nil, nil }

// Logins and Maintain are of a database that nobody tells anything.
func (f *fewKeys) Logins(context.Context, time.Time) ([]vault.LoginState, error) { return nil, nil }

func (f *fewKeys) Maintain(context.Context, func(vault.KeepingTx) error) error { return nil }

func (f *fewKeys) watch(log *strings.Builder) *vault.KeyWatch {
	return vault.NewKeyWatch(vault.Keys{
		Engine: f, Rows: f, Copies: f, Notes: f, Told: f, Writer: f, Clock: time.Now, Logins: func(context.Context) []vault.LoginState { return f.logins },
		Pins: func(context.Context) ([]vault.KeyNeed, error) { return nil, nil },
	}, slog.New(slog.NewTextHandler(log, nil)))
}

func sound() vault.KeyFacts {
	return vault.KeyFacts{Name: "k", Use: vault.KeyOfData, Latest: 1, MinDecryption: 1}
}

// looked is what the watch says now.
func looked(t *testing.T, w *vault.KeyWatch) vault.KeyStates {
	t.Helper()
	states, err := w.Look(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return states
}

func TestASmallDatabaseIsCountedWhenSomebodyLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fewKeys{data: sound(), takes: 20 * time.Millisecond}
		w := f.watch(&strings.Builder{})
		first := looked(t, w)
		if again := looked(t, w); f.counts != 1 || !again.AsOf.Equal(first.AsOf) {
			t.Errorf("counted %d times, as of %v and %v", f.counts, first.AsOf, again.AsOf)
		}
		time.Sleep(11 * time.Second)
		if later := looked(t, w); f.counts != 2 || later.Keys[0].Rows() != 2 || later.AsOf.Sub(first.AsOf) < 10*time.Second {
			t.Errorf("counted %d times, as of %v", f.counts, later.AsOf)
		}
	})
}

func TestALargeDatabaseIsCountedForAFiftiethOfTheTimeAndNobodyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fewKeys{data: sound(), takes: 10 * time.Second}
		w := f.watch(&strings.Builder{})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { w.Run(ctx); close(ended) }()
		time.Sleep(time.Hour)
		synctest.Wait()
		if f.counts < 6 || f.counts > 8 { // every 500 seconds and what it takes
			t.Errorf("counted %d times in an hour", f.counts)
		}
		before, counts := time.Now(), f.counts
		states := looked(t, w)
		synctest.Wait()
		if waited := time.Since(before); waited > 10*time.Second || f.counts > counts+1 {
			t.Errorf("whoever looks waits %v", waited)
		}
		if age := time.Since(states.AsOf); age <= 0 || age > 10*time.Minute {
			t.Errorf("the figures are %v old", age)
		}
		stop()
		<-ended
	})
}

func TestATroubleIsLoggedOnceAndWhenItIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, log := &fewKeys{data: sound()}, &strings.Builder{}
		w := f.watch(log)
		looked(t, w)
		if log.Len() > 0 {
			t.Errorf("it logs %s", log)
		}
		f.data.Latest, f.data.MinDecryption = 2, 2
		for range 3 {
			time.Sleep(time.Minute)
			looked(t, w) // with other figures each time
		}
		if told := log.String(); strings.Count(told, "level=ERROR") != 1 || !strings.Contains(told, `undo="undo min_decryption_version"`) ||
			!strings.Contains(told, "min_decryption_version is 2, and version 1 is needed (personal_fields: ") {
			t.Errorf("it logs %s", told)
		}
		f.data = sound()
		looked(t, w)
		looked(t, w)
		if told := log.String(); strings.Count(told, "level=INFO") != 1 {
			t.Errorf("it logs %s", told)
		}
	})
}

func TestWhatWasFoundLastStaysWhileTheEngineIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fewKeys{data: sound()}
		w := f.watch(&strings.Builder{})
		if _, ok := w.Last(); ok {
			t.Error("something was found before anybody looked")
		}
		found := looked(t, w)
		time.Sleep(time.Minute)
		f.failed = vault.ErrUnavailable
		if _, err := w.Look(t.Context()); !errors.Is(err, vault.ErrUnavailable) {
			t.Errorf("it answers %v", err)
		}
		if last, ok := w.Last(); !ok || !last.AsOf.Equal(found.AsOf) {
			t.Errorf("the last figures are as of %v", last.AsOf)
		}
	})
}

// Also while the login that is lost is the one that reads about keys.
func TestALostLoginIsLoggedOnceAndWhenItIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, log := &fewKeys{data: sound(), logins: []vault.LoginState{{Name: "decrypt"}}}, &strings.Builder{}
		w := f.watch(log)
		looked(t, w)
		f.logins = []vault.LoginState{{Name: "decrypt", Trouble: "Vault answered 403"}}
		looked(t, w)
		f.failed = vault.ErrUnavailable
		if _, err := w.Look(t.Context()); err == nil {
			t.Error("the engine is away, and it answers")
		}
		if last, _ := w.Last(); len(last.Logins) != 1 || !last.Logins[0].Lost() {
			t.Errorf("the logins are %v", last.Logins)
		}
		if told := log.String(); strings.Count(told, "level=ERROR") != 1 || !strings.Contains(told, "a login to Vault is lost") || !strings.Contains(told, "login=decrypt") {
			t.Errorf("it logs %s", told)
		}
		f.failed, f.logins = nil, []vault.LoginState{{Name: "decrypt"}}
		looked(t, w)
		looked(t, w)
		if told := log.String(); strings.Count(told, "a login to Vault works again") != 1 {
			t.Errorf("it logs %s", told)
		}
	})
}

func TestALabelHasNoRoomForAPerson(t *testing.T) {
	for label, fits := range map[string]bool{
		"": true, "db-2026-11-23": true, "backup/20261123T0300:1.dump": true, "n_1": true,
		"Anna Ivanova": false, "anna@example.kz": false, "900101300017": false, "db+1": false, "-x": false, "Әйгерім": false,
		strings.Repeat("a", 64): true, strings.Repeat("a", 65): false, "87015550101": false,
	} {
		if vault.LabelFits(label) != fits {
			t.Errorf("%q: fits %t", label, !fits)
		}
	}
}

// Each way in which a key does not serve what needs it, and those that only
// weaken it.
func TestEachTroubleIsToldWithWhatNeedsTheVersion(t *testing.T) {
	index := vault.KeyFacts{Name: "i", Use: vault.KeyOfIndexes, Latest: 3, MinDecryption: 1}
	needs := []vault.KeyNeed{{Key: "i", Version: 2, By: "blind_index", Rows: 5}, {Key: "i", Version: 1, By: "meta (pepper)", Rows: 1}}
	for kind, alter := range map[vault.TroubleKind]func(*vault.KeyFacts){
		"":                       func(*vault.KeyFacts) {},
		vault.KeyForeign:         func(f *vault.KeyFacts) { f.Foreign = true },
		vault.KeyBehind:          func(f *vault.KeyFacts) { f.Latest = 1 },
		vault.KeyTrimmed:         func(f *vault.KeyFacts) { f.MinAvailable, f.MinDecryption, f.MinEncryption = 2, 2, 2 },
		vault.KeyMinDecryption:   func(f *vault.KeyFacts) { f.MinDecryption, f.MinEncryption = 2, 2 },
		vault.KeyMinEncryption:   func(f *vault.KeyFacts) { f.MinEncryption = 3 },
		vault.KeyAutoRotates:     func(f *vault.KeyFacts) { f.AutoRotate = time.Hour },
		vault.KeyExportable:      func(f *vault.KeyFacts) { f.Exportable = true },
		vault.KeyPlaintextBackup: func(f *vault.KeyFacts) { f.PlaintextBackup = true },
		vault.KeyDeletionAllowed: func(f *vault.KeyFacts) { f.DeletionAllowed = true },
		vault.KeyMissing:         func(f *vault.KeyFacts) { f.Missing = true },
	} {
		f := index
		alter(&f)
		found := f.Troubles(needs, (&fewKeys{}).Remedy)
		if kind == "" {
			if len(found) > 0 {
				t.Errorf("a sound key has %v", found)
			}
			continue
		}
		if len(found) != 1 || found[0].Kind != kind || found[0].Undo != "undo "+kind.Word() || !strings.HasPrefix(found[0].What, "i: ") {
			t.Errorf("%s: %v", kind, found)
		}
		if newest := kind == vault.KeyMissing || kind == vault.KeyForeign || kind == vault.KeyBehind; newest && found[0].Need.Version != 2 {
			t.Errorf("%s: what brings it back has version %d, and 2 is needed", kind, found[0].Need.Version)
		}
	}
	data := index
	data.Use, data.MinEncryption, data.AutoRotate = vault.KeyOfData, 3, time.Hour
	if found := data.Troubles(needs, (&fewKeys{}).Remedy); len(found) > 0 { // it encrypts under the newest in any case
		t.Errorf("the key of data has %v", found)
	}
}
