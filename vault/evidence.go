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
		over := e.over(r.report.AsOf)
		left, err := r.Reader.Traces(ctx, e.User, Evidence{})
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(left, func(c TraceCount) bool { return c.Rows > 0 && slices.Contains(over, c.Trace.Evidence()) }) {
			continue
		}
		event := systemEvent(r.actor, RetentionErased, r.NewID(), r.now())
		event.Subject, event.Object = e.User, e.object()
		err = r.Writer.Write(ctx, func(tx Tx) error {
			tx.ForgetEvidence(e.User, over)
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

// Evidence is as what a trace may stay when somebody is erased; empty: it may not.
func (t Trace) Evidence() KeptKind {
	switch t {
	case TraceFields:
		return KeptFields
	case TraceContexts:
		return KeptContexts
	default:
		return ""
	}
}
