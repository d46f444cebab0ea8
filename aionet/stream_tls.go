//go:build unix && !aix

package aionet

import (
	"context"
	"crypto/tls"
	"errors"
)

// StartTLS begins TLS on a stream over a [*Conn], with this end as the client:
// asyncio's start_tls, for protocols that begin in the clear. It sends what was
// written, and shakes hands. Bytes that have come and were not asked for yet are
// the beginning of the peer's handshake; what a stranger has slipped in between
// makes it fail, and is never taken for a message. The stream goes on over the
// [*TLSConn].
//
// Nobody may read or write meanwhile. After an error the connection is closed.
// The handshake has [DefaultHandshakeTimeout].
func (s *Stream) StartTLS(ctx context.Context, config *tls.Config, options ...TLSOption) error {
	return s.startTLS(ctx, config, TLSClient, options)
}

// StartTLSServer is StartTLS with this end as the server.
func (s *Stream) StartTLSServer(ctx context.Context, config *tls.Config, options ...TLSOption) error {
	return s.startTLS(ctx, config, TLSServer, options)
}

var errNotOurConn = errors.New("aionet: StartTLS needs a stream over an *aionet.Conn")

func (s *Stream) startTLS(ctx context.Context, config *tls.Config, side func(*Conn, *tls.Config) *TLSConn, options []TLSOption) error {
	raw, is := s.conn.(*Conn)
	if !is {
		return errNotOurConn
	}
	if err := s.in.begin(); err != nil {
		return err
	}
	defer s.in.done()
	if err := s.out.turn.Lock(ctx); err != nil {
		return err
	}
	defer s.out.turn.Unlock()
	if err := s.out.failed(); err != nil {
		return err
	}
	if err := s.Drain(ctx); err != nil {
		return err
	}
	if err := raw.begin(ctx, reading); err != nil {
		return err
	}
	raw.giveBack(s.in.take(len(s.in.unread())))
	raw.end(reading)
	c := side(raw, config)
	s.through(c)
	return newTLSOptions(options).handshake(ctx, c)
}
