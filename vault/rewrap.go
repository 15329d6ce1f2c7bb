package vault

import (
	"context"
	"errors"
	"fmt"
)

// Rewrapping is the job that moves stored ciphertexts to the newest version of
// their key. It sees no value: it holds neither an Encrypter nor a Decrypter.
//
// A row is changed only while it holds what was read: two jobs at once, and
// whoever writes meanwhile, do each other no harm. All fields but Kept
// are required.
type Rewrapping struct {
	Job
	Reader    HeldReader
	Rewrapper Rewrapper
	// Kept moves what the process keeps for itself to a version, once the rows are
	// moved, and answers how much it was. nil: it keeps nothing.
	Kept func(ctx context.Context, version int) (moved int, err error)
}

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
func (r Rewrapping) Run(ctx context.Context, a Actor) (Progress, error) {
	run := &rewrapRun{running: running{Job: r.Job, actor: a}, of: r}
	counts, err := run.look(ctx)
	if err != nil {
		return run.progress, err
	}
	if err := run.begin(ctx, run.event(RewrapStarted, run.object())); err != nil {
		return run.progress, err
	}
	for again := true; again && err == nil; {
		if again, err = run.pass(ctx, counts); again && err == nil {
			counts, err = run.look(ctx)
		}
	}
	if err == nil && r.Kept != nil {
		err = run.keep(ctx)
	}
	end := fmt.Sprintf("%s;moved=%d;unmoved=%d", run.object(), run.progress.Moved, run.progress.Unmoved)
	return run.progress, errors.Join(err, run.end(ctx, run.event(RewrapEnded, end)))
}

// keep moves what the process keeps for itself.
func (r *rewrapRun) keep(ctx context.Context) error {
	var moved int
	err := r.patiently(ctx, func() (err error) { moved, err = r.of.Kept(ctx, r.progress.Version); return err })
	r.progress.Total += int64(moved)
	r.tell(moved, 0, nil)
	return err
}

// rewrapRun is one run of the job.
type rewrapRun struct {
	running
	of Rewrapping
}

func (r *rewrapRun) object() string {
	return fmt.Sprintf("KeyVersion:%s/%d", r.progress.Key, r.progress.Version)
}

// look finds what is to be moved: all that is not under the newest version of
// the one key. A row that names another key is among it, and is refused later.
func (r *rewrapRun) look(ctx context.Context) (due []HeldCount, err error) {
	counts, key, newest, err := r.of.HeldCounts(ctx)
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

// pass goes through what is due once. It reports whether there may be more by
// now, written under an older version by somebody who had asked Vault before
// the rotation. After a pass that left something behind there is no other: it
// would meet the same rows.
func (r *rewrapRun) pass(ctx context.Context, due []HeldCount) (again bool, err error) {
	before := r.progress
	err = inPages(ctx, func(ctx context.Context, hand func([]Held) error) error { return r.read(ctx, due, hand) }, r.move)
	return r.progress.Done() > before.Done() && r.progress.Unmoved == before.Unmoved, err
}

// read hands out what is due, page by page.
func (r *rewrapRun) read(ctx context.Context, due []HeldCount, hand func([]Held) error) error {
	for _, d := range due {
		for after := (HeldRow{}); ; {
			var page []Held
			err := r.patiently(ctx, func() (err error) {
				page, err = r.of.Reader.Held(ctx, d.Holding, d.Key, d.Version, after, r.Batch)
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
			if err := hand(page); err != nil {
				return err
			}
			after = page[len(page)-1].HeldRow
		}
	}
	return nil
}

// move rewraps a page and puts it back.
func (r *rewrapRun) move(ctx context.Context, page []Held) error {
	placed, items, refused := r.place(page)
	answers, err := r.rewrap(ctx, items)
	if err != nil {
		return err
	}
	moved := make([]Moved, 0, len(page))
	for i, answer := range answers {
		if answer.Err == nil {
			moved = append(moved, Moved{Held: placed[i], To: answer.Ciphertext})
		} else {
			refused = append(refused, refusal{placed[i], answer.Err})
		}
	}
	changed := 0
	if err := r.maintain(ctx, func(tx KeepingTx) { tx.Rewrap(moved, func(rows int) { changed += rows }) }); err != nil {
		return err
	}
	r.tell(changed, len(moved)-changed, refused)
	return nil
}

// place tells what belongs somewhere from what does not.
func (r *rewrapRun) place(page []Held) (placed []Held, items []RewrapItem, refused []refusal) {
	for _, held := range page {
		at, err := held.place()
		if err != nil {
			refused = append(refused, refusal{held, err})
			continue
		}
		placed = append(placed, held)
		items = append(items, RewrapItem{Place: at, Ciphertext: held.Ciphertext, Reference: r.reference})
	}
	return placed, items, refused
}

func (r *rewrapRun) rewrap(ctx context.Context, items []RewrapItem) (answers []Rewrapped, err error) {
	if len(items) == 0 {
		return nil, nil
	}
	err = r.patiently(ctx, func() (err error) {
		answers, err = r.of.Rewrapper.Rewrap(ctx, items)
		return unavailable(err, answers, func(a Rewrapped) error { return a.Err })
	})
	return answers, err
}
