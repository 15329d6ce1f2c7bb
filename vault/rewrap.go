package vault

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
)

// MaxRewrapBatch is how many rows a rewrapping takes at a time at most: as many
// as go to Vault in one call.
const MaxRewrapBatch = 1_000

// Rewrapping is the job that moves stored ciphertexts to the newest version of
// their key. It sees no value: it holds neither an Encrypter nor a Decrypter.
//
// It keeps no place of its own. What is still to do is what the store says is
// under another version, so whoever runs it again goes on where it was stopped.
// A row is changed only while it holds what was read: two jobs at once, and
// whoever writes meanwhile, do each other no harm. All fields are required.
type Rewrapping struct {
	Reader    HeldReader
	Writer    Writer
	Rewrapper Rewrapper
	Clock     func() time.Time
	NewID     func() uuid.UUID // UUIDv7
	Log       *slog.Logger
	Batch     int // rows that are read, rewrapped and written together, 1 to MaxRewrapBatch

	// Pace waits until so many rows more may be moved.
	Pace func(ctx context.Context, rows int) error
	// Progress is told how far the job is, after each batch.
	Progress func(RewrapProgress)
	// Unmoved is told of each row that stays as it was, and why. Neither is
	// called twice at a time.
	Unmoved func(Held, error)
}

// RewrapProgress is how far a job is, in rows.
type RewrapProgress struct {
	Key     string
	Version int   // that the rows are moved to
	Total   int64 // found under other versions so far
	Moved   int64 // or changed by somebody else meanwhile
	Unmoved int64
}

// Done is how many rows the job is through with.
func (p RewrapProgress) Done() int64 { return p.Moved + p.Unmoved }

// HeldCounts says how many ciphertexts are under which version of which key,
// holding by holding, and which key and version are the newest.
func (r Rewrapping) HeldCounts(ctx context.Context) (counts []HeldCount, key string, newest int, err error) {
	for _, of := range Holdings() {
		some, err := r.Reader.CountHeld(ctx, of)
		if err != nil {
			return nil, "", 0, err
		}
		counts = append(counts, some...)
	}
	// Asked last: what the store holds cannot be newer.
	key, newest, err = r.Rewrapper.Newest(ctx)
	return counts, key, newest, err
}

