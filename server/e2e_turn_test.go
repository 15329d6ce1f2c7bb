package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

// People register, change, read and are looked up on two replicas while the
// security team turns both keys over, from the rotation to the retirement.
// Nobody gets a wrong answer, and nobody an error.
func TestKeysTurnUnderLoadAndNobodyNotices(t *testing.T) {
	w := onServers(t)
	everybody := &town{replicas: [2]*world{w, w.replica()}}
	everybody.settle(20)
	ctx, stop := context.WithCancel(t.Context())
	var working sync.WaitGroup
	for _, work := range []func(ctx context.Context, n int) error{everybody.newcomer, everybody.newcomer, everybody.owner, everybody.owner, everybody.staff, everybody.rivals} {
		working.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				if err := work(ctx, n); err != nil {
					everybody.failed.Add(1)
					t.Error(err)
				}
			}
		})
	}
	for _, step := range []struct {
		name string
		turn func()
	}{
		{"before", func() {}},
		{"rotate", func() { w.rotate(pii); w.rotate(indexKey) }},
		{"rewrap", func() { w.operate("", "rewrap", "--batch", "20") }},
		{"reindex", func() { w.operate("", "reindex", "--batch", "20") }},
		{"retire", func() {
			// So that the command does not wait for what may still be under way half
			// a minute after a rotation: here nothing takes that long.
			w.clock.advance(time.Minute)
			for _, key := range []string{pii, indexKey} {
				w.operate(w.vault.Token, "keys", "retire", "--key", key, "--below", "2")
			}
		}},
		{"after", func() {}},
	} {
		step.turn()
		t.Logf("%-8s %5d requests, %d failed", step.name, everybody.during(time.Second), everybody.failed.Load())
	}
	stop()
	working.Wait()
	everybody.check(t)
	for version, rows := range w.held() {
		if version != 2 {
			t.Errorf("%d rows are under version %d", rows, version)
		}
	}
	for _, key := range []string{pii, indexKey} {
		equal(t, key, w.state(key).MinDecryption, 2)
	}
	daemon.Ran(t, "PostgreSQL")
	daemon.Ran(t, "HashiCorp Vault")
}

// operate runs a command of the security team on the world's back ends, as a
// process of its own would, with a person's token or a job's login.
func (w *world) operate(token string, args ...string) {
	w.t.Helper()
	variables := map[string]string{
		"KELISIM_DATA": w.s.Data, "DATABASE_URL": w.s.DatabaseURL, "VAULT_ADDR": w.s.VaultAddr, "KELISIM_TRANSIT_MOUNT": w.s.TransitMount,
		"KELISIM_REWRAP_TOKEN_FILE": w.s.RewrapLogin.TokenFile, "KELISIM_REINDEX_TOKEN_FILE": w.s.ReindexLogin.TokenFile,
		"VAULT_TOKEN": token,
	}
	var out, said bytes.Buffer
	p := *w.p
	p.out, p.err, p.variables = &out, &said, variables
	if status := run(&p, args); status != 0 {
		w.t.Fatalf("kelisim %s: status %d: %s%s", strings.Join(args, " "), status, out.String(), said.String())
	}
}

// town is what people and colleagues do, and what the answers have to be.
type town struct {
	replicas [2]*world
	requests atomic.Int64
	failed   atomic.Int64
	phones   atomic.Int64 // given out so far

	mu      sync.Mutex
	people  []*citizen
	support string // tokens
	officer string
	shown   shown // what everybody agrees to
}

// citizen is a person with what is true of them. Who works on one holds it.
type citizen struct {
	mu                     sync.Mutex
	token, id, phone, home string
}

// settle registers those who are there from the beginning.
func (l *town) settle(n int) {
	l.support, l.officer = l.replicas[0].staff(vault.Support), l.replicas[0].staff(vault.Compliance)
	l.shown = l.replicas[0].shown("ru")
	for i := range n {
		if err := l.newcomer(context.Background(), i); err != nil {
			l.replicas[0].t.Fatal(err)
		}
	}
}

// during lets the work go on for some time, and counts it.
func (l *town) during(d time.Duration) int64 {
	before := l.requests.Load()
	<-time.After(d) // the load is what is waited for
	return l.requests.Load() - before
}

func (l *town) phone() string { return fmt.Sprintf("+7701%07d", 5_000_000+l.phones.Add(1)) }

// on is a replica, one as often as the other.
func (l *town) on(n int) *world { return l.replicas[n%len(l.replicas)] }

// ask sends a request that must be answered without any error.
func (l *town) ask(w *world, token, query string, variables input) (any, error) {
	l.requests.Add(1)
	a, err := post(w.http.URL, token, query, variables)
	if err == nil && (len(a.Errors) > 0 || a.status != 200) {
		err = fmt.Errorf("status %d: %s", a.status, a.raw)
	}
	return a.Data, err
}

// change is ask for a mutation that must be carried out.
func (l *town) change(w *world, token, name string, in input) (any, error) {
	l.requests.Add(1)
	o, err := w.try(token, name, in, "user { id }")
	if err == nil && (len(o.Errors) > 0 || o.status != 200 || len(o.refusals()) > 0) {
		err = fmt.Errorf("status %d: %s", o.status, o.raw)
	}
	return o.payload, err
}

