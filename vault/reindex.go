package vault

import (
	"context"
	"errors"
	"fmt"
)

// Reindexing is the job that has everybody found under the newest version of
// the index key. It goes from plan to plan, and waits after each until nobody
// writes under the one before. Look-ups and the uniqueness of what is proved
// hold throughout.
//
// Two jobs at once, and whoever writes meanwhile, do each other no harm. All
// fields are required.
type Reindexing struct {
	Job
	Reader     IndexReader
	Reindexer  Reindexer
	Normaliser Normaliser
	Catalogue  Catalogue
	// Stepped is told of each plan that the job puts in force.
	Stepped func(IndexPlan)
}

// IndexState is how far a database is on its way to a version.
type IndexState struct {
	Plan   IndexPlan
	Counts []IndexCount
	Key    string
	Newest int
}

// State looks how far the database is. ErrNotFound: it has no plan yet.
func (r Reindexing) State(ctx context.Context) (s IndexState, err error) {
	if s.Plan, err = r.Reader.IndexPlan(ctx); err != nil {
		return s, err
	}
	if s.Counts, err = r.Reader.CountIndexes(ctx); err != nil {
		return s, err
	}
	s.Key, s.Newest, err = r.Reindexer.NewestIndex(ctx)
	return s, err
}

// Run goes as far as it can. It leaves an event at its start, before anything is
// changed or decrypted, one with each plan, and one at its end, however it ends.
// Values that nothing can be computed from are told to Unmoved; they are no
// error, and hold the job up at the plan before people are found by the new
// version. Errors are as of Rewrapping.Run.
func (r Reindexing) Run(ctx context.Context, a Actor) (Progress, error) {
	run := &reindexRun{running: running{Job: r.Job, actor: a}, of: r}
	state, err := r.State(ctx)
	run.progress.Key, run.progress.Version = state.Key, state.Newest
	if err != nil {
		return run.progress, err
	}
	object := fmt.Sprintf("KeyVersion:%s/%d", state.Key, state.Newest)
	if err := run.begin(ctx, run.event(ReindexStarted, object)); err != nil {
		return run.progress, err
	}
	err = run.toward(ctx, state)
	end := fmt.Sprintf("%s;filled=%d;unfilled=%d", object, run.progress.Moved, run.progress.Unmoved)
	return run.progress, errors.Join(err, run.end(ctx, run.event(ReindexEnded, end)))
}

// reindexRun is one run of the job.
type reindexRun struct {
	running
	of Reindexing
}

// toward takes step after step. What each relies on is made sure of before it.
func (r *reindexRun) toward(ctx context.Context, state IndexState) error {
	plan := state.Plan
	for {
		if err := r.maintain(ctx, func(tx KeepingTx) { tx.SettlePlan(plan.Epoch) }); err != nil {
			return err
		}
		next, arrived := plan.Next(state.Newest)
		if arrived {
			return r.drop(ctx, plan)
		}
		if plan.Filling() {
			if filled, err := r.fill(ctx, plan.Write[0], plan.Write[1]); err != nil || !filled {
				return err
			}
		}
		if err := r.step(ctx, next); err != nil {
			return err
		}
		err := r.patiently(ctx, func() (err error) { plan, err = r.of.Reader.IndexPlan(ctx); return err })
		if err != nil {
			return err
		}
	}
}

// step puts a plan in force, unless another job was faster.
func (r *reindexRun) step(ctx context.Context, next IndexPlan) error {
	event := r.event(ReindexStepped, next.object())
	err := r.patiently(ctx, func() error {
		return r.Writer.Write(ctx, func(tx Tx) error { tx.PutPlan(next); tx.Record(event); return nil })
	})
	if errors.Is(err, ErrStale) {
		return nil
	}
	if err == nil {
		r.of.Stepped(next)
	}
	return err
}

// fill adds what lacks an index under the version to. It reports whether all of
// it has one: nobody writes under one version alone any more, so what lacks one
// only grows fewer, and a walk that meets none is proof.
func (r *reindexRun) fill(ctx context.Context, from, to int) (filled bool, err error) {
	var counts []IndexCount
	err = r.patiently(ctx, func() (err error) { counts, err = r.of.Reader.CountIndexes(ctx); return err })
	if err != nil {
		return false, err
	}
	var lacking int64
	for _, c := range counts {
		switch c.Version {
		case from:
			lacking += c.Rows
		case to:
			lacking -= c.Rows
		}
	}
	r.progress.Total += max(lacking, 0)
	for {
		found := false
		err := inPages(ctx, func(ctx context.Context, hand func([]IndexedField) error) error {
			return r.walk(ctx, counts, from, to, func(page []IndexedField) error { found = true; return hand(page) })
		}, func(ctx context.Context, page []IndexedField) error { return r.move(ctx, page, to) })
		if err != nil || !found || r.progress.Unmoved > 0 {
			return err == nil && r.progress.Unmoved == 0, err
		}
	}
}

