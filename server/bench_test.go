//go:build bench

package main

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"
	"github.com/hashicorp/vault/api"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/transit"
	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

const (
	benchRounds    = 9
	benchPeople    = 100
	benchFields    = 5
	benchReaders   = 64
	readsPerReader = 10
	benchRequests  = 40 // of each kind in a round
)

// TestRatios prints what is gained and what is paid, as ratios within one run:
// a figure from another machine, or another minute, compares with nothing. Each
// is the median of rounds that do both things, one after the other. A ratio
// never fails the test, whatever was expected of it; a wrong answer does.
func TestRatios(t *testing.T) {
	w := onServers(t)
	all := clientCalls(w)
	out := table{tabwriter.NewWriter(t.Output(), 0, 0, 2, ' ', 0)}
	out.row(fmt.Sprintf("%d cores for everything, %d rounds", runtime.NumCPU(), benchRounds), "min", "median", "max", "expected", "medians")
	// Vault's audit device hashes each item of each call: it costs the same
	// however few calls there are, and so hides what calls cost.
	unaudited := daemon.PrivateVault(t)
	if err := unaudited.Client(unaudited.Token).Sys().DisableAudit("file"); err != nil {
		t.Fatal(err)
	}
	batching(t, unaudited.VaultServer, "", out)
	coalescing(t, unaudited.VaultServer, "", out)
	batching(t, w.vault, ", audited", out)
	coalescing(t, w.vault, ", audited", out)
	times := answering(w, all, out)
	out.row()
	out.row("a request", "time", "round trips to PostgreSQL", "calls to Vault")
	counting(t, w, all, times, out)
	out.row()
	out.row("technical data", "min", "median", "max", "expected", "medians")
	gathering(t, w, out)
	out.row()
	out.row("moving rows to a new version of the key", "min", "median", "max", "expected", "medians")
	rewrapping(t, out)
	remembering(t, out)
	if err := out.Flush(); err != nil {
		t.Fatal(err)
	}
}

// batching is (a): the fields of a hundred people, a call for each against one
// call for all.
func batching(t *testing.T, v *daemon.VaultServer, device string, out table) {
	const repeated = 10 // one call is short; several are measured better
	var one, each counter
	batched, single := one.engine(t, v).Decrypter(), each.engine(t, v).Decrypter()
	stored := slices.Concat(encryptPeople(t, one.engine(t, v))...)
	took := rounds(
		thing{1, func() {
			for i := range stored {
				decrypt(t, single, stored[i:i+1])
			}
		}},
		thing{repeated, func() { decrypt(t, batched, stored) }})
	out.ratio(fmt.Sprintf("(a) %d people × %d fields: a call per field / one call%s", benchPeople, benchFields, device), took[0], took[1], "≥ 20",
		fmt.Sprintf("%d calls in %v / %d in %v", each.perRound(), short(took[0]), one.perRound()/repeated, short(took[1])))
}

// coalescing is (b): people read at once, each by a reader who knows of no
// other. Not gathered, each reader asks Vault by HashiCorp's client as it comes,
// as a program does that does not gather. The second line compares calls alone:
// our own engine with room for a call, and a connection that stays open, of each
// reader, which the client as it comes has not.
func coalescing(t *testing.T, v *daemon.VaultServer, device string, out table) {
	var together, apart counter
	gathering, separate := together.engine(t, v).Decrypter(), apart.engineWith(t, v, benchReaders).Decrypter()
	people := encryptPeople(t, together.engine(t, v))
	by := func(decrypter *transit.Decrypter) func([]storedValue) {
		return func(person []storedValue) { decrypt(t, decrypter, person) }
	}
	bare := v.Client(v.DecryptToken)
	read := func(one func([]storedValue)) func() {
		return func() {
			var all sync.WaitGroup
			for reader := range benchReaders {
				all.Go(func() {
					for i := range readsPerReader {
						one(people[(reader+i)%len(people)])
					}
				})
			}
			all.Wait()
		}
	}
	took := rounds(
		thing{1, read(func(person []storedValue) { decryptBare(t, bare, v.Mount, person) })},
		thing{1, read(by(separate))}, thing{1, read(by(gathering))})
	const reads = benchReaders * readsPerReader
	for i, line := range []struct {
		how, expected string
		calls         int
	}{{"HashiCorp's client, a call per read", "≥ 3", reads}, {"our engine, a call per read", "-", int(apart.perRound())}} {
		out.ratio(fmt.Sprintf("(b) %d readers × %d reads of %d fields: %s / gathered%s", benchReaders, readsPerReader, benchFields, line.how, device),
			took[i], took[2], line.expected, fmt.Sprintf("%d calls in %v / %d in %v (calls: expected ≤ %d)",
				line.calls, short(took[i]), together.perRound(), short(took[2]), line.calls/4))
	}
}

