package main

import (
	"testing"
	"time"
)

func TestDecisionsADayAreBoundedAndWithdrawalsNever(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me, seen := w.subject("undecided"), w.shown("ru")
		w.register(me, nil)
		for range 50 {
			w.record(me, seen.decided("marketing", "REFUSED")).ok()
		}
		w.record(me, seen.decided("marketing", "REFUSED")).refused("TOO_MANY_CHANGES")
		w.withdraw(me, "contact").ok()
		w.clock.advance(24 * time.Hour)
		w.record(me, seen.decided("marketing", "REFUSED")).ok()
		w.record(w.subject("somebody else"), seen.decided("marketing", "REFUSED")).refused("NOT_REGISTERED")
	})
}
