package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

// TestIdempotencyKeysAreForgottenAfterADay and not before, all of them however
// many there are.
func TestIdempotencyKeysAreForgottenAfterADay(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		const many = 2*forgetAtOnce + 1
		now := w.clock.Now()
		key := func(i int) vault.Remembered {
			return vault.Remembered{Principal: "p", Operation: "o", Key: uuid.NewSHA1(uuid.Nil, []byte{byte(i), byte(i >> 8)}).String(), Result: uuid.New(), At: now}
		}
		err := w.sys.db.Maintain(t.Context(), func(tx vault.KeepingTx) error {
			for i := range many {
				tx.Remember(key(i))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		h := housekeeper{w.sys.db, w.clock.Now, w.sys.log, nil}
		kept := func() (n int) {
			t.Helper()
			if err := h.tidy(t.Context()); err != nil {
				t.Fatal(err)
			}
			for i := range many {
				_, err := w.sys.db.Remembered(t.Context(), "p", "o", key(i).Key)
				switch {
				case err == nil:
					n++
				case !errors.Is(err, vault.ErrNotFound):
					t.Fatal(err)
				}
			}
			return n
		}
		w.clock.advance(vault.RememberFor - time.Minute)
		equal(t, "keys kept within the day", kept(), many)
		w.clock.advance(2 * time.Minute)
		equal(t, "keys kept after it", kept(), 0)
	})
}

// failing is a writer whose housekeeping fails, and is noted.
type failing struct {
	vault.Writer
	at []time.Time
}

func (f *failing) Maintain(context.Context, func(vault.KeepingTx) error) error {
	f.at = append(f.at, time.Now())
	return vault.ErrUnavailable
}

func TestHousekeepingGoesOnAfterAFailureAndStopsWithTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, writer := &lockedBuffer{}, &failing{}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			housekeeper{writer, time.Now, slog.New(slog.NewTextHandler(log, nil)), nil}.run(ctx)
		}()
		time.Sleep(100 * tidyEvery)
		cancel()
		<-ended
		if n := len(writer.at); n < 66 || n > 200 {
			t.Errorf("in 100 times %v it was tidied %d times", tidyEvery, n)
		}
		pauses := map[time.Duration]bool{}
		for i := range writer.at[1:] {
			pauses[writer.at[i+1].Sub(writer.at[i])] = true
		}
		if len(pauses) < 2 {
			t.Error("the pauses are alike")
		}
		equal(t, "failures told", strings.Count(log.String(), "level=ERROR msg=\"housekeeping failed"), len(writer.at))
	})
}

// endless is a writer in which there is always more to forget.
type endless struct {
	vault.Writer
	calls int
}

func (e *endless) Maintain(context.Context, func(vault.KeepingTx) error) error {
	e.calls++
	return nil
}

func TestHousekeepingIsBounded(t *testing.T) {
	writer := &endless{}
	if err := (housekeeper{writer, time.Now, slog.Default(), nil}).tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	equal(t, "transactions", writer.calls, forgetAtMost)
}
