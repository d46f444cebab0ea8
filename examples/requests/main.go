//go:build unix && !aix

// Command requests is laid out as Kafka's server is: an acceptor, loops that cut
// length-prefixed requests out of what arrives, and a pool of workers with a
// bounded queue that handles them. Each answer is the SHA-256 of its request.
//
//	go run ./examples/requests -loops 2 -workers 8
package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/goaio/aio"
	"github.com/goaio/aio/aionet"
)

const maxRequest = 1 << 20

// handle runs on a worker and may block.
func handle(_ context.Context, request []byte) (response []byte, err error) {
	sum := sha256.Sum256(request)
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(sum))), sum[:]...), nil
}

func serve(ctx context.Context, l *aionet.Listener, loops, workers int) error {
	pool := aio.NewThreadPool(workers, aio.PoolQueueLength(workers))
	handler := aionet.Requests(pool, aionet.LengthPrefixed(maxRequest), handle, aionet.RequestSize(maxRequest+4))
	err := aionet.Serve(ctx, l, handler, aionet.Loops(loops))
	_, closed := aio.Blocking(context.WithoutCancel(ctx), func(ctx context.Context) (struct{}, error) {
		return struct{}{}, pool.Shutdown(ctx, true)
	})
	return errors.Join(err, closed)
}

func main() {
	address := flag.String("address", "127.0.0.1:7004", "where to listen")
	loops := flag.Int("loops", 2, "loops that read and write")
	workers := flag.Int("workers", 8, "workers that handle requests")
	flag.Parse()
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		l, err := aionet.Listen(ctx, "tcp", *address)
		if err != nil {
			return err
		}
		fmt.Println("listening on", l.Addr())
		return serve(ctx, l, *loops, *workers)
	})
	if err != nil && !errors.Is(err, aio.ErrInterrupted) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
