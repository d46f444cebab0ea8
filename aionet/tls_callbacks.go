//go:build unix && !aix

package aionet

import (
	"context"
	"crypto/tls"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// TLSCallbacks is [Callbacks] for TLS: asyncio's create_server with ssl.
// ConnectionMade is called after the handshake, which borrows a coroutine;
// afterwards there is no task, and an idle connection holds no buffer of ours.
// [Transport.TLS] tells of the peer's certificate and of what was agreed on.
func TLSCallbacks(config *tls.Config, factory func() Protocol, options ...TLSOption) Handler {
	return &tlsCallbacks{config: config, factory: factory, options: newTLSOptions(options)}
}

type tlsCallbacks struct {
	config  *tls.Config
	factory func() Protocol
	options tlsOptions
}

func (h *tlsCallbacks) accepted(r *reactor, a arrival) {
	c := r.serve(a)
	if c == nil {
		return
	}
	c.phase = active
	aio.Go(r.ctx, func(ctx context.Context) error {
		var t *Transport
		defer func() {
			if t == nil {
				r.ended(c)
			}
		}()
		r.handle(ctx, c, event{&c.Conn, func(ctx context.Context, plain *Conn) (err error) {
			secure := TLSServer(plain, h.config)
			if err := h.options.handshake(ctx, secure); err != nil {
				return err
			}
			t, err = secure.handOver(ctx, r.loop, nil)
			return err
		}})
		if t != nil {
			r.exchange(c, t)
			defer t.guard()
			t.SetProtocol(h.factory())
			t.begin(nil)
			if r.draining {
				t.drain()
			}
		}
		return nil
	})
}

// exchange puts a transport in the place of the connection that it was made of.
func (r *reactor) exchange(c *served, t *Transport) {
	c.phase = gone
	c.line.remove(&c.link)
	r.joined(&t.link, t)
}

// DialTLSProtocol is [DialProtocol] under TLS, and [DialTLS]: asyncio's
// create_connection with ssl. ConnectionMade is called after the handshake.
func DialTLSProtocol(ctx context.Context, network, address string, config *tls.Config, p Protocol, options ...TLSOption) (*Transport, error) {
	if loop.CurrentTask() == nil {
		return nil, errNoLoop
	}
	c, err := DialTLS(ctx, network, address, config, options...)
	if err != nil {
		return nil, err
	}
	t, err := StartTLSProtocol(ctx, c, p)
	if err != nil {
		_ = c.Close()
	}
	return t, err
}

// StartTLSProtocol is [StartProtocol] of a TLS connection. It shakes hands first,
// unless that is done.
func StartTLSProtocol(ctx context.Context, c *TLSConn, p Protocol) (*Transport, error) {
	l := loop.Current()
	if loop.CurrentTask() == nil {
		return nil, errNoLoop
	}
	if err := c.Handshake(ctx); err != nil {
		return nil, err
	}
	t, err := c.handOver(ctx, l, p)
	if err != nil {
		return nil, err
	}
	if err := t.made(ctx); err != nil {
		return nil, err
	}
	return t, nil
}
