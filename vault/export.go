package vault

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
)

// Export is a permission to fetch a copy of one's data, once. The copy is put
// together while it is fetched and is nowhere before.
type Export struct {
	ID        uuid.UUID
	User      uuid.UUID
	Request   uuid.UUID
	MadeAt    time.Time
	ExpiresAt time.Time
	UsedAt    time.Time // zero: not yet
}

// ExportFor is how long an export waits to be fetched.
const ExportFor = 24 * time.Hour

// ErrGone: an export was fetched before, or has waited too long.
var ErrGone = errors.New("the export is gone: it can be fetched once, within 24 hours; ask for a new one")

func (s *Service) newExport(r SubjectRequest) *Export {
	now := s.now()
	return &Export{ID: s.NewID(), User: r.User, Request: r.ID, MadeAt: now, ExpiresAt: now.Add(ExportFor)}
}

func (s *Service) exportEvent(a Actor, role Role, action Action, e Export, app string) AuditEvent {
	event := s.event(a, role, action)
	event.Subject, event.App, event.Object = e.User, app, "Export:"+e.ID.String()
	return event
}

// OpenExport answers an export to the person whose it is, with the person. A
// foreign one is ErrNotFound; ErrGone: there is nothing to fetch any more.
func (s *Service) OpenExport(ctx context.Context, a Actor, id uuid.UUID) (Export, *Person, error) {
	me, err := s.Me(ctx, a)
	if err != nil {
		return Export{}, nil, err
	}
	e, err := s.Reader.Export(ctx, id)
	switch {
	case err != nil:
		return e, nil, err
	case me.User == nil || me.User.ID != e.User:
		return Export{}, nil, s.refuse(ctx, a, "Export:"+id.String(), e.User, ErrNotFound)
	case !e.UsedAt.IsZero() || !s.now().Before(e.ExpiresAt):
		return e, nil, ErrGone
	}
	return e, me, nil
}

// UseExport marks an export as fetched, before the first byte leaves. ErrGone:
// somebody was first.
func (s *Service) UseExport(ctx context.Context, a Actor, e Export) error {
	event := s.exportEvent(a.as(e.User), Subject, ExportWasDownloaded, e, a.App)
	err := s.Writer.Write(ctx, func(tx Tx) error {
		tx.UseExport(e.ID, event.At)
		tx.Record(event)
		return nil
	})
	if errors.Is(err, ErrStale) {
		return ErrGone
	}
	return err
}
