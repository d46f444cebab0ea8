//go:build unix && !aix

package aionet

import (
	"context"
	"crypto/tls"
	"errors"

	"github.com/goaio/aio/loop"
)

var (
	errUpgrading = errors.New("aionet: StartTLS is under way; write when it has returned")
	errSecure    = errors.New("aionet: the transport has TLS already")
)

// StartTLS begins TLS on a transport, with this end as the client: asyncio's
// start_tls, for protocols that begin in the clear. It sends what is buffered and
// shakes hands; what the peer has sent and the protocol has not received is the
// beginning of the handshake. Meanwhile the protocol hears of nothing, and must
// not write. Afterwards the same callbacks go on with what was decrypted.
//
// It waits, so it must be called in a task of the transport's loop. After an
// error, which a cancel is too, the transport is lost with that error. The
// handshake has [DefaultHandshakeTimeout].
func (t *Transport) StartTLS(ctx context.Context, config *tls.Config, options ...TLSOption) error {
	return t.startTLS(ctx, config, TLSClient, options)
}

// StartTLSServer is StartTLS with this end as the server.
func (t *Transport) StartTLSServer(ctx context.Context, config *tls.Config, options ...TLSOption) error {
	return t.startTLS(ctx, config, TLSServer, options)
}

func (t *Transport) startTLS(ctx context.Context, config *tls.Config, side func(*Conn, *tls.Config) *TLSConn, options []TLSOption) error {
	l := t.queue.loop
	switch {
	case loop.CurrentTask() == nil || loop.Current() != l:
		return errNoLoop
	case t.secure != nil:
		return t.wrap("close", errSecure)
	case t.upgrading():
		return t.wrap("close", errUpgrading)
	case t.IsClosing() || t.is&(transportEOF|transportEnded) != 0:
		return t.wrap("close", errors.New("aionet: the stream has ended, or is ending"))
	}
	l.Unregister(t.fd, t)
	raw := &Conn{network: t.network, remote: t.remote}
	raw.fd = t.fd
	if t.rare == nil {
		t.rare = &transportRare{}
	}
	raw.giveBack(t.rare.given)
	t.rare.given, t.rare.upgraded = nil, raw
	t.is |= transportUpgrading
	c, err := t.upgrade(ctx, raw, func() *TLSConn { return side(raw, config) }, newTLSOptions(options))
	if err == nil {
		_, err = raw.detach(l)
	}
	if err != nil {
		_ = raw.close()
		t.forceClose(err)
		return err
	}
	t.rare.upgraded = nil
	t.is &^= transportUpgrading
	if left := raw.inherited(); left != nil {
		t.rare.given = left.given
	}
	c.give(t)
	t.register()
	defer t.guard()
	t.unchoke()
	return nil
}

// upgrade sends what is buffered in the clear, and shakes hands.
func (t *Transport) upgrade(ctx context.Context, raw *Conn, side func() *TLSConn, o tlsOptions) (*TLSConn, error) {
	if t.buffering() {
		clear := t.out.pending[t.out.sent:]
		t.dropOutgoing()
		if _, err := raw.WriteContext(ctx, clear); err != nil {
			return nil, err
		}
	}
	c := side()
	return c, o.handshake(ctx, c)
}

func (t *Transport) upgrading() bool { return t.is&transportUpgrading != 0 }
