// Package folder reads and writes what operators keep in files: the app's
// facts (app.yaml), a policy version (a folder of policy.yaml and one text per
// language), and the demo people (people.yaml).
//
// It judges form alone: whether a file can be read and means one thing. What
// a draft or an app must say is the vault's to judge. Unknown is refused: a
// key nobody reads, a language the product has no words in, a file that does
// not belong. Errors name the file, the line, what is wrong and what to do,
// all of them at once; they name keys, and never repeat a value.
package folder

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// maxSize is how long one file may be, in bytes.
const maxSize = 1 << 20

// place is a folder, with the name under which errors speak of it.
type place struct {
	fs.FS
	dir string // "" for a folder inside the binary
}

// beside is the folder that a file lies in, and the file's name there.
func beside(file string) (place, string) {
	dir, name := filepath.Split(file)
	if dir == "" {
		return place{FS: os.DirFS(".")}, name
	}
	return place{FS: os.DirFS(dir), dir: dir}, name
}

// path is how an operator finds a file of the folder.
func (p place) path(name string) string { return filepath.Join(p.dir, name) }

// read reads one file whole: UTF-8 of a bearable size.
func (p place) read(name string) (_ []byte, err error) {
	path := p.path(name)
	if name == "" {
		return nil, fmt.Errorf("%q names a folder or nothing; name a file", path)
	}
	info, err := fs.Stat(p.FS, name) // of the folder itself: through Open a pipe would keep us waiting
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: there is no such file; check the path: %w", path, fs.ErrNotExist)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", path, err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: this is not a file; name a file", path)
	}
	file, err := p.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	raw, err := io.ReadAll(io.LimitReader(file, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return raw, checkText(path, raw)
}

// checkText refuses what is too long or is no text at all.
func checkText(path string, raw []byte) error {
	if len(raw) > maxSize {
		return fmt.Errorf("%s: the file is longer than 1 MiB; shorten it", path)
	}
	line := 1
	for rest := raw; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		switch {
		case r == utf8.RuneError && size == 1:
			return fmt.Errorf("%s:%d: not valid UTF-8; save the file as UTF-8", path, line)
		case r == 0:
			return fmt.Errorf("%s:%d: a NUL character; save the file as UTF-8 text", path, line)
		case r == '\n':
			line++
		}
		rest = rest[size:]
	}
	return nil
}

// ignored are files that belong to the operator and not to the policy.
func ignored(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "README")
}
