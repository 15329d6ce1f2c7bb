package main

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/vault"
)

type backupCommand struct {
	Declare backupDeclareCommand `cmd:"" help:"Say that a copy exists: what it needs or holds is kept until it expires."`
	List    backupListCommand    `cmd:"" help:"List the copies that exist."`
	Expire  backupExpireCommand  `cmd:"" help:"Say that copies exist no more."`
}

// copyKind is a kind of copy as it is written on a command line.
type copyKind struct{ vault.CopyKind }

// UnmarshalText reads the word of a kind.
func (k *copyKind) UnmarshalText(text []byte) error {
	var words []string
	for _, kind := range vault.CopyKinds() {
		if string(text) == kind.Word() {
			k.CopyKind = kind
			return nil
		}
		words = append(words, kind.Word())
	}
	return errors.New("one of " + strings.Join(words, ", "))
}

var _ encoding.TextMarshaler = copyKind{}

// MarshalText is the word, for a job that is sent to a server.
func (k copyKind) MarshalText() ([]byte, error) { return []byte(k.Word()), nil }

type backupDeclareCommand struct {
	Kind  copyKind `required:"" placeholder:"KIND" help:"database, replica, vault-snapshot or key-export."`
	Label string   `placeholder:"NAME" help:"Your name for it, as db-2026-11-23. Not a person's: it stays on record."`
	At    instant  `placeholder:"TIME" help:"When it was taken: 2026-11-23T08:30:00Z, or 2026-11-23 for midnight UTC; now by default."`
	Until instant  `placeholder:"TIME" help:"When it is destroyed by itself; by default it is there until it is expired."`
	keyPlace
}

// Help is what --help tells besides.
func (backupDeclareCommand) Help() string {
	return `A copy of the database is worth nothing without the versions of the keys that its rows are under; a snapshot of Vault, or an export ` +
		`of keys, brings back versions that were trimmed. kelisim keys retire and trim refuse while such a copy is declared. ` +
		`Declared within five minutes, a copy of data needs what rows are under now; later, every version that there is.`
}

// Run declares a copy, and prints its id.
func (c backupDeclareCommand) Run(p *process) (err error) {
	sys, keys, err := p.openKeys(c.mode())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sys.close()) }()
	done, err := vault.Backups{Keys: keys, NewID: p.newID}.Declare(p.ctx, p.systemActor(), vault.Copy{
		Kind: c.Kind.CopyKind, Label: c.Label, TakenAt: c.At.Time, Until: c.Until.Time,
	})
	if err != nil {
		return readable(err)
	}
	_, err = fmt.Fprintln(p.out, done.ID)
	return err
}

// copies is which of them a command is about.
type copies struct {
	Kind   copyKind `placeholder:"KIND" help:"Only database, replica, vault-snapshot or key-export."`
	Label  string   `placeholder:"NAME" help:"Only those with this label."`
	Before instant  `placeholder:"TIME" help:"Only those taken before this moment."`
}

func (c copies) filter() vault.CopyFilter {
	return vault.CopyFilter{Kind: c.Kind.CopyKind, Label: c.Label, Before: c.Before.Time}
}

type backupListCommand struct {
	copies
	All  bool `help:"Those that exist no more, too."`
	JSON bool `name:"json" help:"As JSON."`
}

// Run lists copies.
func (c backupListCommand) Run(p *process) (err error) {
	sys, err := p.openPlain()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sys.close()) }()
	filter := c.filter()
	filter.Expired = c.All
	found, err := vault.Backups{Keys: sys.keys(nil)}.List(p.ctx, filter)
	if err != nil {
		return readable(err)
	}
	if c.JSON {
		return printJSON(p.out, viewCopies(found))
	}
	return printCopies(p.out, found)
}

type backupExpireCommand struct {
	ID []uuid.UUID `arg:"" optional:"" help:"Ids of the copies, as declare and list print them."`
	copies
}

// Validate is called by the parser.
func (c backupExpireCommand) Validate() error {
	if f := c.filter(); len(c.ID) == 0 && f.Kind == "" && f.Label == "" && f.Before.IsZero() {
		return errors.New("say which: by id, --kind, --label or --before")
	}
	return nil
}

// Help is what --help tells besides.
func (backupExpireCommand) Help() string {
	return `On PostgreSQL it takes the DATABASE_URL of the owner, as kelisim migrate does: whoever has the server's login could otherwise ` +
		`have a version destroyed that a copy needs.`
}

// Run takes copies off the list.
func (c backupExpireCommand) Run(p *process) (err error) {
	sys, err := p.openPlain()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sys.close()) }()
	filter := c.filter()
	filter.IDs = c.ID
	gone, err := vault.Backups{Keys: sys.keys(nil), NewID: p.newID}.Expire(p.ctx, p.systemActor(), filter)
	switch {
	case errors.Is(err, vault.ErrOwners):
		return errors.New("the database's user that serves may not say that a copy is gone: run this with the DATABASE_URL of the owner, as kelisim migrate")
	case err != nil:
		return readable(err)
	case len(gone) < len(c.ID):
		return fmt.Errorf("of %d copies named, %d are declared and expired now; kelisim backup list says which there are", len(c.ID), len(gone))
	}
	for _, one := range gone {
		if _, err := fmt.Fprintln(p.out, "expired", one); err != nil {
			return err
		}
	}
	if len(gone) == 0 {
		_, err = fmt.Fprintln(p.out, "there is no such copy")
	}
	return err
}

func printCopies(to io.Writer, found []vault.Copy) error {
	if len(found) == 0 {
		_, err := fmt.Fprintln(to, "no copies are declared")
		return err
	}
	out := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	rows := []string{"copy\tkind\tlabel\ttaken\tuntil\tversions"}
	for _, c := range found {
		until := orDash(c.Until)
		if !c.ExpiredAt.IsZero() {
			until = "expired " + orDash(c.ExpiredAt)
		}
		var versions []string
		for _, r := range c.Versions {
			versions = append(versions, fmt.Sprintf("%s %d-%d", r.Key, r.From, r.To))
		}
		rows = append(rows, strings.Join([]string{
			c.ID.String(), c.Kind.Word(), c.Label, orDash(c.TakenAt), until, strings.Join(versions, ", "),
		}, "\t"))
	}
	_, err := io.WriteString(out, strings.Join(rows, "\n")+"\n")
	return errors.Join(err, out.Flush())
}

// orDash is a moment for people.
func orDash(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}

func printJSON(to io.Writer, v any) error {
	out := json.NewEncoder(to)
	out.SetIndent("", "  ")
	return out.Encode(v)
}