// walk hands out what lacks an index, page by page.
func (r *reindexRun) walk(ctx context.Context, counts []IndexCount, from, to int, hand func([]IndexedField) error) error {
	for _, c := range counts {
		if c.Version != from {
			continue
		}
		for after := (BlindIndex{}); ; {
			var page, lacking []IndexedField
			err := r.patiently(ctx, func() (err error) {
				page, err = r.of.Reader.IndexedFields(ctx, c.Field, from, to, after, r.Batch)
				return err
			})
			if err != nil {
				return err
			}
			if len(page) == 0 {
				break
			}
			for _, f := range page {
				if f.Ciphertext.Text != "" {
					lacking = append(lacking, f)
				}
			}
			if len(lacking) > 0 {
				if err := r.Pace(ctx, len(lacking)); err != nil {
					return err
				}
				if err := hand(lacking); err != nil {
					return err
				}
			}
			after = page[len(page)-1].BlindIndex
		}
	}
	return nil
}

// move computes the indexes of a page, and puts them beside the old ones.
func (r *reindexRun) move(ctx context.Context, page []IndexedField, to int) error {
	fields, values, refused, err := r.read(ctx, page)
	if err != nil {
		return err
	}
	rows := make([]Reindexed, 0, len(fields))
	if len(fields) > 0 {
		var digests []Indexed
		err = r.patiently(ctx, func() (err error) {
			digests, err = r.of.Reindexer.Index(ctx, to, values)
			return unavailable(err, digests, func(d Indexed) error { return d.Err })
		})
		if err != nil {
			return err
		}
		for i, d := range digests {
			if d.Err != nil {
				refused = append(refused, refusal{fields[i].Held(), d.Err})
				continue
			}
			rows = append(rows, Reindexed{fields[i].BlindIndex, to, d.Digest, r.of.Normaliser.Version()})
		}
	}
	taken, err := r.put(ctx, rows)
	if err != nil {
		return err
	}
	r.tell(len(rows)-len(taken), 0, append(refused, taken...))
	return nil
}

// read decrypts a page and normalises it, as if the values were written now.
func (r *reindexRun) read(ctx context.Context, page []IndexedField) (fields []IndexedField, values []IndexItem, refused []refusal, err error) {
	var placed []IndexedField
	var items []DecryptItem
	for _, f := range page {
		at, err := personalPlace(f.User, f.Field)
		if err != nil {
			refused = append(refused, refusal{f.Held(), err})
			continue
		}
		placed = append(placed, f)
		items = append(items, DecryptItem{Place: at, Ciphertext: f.Ciphertext, Reference: r.reference})
	}
	if len(items) == 0 {
		return nil, nil, refused, nil
	}
	var answers []Decrypted
	err = r.patiently(ctx, func() (err error) {
		answers, err = r.of.Reindexer.Decrypt(ctx, items)
		return unavailable(err, answers, func(d Decrypted) error { return d.Err })
	})
	if err != nil {
		return nil, nil, nil, err
	}
	for i, f := range placed {
		normalised, err := r.normalise(f.Field, answers[i])
		if err != nil {
			refused = append(refused, refusal{f.Held(), err})
			continue
		}
		fields = append(fields, f)
		values = append(values, IndexItem{f.Field, NewPlain(normalised), r.reference})
	}
	return fields, values, refused, nil
}

func (r *reindexRun) normalise(code string, d Decrypted) (string, error) {
	if d.Err != nil {
		return "", d.Err
	}
	field, ok := r.of.Catalogue.Get(code)
	if !ok || !field.Indexed() {
		return "", NewError(CodeFieldNotCollected, "nobody is found by this field any more")
	}
	_, normalised, err := r.of.Normaliser.Normalise(field.Kind, d.Value.Reveal(), r.Clock())
	return normalised, err
}

// put writes a page, or each of its rows alone where the store refuses it: a
// form that is normalised otherwise today may be one that somebody else proved.
func (r *reindexRun) put(ctx context.Context, rows []Reindexed) (taken []refusal, err error) {
	fill := func(rows ...Reindexed) error {
		return r.maintain(ctx, func(tx KeepingTx) { tx.FillIndexes(rows) })
	}
	if err := fill(rows...); !errors.Is(err, ErrTaken) {
		return nil, err
	}
	for _, row := range rows {
		err := fill(row)
		if errors.Is(err, ErrTaken) {
			held := IndexedField{BlindIndex: row.BlindIndex}.Held()
			taken = append(taken, refusal{held, NewError(CodeIdentifierTaken, "another person has proved the value; release it there or here")})
		} else if err != nil {
			return taken, err
		}
	}
	return taken, nil
}

// drop removes what is under the versions before that of a plan. Nobody writes
// or finds by them.
func (r *reindexRun) drop(ctx context.Context, plan IndexPlan) error {
	for {
		var counts []IndexCount
		err := r.patiently(ctx, func() (err error) { counts, err = r.of.Reader.CountIndexes(ctx); return err })
		if err != nil {
			return err
		}
		left := false
		for _, c := range counts {
			if c.Version >= plan.Find {
				continue
			}
			left = true
			for err == nil {
				if err = r.Pace(ctx, r.Batch); err == nil {
					err = r.maintain(ctx, func(tx KeepingTx) { tx.DropIndexes(c.Field, c.Version, r.Batch) })
				}
			}
			if !errors.Is(err, ErrNotFound) {
				return err
			}
			err = nil
		}
		if !left {
			return nil
		}
	}
}
