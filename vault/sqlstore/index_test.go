package sqlstore

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

// known is somebody with a phone that is indexed under version 1.
func known(t *testing.T, s *Store) (vault.StoredField, vault.BlindIndex) {
	t.Helper()
	u := someone(t, s)
	f := vault.StoredField{
		User: u.ID, Code: "phone", Visibility: vault.Private, UpdatedAt: time.UnixMilli(5),
		Ciphertext: vault.Ciphertext{Key: "k", Version: 1, Text: "vault:v1:AAAA"},
	}
	row := vault.BlindIndex{Field: "phone", KeyVersion: 1, Digest: u.ID.String(), User: u.ID, NormVersion: 1}
	if err := indexing(t, s, 1, f, row); err != nil {
		t.Fatal(err)
	}
	return f, row
}

func indexing(t *testing.T, s *Store, plan int64, f vault.StoredField, rows ...vault.BlindIndex) error {
	t.Helper()
	event := vault.AuditEvent{ID: uuid.Must(uuid.NewV7()), At: time.UnixMilli(1), Action: vault.UserUpdated}
	return s.Write(t.Context(), func(tx vault.Tx) error {
		tx.PutField(f)
		tx.PutIndexes(plan, f.User, f.Code, rows)
		tx.Record(event)
		return nil
	})
}

func maintain(t *testing.T, s *Store, queue func(vault.KeepingTx)) error {
	t.Helper()
	return s.Maintain(t.Context(), func(tx vault.KeepingTx) error { queue(tx); return nil })
}

func planned(t *testing.T, url string) *Store {
	t.Helper()
	s := opened(t, url, Options{})
	if err := maintain(t, s, func(tx vault.KeepingTx) { tx.PutPlan(vault.FirstPlan(1)) }); err != nil {
		t.Fatal(err)
	}
	return s
}

// Somebody is writing under a plan. The next one comes into force meanwhile;
// from then on nobody joins them, and only they are waited for.
func TestAPlanIsSettledWhenTheLastWhoWritesUnderItHasEnded(t *testing.T) {
	url := daemon.PostgreSQL(t)
	s := planned(t, url)
	f, row := known(t, s)
	writer := newRival(t, url)
	writer.run("BEGIN")
	writer.run("SELECT 1 FROM index_plan WHERE epoch = 1 FOR SHARE")
	if err := indexing(t, s, 1, f, row); err != nil {
		t.Fatalf("beside another writer: %v", err)
	}
	next, _ := vault.FirstPlan(1).Next(2)
	if err := maintain(t, s, func(tx vault.KeepingTx) { tx.PutPlan(next) }); err != nil {
		t.Fatalf("the next plan: %v", err)
	}
	if err := indexing(t, s, 1, f, row); !errors.Is(err, vault.ErrStale) {
		t.Fatalf("a newcomer under the old plan: %v", err)
	}
	both := row
	both.KeyVersion = 2
	if err := indexing(t, s, 2, f, row, both); err != nil {
		t.Fatalf("a newcomer under the new plan: %v", err)
	}
	settled := make(chan error, 1)
	go func() { settled <- maintain(t, s, func(tx vault.KeepingTx) { tx.SettlePlan(2) }) }()
	observer := newRival(t, url)
	observer.waiting()
	if err := indexing(t, s, 2, f, row, both); err != nil {
		t.Fatalf("while it is being settled: %v", err)
	}
	select {
	case err := <-settled:
		t.Fatalf("settled under a writer: %v", err)
	default:
	}
	writer.run("COMMIT")
	if err := <-settled; err != nil {
		t.Fatal(err)
	}
}

// What somebody is changing is left out, and nobody waits for them.
func TestFillingAndDroppingLeaveToOthersWhatTheyAreChanging(t *testing.T) {
	url := daemon.PostgreSQL(t)
	s := planned(t, url)
	f, busy := known(t, s)
	_, free := known(t, s)
	beside := func(row vault.BlindIndex) vault.Reindexed {
		return vault.Reindexed{BlindIndex: row, To: 2, Digest: "new " + row.Digest, NormVersion: 1}
	}
	versions := func(user uuid.UUID) (out []int) {
		t.Helper()
		rows, err := s.Indexes(t.Context(), user)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			out = append(out, r.KeyVersion)
		}
		return out
	}
	r := newRival(t, url)
	for _, locked := range []string{
		"UPDATE personal_fields SET verified = true WHERE user_id = $1", "UPDATE blind_index SET verified = true WHERE user_id = $1",
	} {
		r.run("BEGIN")
		r.run(locked, f.User)
		if err := maintain(t, s, func(tx vault.KeepingTx) { tx.FillIndexes([]vault.Reindexed{beside(busy), beside(free)}) }); err != nil {
			t.Fatal(err)
		}
		if got := versions(f.User); len(got) != 1 {
			t.Errorf("what is being changed is under %v", got)
		}
		if got := versions(free.User); len(got) != 2 {
			t.Errorf("what is not is under %v", got)
		}
		r.run("ROLLBACK")
	}
	r.run("BEGIN")
	r.run("UPDATE blind_index SET verified = true WHERE user_id = $1", f.User)
	if err := maintain(t, s, func(tx vault.KeepingTx) { tx.DropIndexes("phone", 1, 10) }); err != nil {
		t.Fatal(err)
	}
	if err := maintain(t, s, func(tx vault.KeepingTx) { tx.DropIndexes("phone", 1, 10) }); !errors.Is(err, vault.ErrNotFound) {
		t.Fatalf("dropping what is being changed: %v", err)
	}
	r.run("ROLLBACK")
	if err := maintain(t, s, func(tx vault.KeepingTx) { tx.DropIndexes("phone", 1, 10) }); err != nil {
		t.Fatal(err)
	}
}
