package vault

import (
	"context"
	"slices"

	"github.com/google/uuid"
)

// forget removes the evidence of people who were erased once its term is over.
func (r *retaining) forget(ctx context.Context, erased []User) error {
	if len(erased) == 0 || r.run.DryRun {
		return nil
	}
	ids := make([]uuid.UUID, len(erased))
	for i, u := range erased {
		ids[i] = u.ID
	}
	found, err := r.Reader.Erasures(ctx, ErasureFilter{Users: ids}, len(ids))
	if err != nil {
		return err
	}
	for _, e := range found {
		if !slices.ContainsFunc(e.Kept, func(k Kept) bool { return !k.Until.IsZero() && !k.Until.After(r.report.AsOf) }) {
			continue
		}
		left, err := r.Reader.Traces(ctx, e.User, Evidence{})
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(left, func(c TraceCount) bool { return c.Rows > 0 }) {
			continue
		}
		event := systemEvent(r.actor, RetentionErased, r.NewID(), r.now())
		event.Subject, event.Object = e.User, e.object()
		err = r.Writer.Write(ctx, func(tx Tx) error {
			tx.ForgetEvidence(e.User)
			tx.Record(event)
			return nil
		})
		if err != nil {
			return err
		}
		r.report.Evidence++
	}
	return nil
}
