//go:build unix && !aix

package aionet

import (
	"context"

	"github.com/goaio/aio"
	"github.com/goaio/aio/loop"
)

// ListenDatagramProtocol opens a socket that receives datagrams at an address,
// as [ListenPacket] does, and has p handle them on the caller's loop. It returns
// after ConnectionMade. It must be called in a task. A cancel leaves nothing
// behind. It is asyncio's create_datagram_endpoint with a local address.
func ListenDatagramProtocol(ctx context.Context, network, address string, p DatagramProtocol) (*DatagramTransport, error) {
	return startDatagrams(ctx, p, func() (*PacketConn, error) { return ListenPacket(ctx, network, address) })
}

// DialDatagramProtocol opens a socket that is connected to one address, as
// [DialPacket] does, and is [ListenDatagramProtocol] in all else: asyncio's
// create_datagram_endpoint with a remote address.
func DialDatagramProtocol(ctx context.Context, network, address string, p DatagramProtocol) (*DatagramTransport, error) {
	return startDatagrams(ctx, p, func() (*PacketConn, error) { return DialPacket(ctx, network, address) })
}

func startDatagrams(ctx context.Context, p DatagramProtocol, open func() (*PacketConn, error)) (*DatagramTransport, error) {
	if loop.CurrentTask() == nil {
		return nil, errNoLoop
	}
	c, err := open()
	if err != nil {
		return nil, err
	}
	t, err := StartDatagramProtocol(ctx, c, p)
	if err != nil {
		_ = c.Close()
	}
	return t, err
}

// StartDatagramProtocol has p handle a socket from here on, on the caller's
// loop, and returns after ConnectionMade. The PacketConn is closed for others.
// It must be called in a task, and no call of c may be under way. On an error,
// which a cancel is too, the socket is closed if p has taken it over, and left
// as it was if not.
func StartDatagramProtocol(ctx context.Context, c *PacketConn, p DatagramProtocol) (*DatagramTransport, error) {
	l, err := transportLoop()
	if err != nil {
		return nil, err
	}
	fd, err := c.detach(l)
	if err != nil {
		return nil, err
	}
	own := &PacketConn{network: c.network, inet6: c.inet6, connected: c.connected, reports: c.reports, remote: c.remote, socket: c.socket}
	own.fd = fd
	t := &DatagramTransport{
		loop: l, socket: own, protocol: p, ctx: aio.Detached(ctx), buffer: datagramBufferOf(l),
		out: datagrams{high: highWater, low: highWater / 4},
	}
	var made aio.Event
	t.begin(made.Set)
	if err := made.Wait(ctx); err != nil {
		t.Abort()
		return nil, err
	}
	return t, nil
}
