package vault

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"
)

// The least of a back end that Reveal needs, and a diary of what happened in
// which order.

type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) note(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, line)
}

type fakeReader struct {
	Reader
	stored []StoredField
	reads  int
}

func (r *fakeReader) Fields(_ context.Context, users []uuid.UUID) ([]StoredField, error) {
	r.reads++
	var out []StoredField
	for _, f := range r.stored {
		if slices.Contains(users, f.User) {
			out = append(out, f)
		}
	}
	return out, nil
}

// fakeWriter commits events, or refuses to.
type fakeWriter struct {
	diary  *diary
	err    error
	events []AuditEvent
}

type fakeTx struct {
	Tx
	events []AuditEvent
}

func (tx *fakeTx) Record(events ...AuditEvent) { tx.events = append(tx.events, events...) }

func (w *fakeWriter) Write(_ context.Context, queue func(Tx) error) error {
	tx := &fakeTx{}
	if err := queue(tx); err != nil {
		return err
	}
	if w.err != nil {
		w.diary.note("refused")
		return w.err
	}
	w.diary.note("committed")
	w.events = append(w.events, tx.events...)
	return nil
}

func (w *fakeWriter) Maintain(context.Context, func(KeepingTx) error) error {
	return errors.New("reveal keeps no house")
}

// fakeDecrypter answers "<user>/<field>", but not for what it fails on.
type fakeDecrypter struct {
	diary *diary
	err   error
	fails func(DecryptItem) error
	items []DecryptItem
	calls int
}

func (d *fakeDecrypter) Decrypt(_ context.Context, items []DecryptItem) ([]Decrypted, error) {
	d.diary.note("decrypted")
	d.calls++
	d.items = append(d.items, items...)
	if d.err != nil {
		return nil, d.err
	}
	out := make([]Decrypted, len(items))
	for i, item := range items {
		if d.fails != nil {
			out[i].Err = d.fails(item)
		}
		if out[i].Err == nil {
			out[i].Value = NewPlain(item.User.String() + "/" + item.Field)
		}
	}
	return out, nil
}

// bench is a vault on those, and people in it.
type bench struct {
	*Service
	diary     *diary
	reader    *fakeReader
	writer    *fakeWriter
	decrypter *fakeDecrypter
	version   *Version
}

var benchFields = []string{"familyName", "birthDate", "iin", "email", "phone"}

func newBench() *bench {
	b := &bench{Service: testService(at(morning)), diary: &diary{}}
	b.reader, b.writer, b.decrypter = &fakeReader{}, &fakeWriter{diary: b.diary}, &fakeDecrypter{diary: b.diary}
	b.Reader, b.Writer, b.Decrypter = b.reader, b.writer, b.decrypter
	b.version = testVersion(1, morning, morning, ask("identify", true, benchFields...), ask("marketing", false, "email"))
	return b
}

// person is the n-th, who agreed to the required item and told everything.
// The first is aPerson themselves.
func (b *bench) person(n uint64) *Person {
	p := testPerson(morning, b.version)
	p.User = &User{ID: testID(10_000 + n), Status: StatusActive, Revision: 1}
	if n != 1 {
		p.login = SubjectKey{}
	}
	p.gives("identify", b.version)
	for _, code := range benchFields {
		b.reader.stored = append(b.reader.stored, StoredField{
			User: p.User.ID, Code: code, Ciphertext: Ciphertext{"kelisim-pii", 1, "vault:v1:" + p.User.ID.String() + code},
			Visibility: Public, Verified: true, UpdatedAt: morning,
		})
	}
	return p
}

func everything() []Wanted {
	out := make([]Wanted, len(benchFields))
	for i, code := range benchFields {
		out[i] = Wanted{code, true}
	}
	return out
}

func (b *bench) reveal(t *testing.T, a Actor, requests ...RevealRequest) []Revealed {
	t.Helper()
	out, err := b.Reveal(t.Context(), a, requests)
	if err != nil || len(out) != len(requests) {
		t.Fatalf("%d answers to %d requests, %v", len(out), len(requests), err)
	}
	return out
}

// Who calls, and on which grounds.
//
//nolint:gochecknoglobals // Go has no constant structs
var (
	aPerson     = Actor{Roles: []Role{Subject}, Issuer: "https://id.example", Subject: "aru", App: "dala", RequestID: "req-1"}
	aService    = Actor{Roles: []Role{Machine}, ID: testID(71), Apps: []string{"dala"}, Purposes: []string{"identify", "marketing"}}
	aSupporter  = Actor{Roles: []Role{Support}, ID: testID(72)}
	anOfficer   = Actor{Roles: []Role{Compliance}, ID: testID(73)}
	anAuditor   = Actor{Roles: []Role{Auditor}, ID: testID(74)}
	aGuard      = Actor{Roles: []Role{Security}, ID: testID(75)}
	aTicket     = Basis{Reason: "PERSON_ASKED", Ticket: "SUP-1234"}
	aLegalOrder = Basis{Legal: "COURT-12/345"}
)
