package main

import (
	"context"
	"errors"
	"fmt"
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

const pii = "kelisim-pii"

// rewrapping is the job on the world's back ends, with the login that the
// command line has. What it leaves behind ends up in unmoved.
func (w *world) rewrapping(batch int) (job vault.Rewrapping, unmoved map[vault.HeldRow]error) {
	w.t.Helper()
	unmoved = map[vault.HeldRow]error{}
	job = vault.Rewrapping{Job: w.job(batch, unmoved), Reader: w.sys.db}
	if w.vault == nil {
		k, ok := w.sys.engine.state.(*keyring.Keyring)
		if !ok {
			w.t.Fatalf("the embedded engine is a %T", w.sys.engine.state)
		}
		job.Rewrapper = k.Rewrapper()
		return job, unmoved
	}
	r, err := w.p.openRewrapper(w.s, mode{})
	if err != nil {
		w.t.Fatal(err)
	}
	job.Rewrapper = r.Rewrapper
	return job, unmoved
}

// job works on the world's database as fast as it can.
func (w *world) job(batch int, unmoved map[vault.HeldRow]error) vault.Job {
	return vault.Job{
		Writer: w.sys.vault.Writer, Clock: w.p.clock, NewID: w.p.newID, Log: w.sys.log, Batch: batch,
		Pace:     func(context.Context, int) error { return nil },
		Progress: func(vault.Progress) {},
		Unmoved:  func(h vault.Held, err error) { unmoved[h.HeldRow] = err },
	}
}

// held is how many rows are under each version, over all tables.
func (w *world) held() map[int]int64 {
	w.t.Helper()
	job, _ := w.rewrapping(1)
	counts, _, _, err := job.HeldCounts(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	out := map[int]int64{}
	for _, c := range counts {
		out[c.Version] += c.Rows
	}
	return out
}

// runs carries the job to its end.
func (w *world) runs(job vault.Rewrapping) vault.Progress {
	w.t.Helper()
	done, err := job.Run(context.Background(), w.p.systemActor())
	if err != nil {
		w.t.Fatal(err)
	}
	return done
}

// ended are the objects of the jobs' last events, newest first.
func (w *world) ended(action vault.Action) []string {
	w.t.Helper()
	events, err := w.sys.db.Events(context.Background(), vault.AuditFilter{Action: string(action)}, vault.Page{Limit: 10})
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, e := range events {
		out = append(out, e.Object)
	}
	return out
}

const ownProfile = `{ me { profile { familyName { value } givenName { value } postalAddress { value } } } }`

func TestWritersNoticeANewVersionWithoutARestart(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		early, late := w.subject("early"), w.subject("late")
		before := w.register(early, named())
		w.rotate(pii)
		after := w.register(late, named())
		w.update(early, input{"givenName": "Айша"}).ok()
		versions := func(id string) string {
			out := map[string]int{}
			for code, f := range w.fields(id) {
				out[code] = f.Ciphertext.Version
			}
			return fmt.Sprint(out)
		}
		equal(t, "written before", versions(before), "map[familyName:1 givenName:2]")
		equal(t, "written after", versions(after), "map[familyName:2 givenName:2]")
		servers := []*world{w}
		if w.vault != nil {
			servers = append(servers, w.replica())
		}
		for _, server := range servers {
			profile := at(server.ask(early, ownProfile, nil).must(), "me", "profile")
			equal(t, "read", str(profile, "familyName", "value")+" "+str(profile, "givenName", "value"), "Сағынтаева Айша")
		}
	})
}

func TestRewrappingMovesAllAndChangesNothingElse(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := w.subject("moved")
		id := w.register(me, looks())
		w.ask(w.staff(vault.Support), `{ users(first: 1) { totalCount } }`, nil).must() // a colleague with a name
		fields, all := w.fields(id), w.held()
		revision := str(w.ask(me, `{ me { revision } }`, nil).must(), "me", "revision")
		w.rotate(pii)
		w.rotate(pii)
		job, unmoved := w.rewrapping(10)
		done := w.runs(job)
		equal(t, "moved", fmt.Sprint(done), fmt.Sprint(vault.Progress{Key: pii, Version: 3, Total: all[1], Moved: all[1]}))
		equal(t, "not moved", len(unmoved), 0)
		equal(t, "versions", fmt.Sprint(w.held()), fmt.Sprint(map[int]int64{3: all[1]}))
		for code, f := range w.fields(id) {
			was := fields[code]
			if f.Ciphertext.Version != 3 || f.Ciphertext.Text == was.Ciphertext.Text {
				t.Errorf("%s is under version %d", code, f.Ciphertext.Version)
			}
			f.Ciphertext = was.Ciphertext
			equal(t, code, f, was)
		}
		equal(t, "revision", str(w.ask(me, `{ me { revision } }`, nil).must(), "me", "revision"), revision)
		data := w.ask(me, `{ me { profile { familyName { value } phone { value } iin { value } } } }`, nil).must()
		for _, name := range []string{"familyName", "phone", "iin"} {
			equal(t, name, str(data, "me", "profile", name, "value"), looks()[name])
		}
		equal(t, "the start is on record", strings.Join(w.ended(vault.RewrapStarted), " "), "KeyVersion:kelisim-pii/3")
		equal(t, "the end is on record", strings.Join(w.ended(vault.RewrapEnded), " "),
			fmt.Sprintf("KeyVersion:kelisim-pii/3;moved=%d;unmoved=0", all[1]))

		again := w.runs(job)
		equal(t, "a second run", again, vault.Progress{Key: pii, Version: 3})
	})
}

