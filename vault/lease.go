package vault

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
)

// Lease is work that one process does at a time, over all replicas. Whoever has
// it renews it, with the place that it has come to; when it is not renewed in
// time, because its holder was stopped or is out of reach, the next one takes
// it over and goes on from that place. The clocks of the replicas have to agree
// to within seconds. What is done under a lease does no harm when two do it: a
// holder that was asleep finds out with its next renewal only.
type Lease struct {
	Name    string
	Holder  uuid.UUID // a process
	Until   time.Time
	Place   string    // how far the work is; empty: at its start
	EndedAt time.Time // when it was last done to its end; zero: never
}

// LeaseReader reads leases.
type LeaseReader interface {
	// Lease answers a lease by name; ErrNotFound: nobody has had it yet.
	Lease(ctx context.Context, name string) (Lease, error)
}

// LeaseTx queues changes of leases.
type LeaseTx interface {
	// TakeLease takes a lease that is free at a moment, at the place to which
	// its last holder came; l.Place does not count. ErrTaken: somebody has it.
	TakeLease(l Lease, now time.Time)
	// RenewLease keeps a lease until another moment, at another place. ErrTaken:
	// somebody has taken it since.
	RenewLease(l Lease)
	// EndLease gives a lease back: the work is done. ErrStale: it was lost.
	EndLease(name string, holder uuid.UUID, at time.Time)
}

// leaseFor is how long a lease lasts that is not renewed: many times as long as
// a page of the work takes.
const leaseFor = 2 * time.Minute

// lease takes a lease.
func (s *Service) lease(ctx context.Context, name string, holder uuid.UUID) (Lease, error) {
	now := s.now()
	want := Lease{Name: name, Holder: holder, Until: now.Add(leaseFor)}
	err := s.Writer.Maintain(ctx, func(tx KeepingTx) error { tx.TakeLease(want, now); return nil })
	if err != nil {
		return Lease{}, err
	}
	return s.Reader.Lease(ctx, name)
}

// renew keeps a lease, at the place that the work has come to.
func (s *Service) renew(ctx context.Context, l Lease, place string) (Lease, error) {
	l.Until, l.Place = s.now().Add(leaseFor), place
	return l, s.Writer.Maintain(ctx, func(tx KeepingTx) error { tx.RenewLease(l); return nil })
}

// release gives a lease back at the place that the work has come to.
func (s *Service) release(ctx context.Context, l Lease) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	l.Until = s.now()
	err := s.Writer.Maintain(ctx, func(tx KeepingTx) error { tx.RenewLease(l); return nil })
	if errors.Is(err, ErrTaken) {
		return nil // it was lost already
	}
	return err
}
