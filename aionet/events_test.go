//go:build unix && !aix

package aionet

import (
	"context"
	"io"
	"net"
	"sync/atomic"
	"testing"

	"github.com/goaio/aio"
)

// A handler that reads just what a message takes leaves nothing unread, and is
// not called again for it: the call would wait, with a coroutine in hand.
func TestPerEventAfterAReadThatFilledItsBuffer(t *testing.T) {
	run(t, func(ctx context.Context) error {
		l, err := Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		var calls atomic.Int32
		serving := aio.Go(ctx, func(ctx context.Context) error {
			return Serve(ctx, l, PerEvent(func(ctx context.Context, c *Conn) error {
				calls.Add(1)
				var message [4]byte
				if _, err := io.ReadFull(c, message[:]); err != nil {
					return err
				}
				_, err := c.Write(message[:])
				return err
			}))
		})
		_, err = aio.Blocking(ctx, func(context.Context) (struct{}, error) {
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				return struct{}{}, err
			}
			defer c.Close()
			answer := make([]byte, 4)
			for i := range int32(20) {
				if _, err := c.Write([]byte("four")); err != nil {
					return struct{}{}, err
				}
				if _, err := io.ReadFull(c, answer); err != nil {
					return struct{}{}, err
				}
				if got := calls.Load(); got != i+1 {
					t.Errorf("%d calls for %d messages", got, i+1)
					break
				}
			}
			return struct{}{}, nil
		})
		serving.Cancel(nil)
		_, _ = serving.Await(ctx)
		return err
	})
}
