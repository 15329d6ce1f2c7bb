package vaulttest

import (
	"context"

	"github.com/kelisim/kelisim/vault"
)

// FaultyWriter puts faults under the use cases. Before and After are asked at
// each write with its number, from 1; an error of Before keeps the write from
// happening, an error of After loses the answer of one that happened. Either
// may be nil. It is for one goroutine at a time.
type FaultyWriter struct {
	vault.Writer
	Before, After func(n int) error

	count int
}

// Write implements vault.Writer.
func (w *FaultyWriter) Write(ctx context.Context, queue func(vault.Tx) error) error {
	return w.around(func() error { return w.Writer.Write(ctx, queue) })
}

// Maintain implements vault.Writer.
func (w *FaultyWriter) Maintain(ctx context.Context, queue func(vault.KeepingTx) error) error {
	return w.around(func() error { return w.Writer.Maintain(ctx, queue) })
}

func (w *FaultyWriter) around(write func() error) error {
	w.count++
	if w.Before != nil {
		if err := w.Before(w.count); err != nil {
			return err
		}
	}
	if err := write(); err != nil {
		return err
	}
	if w.After != nil {
		return w.After(w.count)
	}
	return nil
}
