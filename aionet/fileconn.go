//go:build unix && !aix

package aionet

import (
	"errors"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/goaio/aio/loop"
)

// Pipe makes a pipe: what is written to one end is read from the other. It is
// for processes and threads; between tasks an [aio.Queue] serves better. The
// ends are closed by their owner, each by itself.
func Pipe() (reader, writer *Conn, err error) {
	fds, err := makePair(func(fds *[2]int) error { return unix.Pipe(fds[:]) })
	if err != nil {
		return nil, nil, os.NewSyscallError("pipe", err)
	}
	return newFileConn(fds[0], pipe), newFileConn(fds[1], pipe), nil
}

// SocketPair makes two Unix sockets that are connected to each other: a pipe in
// both directions.
func SocketPair() (a, b *Conn, err error) {
	fds, err := makePair(func(fds *[2]int) (err error) {
		*fds, err = unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		return err
	})
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	return newFileConn(fds[0], unixStream), newFileConn(fds[1], unixStream), nil
}

// makePair has two descriptors made that a process which is just being started does
// not inherit.
func makePair(open func(*[2]int) error) (fds [2]int, err error) {
	syscall.ForkLock.RLock()
	err = open(&fds)
	if err == nil {
		unix.CloseOnExec(fds[0])
		unix.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return fds, err
	}
	if err = errors.Join(unix.SetNonblock(fds[0], true), unix.SetNonblock(fds[1], true)); err != nil {
		unix.Close(fds[0])
		unix.Close(fds[1])
	}
	return fds, err
}

// FileConn makes a connection of an open file that can be waited for: an end of
// a pipe, a FIFO, a terminal, a stream socket, os.Stdin if it is one of these.
// It is asyncio's connect_read_pipe and connect_write_pipe. A regular file is
// refused: read it with [aio.Blocking].
//
// As with [net.FileConn] the connection has a descriptor of its own, so close
// both; closing one does not affect the other. But the two, and those of other
// processes that have the file, are one open file to the system: while the
// connection is open it is non-blocking for all of them. Close makes it blocking
// again if it was.
//
// The addresses of what is no socket are empty; CloseWrite and CloseRead serve
// sockets only.
func FileConn(f *os.File) (*Conn, error) {
	c, err := fileConn(f)
	if err != nil {
		return nil, &net.OpError{Op: "file", Net: "file", Addr: dialled{"file", f.Name()}, Err: err}
	}
	return c, nil
}

func fileConn(f *os.File) (*Conn, error) {
	fd, err := duplicate(f)
	if err != nil {
		return nil, err
	}
	kind, err := kindOf(fd)
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err == nil && flags&unix.O_NONBLOCK == 0 {
		err = unix.SetNonblock(fd, true)
	}
	if err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("fcntl", err)
	}
	c := newFileConn(fd, kind)
	c.mu.Lock()
	c.more().blocking = flags&unix.O_NONBLOCK == 0
	c.mu.Unlock()
	return c, nil
}

// kindOf says what can be waited for. Whether the system agrees, about a device
// for one, shows with the first wait.
func kindOf(fd int) (network, error) {
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return 0, os.NewSyscallError("fstat", err)
	}
	switch stat.Mode & unix.S_IFMT {
	case unix.S_IFIFO, unix.S_IFCHR:
		return pipe, nil
	case unix.S_IFSOCK:
	default:
		return 0, errors.New("neither a pipe, a terminal nor a socket: it is always ready; read and write it with aio.Blocking")
	}
	if kind, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE); err != nil || kind != unix.SOCK_STREAM {
		return 0, errors.New("a socket, but not one for streams")
	}
	local, err := unix.Getsockname(fd)
	if err != nil {
		return 0, os.NewSyscallError("getsockname", err)
	}
	if _, is := local.(*unix.SockaddrUnix); is {
		return unixStream, nil
	}
	return tcp, nil
}

func newFileConn(fd int, kind network) *Conn {
	c := &Conn{network: kind}
	c.fd = fd
	if kind != pipe {
		if peer, err := unix.Getpeername(fd); err == nil {
			c.remote = addressOf(peer)
		}
	}
	if home := loop.Current(); home != nil {
		c.settle(home)
	}
	return c
}
