package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"

	"github.com/kelisim/kelisim/vault"
)

// auditFile writes audit events as JSON lines as they commit, for whoever
// collects logs. The database is the truth: a line that cannot be written is
// reported in the log and does not undo what was committed.
type auditFile struct {
	mu    sync.Mutex
	to    io.Writer
	close func() error
	log   *slog.Logger
}

// openAuditFile opens KELISIM_AUDIT_FILE for appending; "-" is stdout, or what
// a command has in its place; empty is none.
func openAuditFile(path string, stdout io.Writer, log *slog.Logger) (*auditFile, error) {
	a := &auditFile{close: func() error { return nil }, log: log}
	switch path {
	case "":
	case "-":
		a.to = stdout
	default:
		f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, fmt.Errorf("KELISIM_AUDIT_FILE: %w", err)
		}
		a.to, a.close = f, f.Close
	}
	return a, nil
}

func (a *auditFile) write(ctx context.Context, events []vault.AuditEvent) {
	if a.to == nil {
		return
	}
	var lines []byte
	for _, e := range events {
		line, err := e.Bytes()
		if err != nil {
			a.log.LogAttrs(ctx, slog.LevelError, "an audit event could not be encoded for the audit file", slog.Any("error", err))
			continue
		}
		lines = append(append(lines, line...), '\n')
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, err := a.to.Write(lines); err != nil {
		a.log.LogAttrs(ctx, slog.LevelError, "the audit file could not be written; the events are in the database", slog.Any("error", err))
	}
}

// auditing is a Writer that copies committed events to the audit file.
type auditing struct {
	vault.Writer
	file *auditFile
}

// Write implements vault.Writer.
func (a auditing) Write(ctx context.Context, queue func(vault.Tx) error) error {
	var seen *tap
	err := a.Writer.Write(ctx, func(tx vault.Tx) error {
		seen = &tap{Tx: tx} // anew at each try
		return queue(seen)
	})
	if err == nil && seen != nil {
		a.file.write(ctx, seen.events)
	}
	return err
}

// tap notes the events that go by.
type tap struct {
	vault.Tx
	events []vault.AuditEvent
}

// Record implements vault.AuditTx.
func (t *tap) Record(events ...vault.AuditEvent) {
	t.events = append(t.events, events...)
	t.Tx.Record(events...)
}
