package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/kelisim/kelisim/vault"
)

const (
	tidyEvery    = 10 * time.Minute // on average
	forgetAtOnce = 500              // rows in a transaction
	forgetAtMost = 200              // transactions at a time
)

// housekeeper removes what nobody needs any more.
type housekeeper struct {
	writer vault.Writer
	clock  func() time.Time
	log    *slog.Logger
	// over erases technical data whose time is over, at most so many batches, and
	// answers how many; nil: somebody else does.
	over func(ctx context.Context, limit int) (int, error)
}

// run tidies again and again until the context ends. The pauses differ, so that
// servers that started together do not work together.
func (h housekeeper) run(ctx context.Context) {
	for {
		pause := time.NewTimer(tidyEvery/2 + rand.N(tidyEvery)) //nolint:gosec // no secret
		select {
		case <-ctx.Done():
			pause.Stop()
			return
		case <-pause.C:
		}
		if err := errors.Join(h.tidy(ctx), h.forgetTechnical(ctx)); err != nil && ctx.Err() == nil {
			h.log.LogAttrs(ctx, slog.LevelError, "housekeeping failed; it is tried again later", slog.Any("error", err))
		}
	}
}

// tidy forgets the idempotency keys whose time is over. What is too much for
// once is left to the next time.
func (h housekeeper) tidy(ctx context.Context) error {
	before := h.clock().Add(-vault.RememberFor)
	for range forgetAtMost {
		err := h.writer.Maintain(ctx, func(tx vault.KeepingTx) error { tx.Forget(before, forgetAtOnce); return nil })
		if errors.Is(err, vault.ErrNotFound) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("forgetting idempotency keys: %w", err)
		}
	}
	return nil
}

// technicalAtOnce is how many batches of technical data are erased together.
const technicalAtOnce = 200

// forgetTechnical erases technical data whose time is over.
func (h housekeeper) forgetTechnical(ctx context.Context) error {
	if h.over == nil {
		return nil
	}
	for range forgetAtMost {
		n, err := h.over(ctx, technicalAtOnce)
		if err != nil {
			return fmt.Errorf("erasing technical data: %w", err)
		}
		if n < technicalAtOnce {
			return nil
		}
	}
	return nil
}
