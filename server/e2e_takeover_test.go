package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

// announcedLongAgo puts what is announced far enough back for a process that
// goes by the real clock.
func (w *world) announcedLongAgo() {
	w.t.Helper()
	db, err := pgx.Connect(w.t.Context(), daemon.AsOwner(w.t, w.s.DatabaseURL))
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = db.Close(w.t.Context()) }()
	const year = 365 * 24 * time.Hour
	if _, err := db.Exec(w.t.Context(), "UPDATE retention_marks SET warned_at = warned_at - $1", year.Milliseconds()); err != nil {
		w.t.Fatal(err)
	}
}

// retentionProcess is `kelisim retention` as a process of its own on the world's
// database, slow enough to be killed in the middle.
func (w *world) retentionProcess() *exec.Cmd {
	w.t.Helper()
	path, err := exec.LookPath("kelisim")
	if err != nil {
		w.t.Fatal(err)
	}
	job := exec.CommandContext(w.t.Context(), path, "retention", "--rate", "1")
	job.Env = append(os.Environ(), "KELISIM_DATA="+w.s.Data, "DATABASE_URL="+w.s.DatabaseURL)
	return job
}

// TestAJobOnRetentionThatIsKilledIsTakenOver by another process on the same
// PostgreSQL, once the lease is over: nobody is erased twice, and what was done
// is on record once.
func TestAJobOnRetentionThatIsKilledIsTakenOver(t *testing.T) {
	w := onServers(t)
	var due []uuid.UUID
	leaves := func(n int) {
		for range n {
			me := w.subject(fmt.Sprint("leaves ", len(due)))
			due = append(due, w.userUUID(w.register(me, input{"phone": fmt.Sprintf("+770192648%02d", len(due))})))
			w.withdraw(me).ok()
		}
	}
	leaves(12)
	w.multitude(95)
	leaves(6) // on the next page of the walk
	w.retains(uuid.Nil)
	w.announcedLongAgo()
	erasures := func() int {
		t.Helper()
		found, err := w.sys.db.Erasures(t.Context(), vault.ErasureFilter{Users: due}, 2*len(due))
		if err != nil {
			t.Fatal(err)
		}
		return len(found)
	}
	equal(t, "erased before they were warned", erasures(), 0)

	job := w.retentionProcess()
	said, err := job.StdoutPipe()
	if err == nil {
		err = job.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(said)
	for n := 0; n < 4 && lines.Scan(); {
		if strings.Contains(lines.Text(), " erased ") {
			n++
		}
	}
	if err := job.Process.Kill(); err != nil { // SIGKILL
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := job.Wait(); !errors.As(err, &exit) || exit.Exited() {
		t.Errorf("it was not killed: %v", err)
	}
	before := erasures()
	if before < 4 || before > 12 {
		t.Fatalf("%d people are erased when it is killed", before)
	}

	early := w.retentionProcess()
	if said, err := early.CombinedOutput(); err == nil || !strings.Contains(string(said), "another process is at it") {
		t.Errorf("before the lease is over: %v: %s", err, said)
	}
	equal(t, "before the lease is over", erasures(), before)

	w.clock.advance(3 * time.Minute)
	report, _ := w.retains(uuid.Nil)
	equal(t, "the one that takes over erases", report.Erased, len(due)-before)
	equal(t, "certificates", erasures(), len(due))
	for _, user := range due {
		if n := len(w.events(vault.AuditFilter{Subject: user, Action: string(vault.UserErased)})); n != 1 {
			t.Errorf("the erasure of %s is %d times on record", user, n)
		}
		if n := len(slices.DeleteFunc(w.buried(), func(u uuid.UUID) bool { return u != user })); n != 1 {
			t.Errorf("%s is %d times in the ledger", user, n)
		}
	}
	w.clock.advance(day)
	report, _ = w.retains(uuid.Nil)
	equal(t, "the next run erases", report.Erased, 0)
}
