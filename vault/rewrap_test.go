package vault

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
)

// shelves are a store of ciphertexts, and an engine that moves them by
// respelling their version.
type shelves struct {
	mu     sync.Mutex
	rows   []Held
	newest int
	events []AuditEvent
	calls  int
	fail   func(call int) error // of the engine
	item   func(Held) error     // of one of its items
	late   func()               // once, before the first batch is written
}

func (s *shelves) CountHeld(_ context.Context, of Holding) ([]HeldCount, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []HeldCount
	for version := 1; version <= 9; version++ {
		n := HeldCount{Holding: of, Key: "k", Version: version}
		for _, r := range s.rows {
			if r.Holding == of && r.Ciphertext.Version == version {
				n.Rows++
			}
		}
		if n.Rows > 0 {
			out = append(out, n)
		}
	}
	return out, nil
}

func (s *shelves) Held(_ context.Context, of Holding, _ string, version int, after HeldRow, limit int) ([]Held, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Held
	for _, r := range s.rows {
		if r.Holding == of && r.Ciphertext.Version == version && strings.Compare(r.Owner.String(), after.Owner.String()) > 0 && len(out) < limit {
			out = append(out, r)
		}
	}
	return out, nil
}

type shelvesTx struct {
	Tx
	of *shelves
}

func (tx shelvesTx) Record(events ...AuditEvent) { tx.of.events = append(tx.of.events, events...) }

func (tx shelvesTx) Rewrap(rows []Moved, changed func(int)) {
	for _, r := range rows {
		if i := slices.Index(tx.of.rows, r.Held); i >= 0 {
			tx.of.rows[i].Ciphertext = r.To
			changed(1)
		}
	}
}

func (s *shelves) Write(ctx context.Context, queue func(Tx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return queue(shelvesTx{of: s})
}

func (s *shelves) Maintain(ctx context.Context, queue func(KeepingTx) error) error {
	s.mu.Lock()
	if s.late != nil {
		s.late()
		s.late = nil
	}
	s.mu.Unlock()
	return s.Write(ctx, func(tx Tx) error { return queue(tx) })
}

func (s *shelves) Rewrap(ctx context.Context, items []RewrapItem) ([]Rewrapped, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	if err := s.fail(s.calls); err != nil {
		return nil, err
	}
	out := make([]Rewrapped, len(items))
	for i, item := range items {
		if err := s.item(Held{HeldRow: HeldRow{Owner: item.User, Field: item.Field}, Ciphertext: item.Ciphertext}); err != nil {
			out[i].Err = err
			continue
		}
		_, text, _ := strings.Cut(item.Ciphertext.Text, ":")
		out[i].Ciphertext = Ciphertext{Key: "k", Version: s.newest, Text: itoa(int64(s.newest)) + ":" + text}
	}
	return out, ctx.Err()
}

func (s *shelves) Newest(context.Context) (string, int, error) { return "k", s.newest, nil }

// moved is how many rows are under version 2.
func (s *shelves) moved() (n int) {
	for _, r := range s.rows {
		if r.Ciphertext.Version == 2 {
			n++
		}
	}
	return n
}

// shelved are n fields under version 1, with the job for them.
func shelved(n int) (*shelves, Rewrapping) {
	s := &shelves{newest: 2, fail: func(int) error { return nil }, item: func(Held) error { return nil }}
	for i := range n {
		s.rows = append(s.rows, Held{HoldingFields, HeldRow{Owner: testID(uint64(i + 1)), Field: "email"}, Ciphertext{"k", 1, "1:text"}})
	}
	ids := uint64(1000)
	return s, Rewrapping{Reader: s, Rewrapper: s, Job: Job{
		Writer: s, Batch: 3, Log: slog.New(slog.DiscardHandler),
		Clock:    func() time.Time { return morning },
		NewID:    func() uuid.UUID { ids++; return testID(ids) },
		Pace:     func(context.Context, int) error { return nil },
		Progress: func(Progress) {},
		Unmoved:  func(Held, error) {},
	}}
}

func TestRewrappingWaitsForABackEndThatIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, job := shelved(10)
		back := time.Now().Add(25 * time.Second)
		s.fail = func(int) error {
			if time.Now().Before(back) {
				return ErrUnavailable
			}
			return nil
		}
		done, err := job.Run(t.Context(), SystemActor("r"))
		if err != nil || done.Moved != 10 || s.moved() != 10 {
			t.Fatalf("%+v, %v", done, err)
		}
	})
}

func TestRewrappingGivesUpOnABackEndThatStaysAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, job := shelved(10)
		s.item = func(h Held) error {
			if h.Owner == testID(8) {
				return ErrUnavailable
			}
			return nil
		}
		start := time.Now()
		done, err := job.Run(t.Context(), SystemActor("r"))
		if !errors.Is(err, ErrUnavailable) || done.Moved > 9 || done.Moved < 6 {
			t.Fatalf("%+v, %v", done, err)
		}
		if waited := time.Since(start); waited < patience || waited > 2*patience {
			t.Errorf("after %v", waited)
		}
		if len(s.events) != 2 || s.events[1].Action != RewrapEnded {
			t.Errorf("on record: %v", s.events)
		}
	})
}

func TestRewrappingStopsWhileItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, job := shelved(10)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		s.fail = func(int) error { return ErrUnavailable }
		done, err := job.Run(ctx, SystemActor("r"))
		if !errors.Is(err, context.DeadlineExceeded) || done.Moved != 0 || len(s.events) != 2 {
			t.Fatalf("%+v, %v, %v", done, err, s.events)
		}
	})
}

// Somebody asked the engine before the rotation and writes after the job has
// passed by.
func TestWhatIsWrittenUnderTheOldVersionMeanwhileIsMovedToo(t *testing.T) {
	s, job := shelved(4)
	s.late = func() {
		s.rows = append(s.rows, Held{HoldingActors, HeldRow{Owner: testID(50)}, Ciphertext{"k", 1, "1:late"}})
		s.rows = slices.Insert(s.rows, 0, Held{HoldingFields, HeldRow{Field: "email"}, Ciphertext{"k", 1, "1:late"}})
		s.rows[0].Owner[15] = 1 // before all others
	}
	done, err := job.Run(t.Context(), SystemActor("r"))
	if err != nil || s.moved() != 6 || done.Done() != 6 || done.Total != 6 {
		t.Fatalf("%+v, %v, %v", done, err, s.rows)
	}
}

func TestAChangeMeanwhileStays(t *testing.T) {
	s, job := shelved(4)
	changed := Ciphertext{"k", 2, "2:changed"}
	s.late = func() { s.rows[0].Ciphertext = changed }
	done, err := job.Run(t.Context(), SystemActor("r"))
	if err != nil || s.rows[0].Ciphertext != changed || s.moved() != 4 {
		t.Fatalf("%v, %v", s.rows, err)
	}
	if done.Moved != 3 || done.Others != 1 || done.Done() != done.Total {
		t.Errorf("it counts %+v", done)
	}
	if end := s.events[1].Object; end != "KeyVersion:k/2;moved=3;unmoved=0" {
		t.Errorf("on record is %s", end)
	}
}

// What the process keeps for itself is counted with the rows, in the event too.
func TestWhatTheProcessKeepsIsMovedLastAndCounted(t *testing.T) {
	s, job := shelved(4)
	job.Kept = func(_ context.Context, version int) (int, error) {
		if version != 2 || s.moved() != 4 {
			t.Errorf("to version %d, after %d rows", version, s.moved())
		}
		return 2, nil
	}
	done, err := job.Run(t.Context(), SystemActor("r"))
	if err != nil || done.Moved != 6 || done.Total != 6 || s.events[1].Object != "KeyVersion:k/2;moved=6;unmoved=0" {
		t.Errorf("%+v, %v, %v", done, s.events, err)
	}
}

func TestEachRowThatStaysIsToldOnce(t *testing.T) {
	s, job := shelved(10)
	toCome := ErrUnavailable.Because(ErrKeyBehind) // which is not waited for
	s.item = func(h Held) error {
		switch h.Owner {
		case testID(2):
			return ErrUndecryptable
		case testID(9):
			return toCome
		}
		return nil
	}
	var told []string
	job.Unmoved = func(h Held, err error) { told = append(told, h.Where()+": "+err.Error()) }
	done, err := job.Run(t.Context(), SystemActor("r"))
	slices.Sort(told)
	want := []string{
		"personal_fields " + testID(2).String() + ", email: " + ErrUndecryptable.Error(),
		"personal_fields " + testID(9).String() + ", email: " + toCome.Error(),
	}
	if err != nil || !slices.Equal(told, want) || done.Moved != 8 || done.Unmoved != 2 || done.Total != 10 {
		t.Fatalf("%v, %+v, %v", told, done, err)
	}
}

func TestThePaceIsAskedForEachRow(t *testing.T) {
	s, job := shelved(10)
	var asked []int
	job.Pace = func(_ context.Context, rows int) error { asked = append(asked, rows); return nil }
	if _, err := job.Run(t.Context(), SystemActor("r")); err != nil || !slices.Equal(asked, []int{3, 3, 3, 1}) {
		t.Fatalf("%v, %v", asked, err)
	}
	enough := errors.New("enough")
	job.Pace = func(context.Context, int) error { return enough }
	s.newest = 3
	if done, err := job.Run(t.Context(), SystemActor("r")); !errors.Is(err, enough) || done.Moved != 0 {
		t.Fatalf("%+v, %v", done, err)
	}
}

func TestNothingIsRewrappedWithoutTheEventOfItsStart(t *testing.T) {
	s, job := shelved(4)
	refused := errors.New("no events today")
	job.Writer = &fakeWriter{diary: &diary{}, err: refused}
	if _, err := job.Run(t.Context(), SystemActor("r")); !errors.Is(err, refused) || s.moved() != 0 || s.calls != 0 {
		t.Fatalf("%d moved in %d calls, %v", s.moved(), s.calls, err)
	}
}

func TestARowIsNamedByItsTableAndIDs(t *testing.T) {
	user, act := testID(1), testID(2)
	for want, held := range map[string]Held{
		"personal_fields " + user.String() + ", phone":                                      {Holding: HoldingFields, HeldRow: HeldRow{Owner: user, Field: "phone"}},
		"consent_acts user " + user.String() + ", act " + act.String() + ", consentContext": {Holding: HoldingActs, HeldRow: HeldRow{Owner: user, Act: act}},
		"actors " + user.String() + ", displayName":                                         {Holding: HoldingActors, HeldRow: HeldRow{Owner: user}},
	} {
		if got := held.Where(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
