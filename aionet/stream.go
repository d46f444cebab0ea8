//go:build unix && !aix

package aionet

import (
	"context"
	"net"
	"time"

	"github.com/goaio/aio/loop"
)

// Stream reads and writes a connection in messages: lines, exact numbers of
// bytes, bytes up to a separator. It has the calls of asyncio's StreamReader and
// StreamWriter, with a context first.
//
// A read that is cancelled takes nothing: what has come stays in the buffer for
// the next one. One task or goroutine reads at a time; a second gets a
// [*ConflictError]. Writers take turns, each with all of its bytes. A stream
// that waits for a message holds no buffer.
type Stream struct {
	conn net.Conn
	way  way
	in   streamReader
	out  streamWriter
}

// way is what a stream needs of its connection. A [*Conn] and a [*TLSConn] have
// it.
type way interface {
	ReadContext(ctx context.Context, p []byte) (int, error)
	WriteContext(ctx context.Context, p []byte) (int, error)
	awaitNews(ctx context.Context) error // that a read may find something
	CloseWrite() error
	tryWrite(p []byte) (int, error)
}

// StreamOption is a setting of [NewStream].
type StreamOption func(*Stream)

// Defaults of a [Stream].
const (
	DefaultLimit     = 64 << 10
	DefaultHighWater = 64 << 10
)

// Limit is how many bytes may come before a separator; [DefaultLimit] without
// it. A stream's buffer takes at most about twice that, or twice what
// ReadExactly was asked for.
func Limit(n int) StreamOption { return func(s *Stream) { s.in.limit = n } }

// WriteLimits has Write wait when more than high bytes are buffered, until no
// more than low are. Without it high is [DefaultHighWater] and low a quarter of
// that. With zeros nothing is buffered.
func WriteLimits(low, high int) StreamOption {
	return func(s *Stream) { s.out.low, s.out.high = max(0, min(low, high)), max(0, high) }
}

// NewStream returns a stream over a connection, which nobody else should use
// meanwhile.
//
// A [*Conn] or a [*TLSConn] is what it is made for. Any other connection works
// too, but then Write buffers nothing, and a cancel of a context is handed to
// the connection as a deadline, which removes one that was set before.
func NewStream(conn net.Conn, options ...StreamOption) *Stream {
	s := &Stream{conn: conn}
	s.in.limit = DefaultLimit
	s.out.low, s.out.high = DefaultHighWater/4, DefaultHighWater
	for _, option := range options {
		option(s)
	}
	s.through(conn)
	return s
}

// through has the stream use conn.
func (s *Stream) through(conn net.Conn) {
	s.conn = conn
	if fast, is := conn.(way); is {
		s.way = fast
	} else {
		s.way = otherConn{conn}
	}
}

// DialStream is [Dial] and [NewStream]: asyncio's open_connection.
func DialStream(ctx context.Context, network, address string, options ...StreamOption) (*Stream, error) {
	c, err := Dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return NewStream(c, options...), nil
}

// Conn returns the connection underneath, for its addresses and deadlines. To
// read from it would miss what is in the stream's buffer.
func (s *Stream) Conn() net.Conn { return s.conn }

// otherConn is the way through a connection of others.
type otherConn struct{ net.Conn }

func (o otherConn) ReadContext(ctx context.Context, p []byte) (int, error) {
	return o.interruptible(ctx, o.SetReadDeadline, func() (int, error) { return o.Read(p) })
}

func (o otherConn) WriteContext(ctx context.Context, p []byte) (int, error) {
	return o.interruptible(ctx, o.SetWriteDeadline, func() (int, error) { return o.Write(p) })
}

func (o otherConn) interruptible(ctx context.Context, setDeadline func(time.Time) error, fn func() (int, error)) (int, error) {
	if ctx == nil || ctx.Done() == nil {
		return fn()
	}
	if ctx.Err() != nil {
		return 0, loop.CancelledBy(ctx, context.Cause(ctx))
	}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_ = setDeadline(time.Unix(1, 0))
		close(ended)
	})
	n, err := fn()
	if !stop() {
		<-ended
		_ = setDeadline(time.Time{})
		if err != nil {
			err = loop.CancelledBy(ctx, context.Cause(ctx))
		}
	}
	return n, err
}

// awaitNews does not wait: the read does.
func (o otherConn) awaitNews(context.Context) error { return nil }

func (o otherConn) tryWrite([]byte) (int, error) { return 0, nil }

func (o otherConn) CloseWrite() error {
	if half, is := o.Conn.(interface{ CloseWrite() error }); is {
		return half.CloseWrite()
	}
	return &net.OpError{Op: "close", Net: o.LocalAddr().Network(), Err: errNoHalfClose}
}
