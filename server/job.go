package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/kelisim/kelisim/vault/keyring"
)

// job is a command that works with keys. On the embedded set-up one process
// has them at a time. While that is a server, the job is carried out in it: the
// command is sent there as it was called (control.go), so that all a job wants
// to know stands in its exported fields, with paths made absolute.
type job interface {
	Run(p *process) error
	// mode is where the caller says that the keys are.
	mode() mode
}

// asking is a job that wants an answer before it begins, such as the name of a
// key, typed. It is asked where the caller is, and keeps the answer in a field
// of its own (`kong:"-"`): it is on no command line, for others to see.
type asking interface{ ask(p *process) error }

// making is a job whose outcome is a new file, written to process.product. It
// is made where the caller is, by the caller, and not before something is
// written.
type making interface{ file() string }

// keyPlace is the flags of every job.
type keyPlace struct {
	Keyring bool `help:"The keys are in the embedded engine; needs KELISIM_KEYRING_KEY_FILE, unless a server is running on the same KELISIM_DATA."`
	Dev     bool `help:"The keys are those of serve --dev."`
}

func (k keyPlace) mode() mode { return mode{dev: k.Dev, keyring: k.Keyring} }

// jobOf is the job that a node of the command line stands for, with its name,
// as "keys rotate".
func jobOf(node *kong.Node) (j job, name string, ok bool) {
	if node == nil || !node.Target.CanAddr() {
		return nil, "", false
	}
	if j, ok = reflect.TypeAssert[job](node.Target.Addr()); !ok {
		return nil, "", false
	}
	var words []string
	for ; node.Parent != nil; node = node.Parent {
		words = append(words, node.Name)
	}
	slices.Reverse(words)
	return j, strings.Join(words, " "), true
}

// jobNamed is a job without its arguments.
func jobNamed(parser *kong.Kong, name string) (job, error) {
	node := parser.Model.Node
	for word := range strings.FieldsSeq(name) {
		i := slices.IndexFunc(node.Children, func(n *kong.Node) bool { return n.Name == word })
		if i < 0 {
			return nil, fmt.Errorf("there is no command %q", name)
		}
		node = node.Children[i]
	}
	j, _, ok := jobOf(node)
	if !ok {
		return nil, fmt.Errorf("%q is not for a running server", name)
	}
	return j, nil
}

// personal is a job that, with HashiCorp Vault, no login of the service may do.
type personal interface{ personal() }

// carryOut carries out a job: here, or in the server that has the keys.
func (p *process) carryOut(j job, name string) (err error) {
	if a, ok := j.(asking); ok {
		if err := a.ask(p); err != nil {
			return err
		}
	}
	if m, ok := j.(making); ok {
		var file *product
		if file, err = newProduct(m.file()); err != nil {
			return err
		}
		p.product = file
		defer func() { err = file.end(err) }()
	}
	if _, ok := j.(personal); ok {
		p = p.byPerson()
	}
	s, err := p.settings()
	if err != nil {
		return err
	}
	if !s.embedded(j.mode()) {
		return j.Run(p)
	}
	unlock, err := s.lockKeyring(false)
	if errors.Is(err, errHeld) {
		return p.send(s, j, name)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	return j.Run(p)
}

// embedded reports whether the keys are in the embedded engine, as far as the
// settings are not to be refused.
func (s settings) embedded(m mode) bool {
	return s.VaultAddr == "" && !s.postgres() && m.dev != m.keyring
}

// host is the running server that carries a job out.
type host struct {
	sys  *system
	mode mode
}

// lend gives the server's system to a job: nothing of it is the job's to close.
func (h *host) lend(p *process) *system {
	lent := *h.sys
	lent.closers, lent.log = nil, lent.settings.logger(p.err)
	return &lent
}

// openKeyring is the embedded engine, which the server lends or its file holds.
func (p *process) openKeyring(s settings, m mode) (*keyring.Keyring, error) {
	if p.host != nil {
		return p.host.sys.engine.keyring, nil
	}
	file := s.KeyringKeyFile
	if m.dev && file == "" {
		file = s.devKey()
	}
	return readKeyring(s, file, false)
}

// product is the file that a job makes.
type product struct {
	folder *os.Root
	name   string
	file   *os.File // nil: nothing was written yet
}

var _ io.Writer = (*product)(nil)

func newProduct(path string) (*product, error) {
	folder, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("--out: %w", err)
	}
	f := &product{folder: folder, name: filepath.Base(path)}
	if _, err := folder.Lstat(f.name); err == nil {
		return nil, errors.Join(fmt.Errorf("--out names a new file, and there is one: %s", path), folder.Close())
	}
	return f, nil
}

// Write makes the file (0600) with its first bytes.
func (f *product) Write(data []byte) (n int, err error) {
	if f.file == nil {
		if f.file, err = f.folder.OpenFile(f.name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600); err != nil {
			return 0, fmt.Errorf("--out names a new file: %w", err)
		}
	}
	return f.file.Write(data)
}

// end keeps the file of a job that ended so, or removes what is none.
func (f *product) end(err error) error {
	if f.file != nil {
		if err = errors.Join(err, f.file.Sync(), f.file.Close()); err != nil {
			err = errors.Join(err, f.folder.Remove(f.name))
		}
	}
	return errors.Join(err, f.folder.Close())
}
