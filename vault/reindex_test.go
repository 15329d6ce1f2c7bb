package vault

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
)

// register is a store of blind indexes, each in one field, and an engine that
// says what it is asked.
type register struct {
	mu     sync.Mutex
	plan   IndexPlan
	rows   []IndexedField // under any version; the value stands in the ciphertext
	newest int
	events []AuditEvent
	fail   func() error         // of the engine
	refuse func(string) error   // to decrypt a value
	taken  []string             // digests that somebody else proved
	before func(IndexPlan) bool // of a step: another job takes it
}

func (r *register) IndexPlan(context.Context) (IndexPlan, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.plan, nil
}

func (r *register) under(user uuid.UUID, version int) bool {
	return slices.ContainsFunc(r.rows, func(f IndexedField) bool { return f.User == user && f.KeyVersion == version })
}

func (r *register) CountIndexes(context.Context) (out []IndexCount, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for version := 1; version <= 9; version++ {
		n := IndexCount{Field: FieldPhone, Version: version}
		for _, f := range r.rows {
			if f.KeyVersion == version {
				n.Rows++
			}
		}
		if n.Rows > 0 {
			out = append(out, n)
		}
	}
	return out, nil
}

func (r *register) IndexedFields(_ context.Context, _ string, version, to int, after BlindIndex, limit int) (out []IndexedField, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range r.rows {
		if f.KeyVersion != version || f.Digest <= after.Digest || len(out) == limit {
			continue
		}
		if r.under(f.User, to) {
			f.Ciphertext = Ciphertext{}
		}
		out = append(out, f)
	}
	return out, nil
}

func (r *register) Decrypt(_ context.Context, items []DecryptItem) ([]Decrypted, error) {
	if err := r.fail(); err != nil {
		return nil, err
	}
	out := make([]Decrypted, len(items))
	for i, item := range items {
		if out[i].Err = r.refuse(item.Ciphertext.Text); out[i].Err == nil {
			out[i].Value = NewPlain(item.Ciphertext.Text)
		}
	}
	return out, nil
}

func (r *register) Index(_ context.Context, version int, items []IndexItem) ([]Indexed, error) {
	out := make([]Indexed, len(items))
	for i, item := range items {
		out[i].Digest = fmt.Sprintf("%s under %d", item.Normalised.Reveal(), version)
	}
	return out, r.fail()
}

func (r *register) NewestIndex(context.Context) (string, int, error) { return "k-index", r.newest, nil }

// Normalise implements Normaliser: what is upper case no rule allows any more.
func (r *register) Normalise(_ FieldKind, value string, _ time.Time) (stored, normalised string, err error) {
	if strings.ToLower(value) != value {
		return "", "", NewError(CodeInvalidPhone, "no phone")
	}
	return value, value, nil
}

func (r *register) CheckTogether(string, string) error { return nil }
func (r *register) Born(string) (string, bool)         { return "", false }
func (r *register) Limits(FieldKind, time.Time) Limits { return Limits{} }
func (r *register) CheckOrganisation(string) error     { return nil }
func (r *register) CheckBIN(string) error              { return nil }
func (r *register) Version() int                       { return 5 }

type registerTx struct {
	Tx
	of  *register
	err error
}

func (tx *registerTx) Record(events ...AuditEvent) {
	if tx.err == nil {
		tx.of.events = append(tx.of.events, events...)
	}
}

func (tx *registerTx) PutPlan(p IndexPlan) {
	if tx.of.before(p) {
		tx.of.plan = p
	}
	if tx.of.plan.Epoch != p.Epoch-1 {
		tx.err = ErrStale
		return
	}
	tx.of.plan = p
}

func (tx *registerTx) SettlePlan(int64) {}

func (tx *registerTx) FillIndexes(rows []Reindexed) {
	for _, row := range rows {
		if slices.Contains(tx.of.taken, row.Digest) {
			tx.err = ErrTaken
			return
		}
	}
	for _, row := range rows {
		i := slices.IndexFunc(tx.of.rows, func(f IndexedField) bool { return f.User == row.User && f.KeyVersion == row.KeyVersion })
		if i >= 0 && !tx.of.under(row.User, row.To) {
			f := tx.of.rows[i]
			f.KeyVersion, f.Digest, f.NormVersion = row.To, row.Digest, row.NormVersion
			tx.of.rows = append(tx.of.rows, f)
		}
	}
}

