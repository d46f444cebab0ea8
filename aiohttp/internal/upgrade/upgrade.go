//go:build unix && !aix

// Package upgrade is how a package of this module takes a connection over from
// the server, to speak another protocol on it, and leaves it with the server's
// loop: an idle one then holds neither a coroutine nor a goroutine nor a buffer.
package upgrade

import (
	"context"
	"net"
	"net/http"

	"github.com/goaio/aio/aionet"
)

// Conn is a connection of the server, an [*aionet.Conn] or an
// [*aionet.TLSConn].
type Conn interface {
	net.Conn
	ReadContext(ctx context.Context, p []byte) (int, error)
	WriteContext(ctx context.Context, p []byte) (int, error)
	WaitReadable(ctx context.Context) error
	CloseWrite() error
}

// Taker is a response writer of the server.
type Taker interface {
	// Take is [http.Hijacker]'s Hijack without its buffers: unread is what the
	// server has read and nobody has taken.
	Take() (c Conn, unread []byte, err error)
	// Keep has the server's loop call h from when the handler has returned, after
	// Take and before that return: Event when there is something to read, and at
	// once if pending; HungUp and Closed as [aionet.EventHandler] says. Event
	// returns nil to wait for the next event, without a coroutine, and an error
	// to have the connection closed. Shutdown closes a connection that waits,
	// unless h is an [aionet.Finisher] and says that it does not want that. The
	// server's IdleTimeout does not apply; h may be an [aionet.IdleLimiter].
	Keep(h aionet.EventHandler, pending bool)
	// Connections are those that Shutdown tells to go away, and waits for.
	Connections() *Connections
}

// Of finds the Taker in w, or in what w wraps, as [http.ResponseController]
// does; nil if the server is another's, or the request HTTP/2.
func Of(w http.ResponseWriter) Taker {
	for {
		switch t := w.(type) {
		case Taker:
			return t
		case interface{ Unwrap() http.ResponseWriter }:
			w = t.Unwrap()
		default:
			return nil
		}
	}
}
