//go:build unix && !linux

package driver

import "golang.org/x/sys/unix"

// Pending reports whether a read of a descriptor of any kind would find something: bytes, the end, or an error. It
// leaves the error where it is, which a receive with MSG_PEEK does not. Safe from any goroutine.
func Pending(fd int) bool {
	asked := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(asked, 0)
		if err != unix.EINTR {
			return n != 0 || err != nil
		}
	}
}
