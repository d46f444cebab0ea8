package driver

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Read reads from a non-blocking descriptor. It returns EAGAIN when nothing is there, and 0 with no error at the end of
// the stream. Safe from any goroutine.
//
// It is a raw system call, for the scheduler would take it as a sign that the thread may block: a loop that made
// thousands of them a second would be preempted as often. It must not be used for files, which block.
func Read(fd int, p []byte) (int, error) { return in(unix.SYS_READ, fd, p, 0) }

// Write writes to a non-blocking descriptor, as much as it takes. It returns EAGAIN when it takes nothing. Safe from
// any goroutine. See [Read].
func Write(fd int, p []byte) (int, error) { return out(unix.SYS_WRITE, fd, p, 0) }

// Receive is [Read] for sockets. Linux takes some hundred nanoseconds less for it: a read passes through what files
// need, such as the lock of their position.
func Receive(fd int, p []byte) (int, error) {
	return in(unix.SYS_RECVFROM, fd, p, unix.MSG_DONTWAIT)
}

// Send is [Write] for sockets; see [Receive].
func Send(fd int, p []byte) (int, error) {
	return out(unix.SYS_SENDTO, fd, p, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
}

// in is a call that fills p. Those that take no flags do not look at them.
func in(call uintptr, fd int, p []byte, flags uintptr) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		n, _, errno := unix.RawSyscall6(call, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)), flags, 0, 0)
		switch errno {
		case 0:
			kernelWrote(unsafe.Pointer(&p[0]), int(n))
			acquireIO()
			return int(n), nil
		case syscall.EINTR:
		default:
			return 0, errno
		}
	}
}

// out is a call that takes from p.
func out(call uintptr, fd int, p []byte, flags uintptr) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	kernelRead(unsafe.Pointer(&p[0]), len(p))
	releaseIO()
	for {
		n, _, errno := unix.RawSyscall6(call, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)), flags, 0, 0)
		switch errno {
		case 0:
			return int(n), nil
		case syscall.EINTR:
		default:
			return 0, errno
		}
	}
}
