package main

import (
	"errors"
	"fmt"
	"os"
)

var (
	// errHeld: another process has locked a file.
	errHeld = errors.New("it is locked by another process")
	// errNoLock: the system has no lock that ends with its process.
	errNoLock = errors.New("this system has no lock for a folder that a server may be using")
)

// lockKeyring makes this process the one that works with the embedded keyring
// in the data folder: a server, or a job while there is none. There is nothing
// to lock where Vault has the keys. The lock ends with the process, if not by
// unlock. errHeld: another process has it.
func (s settings) lockKeyring(create bool) (unlock func() error, err error) {
	if err := s.prepareData(create); err != nil {
		return nil, err
	}
	path := s.in("keyring.lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("KELISIM_DATA: %w", err)
	}
	if err := lock(f); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	return f.Close, nil
}

// lockServer is lockKeyring for a server.
func (s settings) lockServer(m mode) (unlock func() error, err error) {
	if !s.embedded(m) {
		return func() error { return nil }, nil
	}
	unlock, err = s.lockKeyring(m.dev)
	switch {
	case errors.Is(err, errHeld):
		return nil, fmt.Errorf("another server, or a job, works with the keyring in %s: stop it, or wait until it has ended", s.in())
	case errors.Is(err, errNoLock): // nor are there jobs, then
		return func() error { return nil }, nil
	}
	return unlock, err
}
