//go:build unix && !aix

package aionet_test

import (
	"context"
	"crypto/tls"
	"fmt"

	"github.com/goaio/aio/aionet"
)

// A TLS server in which an idle connection holds no coroutine.
func ExampleTLSPerEvent() {
	echo := func(ctx context.Context, c *aionet.TLSConn) error {
		buffer := aionet.Borrow()
		defer buffer.Return()
		n, err := c.Read(buffer[:])
		if err != nil {
			return err
		}
		_, err = c.Write(buffer[:n])
		return err
	}
	serve := func(ctx context.Context, certificate tls.Certificate) error {
		listener, err := aionet.Listen(ctx, "tcp", ":7443")
		if err != nil {
			return err
		}
		config := &tls.Config{Certificates: []tls.Certificate{certificate}}
		return aionet.Serve(ctx, listener, aionet.TLSPerEvent(config, echo))
	}
	_ = serve
}

// A protocol that begins in the clear.
func ExampleStream_StartTLS() {
	dial := func(ctx context.Context) (*aionet.Stream, error) {
		stream, err := aionet.DialStream(ctx, "tcp", "mail.example.org:25")
		if err != nil {
			return nil, err
		}
		if _, err := stream.ReadLine(ctx); err != nil { // the greeting
			return nil, err
		}
		if _, err := stream.Write(ctx, []byte("STARTTLS\r\n")); err != nil {
			return nil, err
		}
		if _, err := stream.ReadLine(ctx); err != nil {
			return nil, err
		}
		return stream, stream.StartTLS(ctx, &tls.Config{ServerName: "mail.example.org"})
	}
	_ = dial
}

// A TLS server with asyncio's callbacks.
func ExampleTLSCallbacks() {
	serve := func(ctx context.Context, certificate tls.Certificate) error {
		listener, err := aionet.Listen(ctx, "tcp", ":7443")
		if err != nil {
			return err
		}
		config := &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"greeting"}}
		return aionet.Serve(ctx, listener, aionet.TLSCallbacks(config, func() aionet.Protocol { return greeter{} }))
	}
	_ = serve
}

type greeter struct{ aionet.BaseProtocol }

func (greeter) ConnectionMade(t *aionet.Transport) {
	_, _ = fmt.Fprintf(t, "we speak %s\n", t.TLS().NegotiatedProtocol)
	_ = t.Close()
}
