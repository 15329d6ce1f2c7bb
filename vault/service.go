package vault

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault/gather"
)

// Config is what the vault is made of. All of it is required.
type Config struct {
	Reader     Reader
	Writer     Writer
	Encrypter  Encrypter
	Decrypter  Decrypter // held by the reveal use case alone
	Indexer    Indexer
	Cache      Cache
	Claims     Claims
	Normaliser Normaliser
	Catalogue  Catalogue
	Access     Access
	Rules      RulePacks
	// Pepper is the key of the login digests, held in memory only.
	Pepper Pepper
	// Plan is the index plan as it was when the service was started.
	Plan IndexPlan
	// Keys watches the keys; commands that serve nobody have none.
	Keys *KeyWatch
	// Ledger keeps tombstones outside the database; nil: there is none.
	Ledger Ledger
	Clock  func() time.Time
	NewID  func() uuid.UUID // UUIDv7
	Log    *slog.Logger
}

// Service is the vault: its use cases are the methods in the files beside
// this one, one file per noun. It is safe for concurrent use.
type Service struct {
	Config
	events *gather.Gatherer[AuditEvent, error]
	plan   atomic.Pointer[IndexPlan] // the last one that was heard of
	public meter                     // of readings of public profiles
	turns  turns

	counting chan struct{} // holds who counts everybody's consents: one at a time

	mu         sync.RWMutex
	versions   map[uuid.UUID]*Version // published ones only: they never change
	colleagues map[SubjectKey]uuid.UUID
}

// recordTimeout bounds the INSERT of gathered reveal events.
const recordTimeout = 2 * time.Second

// New makes the vault.
func New(c Config) *Service {
	s := &Service{
		Config:     c,
		turns:      turns{of: map[SubjectKey]*turn{}},
		versions:   map[uuid.UUID]*Version{},
		colleagues: map[SubjectKey]uuid.UUID{},
		counting:   make(chan struct{}, 1),
	}
	s.plan.Store(&c.Plan)
	s.events = gather.New(s.recordEvents, gather.Limits{
		Items: 500, Bytes: 1 << 20, InFlight: 2, Queue: 10_000, Timeout: recordTimeout,
	}, AuditEvent.size)
	return s
}

// recordEvents is the one INSERT for the events of many callers. Should the
// store refuse it, each goes alone, so that an event that cannot be stored
// fails nobody but its own caller.
func (s *Service) recordEvents(ctx context.Context, events []AuditEvent) ([]error, error) {
	out := make([]error, len(events))
	err := s.Writer.Write(ctx, func(tx Tx) error { tx.Record(events...); return nil })
	if err == nil || len(events) == 1 || errors.Is(err, ErrUnavailable) {
		return out, err
	}
	for i, e := range events {
		out[i] = s.Writer.Write(ctx, func(tx Tx) error { tx.Record(e); return nil })
	}
	return out, nil
}

// record puts events on record; it returns once they are committed.
func (s *Service) record(ctx context.Context, events ...AuditEvent) error {
	results, err := s.events.Do(ctx, events)
	switch {
	case errors.Is(err, gather.ErrFull):
		return ErrUnavailable.Because(err)
	case err != nil:
		return err
	}
	return errors.Join(results...)
}

// now is the clock in the precision that is stored.
func (s *Service) now() time.Time { return s.Clock().UTC().Truncate(time.Millisecond) }

// attempts is how often a use case reads again when what it read changed
// before it wrote. Of two servers that change the same all the time each wins every
// other time, and of five every fifth.
const attempts = 20

// retry runs a use case's read-decide-write until nothing changed in between.
func retry[T any](ctx context.Context, do func() (T, error)) (T, error) {
	for i := 1; ; i++ {
		out, err := do()
		if !errors.Is(err, ErrStale) || i == attempts {
			if errors.Is(err, ErrStale) {
				err = ErrUnavailable.Because(err)
			}
			return out, err
		}
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
	}
}
