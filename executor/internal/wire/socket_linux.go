package wire

import (
	"fmt"
	"io"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Pair returns a connected pair of stream sockets that are closed on exec.
func Pair() (here, there int, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, -1, fmt.Errorf("socketpair: %w", err)
	}
	return fds[0], fds[1], nil
}

// ErrWouldBlock says that nothing is there to read, or no room to write.
const ErrWouldBlock = unix.EAGAIN

// ErrReset says that the peer ended before it had read all that was sent to it.
const ErrReset = unix.ECONNRESET

// Fill reads once from a socket into the buffer: io.EOF at its end. drained says
// that nothing was left just then. A nonblocking read saves the scheduler's
// book-keeping.
func (b *Buffer) Fill(fd int, nonblocking bool) (drained bool, err error) {
	room := b.Room()
	control := struct {
		unix.Cmsghdr
		file    int32
		padding int32
	}{}
	vector := unix.Iovec{Base: &room[0]}
	vector.SetLen(len(room))
	message := unix.Msghdr{Iov: &vector, Control: (*byte)(unsafe.Pointer(&control))}
	message.SetIovlen(1)
	message.SetControllen(unix.CmsgLen(4)) // room for one, although its padding could hold a second
	n, errno := receive(fd, &message, nonblocking)
	runtime.KeepAlive(room)
	if errno != 0 {
		return true, errno
	}
	file := -1
	if message.Controllen >= unix.SizeofCmsghdr+4 && control.Level == unix.SOL_SOCKET && control.Type == unix.SCM_RIGHTS {
		file = int(control.file)
	}
	if err := b.Filled(n, file); err != nil {
		return false, err
	}
	if message.Flags&unix.MSG_CTRUNC != 0 {
		return false, fmt.Errorf("%w: more than one file at once", ErrFrame)
	}
	if n == 0 {
		return true, io.EOF
	}
	return n < len(room) && file < 0, nil
}

func receive(fd int, message *unix.Msghdr, nonblocking bool) (int, unix.Errno) {
	for {
		var n uintptr
		var errno unix.Errno
		if nonblocking {
			n, _, errno = unix.RawSyscall(unix.SYS_RECVMSG, uintptr(fd), uintptr(unsafe.Pointer(message)), unix.MSG_CMSG_CLOEXEC|unix.MSG_DONTWAIT)
		} else {
			n, _, errno = unix.Syscall(unix.SYS_RECVMSG, uintptr(fd), uintptr(unsafe.Pointer(message)), unix.MSG_CMSG_CLOEXEC)
		}
		if errno != unix.EINTR {
			return int(n), errno
		}
	}
}

// Shutdown ends the writing side of a socket, or both sides.
func Shutdown(fd int, both bool) {
	how := unix.SHUT_WR
	if both {
		how = unix.SHUT_RDWR
	}
	_ = unix.Shutdown(fd, how)
}

// AwaitReadable waits, with the thread, until there is something to read from a
// descriptor, or its end, and reports whether that came within the timeout. A
// signal to the thread may count as such.
func AwaitReadable(fd int, timeout time.Duration) bool {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	left := unix.NsecToTimespec(int64(timeout))
	n, err := unix.Ppoll(fds, &left, nil)
	return n > 0 || err == unix.EINTR
}

// AwaitWritable waits, with the thread, until there is room to write to a
// descriptor, or its peer is gone.
func AwaitWritable(fd int) {
	_, _ = unix.Ppoll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}, nil, nil)
}

// Duplicate returns another descriptor of the same file.
func Duplicate(fd int) (int, error) { return unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0) }

// SetNonblocking makes a descriptor non-blocking.
func SetNonblocking(fd int) error { return unix.SetNonblock(fd, true) }

// CloseOnExec keeps a descriptor from children.
func CloseOnExec(fd int) { unix.CloseOnExec(fd) }

// CreatedBy reports whether a descriptor is a socket of a pair that the process
// made.
func CreatedBy(fd, pid int) bool {
	credentials, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	return err == nil && int(credentials.Pid) == pid
}

// Send writes what it can of b to a socket, with a file unless that is -1, and
// returns how much that was: EAGAIN says that a non-blocking one is full.
func Send(fd int, b []byte, file int, nonblocking bool) (int, error) {
	vector := unix.Iovec{Base: &b[0]}
	vector.SetLen(len(b))
	message := unix.Msghdr{Iov: &vector}
	message.SetIovlen(1)
	var control struct {
		unix.Cmsghdr
		file    int32
		padding int32
	}
	if file >= 0 {
		control.Level, control.Type = unix.SOL_SOCKET, unix.SCM_RIGHTS
		control.SetLen(unix.CmsgLen(4))
		control.file = int32(file)
		message.Control = (*byte)(unsafe.Pointer(&control))
		message.SetControllen(unix.CmsgSpace(4))
	}
	for {
		var n uintptr
		var errno unix.Errno
		if nonblocking {
			n, _, errno = unix.RawSyscall(unix.SYS_SENDMSG, uintptr(fd), uintptr(unsafe.Pointer(&message)), unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT)
		} else {
			n, _, errno = unix.Syscall(unix.SYS_SENDMSG, uintptr(fd), uintptr(unsafe.Pointer(&message)), unix.MSG_NOSIGNAL)
		}
		runtime.KeepAlive(b)
		switch errno {
		case 0:
			return int(n), nil
		case unix.EINTR:
		default:
			return 0, errno
		}
	}
}

// SendAll writes all of b to a blocking socket.
func SendAll(fd int, b []byte, file int) error {
	for len(b) > 0 {
		n, err := Send(fd, b, file, false)
		if err != nil {
			return err
		}
		b, file = b[n:], -1
	}
	return nil
}
