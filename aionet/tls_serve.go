//go:build unix && !aix

package aionet

import (
	"context"
	"crypto/tls"
	"net"
	"time"

	"github.com/goaio/aio"
)

// DefaultHandshakeTimeout is how long a TLS handshake may take.
const DefaultHandshakeTimeout = 10 * time.Second

// TLSOption is a setting of [DialTLS], [TLSPerConnection] and [TLSPerEvent].
type TLSOption func(*tlsOptions)

type tlsOptions struct{ handshakeTimeout time.Duration }

// HandshakeTimeout is how long a handshake may take; [DefaultHandshakeTimeout]
// without it.
func HandshakeTimeout(d time.Duration) TLSOption {
	return func(o *tlsOptions) { o.handshakeTimeout = d }
}

func newTLSOptions(options []TLSOption) tlsOptions {
	o := tlsOptions{handshakeTimeout: DefaultHandshakeTimeout}
	for _, option := range options {
		option(&o)
	}
	return o
}

func (o tlsOptions) handshake(ctx context.Context, c *TLSConn) error {
	err := aio.Timeout(ctx, o.handshakeTimeout, c.Handshake)
	if err != nil {
		_ = c.Close()
		if !aio.IsCancelled(err) {
			return &net.OpError{Op: "TLS handshake", Net: c.raw.network.String(), Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: err}
		}
	}
	return err
}

// DialTLS is [Dial] and a handshake as the client. Without a ServerName in
// config, which may be nil, the address's host is expected in the peer's
// certificate. A cancel of ctx leaves nothing behind.
func DialTLS(ctx context.Context, network, address string, config *tls.Config, options ...TLSOption) (*TLSConn, error) {
	raw, err := Dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c := TLSClient(raw, serverNamed(config, address))
	if err := newTLSOptions(options).handshake(ctx, c); err != nil {
		return nil, err
	}
	return c, nil
}

func serverNamed(config *tls.Config, address string) *tls.Config {
	if config == nil {
		config = &tls.Config{}
	}
	if config.ServerName != "" {
		return config
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	config = config.Clone()
	config.ServerName = host
	return config
}

// TLSListener accepts TLS connections. It is a [net.Listener] of [TLSConn]s,
// whose first read or write shakes hands. Servers of this package take the
// Listener itself, with [TLSPerConnection] or [TLSPerEvent].
type TLSListener struct {
	*Listener
	config *tls.Config
}

// ListenTLS is [Listen] for TLS connections. The config must have a
// certificate, or a function that gets one.
func ListenTLS(ctx context.Context, network, address string, config *tls.Config) (*TLSListener, error) {
	l, err := Listen(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &TLSListener{l, config}, nil
}

// Accept is [Listener.Accept]; the connection is a *[TLSConn].
func (l *TLSListener) Accept() (net.Conn, error) {
	c, err := l.AcceptTLS(innermost)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// AcceptTLS is Accept that a cancel of ctx interrupts. A cancel loses no
// connection.
func (l *TLSListener) AcceptTLS(ctx context.Context) (*TLSConn, error) {
	c, err := l.Listener.AcceptConn(ctx)
	if err != nil {
		return nil, err
	}
	return TLSServer(c, l.config), nil
}

// TLSPerConnection is [PerConnection] for TLS: fn is called after the handshake.
// The close-notify is sent when fn has returned.
func TLSPerConnection(config *tls.Config, fn func(ctx context.Context, c *TLSConn) error, options ...TLSOption) Handler {
	o := newTLSOptions(options)
	return PerConnection(func(ctx context.Context, raw *Conn) error {
		c := TLSServer(raw, config)
		defer c.Close()
		if err := o.handshake(ctx, c); err != nil {
			return err
		}
		return fn(ctx, c)
	})
}

// TLSPerEvent is [PerEvent] for TLS: fn is called when something was decrypted
// that it can read, or the stream has ended. A connection that waits for the
// next event, or for the first, holds neither a coroutine nor a buffer of ours.
func TLSPerEvent(config *tls.Config, fn func(ctx context.Context, c *TLSConn) error, options ...TLSOption) Handler {
	return &tlsPerEvent{config: config, fn: fn, options: newTLSOptions(options)}
}

type tlsPerEvent struct {
	config  *tls.Config
	fn      func(ctx context.Context, c *TLSConn) error
	options tlsOptions
}

func (h *tlsPerEvent) accepted(r *reactor, a arrival) {
	if c := r.serve(a); c != nil {
		t := &tlsServed{c, h, TLSServer(&c.Conn, h.config)}
		c.events, c.hook, c.link.connection = t, c, t
	}
}

// tlsServed is a connection of TLSPerEvent.
type tlsServed struct {
	*served
	handler *tlsPerEvent
	tls     *TLSConn
}

func (t *tlsServed) drain() {
	if t.phase == resting {
		_ = t.tls.Close()
	}
	t.served.drain()
}

// Event is called for an event of the connection underneath.
func (t *tlsServed) Event(ctx context.Context) error {
	if err := t.handler.events(ctx, t.tls); err != nil {
		_ = t.tls.Close()
		return err
	}
	return nil
}

// HungUp has nothing to do: the next read ends with what has happened.
func (t *tlsServed) HungUp() {}

// Closed has nothing to do.
func (t *tlsServed) Closed() {}

// Events in a row for one connection, before others have their turn.
const maxEventsInARow = 8

// events calls fn until nothing is left: what crypto/tls has buffered brings no
// event of its own.
func (h *tlsPerEvent) events(ctx context.Context, c *TLSConn) error {
	if !c.done.Load() {
		if err := h.options.handshake(ctx, c); err != nil {
			return err
		}
	}
	for i := 1; ; i++ {
		more, err := c.more(ctx)
		if !more || err != nil {
			return err
		}
		if err := h.fn(ctx, c); err != nil {
			return err
		}
		if i%maxEventsInARow == 0 {
			if err := aio.Yield(ctx); err != nil {
				return err
			}
		}
	}
}

// more reports whether there is something to read now.
func (c *TLSConn) more(ctx context.Context) (bool, error) {
	if err := c.turn.begin(ctx); err != nil {
		return false, err
	}
	defer c.turn.end()
	return c.peek(), nil
}
