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
func Read(fd int, p []byte) (int, error) { return ReadStream(fd, p, false) }

// Write writes to a non-blocking descriptor, as much as it takes. It returns EAGAIN when it takes nothing. Safe from
// any goroutine. See [Read].
func Write(fd int, p []byte) (int, error) { return WriteStream(fd, p, false) }

// Receive is [Read] for sockets. Linux takes some hundred nanoseconds less for it: a read passes through what files
// need, such as the lock of their position.
func Receive(fd int, p []byte) (int, error) { return ReadStream(fd, p, true) }

// Send is [Write] for sockets; see [Receive].
func Send(fd int, p []byte) (int, error) { return WriteStream(fd, p, true) }

// Behind a system call the processor mispredicts every return of the frames that were there before, some ten nanoseconds
// each. So these functions are what the readers of connections call themselves, and they call package syscall, of which
// package unix has one more frame.

// ReadStream is [Receive] for a socket, else [Read].
func ReadStream(fd int, p []byte, socket bool) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	call, flags := uintptr(unix.SYS_READ), uintptr(0) // a read does not look at flags
	if socket {
		call, flags = unix.SYS_RECVFROM, unix.MSG_DONTWAIT
	}
	for {
		n, _, errno := syscall.RawSyscall6(call, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)), flags, 0, 0)
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

// WriteStream is [Send] for a socket, else [Write].
func WriteStream(fd int, p []byte, socket bool) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	kernelRead(unsafe.Pointer(&p[0]), len(p))
	releaseIO()
	call, flags := uintptr(unix.SYS_WRITE), uintptr(0)
	if socket {
		call, flags = unix.SYS_SENDTO, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL
	}
	for {
		n, _, errno := syscall.RawSyscall6(call, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)), flags, 0, 0)
		switch errno {
		case 0:
			return int(n), nil
		case syscall.EINTR:
		default:
			return 0, errno
		}
	}
}
