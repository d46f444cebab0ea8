//go:build unix && !aix

package aionet

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// TLSConn is a TLS connection over a [Conn], by crypto/tls. It is a [net.Conn],
// for tasks and goroutines as a Conn is.
//
// Where a [tls.Conn] over a Conn would hold locks of the standard library while
// it waits, so that a second task of the loop could stop it, a TLSConn holds
// [aio.Mutex]es. And a call that a cancel or a deadline has interrupted leaves
// it usable, but for the handshake.
//
// All methods are safe from any goroutine. Writers take turns, each with all of
// its bytes; of two tasks that read at the same time the second gets a
// [*ConflictError].
type TLSConn struct {
	raw     *Conn
	tls     *tls.Conn
	done    atomic.Bool // the handshake has succeeded
	shaking aio.Mutex   // of the handshake
	failed  error       // why the handshake failed; under shaking
	turn    tlsTurn
	ctx     context.Context // of the handshake or the read under way
	rest    bool            // a read may not wait; under the turn
	peeked  bool            // one byte was read ahead; under the turn
	one     [1]byte
	writing aio.Mutex // of who encrypts and sends
	out     tlsOutput
	taken   *Transport // that has taken the connection over
}

var _ net.Conn = (*TLSConn)(nil)

// TLSClient returns a TLS connection over c, with this end as the client. The
// config must have ServerName or InsecureSkipVerify. The first read or write
// shakes hands, or [TLSConn.Handshake] does.
func TLSClient(c *Conn, config *tls.Config) *TLSConn { return newTLSConn(c, config, tls.Client) }

// TLSServer is TLSClient with this end as the server. The config must have a
// certificate, or a function that gets one.
func TLSServer(c *Conn, config *tls.Config) *TLSConn { return newTLSConn(c, config, tls.Server) }

func newTLSConn(c *Conn, config *tls.Config, side func(net.Conn, *tls.Config) *tls.Conn) *TLSConn {
	t := &TLSConn{raw: c}
	t.tls = side(ciphertext{t}, config)
	return t
}

// Handshake shakes hands, unless that is done. A cancel, or a deadline that
// passes, ends the connection: a handshake cannot be resumed. So does a failure,
// but for a [tls.RecordHeaderError] with a Conn: there the peer may speak no TLS,
// and the caller can tell it so before the Close. See [HandshakeTimeout] for one in time.
func (c *TLSConn) Handshake(ctx context.Context) error {
	if c.done.Load() {
		return nil
	}
	if err := c.shaking.Lock(ctx); err != nil {
		return err
	}
	defer c.shaking.Unlock()
	if c.done.Load() || c.failed != nil {
		return c.failed
	}
	c.failed = net.ErrClosed // for one that is unwound
	c.ctx = ctx
	c.failed = c.shake(ctx)
	c.ctx = nil
	c.done.Store(c.failed == nil)
	return c.failed
}

func (c *TLSConn) shake(ctx context.Context) error {
	if ctx == nil {
		ctx = context.Background()
	}
	err := c.tls.HandshakeContext(ctx)
	if failure := c.flush(c.ctx); err == nil {
		err = failure
	}
	if err != nil {
		if header := (tls.RecordHeaderError{}); !errors.As(err, &header) || header.Conn == nil {
			_ = c.raw.Close()
		} // else the peer may speak no TLS, and the caller answer it
		if ctx.Err() != nil {
			return loop.CancelledBy(ctx, context.Cause(ctx))
		}
	}
	return err
}

// Read is [Conn.Read] of what the peer has written. At a close-notify, or the
// end of the connection between two records, it returns [io.EOF].
func (c *TLSConn) Read(p []byte) (int, error) { return c.ReadContext(innermost, p) }

// ReadContext is Read that a cancel of ctx interrupts, in a plain goroutine too.
func (c *TLSConn) ReadContext(ctx context.Context, p []byte) (int, error) {
	if err := c.Handshake(ctx); err != nil {
		return 0, err
	}
	if err := c.turn.begin(ctx); err != nil {
		return 0, err
	}
	defer c.turn.end()
	if len(p) == 0 {
		return 0, nil
	}
	return c.decrypt(ctx, p)
}

// decrypt is called with the turn to read.
func (c *TLSConn) decrypt(ctx context.Context, p []byte) (int, error) {
	if c.peeked {
		p[0], c.peeked = c.one[0], false
		n, _ := c.decryptAtOnce(p[1:]) // an error comes again
		return 1 + n, nil
	}
	c.ctx = ctx
	defer func() { c.ctx = nil }()
	n, err := c.tls.Read(p)
	if n > 0 && isTemporary(err) {
		err = nil
	}
	c.settleOutput()
	return n, err
}

func (c *TLSConn) decryptAtOnce(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	c.rest = true
	defer func() { c.rest = false }()
	n, err := c.tls.Read(p)
	c.settleOutput()
	return n, err
}

// peek reports whether a read would return at once, which it may with an error.
// It is called with the turn to read, and reads one byte ahead.
func (c *TLSConn) peek() bool {
	if c.peeked {
		return true
	}
	n, err := c.decryptAtOnce(c.one[:])
	c.peeked = n == 1
	return n == 1 || !isTemporary(err)
}

