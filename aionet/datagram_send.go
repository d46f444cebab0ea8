//go:build unix && !aix

package aionet

import (
	"bytes"
	"fmt"
	"net"

	"golang.org/x/sys/unix"

	"github.com/goaio/aio/internal/driver"
	"github.com/goaio/aio/loop"
)

// datagrams are what a transport has not sent yet.
type datagrams struct {
	waiting   []datagram
	size      int
	high, low int
}

type datagram struct {
	bytes []byte
	to    *driver.Peer // nil for the socket's peer
}

// datagramOverhead is what a buffered datagram counts for beside its bytes, so
// that the buffer of empty ones is bounded too.
const datagramOverhead = 64

// SendTo sends a datagram, which may be empty, to an address, a *net.UDPAddr or
// *net.UnixAddr; to must be nil on a connected socket, which sends to its peer.
// What the system does not take at once is buffered. SendTo does not wait, and p
// may be used again afterwards.
//
// An error of the system goes to ErrorReceived, for it may be one that an
// earlier datagram brought about. SendTo itself returns what is wrong with the
// call: an error for [net.ErrClosed] on a transport that is closing, and for an
// address that is none of this socket's. With more than 16 MB buffered it
// returns [ErrWriteBufferFull], and the datagram is dropped: heed PauseWriting.
func (t *DatagramTransport) SendTo(p []byte, to net.Addr) error {
	if t.IsClosing() {
		return t.socket.wrap("write", to, net.ErrClosed)
	}
	var peer *driver.Peer
	if to != nil {
		destination, err := t.socket.destination(to)
		if err != nil {
			return err
		}
		peer = &destination
	}
	if err := t.socket.checkConnected(peer); err != nil {
		return err
	}
	o := &t.out
	if len(o.waiting) == 0 {
		if t.send(p, peer) {
			return nil
		}
		t.loop.Rearm(t.socket.fd, t, loop.Writable)
	}
	if o.size > max(maxOutgoing, o.high) {
		return t.socket.wrap("write", to, ErrWriteBufferFull)
	}
	o.waiting = append(o.waiting, datagram{bytes.Clone(p), peer})
	o.size += len(p) + datagramOverhead
	t.choke()
	return nil
}

// send reports whether the system has taken the datagram, or refused it for
// good.
func (t *DatagramTransport) send(p []byte, to *driver.Peer) bool {
	for tries := 0; ; tries++ {
		err := driver.SendTo(t.socket.fd, p, to, t.socket.inet6)
		switch {
		case err == nil:
			return true
		case err == unix.EAGAIN:
			return false
		case t.socket.reports && tries == 0:
			// The error may be one that an earlier datagram brought about, and that
			// a read is told of.
			t.is |= transportNews
			t.schedule()
		default:
			t.protocol.ErrorReceived(t.socket.wrapTo(to, err))
			return true
		}
	}
}

// flush sends what is buffered.
func (t *DatagramTransport) flush() {
	o := &t.out
	if len(o.waiting) == 0 {
		return
	}
	for len(o.waiting) > 0 {
		first := o.waiting[0]
		if !t.send(first.bytes, first.to) {
			t.loop.Rearm(t.socket.fd, t, loop.Writable)
			break
		}
		if len(o.waiting) == 0 { // ErrorReceived has aborted
			return
		}
		o.waiting[0] = datagram{}
		o.waiting = o.waiting[1:]
		o.size -= len(first.bytes) + datagramOverhead
	}
	if t.is&transportChoked != 0 && o.size <= o.low {
		t.is &^= transportChoked
		t.protocol.ResumeWriting()
	}
	if len(o.waiting) > 0 {
		return
	}
	o.waiting = nil
	if t.is&transportClosing != 0 {
		t.lose(nil)
	}
}

// SetWriteBufferLimits sets the high-water and the low-water mark in bytes, as
// [Transport.SetWriteBufferLimits] does. A datagram counts 64 bytes more than it
// has.
func (t *DatagramTransport) SetWriteBufferLimits(high, low int) {
	if low < 0 || high < low {
		panic(fmt.Sprintf("aionet: write buffer limits: high (%d) must not be below low (%d), and low not below 0", high, low))
	}
	t.out.high, t.out.low = high, low
	t.choke()
}

// WriteBufferLimits returns the high-water and the low-water mark in bytes.
func (t *DatagramTransport) WriteBufferLimits() (high, low int) { return t.out.high, t.out.low }

// WriteBufferSize returns how many bytes are buffered, 64 more for each datagram.
func (t *DatagramTransport) WriteBufferSize() int { return t.out.size }

func (t *DatagramTransport) choke() {
	if t.out.size > t.out.high && t.is&transportChoked == 0 {
		t.is |= transportChoked
		t.protocol.PauseWriting()
	}
}

func (o *datagrams) drop() { o.waiting, o.size = nil, 0 }
