//go:build unix && !aix

package aionet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"golang.org/x/sys/unix"

	"github.com/goaio/aio/loop"
)

// Transport is one connection of a [Protocol]: TCP, or a Unix socket, with TLS
// on it or without. It never waits and needs no task: what can be written is
// written at once, the rest is buffered; what arrives is handed to the
// protocol's callbacks.
//
// Its methods are for its loop only, as are asyncio's: call them in callbacks
// and tasks of that loop, and elsewhere through [loop.Loop.CallSoon].
type Transport struct {
	link
	queue    *transports
	protocol Protocol
	buffered BufferedProtocol // the protocol, if it is one
	due      *Transport       // behind it in the queue of ready ones
	ctx      context.Context  // of a client's
	out      *outgoing        // nil until a write had to be buffered
	secure   *transportTLS    // nil without TLS
	rare     *transportRare   // nil without need
	fd       int
	remote   address
	network  network
	is       transportState
}

// transportRare is what few transports need.
type transportRare struct {
	given    []byte // was read by others and given back
	blocking bool   // the file was blocking, and is to be so again
	upgraded *Conn  // what StartTLS works on; the file is its meanwhile
}

type transportState uint32

const (
	transportMade      transportState = 1 << iota // ConnectionMade was called
	transportQueued                               // in the queue of ready ones
	transportNews                                 // a read may find something
	transportHungUp                               // there will be no more news
	transportPaused                               // the protocol wants no data for now
	transportEnded                                // the peer's half has ended
	transportEOF                                  // this half is to end after what is buffered
	transportChoked                               // the protocol was told to pause writing
	transportClosing                              // Close or Abort
	transportLost                                 // ConnectionLost is due or was called
	transportClosed                               // the file is closed
	transportHeard                                // the peer has sent something
	transportTouched                              // something has happened since a timeout looked
	transportMuted                                // a request is being handled: the connection is not idle
	transportUpgrading                            // StartTLS is under way
)

// begin has the protocol know its transport, in the next round, and hear of the
// connection from then on, as asyncio does it.
func (t *Transport) begin(then func()) {
	t.queue.loop.CallSoon(func() {
		defer t.guard()
		defer func() {
			if then != nil {
				then()
			}
		}()
		t.is |= transportMade
		t.protocol.ConnectionMade(t)
		if t.is&transportLost != 0 {
			return
		}
		t.register()
	})
}

// register has the loop tell of the connection.
func (t *Transport) register() {
	if err := t.queue.loop.Register(t.fd, t); err != nil {
		t.forceClose(err)
		return
	}
	// What others have read brings no news of its own.
	if t.secure != nil || t.rare != nil && len(t.rare.given) > 0 {
		t.is |= transportNews
		if t.reads() {
			t.queue.push(t)
		}
	}
}

// Ready hears from the loop.
func (t *Transport) Ready(is loop.Readiness) {
	if is&loop.HungUp != 0 {
		t.is |= transportHungUp
	}
	if is&loop.Readable != 0 {
		t.is |= transportNews | transportHeard
		if t.secure != nil {
			t.secure.news = true
		}
	}
	t.is |= transportTouched
	if t.is&transportNews != 0 && t.reads() || is&loop.Writable != 0 && t.buffering() {
		t.queue.push(t)
	}
}

// Closed reports whether the file is closed, and its number perhaps another's.
func (t *Transport) Closed() bool { return t.is&transportClosed != 0 }

// ready does what has become possible. It is called by the queue.
func (t *Transport) ready() {
	if t.is&transportNews != 0 && t.reads() {
		t.read()
	}
	if t.buffering() {
		t.flush()
	}
}

// Close closes the transport when what is buffered has been sent. No more data
// is received, and ConnectionLost is called in a later round. A second Close
// does nothing.
func (t *Transport) Close() error {
	if t.is&transportClosing != 0 {
		return nil
	}
	if t.secure != nil && t.is&transportLost == 0 {
		_ = t.secure.tls.CloseWrite() // the close-notify; nobody is left who could hear of an error
	}
	t.is |= transportClosing
	if !t.buffering() {
		t.lose(nil)
	}
	return nil
}

// Abort closes the transport now: what is buffered is lost. ConnectionLost is
// called, with nil, in the next round.
func (t *Transport) Abort() { t.forceClose(nil) }

// IsClosing reports whether the transport is closing or closed.
func (t *Transport) IsClosing() bool { return t.is&(transportClosing|transportLost) != 0 }

// forceClose drops what is buffered and closes for a reason.
func (t *Transport) forceClose(reason error) {
	if t.is&transportLost != 0 {
		return
	}
	t.is |= transportClosing
	t.dropOutgoing()
	t.lose(reason)
}

// lose has ConnectionLost called in the next round.
func (t *Transport) lose(reason error) {
	if t.is&transportLost != 0 {
		return
	}
	t.is |= transportLost
	t.queue.loop.CallSoon(func() { t.end(reason) })
}

// end tells the protocol that all is over and closes the file.
func (t *Transport) end(reason error) {
	t.is |= transportLost
	defer t.finish()
	defer t.guard()
	if t.is&transportMade != 0 {
		t.protocol.ConnectionLost(reason)
	}
}

func (t *Transport) finish() {
	if t.is&transportClosed != 0 {
		return
	}
	t.is |= transportClosed
	t.dropOutgoing()
	if t.upgrading() {
		t.rare.upgraded.close()
	} else {
		t.queue.loop.Unregister(t.fd, t)
		if t.rare != nil && t.rare.blocking {
			_ = unix.SetNonblock(t.fd, false)
		}
		unix.Close(t.fd)
	}
	if t.reactor != nil {
		t.reactor.left(&t.link)
	}
}

// guard is deferred around callbacks of the protocol: a panic ends the
// connection and nothing else.
func (t *Transport) guard() {
	if value := recover(); value != nil {
		t.failed(loop.NewPanicError(value))
	}
}

// failed closes for an error that nobody expects, and tells of it.
func (t *Transport) failed(err error) {
	t.queue.loop.CallExceptionHandler(loop.Exception{
		Message: fmt.Sprintf("a protocol of a connection with %v failed, the connection is closed", t.RemoteAddr()), Err: err})
	t.forceClose(err)
}

// fail closes for an error of what the protocol calls. The ordinary ends of
// connections are no news.
func (t *Transport) fail(err error) {
	if ordinary(err) {
		t.forceClose(err)
	} else {
		t.failed(err)
	}
}

// broken closes for an error of the system.
func (t *Transport) broken(op string, err error) error {
	err = t.wrap(op, err)
	t.forceClose(err)
	return err
}

func (t *Transport) wrap(op string, err error) error {
	var errno unix.Errno
	if errors.As(err, &errno) {
		err = os.NewSyscallError(op, errno)
	}
	return &net.OpError{Op: op, Net: t.network.String(), Addr: t.RemoteAddr(), Err: err}
}

var _ io.WriteCloser = (*Transport)(nil)
