package daemon

import "syscall"

// dieWithParent makes the kernel send the signal when the tests end, however
// they end: a panic, a time-out and SIGKILL included.
func dieWithParent(signal syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: signal}
}
