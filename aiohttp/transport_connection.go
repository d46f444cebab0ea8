//go:build unix && !aix

package aiohttp

import (
	"container/list"
	"context"
	"crypto/tls"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/goaio/aio/aionet"
	"github.com/goaio/aio/loop"
)

// clientConn is a connection as the transport uses it: an [*aionet.Conn], an
// [*aionet.TLSConn] or a foreign one.
type clientConn interface {
	net.Conn
	ReadContext(ctx context.Context, p []byte) (int, error)
	WriteContext(ctx context.Context, p []byte) (int, error)
}

// clientConnection is a connection to a server or a proxy. Between two calls it
// belongs to the pool, else to one call.
type clientConnection struct {
	transport *Transport
	key       targetKey
	home      *loop.Loop // nil when a goroutine has dialled
	conn      clientConn
	tls       *tls.ConnectionState
	to        target

	in     input
	out    output
	reader contextReader
	writer contextWriter

	used   bool // a response was read to its end
	traced bool // somebody may ask how long it was idle
	broken func()
	ended  atomic.Bool

	element   *list.Element // in the pool's list of idle ones
	idleSince time.Time     // on its clock
	expiry    loop.Handle   // of IdleConnTimeout, under virtual time
}

// virtual reports whether the connection's clock is its home's. The others have the
// system's, and share one timer.
func (c *clientConnection) virtual() bool { return c.home != nil && c.home.Virtual() }

func (c *clientConnection) now() time.Time {
	if c.virtual() {
		return c.home.Now()
	}
	return time.Now()
}

// contextReader is the connection as its input reads it: with the context of
// whoever reads at the moment.
type contextReader struct {
	conn clientConn
	ctx  context.Context
	got  bool // something has come during this call
}

func (r *contextReader) Read(p []byte) (int, error) {
	n, err := r.conn.ReadContext(r.ctx, p)
	if n > 0 {
		r.got = true
	}
	return n, err
}

// contextWriter is the same for the output.
type contextWriter struct {
	conn clientConn
	ctx  context.Context
	sent atomic.Bool // something was written during this call
}

func (w *contextWriter) Write(p []byte) (int, error) {
	n, err := w.conn.WriteContext(w.ctx, p)
	if n > 0 {
		w.sent.Store(true)
	}
	return n, err
}

var (
	_ io.Reader = (*contextReader)(nil)
	_ io.Writer = (*contextWriter)(nil)
)

func (t *Transport) newConnection(conn net.Conn, to target, key targetKey) *clientConnection {
	c := &clientConnection{transport: t, key: key, to: to, home: loop.Current()}
	c.broken = func() { t.broke(c) }
	c.use(conn)
	if c.home != nil {
		t.follow(c.home)
	}
	return c
}

// use has the connection go on over conn.
func (c *clientConnection) use(conn net.Conn) {
	known, is := conn.(clientConn)
	if !is {
		known = &foreignConn{conn}
	}
	c.conn = known
	c.reader.conn, c.writer.conn = known, known
	c.in.conn, c.out.conn = &c.reader, &c.writer
}

// begin readies the connection for a call.
func (c *clientConnection) begin(ctx context.Context) {
	c.in.open()
	c.reader.ctx, c.reader.got = ctx, false
	c.writer.ctx = ctx
	c.writer.sent.Store(false)
}

// rest gives back what an idle connection does not need.
func (c *clientConnection) rest() {
	c.used = true
	c.in.close()
	c.out.discard()
	c.reader.ctx, c.writer.ctx = nil, nil
}

// close closes the connection, and tells the pool. Who reads or writes gets an
// error. Safe from any goroutine.
func (c *clientConnection) close() {
	if !c.ended.Swap(true) {
		_ = c.conn.Close()
		c.transport.closed(c.key)
	}
}

// abandon closes the connection for who takes its place.
func (c *clientConnection) abandon() {
	if !c.ended.Swap(true) {
		_ = c.conn.Close()
	}
}

// giveUp tells the pool of a connection that is no longer HTTP's.
func (c *clientConnection) giveUp() {
	if !c.ended.Swap(true) {
		c.transport.closed(c.key)
	}
}

// raw returns what the connection's loop watches, nil if it cannot.
func (c *clientConnection) raw() *aionet.Conn {
	switch conn := c.conn.(type) {
	case *aionet.Conn:
		return conn
	case *aionet.TLSConn:
		return conn.NetConn().(*aionet.Conn)
	}
	return nil
}

// watch has the pool hear when the idle connection breaks.
func (c *clientConnection) watch() error {
	if raw := c.raw(); raw != nil {
		return raw.OnReadable(c.broken)
	}
	return nil
}

// unwatch ends the watch, and reports whether the connection cannot be used: it
// has something to read already.
func (c *clientConnection) unwatch() (stale bool) {
	if raw := c.raw(); raw != nil && c.used {
		_ = raw.OnReadable(nil)
	}
	return c.readable()
}

func (c *clientConnection) readable() bool {
	readable, is := c.conn.(interface{ Readable() bool })
	return is && readable.Readable()
}
