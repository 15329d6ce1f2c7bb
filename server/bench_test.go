//go:build bench

package main

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/transit"
	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

const (
	benchRounds    = 9
	benchPeople    = 100
	benchFields    = 5
	readers        = 64
	readsPerReader = 10
	benchRequests  = 40 // of each kind in a round
)

// TestRatios prints what is gained and what is paid, as ratios within one run:
// a figure from another machine, or another minute, compares with nothing. Each
// is the median of rounds that do both things, one after the other. A ratio
// never fails the test, whatever was expected of it; a wrong answer does.
func TestRatios(t *testing.T) {
	w := onServers(t)
	all := requests(w)
	out := t.Output()
	say(t, out, "%d cores (%s/%s, %s), which the client, the server, PostgreSQL, Vault and Redis share. %d rounds.\n\n",
		runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version(), benchRounds)

	table := newTable(out, "times as long as", "min", "median", "max", "expected", "in a round")
	batching(t, w.vault, table)
	coalescing(t, w.vault, table)
	times := answering(t, w, all, table)
	table.flush(t)
	say(t, out, "\n")

	table = newTable(out, "a request", "time", "round trips to PostgreSQL", "calls to Vault")
	counting(t, w, all, times, table)
	table.flush(t)
}

// batching is (a): the fields of a hundred people, a call for each against one
// call for all.
func batching(t *testing.T, v *daemon.VaultServer, table table) {
	var one, each counter
	batched, single := one.engine(t, v), each.engine(t, v)
	stored := slices.Concat(encryptPeople(t, batched)...)
	took := rounds(
		func() {
			for i := range stored {
				decrypt(t, single.Decrypter(), stored[i:i+1])
			}
		},
		func() { decrypt(t, batched.Decrypter(), stored) })
	table.ratio(fmt.Sprintf("(a) %d people × %d fields: one call", benchPeople, benchFields), took[0], took[1], "≥ 20",
		fmt.Sprintf("%d calls in %v, %d in %v", each.perRound(), short(took[0]), one.perRound(), short(took[1])))
}

// coalescing is (b): people read at once, each by a reader who knows of no
// other. Those who do not gather have an engine each, and thereby a connection
// that is open already: what is compared is calls alone.
func coalescing(t *testing.T, v *daemon.VaultServer, table table) {
	var together, alone counter
	gathering := together.engine(t, v)
	own := make([]*transit.Decrypter, readers)
	for i := range own {
		own[i] = alone.engine(t, v).Decrypter()
	}
	people := encryptPeople(t, gathering)
	read := func(decrypter func(reader int) *transit.Decrypter) func() {
		return func() {
			var all sync.WaitGroup
			for reader := range readers {
				all.Go(func() {
					for i := range readsPerReader {
						decrypt(t, decrypter(reader), people[(reader+i)%len(people)])
					}
				})
			}
			all.Wait()
		}
	}
	took := rounds(
		read(func(reader int) *transit.Decrypter { return own[reader] }),
		read(func(int) *transit.Decrypter { return gathering.Decrypter() }))
	table.ratio(fmt.Sprintf("(b) %d readers × %d reads of %d fields: gathered", readers, readsPerReader, benchFields), took[0], took[1], "≥ 3",
		fmt.Sprintf("%d calls in %v, %d (expected ≤ %d) in %v", alone.perRound(), short(took[0]), together.perRound(), alone.perRound()/4, short(took[1])))
}

// answering is (c): requests over HTTP against the cheapest there is.
func answering(t *testing.T, w *world, all []request, table table) [][]time.Duration {
	send := make([]func(), len(all))
	for i, r := range all {
		send[i] = func() {
			for range benchRequests {
				r.send(w)
			}
		}
	}
	took := rounds(send...)
	for i, r := range all[1:] {
		table.ratio(fmt.Sprintf("(c) %s: %s", all[0].name, r.name), took[i+1], took[0], "-",
			fmt.Sprintf("%d each", benchRequests))
	}
	return took
}

// counting sends each request to another server on the same back ends, which
// reaches PostgreSQL through a counter.
func counting(t *testing.T, w *world, all []request, times [][]time.Duration, table table) {
	const sent = 5
	other := *w
	var trips atomic.Int64
	other.s.DatabaseURL = countTrips(t, w.s.DatabaseURL, &trips)
	other.start()
	for i, r := range all {
		r.send(&other) // opens connections, fills caches
		tripsBefore, callsBefore := trips.Load(), calls(t, &other)
		for range sent {
			r.send(&other)
		}
		made := []string{}
		for operation, n := range calls(t, &other) {
			if n -= callsBefore[operation]; n > 0 {
				made = append(made, fmt.Sprintf("%.3g %s", float64(n)/sent, operation))
			}
		}
		slices.Sort(made)
		slices.Sort(times[i])
		table.row(r.name, (times[i][len(times[i])/2] / benchRequests).Round(10*time.Microsecond),
			fmt.Sprintf("%.3g", float64(trips.Load()-tripsBefore)/sent), strings.Join(made, ", "))
	}
}

