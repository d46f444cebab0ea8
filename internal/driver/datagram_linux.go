package driver

import (
	"encoding/binary"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// rawAddress is a socket's address as the system has it.
type rawAddress [unix.SizeofSockaddrAny]byte

// ReceiveFrom receives a datagram, which may be empty, from a non-blocking socket; what does not fit into p is lost. It
// returns EAGAIN when there is none. Safe from any goroutine. It is a raw system call; see [Read].
func ReceiveFrom(fd int, p []byte) (n int, from Peer, err error) {
	var raw rawAddress
	var none byte
	into := &none
	if len(p) > 0 {
		into = &p[0]
	}
	for {
		length := uint32(len(raw))
		n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(into)), uintptr(len(p)), unix.MSG_DONTWAIT,
			uintptr(unsafe.Pointer(&raw)), uintptr(unsafe.Pointer(&length)))
		switch errno {
		case 0:
			kernelWrote(unsafe.Pointer(into), int(n))
			acquireIO()
			return int(n), parsePeer(raw[:min(int(length), len(raw))]), nil
		case syscall.EINTR:
		default:
			return 0, Peer{}, errno
		}
	}
}

// SendTo sends a datagram from a non-blocking socket, to its peer if it is connected and to is nil. An IPv6 socket also
// sends to IPv4 addresses. It returns EAGAIN when the system's buffer is full. Safe from any goroutine. It is a raw
// system call; see [Read].
func SendTo(fd int, p []byte, to *Peer, inet6 bool) error {
	var raw rawAddress
	var address unsafe.Pointer
	length := 0
	if to != nil {
		length = to.raw(&raw, inet6)
		address = unsafe.Pointer(&raw)
	}
	var none byte
	from := &none
	if len(p) > 0 {
		from = &p[0]
		kernelRead(unsafe.Pointer(from), len(p))
	}
	releaseIO()
	for {
		_, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(from)), uintptr(len(p)),
			unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, uintptr(address), uintptr(length))
		switch errno {
		case 0:
			return nil
		case syscall.EINTR:
		default:
			return errno
		}
	}
}

// parsePeer reads an address. One of another family, or that is too short, is the zero Peer.
func parsePeer(raw []byte) (p Peer) {
	if len(raw) < 2 {
		return p
	}
	switch family := binary.NativeEndian.Uint16(raw); {
	case family == unix.AF_INET && len(raw) >= unix.SizeofSockaddrInet4:
		p.Is4 = true
		p.Port = binary.BigEndian.Uint16(raw[2:])
		p.IP[10], p.IP[11] = 0xff, 0xff
		copy(p.IP[12:], raw[4:8])
	case family == unix.AF_INET6 && len(raw) >= unix.SizeofSockaddrInet6:
		p.Port = binary.BigEndian.Uint16(raw[2:])
		copy(p.IP[:], raw[8:24])
		if p.Is4 = [12]byte(p.IP[:12]) == [12]byte{10: 0xff, 11: 0xff}; !p.Is4 {
			p.Zone = binary.NativeEndian.Uint32(raw[24:])
		}
	case family == unix.AF_UNIX && len(raw) > 2:
		path := raw[2:min(len(raw), unix.SizeofSockaddrUnix)]
		if path[0] == 0 { // the abstract kind, which ends where the address does
			p.Path = "@" + string(path[1:])
			break
		}
		end := 0
		for end < len(path) && path[end] != 0 {
			end++
		}
		p.Path = string(path[:end])
	}
	return p
}

// raw writes the address for a socket of the family and returns its length.
func (p *Peer) raw(raw *rawAddress, inet6 bool) int {
	switch {
	case p.Path != "":
		binary.NativeEndian.PutUint16(raw[:], unix.AF_UNIX)
		n := copy(raw[2:len(raw)-1], p.Path)
		if p.Path[0] == '@' {
			raw[2] = 0
			return 2 + n
		}
		return 2 + n + 1
	case inet6:
		binary.NativeEndian.PutUint16(raw[:], unix.AF_INET6)
		binary.BigEndian.PutUint16(raw[2:], p.Port)
		copy(raw[8:], p.IP[:])
		binary.NativeEndian.PutUint32(raw[24:], p.Zone)
		return unix.SizeofSockaddrInet6
	}
	binary.NativeEndian.PutUint16(raw[:], unix.AF_INET)
	binary.BigEndian.PutUint16(raw[2:], p.Port)
	copy(raw[4:], p.IP[12:])
	return unix.SizeofSockaddrInet4
}
