//go:build unix && !aix

package aionet

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"time"

	"github.com/goaio/aio"
)

// DefaultHandshakeTimeout is how long a TLS handshake may take.
const DefaultHandshakeTimeout = 10 * time.Second

// TLSOption is a setting of what shakes hands: [DialTLS], [TLSPerConnection] and
// the others.
type TLSOption func(*tlsOptions)

type tlsOptions struct {
	handshakeTimeout time.Duration
	failed           func(c *TLSConn, err error)
}

// HandshakeTimeout is how long a handshake may take; [DefaultHandshakeTimeout]
// without it.
func HandshakeTimeout(d time.Duration) TLSOption {
	return func(o *tlsOptions) { o.handshakeTimeout = d }
}

// HandshakeFailed has fn hear of handshakes that fail, before the connection is
// closed, in a task of the server. Without it they are told of as other errors
// of a handler are, which on a public port is often. If the error wraps a
// [tls.RecordHeaderError], the peer may speak no TLS: fn can answer on c.NetConn().
func HandshakeFailed(fn func(c *TLSConn, err error)) TLSOption {
	return func(o *tlsOptions) { o.failed = fn }
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
	if err == nil {
		return nil
	}
	defer c.Close()
	if aio.IsCancelled(err) {
		return err
	}
	err = &net.OpError{Op: "TLS handshake", Net: c.raw.network.String(), Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: err}
	if o.failed != nil {
		o.failed(c, err)
		return io.EOF
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