// request is an operation that clients send, with what has to come back.
type request struct {
	name, query string
	next        func() (token string, variables map[string]any)
	right       func(data map[string]any) bool
}

func (r request) send(w *world) {
	w.t.Helper()
	token, variables := r.next()
	a := w.ask(token, r.query, variables)
	if data := a.must(); !r.right(data) {
		w.t.Fatalf("%s: %s", r.name, a.raw)
	}
}

const deliveryNote = "Үшінші кіреберіс"

// requests are what is measured over HTTP, the cheapest first.
func requests(w *world) []request {
	service, support := w.staff(vault.Machine), w.staff(vault.Support)
	id := w.register(w.subject("bench"), map[string]any{
		"familyName": "Нұрмағамбетова", "givenName": "Айгерім", "phone": "+77015550000", "email": "bench@mail.example",
		"postalAddress": "050000, Алматы", "fields": []map[string]any{{"code": "deliveryNote", "value": deliveryNote}, {"code": "doNotCall", "value": "false"}},
	})
	as := func(token string, variables map[string]any) func() (string, map[string]any) {
		return func() (string, map[string]any) { return token, variables }
	}
	return []request{
		{
			"{ __typename }", `{ __typename }`, as(service, nil),
			func(data map[string]any) bool { return data["__typename"] == "Query" },
		},
		{
			"consentCheck", `query($u: ID!) { consentCheck(user: $u, purpose: "contact") { allowed reason } }`,
			as(service, map[string]any{"u": id}),
			func(data map[string]any) bool { return at(data, "consentCheck", "allowed") == true },
		},
		{
			"one person, 5 fields for a purpose", `query($u: ID!) { user(id: $u) { profile(basis: {purpose: "contact"}) {
				phone { value } email { value } postalAddress { value } fields(codes: ["doNotCall", "deliveryNote"]) { value } } } }`,
			as(service, map[string]any{"u": id}),
			func(data map[string]any) bool {
				return at(data, "user", "profile", "phone", "value") == "+77015550000" &&
					at(data, "user", "profile", "fields", 1, "value") == deliveryNote
			},
		},
		{
			"20 people, 5 fields masked", `{ users(first: 20) { nodes { profile(basis: {request: {reason: PERSON_ASKED, ticket: "SUP-1"}}) {
				familyName { state } givenName { state } phone { state } email { state } postalAddress { state } } } } }`,
			as(support, nil),
			func(data map[string]any) bool {
				return at(data, "users", "nodes", 19, "profile", "familyName", "state") == "MASKED"
			},
		},
		registration(w),
	}
}

// registration is a new person each time. The tokens are signed beforehand.
func registration(w *world) request {
	tokens := make(chan string, (benchRounds+1)*benchRequests+100)
	for range cap(tokens) {
		tokens <- w.subject(uuid.NewString())
	}
	policy := w.shown("ru")
	return request{
		"registration", registerMutation,
		func() (string, map[string]any) {
			return <-tokens, map[string]any{"input": map[string]any{
				"profile": map[string]any{"familyName": "Нұрмағамбетова", "givenName": "Айгерім", "phone": "+77015550001"},
				"consent": policy.consent(required()),
			}}
		},
		func(data map[string]any) bool { return at(data, "registerMe", "created") == true },
	}
}

// rounds does all things once to warm up, then in turn, round after round, and
// gives the times of each.
func rounds(things ...func()) [][]time.Duration {
	took := make([][]time.Duration, len(things))
	for round := range benchRounds + 1 {
		for i, thing := range things {
			runtime.GC() // one does not clear what another left
			start := time.Now()
			thing()
			if round > 0 {
				took[i] = append(took[i], time.Since(start))
			}
		}
	}
	return took
}

// short is the median of times, rounded for reading.
func short(times []time.Duration) time.Duration { return median(times).Round(10 * time.Microsecond) }

func median[T float64 | time.Duration](of []T) T { return slices.Sorted(slices.Values(of))[len(of)/2] }

// table is what is printed, in columns.
type table struct{ *tabwriter.Writer }

func newTable(out io.Writer, head ...any) table {
	t := table{tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)}
	t.row(head...)
	return t
}

// row adds a row; what cannot be written is reported by flush.
func (t table) row(cells ...any) {
	_, _ = fmt.Fprintln(t, strings.TrimSuffix(fmt.Sprintf(strings.Repeat("%v\t", len(cells)), cells...), "\t"))
}

