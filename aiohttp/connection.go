//go:build unix && !aix

package aiohttp

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/goaio/aio/aiohttp/internal/clock"
	"github.com/goaio/aio/aiohttp/internal/upgrade"
	"github.com/goaio/aio/aionet"
)

// stream is a connection, plain or TLS.
type stream = upgrade.Conn

// connection is one connection of a server: what is left of it while it is idle.
// Event takes requests and answers them until there are no more.
type connection struct {
	server  *Server
	conn    stream
	values  context.Context     // whose values requests have; nil for none
	current *exchange           // under way
	kept    aionet.EventHandler // who has taken the connection over and left it on the loop
	peer    string              // its address, once there was a request
	on      *perLoop            // what it has together with the others of its loop
	state   connectionState
}

// connectionState is a set of bits.
type connectionState uint8

const (
	busy     connectionState = 1 << iota // Event is under way
	answered                             // there was a request before
	given                                // the connection is somebody else's
	active                               // its ConnState
	posted                               // the request before was a POST
)

func (c *connection) is(s connectionState) bool { return c.state&s != 0 }

// Event is called by the server when there is something to read.
func (c *connection) Event(ctx context.Context) error {
	if c.kept != nil {
		return c.kept.Event(ctx)
	}
	c.state |= busy
	err := c.requests(ctx)
	c.state &^= busy
	switch {
	case err == aionet.ErrDetach:
		c.state |= given
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, io.ErrUnexpectedEOF):
		err = io.EOF // they are ways for a connection to end, and no failures
	}
	return err
}

func (c *connection) requests(ctx context.Context) error {
	s := c.server
	w := c.on.take(c.conn)
	if t, is := c.conn.(*aionet.TLSConn); is {
		w.tls = new(tls.ConnectionState)
		*w.tls = t.ConnectionState()
		if w.tls.NegotiatedProtocol == "h2" {
			secured := w.tls
			c.on.giveBack(w)
			return s.http2.handOver(c, nil, secured)
		}
	}
	if err := c.protocol(w); err != nil {
		return c.refuse(w, err)
	}
	for {
		x, begun, err := c.next(w)
		if err != nil {
			return c.refuse(w, err)
		}
		goOn := x.serve(ctx, begun)
		if c.state &^= posted; x.head.request.Method == http.MethodPost {
			c.state |= posted
		}
		c.state |= answered
		switch {
		case x.response.is(hijacked):
			return c.taken(ctx, x)
		case !goOn:
			return c.end(w, x)
		case len(w.in.unread()) > 0:
			continue // the next request of a pipeline
		}
		err = w.out.flush()
		c.on.giveBack(w)
		c.state &^= active
		s.state(c.conn, http.StateIdle)
		return err
	}
}

// protocol hands a connection over that begins with HTTP/2, and refuses HTTP/1
// where it is not spoken.
func (c *connection) protocol(w *work) error {
	if c.server.Protocols == nil || c.is(answered) {
		return nil
	}
	if w.tls == nil && c.server.speaks(http.Protocols.UnencryptedHTTP2) {
		w.in.open()
		for strings.HasPrefix(http2Preface, string(w.in.unread()[:min(len(http2Preface), len(w.in.unread()))])) {
			if len(w.in.unread()) >= len(http2Preface) {
				return c.server.http2.handOver(c, w.in.unread(), nil)
			}
			if err := w.in.more(len(w.in.memory)); err != nil {
				break // which the reader of a request finds again
			}
		}
	}
	if !c.server.speaks(http.Protocols.HTTP1) {
		return io.EOF
	}
	return nil
}

// http2Preface is how a client begins HTTP/2 (RFC 9113, section 3.4).
const http2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// taken leaves the connection to the handler that has taken it over.
func (c *connection) taken(ctx context.Context, x *exchange) error {
	c.current = nil
	if x.kept == nil {
		return aionet.ErrDetach
	}
	c.kept = x.kept.EventHandler
	if x.kept.pending {
		return c.kept.Event(ctx)
	}
	return nil
}

