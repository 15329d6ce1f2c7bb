package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/kelisim/kelisim/vault"
)

const (
	liveEvery  = 100 * time.Millisecond
	plainEvery = 5 * time.Second
)

// progressLine shows how far a job is: on a terminal in one line that changes,
// elsewhere in a line now and then. What it cannot write is lost: the job goes
// on.
type progressLine struct {
	to          io.Writer
	clock       func() time.Time
	live        bool
	open        bool // the line that changes has no end yet
	start, last time.Time
}

func newProgressLine(to io.Writer, clock func() time.Time) *progressLine {
	now := clock()
	return &progressLine{to: to, clock: clock, live: isTerminal(to), start: now, last: now}
}

// isTerminal reports whether somebody is at the other end of a stream.
func isTerminal(w any) bool {
	switch w := w.(type) {
	case stream: // the caller's
		return w.terminal
	case *os.File:
		info, err := w.Stat()
		if err != nil || info.Mode()&os.ModeCharDevice == 0 {
			return false
		}
		nowhere, err := os.Stat(os.DevNull) // a device as well
		return err == nil && !os.SameFile(info, nowhere)
	}
	return false
}

// anew begins the line again.
const anew = "\r\x1b[K"

func (l *progressLine) show(p vault.Progress) {
	now, every := l.clock(), plainEvery
	if l.live {
		every = liveEvery
	}
	ended := p.Done() == p.Total
	if now.Sub(l.last) < every && (!ended || !l.live) {
		return
	}
	l.last = now
	text := describe(p, now.Sub(l.start))
	switch {
	case !l.live:
		_, _ = fmt.Fprintln(l.to, text)
	case ended:
		_, _ = fmt.Fprintln(l.to, anew+text)
		l.open = false
	default:
		_, _ = fmt.Fprint(l.to, anew+text)
		l.open = true
	}
}

// say prints a line of its own.
func (l *progressLine) say(text string) {
	if l.open {
		text, l.open = anew+text, false
	}
	_, _ = fmt.Fprintln(l.to, text)
}

// end leaves the line as it is.
func (l *progressLine) end() {
	if l.open {
		l.open = false
		_, _ = fmt.Fprintln(l.to)
	}
}

// describe words the progress of a job after some time.
func describe(p vault.Progress, took time.Duration) string {
	left := "?"
	if done := p.Done(); done > 0 {
		left = time.Duration(float64(took) / float64(done) * float64(p.Total-done)).Round(time.Second).String()
	}
	text := fmt.Sprintf("%d of %d rows, %s, %s left", p.Done(), p.Total, speed(p.Done(), took), left)
	if p.Unmoved > 0 {
		text += fmt.Sprintf(", not moved: %d", p.Unmoved)
	}
	return text
}

func speed(rows int64, took time.Duration) string {
	return fmt.Sprintf("%.0f rows/s", float64(rows)/max(took, time.Millisecond).Seconds())
}
