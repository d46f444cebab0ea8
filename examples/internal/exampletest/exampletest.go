//go:build unix && !aix

// Package exampletest runs the examples' servers for clients that nobody here
// wrote.
package exampletest

import (
	"context"
	"errors"
	"net"
	"os/exec"
	"testing"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aionet"
)

// Serving runs a server on a loop, calls client with its port meanwhile, and
// then cancels it.
func Serving(t *testing.T, serve func(context.Context, *aionet.Listener) error, client func(port string)) {
	t.Helper()
	run(t, func(ctx context.Context) (net.Addr, func(context.Context) error, error) {
		l, err := aionet.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, nil, err
		}
		return l.Addr(), func(ctx context.Context) error { return serve(ctx, l) }, nil
	}, client)
}

// ServingDatagrams is Serving for a socket for datagrams.
func ServingDatagrams(t *testing.T, serve func(context.Context, *aionet.PacketConn) error, client func(port string)) {
	t.Helper()
	run(t, func(ctx context.Context) (net.Addr, func(context.Context) error, error) {
		c, err := aionet.ListenPacket(ctx, "udp", "127.0.0.1:0")
		if err != nil {
			return nil, nil, err
		}
		return c.LocalAddr(), func(ctx context.Context) error {
			defer c.Close()
			return serve(ctx, c)
		}, nil
	}, client)
}

func run(t *testing.T, open func(context.Context) (net.Addr, func(context.Context) error, error), client func(port string)) {
	t.Helper()
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		address, serve, err := open(ctx)
		if err != nil {
			return err
		}
		server := aio.Go(ctx, serve)
		_, port, err := net.SplitHostPort(address.String())
		if err != nil {
			return err
		}
		_, err = aio.Blocking(ctx, func(context.Context) (struct{}, error) { client(port); return struct{}{}, nil })
		server.Cancel(nil)
		if _, ended := server.Await(ctx); !errors.Is(ended, context.Canceled) {
			t.Errorf("the server ended with %v", ended)
		}
		return err
	}, aio.NoInterrupt())
	if err != nil {
		t.Error(err)
	}
}

// Python runs a client on Python's sockets. The program finds the server's port
// in port, and some modules imported.
func Python(t *testing.T, port, program string) {
	t.Helper()
	path, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed, whose sockets are the client")
	}
	const prelude = "import hashlib, socket, struct, sys, threading\nport = int(sys.argv[1])\n"
	if out, err := exec.Command(path, "-c", prelude+program, port).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
