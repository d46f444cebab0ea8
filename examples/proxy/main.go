//go:build unix && !aix

// Command proxy forwards TCP connections. On Linux the bytes stay in the kernel:
// io.Copy between two connections splices.
//
//	go run ./examples/proxy -to example.com:80
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aionet"
)

// forward connects each client to an address and copies both ways until both
// have ended.
func forward(to string) aionet.Handler {
	return aionet.PerConnection(func(ctx context.Context, client *aionet.Conn) error {
		server, err := aionet.Dial(ctx, "tcp", to)
		if err != nil {
			return err
		}
		defer server.Close()
		return aio.Group(ctx, func(ctx context.Context) error {
			aio.Go(ctx, func(context.Context) error { return half(client, server) })
			aio.Go(ctx, func(context.Context) error { return half(server, client) })
			return nil
		})
	})
}

// half copies one way, and hands the end on.
func half(to, from *aionet.Conn) error {
	if _, err := io.Copy(to, from); err != nil {
		return err
	}
	return to.CloseWrite()
}

func main() {
	address := flag.String("address", "127.0.0.1:7002", "where to listen")
	to := flag.String("to", "127.0.0.1:7000", "where to forward")
	flag.Parse()
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		l, err := aionet.Listen(ctx, "tcp", *address)
		if err != nil {
			return err
		}
		fmt.Println("listening on", l.Addr())
		return aionet.Serve(ctx, l, forward(*to))
	})
	if err != nil && !errors.Is(err, aio.ErrInterrupted) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
