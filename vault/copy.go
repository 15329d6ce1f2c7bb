package vault

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// CopyKind is what was copied. The schema's enum of the same name is bound to
// it.
type CopyKind string

// The kinds.
const (
	CopyOfDatabase CopyKind = "DATABASE"       // a dump, a base backup
	CopyOfReplica  CopyKind = "REPLICA"        // a database that follows this one, or followed it
	CopyOfVault    CopyKind = "VAULT_SNAPSHOT" // the engine's storage
	CopyOfKeys     CopyKind = "KEY_EXPORT"     // a key's backup, a keyring
)

// CopyKinds are all of them.
func CopyKinds() []CopyKind {
	return []CopyKind{CopyOfDatabase, CopyOfReplica, CopyOfVault, CopyOfKeys}
}

// Copy is a copy of data or of keys that somebody has declared. While there is
// one, versions of keys that it needs, or holds, are not done with.
type Copy struct {
	ID         uuid.UUID
	Kind       CopyKind
	Label      string    // the operator's name for it; may be empty
	TakenAt    time.Time // what is in it is as of this moment
	Until      time.Time // when it is destroyed by itself; zero: it is not
	DeclaredAt time.Time
	ExpiredAt  time.Time // zero: it is not
	Versions   []KeyRange
}

// KeyRange are versions of a key, both ends included.
type KeyRange struct {
	Key  string `json:"key"`
	From int    `json:"from"`
	To   int    `json:"to"`
}

// NeedsKeys reports whether it is data, which is worth nothing without its
// keys. A copy of keys needs none: it has them.
func (c Copy) NeedsKeys() bool {
	switch c.Kind {
	case CopyOfVault, CopyOfKeys:
		return false
	default:
		return true
	}
}

// live reports whether the copy is still there at a moment.
func (c Copy) live(now time.Time) bool {
	return c.ExpiredAt.IsZero() && (c.Until.IsZero() || now.Before(c.Until))
}

// oldest is the oldest version of a key that is in it; 0: none is.
func (c Copy) oldest(key string) int {
	for _, r := range c.Versions {
		if r.Key == key {
			return r.From
		}
	}
	return 0
}

// String names it for operators.
func (c Copy) String() string {
	name := c.ID.String() + " " + c.Kind.Word()
	if c.Label != "" {
		name += " " + c.Label
	}
	return name + " of " + c.TakenAt.Format(time.RFC3339)
}

// Word is the kind as command lines have it.
func (k CopyKind) Word() string { return strings.ReplaceAll(strings.ToLower(string(k)), "_", "-") }

// CopyFilter narrows a list of copies; zero values do not narrow.
type CopyFilter struct {
	IDs     []uuid.UUID
	Kind    CopyKind
	Label   string
	Before  time.Time // taken before this moment
	Expired bool      // those too
}

// CopyReader reads declared copies.
type CopyReader interface {
	// Copies lists all of them, oldest first.
	Copies(ctx context.Context) ([]Copy, error)
}

// CopyTx queues changes of declared copies.
type CopyTx interface {
	InsertCopy(c Copy)
	// ExpireCopy says that a copy exists no more. ErrStale: that was said before.
	// ErrOwners: the role that serves may not say it, or whoever has its login could
	// have a version destroyed that a copy needs.
	ExpireCopy(id uuid.UUID, at time.Time)
}