// Run moves what there is to move. It leaves an event at its start, before
// anything is changed, and one at its end, however it ends. Rows that cannot be
// moved are told to Unmoved and are no error. ErrUnavailable: a back end was
// away for longer than the job waits; the context's error: it was stopped.
func (r Rewrapping) Run(ctx context.Context, a Actor) (RewrapProgress, error) {
	run := &rewrapRun{Rewrapping: r}
	counts, err := run.look(ctx)
	if err != nil {
		return run.progress, err
	}
	start := run.event(a, RewrapStarted, run.object())
	run.reference = start.ID
	if err := run.record(ctx, start); err != nil {
		return run.progress, err
	}
	for again := true; again && err == nil; {
		if again, err = run.pass(ctx, counts); again && err == nil {
			counts, err = run.look(ctx)
		}
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	end := fmt.Sprintf("%s;moved=%d;unmoved=%d", run.object(), run.progress.Moved, run.progress.Unmoved)
	return run.progress, errors.Join(err, run.record(ending, run.event(a, RewrapEnded, end)))
}

// rewrapRun is one run of the job.
type rewrapRun struct {
	Rewrapping
	reference uuid.UUID // for Vault's audit log: the event of the start

	mu       sync.Mutex // of progress, and of what is told
	progress RewrapProgress
}

func (r *rewrapRun) object() string {
	return fmt.Sprintf("KeyVersion:%s/%d", r.progress.Key, r.progress.Version)
}

func (r *rewrapRun) event(a Actor, action Action, object string) AuditEvent {
	e := systemEvent(a, action, r.NewID(), r.Clock().UTC().Truncate(time.Millisecond))
	e.Object = object
	return e
}

func (r *rewrapRun) record(ctx context.Context, e AuditEvent) error {
	return r.Writer.Write(ctx, func(tx Tx) error { tx.Record(e); return nil })
}

// look finds what is to be moved: all that is not under the newest version of
// the one key. A row that names another key is among it, and is refused later.
func (r *rewrapRun) look(ctx context.Context) (due []HeldCount, err error) {
	counts, key, newest, err := r.HeldCounts(ctx)
	if err != nil {
		return nil, err
	}
	r.progress.Key, r.progress.Version = key, newest
	for _, c := range counts {
		if c.Key != key || c.Version != newest {
			due = append(due, c)
			r.progress.Total += c.Rows
		}
	}
	return due, nil
}

// rewrapWorkers take turns: while one waits for the database the other waits
// for Vault.
const rewrapWorkers = 2

// pass goes through what is due once. It reports whether there may be more by
// now, written under an older version by somebody who had asked Vault before
// the rotation. After a pass that left something behind there is no other: it
// would meet the same rows.
func (r *rewrapRun) pass(ctx context.Context, due []HeldCount) (again bool, err error) {
	before := r.progress
	working, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	pages := make(chan []Held)
	var workers sync.WaitGroup
	for range rewrapWorkers {
		workers.Go(func() {
			for page := range pages {
				if err := r.move(working, page); err != nil {
					fail(err)
				}
			}
		})
	}
	err = r.read(working, due, pages)
	close(pages)
	workers.Wait()
	if cause := context.Cause(working); cause != nil {
		err = cause // rather than that the reading ended for it
	}
	return r.progress.Moved > before.Moved && r.progress.Unmoved == before.Unmoved, err
}

// read hands out what is due, page by page.
func (r *rewrapRun) read(ctx context.Context, due []HeldCount, pages chan<- []Held) error {
	for _, d := range due {
		for after := (HeldRow{}); ; {
			var page []Held
			err := r.patiently(ctx, func() (err error) {
				page, err = r.Reader.Held(ctx, d.Holding, d.Key, d.Version, after, r.Batch)
				return err
			})
			if err == nil && len(page) > 0 {
				err = r.Pace(ctx, len(page))
			}
			if err != nil {
				return err
			}
			if len(page) == 0 {
				break
			}
			select {
			case pages <- page:
			case <-ctx.Done():
				return ctx.Err()
			}
			after = page[len(page)-1].HeldRow
		}
	}
	return nil
}

// move rewraps a page and puts it back.
func (r *rewrapRun) move(ctx context.Context, page []Held) error {
	answers, err := r.rewrap(ctx, page)
	if err != nil {
		return err
	}
	moved := make([]Moved, 0, len(page))
	for i, answer := range answers {
		if answer.Err == nil {
			moved = append(moved, Moved{Held: page[i], To: answer.Ciphertext})
		}
	}
	err = r.patiently(ctx, func() error {
		return r.Writer.Maintain(ctx, func(tx KeepingTx) error { tx.Rewrap(moved); return nil })
	})
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.progress.Moved += int64(len(moved))
	for i, answer := range answers {
		if answer.Err != nil {
			r.progress.Unmoved++
			r.Unmoved(page[i], answer.Err)
		}
	}
	// Rows that came since they were counted.
	r.progress.Total = max(r.progress.Total, r.progress.Done())
	r.Progress(r.progress)
	return nil
}

func (r *rewrapRun) rewrap(ctx context.Context, page []Held) (answers []Rewrapped, err error) {
	items := make([]RewrapItem, len(page))
	for i, held := range page {
		items[i] = RewrapItem{Place: held.Place(), Ciphertext: held.Ciphertext, Reference: r.reference}
	}
	err = r.patiently(ctx, func() (err error) {
		if answers, err = r.Rewrapper.Rewrap(ctx, items); err != nil {
			return err
		}
		for _, answer := range answers {
			if errors.Is(answer.Err, ErrUnavailable) {
				return answer.Err
			}
		}
		return nil
	})
	return answers, err
}

const (
	// rewrapPatience is how long the job waits for a back end that is away: for
	// long enough that Vault or the database elects another leader.
	rewrapPatience = 30 * time.Second
	firstPause     = 250 * time.Millisecond
	longestPause   = 8 * time.Second
)

// patiently does something again while a back end is away.
func (r *rewrapRun) patiently(ctx context.Context, do func() error) error {
	pause, waited := firstPause, time.Duration(0)
	for {
		err := do()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case !errors.Is(err, ErrUnavailable) || waited >= rewrapPatience:
			return err
		}
		r.Log.LogAttrs(ctx, slog.LevelWarn, "rewrapping waits for a back end that does not answer",
			slog.Duration("pause", pause), slog.Any("error", err))
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
		waited += pause
		pause = min(2*pause, longestPause)
	}
}
