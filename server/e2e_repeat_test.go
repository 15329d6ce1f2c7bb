package main

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/vaulttest"
)

// heldUp is the world with its next write held up; it is told when somebody is
// there, and goes on when free is called.
func (w *world) heldUp() (there <-chan struct{}, free func()) {
	w.t.Helper()
	here, on := make(chan struct{}), make(chan struct{})
	var first sync.Once
	was := w.sys.vault.Writer
	w.sys.vault.Writer = &vaulttest.FaultyWriter{Writer: was, Before: func(int) error {
		mine := false
		first.Do(func() { mine = true })
		if mine {
			close(here)
			<-on
		}
		return nil
	}}
	free = sync.OnceFunc(func() { close(on) })
	w.t.Cleanup(func() { free(); w.sys.vault.Writer = was })
	return here, free
}

// TestAnActThatIsStillUnderWaySaysSo repeats an act on another server, before the
// first is done: neither twice nor refused for good.
func TestAnActThatIsStillUnderWaySaysSo(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		other := w
		if w.name == "real servers" {
			other = w.replica()
		}
		me := w.subject("impatient")
		w.enter(me, named()).ok()
		in := input{"idempotencyKey": theKey, "consent": w.shown("ru").decided("marketing", "GIVEN")}
		const selection = `consents { id item state }`

		there, free := w.heldUp()
		first := make(chan outcome, 1)
		go func() {
			o, err := w.try(me, "recordConsent", in, selection)
			if err != nil {
				t.Error(err)
			}
			first <- o
		}()
		<-there
		start := time.Now()
		other.mutate(me, "recordConsent", in, selection).refused("IDEMPOTENCY_IN_PROGRESS@idempotencyKey")
		if waited := time.Since(start); waited < time.Second || waited > 10*time.Second {
			t.Errorf("a repetition waited for %v", waited)
		}
		another := with(in, input{"consent": w.shown("ru").decided("marketing", "REFUSED")})
		other.mutate(me, "recordConsent", another, selection).refused("IDEMPOTENCY_MISMATCH@idempotencyKey")
		free()
		done := <-first
		done.ok()
		equal(t, "what the repetition changes", w.effect(func() {
			equal(t, "its answer", fmt.Sprint(other.mutate(me, "recordConsent", in, selection).ok().payload), fmt.Sprint(done.payload))
		}), nothing)
	})
}

// TestWhoLostTheAnswerAsksAgain stops between the commit and the answer.
func TestWhoLostTheAnswerAsksAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("cut off")
		w.enter(me, named()).ok()
		in := input{"idempotencyKey": uuid.NewString(), "profile": input{"familyName": "Жаңабекова"}}
		was := w.sys.vault.Writer
		changed := w.effect(func() {
			w.sys.vault.Writer = &vaulttest.FaultyWriter{Writer: was, After: func(int) error { return vault.ErrUnavailable }}
			if _, err := w.try(me, "updateMyProfile", in, `user { revision }`); err != nil {
				t.Fatal(err)
			}
			w.sys.vault.Writer = was
			w.mutate(me, "updateMyProfile", in, `user { revision }`).ok()
			w.mutate(me, "updateMyProfile", in, `user { revision }`).ok()
		})
		equal(t, "what was changed", changed, fmt.Sprint(map[vault.Action]int{vault.UserUpdated: 1}))
	})
}
