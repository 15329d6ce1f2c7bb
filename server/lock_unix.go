//go:build unix

package main

import (
	"errors"
	"os"
	"syscall"
)

// lock locks a file at once, or answers errHeld.
func lock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return errHeld
	}
	return err
}
