package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kelisim/kelisim/graph"
	"github.com/kelisim/kelisim/server/identity"
)

// serving is a server on two addresses whose API does what it is told.
type serving struct {
	public, internal string
	tellToStop       context.CancelFunc
	stopped          chan error
}

func serve(t *testing.T, patience time.Duration, api http.HandlerFunc) serving {
	t.Helper()
	w := embedded(t)
	provider, err := callers{config: identity.Config{}, dev: w.dev}.provider(w.p, w.sys)
	if err != nil {
		t.Fatal(err)
	}
	e, err := newEdge(w.p, w.sys, provider, nil, graph.SchemaText())
	if err != nil {
		t.Fatal(err)
	}
	e.graphql = api
	l, err := settings{Addr: "127.0.0.1:0", InternalAddr: "127.0.0.1:0"}.listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s := serving{address(l.public), address(l.internal), cancel, make(chan error, 1)}
	go func() { s.stopped <- e.serve(ctx, l, patience) }()
	t.Cleanup(cancel)
	return s
}

// request asks the API at an address, and says how that ended.
func request(address string) chan error {
	ended := make(chan error, 1)
	go func() {
		answer, err := http.Post("http://"+address+"/graphql", "application/json", strings.NewReader(tiny))
		if err == nil {
			_, err = io.Copy(io.Discard, answer.Body)
			err = errors.Join(err, answer.Body.Close())
		}
		ended <- err
	}()
	return ended
}

func within[T any](t *testing.T, most time.Duration, what string, from <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-time.After(most):
		t.Fatalf("%s: not within %v", what, most)
	}
	return v
}

func TestARequestUnderWayIsAnsweredWithinTheDrain(t *testing.T) {
	started, finish := make(chan struct{}, 2), make(chan struct{})
	s := serve(t, time.Minute, func(http.ResponseWriter, *http.Request) { started <- struct{}{}; <-finish })
	outside, inside := request(s.public), request(s.internal)
	within(t, 10*time.Second, "a request", started)
	within(t, 10*time.Second, "another", started)
	s.tellToStop()
	for _, address := range []string{s.public, s.internal} { // both at once
		refused(t, address)
	}
	close(finish)
	for _, ended := range []chan error{outside, inside, s.stopped} {
		if err := within(t, 10*time.Second, "the end", ended); err != nil {
			t.Error(err)
		}
	}
}

// refused waits until an address takes no more connections.
func refused(t *testing.T, address string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return
		}
		_ = conn.Close()
	}
	t.Fatalf("%s takes connections", address)
}

func TestARequestThatOutlivesTheDrainLosesItsContext(t *testing.T) {
	started, noticed := make(chan struct{}, 2), make(chan struct{}, 2)
	s := serve(t, 50*time.Millisecond, func(_ http.ResponseWriter, r *http.Request) {
		started <- struct{}{}
		<-r.Context().Done()
		noticed <- struct{}{}
	})
	outside, inside := request(s.public), request(s.internal)
	within(t, 10*time.Second, "a request", started)
	within(t, 10*time.Second, "another", started)
	s.tellToStop()
	within(t, 10*time.Second, "the cut", noticed)
	within(t, 10*time.Second, "the other cut", noticed)
	if err := within(t, 10*time.Second, "the end", s.stopped); !errors.Is(err, errCutOff) {
		t.Errorf("the server ended with %v", err)
	}
	for _, caller := range []chan error{outside, inside} {
		if err := within(t, 10*time.Second, "the caller's end", caller); err != nil {
			t.Errorf("a handler that had its say was not heard: %v", err)
		}
	}
}

func TestARequestThatNoticesNothingDoesNotHoldTheServer(t *testing.T) {
	started, release := make(chan struct{}, 1), make(chan struct{})
	defer close(release)
	s := serve(t, 50*time.Millisecond, func(http.ResponseWriter, *http.Request) { started <- struct{}{}; <-release })
	caller := request(s.public)
	within(t, 10*time.Second, "the request", started)
	s.tellToStop()
	if err := within(t, 10*time.Second, "the end", s.stopped); !errors.Is(err, errCutOff) {
		t.Errorf("the server ended with %v", err)
	}
	if err := within(t, 10*time.Second, "the caller's end", caller); err == nil {
		t.Error("the caller got an answer of nobody's")
	}
}
