package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/kelisim/kelisim/vault"
)

type keysShowCommand struct {
	JSON bool `name:"json" help:"As JSON, in the names of the API's encryptionKeys."`
	keyPlace
}

// Help is what --help tells besides.
func (keysShowCommand) Help() string {
	return `Counts all rows, which on a large database takes a while. The figures are those of encryptionKeys in the API and of the metrics. ` +
		`With HashiCorp Vault it needs the login of KELISIM_OBSERVE_TOKEN_FILE, or the one that encrypts.

Exit status 1: something stored cannot be had, be it that a key is missing, another, or that a version is retired or trimmed which is needed; ` +
		`what is wrong is told all the same, with --json in JSON. Warnings of weakened flags change nothing about it.`
}

// Run shows how the keys stand.
func (c keysShowCommand) Run(p *process) (err error) {
	sys, keys, err := p.openKeys(c.mode())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sys.close()) }()
	try, err := p.openTrial(sys, c.mode())
	if err != nil {
		return err
	}
	keys.Foreign = try.foreign
	states, err := keys.State(p.ctx)
	if err != nil {
		return readable(err)
	}
	states.Logins = serversFirst(states.Logins)
	if try.err != nil && !slices.ContainsFunc(states.Troubles(), vault.KeyTrouble.Blocking) {
		if _, err := fmt.Fprintln(p.err, "warning: whether these are the keys that the database was written with could not be tried:", readable(try.err)); err != nil {
			return err
		}
	}
	return errors.Join(c.tell(p, states), blocked(states))
}

// tell prints what there is.
func (c keysShowCommand) tell(p *process, states vault.KeyStates) error {
	if c.JSON {
		return printJSON(p.out, viewKeys(states))
	}
	err := printKeys(p.out, states)
	for _, t := range states.Troubles() {
		_, printed := fmt.Fprintln(p.err, "warning:", t)
		err = errors.Join(err, printed)
	}
	return err
}

// blocked is why the command fails, though it told all: something stored cannot be
// had.
func blocked(states vault.KeyStates) error {
	var names []string
	for _, t := range states.Troubles() {
		if t.Blocking() && !slices.Contains(names, t.Key) {
			names = append(names, t.Key)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return fmt.Errorf("something stored needs what these keys do not serve: %s", strings.Join(names, ", "))
}

// printKeys writes what people read: a block for each key, then copies and
// logins.
func printKeys(to io.Writer, states vault.KeyStates) error {
	out := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(out, format+"\n", args...) } // Flush tells
	line("as of %s", orDash(states.AsOf))
	for _, k := range states.Keys {
		line("\n%s\t%s", k.Name, summaryOf(k))
		if k.Latest == 0 {
			for _, n := range k.Needs {
				line("  needed\t%s", n)
			}
			continue
		}
		line("  minima\tdecryption %d, encryption %d, available %d", k.MinDecryption, k.MinEncryption, k.MinAvailable)
		if weak := flags(k.KeyFacts); len(weak) > 0 {
			line("  flags\t%s", strings.Join(weak, ", "))
		}
		for _, v := range k.All() {
			line("  version %d\t%s", v.Version, versionOf(k.KeyFacts, v))
		}
		for _, n := range k.NeedsBelow(k.Latest) {
			line("  needed\t%s", n)
		}
	}
	if len(states.Copies) > 0 {
		line("\ncopies")
		for _, c := range states.Copies {
			line("  %s", c)
		}
	}
	if len(states.Logins) > 0 {
		line("\nlogins")
		for _, l := range states.Logins {
			line("  %s\t%s\t%s", l.Server, l.Name, loginOf(l, states.AsOf))
		}
	}
	return out.Flush()
}

// summaryOf is the state of a key in a few words.
func summaryOf(k vault.KeyState) string {
	switch {
	case k.Missing:
		return "is missing"
	case k.Unseen:
		return "may not be read about"
	case len(k.Needs) == 0:
		return fmt.Sprintf("newest version %d; nothing is under it", k.Latest)
	}
	return fmt.Sprintf("newest version %d; oldest needed %d; %d of %d rows are under the newest", k.Latest, k.OldestNeeded(), k.RowsOnLatest(), k.Rows())
}

func versionOf(k vault.KeyFacts, v vault.KeyVersionState) string {
	words := []string{fmt.Sprintf("%d rows", v.Rows)}
	switch {
	case !v.Made.IsZero():
		words = append(words, "made "+orDash(v.Made))
	case !v.Seen.IsZero():
		words = append(words, "first seen "+orDash(v.Seen))
	}
	switch {
	case v.Version < k.MinAvailable:
		words = append(words, "trimmed")
	case v.Version < k.MinDecryption:
		words = append(words, "retired")
	}
	return strings.Join(words, ", ")
}

// flags are the settings that are not as they are made.
func flags(f vault.KeyFacts) (out []string) {
	for _, flag := range flagsOf(f) {
		if flag.set {
			out = append(out, flag.name)
		}
	}
	return out
}

// flag is a setting of a key by Vault's name for it.
type flag struct {
	name string
	set  bool
}

func flagsOf(f vault.KeyFacts) []flag {
	return []flag{
		{"exportable", f.Exportable},
		{"allow_plaintext_backup", f.PlaintextBackup},
		{"deletion_allowed", f.DeletionAllowed},
		{"auto_rotate_period", f.AutoRotate != 0},
	}
}

func loginOf(l vault.LoginState, now time.Time) string {
	if l.Lost() {
		return fmt.Sprintf("by %s: %s", l.Method, l.Trouble)
	}
	left := "does not end"
	if !l.Expires.IsZero() {
		left = "ends in " + l.Expires.Sub(now).Round(time.Second).String()
	}
	return fmt.Sprintf("by %s, accessor %s, policies %s, %s", l.Method, l.Accessor, strings.Join(l.Policies, " "), left)
}