// next waits for the next request's head. begun is when it was found to come in
// pieces, or zero.
func (c *connection) next(w *work) (x *exchange, begun time.Time, err error) {
	s := c.server
	w.in.open()
	searched, passed, room := 0, 0, 0 // passed are the line ends before it
	if c.is(posted) {
		room = 4
	}
	for {
		b := w.in.unread()
		if searched == 0 {
			if n := leadingLineEnds(b, room); n > 0 {
				w.in.from += n
				passed += n
				room -= n
				continue
			}
		}
		if n := endOfHead(b, searched); n >= 4 {
			c.begins()
			if !begun.IsZero() {
				_ = c.conn.SetReadDeadline(time.Time{})
			}
			x := newExchange(c, w)
			err := x.head.parse(string(b[:n]))
			w.in.from += n
			return x, begun, err
		}
		searched = len(b)
		if searched > 0 {
			c.begins()
			// Only a request that comes in pieces needs a deadline.
			if timeout := s.readHeaderTimeout(); timeout > 0 && begun.IsZero() {
				begun = clock.Now()
				_ = c.conn.SetReadDeadline(clock.Deadline(begun.Add(timeout)))
			}
			// What has been answered need not wait for the rest.
			if err := w.out.flush(); err != nil {
				return nil, begun, err
			}
		}
		// Of another request a few bytes are as good as none: net/http's rule.
		if err := w.in.more(s.maxHeaderBytes()); err == io.EOF && searched > 0 && (searched+passed >= 4 || !c.is(answered)) {
			return nil, begun, bad("the request ends within its head")
		} else if err != nil {
			return nil, begun, err
		}
	}
}

// begins hears of the first bytes of a request.
func (c *connection) begins() {
	if !c.is(active) {
		c.state |= active
		c.server.state(c.conn, http.StateActive)
	}
}

// refuse ends the connection because of what came instead of a request.
func (c *connection) refuse(w *work, err error) error {
	var b *badRequest
	if !errors.As(err, &b) {
		_ = w.out.flush()
		c.on.giveBack(w)
		return err
	}
	if timeout := c.server.WriteTimeout; timeout > 0 { // the last answer's may have passed
		_ = c.conn.SetWriteDeadline(clock.Deadline(clock.Now().Add(timeout)))
	}
	status := http.StatusText(b.status)
	w.out.text("HTTP/1.1 " + itoa(b.status) + " " + status + "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n" +
		itoa(b.status) + " " + status + ": " + b.text)
	return c.end(w, nil)
}

// lingering is how long a connection that is closed with unread bytes waits for
// the peer to have read the answer: a close at once would make the system send a
// reset, which may destroy it.
const lingering = 500 * time.Millisecond

// end sends what is there and closes the connection.
func (c *connection) end(w *work, x *exchange) error {
	if x != nil && x.abandoned {
		return io.EOF // what it is about to write is its own
	}
	err := w.out.flush()
	// Who reads the body still has what it is read into.
	taken := x != nil && x.body != nil && x.body.shut()
	unread := taken || x == nil || len(w.in.unread()) > 0 || x.body != nil && !x.body.finished
	if err == nil && unread && c.conn.CloseWrite() == nil {
		_ = c.conn.SetReadDeadline(time.Now().Add(lingering))
		scratch := w.in.memory
		if taken {
			scratch = make([]byte, 4<<10)
		}
		for total := 0; total < maxDrained; {
			n, err := c.conn.Read(scratch)
			if total += n; err != nil {
				break
			}
		}
	}
	if !taken {
		c.on.giveBack(w)
	}
	if err != nil {
		return err
	}
	return io.EOF
}

func (c *connection) remote() string {
	if c.peer == "" {
		c.peer = c.conn.RemoteAddr().String()
	}
	return c.peer
}

// HungUp cancels the request whose client has left.
func (c *connection) HungUp() {
	if c.kept != nil {
		c.kept.HungUp()
	} else if x := c.current; x != nil {
		x.cancelled(errClientLeft)
	}
}

// IdleLimit says how long the next request may take to begin.
func (c *connection) IdleLimit() time.Duration {
	switch own, limited := c.kept.(aionet.IdleLimiter); {
	case limited:
		return own.IdleLimit()
	case c.kept != nil, c.is(busy):
		return 0
	case c.is(answered):
		return c.server.idleTimeout()
	}
	return c.server.readHeaderTimeout()
}

// Finishing is for who has taken the connection over: see [aionet.Finisher].
func (c *connection) Finishing() bool {
	own, is := c.kept.(aionet.Finisher)
	return is && own.Finishing()
}

// Closed hears of the end.
func (c *connection) Closed() {
	switch {
	case c.kept != nil:
		c.kept.Closed()
	case !c.is(given):
		c.server.state(c.conn, http.StateClosed)
	}
}

var errClientLeft = errors.New("aiohttp: the client has left")