// WaitReadable waits until a Read would not wait.
func (c *TLSConn) WaitReadable(ctx context.Context) error {
	if err := c.Handshake(ctx); err != nil {
		return err
	}
	if err := c.turn.begin(ctx); err != nil {
		return err
	}
	defer c.turn.end()
	for {
		if c.peek() {
			return nil
		}
		if err := c.raw.awaitNews(ctx); err != nil {
			return err
		}
	}
}

func (c *TLSConn) awaitNews(ctx context.Context) error { return c.WaitReadable(ctx) }

// Write writes all of p, in one piece if others write too. If it cannot, it
// returns how many bytes it has taken. Those are sent, before anything else, by
// the next call.
func (c *TLSConn) Write(p []byte) (int, error) { return c.WriteContext(innermost, p) }

// WriteContext is Write that a cancel of ctx interrupts, in a plain goroutine
// too.
func (c *TLSConn) WriteContext(ctx context.Context, p []byte) (taken int, err error) {
	if err := c.Handshake(ctx); err != nil {
		return 0, err
	}
	if err := c.writing.Lock(ctx); err != nil {
		return 0, err
	}
	defer c.writing.Unlock()
	if err := c.flush(ctx); err != nil {
		return 0, err
	}
	if c.raw.expired(writing) {
		return 0, c.raw.wrap("write", errDeadline)
	}
	for taken < len(p) {
		n, err := c.tls.Write(p[taken:min(len(p), taken+maxEncrypted)])
		taken += n
		if err != nil {
			return taken, err
		}
		if err := c.flush(ctx); err != nil {
			return taken, err
		}
	}
	return taken, nil
}

// tryWrite takes what it can send without waiting, and a record more.
func (c *TLSConn) tryWrite(p []byte) (int, error) {
	if !c.done.Load() || !c.writing.TryLock() {
		return 0, nil
	}
	defer c.writing.Unlock()
	taken := 0
	for taken < len(p) && c.out.pending() == 0 {
		n, err := c.tls.Write(p[taken:min(len(p), taken+16<<10)])
		taken += n
		if err != nil {
			return taken, err
		}
	}
	return taken, nil
}

// CloseWrite sends the close-notify: the peer reads the end. Reading goes on.
func (c *TLSConn) CloseWrite() error {
	if err := c.Handshake(innermost); err != nil {
		return err
	}
	if err := c.writing.Lock(context.Background()); err != nil {
		return err
	}
	defer c.writing.Unlock()
	if err := c.tls.CloseWrite(); err != nil {
		return err
	}
	return c.flush(innermost)
}

// Close sends the close-notify, if the system takes it at once, and closes the
// connection. Calls that wait return an error for [net.ErrClosed].
func (c *TLSConn) Close() error {
	if c.raw.Closed() { // or a transport's
		return c.raw.wrap("close", net.ErrClosed)
	}
	return c.tls.Close()
}

// ConnectionState tells what the handshake has agreed on: the version, the
// protocol (ALPN), the peer's certificates, whether a session was resumed. Before
// the handshake has succeeded it is the zero value.
func (c *TLSConn) ConnectionState() tls.ConnectionState {
	if !c.done.Load() {
		return tls.ConnectionState{}
	}
	return c.tls.ConnectionState()
}

// NetConn returns the connection underneath, a *[Conn]. What is read or written
// there is lost to TLS.
func (c *TLSConn) NetConn() net.Conn { return c.raw }

// LocalAddr is [Conn.LocalAddr].
func (c *TLSConn) LocalAddr() net.Addr { return c.raw.LocalAddr() }

// RemoteAddr is [Conn.RemoteAddr].
func (c *TLSConn) RemoteAddr() net.Addr { return c.raw.RemoteAddr() }

// SetDeadline is [Conn.SetDeadline]. It may be moved after it has passed, and
// the connection used on.
func (c *TLSConn) SetDeadline(t time.Time) error { return c.raw.SetDeadline(t) }

// SetReadDeadline is [Conn.SetReadDeadline].
func (c *TLSConn) SetReadDeadline(t time.Time) error { return c.raw.SetReadDeadline(t) }

// SetWriteDeadline is [Conn.SetWriteDeadline].
func (c *TLSConn) SetWriteDeadline(t time.Time) error { return c.raw.SetWriteDeadline(t) }

// tlsTurn is the turn to read. Goroutines wait for it.
type tlsTurn struct {
	lock aio.Mutex
	mu   sync.Mutex
	by   *loop.Task
}

func (t *tlsTurn) begin(ctx context.Context) error {
	me := loop.CurrentTask()
	if !t.lock.TryLock() {
		t.mu.Lock()
		by := t.by
		t.mu.Unlock()
		if me != nil && by != nil {
			return reported(&ConflictError{Reader: by.Name(), Other: me.Name()})
		}
		if err := t.lock.Lock(ctx); err != nil {
			return err
		}
	}
	t.mu.Lock()
	t.by = me
	t.mu.Unlock()
	return nil
}

func (t *tlsTurn) end() {
	t.mu.Lock()
	t.by = nil
	t.mu.Unlock()
	t.lock.Unlock()
}

func isTemporary(err error) bool {
	var temporary interface{ Temporary() bool }
	return err != nil && errors.As(err, &temporary) && temporary.Temporary()
}
