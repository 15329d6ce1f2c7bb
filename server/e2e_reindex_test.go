package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/keyring"
)

// reindexing is the job on the world's back ends, with the login that the
// command line has. What it leaves behind ends up in unmoved.
func (w *world) reindexing(batch int) (job vault.Reindexing, unmoved map[vault.HeldRow]error) {
	w.t.Helper()
	unmoved = map[vault.HeldRow]error{}
	var r vault.Reindexer
	if w.vault == nil {
		k, ok := w.sys.engine.state.(*keyring.Keyring)
		if !ok {
			w.t.Fatalf("the embedded engine is a %T", w.sys.engine.state)
		}
		r = k.Reindexer()
	} else {
		login, err := w.p.openReindexer(w.s, mode{})
		if err != nil {
			w.t.Fatal(err)
		}
		r = login.Reindexer
	}
	return reindexing(w.job(batch, unmoved), w.sys, r), unmoved
}

// reindex carries the job to its end.
func (w *world) reindex(job vault.Reindexing) vault.Progress {
	w.t.Helper()
	done, err := job.Run(context.Background(), w.p.systemActor())
	if err != nil {
		w.t.Fatal(err)
	}
	return done
}

// servers are two where they share their keys, and the same one twice where the
// embedded engine has them.
func (w *world) servers() []*world {
	if w.vault == nil {
		return []*world{w, w}
	}
	return []*world{w, w.replica()}
}

func (w *world) indexed() (versions map[int]int64) {
	w.t.Helper()
	counts, err := w.sys.db.CountIndexes(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	versions = map[int]int64{}
	for _, c := range counts {
		versions[c.Version] += c.Rows
	}
	return versions
}

func (w *world) plan() string {
	w.t.Helper()
	plan, err := w.sys.db.IndexPlan(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	return fmt.Sprint(plan.Write, " ", plan.Find)
}

// finds is who support finds by a phone, for goroutines.
func (w *world) finds(phone string) (ids []string, err error) {
	a, err := post(w.http.URL, w.staff(vault.Support), `query($p: String!) { findUsers(by: {phone: $p}) { id } }`, map[string]any{"p": phone})
	if err == nil && len(a.Errors) > 0 {
		err = fmt.Errorf("looking up: %s", a.raw)
	}
	return pluck(a.Data, "id", "findUsers"), err
}

// enters registers somebody with a phone, for goroutines.
func (w *world) enters(token, phone string, seen shown) (id string, refused []string, err error) {
	o, err := w.try(token, "registerMe", input{"profile": with(named(), input{"phone": phone}), "consent": seen.consent(required())}, `user { id }`)
	if err == nil && len(o.Errors) > 0 {
		err = fmt.Errorf("registering: %s", o.raw)
	}
	return str(o.payload, "user", "id"), o.refusals(), err
}

// numbers are phones that nobody has yet.
type numbers struct{ n atomic.Int64 }

func (n *numbers) next() string { return fmt.Sprintf("+77475%06d", n.n.Add(1)) }

// proves has two people prove one value at the same time, on two servers.
// Exactly one of them is to be believed.
func proves(t *testing.T, servers []*world, phone string, seen shown) (winner string) {
	t.Helper()
	outcomes := together(t, 2, func(i int) (outcome, error) {
		token := servers[i].verified("prover "+strconv.Itoa(i)+" of "+phone, phone)
		return servers[i].try(token, "registerMe", input{"profile": with(named(), input{"phone": phone}), "consent": seen.consent(required())}, `user { id }`)
	})
	var said []string
	for _, o := range outcomes {
		if id := str(o.payload, "user", "id"); id != "" {
			winner = id
		}
		said = append(said, strings.Join(o.refusals(), " "))
	}
	slices.Sort(said)
	same(t, "two who prove "+phone, said, []string{"", "IDENTIFIER_TAKEN@profile.phone"})
	for _, server := range servers {
		same(t, "the one who proved "+phone, server.found(input{"phone": phone}), []string{winner})
	}
	return winner
}

// The job is ended between every two of its steps. Each time people are found,
// a newcomer as well, on both servers, and what is proved belongs to one.
func TestAReindexingEndedAfterAnyStepLeavesAllRightAndGoesOn(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		servers, seen, phones := w.servers(), w.shown("ru"), &numbers{}
		people := map[string]string{}
		proved := phones.next()
		owner := proves(t, servers, proved, seen)
		walk := func(step string) {
			t.Helper()
			newcomer := phones.next()
			people[newcomer] = servers[1].register(w.subject("newcomer "+newcomer), input{"phone": newcomer})
			again := phones.next()
			people[again] = proves(t, servers, again, seen)
			for phone, id := range people {
				for _, server := range servers {
					same(t, step+": "+phone, server.found(input{"phone": phone}), []string{id})
				}
			}
			for i, server := range servers {
				thief := server.verified(fmt.Sprint("thief ", i, " ", step), proved)
				server.enter(thief, input{"phone": proved}).refused("IDENTIFIER_TAKEN@profile.phone")
				same(t, step+": the proved one", server.found(input{"phone": proved}), []string{owner})
			}
		}
		walk("before")
		w.rotate(indexKey)
		walk("rotated")
		var plans []string
		for ended := false; !ended; {
			job, unmoved := w.reindexing(3)
			ctx, kill := context.WithCancel(t.Context())
			job.Stepped = func(vault.IndexPlan) { kill() }
			_, err := job.Run(ctx, w.p.systemActor())
			kill()
			if ended = err == nil; !ended && !errors.Is(err, context.Canceled) || len(unmoved) > 0 {
				t.Fatalf("%v, %v", err, unmoved)
			}
			plans = append(plans, w.plan())
			walk(w.plan())
		}
		same(t, "plans", plans, []string{"[1 2] 1", "[1 2] 2", "[2] 2", "[2] 2"})
		if versions := w.indexed(); len(versions) != 1 || versions[2] == 0 {
			t.Errorf("indexes by version: %v", versions)
		}
		job, _ := w.reindexing(3)
		equal(t, "another run", w.reindex(job), vault.Progress{Key: indexKey, Version: 2})
		equal(t, "starts on record", len(w.ended(vault.ReindexStarted)), 5)
		equal(t, "ends on record", len(w.ended(vault.ReindexEnded)), 5)
		same(t, "steps on record", w.ended(vault.ReindexStepped), []string{
			"IndexPlan:4;write=2;find=2", "IndexPlan:3;write=1,2;find=2", "IndexPlan:2;write=1,2;find=1",
		})
	})
}

