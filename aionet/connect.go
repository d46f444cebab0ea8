//go:build unix && !aix

package aionet

import (
	"context"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/goaio/aio/loop"
)

// connect connects a new socket to one address.
func connect(ctx context.Context, network network, sa, local unix.Sockaddr) (*Conn, error) {
	fd, err := newSocket(sa)
	if err != nil {
		return nil, err
	}
	c := &Conn{network: network, remote: addressOf(sa)}
	c.fd = fd
	if network == tcp {
		inherit(fd)
	}
	if local != nil {
		if err := unix.Bind(fd, local); err != nil {
			c.close()
			return nil, err
		}
	}
	if err := c.connect(ctx, sa); err != nil {
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

func newSocket(sa unix.Sockaddr) (int, error) {
	family := unix.AF_UNIX
	switch sa.(type) {
	case *unix.SockaddrInet4:
		family = unix.AF_INET
	case *unix.SockaddrInet6:
		family = unix.AF_INET6
	}
	syscall.ForkLock.RLock()
	fd, err := unix.Socket(family, unix.SOCK_STREAM, 0)
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
