//go:build unix && !linux

package driver

import "golang.org/x/sys/unix"

// Read reads from a non-blocking descriptor. It returns EAGAIN when nothing is there, and 0 with no error at the end of
// the stream. Safe from any goroutine.
func Read(fd int, p []byte) (int, error) { return transfer(unix.Read, fd, p) }

// Write writes to a non-blocking descriptor, as much as it takes. It returns EAGAIN when it takes nothing. Safe from
// any goroutine.
func Write(fd int, p []byte) (int, error) { return transfer(unix.Write, fd, p) }

// Receive is [Read] for sockets.
func Receive(fd int, p []byte) (int, error) { return Read(fd, p) }

// Send is [Write] for sockets.
func Send(fd int, p []byte) (int, error) { return Write(fd, p) }

// ReadStream is [Read], as [Receive] is.
func ReadStream(fd int, p []byte, socket bool) (int, error) { return Read(fd, p) }

// WriteStream is [Write].
func WriteStream(fd int, p []byte, socket bool) (int, error) { return Write(fd, p) }

func transfer(call func(int, []byte) (int, error), fd int, p []byte) (int, error) {
	for {
		n, err := call(fd, p)
		if err != unix.EINTR {
			return max(n, 0), err
		}
	}
}
