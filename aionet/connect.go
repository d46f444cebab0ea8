//go:build unix && !aix

package aionet

import (
	"context"
	"net/netip"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// connect connects a new socket to one address. prepare is called before.
func connect(ctx context.Context, network network, sa, local unix.Sockaddr, prepare func(*Conn) error) (*Conn, error) {
	fd, err := newSocket(sa, unix.SOCK_STREAM)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	c := &Conn{network: network, remote: addressOf(sa)}
	c.fd = fd
	err = prepare(c)
	if err == nil && local != nil {
		err = os.NewSyscallError("bind", unix.Bind(fd, local))
	}
	if err == nil {
		err = c.connect(ctx, sa)
	}
	if err != nil {
		c.close()
		return nil, err
	}
	if home := loop.Current(); home != nil {
		c.settle(home)
	}
	return c, nil
}

func (c *Conn) connect(ctx context.Context, sa unix.Sockaddr) error {
	err := unix.Connect(c.fd, sa)
	for pause := time.Millisecond; err == unix.EAGAIN && c.network == unixStream; pause = min(2*pause, 100*time.Millisecond) {
		// The listener's queue is full, and the system does not tell when there
		// is room.
		if err := aio.Sleep(ctx, pause); err != nil {
			return err
		}
		err = unix.Connect(c.fd, sa)
	}
	switch err {
	case nil, unix.EISCONN:
		return nil
	case unix.EINPROGRESS, unix.EINTR, unix.EALREADY:
	default:
		return err
	}
	// Only now: a socket that is registered before it connects reports a hangup.
	if err := c.begin(ctx, writing); err != nil {
		return err
	}
	defer c.end(writing)
	for {
		if err := c.await(ctx, writing); err != nil {
			return err
		}
		c.out.news.Store(false)
		code, err := unix.GetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_ERROR)
		if err != nil {
			return err
		}
		if code != 0 {
			return syscall.Errno(code)
		}
		// Writable without an error may also mean that it still connects.
		if _, err := unix.Getpeername(c.fd); err == nil {
			return nil
		}
	}
}

func newSocket(sa unix.Sockaddr, kind int) (int, error) {
	family := unix.AF_UNIX
	switch sa.(type) {
	case *unix.SockaddrInet4:
		family = unix.AF_INET
	case *unix.SockaddrInet6:
		family = unix.AF_INET6
	}
	syscall.ForkLock.RLock()
	fd, err := unix.Socket(family, kind, 0)
	if err == nil {
		unix.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return -1, err
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

func sockaddr(a netip.AddrPort) unix.Sockaddr {
	if ip := a.Addr().Unmap(); ip.Is4() {
		return &unix.SockaddrInet4{Addr: ip.As4(), Port: int(a.Port())}
	}
	sa := &unix.SockaddrInet6{Addr: a.Addr().As16(), Port: int(a.Port())}
	sa.ZoneId = zoneID(a.Addr().Zone())
	return sa
}
