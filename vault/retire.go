package vault

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Retirement takes old versions of keys out of use, for a person. All fields
// are required.
type Retirement struct {
	Keys
	Custodian KeyCustodian
	Labels    LabelReader
	NewID     func() uuid.UUID // UUIDv7
	// Compared is told how far the walk through all ciphertexts is, before a trim.
	Compared func(Progress)
	// Wait returns after so long, or with the context's error.
	Wait func(ctx context.Context, d time.Duration) error
}

// Retired is what a retirement has changed.
type Retired struct {
	Key                          string
	Below                        int
	WasEncryption, WasDecryption int // the minima before
}

// Changed reports whether anything was.
func (r Retired) Changed() bool { return r.WasDecryption != r.Below || r.WasEncryption != r.Below }

// longestWrite is for how long a ciphertext may be on its way to the database,
// with room for clocks that differ: as long as a request may take, and then
// some.
const longestWrite = 30 * time.Second

// errNoVersion: it was never made.
var errNoVersion = errors.New("there is no such version")

// InUseError is the refusal to retire or trim versions that something needs.
type InUseError struct {
	Key    string
	Below  int
	Needs  []KeyNeed
	Copies []Copy
}

// Error names each, one in a line.
func (e *InUseError) Error() string {
	var out strings.Builder
	fmt.Fprintf(&out, "versions of %s below %d are needed, and nothing was changed:", e.Key, e.Below)
	for _, n := range e.Needs {
		out.WriteString("\n  " + n.String())
	}
	for _, c := range e.Copies {
		switch {
		case c.oldest(e.Key) >= e.Below:
			fmt.Fprintf(&out, "\n  copy %s: was taken before they were retired (if that was done by hand: before kelisim keys retire put it on record)", c)
		case c.NeedsKeys():
			fmt.Fprintf(&out, "\n  copy %s: needs version %d and newer", c, c.oldest(e.Key))
		default:
			fmt.Fprintf(&out, "\n  copy %s: holds version %d and newer", c, c.oldest(e.Key))
		}
	}
	return out.String()
}

// needed is the gate: what stands against doing without versions below one.
// Which copies do the caller says.
func (s KeyStates) needed(k KeyState, below int, stands func(Copy) bool) error {
	e := &InUseError{Key: k.Name, Below: below, Needs: k.NeedsBelow(below)}
	for _, c := range s.Copies {
		if c.oldest(k.Name) > 0 && stands(c) {
			e.Copies = append(e.Copies, c)
		}
	}
	if len(e.Needs) > 0 || len(e.Copies) > 0 {
		return e
	}
	return nil
}

// look finds a key, and all that it is needed for.
func (r Retirement) look(ctx context.Context, name string) (KeyStates, KeyState, error) {
	states, err := r.State(ctx)
	if err != nil {
		return states, KeyState{}, err
	}
	key, ok := states.Key(name)
	switch {
	case ok && !key.known() && len(key.Troubles) > 0:
		return states, key, errors.New(key.Troubles[0].String())
	case !ok:
		var names []string
		for _, k := range states.Keys {
			if k.known() {
				names = append(names, k.Name)
			}
		}
		return states, key, fmt.Errorf("there is no key %q; there are %s", name, strings.Join(names, ", "))
	}
	return states, key, nil
}

// Retire sets both minima of a key to a version: nothing under an older one can
// be decrypted any more. It refuses with InUseError while anything stored, or a copy
// of data, needs such a version. It can be undone by the same: a version that is
// retired, and those after it, are taken into use again.
//
// Between the minima it counts once more: nothing new is made under the old
// versions by then, and what was made before the newest version has arrived.
func (r Retirement) Retire(ctx context.Context, a Actor, name string, below int) (Retired, error) {
	states, key, err := r.look(ctx, name)
	done := Retired{Key: name, Below: below, WasEncryption: key.MinEncryption, WasDecryption: key.MinDecryption}
	switch {
	case err != nil:
		return done, err
	case below < 1 || below > key.Latest:
		return done, fmt.Errorf("%w: the newest of %s is %d", errNoVersion, name, key.Latest)
	case below < key.oldest():
		return done, fmt.Errorf("versions of %s below %d were trimmed, and nothing brings them back", name, key.oldest())
	case !done.Changed():
		return done, r.onRecord(ctx, a, name, below)
	case below < key.MinDecryption, below == key.MinDecryption && below < key.MinEncryption:
		return done, r.set(ctx, a, KeysRetired, name, below, func() error { return r.Custodian.SetMinima(ctx, name, below, below) })
	}
	if err := states.needed(key, below, needs(name, below)); err != nil {
		return done, err
	}
	return done, r.set(ctx, a, KeysRetired, name, below, func() error { return r.retire(ctx, key, below) })
}

// onRecord puts a retirement on record that somebody made in Vault by hand: a trim
// goes by when it was.
func (r Retirement) onRecord(ctx context.Context, a Actor, name string, below int) error {
	at, err := r.retiredAt(ctx, name, below)
	if err != nil || !at.IsZero() || below == 1 {
		return err
	}
	return r.set(ctx, a, KeysRetired, name, below, func() error { return nil })
}

