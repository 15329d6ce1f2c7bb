package keyring

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"

	"filippo.io/age"
	"github.com/rogpeppe/go-internal/lockedfile"
)

var (
	// ErrWrongKey: the key file is not the one that the keyring was encrypted to.
	ErrWrongKey = errors.New("keyring: the key file does not open the keyring")
	// ErrDamaged: the keyring file is cut, altered, or not a keyring.
	ErrDamaged = errors.New("keyring: the keyring file is damaged")
)

// fileVersion is the version of what is inside the encrypted file.
const fileVersion = 1

// content is the decrypted file: what the library has put on the shelf.
type content struct {
	Version int   `json:"v"`
	Shelf   shelf `json:"storage"`
}

// NewKeyFile makes an identity for a keyring in a new file that only its owner
// may read. It never overwrites: a lost identity is a lost keyring, and so are
// all the values encrypted with it (fs.ErrExist).
func NewKeyFile(path string) error {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return fmt.Errorf("keyring: making a key: %w", err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("keyring: making the key file: %w", err)
	}
	_, err = fmt.Fprintf(file, "# public key: %s\n%s\n", identity.Recipient(), identity)
	if err := errors.Join(err, file.Sync(), file.Close(), syncDir(filepath.Dir(path))); err != nil {
		return fmt.Errorf("keyring: writing the key file: %w", err)
	}
	return nil
}

func readKeyFile(path string) (*age.X25519Identity, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("keyring: the key file: %w", err)
	}
	defer func() { _ = file.Close() }() // only read from
	identities, err := age.ParseIdentities(file)
	if err != nil {
		return nil, fmt.Errorf("keyring: the key file %s: %w", path, err)
	}
	if len(identities) != 1 {
		return nil, fmt.Errorf("keyring: the key file %s holds %d keys, not one", path, len(identities))
	}
	identity, ok := identities[0].(*age.X25519Identity)
	if !ok {
		return nil, fmt.Errorf("keyring: the key in %s is not an X25519 identity", path)
	}
	return identity, nil
}

// change alters a copy of what the file holds now, writes it, and only then
// lets the engine use it. A lock keeps two processes from each making a
// version and one losing it, with everything encrypted under it.
func (k *Keyring) change(alter func(shelf) error) error {
	// Held while it is open. The library's own mutex would let everybody read it.
	lock, err := lockedfile.OpenFile(k.path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("keyring: locking: %w", err)
	}
	defer func() { _ = lock.Close() }() // nothing was written to it
	s, err := readShelf(k.path, k.identity)
	if errors.Is(err, fs.ErrNotExist) && k.keys.Load() == nil {
		s, err = shelf{}, nil
	}
	if err != nil {
		return err
	}
	before := maps.Clone(s)
	if err := alter(s); err != nil {
		return err
	}
	changed, err := k.load(s)
	if err != nil {
		return err
	}
	if !maps.EqualFunc(before, s, bytes.Equal) {
		if err := s.write(k.path, k.identity.Recipient()); err != nil {
			return err
		}
	}
	k.keys.Store(changed)
	return nil
}

func readShelf(path string, identity age.Identity) (shelf, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	reader, err := age.Decrypt(bytes.NewReader(data), identity)
	if mismatch := (*age.NoIdentityMatchError)(nil); errors.As(err, &mismatch) {
		return nil, fmt.Errorf("%w %s; give the key file that was made with it", ErrWrongKey, path)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrDamaged, path, err)
	}
	plain, err := io.ReadAll(reader)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrDamaged, path, err)
	}
	var read content
	if err := json.Unmarshal(plain, &read); err != nil || read.Shelf == nil {
		return nil, fmt.Errorf("%w: %s: it is not a keyring inside", ErrDamaged, path)
	}
	if read.Version != fileVersion {
		return nil, fmt.Errorf("keyring: %s has version %d; this program reads version %d", path, read.Version, fileVersion)
	}
	return read.Shelf, nil
}

// write replaces the file in one step, so that a crash leaves the old or the new.
func (s shelf) write(path string, recipient age.Recipient) error {
	plain, err := json.Marshal(content{Version: fileVersion, Shelf: s})
	if err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp") // made with 0600
	if err != nil {
		return fmt.Errorf("keyring: writing: %w", err)
	}
	err = errors.Join(encryptTo(file, plain, recipient), file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("keyring: writing: %w", errors.Join(err, os.Remove(file.Name())))
	}
	return syncDir(filepath.Dir(path))
}

func encryptTo(file io.Writer, plain []byte, recipient age.Recipient) error {
	writer, err := age.Encrypt(file, recipient)
	if err != nil {
		return err
	}
	_, err = writer.Write(plain)
	return errors.Join(err, writer.Close())
}

// syncDir makes a new name in a folder survive a power cut.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	return nil
}
