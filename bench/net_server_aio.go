//go:build linux

package main

import (
	"context"
	"crypto/tls"
	"net"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aionet"
)

// aioServer serves on the loops of aionet.
func aioServer(handler aionet.Handler) netServer {
	return func(o serveOptions, ready func(net.Addr)) error {
		return aio.Run(context.Background(), func(ctx context.Context) error {
			l, err := aionet.Listen(ctx, "tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			ready(l.Addr())
			var options []aionet.ServerOption
			if o.loops > 1 {
				options = append(options, aionet.Loops(o.loops))
			}
			return aionet.Serve(ctx, l, handler, options...)
		}, aio.NoInterrupt())
	}
}

// aioConnectionEcho holds a coroutine and a buffer for each connection.
func aioConnectionEcho(_ context.Context, c *aionet.Conn) error {
	buffer := make([]byte, 4096)
	for {
		n, err := c.Read(buffer)
		if err != nil {
			return err
		}
		if _, err := c.Write(buffer[:n]); err != nil {
			return err
		}
	}
}

// aioEventEcho borrows both for each readable event.
func aioEventEcho(_ context.Context, c *aionet.Conn) error {
	buffer := aionet.Borrow()
	defer buffer.Return()
	n, err := c.Read(buffer[:])
	if err != nil {
		return err
	}
	_, err = c.Write(buffer[:n])
	return err
}

// aioTLS is aioEventEcho under TLS.
func aioTLS(o serveOptions, ready func(net.Addr)) error {
	config := &tls.Config{Certificates: []tls.Certificate{o.certificate}}
	return aioServer(aionet.TLSPerEvent(config, func(_ context.Context, c *aionet.TLSConn) error {
		buffer := aionet.Borrow()
		defer buffer.Return()
		n, err := c.Read(buffer[:])
		if err != nil {
			return err
		}
		_, err = c.Write(buffer[:n])
		return err
	}))(o, ready)
}