// ratio adds the row of one measure: in each round, how many times as long the
// one thing took as the other.
func (t table) ratio(name string, long, base []time.Duration, expected, inARound string) {
	ratios := make([]float64, len(long))
	for i := range long {
		ratios[i] = float64(long[i]) / float64(base[i])
	}
	figure := func(ratio float64) string { return fmt.Sprintf("%.1f", ratio) }
	t.row(name, figure(slices.Min(ratios)), figure(median(ratios)), figure(slices.Max(ratios)), expected, inARound)
}

func (t table) flush(test *testing.T) {
	test.Helper()
	if err := t.Flush(); err != nil {
		test.Fatal(err)
	}
}

func say(t *testing.T, out io.Writer, format string, a ...any) {
	t.Helper()
	if _, err := fmt.Fprintf(out, format, a...); err != nil {
		t.Fatal(err)
	}
}

// counter counts the calls that decrypt.
type counter struct{ calls atomic.Int64 }

// perRound is the mean of all rounds, the one that warms up among them.
func (c *counter) perRound() int64 { return c.calls.Load() / (benchRounds + 1) }

// engine is a way to Vault whose calls are counted.
func (c *counter) engine(t *testing.T, v *daemon.VaultServer) *transit.Engine {
	t.Helper()
	e, err := transit.New(transit.Config{
		Address: v.Addr, Mount: v.Mount, EncryptToken: tokenOf(v.EncryptToken, ""), DecryptToken: tokenOf(v.DecryptToken, ""),
		Now: time.Now,
		OnCall: func(operation string, _ int, _ time.Duration, _ error) {
			if operation == "decrypt" {
				c.calls.Add(1)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// storedValue is a value as the database has it, and what it has to decrypt to.
type storedValue struct {
	item vault.DecryptItem
	want string
}

// encryptPeople gives invented people, each with their fields.
func encryptPeople(t *testing.T, e *transit.Engine) [][]storedValue {
	t.Helper()
	items := make([]vault.EncryptItem, benchPeople*benchFields)
	for i := range items {
		if i%benchFields == 0 {
			items[i].User = uuid.New()
		} else {
			items[i].User = items[i-1].User
		}
		items[i].Field = []string{"familyName", "givenName", "birthDate", "email", "phone"}[i%benchFields]
		items[i].Value = vault.NewPlain(fmt.Sprintf("мән %d@mail.example", i))
		items[i].Reference = items[i].User
	}
	answers, err := e.Encrypter().Encrypt(t.Context(), items)
	if err != nil {
		t.Fatal(err)
	}
	values := make([]storedValue, len(items))
	for i, answer := range answers {
		if answer.Err != nil {
			t.Fatal(answer.Err)
		}
		values[i].item = vault.DecryptItem{Place: items[i].Place, Ciphertext: answer.Ciphertext, Reference: uuid.New()}
		values[i].want = items[i].Value.Reveal()
	}
	return slices.Collect(slices.Chunk(values, benchFields))
}

// decrypt is one reader's question.
func decrypt(t *testing.T, d *transit.Decrypter, values []storedValue) {
	t.Helper()
	items := make([]vault.DecryptItem, len(values))
	for i, value := range values {
		items[i] = value.item
	}
	answers, err := d.Decrypt(t.Context(), items)
	if err != nil {
		t.Error(err)
		return
	}
	for i, answer := range answers {
		if answer.Err != nil || answer.Value.Reveal() != values[i].want {
			t.Errorf("value %d decrypts to another one, %v", i, answer.Err)
		}
	}
}

// calls are those that a server has made to Vault, by operation, as OnCall
// told its metrics.
func calls(t *testing.T, w *world) map[string]uint64 {
	t.Helper()
	families, err := w.sys.metrics.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]uint64{}
	for _, family := range families {
		if family.GetName() != "kelisim_transit_call_seconds" {
			continue
		}
		for _, metric := range family.GetMetric() {
			for _, label := range metric.GetLabel() {
				if label.GetName() == "operation" {
					made[label.GetValue()] += metric.GetHistogram().GetSampleCount()
				}
			}
		}
	}
	return made
}

// countTrips stands between a server and its database, and counts each time
// that the server speaks after having been answered.
func countTrips(t *testing.T, database string, trips *atomic.Int64) string {
	t.Helper()
	target, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	postgres := target.Host
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() }) // ends the loop; connections end with the server's pool
	target.Host = listener.Addr().String()
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", postgres)
			if err != nil {
				_ = near.Close()
				return
			}
			var answered atomic.Bool
			go pump(far, near, func() {
				if answered.Swap(false) {
					trips.Add(1)
				}
			})
			go pump(near, far, func() { answered.Store(true) })
		}
	}()
	return target.String()
}

// pump copies until either side ends, and tells of each piece before it goes on.
func pump(to, from net.Conn, passing func()) {
	defer func() { _, _ = to.Close(), from.Close() }()
	for buffer := make([]byte, 64<<10); ; {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		passing()
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}