func TestWhatIsProvedOrReleasedDuringAReindexingStaysSo(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		support := w.staff(vault.Support)
		ids := map[string]string{}
		for i := range 8 {
			phone := fmt.Sprintf("+7747600000%d", i)
			ids[phone] = w.register(w.subject("person "+strconv.Itoa(i)), input{"phone": phone})
		}
		mark := func(phone, operation string) {
			w.mutate(support, operation, input{"user": ids[phone], "field": "PHONE", "basis": ticket()}, "").ok()
		}
		for i := range 4 {
			mark(fmt.Sprintf("+7747600000%d", i), "verifyIdentifier")
		}
		w.rotate(indexKey)
		job, _ := w.reindexing(2)
		n := 0
		change := func() { // another one each time: two lose their proof, two win one
			switch n++; n {
			case 1, 2:
				mark(fmt.Sprintf("+7747600000%d", n), "releaseIdentifier")
			case 3, 4:
				mark(fmt.Sprintf("+7747600000%d", n+2), "verifyIdentifier")
			case 5:
				w.update(w.subject("person 0"), input{"phone": "+77476000000", "givenName": "Айша"}).ok()
			case 6:
				w.update(w.subject("person 7"), input{"phone": "+77476000009"}).ok()
			}
		}
		job.Pace = func(context.Context, int) error { change(); return nil }
		job.Stepped = func(vault.IndexPlan) { change() }
		w.reindex(job)
		for n < 6 {
			change()
		}
		for i, verified := range []bool{true, false, false, true, false, true, true} {
			phone := fmt.Sprintf("+7747600000%d", i)
			is := w.own(w.subject("person "+strconv.Itoa(i)), "phone")["phone"]
			equal(t, phone+" is proved", strings.HasSuffix(is, " (verified)"), verified)
			rows, err := w.sys.db.Indexes(t.Context(), w.userUUID(ids[phone]))
			if err != nil || len(rows) != 1 || rows[0].KeyVersion != 2 || rows[0].Verified != verified {
				t.Errorf("%s: %+v, %v", phone, rows, err)
			}
			same(t, phone, w.found(input{"phone": phone}), []string{ids[phone]})
		}
		same(t, "changed", w.found(input{"phone": "+77476000009"}), []string{ids["+77476000007"]})
		same(t, "changed from", w.found(input{"phone": "+77476000007"}), []string{})
	})
}

