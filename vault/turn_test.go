package vault

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestTurnsAreTakenOneAfterTheOtherAndNobodyIsKeptForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := &turns{of: map[SubjectKey]*turn{}}
		me, other := SubjectKey{Digest: "me"}, SubjectKey{Digest: "other"}
		first := all.take(t.Context(), me)
		all.take(t.Context(), other)() // nobody waits for another person
		var order []int
		for i := range 3 {
			go func() {
				done := all.take(t.Context(), me)
				order = append(order, i)
				done()
			}()
			synctest.Wait()
		}
		if len(order) > 0 {
			t.Errorf("%v did not wait", order)
		}
		first()
		synctest.Wait()
		if len(order) != 3 || order[0] != 0 || order[1] != 1 || order[2] != 2 {
			t.Errorf("they came in the order %v", order)
		}

		stuck := all.take(t.Context(), me)
		before := time.Now()
		all.take(t.Context(), me)()
		if waited := time.Since(before); waited != longestTurn {
			t.Errorf("waited %v for somebody who is stuck", waited)
		}
		ended, end := context.WithCancel(t.Context())
		end()
		all.take(ended, me)()
		if time.Since(before) != longestTurn {
			t.Error("a request that has ended waits")
		}
		if stuck(); len(all.of) != 0 {
			t.Errorf("%d turns are left", len(all.of))
		}
	})
}
