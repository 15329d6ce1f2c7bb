package vault

import (
	"context"
	"errors"
	"fmt"
)

// metaHandedOver is kept once the keys were exported: the digest of the export.
const metaHandedOver = "keys.exported"

// RecordRotation leaves the event of a new version of a key.
func (s *Service) RecordRotation(ctx context.Context, a Actor, key string, version int) error {
	event := s.event(a, a.Kind(), KeysRotated)
	event.Object = fmt.Sprintf("KeyVersion:%s/%d", key, version)
	return s.record(ctx, event)
}

// RecordExport leaves the event of an export of all keys, known by the digest
// of its file, before there is such a file, and declares the copy of keys that
// it is. Keys are exported once; unless it is meant to be done again, ErrTaken
// says that they were before.
func (s *Service) RecordExport(ctx context.Context, a Actor, digest string, versions []KeyRange, again bool) (Copy, error) {
	event := s.event(a, a.Kind(), KeysExported)
	event.Object = exportObject(digest)
	c := Copy{ID: s.NewID(), Kind: CopyOfKeys, Label: exportLabel(digest), TakenAt: event.At, DeclaredAt: event.At, Versions: versions}
	declared := s.event(a, a.Kind(), BackupDeclared)
	declared.Object = c.object()
	before, err := s.HandedOver(ctx)
	if err != nil {
		return c, err
	}
	if before && !again {
		return c, ErrTaken
	}
	return c, s.Writer.Write(ctx, func(tx Tx) error {
		if !before { // two at once are one, and one refused
			tx.InsertMeta(metaHandedOver, digest)
		}
		tx.InsertCopy(c)
		tx.Record(event, declared)
		return nil
	})
}

// RecordImport leaves the event that an export's keys are in HashiCorp's Vault.
func (s *Service) RecordImport(ctx context.Context, a Actor, digest string) error {
	event := s.event(a, a.Kind(), KeysImported)
	event.Object = exportObject(digest)
	return s.record(ctx, event)
}

// HandedOver reports whether the keys were exported.
func (s *Service) HandedOver(ctx context.Context) (bool, error) {
	_, err := s.Reader.Meta(ctx, metaHandedOver)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Exported reports whether an export with this digest was made from this
// database.
func (s *Service) Exported(ctx context.Context, digest string) (bool, error) {
	page := Page{Limit: 100}
	for {
		events, err := s.Reader.Events(ctx, AuditFilter{Action: string(KeysExported)}, page)
		if err != nil {
			return false, err
		}
		for _, e := range events {
			if e.Object == exportObject(digest) {
				return true, nil
			}
		}
		if len(events) < page.Limit {
			return false, nil
		}
		page.After = events[len(events)-1].ID
	}
}

func exportObject(digest string) string { return "KeyExport:" + digest }

// exportLabel is as much of the digest as tells exports apart.
func exportLabel(digest string) string { return "export-" + digest[:min(len(digest), 8)] }
