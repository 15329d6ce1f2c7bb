package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/transit/setup"
	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

// byAppRole makes the server's logins AppRoles, each with a wrapped secret id.
func byAppRole(t *testing.T, s settings, v *daemon.VaultServer) settings {
	t.Helper()
	plan, err := setup.New(setup.Config{Mount: v.Mount, Suffix: "-" + v.Mount})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	err = plan.WriteAppRoles(t.Context(), v.Client(v.Token), dir, []string{"encrypt", "decrypt"}, time.Minute, func(setup.Result) {})
	if err != nil {
		t.Fatal(err)
	}
	of := func(role string) login {
		return login{RoleIDFile: filepath.Join(dir, role+".role-id"), WrappedSecretIDFile: filepath.Join(dir, role+".wrapped-secret-id")}
	}
	s.EncryptLogin, s.DecryptLogin = of("encrypt"), of("decrypt")
	return s
}

func TestTokensRevokedWhileServingAreReplacedAndNobodyNotices(t *testing.T) {
	v := daemon.Vault(t)
	root := v.Client(v.Token).Auth().Token()
	var last []vault.LoginState
	t.Cleanup(func() { // after the world's end
		for _, login := range last {
			if _, err := root.LookupAccessor(login.Accessor); err == nil {
				t.Errorf("the server has ended, and its token that may %s lives", login.Name)
			}
		}
	})
	w := newWorld(t, "real servers", byAppRole(t, settingsFor(t, daemon.PostgreSQL(t), v, daemon.Redis(t)), v))
	me := w.subject("served")
	w.register(me, with(named(), input{"phone": "+77019264837"}))

	var answered atomic.Int64
	var readers sync.WaitGroup
	stop := make(chan struct{})
	defer readers.Wait()
	end := sync.OnceFunc(func() { close(stop) })
	defer end()
	for reader := range 16 {
		token, query, path := me, `{ me { profile { phone { value } } } }`, []any{"me", "profile", "phone", "value"}
		if reader%8 == 0 { // some write, each on their own profile
			token = w.subject(fmt.Sprint("writer ", reader))
			w.register(token, with(named(), input{"phone": fmt.Sprintf("+770192650%02d", reader)}))
			query = `mutation { updateMyProfile(input: {profile: {patronymic: "Сейітқызы"}}) { user { profile { phone { value } } } } }`
			path = []any{"updateMyProfile", "user", "profile", "phone", "value"}
		}
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				a, err := post(w.http.URL, token, query, nil)
				if err != nil || !strings.HasPrefix(str(a.Data, path...), "+770192") {
					t.Errorf("%v: %s", err, a.raw)
					return
				}
				answered.Add(1)
			}
		})
	}
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	goOn := func() {
		t.Helper()
		for to, late := answered.Load()+60, time.Now().Add(time.Minute); answered.Load() < to && !t.Failed(); <-poll.C {
			if time.Now().After(late) {
				t.Fatal("the server stands still")
			}
		}
	}
	goOn()
	for range 3 {
		if last = w.sys.engine.logins(t.Context()); len(last) != 2 {
			t.Fatalf("%+v", last)
		}
		for _, login := range last {
			if err := root.RevokeAccessor(login.Accessor); err != nil || login.Method != "AppRole" {
				t.Errorf("%+v: %v", login, err)
			}
		}
		goOn()
	}
	end()
	readers.Wait()
	w.register(w.subject("last"), named())
	last = w.sys.engine.logins(t.Context())
	for _, login := range last {
		if login.Lost() {
			t.Errorf("%s: %s", login.Name, login.Trouble)
		}
	}
	t.Logf("%d answers", answered.Load())
}
