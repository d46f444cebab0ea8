//go:build unix && !aix

package aiohttp

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aionet"
	"github.com/goaio/aio/loop"
)

// http2Server serves the connections that speak HTTP/2. They have net/http's
// server, which is golang.org/x/net/http2, with its goroutines: a goroutine reads
// each, and each request has one. The package of golang.org/x/net itself is
// deprecated in favour of it.
type http2Server struct {
	server *Server

	mu       sync.Mutex
	arrivals *arrivals // nil before the first connection
	closed   bool
	loops    map[*loop.Loop]context.Context // for tasks of handlers that are marked with OnLoop
}

// rememberLoop is called on each loop before there are connections.
func (h *http2Server) rememberLoop(ctx context.Context) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.loops == nil {
		h.loops = map[*loop.Loop]context.Context{}
	}
	h.loops[loop.Current()] = ctx
}

// handOver gives a connection over, on its loop. unread is what was read of it.
func (h *http2Server) handOver(c *connection, unread []byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return io.EOF
	}
	if h.arrivals == nil {
		h.arrivals = &arrivals{conns: make(chan net.Conn), done: make(chan struct{})}
		go h.server.standard.Serve(h.arrivals)
	}
	given := &handedOver{rest{append([]byte(nil), unread...), c.conn}, c.conn, c.values, h.loops[loop.Current()]}
	var conn net.Conn = given
	if _, is := c.conn.(*aionet.TLSConn); is {
		conn = handedOverTLS{given}
	}
	to := h.arrivals
	go to.give(conn)
	return aionet.ErrDetach
}

func (h *http2Server) connContext(ctx context.Context, c net.Conn) context.Context {
	given := original(c)
	values := given.values
	if values == nil {
		values = context.Background()
	}
	values = context.WithValue(values, http.ServerContextKey, h.server.standard)
	return context.WithValue(values, loopKey{}, given.loop)
}

func (h *http2Server) connState(c net.Conn, state http.ConnState) {
	if state != http.StateNew { // which it was before it was handed over
		h.server.state(original(c).conn, state)
	}
}

// drain begins to end the connections once the requests under way have been
// answered, and returns a function that awaits that.
func (h *http2Server) drain() func(ctx context.Context) error {
	h.mu.Lock()
	h.closed = true
	arrivals := h.arrivals
	h.mu.Unlock()
	patience := h.server.DrainTimeout
	if patience <= 0 {
		patience = 5 * time.Second
	}
	timed, cancel := context.WithTimeout(context.Background(), patience)
	var drained aio.Future[error]
	go func() {
		defer cancel()
		err := h.server.standard.Shutdown(timed)
		_ = h.server.standard.Close()
		if arrivals != nil {
			_ = arrivals.Close()
		}
		if err != nil {
			err = errors.New("aiohttp: shutdown: requests of HTTP/2 did not finish in time and were cancelled")
		}
		_ = drained.SetResult(err)
	}()
	return func(ctx context.Context) error {
		// In a cancelled task it ends at once, and so do the requests.
		defer context.AfterFunc(ctx, cancel)()
		err, _ := drained.Await(context.WithoutCancel(ctx))
		return err
	}
}

// arrivals is a listener of the connections that are handed over.
type arrivals struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func (a *arrivals) give(c net.Conn) {
	select {
	case a.conns <- c:
	case <-a.done:
		_ = c.Close()
	}
}

func (a *arrivals) Accept() (net.Conn, error) {
	select {
	case c := <-a.conns:
		return c, nil
	case <-a.done:
		return nil, net.ErrClosed
	}
}

func (a *arrivals) Close() error {
	a.once.Do(func() { close(a.done) })
	return nil
}

func (a *arrivals) Addr() net.Addr { return nil }

// handedOver is a connection that net/http's server has got.
type handedOver struct {
	rest   rest
	conn   stream
	values context.Context // nil for none
	loop   context.Context // of the connection's loop
}

func (c *handedOver) Read(p []byte) (int, error)         { return c.rest.Read(p) }
func (c *handedOver) Write(p []byte) (int, error)        { return c.conn.Write(p) }
func (c *handedOver) Close() error                       { return c.conn.Close() }
func (c *handedOver) LocalAddr() net.Addr                { return c.conn.LocalAddr() }
func (c *handedOver) RemoteAddr() net.Addr               { return c.conn.RemoteAddr() }
func (c *handedOver) SetDeadline(t time.Time) error      { return c.conn.SetDeadline(t) }
func (c *handedOver) SetReadDeadline(t time.Time) error  { return c.conn.SetReadDeadline(t) }
func (c *handedOver) SetWriteDeadline(t time.Time) error { return c.conn.SetWriteDeadline(t) }

// handedOverTLS is one whose ConnectionState net/http's server asks for.
type handedOverTLS struct{ *handedOver }

func (c handedOverTLS) ConnectionState() tls.ConnectionState {
	return c.conn.(*aionet.TLSConn).ConnectionState()
}

func original(c net.Conn) *handedOver {
	if t, is := c.(handedOverTLS); is {
		return t.handedOver
	}
	return c.(*handedOver)
}
