package folder

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/kelisim/kelisim/vault"
)

// WritePolicy writes a policy's folder, such that ReadPolicy reads the same
// policy back. Files that hold the same bytes already are left as they are;
// where one differs nothing is written, unless force. A text in a language
// that the policy has not is never deleted, but refused.
//
// The file of facts is the policy's Source, byte for byte, as long as that
// still says what the policy says; otherwise it is generated.
func WritePolicy(dir string, p Policy, force bool) error {
	files, err := p.files()
	if err != nil {
		return err
	}
	//nolint:gosec // a policy is there to be read by everybody
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	changed, err := changes(dir, files, force)
	if err != nil {
		return err
	}
	for _, name := range changed {
		if err := replace(filepath.Join(dir, name), files[name]); err != nil {
			return err
		}
	}
	return nil
}

// files are the bytes of the folder's files by name.
func (p Policy) files() (map[string][]byte, error) {
	source, err := p.yaml()
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{policyFile: source}
	for _, t := range p.Texts {
		name := textFile(t.Locale)
		if _, twice := files[name]; twice || !isText(name) {
			return nil, fmt.Errorf("the text in %s cannot be written: one text for each of %s", quote(t.Locale), languages("%"))
		}
		files[name] = []byte(t.Text)
		if err := checkText(name, files[name]); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// yaml is the file of facts.
func (p Policy) yaml() ([]byte, error) {
	generated, err := generate(p)
	if err != nil {
		return nil, err
	}
	if source := p.Source(); p.saidBy(source, generated) {
		return source, nil
	}
	back, err := decode(policyFile, generated, facts)
	if err != nil {
		return nil, fmt.Errorf("these facts have no form in a file:\n%w", err)
	}
	again, err := generate(back)
	if err != nil || !bytes.Equal(again, generated) {
		return nil, errors.Join(errors.New("these facts have no form in a file: they would be read back otherwise"), err)
	}
	return generated, nil
}

// saidBy reports whether a source says what the policy says, as generated. A
// source without a date agrees with any: it was published at that moment.
func (p Policy) saidBy(source, generated []byte) bool {
	was, err := decode(policyFile, source, facts)
	if err != nil {
		return false // there is none, or it was kept by a version that read more
	}
	if was.EffectiveAt == nil || p.EffectiveAt != nil && sameMoment(*was.EffectiveAt, *p.EffectiveAt) {
		was.EffectiveAt = p.EffectiveAt
	}
	said, err := generate(was)
	return err == nil && bytes.Equal(said, generated)
}

// sameMoment compares to the millisecond, which is what the vault keeps.
func sameMoment(a, b time.Time) bool {
	return a.Truncate(time.Millisecond).Equal(b.Truncate(time.Millisecond))
}

// changes names the files that have to be written, and refuses what stands in
// the way.
func changes(dir string, files map[string][]byte, force bool) ([]string, error) {
	var changed []string
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(dir, name)
		old, err := os.ReadFile(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			changed = append(changed, name)
		case err != nil:
			errs = append(errs, fmt.Errorf("%s: %w", path, err))
		case bytes.Equal(old, files[name]):
		case force:
			changed = append(changed, name)
		default:
			errs = append(errs, fmt.Errorf("%s: there is such a file, and it says something else; remove it, take another folder, or force", path))
		}
	}
	for _, locale := range vault.Languages {
		path := filepath.Join(dir, textFile(locale))
		if _, ours := files[textFile(locale)]; ours {
			continue
		}
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, fmt.Errorf("%s: the policy has no such text; remove it, or take another folder", path))
		}
	}
	return changed, errors.Join(errs...)
}

// replace puts a file in place whole, or not at all.
func replace(path string, raw []byte) (err error) {
	// Hidden, so that a folder with one left behind still reads.
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("%s: %w", path, err), os.Remove(file.Name()))
		}
	}()
	_, err = file.Write(raw)
	// A policy is there to be read by everybody.
	if err = errors.Join(err, file.Chmod(0o644), file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
