package vaulttest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kelisim/kelisim/vault"
)

// key is what the engine tells of one of its two keys.
func (e Engine) key(t *testing.T, name string) vault.KeyFacts {
	t.Helper()
	all, err := e.Custodian.Keys(t.Context())
	if err != nil {
		t.Fatalf("reading about the keys: %v", err)
	}
	for _, f := range all {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("nothing is told of %s: %+v", name, all)
	return vault.KeyFacts{}
}

func (e Engine) minima(t *testing.T, key string, encryption, decryption int) {
	t.Helper()
	if err := e.Custodian.SetMinima(t.Context(), key, encryption, decryption); err != nil {
		t.Fatalf("setting the minima of %s: %v", key, err)
	}
}

func keyFacts(t *testing.T, e Engine) {
	e.Rotate(e.DataKey)
	e.Rotate(e.IndexKey)
	for name, use := range map[string]vault.KeyUse{e.DataKey: vault.KeyOfData, e.IndexKey: vault.KeyOfIndexes} {
		f := e.key(t, name)
		for i := range f.Versions {
			v := &f.Versions[i]
			told := !v.Made.IsZero()
			if age := time.Since(v.Made); told && (age < -time.Minute || age > time.Minute) {
				t.Errorf("version %d of %s was made at %v", v.Version, name, v.Made)
			}
			if !told && use == vault.KeyOfData {
				t.Errorf("it is not told when version %d of %s was made", v.Version, name)
			}
			v.Made = time.Time{}
		}
		want := vault.KeyFacts{Name: name, Use: use, Latest: 2, MinDecryption: 1, Versions: []vault.KeyVersion{{Version: 1}, {Version: 2}}}
		if diff := cmp.Diff(want, f); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Custodian.Keys(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("reading about keys answered %v", err)
	}
}

func retiredData(t *testing.T, e Engine) {
	at := place("email")
	before := e.encrypt(t, at, "before@example.kz")
	e.Rotate(e.DataKey)
	e.minima(t, e.DataKey, 2, 1) // what is there can still be read
	if got := e.decrypt(t, at, before); got != "before@example.kz" {
		t.Errorf("it decrypts to %q", got)
	}
	e.minima(t, e.DataKey, 2, 2)
	e.refused(t, at, before, "a retired version")
	e.refusesMove(t, at, before)
	f := e.key(t, e.DataKey)
	if f.MinEncryption != 2 || f.MinDecryption != 2 || len(f.Versions) != 1 || f.Versions[0].Version != 2 {
		t.Errorf("after retiring it says %+v", f)
	}
	trouble := f.Troubles([]vault.KeyNeed{{Key: e.DataKey, Version: 1, By: "rows", Rows: 1}}, e.Custodian.Remedy)
	if len(trouble) != 1 || trouble[0].Kind != vault.KeyMinDecryption || trouble[0].Undo == "" {
		t.Errorf("the trouble is %+v", trouble)
	}
	e.minima(t, e.DataKey, 0, 1)
	if got := e.decrypt(t, at, before); got != "before@example.kz" {
		t.Errorf("taken into use again it decrypts to %q", got)
	}
}

func (e Engine) refusesMove(t *testing.T, at vault.Place, c vault.Ciphertext) {
	t.Helper()
	if answers := e.rewrap(t, vault.RewrapItem{Place: at, Ciphertext: c}); !errors.Is(answers[0].Err, vault.ErrUndecryptable) {
		t.Errorf("rewrapping answered %v", answers[0].Err)
	}
}

func retiredIndex(t *testing.T, e Engine) {
	before := e.index(t, 1, "phone", "+77011234567")
	e.Rotate(e.IndexKey)
	for _, minima := range [][2]int{{2, 1}, {2, 2}} {
		e.minima(t, e.IndexKey, minima[0], minima[1])
		if err := e.indexError(t.Context(), 1, "+77011234567"); !errors.Is(err, vault.ErrUnavailable) {
			t.Errorf("at minima %v it answered %v", minima, err)
		}
		e.index(t, 2, "phone", "+77011234567")
	}
	trouble := e.key(t, e.IndexKey).Troubles([]vault.KeyNeed{{Key: e.IndexKey, Version: 1, By: "rows", Rows: 1}}, e.Custodian.Remedy)
	if len(trouble) != 1 || trouble[0].Kind != vault.KeyMinDecryption || trouble[0].Undo == "" {
		t.Errorf("the trouble is %+v", trouble)
	}
	e.minima(t, e.IndexKey, 0, 1)
	if e.index(t, 1, "phone", "+77011234567") != before {
		t.Error("taken into use again it gives another digest")
	}
}

func trimmedKey(t *testing.T, e Engine) {
	at := place("email")
	before := e.encrypt(t, at, "before@example.kz")
	e.Rotate(e.DataKey)
	after := e.encrypt(t, at, "after@example.kz")
	for _, available := range []int{0, 1, 2, 3} { // nothing is retired
		if err := e.Custodian.Trim(t.Context(), e.DataKey, available); err == nil {
			t.Fatalf("trimmed below %d", available)
		}
	}
	e.minima(t, e.DataKey, 2, 2)
	if err := e.Custodian.Trim(t.Context(), e.DataKey, 3); err == nil {
		t.Fatal("trimmed what is in use")
	}
	if err := e.Custodian.Trim(t.Context(), e.DataKey, 2); err != nil {
		t.Fatal(err)
	}
	if f := e.key(t, e.DataKey); f.MinAvailable != 2 {
		t.Errorf("after trimming it says %+v", f)
	}
	for _, minima := range [][2]int{{0, 1}, {1, 1}, {2, 1}} {
		if err := e.Custodian.SetMinima(t.Context(), e.DataKey, minima[0], minima[1]); err == nil {
			t.Errorf("trimmed versions were taken into use: %v", minima)
		}
	}
	e.refused(t, at, before, "a trimmed version")
	if got := e.decrypt(t, at, after); got != "after@example.kz" {
		t.Errorf("what is left decrypts to %q", got)
	}
	e.Rotate(e.DataKey)
	if got := e.decrypt(t, at, after); got != "after@example.kz" {
		t.Errorf("after another rotation it decrypts to %q", got)
	}
}

func wrongMinima(t *testing.T, e Engine) {
	e.Rotate(e.DataKey)
	for _, minima := range [][2]int{{3, 1}, {3, 3}, {1, 2}, {-1, 1}, {2, -1}} {
		if err := e.Custodian.SetMinima(t.Context(), e.DataKey, minima[0], minima[1]); err == nil {
			t.Errorf("it took the minima %v", minima)
		}
	}
	if f := e.key(t, e.DataKey); f.MinEncryption != 0 || f.MinDecryption != 1 {
		t.Errorf("the minima became %+v", f)
	}
	if err := e.Custodian.SetMinima(t.Context(), "none", 1, 1); err == nil {
		t.Error("it set the minima of no key")
	}
}