// Two jobs at once, while people change and read what the jobs move.
func TestTwoRewrappingsUnderConcurrentChangesLeaveEveryValueRight(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		const people = 20
		tokens := make([]string, people)
		for i := range tokens {
			tokens[i] = w.subject("busy " + strconv.Itoa(i))
			w.register(tokens[i], input{"familyName": "Сағынтаева", "givenName": "Әйгерім", "postalAddress": "0"})
		}
		w.rotate(pii)
		var stop atomic.Bool
		var writing sync.WaitGroup
		last := make([]string, people)
		for i, token := range tokens[:people/2] {
			writing.Go(func() {
				for n := 1; !stop.Load(); n++ {
					last[i] = strconv.Itoa(n)
					a, err := post(w.http.URL, token, `mutation($a: String!) { updateMyProfile(input: {profile: {postalAddress: $a}}) { userErrors { code } } }`,
						map[string]any{"a": last[i]})
					if err != nil || len(a.Errors) > 0 || !strings.Contains(string(a.raw), `"userErrors":[]`) {
						t.Errorf("changing: %v %s", err, a.raw)
						return
					}
					a, err = post(w.http.URL, token, ownProfile, nil)
					if got := at(a.Data, "me", "profile", "postalAddress", "value"); err != nil || got != last[i] {
						t.Errorf("read %v after %s was written, %v, %s", got, last[i], err, a.raw)
						return
					}
				}
			})
		}
		var jobs sync.WaitGroup
		for range 2 {
			job, unmoved := w.rewrapping(7)
			jobs.Go(func() {
				if _, err := job.Run(t.Context(), w.p.systemActor()); err != nil || len(unmoved) > 0 {
					t.Errorf("%v, not moved: %v", err, unmoved)
				}
			})
		}
		jobs.Wait()
		stop.Store(true)
		writing.Wait()
		if held := w.held(); len(held) != 1 || held[2] == 0 {
			t.Errorf("rows by version: %v", held)
		}
		for i, token := range tokens {
			profile := at(w.ask(token, ownProfile, nil).must(), "me", "profile")
			want := last[i]
			if want == "" {
				want = "0"
			}
			equal(t, "the address of "+strconv.Itoa(i), str(profile, "postalAddress", "value"), want)
			equal(t, "the name", str(profile, "familyName", "value"), "Сағынтаева")
		}
	})
}

func TestAStoppedRewrappingGoesOnWhereItWas(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		all := w.held()[1]
		w.rotate(pii)
		job, _ := w.rewrapping(5)
		ctx, cancel := context.WithCancel(t.Context())
		job.Progress = func(p vault.Progress) {
			if p.Done() >= 20 {
				cancel()
			}
		}
		first, err := job.Run(ctx, w.p.systemActor())
		if !errors.Is(err, context.Canceled) || first.Moved < 20 || first.Moved >= all {
			t.Fatalf("%+v, %v", first, err)
		}
		held := w.held()
		if held[1] == 0 || held[1]+held[2] != all || held[2] < first.Moved {
			t.Fatalf("%v after %+v", held, first)
		}
		equal(t, "the end is on record", w.ended(vault.RewrapEnded)[0], fmt.Sprintf("KeyVersion:kelisim-pii/2;moved=%d;unmoved=0", first.Moved))
		job.Progress = func(vault.Progress) {}
		second := w.runs(job)
		equal(t, "left for the second", second.Moved, held[1])
		equal(t, "versions", fmt.Sprint(w.held()), fmt.Sprint(map[int]int64{2: all}))
	})
}

func TestARowThatCannotBeMovedIsNamedAndTheOthersMove(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		id := w.register(w.subject("spoiled"), looks())
		other := w.register(w.subject("sound"), named())
		here, there := w.fields(id), w.fields(other)
		spoiled := map[string]vault.Ciphertext{
			"phone":       there["familyName"].Ciphertext,
			"iin":         tampered(here["iin"].Ciphertext),
			"birthDate":   {Key: "none", Version: 1, Text: here["birthDate"].Ciphertext.Text},
			"deviceModel": {Key: pii, Version: 9, Text: strings.Replace(here["deviceModel"].Ciphertext.Text, ":v1:", ":v9:", 1)},
			"familyName":  {Key: pii, Version: 7, Text: here["familyName"].Ciphertext.Text},
		}
		err := w.sys.db.Write(t.Context(), func(tx vault.Tx) error {
			for code, c := range spoiled {
				f := here[code]
				f.Ciphertext = c
				tx.PutField(f)
			}
			tx.Record(vault.AuditEvent{ID: uuid.New(), At: time.Now(), Kind: vault.System, Role: vault.System, Action: vault.UserUpdated, Outcome: vault.OutcomeOK})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		var all int64
		for _, n := range w.held() {
			all += n
		}
		w.rotate(pii)
		job, unmoved := w.rewrapping(8)
		done := w.runs(job)
		equal(t, "not moved", done.Unmoved, int64(len(spoiled)))
		equal(t, "moved", done.Moved, all-int64(len(spoiled)))
		for code, c := range spoiled {
			err := unmoved[vault.HeldRow{Owner: w.userUUID(id), Field: code}]
			want := vault.ErrUndecryptable
			if code == "deviceModel" { // of a version to come: it may as well be the key that is behind
				want = vault.ErrUnavailable
			}
			if !errors.Is(err, want) || strings.Contains(fmt.Sprint(err), c.Text[10:30]) {
				t.Errorf("%s: %v", code, err)
			}
			equal(t, code+" is left as it was", w.fields(id)[code].Ciphertext, c)
		}
		equal(t, "on record", w.ended(vault.RewrapEnded)[0], fmt.Sprintf("KeyVersion:kelisim-pii/2;moved=%d;unmoved=%d", done.Moved, done.Unmoved))
		again := w.runs(job)
		equal(t, "a second run", fmt.Sprint(again.Moved, again.Unmoved), fmt.Sprint(0, len(spoiled)))
	})
}
