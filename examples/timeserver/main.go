//go:build unix && !aix

// Command timeserver answers each UDP datagram with the time, as RFC 867 has it.
//
//	go run ./examples/timeserver
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aionet"
)

// serve answers until ctx is cancelled. A client that cannot be answered is its
// own affair.
func serve(ctx context.Context, c *aionet.PacketConn) error {
	question := make([]byte, 1)
	for {
		_, from, err := c.ReadFromContext(ctx, question)
		if err != nil {
			return err
		}
		_, _ = c.WriteToAddrPort([]byte(time.Now().Format(time.RFC1123)+"\n"), from)
	}
}

func main() {
	address := flag.String("address", "127.0.0.1:7003", "where to listen")
	flag.Parse()
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		c, err := aionet.ListenPacket(ctx, "udp", *address)
		if err != nil {
			return err
		}
		defer c.Close()
		fmt.Println("listening on", c.LocalAddr())
		return serve(ctx, c)
	})
	if err != nil && !errors.Is(err, aio.ErrInterrupted) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
