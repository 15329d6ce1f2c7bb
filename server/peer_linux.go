package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
)

// admit refuses a caller that is neither root nor who runs the server. The
// socket's mode says the same; this holds while the mode is being set, too.
func admit(conn *net.UnixConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var caller *syscall.Ucred
	var failed error
	err = raw.Control(func(fd uintptr) {
		caller, failed = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	})
	if err := errors.Join(err, failed); err != nil {
		return fmt.Errorf("who calls cannot be told: %w", err)
	}
	return admitUser(int(caller.Uid), os.Geteuid())
}

func admitUser(caller, own int) error {
	if caller != own && caller != 0 {
		return fmt.Errorf("user %d is neither root nor who runs the server", caller)
	}
	return nil
}
