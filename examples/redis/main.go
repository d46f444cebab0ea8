//go:build unix && !aix

// Command redis is a server for a part of Redis: strings, lists, counters and
// expiry, in memory, with pipelines. With one loop its data are plain maps that
// no lock guards. With several each loop owns a shard of the keys, and commands
// for another loop's keys are sent there and awaited, all of a pipeline at once.
//
//	go run . -loops 2
//	redis-cli -p 6380
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aionet"
)

func main() {
	address := flag.String("address", "127.0.0.1:6380", "where to listen")
	loops := flag.Int("loops", 1, "event loops, each with a shard of the keys")
	flag.Parse()
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		l, err := aionet.Listen(ctx, "tcp", *address)
		if err != nil {
			return err
		}
		fmt.Println("listening on", l.Addr())
		return serve(ctx, l, *loops)
	})
	if err != nil && !errors.Is(err, aio.ErrInterrupted) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve serves l until ctx is cancelled.
func serve(ctx context.Context, l *aionet.Listener, loops int) error {
	s := &shards{}
	handler := aionet.Callbacks(func() aionet.Protocol { return &client{shards: s, home: s.here()} })
	return aionet.Serve(ctx, l, handler, aionet.Loops(loops), aionet.OnStart(s.add))
}