func TestAValueThatCannotBeReindexedIsNamedAndHoldsTheLastStepsUp(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("spoiled")
		id := w.register(me, looks())
		other := w.register(w.subject("sound"), input{"phone": "+77019264838"})
		phone := w.fields(id)["phone"]
		sound := phone.Ciphertext
		put := func(c vault.Ciphertext) {
			t.Helper()
			phone.Ciphertext = c
			err := w.sys.db.Write(t.Context(), func(tx vault.Tx) error {
				tx.PutField(phone)
				tx.Record(vault.AuditEvent{ID: uuid.New(), At: time.Now(), Kind: vault.System, Role: vault.System, Action: vault.UserUpdated, Outcome: vault.OutcomeOK})
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		put(tampered(sound))
		w.rotate(indexKey)
		all := w.indexed()[1]
		for range 2 {
			job, unmoved := w.reindexing(2)
			done := w.reindex(job)
			equal(t, "not moved", done.Unmoved, int64(1))
			err := unmoved[vault.HeldRow{Owner: w.userUUID(id), Field: "phone"}]
			if !errors.Is(err, vault.ErrUndecryptable) || strings.Contains(fmt.Sprint(err), phone.Ciphertext.Text[10:30]) {
				t.Errorf("%v of %v", err, unmoved)
			}
			equal(t, "plan", w.plan(), "[1 2] 1")
			equal(t, "indexes", fmt.Sprint(w.indexed()), fmt.Sprint(map[int]int64{1: all, 2: all - 1}))
			same(t, "still found", w.found(input{"phone": "+77019264837"}), []string{id})
			same(t, "another", w.found(input{"phone": "+77019264838"}), []string{other})
		}
		equal(t, "on record", w.ended(vault.ReindexEnded)[1], fmt.Sprintf("KeyVersion:kelisim-index/2;filled=%d;unfilled=1", all-1))
		w.update(me, input{"phone": "+77019264837"}).ok() // the person sends it again
		job, _ := w.reindexing(2)
		equal(t, "what was left", w.reindex(job), vault.Progress{Key: indexKey, Version: 2})
		equal(t, "indexes", fmt.Sprint(w.indexed()), fmt.Sprint(map[int]int64{2: all}))
		same(t, "found", w.found(input{"phone": "+77019264837"}), []string{id})
	})
}

func TestReindexingAndRewrappingAtOnceAreBothRight(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		phones, people := &numbers{}, map[string]string{}
		for range 12 {
			phone := phones.next()
			people[phone] = w.register(w.verified("both "+phone, phone), input{"phone": phone})
		}
		values, rows := w.held()[1], w.indexed()[1]
		w.rotate(indexKey)
		w.rotate(pii)
		rewrapping, left := w.rewrapping(3)
		var jobs sync.WaitGroup
		jobs.Go(func() {
			if _, err := rewrapping.Run(t.Context(), w.p.systemActor()); err != nil || len(left) > 0 {
				t.Errorf("rewrapping: %v, not moved: %v", err, left)
			}
		})
		for range 2 { // two of these at once, as well
			job, unmoved := w.reindexing(3)
			jobs.Go(func() {
				if _, err := job.Run(t.Context(), w.p.systemActor()); err != nil || len(unmoved) > 0 {
					t.Errorf("reindexing: %v, not moved: %v", err, unmoved)
				}
			})
		}
		jobs.Wait()
		equal(t, "values", fmt.Sprint(w.held()), fmt.Sprint(map[int]int64{2: values}))
		equal(t, "indexes", fmt.Sprint(w.indexed()), fmt.Sprint(map[int]int64{2: rows}))
		for phone, id := range people {
			same(t, phone, w.found(input{"phone": phone}), []string{id})
			equal(t, phone, w.own(w.subject("both "+phone), "phone")["phone"], phone+" (verified)")
		}
	})
}
