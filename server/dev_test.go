package main

import (
	"context"
	"os"
	"testing"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/server/folder"
	"github.com/kelisim/kelisim/vault"
)

// empty is a world whose database has nothing in it.
func empty(t *testing.T) *world {
	w := &world{t: t, clock: newTestClock(), log: &lockedBuffer{}}
	w.s = settings{Data: t.TempDir(), KeyPrefix: "kelisim"}
	w.p = &process{ctx: context.Background(), environment: environment{clock: w.clock.Now, newID: uuid.New}, out: w.log, err: w.log}
	w.start()
	return w
}

// dala brings in the demo's app and policy, and nobody.
func (w *world) dala() (vault.App, *vault.Version) {
	w.t.Helper()
	files := os.DirFS("demo")
	app, err := folder.AppFS(files, "app.yaml")
	if err != nil {
		w.t.Fatal(err)
	}
	version, err := w.p.publishDemo(w.sys, app, files)
	if err != nil {
		w.t.Fatal(err)
	}
	return app, version
}

func TestAnAppLikeTheDemosGetsNoInventedPeople(t *testing.T) {
	w := empty(t)
	w.dala() // as `app apply` and `policy publish` would
	for range 2 {
		if err := w.p.fillDemo(w.sys, w.dev); err != nil {
			t.Fatal(err)
		}
		if people, err := w.sys.vault.CountUsers(w.p.ctx, vault.UserFilter{}); err != nil || people != 0 {
			t.Errorf("%d people, %v", people, err)
		}
	}
	if policy, err := w.p.demoPolicy(w.sys); err != nil || policy != nil {
		t.Errorf("lines would be printed for %v, %v", policy, err)
	}
}

func TestAnInterruptedDemoIsContinuedAndThenLeftAlone(t *testing.T) {
	w := empty(t)
	if ours, err := w.p.beginDemo(w.sys); err != nil || !ours {
		t.Fatalf("an empty database is not filled: %v", err)
	}
	app, version := w.dala()
	for range 2 {
		if err := w.p.fillDemo(w.sys, w.dev); err != nil {
			t.Fatal(err)
		}
		people, err := w.sys.vault.CountUsers(w.p.ctx, vault.UserFilter{})
		if err != nil || people != 20 {
			t.Errorf("%d people, %v", people, err)
		}
		versions, err := w.sys.vault.PolicyVersions(w.p.ctx, w.p.systemActor(), app.Code, vault.Page{Limit: 10})
		if err != nil || len(versions) != 1 || versions[0].ID != version.ID {
			t.Errorf("%d versions, %v", len(versions), err)
		}
	}
}