// A label stays on record in clear, so it has no room for words between blanks,
// nor for the digits of an IIN or a phone number in a row.
var (
	labelForm  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/:-]{0,63}$`)
	longNumber = regexp.MustCompile(`[0-9]{9}`)
)

// LabelFits reports whether a label is of the agreed form.
func LabelFits(label string) bool {
	return label == "" || labelForm.MatchString(label) && !longNumber.MatchString(label)
}

// Backups keeps the list of copies that exist.
type Backups struct {
	Keys
	NewID func() uuid.UUID // UUIDv7
}

// declaredAtOnce is how long after it was taken a copy may be declared and
// still be known to need what the database needs now.
const declaredAtOnce = 5 * time.Minute

// Declare puts a copy on the list. A copy of data needs the versions that rows
// are under; declared late, or when rows were moved since it was taken, every
// version that there is. A copy of keys holds every version that there is.
func (b Backups) Declare(ctx context.Context, a Actor, c Copy) (Copy, error) {
	now := b.Clock().UTC().Truncate(time.Millisecond)
	if c.TakenAt.IsZero() {
		c.TakenAt = now
	}
	switch {
	case !slices.Contains(CopyKinds(), c.Kind):
		return c, fmt.Errorf("%q is no kind of copy", c.Kind)
	case !LabelFits(c.Label):
		return c, errors.New("a label is up to 64 letters, digits and . _ - / : with no more than eight digits in a row, as db-2026-11-23")
	case c.TakenAt.After(now):
		return c, fmt.Errorf("a copy cannot be declared before it is taken, and that is at %s", c.TakenAt.Format(time.RFC3339))
	case !c.Until.IsZero() && !c.Until.After(now):
		return c, fmt.Errorf("a copy that is gone since %s needs no declaring", c.Until.Format(time.RFC3339))
	}
	states, err := b.State(ctx)
	if err != nil {
		return c, err
	}
	settled, err := b.settled(ctx, c.TakenAt)
	if err != nil {
		return c, err
	}
	precise := settled && now.Sub(c.TakenAt) <= declaredAtOnce
	c.ID, c.DeclaredAt = b.NewID(), now
	for _, k := range states.Keys {
		from := k.oldest()
		if needed := k.OldestNeeded(); c.NeedsKeys() && needed > 0 && precise {
			from = needed
		}
		if k.known() {
			c.Versions = append(c.Versions, KeyRange{Key: k.Name, From: from, To: k.Latest})
		}
	}
	event := b.event(a, BackupDeclared, c, now)
	return c, b.Writer.Write(ctx, func(tx Tx) error { tx.InsertCopy(c); tx.Record(event); return nil })
}

// settled reports whether no row was moved to another version since a moment, so
// that what is counted now is what was there then. A job that did not say that it
// ended may have moved rows until now.
func (b Backups) settled(ctx context.Context, since time.Time) (bool, error) {
	last := func(action Action) (time.Time, error) {
		events, err := b.Events.Events(ctx, AuditFilter{Action: string(action)}, Page{Limit: 1})
		if err != nil || len(events) == 0 {
			return time.Time{}, err
		}
		return events[0].At, nil
	}
	for _, job := range [][2]Action{{RewrapStarted, RewrapEnded}, {ReindexStarted, ReindexEnded}} {
		begun, err := last(job[0])
		if err != nil {
			return false, err
		}
		ended, err := last(job[1])
		if err != nil || begun.After(ended) || ended.After(since) {
			return false, err
		}
	}
	return true, nil
}

// List answers the copies that the filter lets through, oldest first.
func (b Backups) List(ctx context.Context, filter CopyFilter) ([]Copy, error) {
	all, err := b.Copies.Copies(ctx)
	now := b.Clock()
	return slices.DeleteFunc(all, func(c Copy) bool {
		return len(filter.IDs) > 0 && !slices.Contains(filter.IDs, c.ID) ||
			filter.Kind != "" && c.Kind != filter.Kind || filter.Label != "" && c.Label != filter.Label ||
			!filter.Before.IsZero() && !c.TakenAt.Before(filter.Before) || !filter.Expired && !c.live(now)
	}), err
}

// Expire takes copies off the list: they exist no more. It answers them. ErrOwners:
// this is not the owner's login to the database.
func (b Backups) Expire(ctx context.Context, a Actor, filter CopyFilter) ([]Copy, error) {
	gone, err := b.List(ctx, filter)
	if err != nil || len(gone) == 0 {
		return gone, err
	}
	now := b.Clock().UTC().Truncate(time.Millisecond)
	events := make([]AuditEvent, len(gone))
	for i, c := range gone {
		events[i] = b.event(a, BackupExpired, c, now)
	}
	return gone, b.Writer.Write(ctx, func(tx Tx) error {
		for _, c := range gone {
			tx.ExpireCopy(c.ID, now)
		}
		tx.Record(events...)
		return nil
	})
}

func (b Backups) event(a Actor, action Action, c Copy, at time.Time) AuditEvent {
	e := systemEvent(a, action, b.NewID(), at)
	e.Object = c.object()
	return e
}

// object is how the audit log names it.
func (c Copy) object() string { return "Backup:" + c.ID.String() + ";kind=" + string(c.Kind) }

// liveCopies are those that exist.
func (k Keys) liveCopies(ctx context.Context) ([]Copy, error) {
	all, err := k.Copies.Copies(ctx)
	now := k.Clock()
	return slices.DeleteFunc(all, func(c Copy) bool { return !c.live(now) }), err
}
