//go:build unix && !linux

package daemon

import "syscall"

// dieWithParent asks for nothing: only Linux has a death signal. Elsewhere a
// test process that is killed leaves its servers to the next reboot.
func dieWithParent(syscall.Signal) *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
