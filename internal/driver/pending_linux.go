package driver

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Pending reports whether a read of a descriptor of any kind would find something: bytes, the end, or an error. It
// leaves the error where it is, which a receive with MSG_PEEK does not. Safe from any goroutine.
func Pending(fd int) bool {
	asked := unix.PollFd{Fd: int32(fd), Events: unix.POLLIN}
	var at0 unix.Timespec
	for {
		n, _, errno := unix.RawSyscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(&asked)), 1, uintptr(unsafe.Pointer(&at0)), 0, 0, 0)
		if errno != syscall.EINTR {
			return n != 0 || errno != 0
		}
	}
}
