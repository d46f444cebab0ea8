//go:build !race

package aionet

import (
	"net"
	"testing"
)

// The race detector has buffers allocated that are not otherwise.
func TestPacketsDoNotAllocate(t *testing.T) {
	c := listenPacket(t, "udp", "127.0.0.1:0")
	self := c.LocalAddr().(*net.UDPAddr).AddrPort()
	p := make([]byte, 100)
	allocs := testing.AllocsPerRun(100, func() {
		if _, err := c.WriteToAddrPort(p, self); err != nil {
			t.Error(err)
		}
		if _, from, err := c.ReadFromAddrPort(p); from != self || err != nil {
			t.Error(from, err)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations for a datagram there and back", allocs)
	}
}
