// Package ledger keeps tombstones in files outside the database: who was erased,
// and why, so that a copy of the database that is older cannot bring them back
// unnoticed. Nothing personal is in it.
//
// A ledger is a folder. Each process adds to a file of its own, so that several
// may share one over a network's file system; all files together are the ledger.
// A file holds a tombstone in each line, as canonical JSON with the digest of
// the line in it. Lines are only added.
package ledger

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// Options of a ledger. All are required.
type Options struct {
	Folder   string
	Database uuid.UUID        // whose tombstones they are; a ledger may hold those of several
	NewID    func() uuid.UUID // UUIDv7: files are in the order in which they were begun
	Log      *slog.Logger
}

// Ledger implements vault.Ledger in files.
type Ledger struct {
	Options
	mu   sync.Mutex
	file *os.File // of this process; nil: it has buried nobody yet
}

var _ vault.Ledger = (*Ledger)(nil)

const suffix = ".jsonl"

// Open prepares a ledger, and makes its folder where it is missing. Nothing is
// read or written yet.
func Open(o Options) (*Ledger, error) {
	_, err := os.Stat(o.Folder)
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(o.Folder, 0o700); err == nil {
			err = syncFolder(filepath.Dir(filepath.Clean(o.Folder)))
		}
	}
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	return &Ledger{Options: o}, nil
}

// Close ends writing.
func (l *Ledger) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.abandon()
}

// abandon begins another file with the next tombstone.
func (l *Ledger) abandon() error {
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file = nil
	return err
}

// Bury implements vault.Ledger. After any failure the file is left as it is,
// with a line that is torn perhaps, and another is begun: what was not answered
// as buried is buried again.
func (l *Ledger) Bury(_ context.Context, stones ...vault.Tombstone) error {
	var text []byte
	for _, stone := range stones {
		one, err := encode(l.Database, stone)
		if err != nil {
			return err
		}
		text = append(append(text, one...), '\n')
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.write(text); err != nil {
		return vault.ErrUnavailable.Because(errors.Join(fmt.Errorf("ledger: %w", err), l.abandon()))
	}
	return nil
}

func (l *Ledger) write(text []byte) (err error) {
	fresh := l.file == nil
	if fresh {
		path := filepath.Join(l.Folder, l.NewID().String()+suffix)
		if l.file, err = os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
			l.file = nil
			return err
		}
	}
	if _, err := l.file.Write(text); err != nil {
		return err
	}
	if err := l.file.Sync(); err != nil {
		return err
	}
	if fresh {
		return syncFolder(l.Folder)
	}
	return nil
}

// syncFolder puts the names in a folder on disk.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// Tombstones implements vault.Ledger.
func (l *Ledger) Tombstones(ctx context.Context) ([]vault.Tombstone, error) {
	names, err := fs.Glob(os.DirFS(l.Folder), "*"+suffix)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	if len(names) == 0 { // which a folder that is not there looks like, too
		if _, err := os.ReadDir(l.Folder); err != nil {
			return nil, fmt.Errorf("ledger: %w", err)
		}
	}
	slices.Sort(names)
	var out []vault.Tombstone
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(l.Folder, name))
		if err != nil {
			return nil, fmt.Errorf("ledger: %w", err)
		}
		stones, torn, err := decode(l.Database, text)
		if err != nil {
			return nil, fmt.Errorf("ledger: %s: %w", name, err)
		}
		if torn > 0 {
			l.Log.LogAttrs(ctx, slog.LevelWarn, "a file of the erasure ledger ends in a line that is torn; it was never acknowledged",
				slog.String("file", name), slog.Int("bytes", torn))
		}
		out = append(out, stones...)
	}
	return out, nil
}

// line is a tombstone as it is written, without its digest.
type line struct {
	V         int                 `json:"v"`
	Database  uuid.UUID           `json:"database"`
	Erasure   uuid.UUID           `json:"erasure"`
	User      uuid.UUID           `json:"user"`
	At        int64               `json:"at"` // Unix milliseconds
	Ground    vault.ErasureGround `json:"ground"`
	Reference string              `json:"reference"`
}

// summed is a line with its digest: SHA-256 of its canonical form without one.
type summed struct {
	line
	Sum string `json:"sum"`
}

func encode(database uuid.UUID, stone vault.Tombstone) ([]byte, error) {
	l := line{1, database, stone.Erasure, stone.User, stone.At.UnixMilli(), stone.Ground, stone.Reference}
	bare, err := vault.Canonical(l)
	if err != nil {
		return nil, err
	}
	return vault.Canonical(summed{l, vault.Hash(bare)})
}

// errDamaged: a line is not as it was written.
var errDamaged = errors.New("is damaged: restore the file from a copy of it")

// decode reads a file. The last line may be torn, by a machine that stopped
// while it was written: whoever wrote it was never told that it is there. Any
// other that does not read was changed since.
func decode(database uuid.UUID, text []byte) (stones []vault.Tombstone, torn int, err error) {
	lines := bytes.Split(text, []byte("\n"))
	for i, raw := range lines {
		if len(raw) == 0 {
			continue
		}
		l, ok := read(raw)
		switch {
		case ok && l.Database == database:
			stones = append(stones, vault.Tombstone{
				Erasure: l.Erasure, User: l.User, At: time.UnixMilli(l.At).UTC(), Ground: l.Ground, Reference: l.Reference,
			})
		case ok:
		case i == len(lines)-1: // no newline follows it
			return stones, len(raw), nil
		default:
			return nil, 0, fmt.Errorf("line %d %w", i+1, errDamaged)
		}
	}
	return stones, 0, nil
}

// read reports whether a line is whole: it is the very bytes that were written.
func read(raw []byte) (line, bool) {
	var s summed
	in := json.NewDecoder(bytes.NewReader(raw))
	in.DisallowUnknownFields()
	if err := in.Decode(&s); err != nil || s.V != 1 {
		return line{}, false
	}
	again, err := encode(s.Database, vault.Tombstone{
		Erasure: s.Erasure, User: s.User, At: time.UnixMilli(s.At), Ground: s.Ground, Reference: s.Reference,
	})
	return s.line, err == nil && strings.TrimRight(string(raw), "\r") == string(again)
}
