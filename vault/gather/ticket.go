package gather

import "context"

// ticket is one caller's Do: its items, which of them have left, and what has
// come back. The gatherer's lock guards it until done is closed.
type ticket[In, Out any] struct {
	items   []In
	next    int // items before this one have left
	answers []Out
	missing int // items without an answer yet
	flights map[*flight[In, Out]]struct{}
	ended   bool
	err     error
	done    chan struct{}
}

// settle records answers to the items from the given one on.
func (t *ticket[In, Out]) settle(from int, answers []Out) {
	if t.ended {
		return
	}
	copy(t.answers[from:], answers)
	t.missing -= len(answers)
	if t.missing == 0 {
		t.end(nil)
	}
}

func (t *ticket[In, Out]) end(err error) {
	t.ended = true
	t.err = err
	close(t.done)
}

// result is for the caller, once done is closed.
func (t *ticket[In, Out]) result() ([]Out, error) {
	if t.err != nil {
		return nil, t.err
	}
	return t.answers, nil
}

// flight is one call under way.
type flight[In, Out any] struct {
	cancel  context.CancelFunc
	items   []In
	seats   []seat[In, Out]
	callers int // who still wait for it
}

// seat says which items of a flight belong to whom, in the flight's order.
type seat[In, Out any] struct {
	ticket   *ticket[In, Out]
	from, to int
}