func (tx *registerTx) DropIndexes(_ string, version, limit int) {
	was := len(tx.of.rows)
	tx.of.rows = slices.DeleteFunc(tx.of.rows, func(f IndexedField) bool {
		limit--
		return f.KeyVersion == version && limit >= 0
	})
	if len(tx.of.rows) == was {
		tx.err = ErrNotFound
	}
}

func (r *register) Write(ctx context.Context, queue func(Tx) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	tx := &registerTx{of: r}
	return errors.Join(queue(tx), tx.err)
}

func (r *register) Maintain(ctx context.Context, queue func(KeepingTx) error) error {
	return r.Write(ctx, func(tx Tx) error { return queue(tx) })
}

// registered are people found under version 1, with the job to change that.
func registered(values ...string) (*register, Reindexing) {
	r := &register{
		plan: FirstPlan(1), newest: 2, fail: func() error { return nil }, refuse: func(string) error { return nil },
		before: func(IndexPlan) bool { return false },
	}
	for i, value := range values {
		r.rows = append(r.rows, IndexedField{
			BlindIndex: BlindIndex{Field: FieldPhone, KeyVersion: 1, Digest: fmt.Sprintf("%03d", i), User: testID(uint64(i + 1))},
			Ciphertext: Ciphertext{"k", 1, value},
		})
	}
	ids := uint64(1000)
	return r, Reindexing{
		Reader: r, Reindexer: r, Normaliser: r, Catalogue: testCatalogue(), Stepped: func(IndexPlan) {},
		Job: Job{
			Writer: r, Batch: 3, Log: slog.New(slog.DiscardHandler),
			Clock:    func() time.Time { return morning },
			NewID:    func() uuid.UUID { ids++; return testID(ids) },
			Pace:     func(context.Context, int) error { return nil },
			Progress: func(Progress) {},
			Unmoved:  func(Held, error) {},
		},
	}
}

func (r *register) actions() (out []string) {
	for _, e := range r.events {
		out = append(out, string(e.Action)+" "+e.Object)
	}
	return out
}