// decryptBare is one reader's question to Vault by nothing but HashiCorp's client.
func decryptBare(t *testing.T, client *api.Client, mount string, values []storedValue) {
	t.Helper()
	items := make([]map[string]any, len(values))
	for i, value := range values {
		items[i] = map[string]any{
			"ciphertext": value.item.Ciphertext.Text, "reference": value.item.Reference.String(),
			"context": base64.StdEncoding.EncodeToString([]byte(value.item.Context())),
		}
	}
	answer, err := client.Logical().WriteWithContext(t.Context(), mount+"/decrypt/"+pii, map[string]any{"batch_input": items})
	if err != nil {
		t.Error(err)
		return
	}
	results, ok := answer.Data["batch_results"].([]any)
	if !ok || len(results) != len(values) {
		t.Errorf("%d values, and an answer that is not about them", len(values))
		return
	}
	for i, one := range results {
		result, _ := one.(map[string]any)
		text, _ := result["plaintext"].(string)
		padded, err := base64.StdEncoding.DecodeString(text)
		if err == nil {
			var value vault.Plain
			if value, err = vault.Unpad(padded); err == nil && value.Reveal() != values[i].want {
				err = errors.New("another value")
			}
		}
		if err != nil {
			t.Errorf("value %d: %v", i, err)
		}
	}
}

// answering is (c): requests over HTTP against the cheapest there is.
func answering(w *world, all []clientCall, out table) [][]time.Duration {
	var things []thing
	for _, r := range all {
		things = append(things, thing{benchRequests, func() { r.send(w) }})
	}
	took := rounds(things...)
	for i, r := range all[1:] {
		out.ratio("(c) "+r.name+" / "+all[0].name, took[i+1], took[0], "-", fmt.Sprintf("%v / %v", short(took[i+1]), short(took[0])))
	}
	return took
}

// counting sends each request to another server on the same back ends, which
// reaches PostgreSQL through a counter.
func counting(t *testing.T, w *world, all []clientCall, times [][]time.Duration, out table) {
	const sent = 5
	other := *w
	var trips atomic.Int64
	other.s.DatabaseURL = countTrips(t, w.s.DatabaseURL, &trips)
	other.start()
	for i, r := range all {
		r.send(&other) // opens connections, fills caches
		before, callsBefore := trips.Load(), calls(t, &other)
		for range sent {
			r.send(&other)
		}
		var made []string
		for operation, n := range calls(t, &other) {
			if n -= callsBefore[operation]; n > 0 {
				made = append(made, fmt.Sprintf("%.3g %s", float64(n)/sent, operation))
			}
		}
		slices.Sort(made)
		out.row(r.name, short(times[i]), float64(trips.Load()-before)/sent, cmp.Or(strings.Join(made, ", "), "0"))
	}
}

// clientCall is what clients send, with what has to come back.
type clientCall struct {
	name, query string
	next        func() (token string, variables map[string]any)
	right       func(data map[string]any) bool
}

func (r clientCall) send(w *world) {
	w.t.Helper()
	token, variables := r.next()
	a := w.ask(token, r.query, variables)
	if !r.right(a.must()) {
		w.t.Fatalf("%s: %s", r.name, a.raw)
	}
}

