//go:build unix && !aix

package aiohttp

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
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
	arrivals *arrivals                      // nil before the first connection
	closed   bool                           // no more come
	drains   bool                           // drain was called
	hurry    func()                         // ends the patience with requests when the server stops
	drained  aio.Future[error]              // how that went
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

// handOver gives a connection over, on its loop. unread is what was read of it,
// secured what TLS has agreed on, nil without it.
func (h *http2Server) handOver(c *connection, unread []byte, secured *tls.ConnectionState) error {
	if secured != nil && !adequate(secured) {
		h.server.logf("aiohttp: HTTP/2 with a client whose TLS is too weak: %s", tls.CipherSuiteName(secured.CipherSuite))
		return io.EOF
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return io.EOF
	}
	if h.arrivals == nil {
		h.arrivals = &arrivals{conns: make(chan net.Conn), done: make(chan struct{})}
		go h.server.standard.Serve(h.arrivals)
	}
	c.begins()
	to := h.arrivals
	go to.give(&handedOver{rest{append([]byte(nil), unread...), c.conn}, c.conn, secured, c.values, h.loops[loop.Current()]})
	return aionet.ErrDetach
}

// adequate is RFC 9113, section 9.2.
func adequate(s *tls.ConnectionState) bool {
	suite := tls.CipherSuiteName(s.CipherSuite)
	return s.Version >= tls.VersionTLS13 || s.Version == tls.VersionTLS12 && strings.Contains(suite, "_ECDHE_") &&
		(strings.Contains(suite, "_GCM_") || strings.Contains(suite, "_POLY1305_"))
}

// handler is the server's, with what its requests have from us: net/http's
// server takes connections for HTTP/2 only if they look plain to it.
func (h *http2Server) handler() http.Handler {
	inner := h.server.logged(h.server.handler())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.TLS, _ = r.Context().Value(tlsKey{}).(*tls.ConnectionState)
		inner.ServeHTTP(w, r)
	})
}

// tlsKey finds the TLS state of a request of HTTP/2.
type tlsKey struct{}

func (h *http2Server) connContext(ctx context.Context, c net.Conn) context.Context {
	given := c.(*handedOver)
	values := given.values
	if values == nil {
		values = context.Background()
	}
	values = context.WithValue(values, http.ServerContextKey, h.server.standard)
	values = context.WithValue(values, tlsKey{}, given.secured)
	return context.WithValue(values, loopKey{}, given.loop)
}

func (h *http2Server) connState(c net.Conn, state http.ConnState) {
	if state != http.StateNew { // which it was before it was handed over
		h.server.state(c.(*handedOver).conn, state)
	}
}

// drain begins to end the connections once the requests under way have been
// answered, and returns a function that awaits that.
func (h *http2Server) drain() func(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.drains {
		h.closed, h.drains = true, true
		timed, cancel := context.WithTimeout(context.Background(), h.server.patience())
		h.hurry = cancel
		if h.arrivals == nil {
			// Nothing is to be waited for, which a virtual clock would not do.
			h.end(timed, nil)
		} else {
			go h.end(timed, h.arrivals)
		}
	}
	return func(ctx context.Context) error {
		// A cancel ends the requests, and so the wait.
		defer context.AfterFunc(ctx, h.hurry)()
		err, _ := h.drained.Await(context.WithoutCancel(ctx))
		return err
	}
}

// abort closes the connections, which ends the contexts of their requests.
func (h *http2Server) abort() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	_ = h.server.standard.Close()
	if h.arrivals != nil {
		_ = h.arrivals.Close()
	}
}

func (h *http2Server) end(patience context.Context, arrivals *arrivals) {
	defer h.hurry()
	err := h.server.standard.Shutdown(patience)
	_ = h.server.standard.Close()
	if arrivals != nil {
		_ = arrivals.Close()
	}
	if err != nil {
		err = errors.New("aiohttp: shutdown: requests of HTTP/2 did not finish in time and were cancelled")
	}
	_ = h.drained.SetResult(err)
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
	rest    rest
	conn    stream
	secured *tls.ConnectionState // nil without TLS
	values  context.Context      // nil for none
	loop    context.Context      // of the connection's loop
}

func (c *handedOver) Read(p []byte) (int, error)         { return c.rest.Read(p) }
func (c *handedOver) Write(p []byte) (int, error)        { return c.conn.Write(p) }
func (c *handedOver) Close() error                       { return c.conn.Close() }
func (c *handedOver) LocalAddr() net.Addr                { return c.conn.LocalAddr() }
func (c *handedOver) RemoteAddr() net.Addr               { return c.conn.RemoteAddr() }
func (c *handedOver) SetDeadline(t time.Time) error      { return c.conn.SetDeadline(t) }
func (c *handedOver) SetReadDeadline(t time.Time) error  { return c.conn.SetReadDeadline(t) }
func (c *handedOver) SetWriteDeadline(t time.Time) error { return c.conn.SetWriteDeadline(t) }
