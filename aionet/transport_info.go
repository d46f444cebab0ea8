//go:build unix && !aix

package aionet

import (
	"context"
	"crypto/tls"
	"net"

	"golang.org/x/sys/unix"

	"github.com/goaio/aio/loop"
)

// RemoteAddr returns the address of the other end, a *net.TCPAddr or
// *net.UnixAddr: asyncio's extra info "peername".
func (t *Transport) RemoteAddr() net.Addr { return t.remote.net(t.network) }

// LocalAddr returns the address of this end: asyncio's "sockname". It asks the
// system.
func (t *Transport) LocalAddr() net.Addr {
	if t.upgrading() {
		return t.rare.upgraded.LocalAddr()
	}
	if t.is&transportClosed != 0 {
		return address{}.net(t.network)
	}
	sa, err := unix.Getsockname(t.fd)
	if err != nil {
		return address{}.net(t.network)
	}
	return addressOf(sa).net(t.network)
}

// TLS returns what the handshake has agreed on, nil without TLS: asyncio's
// "peercert" (PeerCertificates), "cipher" (CipherSuite and Version), and what its
// "ssl_object" knows, such as the protocol of ALPN (NegotiatedProtocol).
func (t *Transport) TLS() *tls.ConnectionState {
	if t.secure == nil {
		return nil
	}
	state := t.secure.tls.ConnectionState()
	return &state
}

// Control calls fn with the descriptor, for socket options: asyncio's "socket".
// fn must leave it non-blocking and open.
func (t *Transport) Control(fn func(fd uintptr)) error {
	if t.is&transportClosed != 0 {
		return t.wrap("raw-control", net.ErrClosed)
	}
	fn(uintptr(t.fd)) // StartTLS has the same one
	return nil
}

// Protocol returns the transport's protocol.
func (t *Transport) Protocol() Protocol { return t.protocol }

// SetProtocol has the callbacks go to another protocol from now on, whose
// ConnectionMade is not called: for connections that begin with one protocol and
// go on with another.
func (t *Transport) SetProtocol(p Protocol) {
	t.protocol = p
	t.buffered, _ = p.(BufferedProtocol)
}

// Loop returns the transport's loop.
func (t *Transport) Loop() *loop.Loop { return t.queue.loop }

// Context returns a context to start tasks with in callbacks. With a server it
// is one of the server's: Shutdown cancels them and waits for them. Else it is
// that of the task that made the transport, [aio.Detached].
func (t *Transport) Context() context.Context {
	if t.reactor != nil {
		return t.reactor.ctx
	}
	return t.ctx
}