// finds looks a phone up, and says whose it is.
func (l *town) finds(w *world, phone string, want ...string) error {
	data, err := l.ask(w, l.support, `query($p: String!) { findUsers(by: {phone: $p}) { id } }`, input{"p": phone})
	if got := pluck(data, "id", "findUsers"); err == nil && !slices.Equal(got, want) {
		err = fmt.Errorf("a phone finds %v, not %v", got, want)
	}
	return err
}

// newcomer registers with a phone that the provider verified, is found by it,
// changes it, and is found by the other one only; each on the other replica.
func (l *town) newcomer(_ context.Context, n int) error {
	here, there := l.on(n), l.on(n+1)
	phone := l.phone()
	r := &citizen{token: here.verified("newcomer "+phone, phone), phone: phone, home: phone}
	payload, err := l.change(here, r.token, "registerMe", input{
		"profile": input{"familyName": "Сағынтаева", "phone": r.phone, "postalAddress": r.home}, "consent": l.shown.consent(required()),
	})
	if err != nil {
		return fmt.Errorf("registering: %w", err)
	}
	r.id = str(payload, "user", "id")
	if err := l.finds(there, r.phone, r.id); err != nil {
		return fmt.Errorf("after registering: %w", err)
	}
	old := r.phone
	r.phone = l.phone()
	if _, err := l.change(there, r.token, "updateMyProfile", input{"profile": input{"phone": r.phone}}); err != nil {
		return fmt.Errorf("changing the phone: %w", err)
	}
	if err := errors.Join(l.finds(here, r.phone, r.id), l.finds(here, old)); err != nil {
		return fmt.Errorf("after changing the phone: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.people = append(l.people, r)
	return nil
}

// some is one of the people, for the caller alone until done.
func (l *town) some(n int) (r *citizen, done func()) {
	l.mu.Lock()
	r = l.people[(n*7919)%len(l.people)]
	l.mu.Unlock()
	r.mu.Lock()
	return r, r.mu.Unlock
}

// owner changes an address on one replica and reads it on the other.
func (l *town) owner(_ context.Context, n int) error {
	r, done := l.some(n)
	defer done()
	home := fmt.Sprintf("Алматы, %d", n)
	if _, err := l.change(l.on(n), r.token, "updateMyProfile", input{"profile": input{"postalAddress": home}}); err != nil {
		return fmt.Errorf("changing an address: %w", err)
	}
	r.home = home
	return l.reads(l.on(n+1), r)
}

// reads compares what a person reads of themselves with what is true.
func (l *town) reads(w *world, r *citizen) error {
	data, err := l.ask(w, r.token, `{ me { profile { familyName { value } phone { value } postalAddress { value } } } }`, nil)
	if err != nil {
		return fmt.Errorf("reading oneself: %w", err)
	}
	for name, want := range map[string]string{"familyName": "Сағынтаева", "phone": r.phone, "postalAddress": r.home} {
		if got := str(data, "me", "profile", name, "value"); got != want {
			return fmt.Errorf("%s is %q, not %q", name, got, want)
		}
	}
	return nil
}

// staff finds somebody by phone and reads a value of theirs.
func (l *town) staff(_ context.Context, n int) error {
	r, done := l.some(n)
	defer done()
	if err := l.finds(l.on(n), r.phone, r.id); err != nil {
		return fmt.Errorf("support: %w", err)
	}
	data, err := l.ask(l.on(n+1), l.officer, `query($id: ID!) { user(id: $id) { profile(basis: {legal: {reference: "ART-8"}}) { postalAddress { value } } } }`, input{"id": r.id})
	if got := str(data, "user", "profile", "postalAddress", "value"); err == nil && got != r.home {
		err = fmt.Errorf("the officer reads %q, not %q", got, r.home)
	}
	return err
}

// rivals claim one phone at once, each on another replica: both proved it, and
// one gets it.
func (l *town) rivals(_ context.Context, n int) error {
	phone := l.phone()
	var outcomes [2]outcome
	var failures [2]error
	var both sync.WaitGroup
	for i := range outcomes {
		both.Go(func() {
			l.requests.Add(1)
			token := l.on(n+i).verified(fmt.Sprintf("rival %d %s", i, phone), phone)
			outcomes[i], failures[i] = l.on(n+i).try(token, "registerMe", input{"profile": input{"phone": phone}, "consent": l.shown.consent(required())}, "user { id }")
		})
	}
	both.Wait()
	if err := errors.Join(failures[:]...); err != nil {
		return err
	}
	winner, taken := "", 0
	for _, o := range outcomes {
		switch refusals := o.refusals(); {
		case len(o.Errors) == 0 && len(refusals) == 0:
			winner = str(o.payload, "user", "id")
		case slices.Equal(refusals, []string{"IDENTIFIER_TAKEN@profile.phone"}):
			taken++
		default:
			return fmt.Errorf("a rival: status %d: %s", o.status, o.raw)
		}
	}
	if winner == "" || taken != 1 {
		return fmt.Errorf("of two rivals %d were refused", taken)
	}
	return l.finds(l.on(n), phone, winner)
}

// check reads everybody once more, on both replicas.
func (l *town) check(t *testing.T) {
	t.Helper()
	for n, r := range l.people {
		if err := errors.Join(l.reads(l.on(n), r), l.finds(l.on(n+1), r.phone, r.id)); err != nil {
			t.Errorf("in the end: %v", err)
		}
	}
	t.Logf("%d people, %d requests, %d failed", len(l.people), l.requests.Load(), l.failed.Load())
}
