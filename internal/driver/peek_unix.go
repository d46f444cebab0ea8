//go:build unix && !linux

package driver

import "golang.org/x/sys/unix"

// Peek reports whether a read of a non-blocking socket would find something: bytes, the end, or an error. Of what is no
// socket it says yes. Safe from any goroutine.
func Peek(fd int) bool {
	for {
		_, _, err := unix.Recvfrom(fd, make([]byte, 1), unix.MSG_PEEK|unix.MSG_DONTWAIT)
		if err != unix.EINTR {
			return err != unix.EAGAIN
		}
	}
}
