//go:build unix && !linux

package driver

import "golang.org/x/sys/unix"

// Peek reports whether a read of a non-blocking descriptor would find something: bytes, the end, or an error. Safe from
// any goroutine.
func Peek(fd int) bool {
	for {
		_, _, err := unix.Recvfrom(fd, make([]byte, 1), unix.MSG_PEEK|unix.MSG_DONTWAIT)
		switch err {
		case unix.EINTR:
		case unix.ENOTSOCK:
			return Pending(fd)
		default:
			return err != unix.EAGAIN
		}
	}
}
