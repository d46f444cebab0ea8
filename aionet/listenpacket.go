//go:build unix && !aix

package aionet

import (
	"context"
	"net"
	"net/netip"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/goaio/aio/loop"
)

// ListenPacket opens a socket that receives datagrams at an address and sends
// from it: network is "udp", "udp4", "udp6" or "unixgram". It is asyncio's
// create_datagram_endpoint.
//
// The file of a Unix socket that nobody receives at any more is removed first,
// and Close removes the one that ListenPacket made, unless another has taken
// its place.
func ListenPacket(ctx context.Context, network, address string) (*PacketConn, error) {
	if network == "unixgram" {
		if err := removeStale(address, unix.SOCK_DGRAM); err != nil {
			return nil, &net.OpError{Op: "listen", Net: network, Addr: &net.UnixAddr{Name: address, Net: network}, Err: err}
		}
	}
	// See listen for why it is package net that opens it.
	var config net.ListenConfig
	made, err := config.ListenPacket(ctx, network, address)
	if err != nil {
		return nil, err
	}
	defer made.Close()
	c := &PacketConn{network: udp}
	fd, err := duplicate(made.(interface {
		SyscallConn() (syscallConn, error)
	}))
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Addr: made.LocalAddr(), Err: err}
	}
	if network == "unixgram" {
		c.network = unixDatagram
		c.socket = socketFileOf(address)
	}
	c.open(fd)
	return c, nil
}

// open makes c the owner of a socket.
func (c *PacketConn) open(fd int) {
	c.fd = fd
	if local, err := unix.Getsockname(fd); err == nil {
		_, c.inet6 = local.(*unix.SockaddrInet6)
	}
	if home := loop.Current(); home != nil {
		c.settle(home)
	}
}

// DialPacket opens a socket for datagrams that is connected to one address, with
// a zero [Dialer].
func DialPacket(ctx context.Context, network, address string) (*PacketConn, error) {
	return new(Dialer).DialPacket(ctx, network, address)
}

// DialPacket opens a socket for datagrams that is connected to one address: it
// sends to that only and receives from that only, and hears of ICMP errors.
// network is "udp", "udp4", "udp6" or "unixgram". Of the addresses of a name the
// first is taken that the system has a route to, for nobody answers. LocalAddr
// is a *net.UDPAddr or *net.UnixAddr; without one a Unix socket can be sent no
// answer. AttemptDelay and KeepAlive mean nothing here. A cancel of ctx leaves
// nothing behind.
func (d *Dialer) DialPacket(ctx context.Context, network, address string) (*PacketConn, error) {
	switch network {
	case "udp", "udp4", "udp6":
	case "unixgram":
		to := &net.UnixAddr{Name: address, Net: network}
		err := checkUnixPath(address)
		if err != nil {
			return nil, dialError(network, to, err)
		}
		var local unix.Sockaddr
		if a, is := d.LocalAddr.(*net.UnixAddr); is && a != nil {
			local = &unix.SockaddrUnix{Name: a.Name}
		}
		c, err := d.connectPacket(network, unixDatagram, &unix.SockaddrUnix{Name: address}, local)
		return c, dialError(network, to, err)
	default:
		return nil, dialError(network, dialled{network, address}, net.UnknownNetworkError(network))
	}
	var addresses []netip.AddrPort
	err := d.within(ctx, func(ctx context.Context) (err error) {
		addresses, err = d.resolve(ctx, network, address)
		return err
	})
	if err != nil {
		return nil, dialError(network, dialled{network, address}, err)
	}
	var failed []error
	for _, to := range addresses {
		var local unix.Sockaddr
		if a, is := d.LocalAddr.(*net.UDPAddr); is && a != nil {
			local = localSockaddr(a.AddrPort(), to)
		}
		c, err := d.connectPacket(network, udp, sockaddr(to), local)
		if err == nil {
			return c, nil
		}
		failed = append(failed, dialError(network, net.UDPAddrFromAddrPort(to), err))
	}
	if len(failed) == 1 {
		return nil, failed[0]
	}
	return nil, &DialError{Network: network, Address: address, Attempts: failed}
}

func (d *Dialer) connectPacket(name string, network network, sa, local unix.Sockaddr) (*PacketConn, error) {
	fd, err := newSocket(sa, unix.SOCK_DGRAM)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	c := &PacketConn{network: network, remote: addressOf(sa), connected: true}
	c.fd = fd
	if d.Control != nil {
		if network == udp && !strings.HasSuffix(name, "4") && !strings.HasSuffix(name, "6") {
			name = "udp6"
			if c.remote.is4 {
				name = "udp4"
			}
		}
		raw, _ := c.SyscallConn()
		err = d.Control(name, c.RemoteAddr().String(), raw)
	}
	if err == nil && local != nil {
		err = os.NewSyscallError("bind", unix.Bind(fd, local))
	}
	if err == nil {
		err = os.NewSyscallError("connect", unix.Connect(fd, sa))
	}
	if err != nil {
		c.close()
		return nil, err
	}
	if u, is := local.(*unix.SockaddrUnix); is {
		c.socket = socketFileOf(u.Name)
	}
	c.open(fd)
	return c, nil
}
