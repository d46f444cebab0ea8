package wire

import (
	"fmt"
	"io"
	"runtime"
	"strconv"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Frames go through pipes, one in each direction: a message and its answer then
// take half the time that they take through a socket.

// Pipe returns the two ends of a pipe, which are closed on exec.
func Pipe() (read, write int, err error) {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		return -1, -1, fmt.Errorf("pipe2: %w", err)
	}
	return fds[0], fds[1], nil
}

// ErrWouldBlock says that nothing is there to read, or no room to write.
const ErrWouldBlock = unix.EAGAIN

// Fill reads once from a pipe into the buffer: io.EOF at its end. drained says
// that nothing was left just then. The read of a descriptor that is nonblocking
// saves the scheduler's book-keeping.
func (b *Buffer) Fill(fd int, nonblocking bool) (drained bool, err error) {
	room := b.Room()
	n, errno := transfer(unix.SYS_READ, fd, room, nonblocking)
	switch {
	case errno != 0:
		return true, errno
	case n == 0:
		return true, io.EOF
	}
	b.Filled(n)
	return n < len(room), nil
}

// Write writes what it can of b, which is not empty, to a pipe and returns how
// much that was: ErrWouldBlock says that a nonblocking one is full.
func Write(fd int, b []byte, nonblocking bool) (int, error) {
	n, errno := transfer(unix.SYS_WRITE, fd, b, nonblocking)
	if errno != 0 {
		return 0, errno
	}
	return n, nil
}

func transfer(call uintptr, fd int, b []byte, nonblocking bool) (int, unix.Errno) {
	for {
		var n uintptr
		var errno unix.Errno
		if nonblocking {
			n, _, errno = unix.RawSyscall(call, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
		} else {
			n, _, errno = unix.Syscall(call, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
		}
		runtime.KeepAlive(b)
		if errno != unix.EINTR {
			return int(n), errno
		}
	}
}

// WriteAll writes all of b to a pipe that blocks.
func WriteAll(fd int, b []byte) error {
	for len(b) > 0 {
		n, err := Write(fd, b, false)
		if err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// Unread returns how many bytes that were written to a pipe have not been read.
func Unread(fd int) int {
	n, err := unix.IoctlGetInt(fd, unix.TIOCINQ)
	if err != nil {
		return 0
	}
	return n
}

// SetPackets says whether each write to a nonblocking pipe, of Packet bytes at
// most, is a packet: a read takes one of them, and never a part.
func SetPackets(fd int, packets bool) error {
	flags := unix.O_NONBLOCK
	if packets {
		flags |= unix.O_DIRECT
	}
	_, err := unix.FcntlInt(uintptr(fd), unix.F_SETFL, flags)
	return err
}

// Packets returns how many packets a pipe holds.
func Packets(fd int) int {
	n, err := unix.FcntlInt(uintptr(fd), unix.F_GETPIPE_SZ, 0)
	if err != nil {
		return 0
	}
	return n / unix.Getpagesize()
}

// ReadingEnd opens another reading end of the pipe that fd writes to, which does
// not block.
func ReadingEnd(fd int) (int, error) {
	return unix.Open("/proc/self/fd/"+strconv.Itoa(fd), unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
}

// Read reads once from a pipe that does not block.
func Read(fd int, b []byte) (int, error) {
	n, errno := transfer(unix.SYS_READ, fd, b, true)
	if errno != 0 {
		return 0, errno
	}
	return n, nil
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

// Duplicate returns another descriptor of the same file.
func Duplicate(fd int) (int, error) { return unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0) }

// SetNonblocking makes a descriptor non-blocking.
func SetNonblocking(fd int) error { return unix.SetNonblock(fd, true) }

// CloseOnExec keeps a descriptor from children.
func CloseOnExec(fd int) { unix.CloseOnExec(fd) }
