package driver

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Peek reports whether a read of a non-blocking descriptor would find something: bytes, the end, or an error. Safe from
// any goroutine.
func Peek(fd int) bool {
	var p [1]byte
	for {
		_, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), 1,
			unix.MSG_PEEK|unix.MSG_DONTWAIT, 0, 0)
		switch errno {
		case syscall.EINTR:
		case syscall.ENOTSOCK:
			return Pending(fd)
		default:
			return errno != syscall.EAGAIN
		}
	}
}
