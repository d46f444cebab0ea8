//go:build unix && !aix

package aionet

import (
	"context"
	"fmt"
	"net"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/goaio/aio/internal/driver"
	"github.com/goaio/aio/loop"
)

// DatagramTransport is a socket for datagrams with a [DatagramProtocol]. It
// never waits and needs no task: what can be sent is sent at once, the rest is
// buffered; what arrives is handed to the protocol's callbacks.
//
// Its methods are for its loop only: call them in callbacks and tasks of that
// loop, and elsewhere through [loop.Loop.CallSoon].
type DatagramTransport struct {
	loop     *loop.Loop
	socket   *PacketConn // nobody else's
	protocol DatagramProtocol
	ctx      context.Context
	buffer   []byte
	call     func() // work, bound once
	is       transportState
	out      datagrams
}

const (
	// datagramBuffer is asyncio's: what is longer is cut.
	datagramBuffer = 256 << 10
	// maxDatagrams are received in a row before others have their turn.
	maxDatagrams = 16
)

// datagramBufferOf is called on the loop, whose transports share a buffer.
func datagramBufferOf(l *loop.Loop) []byte {
	q := transportsOf(l)
	if q.datagram == nil {
		q.datagram = make([]byte, datagramBuffer)
	}
	return q.datagram
}

// begin has the protocol know its transport, in the next round, and hear of
// datagrams from then on.
func (t *DatagramTransport) begin(then func()) {
	t.call = t.work
	t.loop.CallSoon(func() {
		defer t.guard()
		defer then()
		t.is |= transportMade
		t.protocol.ConnectionMade(t)
		if t.is&transportLost != 0 {
			return
		}
		if err := t.loop.Register(t.socket.fd, t); err != nil {
			t.forceClose(err)
		}
	})
}

// Ready hears from the loop.
func (t *DatagramTransport) Ready(is loop.Readiness) {
	if is&(loop.Readable|loop.HungUp) != 0 {
		t.is |= transportNews
	}
	if t.is&transportNews != 0 && t.reads() || is&loop.Writable != 0 && len(t.out.waiting) > 0 {
		t.schedule()
	}
}

// Closed reports whether the file is closed, and its number perhaps another's.
func (t *DatagramTransport) Closed() bool { return t.is&transportClosed != 0 }

func (t *DatagramTransport) reads() bool { return t.is&(transportClosing|transportLost) == 0 }

func (t *DatagramTransport) schedule() {
	if t.is&transportQueued == 0 {
		t.is |= transportQueued
		t.loop.CallSoon(t.call)
	}
}

// work does what has become possible.
func (t *DatagramTransport) work() {
	defer t.guard()
	t.is &^= transportQueued
	t.flush()
	for n := 0; t.is&transportNews != 0 && t.reads(); n++ {
		if n == maxDatagrams {
			t.schedule()
			return
		}
		t.receive()
	}
}

func (t *DatagramTransport) receive() {
	n, from, err := driver.ReceiveFrom(t.socket.fd, t.buffer)
	if err == nil {
		t.protocol.DatagramReceived(t.buffer[:n:n], t.socket.sender(from))
		return
	}
	if reported := t.socket.reported(); reported != nil {
		t.protocol.ErrorReceived(reported)
		return
	}
	if err == unix.EAGAIN {
		t.is &^= transportNews
		t.loop.Rearm(t.socket.fd, t, loop.Readable)
		return
	}
	t.protocol.ErrorReceived(t.socket.wrap("read", nil, err))
}

// Close closes the transport when what is buffered has been sent. No more is
// received, and ConnectionLost is called in a later round. A second Close does
// nothing.
func (t *DatagramTransport) Close() error {
	if t.is&transportClosing != 0 {
		return nil
	}
	t.is |= transportClosing
	if len(t.out.waiting) == 0 {
		t.lose(nil)
	}
	return nil
}

// Abort closes the transport now: what is buffered is lost. ConnectionLost is
// called, with nil, in the next round.
func (t *DatagramTransport) Abort() { t.forceClose(nil) }

// IsClosing reports whether the transport is closing or closed.
func (t *DatagramTransport) IsClosing() bool { return t.is&(transportClosing|transportLost) != 0 }

func (t *DatagramTransport) forceClose(reason error) {
	t.is |= transportClosing
	t.out.drop()
	t.lose(reason)
}

// lose has ConnectionLost called in the next round.
func (t *DatagramTransport) lose(reason error) {
	if t.is&transportLost != 0 {
		return
	}
	t.is |= transportLost
	t.loop.CallSoon(func() {
		defer t.finish()
		defer t.guard()
		if t.is&transportMade != 0 {
			t.protocol.ConnectionLost(reason)
		}
	})
}

func (t *DatagramTransport) finish() {
	t.is |= transportClosed
	t.loop.Unregister(t.socket.fd, t)
	_ = t.socket.Close()
}

// guard is deferred around callbacks of the protocol: a panic ends the transport
// and nothing else.
func (t *DatagramTransport) guard() {
	if value := recover(); value != nil {
		err := loop.NewPanicError(value)
		t.loop.CallExceptionHandler(loop.Exception{
			Message: fmt.Sprintf("a protocol of the socket %v failed, the socket is closed", t.LocalAddr()), Err: err})
		t.forceClose(err)
	}
}

// LocalAddr returns the address of the socket: asyncio's extra info "sockname".
func (t *DatagramTransport) LocalAddr() net.Addr { return t.socket.LocalAddr() }

// RemoteAddr returns the address of the peer of a connected socket, else nil:
// asyncio's "peername".
func (t *DatagramTransport) RemoteAddr() net.Addr { return t.socket.RemoteAddr() }

// SyscallConn gives access to the descriptor, for socket options: asyncio's
// "socket".
func (t *DatagramTransport) SyscallConn() (syscall.RawConn, error) { return t.socket.SyscallConn() }

// Protocol returns the transport's protocol.
func (t *DatagramTransport) Protocol() DatagramProtocol { return t.protocol }

// SetProtocol has the callbacks go to another protocol from now on, whose
// ConnectionMade is not called.
func (t *DatagramTransport) SetProtocol(p DatagramProtocol) { t.protocol = p }

// Loop returns the transport's loop.
func (t *DatagramTransport) Loop() *loop.Loop { return t.loop }

// Context returns a context to start tasks with in callbacks: that of the task
// that made the transport, [aio.Detached].
func (t *DatagramTransport) Context() context.Context { return t.ctx }
