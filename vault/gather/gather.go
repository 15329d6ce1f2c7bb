// Package gather turns the items of many concurrent callers into few calls.
//
// While calls are under way the next batch gathers: on an idle server an item
// leaves at once, on a busy one the items of all waiting callers share a call.
// A further call leaves beside another once as much waits as that one carries:
// calls of a like size are the fewest. There is no timer, so the delay is never
// longer than a call that is already under way.
package gather

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"
)

var (
	// ErrFull: as many items wait as may wait; the caller was refused at once.
	ErrFull = errors.New("gather: the queue is full")
	// ErrBroken: the call panicked, ended its goroutine, or answered another
	// number of items than it was given.
	ErrBroken = errors.New("gather: the call broke its contract")
)

// Limits bound the calls and the queue. Zero means no bound, except InFlight.
type Limits struct {
	Items    int           // items in one call
	Bytes    int           // bytes in one call, as measured by size; an item over it travels alone
	InFlight int           // calls under way at once; at least one
	Queue    int           // items waiting for a call, so also the most that one Do may bring
	Timeout  time.Duration // of one call
}

// Call answers every item, in order. Its context belongs to the call, not to a
// caller: it ends after Limits.Timeout, or when no caller is left waiting.
type Call[In, Out any] func(ctx context.Context, items []In) ([]Out, error)

// Gatherer collects items for one Call. It holds no goroutine while idle and
// needs no closing.
type Gatherer[In, Out any] struct {
	call   Call[In, Out]
	limits Limits
	size   func(In) int

	mu      sync.Mutex
	queue   []*ticket[In, Out] // those with items still to leave, oldest first
	waiting int                // items in the queue
	flying  int                // calls under way
	aboard  load               // in all of them
}

// New makes a gatherer. Size measures an item for Limits.Bytes and may be nil
// where there is no such limit.
func New[In, Out any](call Call[In, Out], limits Limits, size func(In) int) *Gatherer[In, Out] {
	if size == nil {
		size = func(In) int { return 0 }
	}
	limits.InFlight = max(limits.InFlight, 1)
	return &Gatherer[In, Out]{call: call, limits: limits, size: size}
}

// Do answers the items in order, together with those of other callers where
// that saves a call; the items of one caller may be spread over several. It
// returns the context's error when the caller stops waiting, which leaves the
// calls of the others alone; ErrFull; or the error of a call that held one of
// the items.
func (g *Gatherer[In, Out]) Do(ctx context.Context, items []In) ([]Out, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return []Out{}, nil
	}
	t := &ticket[In, Out]{
		items:   items,
		answers: make([]Out, len(items)),
		missing: len(items),
		flights: make(map[*flight[In, Out]]struct{}, 1),
		done:    make(chan struct{}),
	}
	if err := g.enqueue(t); err != nil {
		return nil, err
	}
	select {
	case <-t.done:
		return t.result()
	case <-ctx.Done():
		g.leave(t)
		return nil, ctx.Err()
	}
}

// Waiting is how many items wait for a call; those under way are not among them.
func (g *Gatherer[In, Out]) Waiting() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.waiting
}

func (g *Gatherer[In, Out]) enqueue(t *ticket[In, Out]) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.limits.Queue > 0 && g.waiting+len(t.items) > g.limits.Queue {
		return ErrFull
	}
	g.queue = append(g.queue, t)
	g.waiting += len(t.items)
	g.launch()
	return nil
}

// load is what calls carry.
type load struct{ callers, items int }

// worthwhile reports whether a call leaves now: beside none, or with as much as
// those under way carry on average. The lock is held.
func (g *Gatherer[In, Out]) worthwhile() bool {
	return len(g.queue) > 0 && (len(g.queue)*g.flying >= g.aboard.callers || g.waiting*g.flying >= g.aboard.items)
}

// launch sends calls while that is worthwhile and there is room for them. The
// lock is held.
func (g *Gatherer[In, Out]) launch() {
	for g.flying < g.limits.InFlight && g.worthwhile() {
		f := g.board()
		var ctx context.Context
		ctx, f.cancel = g.lifetime()
		g.flying++
		g.aboard.callers += len(f.seats)
		g.aboard.items += len(f.items)
		go g.fly(ctx, f)
	}
}

