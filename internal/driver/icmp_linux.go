package driver

import (
	"encoding/binary"
	"syscall"

	"golang.org/x/sys/unix"
)

// ReportErrors has the system keep the ICMP errors that datagrams of a socket bring about, for [ReceiveError].
func ReportErrors(fd int, inet6 bool) error {
	if inet6 {
		// IPv4 peers of the socket are reported by the other option, which a socket for IPv6 alone refuses.
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_RECVERR, 1)
		return unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_RECVERR, 1)
	}
	return unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_RECVERR, 1)
}

// ReceiveError takes one of the errors that are kept and says to whom the datagram went. It returns EAGAIN when there is
// none. Safe from any goroutine.
func ReceiveError(fd int) (to Peer, is syscall.Errno, err error) {
	var control [256]byte
	for {
		_, n, _, from, err := unix.Recvmsg(fd, nil, control[:], unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return to, 0, err
		}
		switch from := from.(type) {
		case *unix.SockaddrInet4:
			to = Peer{Port: uint16(from.Port), Is4: true}
			to.IP[10], to.IP[11] = 0xff, 0xff
			copy(to.IP[12:], from.Addr[:])
		case *unix.SockaddrInet6:
			to = Peer{IP: from.Addr, Port: uint16(from.Port), Zone: from.ZoneId}
			to.Is4 = [12]byte(to.IP[:12]) == [12]byte{10: 0xff, 11: 0xff}
		}
		return to, parseExtendedError(control[:n]), nil
	}
}

// parseExtendedError finds the error in the control messages of one that was kept; EIO if it is not there.
func parseExtendedError(control []byte) syscall.Errno {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return syscall.EIO
	}
	for _, m := range messages {
		of4 := m.Header.Level == unix.IPPROTO_IP && m.Header.Type == unix.IP_RECVERR
		of6 := m.Header.Level == unix.IPPROTO_IPV6 && m.Header.Type == unix.IPV6_RECVERR
		if (of4 || of6) && len(m.Data) >= 4 {
			if errno := syscall.Errno(binary.NativeEndian.Uint32(m.Data)); errno != 0 {
				return errno
			}
		}
	}
	return syscall.EIO
}
