//go:build drill

package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

// balancer passes new connections on to the Vault that is active, as a load
// balancer does that asks sys/health. Connections that there are it leaves alone.
type balancer struct {
	net.Listener
	cluster *daemon.VaultCluster
	active  atomic.Int32
}

func balance(t *testing.T, c *daemon.VaultCluster) *balancer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &balancer{Listener: listener, cluster: c}
	b.active.Store(int32(c.Active(t.Context())))
	ctx, stop := context.WithCancel(t.Context())
	var both sync.WaitGroup
	both.Go(b.accept)
	both.Go(func() {
		poll := time.NewTicker(100 * time.Millisecond)
		defer poll.Stop()
		for ctx.Err() == nil {
			<-poll.C
			b.active.Store(int32(c.Active(ctx)))
		}
	})
	t.Cleanup(func() { stop(); _ = listener.Close(); both.Wait() })
	return b
}

func (b *balancer) accept() {
	for {
		near, err := b.Accept()
		if err != nil {
			return
		}
		node := b.active.Load()
		if node < 0 {
			_ = near.Close()
			continue
		}
		far, err := net.Dial("tcp", b.cluster.Addrs()[node][len("http://"):])
		if err != nil {
			_ = near.Close()
			continue
		}
		for _, pair := range [][2]net.Conn{{near, far}, {far, near}} {
			go func() {
				_, _ = io.Copy(pair[0], pair[1]) // how a connection ends is the others' affair
				_, _ = near.Close(), far.Close()
			}()
		}
	}
}

// resident is one person of the load, whose values one goroutine writes.
type resident struct {
	token    string
	entered  bool     // the registration was acknowledged
	possible []string // names the person may have: what was acknowledged last, and what was tried since
}

// demand is people who register, change and read themselves without a pause.
type demand struct {
	url    string
	seen   shown
	who    func(string) string
	people [][]*resident // by worker

	mu       sync.Mutex
	failures []time.Time // of what was refused for now
	wrong    []string    // everything else that went wrong
	writes   int         // acknowledged
	reads    int
}

func newDemand(w *world, workers int) *demand {
	return &demand{url: w.http.URL, seen: w.shown("ru"), who: w.subject, people: make([][]*resident, workers)}
}

// run goes on until the context ends.
func (l *demand) run(ctx context.Context) {
	var all sync.WaitGroup
	for worker := range l.people {
		all.Go(func() {
			for turn := 0; ctx.Err() == nil; turn++ {
				if turn%3 == 0 || len(l.people[worker]) == 0 {
					l.people[worker] = append(l.people[worker], &resident{token: l.who(fmt.Sprintf("%p %d %d", l, worker, turn))})
				}
				of := l.people[worker]
				one := of[turn%len(of)]
				switch {
				case !one.entered:
					l.enter(one, worker, turn)
				case turn%3 == 1:
					l.change(one, turn)
				default:
					l.read(one)
				}
			}
		})
	}
	all.Wait()
}

const (
	enterDocument  = `mutation($input: RegisterMeInput!) { registerMe(input: $input) { user { id } userErrors { code message } } }`
	changeDocument = `mutation($input: UpdateMyProfileInput!) { updateMyProfile(input: $input) { userErrors { code message } } }`
	readDocument   = `{ me { profile { givenName { state value } } } }`
)

func (l *demand) enter(one *resident, worker, turn int) {
	name := calledAfter(turn)
	one.possible = append(one.possible, name)
	l.wrote(one, enterDocument, input{
		"profile": input{"familyName": "Сағынтаева", "givenName": name, "email": fmt.Sprintf("%d-%d@dala.example", worker, turn)},
		"consent": l.seen.consent(required()),
	}, name)
}

func (l *demand) change(one *resident, turn int) {
	name := calledAfter(turn)
	one.possible = append(one.possible, name)
	l.wrote(one, changeDocument, input{"profile": input{"givenName": name}}, name)
}

// wrote makes a write; once it is acknowledged, no other name is possible.
func (l *demand) wrote(one *resident, document string, in input, name string) {
	got, err := post(l.url, one.token, document, map[string]any{"input": in})
	if !l.judge(got, err) {
		return
	}
	for _, field := range []string{"registerMe", "updateMyProfile"} {
		if refused, _ := at(got.Data, field, "userErrors").([]any); len(refused) > 0 {
			l.tell(string(got.raw))
			return
		}
	}
	one.entered, one.possible = true, []string{name}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.writes++
}

// read holds that a person's name is one of those possible.
func (l *demand) read(one *resident) {
	got, err := post(l.url, one.token, readDocument, nil)
	if !l.judge(got, err) {
		return
	}
	if why := one.misread(got); why != "" {
		l.tell(why)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reads++
}

func (one *resident) misread(got answer) string {
	if slices.Contains(one.possible, str(got.Data, "me", "profile", "givenName", "value")) {
		return ""
	}
	return fmt.Sprintf("of %q it answered %s", one.possible, got.raw)
}

// judge notes an answer that was refused for now, or is wrong, and reports
// whether it was neither.
func (l *demand) judge(got answer, err error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err != nil:
		l.wrong = append(l.wrong, err.Error())
	case got.code() == "UNAVAILABLE" || str(got.Data, "me", "profile", "givenName", "state") == "UNAVAILABLE":
		l.failures = append(l.failures, time.Now())
	case len(got.Errors) > 0:
		l.wrong = append(l.wrong, string(got.raw))
	default:
		return true
	}
	return false
}

func (l *demand) tell(wrong string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wrong = append(l.wrong, wrong)
}

// calledAfter is a name for a turn, of letters only.
func calledAfter(turn int) string {
	name := []rune("Ай")
	for _, digit := range strconv.Itoa(turn) {
		name = append(name, 'а'+digit-'0')
	}
	return string(name)
}
