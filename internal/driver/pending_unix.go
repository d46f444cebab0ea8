//go:build unix

package driver

import "golang.org/x/sys/unix"

// Pending reports whether a read of a descriptor of any kind would find something: bytes, the end, or an error. Unlike
// [Peek] it leaves an error where it is. Safe from any goroutine.
func Pending(fd int) bool {
	asked := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(asked, 0)
		if err != unix.EINTR {
			return n != 0 || err != nil
		}
	}
}
