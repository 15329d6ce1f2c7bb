package setup_test

import (
	"strings"
	"testing"

	"github.com/kelisim/kelisim/vault/transit/setup"
)

func TestADeletedKeyIsNotMadeAnewUnlessOneSaysSo(t *testing.T) {
	for _, gone := range [][]string{{"pii"}, {"index"}, {"receipt"}, {"pii", "index", "receipt"}} {
		t.Run(strings.Join(gone, " "), func(t *testing.T) {
			v, root, c := fresh(t)
			apply(t, plan(t, c), root)
			for _, name := range gone {
				path := c.Mount + "/keys/" + c.Prefix + "-" + name
				write(t, root, path+"/config", map[string]any{"deletion_allowed": true})
				if err := remove(t, root, path); err != nil {
					t.Fatal(err)
				}
			}
			var err error
			changed := changes(t, v.AuditLog, func() {
				err = plan(t, c).Apply(t.Context(), root, func(r setup.Result) { t.Errorf("it told %v", r) })
			})
			if err == nil || strings.Count(err.Error(), "somebody deleted it") != len(gone) || !strings.Contains(err.Error(), "restore a snapshot") || len(changed) > 0 {
				t.Errorf("it answered %v and changed %q", err, changed)
			}
			for _, name := range gone {
				if r := of(t, check(t, plan(t, c), root), "-"+name); r.State != setup.Refused {
					t.Errorf("%+v", r)
				}
			}
			c.RecreateKeys = true
			if is := states(apply(t, plan(t, c), root)); is[setup.Created] != len(gone) || is[setup.Right] != objects-len(gone) {
				t.Errorf("told to, it left %v", is)
			}
		})
	}
}

// A first set-up ends after any of its objects, and the next goes on.
func TestASetUpThatWasCutOffGoesOn(t *testing.T) {
	_, root, c := fresh(t)
	for made := range 3 {
		for _, name := range []string{"pii", "index", "receipt"}[:made] {
			kind := map[string]map[string]any{
				"pii": {"type": "aes256-gcm96", "derived": true}, "index": {"type": "hmac", "key_size": 32},
			}[name]
			c := setup.Config{Mount: c.Mount, Prefix: c.Prefix + string(rune('a'+made))}
			write(t, root, c.Mount+"/keys/"+c.Prefix+"-"+name, kind)
		}
		c := setup.Config{Mount: c.Mount, Prefix: c.Prefix + string(rune('a'+made))}
		done := apply(t, plan(t, c), root)
		for i, name := range []string{"pii", "index", "receipt"} {
			want := setup.Created
			if i < made {
				want = setup.Right
			}
			if r := of(t, done, "-"+name); r.State != want {
				t.Errorf("after %d keys: %+v", made, r)
			}
		}
	}
}

// Another mount may have keys of the same names.
func TestAnotherMountWithTheSameNamesIsAFirstSetUp(t *testing.T) {
	_, root, c := fresh(t)
	apply(t, plan(t, c), root)
	c.Mount, c.Suffix = c.Mount+"-other", "-other"
	if is := states(apply(t, plan(t, c), root)); is[setup.Refused] != 0 || is[setup.Created] < 4 {
		t.Errorf("%v", is)
	}
}
