package driver

import (
	"encoding/binary"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Whatever the bytes are, they are read as an address or as none, and one that
// was read is written as it was.
func FuzzPeer(f *testing.F) {
	for _, p := range []Peer{
		{Port: 80, Is4: true, IP: [16]byte{10: 0xff, 11: 0xff, 12: 127, 15: 1}},
		{Port: 443, IP: [16]byte{0xfe, 0x80, 15: 9}, Zone: 3},
		{Path: "/tmp/socket"},
		{Path: "@abstract"},
	} {
		var raw rawAddress
		n := p.raw(&raw, !p.Is4)
		f.Add(raw[:n])
	}
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > unix.SizeofSockaddrAny {
			return
		}
		p := parsePeer(b)
		if p == (Peer{}) || p.Path == "@" {
			return
		}
		var raw rawAddress
		n := p.raw(&raw, !p.Is4)
		if again := parsePeer(raw[:n]); again != p {
			t.Errorf("%x was read as %+v and then as %+v", b, p, again)
		}
	})
}

func FuzzExtendedError(f *testing.F) {
	header := unix.Cmsghdr{Level: unix.IPPROTO_IP, Type: unix.IP_RECVERR}
	header.SetLen(unix.CmsgLen(16))
	good := make([]byte, unix.CmsgSpace(16))
	copy(good, unsafe.Slice((*byte)(unsafe.Pointer(&header)), unix.SizeofCmsghdr))
	binary.NativeEndian.PutUint32(good[unix.CmsgLen(0):], uint32(unix.ECONNREFUSED))
	if got := parseExtendedError(good); got != unix.ECONNREFUSED {
		f.Errorf("read as %v", got)
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, control []byte) {
		if parseExtendedError(control) == 0 {
			t.Error("an error that is none")
		}
	})
}