// clientCalls are what is measured over HTTP, the cheapest first.
func clientCalls(w *world) []clientCall {
	const phone, note = "+77015550000", "Үшінші кіреберіс"
	id := w.register(w.subject("bench"), map[string]any{
		"familyName": "Нұрмағамбетова", "givenName": "Айгерім", "phone": phone, "email": "bench@mail.example", "postalAddress": "050000, Алматы",
		"fields": []map[string]any{{"code": "deliveryNote", "value": note}, {"code": "doNotCall", "value": "false"}},
	})
	by := func(role vault.Role) func() (string, map[string]any) {
		token := w.staff(role)
		return func() (string, map[string]any) { return token, map[string]any{"id": id} }
	}
	newcomers, policy := make(chan string, (benchRounds+2)*benchRequests), w.shown("ru")
	for range cap(newcomers) { // signed now, so that signing is not measured
		newcomers <- w.subject(uuid.NewString())
	}
	return []clientCall{
		{
			"{ __typename }", `{ __typename }`, by(vault.Machine),
			func(data map[string]any) bool { return data["__typename"] == "Query" },
		},
		{
			"consentCheck", `query($id: ID!) { consentCheck(user: $id, purpose: "contact") { allowed reason } }`, by(vault.Machine),
			func(data map[string]any) bool { return at(data, "consentCheck", "allowed") == true },
		},
		{
			"one person, 5 fields", `query($id: ID!) { user(id: $id) { profile(basis: {purpose: "contact"}) {
				phone { value } email { value } postalAddress { value } fields(codes: ["doNotCall", "deliveryNote"]) { value } } } }`, by(vault.Machine),
			func(data map[string]any) bool {
				read := at(data, "user", "profile")
				return at(read, "phone", "value") == phone && at(read, "fields", 1, "value") == note
			},
		},
		{
			"20 people, 5 fields masked", `{ users(first: 20) { nodes { profile(basis: {request: {reason: PERSON_ASKED, ticket: "SUP-1"}}) {
				familyName { value } givenName { value } phone { value } email { value } postalAddress { state value } } } } }`, by(vault.Support),
			func(data map[string]any) bool {
				first, last := at(data, "users", "nodes", 0, "profile"), at(data, "users", "nodes", 19, "profile")
				return at(first, "postalAddress", "state") == "MASKED" && at(last, "familyName", "value") != nil
			},
		},
		{
			"registration", registerMutation, func() (string, map[string]any) {
				return <-newcomers, map[string]any{"input": map[string]any{
					"profile": map[string]any{"familyName": "Нұрмағамбетова", "givenName": "Айгерім", "phone": "+77015550001"},
					"consent": policy.consent(required()),
				}}
			},
			func(data map[string]any) bool { return at(data, "registerMe", "created") == true },
		},
	}
}

// counter counts the calls that decrypt.
type counter struct{ calls atomic.Int64 }

// perRound is the mean of all rounds, the one that warms up among them.
func (c *counter) perRound() int64 { return c.calls.Load() / (benchRounds + 1) }

// engine is a way to Vault whose calls are counted.
func (c *counter) engine(t *testing.T, v *daemon.VaultServer) *transit.Engine {
	t.Helper()
	return c.engineWith(t, v, 0)
}

// engineWith makes up to inFlight calls at once; zero is what the server does.
func (c *counter) engineWith(t *testing.T, v *daemon.VaultServer, inFlight int) *transit.Engine {
	t.Helper()
	e, err := transit.New(transit.Config{
		InFlight: inFlight,
		Address:  v.Addr, Mount: v.Mount, EncryptLogin: transit.Token(v.EncryptToken), DecryptLogin: transit.Token(v.DecryptToken),
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
		items[i].User = uuid.UUID{byte(i / benchFields)}
		items[i].Field = []string{"familyName", "givenName", "birthDate", "email", "phone"}[i%benchFields]
		items[i].Value = vault.NewPlain(fmt.Sprintf("мән %d@mail.example", i))
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
	if err != nil || len(answers) != len(values) {
		t.Errorf("%d answers to %d values, %v", len(answers), len(values), err)
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
		for _, metric := range family.GetMetric() {
			if family.GetName() == "kelisim_transit_call_seconds" { // labels are sorted: operation, outcome
				made[metric.GetLabel()[0].GetValue()] += metric.GetHistogram().GetSampleCount()
			}
		}
	}
	return made
}
