//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package driver

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// bell is a pipe that ends a wait in kevent(2). EVFILT_USER would do it with less, but not on every system.
type bell struct {
	reader int
	writer *os.File // as a file it can be rung while it is being closed; blocking, so that it is not in Go's poller
}

func newBell() (bell, error) {
	var ends [2]int
	syscall.ForkLock.RLock()
	err := unix.Pipe(ends[:])
	if err == nil {
		unix.CloseOnExec(ends[0])
		unix.CloseOnExec(ends[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return bell{reader: -1}, err
	}
	b := bell{ends[0], os.NewFile(uintptr(ends[1]), "bell")}
	return b, unix.SetNonblock(b.reader, true)
}

// ring is called at most once for each wait that parks, so the pipe does not fill. It fails only after close.
func (b bell) ring() { _, _ = b.writer.Write([]byte{0}) }

// hush takes rings out of the pipe. What it leaves is reported again.
func (b bell) hush() {
	var rings [64]byte
	_, _ = unix.Read(b.reader, rings[:])
}

func (b bell) close() {
	if b.writer != nil {
		b.writer.Close()
		unix.Close(b.reader)
	}
}
