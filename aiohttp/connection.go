//go:build unix && !aix

package aiohttp

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/goaio/aio/aionet"
)

// connection is one connection of a server: what is left of it while it is idle.
// Event takes requests and answers them until there are no more.
type connection struct {
	server  *Server
	conn    *aionet.Conn
	values  context.Context // whose values requests have; nil for none
	current *exchange       // under way

	peer     string // its address, once there was a request
	answered bool   // there was a request before
}

// Event is called by the server when there is something to read.
func (c *connection) Event(ctx context.Context) error {
	c.server.state(c.conn, http.StateActive)
	w := newWork(c.conn)
	for {
		x, err := c.next(w)
		if err != nil {
			return c.refuse(w, err)
		}
		goOn := x.serve(ctx)
		c.answered = true
		switch {
		case x.response.is(hijacked):
			return aionet.ErrDetach
		case !goOn:
			return c.end(w, x)
		case len(w.in.unread()) > 0:
			continue // the next request of a pipeline
		}
		err = w.out.flush()
		w.close()
		c.server.state(c.conn, http.StateIdle)
		return err
	}
}

// next waits for the next request's head.
func (c *connection) next(w *work) (*exchange, error) {
	s := c.server
	w.in.open()
	limit := s.maxHeaderBytes()
	searched, limited := 0, false
	defer func() {
		if limited {
			_ = c.conn.SetReadDeadline(time.Time{})
		}
	}()
	for {
		b := w.in.unread()
		if searched == 0 {
			if n := leadingLines(b); n > 0 {
				w.in.from += n
				continue
			}
		}
		if n := endOfHead(b, searched); n >= 4 {
			x := newExchange(c, w)
			err := x.head.parse(string(b[:n]), x.request)
			w.in.from += n
			return x, err
		}
		searched = len(b)
		if searched > 0 {
			// Only a request that comes in pieces needs a deadline.
			if timeout := s.readHeaderTimeout(); timeout > 0 && !limited {
				limited = true
				_ = c.conn.SetReadDeadline(time.Now().Add(timeout))
			}
			// What has been answered need not wait for the rest.
			if err := w.out.flush(); err != nil {
				return nil, err
			}
		}
		// Of another request a few bytes are as good as none: net/http's rule.
		if err := w.in.more(limit); err == io.EOF && (searched >= 4 || searched > 0 && !c.answered) {
			return nil, bad("the request ends within its head")
		} else if err != nil {
			return nil, err
		}
	}
}

// refuse ends the connection because of what came instead of a request.
func (c *connection) refuse(w *work, err error) error {
	var b *badRequest
	if !errors.As(err, &b) {
		_ = w.out.flush()
		w.close()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return io.EOF
		}
		return err
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
	err := w.out.flush()
	unread := len(w.in.unread()) > 0 || x == nil || x.body.present && !x.body.finished
	if err == nil && unread && c.conn.CloseWrite() == nil {
		_ = c.conn.SetReadDeadline(time.Now().Add(lingering))
		scratch := w.in.memory
		for total := 0; total < maxDrained; {
			n, err := c.conn.Read(scratch)
			if total += n; err != nil {
				break
			}
		}
	}
	if x == nil || !x.abandoned {
		w.close()
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
	if x := c.current; x != nil {
		x.clientLeft()
	}
}

// Closed hears of the end.
func (c *connection) Closed() {
	if x := c.current; x == nil || !x.response.is(hijacked) {
		c.server.state(c.conn, http.StateClosed)
	}
}

var errClientLeft = errors.New("aiohttp: the client has left")
