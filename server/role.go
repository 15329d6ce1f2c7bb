package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/kelisim/kelisim/vault/sqlstore"
)

// Two roles use a PostgreSQL database: the owner migrates, the other serves.
// Whoever takes over the server has the login of the second, which cannot
// rewrite what is on record.

// checkRole refuses to serve as a role that can.
func (sys *system) checkRole(ctx context.Context) error {
	role, found, err := sys.db.Excess(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("the database: what its user may do: %w", readable(err))
	case len(found) == 0:
		return nil
	case sys.settings.OwnerServes:
		sys.log.LogAttrs(ctx, slog.LevelWarn, "the database's user can rewrite audit events, consents and published versions; KELISIM_DATABASE_OWNER_SERVES allows it",
			slog.String("user", role))
		return nil
	}
	return errors.New(excessText(role, found))
}

// excessText says what is too much, and how to put it right.
func excessText(role string, found []sqlstore.Excess) string {
	var text strings.Builder
	fmt.Fprintf(&text, "the database's user %s can rewrite what is on record:", role)
	another := false
	for _, e := range found {
		fmt.Fprintf(&text, "\n  %s", e.What)
		if e.Undo != "" {
			fmt.Fprintf(&text, "; undo it: %s;", e.Undo)
		}
		another = another || e.Undo == ""
	}
	if another {
		text.WriteString("\nserve as another: CREATE ROLE kelisim_runtime LOGIN PASSWORD '…'; then, with this DATABASE_URL, " +
			"kelisim migrate --runtime-role kelisim_runtime; then give the server a DATABASE_URL of that role")
	}
	text.WriteString("\nor allow it with KELISIM_DATABASE_OWNER_SERVES=true; docs/operations.md tells what that gives up")
	return text.String()
}
