package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/kelisim/kelisim/vault"
)

// lines are what a job of a hundred rows shows that moves ten every step.
func lines(live bool, step time.Duration) string {
	var out bytes.Buffer
	now := time.Unix(0, 0)
	line := newProgressLine(&out, func() time.Time { return now })
	line.live = live
	for moved := int64(10); moved <= 100; moved += 10 {
		now = now.Add(step)
		line.show(vault.Progress{Total: 100, Moved: moved})
		if moved == 40 {
			line.say("something else")
		}
	}
	line.end()
	return out.String()
}

func TestOnATerminalProgressIsOneLineThatChanges(t *testing.T) {
	got := lines(true, time.Second)
	equal(t, "lines", strings.Count(got, "\n"), 2) // what else was said, and the end
	for _, want := range []string{
		"\r\x1b[K10 of 100 rows, 10 rows/s, 9s left\r\x1b[K20 of 100 rows, 10 rows/s, 8s left",
		"\r\x1b[Ksomething else\n\r\x1b[K50 of 100", "\r\x1b[K100 of 100 rows, 10 rows/s, 0s left\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in %q", want, got)
		}
	}
	equal(t, "not more often than eyes follow", strings.Count(lines(true, time.Millisecond), anew), 1)
}

func TestElsewhereProgressIsALineNowAndThen(t *testing.T) {
	equal(t, "slow", lines(false, 2*time.Second), "30 of 100 rows, 5 rows/s, 14s left\nsomething else\n"+
		"60 of 100 rows, 5 rows/s, 8s left\n90 of 100 rows, 5 rows/s, 2s left\n")
	equal(t, "quick", lines(false, time.Millisecond), "something else\n")
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	if isTerminal(f) || isTerminal(&bytes.Buffer{}) {
		t.Error("a file is taken for a terminal")
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestWhatCannotBeMovedIsCounted(t *testing.T) {
	got := describe(vault.Progress{Total: 100, Moved: 20, Unmoved: 5}, time.Second)
	equal(t, "it says", got, "25 of 100 rows, 25 rows/s, 3s left, not moved: 5")
	equal(t, "at the start", describe(vault.Progress{Total: 7}, 0), "0 of 7 rows, 0 rows/s, ? left")
}

func TestTheNullDeviceIsNoTerminal(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = null.Close() }()
	if isTerminal(null) {
		t.Error("somebody is asked there")
	}
}
