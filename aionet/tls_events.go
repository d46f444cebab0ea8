//go:build unix && !aix

package aionet

import (
	"context"
	"crypto/tls"
	"io"
	"time"

	"github.com/goaio/aio"
)

// TLSPerEvent is [PerEvent] for TLS: fn is called when something was decrypted
// that it can read, or the stream has ended. A connection that waits for the
// next event, or for the first, holds neither a coroutine nor a buffer of ours.
func TLSPerEvent(config *tls.Config, fn func(ctx context.Context, c *TLSConn) error, options ...TLSOption) Handler {
	return TLSEvents(config, func(c *TLSConn) EventHandler { return tlsEvent{c, fn} }, options...)
}

// TLSEvents is [Events] for TLS, as [TLSPerEvent] is PerEvent. open is called
// when a connection was accepted, before its handshake; the first Event follows
// the handshake, when there is something to read. HungUp hears of the connection
// underneath: what the peer has sent before may be unread.
func TLSEvents(config *tls.Config, open func(c *TLSConn) EventHandler, options ...TLSOption) Handler {
	return &tlsEvents{config: config, open: open, options: newTLSOptions(options)}
}

type tlsEvents struct {
	config  *tls.Config
	open    func(c *TLSConn) EventHandler
	options tlsOptions
}

func (h *tlsEvents) accepted(r *reactor, a arrival) {
	if c := r.serve(a); c != nil {
		t := &tlsServed{served: c, options: &h.options, tls: TLSServer(&c.Conn, h.config)}
		t.inner = h.open(t.tls)
		c.events, c.hook, c.link.connection = t, c, t
	}
}

type tlsEvent struct {
	c  *TLSConn
	fn func(ctx context.Context, c *TLSConn) error
}

func (e tlsEvent) Event(ctx context.Context) error { return e.fn(ctx, e.c) }
func (tlsEvent) HungUp()                           {}
func (tlsEvent) Closed()                           {}

// tlsServed is a connection of TLSEvents.
type tlsServed struct {
	*served
	options *tlsOptions
	tls     *TLSConn
	inner   EventHandler
}

func (t *tlsServed) drain() {
	if t.phase == resting && !t.Finishing() {
		_ = t.tls.Close()
	}
	t.served.drain()
}

// Event is called for an event of the connection underneath.
func (t *tlsServed) Event(ctx context.Context) error {
	err := t.events(ctx)
	if err == nil && t.reactor.draining && !t.Finishing() {
		err = io.EOF
	}
	if err != nil && err != ErrDetach {
		_ = t.tls.Close()
	}
	return err
}

// HungUp hears what the connection underneath does.
func (t *tlsServed) HungUp() { t.inner.HungUp() }

// Closed hears of the end.
func (t *tlsServed) Closed() { t.inner.Closed() }

// Finishing says what the handler does.
func (t *tlsServed) Finishing() bool { return finishing(t.inner) }

func (t *tlsServed) idleLimit(server time.Duration) time.Duration { return idleLimit(t.inner, server) }

// Events in a row for one connection, before others have their turn.
const maxEventsInARow = 8

// events calls the handler until nothing is left: what crypto/tls has buffered
// brings no event of its own.
func (t *tlsServed) events(ctx context.Context) error {
	if !t.tls.done.Load() {
		if err := t.options.handshake(ctx, t.tls); err != nil {
			return err
		}
	}
	for i := 1; ; i++ {
		more, err := t.tls.more(ctx)
		if !more || err != nil {
			return err
		}
		if err := t.inner.Event(ctx); err != nil {
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
