package vault

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"
)

// UserChange is one change of a person's data, as they are told of it: never a
// value.
type UserChange struct {
	ID     uuid.UUID
	At     time.Time
	Action string
	By     Role // what kind of caller
	Source Source
	Fields []string
}

// changeActions are what changes a person's data.
var changeActions = []Action{UserRegistered, UserCreated, UserUpdated, UserConfirmed, ClaimIssued, UserClaimed, IdentifierVerified, IdentifierReleased}

// Changes lists what was changed of a person's data, newest first, out of the
// audit log.
func (s *Service) Changes(ctx context.Context, a Actor, user uuid.UUID, page Page) ([]UserChange, error) {
	if _, ok := a.Allowed(Subject, Support, Compliance, Auditor); !ok {
		return nil, NewError(CodeForbidden, "this role does not see who changed what")
	}
	events, err := s.Reader.Events(ctx, AuditFilter{Subject: user, Actions: changeActions}, page)
	if err != nil {
		return nil, err
	}
	out := make([]UserChange, len(events))
	for i, e := range events {
		out[i] = UserChange{ID: e.ID, At: e.At, Action: string(e.AuditEvent.Action), By: e.Role, Fields: e.Fields, Source: FromApp}
		if source, ok := strings.CutPrefix(e.Object, sourceObject); ok {
			out[i].Source = Source(source)
		}
	}
	return out, nil
}
