package driver

import (
	"golang.org/x/sys/unix"
)

// Accept takes a connection from a listening socket that is non-blocking. The connection is non-blocking and closed on
// exec. It returns EAGAIN when there is none. Safe from any goroutine.
func Accept(fd int) (int, unix.Sockaddr, error) {
	for {
		accepted, address, err := unix.Accept4(fd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		if err != unix.EINTR {
			return accepted, address, err
		}
	}
}
