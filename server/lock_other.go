//go:build !unix

package main

import "os"

// lock refuses what cannot be made safe here.
func lock(*os.File) error { return errNoLock }
