//go:build unix

package main

import (
	"errors"
	"os"
	"syscall"
)

// lock locks a file at once, or answers errHeld.
func lock(f *os.File, how holding) error {
	operation := syscall.LOCK_SH
	if how == alone {
		operation = syscall.LOCK_EX
	}
	err := syscall.Flock(int(f.Fd()), operation|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return errHeld
	}
	return err
}
