//go:build unix && !aix

package aionet

import (
	"errors"
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"

	"github.com/goaio/aio/loop"
)

// outgoing is what a transport has not sent yet.
type outgoing struct {
	pending   []byte
	sent      int // of pending
	high, low int
}

const (
	// highWater is asyncio's default.
	highWater = 64 << 10
	// maxOutgoing is how much a transport buffers for a protocol that does not
	// heed PauseWriting.
	maxOutgoing = 16 << 20
)

// ErrWriteBufferFull is the reason of a connection's loss when its protocol went
// on writing although it was told to pause.
var ErrWriteBufferFull = errors.New("aionet: the protocol wrote on although PauseWriting told it not to, and the peer does not read")

// buffering reports whether something waits to be sent.
func (t *Transport) buffering() bool { return t.out != nil && len(t.out.pending) > 0 }

// Write sends p as far as the system takes it at once and buffers the rest. It
// does not wait, and p may be used again afterwards. The error is one for
// [net.ErrClosed] on a transport that is closing or whose half was ended, else
// that of the connection, which is lost then.
//
// Under TLS what is buffered is encrypted already, and counts as such.
//
// More than 16 MB are not buffered, but for a single Write: the connection is
// lost with [ErrWriteBufferFull]. Heed PauseWriting.
func (t *Transport) Write(p []byte) (int, error) {
	if t.is&(transportClosing|transportLost|transportEOF) != 0 {
		return 0, t.wrap("write", net.ErrClosed)
	}
	if t.upgrading() {
		return 0, t.wrap("write", errUpgrading)
	}
	t.is |= transportTouched
	n, err := 0, error(nil)
	if t.secure != nil {
		n, err = t.encrypt(p)
	} else {
		n, err = t.put(p)
	}
	if err == nil {
		t.choke()
	}
	return n, err
}

// put sends p as it is, as far as the system takes it, and buffers the rest. It
// calls nobody.
func (t *Transport) put(p []byte) (int, error) {
	rest := p
	if !t.buffering() {
		n, err := t.send(p)
		if err != nil {
			return n, t.broken("write", err)
		}
		if rest = p[n:]; len(rest) == 0 {
			return len(p), nil
		}
		t.queue.loop.Rearm(t.fd, t, loop.Writable)
	}
	o := t.outgoing()
	if o.size() > max(maxOutgoing, o.high) {
		t.forceClose(ErrWriteBufferFull)
		return len(p) - len(rest), ErrWriteBufferFull
	}
	o.append(rest)
	return len(p), nil
}

// send writes until the system takes no more.
func (t *Transport) send(p []byte) (sent int, err error) {
	for sent < len(p) {
		n, err := t.network.write(t.fd, p[sent:])
		sent += n
		if err == unix.EAGAIN {
			return sent, nil
		}
		if err != nil {
			return sent, err
		}
	}
	return sent, nil
}

// flush sends what is buffered.
func (t *Transport) flush() {
	o := t.out
	n, err := t.send(o.pending[o.sent:])
	if err != nil {
		_ = t.broken("write", err)
		return
	}
	if o.sent += n; o.sent < len(o.pending) {
		t.queue.loop.Rearm(t.fd, t, loop.Writable)
	} else {
		o.pending, o.sent = nil, 0
	}
	t.unchoke() // which may write more
	if t.buffering() || t.is&transportLost != 0 {
		return
	}
	switch {
	case t.is&transportClosing != 0:
		t.end(nil)
	case t.is&transportEOF != 0 && t.secure == nil:
		_ = unix.Shutdown(t.fd, unix.SHUT_WR)
	}
}

// WriteEOF ends this half of the stream when what is buffered has been sent. The
// other half goes on. Under TLS it sends the close-notify.
func (t *Transport) WriteEOF() error {
	if t.is&(transportClosing|transportLost|transportEOF) != 0 {
		return nil
	}
	if t.upgrading() {
		return t.wrap("close", errUpgrading)
	}
	if t.secure != nil {
		if err := t.secure.tls.CloseWrite(); err != nil {
			return err
		}
		t.is |= transportEOF
		t.choke()
		return nil
	}
	t.is |= transportEOF
	if t.buffering() {
		return nil
	}
	if err := unix.Shutdown(t.fd, unix.SHUT_WR); err != nil && err != unix.ENOTCONN {
		return t.wrap("close", os.NewSyscallError("shutdown", err))
	}
	return nil
}

// SetWriteBufferLimits sets the high-water and the low-water mark in bytes: more
// than high buffered calls the protocol's PauseWriting, low or less afterwards
// ResumeWriting. They are 64 KB and 16 KB without it, as asyncio has them. With
// a high of 0 the protocol pauses whenever anything is buffered. It panics
// unless high >= low >= 0.
func (t *Transport) SetWriteBufferLimits(high, low int) {
	if low < 0 || high < low {
		panic(fmt.Sprintf("aionet: write buffer limits: high (%d) must not be below low (%d), and low not below 0", high, low))
	}
	o := t.outgoing()
	o.high, o.low = high, low
	t.choke()
}

// WriteBufferLimits returns the high-water and the low-water mark in bytes.
func (t *Transport) WriteBufferLimits() (high, low int) {
	if t.out == nil {
		return highWater, highWater / 4
	}
	return t.out.high, t.out.low
}

// WriteBufferSize returns how many bytes are buffered.
func (t *Transport) WriteBufferSize() int {
	if t.out == nil {
		return 0
	}
	return t.out.size()
}

func (t *Transport) choke() {
	if t.out != nil && t.out.size() > t.out.high && t.is&transportChoked == 0 {
		t.is |= transportChoked
		t.protocol.PauseWriting()
	}
}

func (t *Transport) unchoke() {
	if t.is&transportChoked != 0 && t.out.size() <= t.out.low {
		t.is &^= transportChoked
		t.protocol.ResumeWriting()
	}
}

func (t *Transport) outgoing() *outgoing {
	if t.out == nil {
		t.out = &outgoing{high: highWater, low: highWater / 4}
	}
	return t.out
}

func (t *Transport) dropOutgoing() {
	if t.out != nil {
		t.out.pending, t.out.sent = nil, 0
	}
}

func (o *outgoing) size() int { return len(o.pending) - o.sent }

// append makes room by moving what is left to the front, when at least half has
// been sent.
func (o *outgoing) append(p []byte) {
	if o.sent > len(o.pending)/2 {
		o.pending = o.pending[:copy(o.pending, o.pending[o.sent:])]
		o.sent = 0
	}
	o.pending = append(o.pending, p...)
}
