package gather_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/kelisim/kelisim/vault/gather"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is a server that answers each number with its square, after a while,
// and remembers the calls that it got.
type bench struct {
	mu    sync.Mutex
	calls [][]int
	takes time.Duration
}

func (b *bench) call(ctx context.Context, items []int) ([]int, error) {
	b.mu.Lock()
	b.calls = append(b.calls, slices.Clone(items))
	b.mu.Unlock()
	select {
	case <-time.After(b.takes):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	answers := make([]int, len(items))
	for i, item := range items {
		answers[i] = item * item
	}
	return answers, nil
}

func (b *bench) batches() [][]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.calls)
}

// ask runs Do for a caller of its own and checks the answers when they come.
func ask(t *testing.T, g *gather.Gatherer[int, int], items ...int) {
	t.Helper()
	go func() {
		answers, err := g.Do(t.Context(), items)
		if err != nil {
			t.Errorf("Do(%v): %v", items, err)
			return
		}
		for i, item := range items {
			if answers[i] != item*item {
				t.Errorf("Do(%v) answered %v", items, answers)
				return
			}
		}
	}()
	synctest.Wait() // the caller waits now, so callers queue in a known order
}

func TestIdleServerAddsNoDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &bench{takes: time.Second}
		g := gather.New(b.call, gather.Limits{}, nil)
		start := time.Now()
		if _, err := g.Do(t.Context(), []int{3}); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != time.Second {
			t.Fatalf("a call of one second took %v", took)
		}
	})
}

func TestCallersWhoComeWhileCallsAreUnderWayShareTheNextCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &bench{takes: time.Second}
		g := gather.New(b.call, gather.Limits{InFlight: 2}, nil)
		for i := range 10 {
			ask(t, g, 2*i, 2*i+1)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		want := [][]int{{0, 1}, {2, 3}, {4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19}}
		if got := b.batches(); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("calls %v, want %v", got, want)
		}
	})
}

func TestAFurtherCallLeavesWithAsMuchAsTheOneUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &bench{takes: time.Second}
		g := gather.New(b.call, gather.Limits{InFlight: 2}, nil)
		so := func(when string, want ...[]int) {
			t.Helper()
			synctest.Wait()
			if got := b.batches(); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s: calls %v, want %v", when, got, want)
			}
		}
		ask(t, g, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
		ask(t, g, 10)
		so("a caller beside a caller", []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, []int{10})
		b.calls = nil
		for i := range 3 {
			ask(t, g, i)
		}
		time.Sleep(1500 * time.Millisecond) // the first two have landed
		so("half-way", []int{0, 1, 2})
		ask(t, g, 3)
		so("one beside three", []int{0, 1, 2})
		ask(t, g, 4, 5)
		so("three items beside three", []int{0, 1, 2}, []int{3, 4, 5})
		ask(t, g, 6)
		time.Sleep(time.Second) // both have landed
		so("in the end", []int{0, 1, 2}, []int{3, 4, 5}, []int{6})
		time.Sleep(time.Second)
		synctest.Wait()
	})
}

func TestItemsThatWaitAreCountedAndThoseUnderWayAreNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &bench{takes: time.Second}
		g := gather.New(b.call, gather.Limits{}, nil)
		for _, want := range []int{0, 3, 6} {
			ask(t, g, 1, 2, 3)
			if n := g.Waiting(); n != want {
				t.Errorf("%d items wait, want %d", n, want)
			}
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if n := g.Waiting(); n != 0 {
			t.Errorf("%d items wait, though a call took them all", n)
		}
		time.Sleep(time.Second)
		synctest.Wait()
	})
}

func TestItemsOfOneCallerAreSplitOverCallsAndAnsweredInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &bench{takes: time.Second}
		g := gather.New(b.call, gather.Limits{Items: 4}, nil)
		ask(t, g, 1, 2, 3)
		ask(t, g, 4, 5, 6, 7, 8, 9)
		ask(t, g, 10, 11)
		time.Sleep(3 * time.Second)
		synctest.Wait()
		want := [][]int{{1, 2, 3}, {4, 5, 6, 7}, {8, 9, 10, 11}}
		if got := b.batches(); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("calls %v, want %v", got, want)
		}
	})
}

func TestBytesBoundACallAndALargerItemTravelsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &bench{takes: time.Second}
		g := gather.New(b.call, gather.Limits{Bytes: 100}, func(item int) int { return item })
		ask(t, g, 1)
		ask(t, g, 60, 40, 1, 500, 99)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		want := [][]int{{1}, {60, 40}, {1}, {500}, {99}}
		if got := b.batches(); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("calls %v, want %v", got, want)
		}
	})
}

func TestCallerWhoLeavesDoesNotCancelTheCallOfTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &bench{takes: time.Second}
		g := gather.New(b.call, gather.Limits{}, nil)
		ask(t, g, 1)
		impatient, leave := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer leave()
		left := make(chan error, 1)
		go func() {
			_, err := g.Do(impatient, []int{2})
			left <- err
		}()
		synctest.Wait()
		ask(t, g, 3)
		if err := <-left; !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("the one who left got %v", err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if got := fmt.Sprint(b.batches()); got != "[[1] [2 3]]" {
			t.Fatalf("calls %v", got)
		}
	})
}

func TestItemsOfACallerWhoLeftAreNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &bench{takes: time.Second}
		g := gather.New(b.call, gather.Limits{Queue: 3}, nil)
		ask(t, g, 1)
		impatient, leave := context.WithCancel(t.Context())
		left := make(chan error, 1)
		go func() {
			_, err := g.Do(impatient, []int{2, 3})
			left <- err
		}()
		synctest.Wait()
		leave()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Fatalf("the one who left got %v", err)
		}
		ask(t, g, 4, 5, 6) // fits only when the two are out of the queue
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if got := fmt.Sprint(b.batches()); got != "[[1] [4 5 6]]" {
			t.Fatalf("calls %v", got)
		}
	})
}

func TestCallIsCancelledOnceNobodyWaitsForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		g := gather.New(func(ctx context.Context, _ []int) ([]int, error) {
			<-ctx.Done()
			ended <- ctx.Err()
			return nil, ctx.Err()
		}, gather.Limits{}, nil)
		ctx, leave := context.WithCancel(t.Context())
		go func() { _, _ = g.Do(ctx, []int{1}) }()
		synctest.Wait()
		leave()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Fatalf("the call ended with %v", err)
		}
	})
}

func TestCallEndsAfterItsTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &bench{takes: time.Hour}
		g := gather.New(b.call, gather.Limits{Timeout: 3 * time.Second}, nil)
		start := time.Now()
		_, err := g.Do(t.Context(), []int{1})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 3*time.Second {
			t.Fatalf("after %v: %v", time.Since(start), err)
		}
	})
}

func TestFullQueueRefusesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &bench{takes: time.Second}
		g := gather.New(b.call, gather.Limits{Queue: 3}, nil)
		ask(t, g, 1)
		ask(t, g, 2, 3)
		start := time.Now()
		if _, err := g.Do(t.Context(), []int{4, 5}); !errors.Is(err, gather.ErrFull) {
			t.Fatalf("got %v, want ErrFull", err)
		}
		if took := time.Since(start); took != 0 {
			t.Fatalf("the refusal took %v", took)
		}
		ask(t, g, 6) // the last place
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if got := fmt.Sprint(b.batches()); got != "[[1] [2 3 6]]" {
			t.Fatalf("calls %v", got)
		}
	})
}

func TestErrorOfACallReachesItsCallersOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failure := errors.New("down")
		g := gather.New(func(_ context.Context, items []int) ([]int, error) {
			time.Sleep(time.Second)
			if slices.Contains(items, 13) {
				return nil, failure
			}
			return items, nil
		}, gather.Limits{Items: 2}, nil)
		results := make([]error, 3)
		var all sync.WaitGroup
		for i, items := range [][]int{{1, 2}, {13, 14, 15, 16}, {17, 18}} {
			all.Go(func() { _, results[i] = g.Do(t.Context(), items) })
			synctest.Wait()
		}
		all.Wait()
		if results[0] != nil || !errors.Is(results[1], failure) || results[2] != nil {
			t.Fatalf("errors %v", results)
		}
	})
}

func TestBrokenCallStillAnswersEveryCaller(t *testing.T) {
	calls := map[string]gather.Call[string, string]{
		"panics":                 func(context.Context, []string) ([]string, error) { panic("Айгерім") },
		"panics in the runtime":  func(_ context.Context, s []string) ([]string, error) { return s[len(s)+1:], nil },
		"ends its goroutine":     func(context.Context, []string) ([]string, error) { runtime.Goexit(); return nil, nil },
		"answers too few items":  func(context.Context, []string) ([]string, error) { return nil, nil },
		"answers too many items": func(_ context.Context, s []string) ([]string, error) { return append(s, s...), nil },
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			g := gather.New(call, gather.Limits{InFlight: 1}, nil)
			var all sync.WaitGroup
			for range 20 {
				all.Go(func() {
					_, err := g.Do(t.Context(), []string{"Айгерім", "Серік"})
					if !errors.Is(err, gather.ErrBroken) {
						t.Errorf("got %v, want ErrBroken", err)
					}
					if err != nil && strings.Contains(err.Error(), "Айгерім") {
						t.Errorf("the error quotes an item: %v", err)
					}
				})
			}
			all.Wait()
		})
	}
}

func TestNothingAskedIsNothingCalled(t *testing.T) {
	b := &bench{}
	g := gather.New(b.call, gather.Limits{}, nil)
	if answers, err := g.Do(t.Context(), nil); err != nil || answers == nil || len(answers) != 0 {
		t.Fatalf("got %v, %v", answers, err)
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := g.Do(gone, []int{1}); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	if n := len(b.batches()); n != 0 {
		t.Fatalf("%d calls", n)
	}
}

// Under the race detector: callers come, go and fail at once, and nobody gets
// another's answer.
func TestManyCallersAtOnceGetTheirOwnAnswers(t *testing.T) {
	var calls atomic.Int64
	g := gather.New(func(_ context.Context, items []int) ([]int, error) {
		if calls.Add(1)%17 == 0 {
			return nil, errors.New("down")
		}
		runtime.Gosched()
		answers := make([]int, len(items))
		for i, item := range items {
			answers[i] = -item
		}
		return answers, nil
	}, gather.Limits{Items: 7, InFlight: 3}, nil)
	var all sync.WaitGroup
	for caller := range 300 {
		all.Go(func() {
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			if caller%5 == 0 {
				go leave()
			}
			items := make([]int, caller%11+1)
			for i := range items {
				items[i] = caller*100 + i
			}
			answers, err := g.Do(ctx, items)
			for i := range answers {
				if err == nil && answers[i] != -items[i] {
					t.Errorf("caller %d got %v", caller, answers)
				}
			}
		})
	}
	all.Wait()
}
