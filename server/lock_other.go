//go:build !unix

package main

import (
	"errors"
	"os"
)

// lock refuses what cannot be made safe here.
func lock(_ *os.File, how holding) error {
	if how == alone {
		return errors.New("this system has no lock for a folder that a server may be using")
	}
	return nil
}
