package vault

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"
)

// KeyState is a key with all that needs it.
type KeyState struct {
	KeyFacts
	// Needs are what is stored under its versions, oldest first.
	Needs    []KeyNeed
	Troubles []KeyTrouble
}

// KeyStates are all keys at a moment.
type KeyStates struct {
	// AsOf is when rows were counted; the rest is as new, or newer.
	AsOf   time.Time
	Keys   []KeyState
	Copies []Copy       // declared, and not expired
	Logins []LoginState // this process's own first, then those that servers have told of
}

// Key is the state of a key by its name.
func (s KeyStates) Key(name string) (KeyState, bool) {
	for _, k := range s.Keys {
		if k.Name == name {
			return k, true
		}
	}
	return KeyState{}, false
}

// Troubles are those of all keys.
func (s KeyStates) Troubles() []KeyTrouble {
	var out []KeyTrouble
	for _, k := range s.Keys {
		out = append(out, k.Troubles...)
	}
	return out
}

// Rows is how much is stored under all versions.
func (s KeyState) Rows() (rows int64) {
	for _, n := range s.Needs {
		rows += n.Rows
	}
	return rows
}

// RowsUnder is how much is stored under one version.
func (s KeyState) RowsUnder(version int) (rows int64) {
	for _, n := range s.Needs {
		if n.Version == version {
			rows += n.Rows
		}
	}
	return rows
}

// RowsOnLatest is how much needs no move.
func (s KeyState) RowsOnLatest() int64 { return s.RowsUnder(s.Latest) }

// OldestNeeded is the oldest version that anything is stored under; 0: nothing
// is.
func (s KeyState) OldestNeeded() int {
	if len(s.Needs) == 0 {
		return 0
	}
	return s.Needs[0].Version
}

// NeedsBelow are what is stored under versions below one.
func (s KeyState) NeedsBelow(version int) (out []KeyNeed) {
	for _, n := range s.Needs {
		if n.Version < version {
			out = append(out, n)
		}
	}
	return out
}

// KeyVersionState is a version with what is stored under it.
type KeyVersionState struct {
	KeyVersion
	Rows int64
}

// All are its versions from the oldest that is there, or that something needs,
// to the newest.
func (s KeyState) All() []KeyVersionState {
	out := []KeyVersionState{}
	first := s.oldest()
	if needed := s.OldestNeeded(); needed > 0 {
		first = min(first, needed)
	}
	for n := first; n <= s.Latest; n++ {
		out = append(out, KeyVersionState{s.version(n), s.RowsUnder(n)})
	}
	return out
}

// Keys finds out how all keys stand. All but Logins, with Server, and Foreign is required.
type Keys struct {
	Engine   KeyReader
	IndexKey string // name of the key that blind indexes are computed with
	Rows     KeyedReader
	Copies   CopyReader
	Events   AuditReader
	Pins     Pins
	Server   string                                 // what this process is called among those that have logins
	Logins   func(ctx context.Context) []LoginState // its own
	Told     LoginReader
	Foreign  func(ctx context.Context) []string // names of keys that are others than the database was written with; nil: nobody can tell
	Clock    func() time.Time

	// Notes and Writer keep when a version was first seen, of keys whose engine
	// does not tell when they were made.
	Notes  KeepingReader
	Writer Writer
}

// counted is the rows that need keys, at a moment.
type counted struct {
	needs []KeyNeed
	at    time.Time
}

func (k Keys) count(ctx context.Context) (counted, error) {
	at := k.Clock().UTC().Truncate(time.Millisecond)
	needs, err := k.countNeeds(ctx)
	return counted{needs, at}, err
}

// State counts all rows, and reads everything else. ErrUnavailable: the
// database or the engine did not answer.
func (k Keys) State(ctx context.Context) (KeyStates, error) {
	rows, err := k.count(ctx)
	if err != nil {
		return KeyStates{}, err
	}
	return k.state(ctx, rows)
}

// state reads everything but the rows. The engine is asked last: what the store
// holds cannot be newer.
func (k Keys) state(ctx context.Context, rows counted) (KeyStates, error) {
	out := KeyStates{AsOf: rows.at}
	pins, err := k.Pins(ctx)
	if err != nil {
		return out, err
	}
	if out.Copies, err = k.liveCopies(ctx); err != nil {
		return out, err
	}
	out.Logins = k.ownLogins(ctx, k.Clock().UTC().Truncate(time.Millisecond))
	if out.Logins, err = k.allLogins(ctx, out.Logins); err != nil {
		return out, err
	}
	var foreign []string
	if k.Foreign != nil {
		foreign = k.Foreign(ctx)
	}
	facts, err := k.Engine.Keys(ctx)
	if err != nil {
		return out, err
	}
	needs := map[string][]KeyNeed{}
	for _, n := range slices.Concat(pins, rows.needs) {
		needs[n.Key] = append(needs[n.Key], n)
	}
	for _, f := range facts {
		if err := k.date(ctx, &f); err != nil {
			return out, err
		}
		f.Foreign = slices.Contains(foreign, f.Name)
		out.Keys = append(out.Keys, k.of(f, needs[f.Name]))
		delete(needs, f.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(needs)) { // rows name a key that nobody knows
		out.Keys = append(out.Keys, k.of(KeyFacts{Name: name, Missing: true}, needs[name]))
	}
	return out, nil
}

func (k Keys) of(f KeyFacts, needs []KeyNeed) KeyState {
	return KeyState{KeyFacts: f, Needs: sorted(needs), Troubles: f.Troubles(needs, k.Engine.Remedy)}
}

// date notes when versions were first seen whose engine does not tell when they
// were made.
func (k Keys) date(ctx context.Context, f *KeyFacts) error {
	for i := range f.Versions {
		v := &f.Versions[i]
		if !v.Made.IsZero() {
			continue
		}
		seen, err := k.firstSeen(ctx, "keySeen:"+f.Name+"/"+strconv.Itoa(v.Version))
		if err != nil {
			return err
		}
		v.Seen = seen
	}
	return nil
}

func (k Keys) firstSeen(ctx context.Context, name string) (time.Time, error) {
	text, err := k.Notes.Meta(ctx, name)
	if errors.Is(err, ErrNotFound) {
		text = k.Clock().UTC().Truncate(time.Second).Format(time.RFC3339)
		err = k.Writer.Maintain(ctx, func(tx KeepingTx) error { tx.InsertMeta(name, text); return nil })
		if errors.Is(err, ErrTaken) { // somebody saw it at the same moment
			text, err = k.Notes.Meta(ctx, name)
		}
	}
	if err != nil {
		return time.Time{}, err
	}
	return time.Parse(time.RFC3339, text)
}
