package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/ledger"
)

// ledgerFolder is where tombstones are kept outside the database; empty:
// nowhere. In development that is the data folder, which later commands find.
func (s settings) ledgerFolder(dev bool) string {
	if s.ErasureLedger != "" {
		return s.ErasureLedger
	}
	folder := s.in("erasures")
	if _, err := os.Stat(folder); dev || err == nil {
		return folder
	}
	return ""
}

// openLedger gives the vault its ledger.
func (sys *system) openLedger(config *vault.Config, instance uuid.UUID, dev bool) error {
	folder := sys.settings.ledgerFolder(dev)
	if folder == "" {
		return nil
	}
	l, err := ledger.Open(ledger.Options{Folder: folder, Database: instance, NewID: config.NewID, Log: sys.log})
	if err != nil {
		return fmt.Errorf("KELISIM_ERASURE_LEDGER: %w", err)
	}
	sys.closers = append(sys.closers, l.Close)
	config.Ledger = l
	return nil
}

// openLedgerIf is openLedger for a command, which does without where there is
// none.
func (sys *system) openLedgerIf(ctx context.Context) error {
	if sys.vault.Ledger != nil { // the server's
		return nil
	}
	t, err := readTies(ctx, sys.db)
	if errors.Is(err, vault.ErrNotFound) {
		return nil // no server was started yet: there is nobody to erase
	}
	if err != nil {
		return readable(err)
	}
	config := sys.vault.Config
	if err := sys.openLedger(&config, t.Instance, false); err != nil {
		return err
	}
	sys.vault = vault.New(config)
	return nil
}

// checkErased stops a start on a database that has people who were erased: it
// comes from a copy that is older.
func (sys *system) checkErased(ctx context.Context) error {
	if sys.vault.Ledger == nil {
		sys.log.LogAttrs(ctx, slog.LevelWarn, "KELISIM_ERASURE_LEDGER is not set: once this database is restored from a copy, nobody notices who was erased since")
		return nil
	}
	back, err := sys.vault.Unburied(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("KELISIM_ERASURE_LEDGER: %w", readable(err))
	case len(back) > 0:
		return fmt.Errorf("the database was restored from a copy that is older than what the erasure ledger knows; it still has people who were erased: %d. "+
			"Run kelisim erase replay, which erases them again, and start then", len(back))
	}
	again, err := sys.vault.Rebury(ctx)
	switch {
	case err != nil:
		sys.log.LogAttrs(ctx, slog.LevelError, "the erasure ledger lacks what it once had, and could not be completed", slog.Any("error", err))
	case again > 0:
		sys.log.LogAttrs(ctx, slog.LevelError, "the erasure ledger lacked tombstones that it once had; they are in it again. Find out who cut its files", slog.Int("tombstones", again))
	}
	// What an earlier server did not come to. It is tried again while serving.
	if _, err := sys.vault.Bury(ctx); err != nil {
		sys.log.LogAttrs(ctx, slog.LevelError, "the erasure ledger could not be brought up to date", slog.Any("error", err))
	}
	return nil
}

// buryEvery is how often, on average, tombstones are looked for that are not in
// the ledger yet.
const buryEvery = time.Minute

// keepLedger buries what could not be buried when somebody was erased, and
// shows how the erasures stand, until the context ends.
func (sys *system) keepLedger(ctx context.Context) {
	for {
		missing, err := sys.vault.Bury(ctx)
		if err != nil && ctx.Err() == nil {
			sys.log.LogAttrs(ctx, slog.LevelError, "the erasure ledger could not be brought up to date", slog.Any("error", err))
		}
		if erased, countErr := sys.vault.CountUsers(ctx, vault.UserFilter{Status: vault.StatusErased}); errors.Join(err, countErr) == nil || missing > 0 {
			sys.metrics.erasures(erased, missing)
		}
		pause := time.NewTimer(buryEvery/2 + rand.N(buryEvery)) //nolint:gosec // no secret
		select {
		case <-ctx.Done():
			pause.Stop()
			return
		case <-pause.C:
		}
	}
}
