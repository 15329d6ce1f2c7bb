package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/kelisim/kelisim/vault"
)

// load is people and support at work on several servers while a job runs.
type load struct {
	t       *testing.T
	servers []*world
	seen    shown
	phones  *numbers
	acts    atomic.Int64
	done    chan struct{}   // one for each act, as long as somebody counts
	ctx     context.Context //nolint:containedctx // the load's life
	stop    func()

	mu    sync.Mutex
	holds map[string]string // who has a phone, as far as that is settled
}

// work does something again and again, on one server after the other.
func (l *load) work(all *sync.WaitGroup, act func(n int, here, there *world) error) {
	all.Go(func() {
		for n := 0; ; n++ {
			if l.ctx.Err() != nil {
				return
			}
			if err := act(n, l.servers[n%2], l.servers[(n+1)%2]); err != nil {
				l.t.Error(err)
				l.stop()
				return
			}
			l.acts.Add(1)
			select {
			case l.done <- struct{}{}:
			default:
			}
		}
	})
}

// await returns when so many acts were done from now on.
func (l *load) await(n int) {
	for range n {
		select {
		case <-l.done:
		case <-l.ctx.Done():
			return
		}
	}
}

// finds holds a look-up on a server against who is to be found.
func (l *load) finds(on *world, phone string, want ...string) error {
	got, err := on.finds(phone)
	if err == nil && !slices.Equal(got, want) {
		err = fmt.Errorf("by %s found %v, want %v", phone, got, want)
	}
	return err
}

func (l *load) settled(phone, id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.holds[phone] = id
}

// anybody is somebody who is settled.
func (l *load) anybody() (phone, id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for phone, id := range l.holds {
		return phone, id
	}
	return "", ""
}

// registers has somebody come on one server, who is found on the other.
func (l *load) registers(_ int, here, there *world) error {
	phone := l.phones.next()
	id, refused, err := here.enters(here.subject("newcomer "+phone), phone, l.seen)
	if err != nil || len(refused) > 0 {
		return fmt.Errorf("registering with %s: %v, %w", phone, refused, err)
	}
	if err := l.finds(there, phone, id); err != nil {
		return fmt.Errorf("a newcomer: %w", err)
	}
	l.settled(phone, id)
	return nil
}

// changes has somebody come and change their phone on the other server.
func (l *load) changes(_ int, here, there *world) error {
	was, is := l.phones.next(), l.phones.next()
	token := here.subject("mover " + was)
	id, refused, err := here.enters(token, was, l.seen)
	if err != nil || len(refused) > 0 {
		return fmt.Errorf("registering with %s: %v, %w", was, refused, err)
	}
	o, err := there.try(token, "updateMyProfile", input{"profile": input{"phone": is}}, "")
	if err != nil || len(o.Errors) > 0 || len(o.refusals()) > 0 {
		return fmt.Errorf("changing %s: %s, %w", was, o.raw, err)
	}
	for _, server := range l.servers {
		if err := l.finds(server, was); err != nil {
			return fmt.Errorf("what was changed: %w", err)
		}
		if err := l.finds(server, is, id); err != nil {
			return fmt.Errorf("what it was changed to: %w", err)
		}
	}
	l.settled(is, id)
	return nil
}

// verifies has support mark a phone as proved: nobody else can prove it then.
func (l *load) verifies(_ int, here, there *world) error {
	phone := l.phones.next()
	id, refused, err := here.enters(here.subject("known "+phone), phone, l.seen)
	if err != nil || len(refused) > 0 {
		return fmt.Errorf("registering with %s: %v, %w", phone, refused, err)
	}
	o, err := there.try(there.staff(vault.Support), "verifyIdentifier", input{"user": id, "field": "PHONE", "basis": ticket()}, "")
	if err != nil || len(o.Errors) > 0 || len(o.refusals()) > 0 {
		return fmt.Errorf("verifying %s: %s, %w", phone, o.raw, err)
	}
	_, refused, err = here.enters(here.verified("thief of "+phone, phone), phone, l.seen)
	if err != nil || !slices.Equal(refused, []string{"IDENTIFIER_TAKEN@profile.phone"}) {
		return fmt.Errorf("proving %s, which is proved: %v, %w", phone, refused, err)
	}
	l.settled(phone, id)
	return nil
}

// looks finds anybody.
func (l *load) looks(_ int, here, _ *world) error {
	phone, id := l.anybody()
	return l.finds(here, phone, id)
}