func (g *Gatherer[In, Out]) lifetime() (context.Context, context.CancelFunc) {
	if g.limits.Timeout > 0 {
		return context.WithTimeout(context.Background(), g.limits.Timeout)
	}
	return context.WithCancel(context.Background())
}

// board takes the next batch from the front of the queue: always one item, and
// more while the limits allow. The lock is held.
func (g *Gatherer[In, Out]) board() *flight[In, Out] {
	room := g.waiting
	if g.limits.Items > 0 {
		room = min(room, g.limits.Items)
	}
	f := &flight[In, Out]{items: make([]In, 0, room)}
	bytes := 0
	for len(g.queue) > 0 {
		t := g.queue[0]
		from := t.next
		for t.next < len(t.items) {
			item := t.items[t.next]
			size := g.size(item)
			if len(f.items) > 0 && g.over(len(f.items)+1, bytes+size) {
				break
			}
			f.items = append(f.items, item)
			bytes += size
			t.next++
		}
		if t.next > from {
			f.seats = append(f.seats, seat[In, Out]{ticket: t, from: from, to: t.next})
			t.flights[f] = struct{}{}
			f.callers++
			g.waiting -= t.next - from
		}
		if t.next < len(t.items) {
			break
		}
		g.queue[0] = nil
		g.queue = g.queue[1:]
	}
	return f
}

func (g *Gatherer[In, Out]) over(items, bytes int) bool {
	return g.limits.Items > 0 && items > g.limits.Items || g.limits.Bytes > 0 && bytes > g.limits.Bytes
}

// fly makes one call. Landing is deferred, so that callers get an answer even
// when the call panics or ends its goroutine.
func (g *Gatherer[In, Out]) fly(ctx context.Context, f *flight[In, Out]) {
	answers, err := []Out(nil), fmt.Errorf("%w: it ended without an answer", ErrBroken)
	defer func() {
		if cause := recover(); cause != nil {
			err = broken(cause)
		}
		f.cancel()
		g.land(f, answers, err)
	}()
	answers, err = g.call(ctx, f.items)
	if err == nil && len(answers) != len(f.items) {
		err = fmt.Errorf("%w: %d answers for %d items", ErrBroken, len(answers), len(f.items))
	}
}

// broken describes a panic by its type only, because the value may quote an
// item. The runtime's own errors never do.
func broken(cause any) error {
	if err, ok := cause.(runtime.Error); ok {
		return fmt.Errorf("%w: it panicked: %w", ErrBroken, err)
	}
	return fmt.Errorf("%w: it panicked with a %T", ErrBroken, cause)
}

func (g *Gatherer[In, Out]) land(f *flight[In, Out], answers []Out, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, s := range f.seats {
		delete(s.ticket.flights, f)
		if err != nil {
			g.fail(s.ticket, err)
			continue
		}
		taken := s.to - s.from
		s.ticket.settle(s.from, answers[:taken])
		answers = answers[taken:]
	}
	g.flying--
	g.aboard.callers -= len(f.seats)
	g.aboard.items -= len(f.items)
	g.launch()
}

// fail ends a ticket; what it still has in the queue is not sent. The lock is held.
func (g *Gatherer[In, Out]) fail(t *ticket[In, Out], err error) {
	if t.ended {
		return
	}
	t.end(err)
	g.withdraw(t)
}

// leave is a caller that stops waiting. A call goes on for the others, and is
// cancelled when there are none.
func (g *Gatherer[In, Out]) leave(t *ticket[In, Out]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if t.ended {
		return
	}
	t.end(context.Canceled)
	g.withdraw(t)
}

// withdraw takes an ended ticket out of the queue and off its flights. The
// lock is held.
func (g *Gatherer[In, Out]) withdraw(t *ticket[In, Out]) {
	for i, queued := range g.queue {
		if queued == t {
			g.queue = append(g.queue[:i:i], g.queue[i+1:]...)
			g.waiting -= len(t.items) - t.next
			break
		}
	}
	for f := range t.flights {
		if f.callers--; f.callers == 0 {
			f.cancel()
		}
	}
}
