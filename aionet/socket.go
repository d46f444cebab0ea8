//go:build unix && !aix

package aionet

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

type syscallConn = syscall.RawConn

// duplicate copies the descriptor of something that package net made.
func duplicate(made interface {
	SyscallConn() (syscallConn, error)
}) (fd int, err error) {
	raw, err := made.SyscallConn()
	if err != nil {
		return -1, err
	}
	controlErr := raw.Control(func(original uintptr) {
		fd, err = unix.FcntlInt(original, unix.F_DUPFD_CLOEXEC, 0)
	})
	if controlErr != nil {
		return -1, controlErr
	}
	return fd, err
}

// defaultKeepAlive is package net's.
const defaultKeepAlive = 15 * time.Second

// inherit sets on a listening socket what its connections are to have. Linux
// and the BSDs hand these options on, so they cost no system calls for each
// connection. Small writes are not delayed, and a peer that has vanished is
// noticed, as package net does it. An option that the system refuses is no
// reason not to listen.
func inherit(fd int) {
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1)
	keepAlive(fd, defaultKeepAlive)
}