// Two servers work while the job steps from plan to plan: everybody is found at
// every moment, and of two who prove the same value one is believed.
func TestWhileIndexesFollowARotationEverybodyIsFoundAndProofsStayUnique(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		l := &load{
			t: t, servers: w.servers(), seen: w.shown("ru"), phones: &numbers{},
			holds: map[string]string{}, done: make(chan struct{}),
		}
		l.ctx, l.stop = context.WithCancel(t.Context())
		defer l.stop()
		for range 20 {
			if err := l.registers(0, w, w); err != nil {
				t.Fatal(err)
			}
		}
		owners := map[string]string{}
		prove := func() {
			t.Helper()
			phone := l.phones.next()
			owners[phone] = proves(t, l.servers, phone, l.seen)
		}
		prove()
		w.rotate(indexKey)
		var working sync.WaitGroup
		for _, act := range []func(int, *world, *world) error{l.registers, l.changes, l.verifies, l.looks, l.looks} {
			l.work(&working, act)
		}
		job, unmoved := w.reindexing(8)
		job.Pace = func(context.Context, int) error { l.await(3); return nil }
		job.Stepped = func(vault.IndexPlan) { prove(); l.await(5); prove() }
		_, err := job.Run(t.Context(), w.p.systemActor())
		prove()
		l.stop()
		working.Wait()
		if err != nil || len(unmoved) > 0 {
			t.Fatalf("%v, %v", err, unmoved)
		}
		equal(t, "the plan", w.plan(), "[2] 2")
		if versions := w.indexed(); len(versions) != 1 || versions[2] < int64(len(l.holds)) {
			t.Errorf("indexes by version: %v", versions)
		}
		for phone, id := range l.holds {
			if err := l.finds(l.servers[len(owners)%2], phone, id); err != nil {
				t.Error(err)
			}
		}
		for phone, id := range owners {
			if err := l.finds(w, phone, id); err != nil {
				t.Error(err)
			}
			w.enter(w.verified("late thief of "+phone, phone), input{"phone": phone}).refused("IDENTIFIER_TAKEN@profile.phone")
		}
		if l.acts.Load() < 30 || strings.Contains(w.log.String(), "level=ERROR") {
			t.Errorf("%d acts, %s", l.acts.Load(), w.log.String())
		}
		t.Logf("%d acts while the job ran, %d people", l.acts.Load(), len(l.holds))
	})
}

// A server that nobody asked anything while the job went all the way is three
// plans behind, and the version that it knows may be retired. It follows at
// once, whatever it is asked first.
func TestAServerThatSleptThroughAReindexingFollowsAtItsFirstAct(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		phones := &numbers{}
		known, proved := phones.next(), phones.next()
		me := w.subject("sleeper's friend")
		id := w.register(me, input{"phone": known})
		owner := w.register(w.verified("owner", proved), input{"phone": proved})
		find := func() { same(t, "found", w.found(input{"phone": known}), []string{id}) }
		come := func() {
			phone := phones.next()
			newcomer := w.register(w.subject("newcomer "+phone), input{"phone": phone})
			same(t, "the newcomer", w.found(input{"phone": phone}), []string{newcomer})
		}
		for i, act := range []func(){
			find, come, find, come,
			func() {
				phone := phones.next()
				w.update(me, input{"phone": phone}).ok()
				same(t, "changed", w.found(input{"phone": phone}), []string{id})
				same(t, "changed from", w.found(input{"phone": known}), []string{})
			},
			func() {
				w.enter(w.verified("thief", proved), input{"phone": proved}).refused("IDENTIFIER_TAKEN@profile.phone")
				same(t, "proved", w.found(input{"phone": proved}), []string{owner})
			},
			func() {
				w.release(w.staff(vault.Support), owner, "PHONE", "SUP-1").ok()
				heir := w.register(w.verified("heir", proved), input{"phone": proved})
				same(t, "released and proved", w.found(input{"phone": proved}), []string{heir, owner})
			},
			func() {
				w.update(w.verified("heir", proved), input{"phone": proved}).ok() // sent again, it is no change
				equal(t, "still proved", w.own(w.subject("heir"), "phone")["phone"], proved+" (verified)")
			},
		} {
			w.rotate(indexKey)
			version := i + 2
			job, _ := w.reindexing(10)
			w.reindex(job)
			equal(t, "the plan", w.plan(), fmt.Sprintf("[%[1]d] %[1]d", version))
			if w.vault != nil && i < 2 { // where the version still works, the store has to tell
				w.vault.Write("keys/"+indexKey+"/config", map[string]any{"min_decryption_version": version, "min_encryption_version": version})
			}
			act()
			if versions := w.indexed(); len(versions) != 1 || versions[version] == 0 {
				t.Errorf("indexes by version: %v", versions)
			}
		}
	})
}
