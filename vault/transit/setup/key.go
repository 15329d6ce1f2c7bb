package setup

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/vault/api"
)

// Key is what Vault tells of a key, as far as it can be weakened.
type Key struct {
	Type       string `json:"type"`
	Derived    bool   `json:"derived"`
	Convergent bool   `json:"convergent_encryption"`

	LatestVersion int `json:"latest_version"`

	Exportable      bool  `json:"exportable"`
	PlaintextBackup bool  `json:"allow_plaintext_backup"`
	DeletionAllowed bool  `json:"deletion_allowed"`
	AutoRotate      int64 `json:"auto_rotate_period"` // in seconds; 0: off

	path  string
	index bool
}

// ReadKey asks Vault for one of the keys: "pii", "index" or "receipt". It
// reports whether there is such a key.
func (p *Plan) ReadKey(ctx context.Context, client *api.Client, name string) (Key, bool, error) {
	return newKey(p.config, name, "").read(ctx, server{client})
}

// Weaknesses are the settings that weaken the key, each with what to do.
func (k Key) Weaknesses() []string {
	var out []string
	note := func(weak bool, format string) {
		if weak {
			out = append(out, fmt.Sprintf(format, k.path))
		}
	}
	note(k.Exportable, "exportable is true on %[1]s: whoever may read its export path has the key itself; Vault never takes this back, "+
		"so see who may, and move to another key")
	note(k.PlaintextBackup, "allow_plaintext_backup is true on %[1]s: whoever may read its backup path has the key itself; Vault never takes this back, "+
		"so see who may, and move to another key")
	note(k.DeletionAllowed, "deletion_allowed is true on %[1]s: one call may destroy everything that it encrypted; "+
		"undo it: vault write %[1]s/config deletion_allowed=false")
	note(k.index && k.AutoRotate != 0, "auto_rotate_period is set on %[1]s: versions come that no index uses; rotate it by hand; "+
		"undo it: vault write %[1]s/config auto_rotate_period=0")
	return out
}

// key is a named key of the mount.
type key struct {
	write

	typ     string
	derived bool
	index   bool
}

func newKey(c Config, name, typ string, more ...string) key {
	k := key{typ: typ, index: name == "index"}
	k.write = write{path: c.Mount + "/keys/" + c.Prefix + "-" + name, fields: append([]string{"type=" + typ}, more...)}
	for _, field := range more {
		k.derived = k.derived || field == "derived=true"
	}
	return k
}

// latest reports whether it is the key that came last: also an import of keys
// makes it, before there is any of those that only a set-up makes.
func (k key) latest() bool { return strings.HasSuffix(k.path, "-technical") }

func (k key) title() string { return "key " + k.path }

func (k key) shell() string {
	why := "# For receipts, which come later: signs, and anybody may check."
	switch {
	case k.latest():
		why = "# The same for what devices send by themselves, which is kept for a short time."
	case k.derived:
		why = "# Derived: each field of each user has a key of its own, so that a ciphertext\n# moved elsewhere does not decrypt."
	case k.index:
		why = "# For blind indexes. Never let Vault rotate it by itself."
	}
	return fmt.Sprintf("%s\nvault read %s >/dev/null 2>&1 ||\n  %s\n", why, k.path, k.write.shell())
}

func (k key) read(ctx context.Context, v server) (Key, bool, error) {
	found := Key{path: k.path, index: k.index}
	there, err := v.read(ctx, k.path, &found)
	return found, there, err
}

func (k key) inspect(ctx context.Context, v server) (Result, error) {
	found, there, err := k.read(ctx, v)
	switch {
	case err != nil:
		return Result{}, err
	case !there:
		return Result{State: Missing}, nil
	}
	r := Result{State: Right, Warnings: found.Weaknesses()}
	if wrong := k.wrong(found); len(wrong) > 0 {
		r.State = Refused
		r.Detail = strings.Join(wrong, ", ") + "; a key never changes its kind: choose another KELISIM_KEY_PREFIX or KELISIM_TRANSIT_MOUNT"
	}
	return r, nil
}

// wrong is what makes a key another one than it has to be.
func (k key) wrong(found Key) []string {
	var out []string
	if found.Type != k.typ {
		out = append(out, fmt.Sprintf("it is of type %s and has to be %s", found.Type, k.typ))
	}
	if k.derived && !found.Derived {
		out = append(out, "it is not derived and has to be, so that a ciphertext is bound to its place")
	}
	if found.Convergent {
		out = append(out, "its encryption is convergent, so that equal values would have equal ciphertexts")
	}
	return out
}

func (k key) put(ctx context.Context, v server) error { return v.put(ctx, k.write) }

// Restore puts a key of the plan ("pii", "index") in its place from a backup,
// and makes the mount where there is none. Where there is a key it is an error:
// nothing is overwritten.
func (p *Plan) Restore(ctx context.Context, client *api.Client, name, backup string) error {
	v := server{client}
	for _, o := range p.objects[:2] { // the mount, and that it makes no keys by itself
		before, err := look(ctx, o, v)
		switch {
		case err != nil:
			return err
		case before.State == Refused:
			return fmt.Errorf("setup: %s: %s", before.Object, before.Detail)
		}
		if _, err := bring(ctx, o, before, v); err != nil {
			return err
		}
	}
	return v.put(ctx, write{p.config.Mount + "/restore/" + p.config.Prefix + "-" + name, []string{"backup=" + backup}})
}
