package vault

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/uuid"
)

// gate is a Writer that holds every write until the test lets it through, and
// a Decrypter that looks whether the events of what it decrypts are committed.
type gate struct {
	t      *testing.T
	opened chan error // lets one write through, or makes it fail

	mu        sync.Mutex
	waiting   []int                   // how many events each write brought
	committed map[uuid.UUID]uuid.UUID // event to subject
}

func (g *gate) Write(_ context.Context, queue func(Tx) error) error {
	tx := &fakeTx{}
	if err := queue(tx); err != nil {
		return err
	}
	g.mu.Lock()
	g.waiting = append(g.waiting, len(tx.events))
	g.mu.Unlock()
	if err := <-g.opened; err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, e := range tx.events {
		g.committed[e.ID] = e.Subject
	}
	return nil
}

func (g *gate) Maintain(context.Context, func(KeepingTx) error) error { return ErrUnavailable }

func (g *gate) Decrypt(_ context.Context, items []DecryptItem) ([]Decrypted, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := make([]Decrypted, len(items))
	for i, item := range items {
		if g.committed[item.Reference] != item.User {
			g.t.Errorf("%s of %s is decrypted before its event is committed", item.Field, item.User)
		}
		out[i].Value = NewPlain(item.Field)
	}
	return out, nil
}

// readers are callers who each read one person, at the same time.
type readers struct {
	*gate
	answered map[uuid.UUID]FieldState // by person
}

// readAtOnce starts callers one after the other; none has an answer yet.
func readAtOnce(t *testing.T, n uint64) *readers {
	t.Helper()
	b := newBench()
	r := &readers{&gate{t: t, opened: make(chan error), committed: map[uuid.UUID]uuid.UUID{}}, map[uuid.UUID]FieldState{}}
	b.Writer, b.Decrypter = r, r
	for i := range n {
		p := b.person(i + 2)
		go func() {
			out, err := b.Reveal(t.Context(), aSupporter, []RevealRequest{{Person: p, Basis: aTicket, Reveal: []string{"phone"}, Fields: []Wanted{{"phone", true}}}})
			if err != nil {
				t.Error(err)
				return
			}
			r.mu.Lock()
			defer r.mu.Unlock()
			r.answered[p.User.ID] = out[0].Fields[0].State
		}()
		synctest.Wait()
	}
	return r
}

// lets one write end, and waits for all that follows from it.
func (r *readers) lets(err error) {
	r.opened <- err
	synctest.Wait()
}

// sees counts the callers who have been answered with a state.
func (r *readers) sees(state FieldState) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, s := range r.answered {
		if s == state {
			n++
		}
	}
	return n
}

// Two writes may be under way at once, so the first two callers have one each.
const (
	callers   = 12
	gathering = callers - 2
)

func TestCallersWhoComeWhileEventsAreWrittenShareTheNextWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := readAtOnce(t, callers)
		if !slices.Equal(r.waiting, []int{1, 1}) || len(r.answered) > 0 {
			t.Fatalf("%v events under way, %d callers answered", r.waiting, len(r.answered))
		}
		for _, want := range []int{1, 2, callers} {
			r.lets(nil)
			if r.sees(StatePlain) != want || len(r.committed) != want {
				t.Errorf("%d callers see plaintext, %d events are committed, want %d", r.sees(StatePlain), len(r.committed), want)
			}
		}
		if !slices.Equal(r.waiting, []int{1, 1, gathering}) {
			t.Errorf("events in each write: %v", r.waiting)
		}
	})
}

func TestOfASharedWriteThatFailsNobodySeesPlaintext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := readAtOnce(t, callers)
		r.lets(nil)
		r.lets(nil)
		r.lets(ErrUnavailable)
		if r.sees(StatePlain) != 2 || r.sees(StateUnavailable) != gathering || len(r.committed) != 2 {
			t.Errorf("%v after %d events", r.answered, len(r.committed))
		}
	})
}