func TestPlansLeadFromOneVersionToAnotherInThreeSteps(t *testing.T) {
	p := FirstPlan(1)
	var got []string
	for arrived := false; !arrived; {
		got = append(got, fmt.Sprint(p.object(), " ", p.Filling()))
		p, arrived = p.Next(3)
	}
	want := []string{
		"IndexPlan:1;write=1;find=1 false", "IndexPlan:2;write=1,3;find=1 true",
		"IndexPlan:3;write=1,3;find=3 false", "IndexPlan:4;write=3;find=3 false",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	if _, arrived := p.Next(2); !arrived { // a key that lost its newest version
		t.Error("back to an older version")
	}
}

func TestReindexingGoesThroughAllPlansAndLeavesEachOnRecord(t *testing.T) {
	r, job := registered("a", "b", "c", "d", "e", "f", "g")
	var told []Progress
	job.Job.Progress = func(p Progress) { told = append(told, p) }
	done, err := job.Run(t.Context(), SystemActor("r"))
	if err != nil || done != (Progress{Key: "k-index", Version: 2, Total: 7, Moved: 7}) || len(told) != 3 {
		t.Fatalf("%+v, %v, %v", done, err, told)
	}
	want := []string{
		"reindex.started KeyVersion:k-index/2", "reindex.stepped IndexPlan:2;write=1,2;find=1",
		"reindex.stepped IndexPlan:3;write=1,2;find=2", "reindex.stepped IndexPlan:4;write=2;find=2",
		"reindex.ended KeyVersion:k-index/2;filled=7;unfilled=0",
	}
	if got := r.actions(); !slices.Equal(got, want) {
		t.Errorf("on record: %q", got)
	}
	for _, f := range r.rows {
		if f.KeyVersion != 2 || f.NormVersion != 5 || !strings.HasSuffix(f.Digest, " under 2") {
			t.Errorf("%+v", f)
		}
	}
	if len(r.rows) != 7 {
		t.Errorf("%d rows", len(r.rows))
	}
}

func TestAVersionMadeDuringAReindexingIsReachedByTheNextOne(t *testing.T) {
	r, job := registered("a", "b")
	stop, cancel := context.WithCancel(t.Context())
	job.Stepped = func(IndexPlan) { cancel() }
	if _, err := job.Run(stop, SystemActor("r")); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	r.newest = 3
	job.Stepped = func(IndexPlan) {}
	if done, err := job.Run(t.Context(), SystemActor("r")); err != nil || done.Moved != 4 || done.Total != 4 {
		t.Fatalf("%+v, %v", done, err)
	}
	if got := fmt.Sprint(r.plan); got != "{7 [3] 3}" || len(r.rows) != 2 {
		t.Errorf("%s, %v", got, r.rows)
	}
}

func TestAReindexingTakesTheStepsThatAnotherLeavesIt(t *testing.T) {
	r, job := registered("a", "b", "c", "d")
	r.before = func(p IndexPlan) bool { return p.Epoch%2 == 0 } // another job is faster with these
	stepped := 0
	job.Stepped = func(IndexPlan) { stepped++ }
	if done, err := job.Run(t.Context(), SystemActor("r")); err != nil || done.Moved != 4 || stepped != 1 {
		t.Fatalf("%+v, %v, %d steps", done, err, stepped)
	}
	if got := fmt.Sprint(r.plan); got != "{4 [2] 2}" || len(r.rows) != 4 {
		t.Errorf("%s, %v", got, r.rows)
	}
}

func TestWhatCannotBeIndexedAnewIsToldOnceAndHoldsUpThePlan(t *testing.T) {
	r, job := registered("a", "altered", "c", "NOT A PHONE", "e", "twice", "g")
	r.refuse = func(value string) error {
		if value == "altered" {
			return ErrUndecryptable
		}
		return nil
	}
	r.taken = []string{"twice under 2"}
	told := map[string]Code{}
	job.Unmoved = func(h Held, err error) { told[h.Where()] += CodeOf(err) }
	done, err := job.Run(t.Context(), SystemActor("r"))
	if err != nil || done.Moved != 4 || done.Unmoved != 3 {
		t.Fatalf("%+v, %v", done, err)
	}
	where := func(n uint64) string { return "personal_fields " + testID(n).String() + ", phone" }
	if fmt.Sprint(told) != fmt.Sprint(map[string]Code{
		where(2): CodeUndecryptable, where(4): CodeInvalidPhone, where(6): CodeIdentifierTaken,
	}) {
		t.Errorf("told %v", told)
	}
	if got := fmt.Sprint(r.plan); got != "{2 [1 2] 1}" || len(r.rows) != 11 {
		t.Errorf("%s, %d rows", got, len(r.rows))
	}
	r.refuse, r.taken = func(string) error { return nil }, nil
	r.rows[3].Ciphertext.Text = "a phone"
	if done, err = job.Run(t.Context(), SystemActor("r")); err != nil || done.Moved != 3 || done.Unmoved != 0 {
		t.Fatalf("%+v, %v", done, err)
	}
	if got := fmt.Sprint(r.plan); got != "{4 [2] 2}" || len(r.rows) != 7 {
		t.Errorf("%s, %v", got, r.rows)
	}
}

func TestReindexingWaitsForABackEndThatIsAwayAndNotForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for away, want := range map[time.Duration]error{20 * time.Second: nil, time.Hour: ErrUnavailable} {
			r, job := registered("a", "b")
			back := time.Now().Add(away)
			r.fail = func() error {
				if time.Now().Before(back) {
					return ErrUnavailable
				}
				return nil
			}
			done, err := job.Run(t.Context(), SystemActor("r"))
			if !errors.Is(err, want) || (want == nil) != (done.Moved == 2) {
				t.Errorf("away for %v: %+v, %v", away, done, err)
			}
			if last := r.events[len(r.events)-1]; last.Action != ReindexEnded {
				t.Errorf("away for %v: the last event is %v", away, last)
			}
		}
	})
}

func TestNothingIsDecryptedWithoutTheEventOfTheStart(t *testing.T) {
	r, job := registered("a")
	refused := errors.New("no events today")
	job.Writer = &fakeWriter{diary: &diary{}, err: refused}
	asked := false
	r.fail = func() error { asked = true; return nil }
	if _, err := job.Run(t.Context(), SystemActor("r")); !errors.Is(err, refused) || asked || r.plan.Epoch != 1 {
		t.Fatalf("%v, %v, %v", err, asked, r.plan)
	}
}
