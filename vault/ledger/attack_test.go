package ledger

import (
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// refused holds that a tombstone is not acknowledged.
func refused(t *testing.T, what string, l *Ledger) {
	t.Helper()
	err := l.Bury(t.Context(), stone())
	if !errors.Is(err, vault.ErrUnavailable) {
		t.Errorf("%s: %v", what, err)
	}
}

// TestAFullDiskTakesNothingThatWasAcknowledged limits how large a file may grow,
// to each place in the next line: what is written of it is torn, what was
// acknowledged stays, and what comes later goes into another file.
func TestAFullDiskTakesNothingThatWasAcknowledged(t *testing.T) {
	signal.Ignore(syscall.SIGXFSZ)
	t.Cleanup(func() { signal.Reset(syscall.SIGXFSZ) })
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		t.Fatal(err)
	}
	for _, room := range []int64{0, 1, 100, 200} {
		folder, database := t.TempDir(), newID()
		l, _ := opened(t, folder, database)
		a, b := stone(), stone()
		bury(t, l, a)
		info, err := os.Stat(file(t, folder))
		if err != nil {
			t.Fatal(err)
		}
		full := was
		full.Cur = uint64(info.Size() + room)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &full); err != nil {
			t.Fatal(err)
		}
		refused(t, "on a full disk", l)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
			t.Fatal(err)
		}
		bury(t, l, b)
		next, _ := opened(t, folder, database)
		buried(t, next, a, b)
	}
}

// TestWhatIsReadOnlyOrTakenIsNotWrittenTo by a process that may not write its
// file, and by one whose file another one has.
func TestWhatIsReadOnlyOrTakenIsNotWrittenTo(t *testing.T) {
	folder, database := t.TempDir(), newID()
	l, _ := opened(t, folder, database)
	a, b := stone(), stone()
	bury(t, l, a)
	path := file(t, folder)
	if err := l.file.Close(); err != nil {
		t.Fatal(err)
	}
	var err error
	if l.file, err = os.Open(path); err != nil {
		t.Fatal(err)
	}
	refused(t, "a file that is read-only", l)
	bury(t, l, b)
	buried(t, l, a, b)

	same := newID()
	twin := func() *Ledger {
		t.Helper()
		l, err := Open(Options{Folder: folder, Database: database, NewID: func() uuid.UUID { return same }, Log: l.Log})
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	first, second := twin(), twin()
	c := stone()
	bury(t, first, c)
	refused(t, "a file that another process has", second)
	buried(t, l, a, b, c)
	if err := errors.Join(first.Close(), second.Close()); err != nil {
		t.Error(err)
	}
}

// TestAFileThatLostBytesInTheMiddleStopsTheReading wherever they were.
func TestAFileThatLostBytesInTheMiddleStopsTheReading(t *testing.T) {
	folder, database := t.TempDir(), newID()
	l, _ := opened(t, folder, database)
	bury(t, l, stone(), stone(), stone())
	path := file(t, folder)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	line := len(text) / 3
	for from := 1; from < 2*line-10; from += 7 {
		holed := append(append([]byte{}, text[:from]...), text[from+10:]...)
		if err := os.WriteFile(path, holed, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := l.Tombstones(t.Context()); !errors.Is(err, errDamaged) {
			t.Fatalf("without bytes %d to %d: %d tombstones, %v", from, from+10, len(got), err)
		}
	}
	if err := os.WriteFile(filepath.Join(folder, uuid.NewString()+suffix), make([]byte, 4096), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := l.Tombstones(t.Context()); err != nil || len(got) != 3 { // what a machine that stopped left of a write: zeros, and no newline
		t.Errorf("beside a file of zeros: %d tombstones, %v", len(got), err)
	}
}
