package vault

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
)

// MaxBatch is how many rows a job takes at a time at most: as many as go to
// Vault in one call.
const MaxBatch = 1_000

// Job is what the jobs that follow a rotation have in common. They work while
// the servers serve, and keep no place of their own: what is still to do is what
// the store says. So whoever runs one again goes on where it was stopped. All
// fields are required.
type Job struct {
	Writer Writer
	Clock  func() time.Time
	NewID  func() uuid.UUID // UUIDv7
	Log    *slog.Logger
	Batch  int // rows that are worked on together, 1 to MaxBatch

	// Pace waits until so many rows more may be worked on.
	Pace func(ctx context.Context, rows int) error
	// Progress is told how far the job is, after each batch.
	Progress func(Progress)
	// Unmoved is told of each ciphertext that nothing could be done with, and
	// why. Neither is called twice at a time.
	Unmoved func(Held, error)
}

// Progress is how far a job is, in rows.
type Progress struct {
	Key     string
	Version int   // that the rows are moved to
	Total   int64 // found so far that were not
	Moved   int64
	Others  int64 // changed by somebody else meanwhile: another job, or who wrote
	Unmoved int64
}

// Done is how many rows the job is through with.
func (p Progress) Done() int64 { return p.Moved + p.Others + p.Unmoved }

// running is a job under way.
type running struct {
	Job
	actor     Actor
	reference uuid.UUID // for Vault's audit log: the event of the start

	mu       sync.Mutex // of progress, and of what is told
	progress Progress
}

func (r *running) event(action Action, object string) AuditEvent {
	e := systemEvent(r.actor, action, r.NewID(), r.Clock().UTC().Truncate(time.Millisecond))
	e.Object = object
	return e
}

func (r *running) record(ctx context.Context, e AuditEvent) error {
	return r.Writer.Write(ctx, func(tx Tx) error { tx.Record(e); return nil })
}

// begin puts the start on record, before anything is changed.
func (r *running) begin(ctx context.Context, e AuditEvent) error {
	r.reference = e.ID
	return r.record(ctx, e)
}

// end puts the end on record, however it came.
func (r *running) end(ctx context.Context, e AuditEvent) error {
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	return r.record(ending, e)
}

// refusal is a row that stays as it is.
type refusal struct {
	Held
	why error
}

// tell counts a batch, and tells how far the job is.
func (r *running) tell(moved, others int, refused []refusal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.progress.Moved += int64(moved)
	r.progress.Others += int64(others)
	for _, one := range refused {
		r.progress.Unmoved++
		r.Unmoved(one.Held, one.why)
	}
	// Rows that came since they were counted.
	r.progress.Total = max(r.progress.Total, r.progress.Done())
	r.Progress(r.progress)
}

// workers take turns: while one waits for the database the other waits for
// Vault.
const workers = 2

// inPages hands what is read, page by page, to workers that move it.
func inPages[T any](ctx context.Context, read func(ctx context.Context, hand func([]T) error) error, move func(context.Context, []T) error) error {
	working, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	pages := make(chan []T)
	var moving sync.WaitGroup
	for range workers {
		moving.Go(func() {
			for page := range pages {
				if err := move(working, page); err != nil {
					fail(err)
				}
			}
		})
	}
	err := read(working, func(page []T) error {
		select {
		case pages <- page:
			return nil
		case <-working.Done():
			return working.Err()
		}
	})
	close(pages)
	moving.Wait()
	if cause := context.Cause(working); cause != nil {
		return cause // rather than that the reading ended for it
	}
	return err
}

const (
	// patience is how long a job waits for a back end that is away: for long
	// enough that Vault or the database elects another leader.
	patience     = 30 * time.Second
	firstPause   = 250 * time.Millisecond
	longestPause = 8 * time.Second
)

// patiently does something again while a back end is away.
func (r *running) patiently(ctx context.Context, do func() error) error {
	pause, waited := firstPause, time.Duration(0)
	for {
		err := do()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case !errors.Is(err, ErrUnavailable) || waited >= patience:
			return err
		}
		r.Log.LogAttrs(ctx, slog.LevelWarn, "the job waits for a back end that does not answer",
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

// maintain writes patiently what leaves no event.
func (r *running) maintain(ctx context.Context, queue func(KeepingTx)) error {
	return r.patiently(ctx, func() error {
		return r.Writer.Maintain(ctx, func(tx KeepingTx) error { queue(tx); return nil })
	})
}

// unavailable is the error of a call, or of one of its items that another try
// may answer. A row that names a version to come is left behind: it is no reason
// to keep all the others from moving, and another run finds it.
func unavailable[T any](err error, answers []T, of func(T) error) error {
	if err != nil {
		return err
	}
	for _, answer := range answers {
		if err := of(answer); errors.Is(err, ErrUnavailable) && !errors.Is(err, ErrKeyBehind) {
			return err
		}
	}
	return nil
}
