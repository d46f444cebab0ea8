//go:build unix && !aix

package aionet

import (
	"net"
	"net/netip"

	"golang.org/x/sys/unix"
)

// network is the kind of a socket, as package net names it.
type network uint8

const (
	tcp network = iota
	udp
	unixStream
	unixDatagram
	pipe
)

func (n network) String() string { return [...]string{"tcp", "udp", "unix", "unixgram", "pipe"}[n] }

// address is where a socket's other end is. An idle connection has one, so it
// is smaller than a net.Addr with what that points to.
type address struct {
	ip   [16]byte
	port uint16
	is4  bool
	zone uint32
	path *string // of a Unix socket
}

func addressOf(sa unix.Sockaddr) address {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return address{ip: netip.AddrFrom4(sa.Addr).As16(), port: uint16(sa.Port), is4: true}
	case *unix.SockaddrInet6:
		return address{ip: sa.Addr, port: uint16(sa.Port), zone: sa.ZoneId}
	case *unix.SockaddrUnix:
		if sa.Name != "" {
			return address{path: &sa.Name}
		}
	}
	return address{}
}

func (a address) addrPort() netip.AddrPort {
	ip := netip.AddrFrom16(a.ip)
	switch {
	case a.is4:
		ip = ip.Unmap()
	case a.zone != 0:
		if i, err := net.InterfaceByIndex(int(a.zone)); err == nil {
			ip = ip.WithZone(i.Name)
		}
	}
	return netip.AddrPortFrom(ip, a.port)
}

func (a address) net(n network) net.Addr {
	switch n {
	case tcp:
		return net.TCPAddrFromAddrPort(a.addrPort())
	case udp:
		return net.UDPAddrFromAddrPort(a.addrPort())
	}
	path := ""
	if a.path != nil {
		path = *a.path
	}
	return &net.UnixAddr{Name: path, Net: n.String()}
}

// localAddr asks the system once.
func (d *descriptor) localAddr(n network) net.Addr {
	d.mu.Lock()
	defer d.mu.Unlock()
	if r := d.rare.Load(); r != nil && r.local != nil {
		return r.local
	}
	if d.state.Load()&released != 0 {
		return address{}.net(n)
	}
	sa, err := unix.Getsockname(d.fd)
	if err != nil {
		return address{}.net(n)
	}
	local := addressOf(sa).net(n)
	d.more().local = local
	return local
}