// retire raises the minima one after the other.
func (r Retirement) retire(ctx context.Context, key KeyState, below int) error {
	if err := r.Custodian.SetMinima(ctx, key.Name, below, key.MinDecryption); err != nil {
		return err
	}
	err := r.settle(ctx, key, below)
	if err == nil {
		var states KeyStates
		var now KeyState
		if states, now, err = r.look(ctx, key.Name); err == nil {
			err = states.needed(now, below, needs(key.Name, below))
		}
	}
	if err == nil {
		err = r.Custodian.SetMinima(ctx, key.Name, below, below)
	}
	if err == nil {
		return nil
	}
	back, cancel := context.WithTimeout(context.WithoutCancel(ctx), longestWrite)
	defer cancel()
	return errors.Join(err, r.Custodian.SetMinima(back, key.Name, key.MinEncryption, key.MinDecryption))
}

// settle waits until what was encrypted before the version was made is stored.
// Indexes that arrive late under an old version are nobody's loss: nothing is
// looked up by them.
func (r Retirement) settle(ctx context.Context, key KeyState, below int) error {
	left := longestWrite - r.Clock().Sub(key.version(below).Since())
	if key.Use == KeyOfIndexes || left <= 0 {
		return nil
	}
	return r.Wait(ctx, min(left, longestWrite))
}

// Trimming is what a trim destroys.
type Trimming struct {
	Key         string
	From, Below int // versions from one to below the other
}

// Changed reports whether anything was destroyed: all that is retired may be
// already.
func (t Trimming) Changed() bool { return t.From < t.Below }

// Trim destroys the versions of a key that are retired. It refuses with InUseError
// while anything stored, or any copy, of data or of keys, needs or holds one of
// them, and while there is a copy of data from before they were retired.
//
// Nothing brings back what it destroys, so it does not believe the columns that are
// counted: first it goes through every ciphertext, and refuses with
// MislabelledError if one is under another version than its row says. What is
// counted is counted once more after that.
func (r Retirement) Trim(ctx context.Context, a Actor, name string) (Trimming, error) {
	states, key, err := r.look(ctx, name)
	if err != nil {
		return Trimming{}, err
	}
	what := Trimming{Key: name, From: key.oldest(), Below: min(key.MinDecryption, key.MinEncryption)}
	switch {
	case !what.Changed() && what.Below == key.MinAvailable && what.Below > 1:
		return what, nil
	case !what.Changed():
		return what, fmt.Errorf("no version of %s is retired: min_decryption_version is %d and min_encryption_version %d; `kelisim keys retire` sets both",
			name, key.MinDecryption, key.MinEncryption)
	}
	retired, err := r.retiredAt(ctx, name, what.Below)
	if err != nil {
		return what, err
	}
	err = states.needed(key, what.Below, holds(name, what.Below, retired))
	if err == nil {
		err = r.compare(ctx, key)
	}
	if err == nil {
		states, key, err = r.look(ctx, name)
	}
	if err == nil {
		err = states.needed(key, what.Below, holds(name, what.Below, retired))
	}
	if err != nil {
		return what, err
	}
	return what, r.set(ctx, a, KeysTrimmed, name, what.Below, func() error { return r.Custodian.Trim(ctx, name, what.Below) })
}

// needs tells copies of data that were declared to need a version below one.
func needs(key string, below int) func(Copy) bool {
	return func(c Copy) bool { return c.NeedsKeys() && c.oldest(key) < below }
}

// holds tells the copies that a trim would spoil: those that were declared to need
// or hold a version below one, and all copies of data from before the versions were
// retired. What such a copy was declared to need was counted when it was declared, in a database
// that somebody may have had the login to; that nothing under a retired version
// could be read any more is Vault's word.
func holds(key string, below int, retired time.Time) func(Copy) bool {
	return func(c Copy) bool {
		return c.oldest(key) < below || c.NeedsKeys() && (retired.IsZero() || !c.TakenAt.After(retired))
	}
}

// retiredAt is when the versions of a key below one were last retired; zero: nobody
// did so on record. An event too many makes it later and the gate stricter, and none
// can be taken away.
func (r Retirement) retiredAt(ctx context.Context, key string, below int) (time.Time, error) {
	const atOnce = 100
	for page := (Page{Limit: atOnce}); ; {
		events, err := r.Events.Events(ctx, AuditFilter{Action: string(KeysRetired)}, page)
		if err != nil {
			return time.Time{}, err
		}
		for _, e := range events {
			version, ok := strings.CutPrefix(e.Object, "KeyVersion:"+key+"/")
			if n, err := strconv.Atoi(version); ok && err == nil && n >= below {
				return e.At, nil
			}
		}
		if len(events) < atOnce {
			return time.Time{}, nil
		}
		page.After = events[len(events)-1].ID
	}
}

// set puts a change on record, and then makes it, so that none is without. One
// that fails is on record as refused, too.
func (r Retirement) set(ctx context.Context, a Actor, action Action, key string, below int, change func() error) error {
	record := func(ctx context.Context, outcome Outcome) error {
		e := systemEvent(a, action, r.NewID(), r.Clock().UTC().Truncate(time.Millisecond))
		e.Object, e.Outcome = fmt.Sprintf("KeyVersion:%s/%d", key, below), outcome
		return r.Writer.Write(ctx, func(tx Tx) error { tx.Record(e); return nil })
	}
	if err := record(ctx, OutcomeOK); err != nil {
		return err
	}
	err := change()
	if err != nil {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
		defer cancel()
		err = errors.Join(err, record(ending, OutcomeDenied))
	}
	return err
}
