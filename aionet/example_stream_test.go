//go:build unix && !aix

package aionet_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aionet"
)

// A server that answers lines, and a client of it.
func ExampleStream() {
	upper := func(ctx context.Context, c *aionet.Conn) error {
		stream := aionet.NewStream(c, aionet.Limit(1024))
		for line, err := range stream.Lines(ctx) {
			if err != nil {
				return err
			}
			if _, err := stream.Write(ctx, append([]byte("you said "), line...)); err != nil {
				return err
			}
		}
		return stream.Drain(ctx)
	}
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		listener, err := aionet.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		serving := aio.Go(ctx, func(ctx context.Context) error {
			return aionet.Serve(ctx, listener, aionet.PerConnection(upper))
		})
		stream, err := aionet.DialStream(ctx, "tcp", listener.Addr().String())
		if err != nil {
			return err
		}
		defer stream.Close()
		if _, err := stream.Write(ctx, []byte("hello\n")); err != nil {
			return err
		}
		line, err := stream.ReadLine(ctx)
		fmt.Printf("%q\n", line)
		serving.Cancel(nil)
		return err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output: "you said hello\n"
}

// A line that is too long is passed over, and the next one is read.
func ExampleLimitOverrunError() {
	readLine := func(ctx context.Context, stream *aionet.Stream) ([]byte, error) {
		tooLong := false
		for {
			line, err := stream.ReadLine(ctx)
			var overrun *aionet.LimitOverrunError
			switch {
			case errors.As(err, &overrun):
				tooLong = true
				if _, err := stream.ReadExactly(ctx, overrun.Consumed); err != nil {
					return nil, err
				}
			case tooLong && err == nil:
				tooLong = false // that was the end of it
			default:
				return line, err
			}
		}
	}
	_ = readLine
}
