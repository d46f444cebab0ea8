//go:build linux

package main

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"os"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aionet"
)

// aioServes is what the subject aio serves in the net suite.
var aioServes = map[string]netServer{
	"echo":  aioServer(aionet.PerEvent(aioEventEcho)),
	"tls":   aioTLS,
	"file":  aioFile,
	"proxy": aioProxy,
}

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

// aioProtocolEcho has callbacks and no coroutine. A peer that does not read is not read from either.
type aioProtocolEcho struct {
	aionet.BaseProtocol
	transport *aionet.Transport
}

func (p *aioProtocolEcho) ConnectionMade(t *aionet.Transport) { p.transport = t }
func (p *aioProtocolEcho) DataReceived(data []byte)           { p.transport.Write(data) }
func (p *aioProtocolEcho) PauseWriting()                      { p.transport.PauseReading() }
func (p *aioProtocolEcho) ResumeWriting()                     { p.transport.ResumeReading() }

// aioFile sends the file to each connection; io.Copy does so by sendfile.
func aioFile(o serveOptions, ready func(net.Addr)) error {
	return aioServer(aionet.PerConnection(func(_ context.Context, c *aionet.Conn) error {
		file, err := os.Open(o.file)
		if err != nil {
			return err
		}
		defer file.Close()
		_, err = io.Copy(c, file)
		return err
	}))(o, ready)
}

// aioProxy hands each connection on to the backend; io.Copy does so by splice.
func aioProxy(o serveOptions, ready func(net.Addr)) error {
	half := func(to, from *aionet.Conn) error {
		if _, err := io.Copy(to, from); err != nil {
			return err
		}
		return to.CloseWrite()
	}
	return aioServer(aionet.PerConnection(func(ctx context.Context, client *aionet.Conn) error {
		backend, err := aionet.Dial(ctx, "tcp", o.backend)
		if err != nil {
			return err
		}
		defer backend.Close()
		return aio.Group(ctx, func(ctx context.Context) error {
			aio.Go(ctx, func(context.Context) error { return half(backend, client) })
			aio.Go(ctx, func(context.Context) error { return half(client, backend) })
			return nil
		})
	}))(o, ready)
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
