//go:build bench

package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/hashicorp/vault/api"

	"github.com/kelisim/kelisim/vault"
)

const (
	rewrapRows   = 10_000
	rewrapRounds = 5
)

// rewrapping is (d): what a bare client needs to rewrap so many ciphertexts, in
// calls of the job's batch, against the job, which reads and writes the rows
// too. The job's share is the inverse of how much longer it takes.
func rewrapping(t *testing.T, out table) {
	for _, batch := range []int{500, vault.MaxBatch} {
		w := onServers(t)
		w.fillFields(rewrapRows)
		client := w.vault.Client(w.vault.RewrapToken)
		job, unmoved := w.rewrapping(batch)
		var bare, whole []time.Duration
		for round := range rewrapRounds + 1 {
			w.rotate(pii)
			rows := w.oldest(job)
			runtime.GC()
			start := time.Now()
			for page := range slices.Chunk(rows, batch) {
				rewrapBare(t, client, w.vault.Mount, page)
			}
			took := time.Since(start)
			runtime.GC()
			start = time.Now()
			done := w.runs(job)
			if done.Moved < rewrapRows || len(unmoved) > 0 {
				t.Fatalf("%+v, not moved: %v", done, unmoved)
			}
			if round > 0 { // the first warms up; both did as many rows
				bare = append(bare, took/time.Duration(len(rows)))
				whole = append(whole, time.Since(start)/time.Duration(done.Moved))
			}
		}
		ratios := make([]float64, len(bare))
		for i := range bare {
			ratios[i] = float64(bare[i]) / float64(whole[i])
		}
		out.row(fmt.Sprintf("(d) %d rows in batches of %d: rows/s of the job / of a bare client's rewrap", rewrapRows, batch),
			fmt.Sprintf("%.2f\t%.2f\t%.2f", slices.Min(ratios), median(ratios), slices.Max(ratios)), "≥ 0.7",
			fmt.Sprintf("%.0f / %.0f rows/s", 1/median(whole).Seconds(), 1/median(bare).Seconds()))
	}
}

// fillFields stores invented fields of the people there are, and of more.
func (w *world) fillFields(n int) {
	w.t.Helper()
	const each = 1_000
	for from := 0; from < n; from += each {
		items := make([]vault.EncryptItem, each)
		people := make([]vault.User, each/benchFields)
		for i := range people {
			people[i] = vault.User{ID: w.p.newID(), Status: vault.StatusActive, Revision: 1, CreatedAt: w.p.clock()}
		}
		for i := range items {
			items[i].User = people[i/benchFields].ID
			items[i].Field = []string{"familyName", "givenName", "birthDate", "email", "phone"}[i%benchFields]
			items[i].Value = vault.NewPlain(fmt.Sprintf("мән %d@mail.example", i))
		}
		answers, err := w.sys.engine.encrypter.Encrypt(context.Background(), items)
		if err != nil {
			w.t.Fatal(err)
		}
		err = w.sys.db.Write(context.Background(), func(tx vault.Tx) error {
			for _, u := range people {
				tx.InsertUser(u, vault.SubjectKey{Issuer: "bench", KeyVersion: 1, Digest: u.ID.String()})
			}
			for i, item := range items {
				tx.PutField(vault.StoredField{User: item.User, Code: item.Field, Ciphertext: answers[i].Ciphertext, Visibility: vault.Private, UpdatedAt: w.p.clock()})
			}
			tx.Record(vault.AuditEvent{ID: uuid.New(), At: w.p.clock(), Kind: vault.System, Role: vault.System, Action: vault.DemonstrationFilled, Outcome: vault.OutcomeOK})
			return nil
		})
		if err != nil {
			w.t.Fatal(err)
		}
	}
}

// oldest are all fields that the job will move.
func (w *world) oldest(job vault.Rewrapping) []vault.Held {
	w.t.Helper()
	counts, key, newest, err := job.HeldCounts(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	var out []vault.Held
	for _, c := range counts {
		if c.Version == newest {
			continue
		}
		rows, err := w.sys.db.Held(context.Background(), c.Holding, key, c.Version, vault.HeldRow{}, int(c.Rows))
		if err != nil {
			w.t.Fatal(err)
		}
		out = append(out, rows...)
	}
	return out
}

// rewrapBare is one call of HashiCorp's own client.
func rewrapBare(t *testing.T, client *api.Client, mount string, rows []vault.Held) {
	t.Helper()
	batch := make([]map[string]string, len(rows))
	for i, r := range rows {
		batch[i] = map[string]string{
			"ciphertext": r.Ciphertext.Text, "context": base64.StdEncoding.EncodeToString([]byte(vault.Place{User: r.Owner, Field: r.Field}.Context())),
		}
	}
	secret, err := client.Logical().WriteWithContext(context.Background(), mount+"/rewrap/"+pii, map[string]any{"batch_input": batch})
	if err != nil {
		t.Fatal(err)
	}
	if results, ok := secret.Data["batch_results"].([]any); !ok || len(results) != len(rows) {
		t.Fatalf("%d results for %d rows", len(results), len(rows))
	}
}
