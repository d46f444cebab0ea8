//go:build !race

package driver

import (
	"testing"

	"golang.org/x/sys/unix"
)

// The race detector has buffers allocated that are not otherwise.
func TestDatagramsDoNotAllocate(t *testing.T) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	name, _ := unix.Getsockname(fd)
	self := Peer{Is4: true, Port: uint16(name.(*unix.SockaddrInet4).Port), IP: [16]byte{10: 0xff, 11: 0xff, 12: 127, 15: 1}}
	p := make([]byte, 100)
	allocs := testing.AllocsPerRun(100, func() {
		if err := SendTo(fd, p[:7], &self, false); err != nil {
			t.Error(err)
		}
		if n, from, err := ReceiveFrom(fd, p); n != 7 || from != self || err != nil {
			t.Error(n, from, err)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
	if _, _, err := ReceiveFrom(fd, p); err != unix.EAGAIN {
		t.Errorf("of nothing: %v", err)
	}
}
