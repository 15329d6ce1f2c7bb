package main

import (
	"context"
	"os"
	"testing"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/server/folder"
	"github.com/kelisim/kelisim/vault"
)

func TestAnInterruptedDemoIsContinuedAndThenLeftAlone(t *testing.T) {
	w := &world{t: t, clock: newTestClock(), log: &lockedBuffer{}}
	w.s = settings{Data: t.TempDir(), KeyPrefix: "kelisim"}
	w.p = &process{ctx: context.Background(), environment: environment{clock: w.clock.Now, newID: uuid.New}, out: w.log, err: w.log}
	w.start()
	files := os.DirFS("demo")
	app, err := folder.AppFS(files, "app.yaml")
	if err != nil {
		t.Fatal(err)
	}
	version, err := w.p.publishDemo(w.sys, app, files)
	if err != nil {
		t.Fatal(err)
	}
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
