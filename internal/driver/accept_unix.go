//go:build unix && !linux

package driver

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// Accept takes a connection from a listening socket that is non-blocking. The connection is non-blocking and closed on
// exec. It returns EAGAIN when there is none. Safe from any goroutine.
func Accept(fd int) (int, unix.Sockaddr, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	for {
		accepted, address, err := unix.Accept(fd)
		if err == unix.EINTR {
			continue
		}
		if err == nil {
			unix.CloseOnExec(accepted)
			if err = unix.SetNonblock(accepted, true); err != nil {
				unix.Close(accepted)
			}
		}
		return accepted, address, err
	}
}
