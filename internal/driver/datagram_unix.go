//go:build unix && !linux

package driver

import (
	"net/netip"

	"golang.org/x/sys/unix"
)

// ReceiveFrom receives a datagram, which may be empty, from a non-blocking socket; what does not fit into p is lost. It
// returns EAGAIN when there is none. Safe from any goroutine.
func ReceiveFrom(fd int, p []byte) (int, Peer, error) {
	for {
		n, from, err := unix.Recvfrom(fd, p, 0)
		if err != unix.EINTR {
			return max(n, 0), peerOf(from), err
		}
	}
}

// SendTo sends a datagram from a non-blocking socket, to its peer if it is connected and to is nil. An IPv6 socket also
// sends to IPv4 addresses. It returns EAGAIN when the system's buffer is full. Safe from any goroutine.
func SendTo(fd int, p []byte, to *Peer, inet6 bool) error {
	for {
		var err error
		if to == nil {
			_, err = unix.Write(fd, p)
		} else {
			err = unix.Sendto(fd, p, 0, to.sockaddr(inet6))
		}
		if err != unix.EINTR {
			return err
		}
	}
}

func peerOf(from unix.Sockaddr) Peer {
	switch from := from.(type) {
	case *unix.SockaddrInet4:
		return Peer{IP: netip.AddrFrom4(from.Addr).As16(), Port: uint16(from.Port), Is4: true}
	case *unix.SockaddrInet6:
		return Peer{IP: from.Addr, Port: uint16(from.Port), Zone: from.ZoneId, Is4: netip.AddrFrom16(from.Addr).Is4In6()}
	case *unix.SockaddrUnix:
		return Peer{Path: from.Name}
	}
	return Peer{}
}

func (p *Peer) sockaddr(inet6 bool) unix.Sockaddr {
	switch {
	case p.Path != "":
		return &unix.SockaddrUnix{Name: p.Path}
	case inet6:
		return &unix.SockaddrInet6{Addr: p.IP, Port: int(p.Port), ZoneId: p.Zone}
	}
	return &unix.SockaddrInet4{Addr: [4]byte(p.IP[12:]), Port: int(p.Port)}
}
