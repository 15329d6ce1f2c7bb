package ledger

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

func stone() vault.Tombstone {
	at := time.Date(2026, 11, 23, 6, 30, 0, int(250*time.Millisecond), time.UTC)
	return vault.Tombstone{Erasure: newID(), User: newID(), At: at, Ground: vault.ErasedOnRequest, Reference: "DSR-17"}
}

// opened is a ledger of a database in a folder, and its log.
func opened(t *testing.T, folder string, database uuid.UUID) (*Ledger, *bytes.Buffer) {
	t.Helper()
	log := &bytes.Buffer{}
	l, err := Open(Options{Folder: folder, Database: database, NewID: newID, Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l, log
}

func buried(t *testing.T, l *Ledger, want ...vault.Tombstone) {
	t.Helper()
	got, err := l.Tombstones(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(append([]vault.Tombstone{}, want...), append([]vault.Tombstone{}, got...)); diff != "" {
		t.Errorf("tombstones (-want +got):\n%s", diff)
	}
}

func bury(t *testing.T, l *Ledger, stones ...vault.Tombstone) {
	t.Helper()
	if err := l.Bury(t.Context(), stones...); err != nil {
		t.Fatal(err)
	}
}

// file is the only file of a ledger.
func file(t *testing.T, folder string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(folder, "*.jsonl"))
	if err != nil || len(names) != 1 {
		t.Fatalf("files: %v, %v", names, err)
	}
	return names[0]
}

func TestWhatOneProcessBuriesAnotherReads(t *testing.T) {
	folder, database := filepath.Join(t.TempDir(), "new"), newID()
	first, _ := opened(t, folder, database)
	second, _ := opened(t, folder, database)
	stranger, _ := opened(t, folder, newID())
	buried(t, first)
	a, b, c := stone(), stone(), stone()
	bury(t, first, a)
	bury(t, second, b, b)
	bury(t, stranger, stone())
	bury(t, first, c)
	buried(t, second, a, c, b, b) // by file, in the order in which they were begun
	info, err := os.Stat(folder)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder: %v, %v", info.Mode(), err)
	}
}

func TestManyBuryAtOnce(t *testing.T) {
	folder, database := t.TempDir(), newID()
	const each = 20
	var all sync.WaitGroup
	for range 3 {
		l, _ := opened(t, folder, database)
		for range 4 {
			all.Go(func() {
				for range each {
					if err := l.Bury(t.Context(), stone()); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	all.Wait()
	l, _ := opened(t, folder, database)
	got, err := l.Tombstones(t.Context())
	if err != nil || len(got) != 3*4*each {
		t.Errorf("%d tombstones, %v", len(got), err)
	}
}

// TestATornLastLineIsToldAndTakesNothingWithIt cuts the file at each byte of its
// last line, as a machine that stops may.
func TestATornLastLineIsToldAndTakesNothingWithIt(t *testing.T) {
	folder, database := t.TempDir(), newID()
	l, _ := opened(t, folder, database)
	a, b := stone(), stone()
	bury(t, l, a)
	whole, err := os.ReadFile(file(t, folder))
	if err != nil {
		t.Fatal(err)
	}
	bury(t, l, b)
	path := file(t, folder)
	both, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := len(whole); cut <= len(both); cut++ {
		if err := os.WriteFile(path, both[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		reader, log := opened(t, folder, database)
		switch {
		case cut >= len(both)-1: // the newline alone is missing
			buried(t, reader, a, b)
		default:
			buried(t, reader, a)
		}
		torn := cut > len(whole) && cut < len(both)-1
		if strings.Contains(log.String(), "torn") != torn {
			t.Errorf("cut at %d of %d: the log says %q", cut, len(both), log)
		}
	}
	// Whoever comes next begins a file of their own.
	if err := os.WriteFile(path, both[:len(both)-9], 0o600); err != nil {
		t.Fatal(err)
	}
	next, _ := opened(t, folder, database)
	bury(t, next, b)
	buried(t, next, a, b)
}

func TestALineThatWasChangedStopsTheReading(t *testing.T) {
	folder, database := t.TempDir(), newID()
	l, _ := opened(t, folder, database)
	a := stone()
	bury(t, l, a, stone())
	path := file(t, folder)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for what, changed := range map[string]string{
		"another person": strings.Replace(string(text), a.User.String(), uuid.NewString(), 1),
		"a longer line":  strings.Replace(string(text), "\n", "}\n", 1),
		"another field":  strings.Replace(string(text), `{"at"`, `{"a":1,"at"`, 1),
		"not JSON":       strings.Replace(string(text), "{", "", 1),
		"spaces":         strings.Replace(string(text), ",", ", ", 1),
		"last, whole":    strings.TrimSuffix(string(text), "\n") + "x\n",
	} {
		if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := l.Tombstones(t.Context()); !errors.Is(err, errDamaged) {
			t.Errorf("%s: %d tombstones, %v", what, len(got), err)
		}
	}
}

func TestWhatCannotBeWrittenIsNotBuried(t *testing.T) {
	folder, database := filepath.Join(t.TempDir(), "gone"), newID()
	l, _ := opened(t, folder, database)
	if err := os.Remove(folder); err != nil {
		t.Fatal(err)
	}
	if err := l.Bury(t.Context(), stone()); !errors.Is(err, vault.ErrUnavailable) {
		t.Errorf("burying in a folder that is gone: %v", err)
	}
	if _, err := l.Tombstones(t.Context()); err == nil {
		t.Error("a folder that is gone is read as empty")
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	a := stone()
	bury(t, l, a)
	// A disk that fails: the file is left, and another begun.
	if err := l.file.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.Bury(t.Context(), stone()); !errors.Is(err, vault.ErrUnavailable) {
		t.Errorf("burying in a file that is closed: %v", err)
	}
	b := stone()
	bury(t, l, b)
	buried(t, l, a, b)
}

func TestALineIsTheseBytes(t *testing.T) {
	id := uuid.MustParse("01920000-0000-7000-8000-000000000001")
	at := time.UnixMilli(1795415400250)
	got, err := encode(id, vault.Tombstone{Erasure: id, User: id, At: at, Ground: vault.ErasedByLaw, Reference: "ART-18"})
	const want = `{"at":1795415400250,"database":"01920000-0000-7000-8000-000000000001","erasure":"01920000-0000-7000-8000-000000000001",` +
		`"ground":"LAW","reference":"ART-18","sum":"","user":"01920000-0000-7000-8000-000000000001","v":1}`
	sum := vault.Hash([]byte(strings.Replace(want, `"sum":"",`, "", 1)))
	if err != nil || string(got) != strings.Replace(want, `"sum":""`, `"sum":"`+sum+`"`, 1) {
		t.Errorf("%s, %v", got, err)
	}
}
