package main

import (
	"errors"
	"fmt"
	"os"
)

// holding is for whom a lock leaves room.
type holding bool

const (
	sharing holding = false // for others who share
	alone   holding = true  // for nobody
)

// errHeld: others have locked a file so that there is no room.
var errHeld = errors.New("it is locked by another process")

// lockKeyring keeps the embedded keyring from being read by a server, which
// never reads it again, while values or indexes are moved to a version of a key that the
// server would not know. There is nothing to lock where Vault has the keys. The
// lock ends with the process, if not by unlock.
func (s settings) lockKeyring(m mode, how holding) (unlock func() error, err error) {
	if s.VaultAddr != "" {
		return func() error { return nil }, nil
	}
	if err := s.prepareData(m.dev && how == sharing); err != nil {
		return nil, err
	}
	path := s.in("keyring.lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("KELISIM_DATA: %w", err)
	}
	err = lock(f, how)
	switch {
	case err == nil:
		return f.Close, nil
	case errors.Is(err, errHeld) && how == alone:
		err = fmt.Errorf("a server, or another job, is running on %s and holds its keyring: stop it, run this again, then start it; with HashiCorp Vault it could go on", s.in())
	case errors.Is(err, errHeld):
		err = fmt.Errorf("values in %s are being moved to another version of their key: wait until `kelisim rewrap` or `kelisim reindex` has ended", s.in())
	default:
		err = fmt.Errorf("%s: %w", path, err)
	}
	return nil, errors.Join(err, f.Close())
}
