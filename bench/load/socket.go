//go:build linux

package load

import (
	"errors"
	"fmt"
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The calls of the hot path never block, so they need not tell the Go scheduler. The memory
// they touch is this one thread's, so the race detector misses nothing.

func receive(fd int, into []byte) (int, syscall.Errno) {
	for {
		n, _, errno := syscall.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd),
			uintptr(unsafe.Pointer(unsafe.SliceData(into))), uintptr(len(into)), unix.MSG_DONTWAIT, 0, 0)
		if errno != syscall.EINTR {
			return int(n), errno
		}
	}
}

func send(fd int, bytes []byte) (int, syscall.Errno) {
	for {
		n, _, errno := syscall.RawSyscall6(unix.SYS_SENDTO, uintptr(fd),
			uintptr(unsafe.Pointer(unsafe.SliceData(bytes))), uintptr(len(bytes)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
		if errno != syscall.EINTR {
			return int(n), errno
		}
	}
}

// connectionsPerSource keeps well below the ports the system hands out for one source address.
const connectionsPerSource = 4000

// source is the loopback address the i-th connection to the address comes from.
func source(to netip.AddrPort, i int) (netip.Addr, error) {
	if !to.Addr().Is4() || !to.Addr().IsLoopback() {
		return netip.Addr{}, fmt.Errorf("%v is not of 127.0.0.0/8, and no other is loaded", to)
	}
	block := i / connectionsPerSource
	if block > 200 {
		return netip.Addr{}, fmt.Errorf("connection %d is more than the source addresses are for", i)
	}
	return netip.AddrFrom4([4]byte{127, 0, 0, byte(2 + block)}), nil
}

// connect opens the i-th connection. Closing it resets it, so that no port waits for its time after the run.
func connect(to netip.AddrPort, i int) (fd int, err error) {
	from, err := source(to, i)
	if err != nil {
		return -1, err
	}
	fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("socket: %w", err)
	}
	err = errors.Join(
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1),
		unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1}),
		unix.SetsockoptInt(fd, unix.SOL_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1), // the port is chosen once the peer is known
		unix.Bind(fd, &unix.SockaddrInet4{Addr: from.As4()}),
	)
	for err == nil {
		err = unix.Connect(fd, &unix.SockaddrInet4{Addr: to.Addr().As4(), Port: int(to.Port())})
		if err != unix.EINTR {
			break
		}
		err = nil
	}
	if err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("connecting from %v to %v: %w", from, to, err)
	}
	return fd, nil
}
